/** The escrow on Ethereum over JSON-RPC: history and state at finalized blocks alone, and the account that relays orders. */
import {
	type Address,
	BaseError,
	ContractFunctionRevertedError,
	createPublicClient,
	encodeFunctionData,
	getAbiItem,
	type Hex,
	HttpRequestError,
	http,
	keccak256,
	type PublicClient,
	parseTransaction,
	TimeoutError,
} from 'viem'
import type { LocalAccount } from 'viem/accounts'
import { escrowAbi } from '../contracts/abi.ts'
import type { EscrowOrder } from '../contracts/eip712.ts'
import type { EscrowContract, EscrowLog, EthereumBlock, SendResult, SignedTransaction } from './edges.ts'
import { FatalError, messageOf, RetryableError } from './errors.ts'

/**
 * Gas a relayer pays at most: beside the contract's own (gas.json) there is room for a recipient that is a contract wallet. Each
 * signature takes about 7,600.
 */
const GAS_CAP = { Release: 250_000n, Stake: 250_000n, perSignature: 10_000n }

/** A replacement must raise both fees by a tenth at least; nodes differ in rounding. */
const RAISE_PERMILLE = 1_125n

const EVENTS = [
	getAbiItem({ abi: escrowAbi, name: 'Locked' }),
	getAbiItem({ abi: escrowAbi, name: 'Released' }),
	getAbiItem({ abi: escrowAbi, name: 'Staked' }),
] as const

/** What the contract was deployed with: it never changes. */
export interface EscrowConstants {
	chainId: number
	witnesses: readonly Address[]
	threshold: number
	witnessSetId: bigint
	withdrawalCredentials: Hex
}

export interface EscrowConnection extends EscrowContract {
	constants(): Promise<EscrowConstants>
	/** ETH of the relaying account, for gas. */
	balanceWei(): Promise<bigint>
}

interface EscrowOptions {
	url: string
	escrow: Address
	/** Pays for relaying. */
	account: LocalAccount
	/** Above this fee per gas nothing is relayed. */
	maxFeePerGasWei: bigint
}

export function connectEscrow(options: EscrowOptions): EscrowConnection {
	return new Connection(options)
}

class Connection implements EscrowConnection {
	readonly #client: PublicClient
	readonly #options: EscrowOptions
	readonly #contract: { readonly address: Address; readonly abi: typeof escrowAbi }
	#chainId: number | undefined

	constructor(options: EscrowOptions) {
		this.#client = createPublicClient({ transport: http(options.url, { retryCount: 1 }), cacheTime: 0 })
		this.#options = options
		this.#contract = { address: options.escrow, abi: escrowAbi }
	}

	constants(): Promise<EscrowConstants> {
		return reading('the escrow', async () => {
			const at = { ...this.#contract, blockTag: 'finalized' } as const
			if (!(await this.#client.getCode({ address: this.#options.escrow, blockTag: 'finalized' }))) {
				throw new RetryableError(
					'escrow-missing',
					`There is no contract at ${this.#options.escrow} in the finalized state of Ethereum. If it was just deployed it will come; else check --escrow and --ethereum.`,
				)
			}
			const [chainId, witnesses, threshold, witnessSetId, withdrawalCredentials] = await Promise.all([
				this.#id(),
				this.#client.readContract({ ...at, functionName: 'witnesses' }),
				this.#client.readContract({ ...at, functionName: 'threshold' }),
				this.#client.readContract({ ...at, functionName: 'witnessSetId' }),
				this.#client.readContract({ ...at, functionName: 'withdrawalCredentials' }),
			])
			return { chainId, witnesses, threshold: Number(threshold), witnessSetId, withdrawalCredentials }
		})
	}

	finalized(): Promise<EthereumBlock> {
		return reading('the finalized block', async () => {
			const { number, timestamp } = await this.#client.getBlock({ blockTag: 'finalized' })
			return { number: Number(number), timestamp }
		})
	}

	logs(from: number, to: number): Promise<EscrowLog[]> {
		return reading(`logs of blocks ${from} to ${to}`, async () => {
			const logs = await this.#client.getLogs({
				address: this.#options.escrow,
				events: EVENTS,
				fromBlock: BigInt(from),
				toBlock: BigInt(to),
				strict: true,
			})
			return logs.map((log): EscrowLog => {
				if (log.eventName !== 'Locked') return { event: 'Executed', nonce: log.args.nonce }
				const { nonce, asset, sender, recipient, amount } = log.args
				return { event: 'Locked', nonce, lock: { asset, sender, recipient, amountWei: amount, ethereumBlock: log.blockNumber } }
			})
		})
	}

	lockCount(block: number): Promise<bigint> {
		return reading('the number of locks', () =>
			this.#client.readContract({ ...this.#contract, functionName: 'lockNonce', blockNumber: BigInt(block) }),
		)
	}

	isUsed(orderNonce: bigint, block: number): Promise<boolean> {
		return reading(`whether order ${orderNonce} was executed`, () =>
			this.#client.readContract({ ...this.#contract, functionName: 'isUsed', args: [orderNonce], blockNumber: BigInt(block) }),
		)
	}

	transactionCount(block: number | 'pending'): Promise<number> {
		const at = block === 'pending' ? ({ blockTag: 'pending' } as const) : { blockNumber: BigInt(block) }
		return reading('the nonce of the relaying account', () =>
			this.#client.getTransactionCount({ address: this.#options.account.address, ...at }),
		)
	}

	balanceWei(): Promise<bigint> {
		return reading('the balance of the relaying account', () => this.#client.getBalance({ address: this.#options.account.address }))
	}

	async signRelay(order: EscrowOrder, signatures: readonly Hex[], nonce: number, replaces?: Hex): Promise<SignedTransaction> {
		const gas = await this.#estimateGas(order, signatures)
		const cap = GAS_CAP[order.primaryType] + GAS_CAP.perSignature * BigInt(signatures.length)
		if (gas > cap) {
			throw new FatalError(
				'gas-above-cap',
				`Order ${order.message.nonce} needs ${gas} gas, above the ${cap} that is paid for it: its recipient uses too much. It will be refunded when it expires.`,
			)
		}
		const fees = await this.#fees(replaces)
		const data =
			order.primaryType === 'Release'
				? encodeFunctionData({ abi: escrowAbi, functionName: 'release', args: [order.message, signatures] })
				: encodeFunctionData({ abi: escrowAbi, functionName: 'stake', args: [order.message, signatures] })
		const raw = await this.#options.account.signTransaction({
			type: 'eip1559',
			chainId: await reading('the chain id', () => this.#id()),
			to: this.#options.escrow,
			data,
			nonce,
			// The next block's state may differ a little from the one estimated on.
			gas: (gas * 6n) / 5n < cap ? (gas * 6n) / 5n : cap,
			...fees,
		})
		return { raw, hash: keccak256(raw) }
	}

	async #id(): Promise<number> {
		this.#chainId ??= await this.#client.getChainId()
		return this.#chainId
	}

	async #estimateGas(order: EscrowOrder, signatures: readonly Hex[]): Promise<bigint> {
		const account = this.#options.account.address
		try {
			return order.primaryType === 'Release'
				? await this.#client.estimateContractGas({ ...this.#contract, functionName: 'release', args: [order.message, signatures], account })
				: await this.#client.estimateContractGas({ ...this.#contract, functionName: 'stake', args: [order.message, signatures], account })
		} catch (error) {
			const revert = error instanceof BaseError ? error.walk((cause) => cause instanceof ContractFunctionRevertedError) : null
			if (!(revert instanceof ContractFunctionRevertedError)) {
				throw new RetryableError(
					'ethereum-unreachable',
					`The gas of order ${order.message.nonce} could not be estimated: ${shortMessage(error)}`,
					{ cause: error },
				)
			}
			throw relayRefusal(order.message.nonce, revert.data?.errorName ?? revert.reason ?? 'a revert without reason')
		}
	}

	async #fees(replaces: Hex | undefined): Promise<{ maxFeePerGas: bigint; maxPriorityFeePerGas: bigint }> {
		const now = await reading('fees', () => this.#client.estimateFeesPerGas())
		const before = replaces ? parseTransaction(replaces) : undefined
		const fee = (current: bigint, previous: bigint | undefined) => {
			const raised = previous === undefined ? 0n : (previous * RAISE_PERMILLE) / 1_000n + 1n
			return current > raised ? current : raised
		}
		const maxFeePerGas = fee(now.maxFeePerGas, before?.maxFeePerGas)
		const maxPriorityFeePerGas = fee(now.maxPriorityFeePerGas, before?.maxPriorityFeePerGas)
		if (maxFeePerGas > this.#options.maxFeePerGasWei) {
			throw new RetryableError(
				'fee-above-cap',
				`Ethereum asks ${maxFeePerGas} wei per gas, above the ${this.#options.maxFeePerGasWei} that is paid. Raise --max-fee-gwei or wait.`,
			)
		}
		return { maxFeePerGas, maxPriorityFeePerGas }
	}

	async send(raw: Hex): Promise<SendResult> {
		try {
			await this.#client.sendRawTransaction({ serializedTransaction: raw })
			return { state: 'pending' }
		} catch (error) {
			const reason = shortMessage(error)
			const isTransport =
				error instanceof BaseError && error.walk((cause) => cause instanceof HttpRequestError || cause instanceof TimeoutError)
			if (isTransport)
				throw new RetryableError('ethereum-unreachable', `A transaction could not be sent to Ethereum: ${reason}`, { cause: error })
			if (/already known|already imported|known transaction|nonce too low|underpriced/i.test(messageOf(error))) return { state: 'pending' }
			return { state: 'refused', reason }
		}
	}
}

/** What a revert of `release` or `stake` means to who relays it. */
function relayRefusal(nonce: bigint, reason: string): Error {
	switch (reason) {
		case 'NonceUsed':
			return new RetryableError('already-relayed', `Order ${nonce} was relayed by another; it is not final yet.`)
		case 'OrderExpired':
			return new RetryableError('order-expired', `Order ${nonce} has expired; that is not final yet.`)
		case 'PaymentFailed':
			return new RetryableError(
				'payment-failed',
				`The recipient of order ${nonce} does not take the ETH. It is tried until the order expires.`,
			)
		case 'InsufficientBalance':
			return new RetryableError(
				'escrow-short',
				`The escrow holds less than order ${nonce} asks for. Compare what is locked on Ethereum with what was issued.`,
			)
		default:
			return new FatalError('relay-refused', `The contract refuses order ${nonce}: ${reason}.`)
	}
}

function shortMessage(error: unknown): string {
	return error instanceof BaseError ? `${error.shortMessage} ${error.details ?? ''}`.trim() : messageOf(error)
}

async function reading<T>(what: string, read: () => Promise<T>): Promise<T> {
	try {
		return await read()
	} catch (error) {
		if (error instanceof RetryableError) throw error
		throw new RetryableError('ethereum-unreachable', `Ethereum could not give ${what}: ${shortMessage(error)}`, { cause: error })
	}
}
