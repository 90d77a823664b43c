/** What a watcher looks for (ESC-5), from one view of both chains. */
import type { BlockRef, EthereumBlock, OpenOrder, OrderState } from './edges.ts'
import type { EscrowTotals } from './stkr-storage.ts'

/** A finalized head of the Stkr chain. */
export interface ChainView {
	head: BlockRef
	/** The chain's own clock, in Unix seconds. */
	seconds: bigint
	totals: EscrowTotals
	orders: OpenOrder[]
	orderLifetimeSeconds: bigint
}

/** Ethereum's finalized block, read before the chain's head: whatever it shows of locks and orders, the chain may know more. */
export interface EthereumView {
	block: EthereumBlock
	accountedWei: bigint
	isPaused: boolean
	/** Of the chain's open orders, by nonce. */
	orders: ReadonlyMap<bigint, OrderState>
}

/** Something for a person; `subject` tells findings of one code apart. */
export interface Finding {
	code: 'reserve-short' | 'order-stuck' | 'chain-stalled' | 'ethereum-stalled'
	subject: string
	message: string
}

/**
 * What the contract must hold: minted − released − staked, less open orders that are executed there already and only not yet settled
 * here, in wei. Open orders that are not executed still count, as they may be refunded.
 */
export function outstandingWei({ totals, orders }: ChainView, ethereum: EthereumView): bigint {
	return orders.reduce(
		(wei, { order: { message } }) => (ethereum.orders.get(message.nonce) === 'executed' ? wei - message.amount : wei),
		totals.mintedWei - totals.releasedWei - totals.stakedWei,
	)
}

/** Proof of reserve: locked on Ethereum ≥ issued on the chain (ESC-5). */
export function checkReserve(chain: ChainView, ethereum: EthereumView): Finding[] {
	const outstanding = outstandingWei(chain, ethereum)
	if (ethereum.accountedWei >= outstanding) return []
	const message = `The contract accounts for ${ethereum.accountedWei} wei at Ethereum's block ${ethereum.block.number}, but ${outstanding} wei are issued against it at block ${chain.head.number} of the Stkr chain: ${outstanding - ethereum.accountedWei} wei are missing.`
	return [{ code: 'reserve-short', subject: 'ETH', message }]
}

/**
 * Orders open for longer than `ageSeconds`: since they were made, for large ones since their wait of `delaySeconds` was over, and for
 * vetoed ones since their expiry, as the chain refunds them then.
 */
export function checkOrders(chain: ChainView, ethereum: EthereumView, ageSeconds: bigint, delaySeconds: bigint): Finding[] {
	return chain.orders.flatMap(({ order: { message, primaryType }, signatures }): Finding[] => {
		const { nonce, expiry } = message
		const state = ethereum.orders.get(nonce) ?? 'open'
		const madeAt = expiry - chain.orderLifetimeSeconds
		const since = state === 'vetoed' ? expiry : state === 'waiting' ? madeAt + delaySeconds : madeAt
		if (chain.seconds - since <= ageSeconds) return []
		const detail = `${state} on Ethereum, ${signatures.length} signatures, expires at ${expiry} (Unix seconds)`
		return [
			{
				code: 'order-stuck',
				subject: String(nonce),
				message: `The ${primaryType} order ${nonce} is open since ${madeAt} (Unix seconds): ${detail}.`,
			},
		]
	})
}

/** A finalized head that has not moved. */
export function checkStall(side: 'chain' | 'ethereum', block: number | undefined, ageMs: number, limitMs: number): Finding[] {
	if (ageMs < limitMs) return []
	const where = side === 'chain' ? 'The Stkr chain' : 'Ethereum'
	const message = `${where} has finalized nothing after block ${block ?? 'none'} for ${Math.round(ageMs / 1_000)} seconds, as far as its node tells.`
	return [{ code: `${side}-stalled`, subject: side, message }]
}
