/**
 * Preloaded into the execution client beside loopback.ts. @ethereumjs/client 0.10.5 departs from the standard JSON-RPC
 * (ethereum/execution-apis) in three methods that common client libraries rely on; production code must not be bent to them, so
 * they are set right here, on the class that serves the `eth` namespace.
 */
import { Eth } from '@ethereumjs/client/dist/esm/src/rpc/modules/eth.js'

/** EIP-1559. */
const FEE_MARKET_TRANSACTION_TYPE = '0x2' as const

/**
 * The client estimates what a run spent after refunds, but the gas limit must cover it before: refunds are at most 1/5
 * (EIP-3529), so 5/4; and each nested call leaves 1/64 unused (EIP-150), which another 1/15 covers four calls deep.
 */
const LIMIT_OVER_SPENT = { numerator: 4n, denominator: 3n }

const { estimateGas, getTransactionCount, getLogs } = Eth.prototype

/** Takes 1559 fees without an explicit type; fails with the revert's data if the run reverts; returns a sufficient gas limit. */
Eth.prototype.estimateGas = async function estimateSufficientGas(this: Eth, [transaction, block = 'latest']) {
	await this.call([transaction, block])
	const typed = transaction.maxFeePerGas === undefined ? transaction : { ...transaction, type: FEE_MARKET_TRANSACTION_TYPE }
	const spent = BigInt(await estimateGas.call(this, [typed, block]))
	return `0x${((spent * LIMIT_OVER_SPENT.numerator) / LIMIT_OVER_SPENT.denominator).toString(16)}`
}

/** Counts pending transactions for a checksummed address too; the pool knows lower case only. */
Eth.prototype.getTransactionCount = function countTransactions(this: Eth, [address, block]) {
	return getTransactionCount.call(this, [address.toLowerCase(), block])
}

/** Takes the tags `safe` and `finalized` as bounds. */
Eth.prototype.getLogs = async function getLogsByTag(this: Eth, [filter]) {
	const blockNumber = async (bound: string | undefined): Promise<string | undefined> =>
		bound === 'safe' || bound === 'finalized' ? (await this.getBlockByNumber([bound, false]))?.number : bound
	const resolved = { ...filter }
	if (filter.fromBlock !== undefined) resolved.fromBlock = await blockNumber(filter.fromBlock)
	if (filter.toBlock !== undefined) resolved.toBlock = await blockNumber(filter.toBlock)
	return getLogs.call(this, [resolved])
}
