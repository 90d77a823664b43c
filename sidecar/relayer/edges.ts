/** What a witness sees of the two chains. Reads are of finalized blocks alone; failures to reach a node are `RetryableError`s. */
import type { Address, Hex } from 'viem'
import type { EscrowOrder } from '../contracts/eip712.ts'
import type { AttestLock, AttestOutcome, ChainDuty, Lock } from './duty.ts'

export interface BlockRef {
	number: number
	hash: Hex
}

/** An order that is neither executed nor refunded. */
export interface OpenOrder {
	order: EscrowOrder
	signatures: { signer: Address; signature: Hex }[]
}

/** A duty's trace in the chain's state: `conflict` says what stands there against it. */
export type Effect = { state: 'absent' } | { state: 'present' } | { state: 'conflict'; message: string }

/** How a call ended; `error` is `<pallet>.<Name>` or the name of a general dispatch error. */
export type CallResult = { success: true } | { success: false; error: string }

/** A call of the escrow pallet. */
export type EscrowCall = AttestLock | { kind: 'signOrder'; nonce: bigint; signature: Hex } | AttestOutcome

export interface SignedCall {
	hash: Hex
	raw: Hex
	nonce: number
	/** Last block that can include it. */
	lastBlock: number
}

/** `refused`: the node will not have it as it is. `pending` includes "known already" and "its nonce is used". */
export type SendResult = { state: 'pending' } | { state: 'refused'; reason: string }

/** The Stkr chain, as the witness's account. */
export interface StkrChain {
	finalized(): Promise<BlockRef>
	openOrders(at: BlockRef): Promise<OpenOrder[]>
	/** One effect for each duty, in order. */
	effects(at: BlockRef, duties: readonly ChainDuty[]): Promise<Effect[]>
	/** Results of those of the extrinsics that are in finalized blocks `from` to `to`. */
	results(from: number, to: number, extrinsics: readonly Hex[]): Promise<Map<Hex, CallResult>>
	/** Signs calls with consecutive nonces, mortal from `birth` on. */
	sign(calls: readonly EscrowCall[], birth: BlockRef): Promise<SignedCall[]>
	/** `nonce` is that of the call in `raw`. */
	send(raw: Hex, nonce: number): Promise<SendResult>
}

export interface EthereumBlock {
	number: number
	/** Unix seconds. */
	timestamp: bigint
}

/** A witness set as the contract has it. */
export interface ContractWitnessSet {
	id: bigint
	witnesses: readonly Address[]
	/** Signatures that an order for this set needs. */
	threshold: number
	/** Last block timestamp, in Unix seconds, at which its payments are executed; u64, the highest for the present set. */
	validUntil: bigint
}

/** The events of the contract that concern a witness. Nonces are those of orders, but of `Locked` and `Returned` their own. */
export type EscrowLog =
	| { event: 'Locked'; nonce: bigint; lock: Lock }
	| { event: 'Executed'; nonce: bigint }
	/** The council forbade an order that waited. */
	| { event: 'Vetoed'; nonce: bigint }
	/** `set` took over; the set before it counts until `graceUntil`, in Unix seconds. */
	| { event: 'Rotated'; set: ContractWitnessSet; graceUntil: bigint }
	/** ETH of validators came home. */
	| { event: 'Returned'; nonce: bigint; amountWei: bigint }
	| { event: 'ExitRequested'; nonce: bigint; pubkey: Hex }

export type OrderState = 'open' | 'waiting' | 'executed' | 'vetoed'

export interface SignedTransaction {
	hash: Hex
	raw: Hex
}

/** The escrow contract on Ethereum, and the account that relays to it. */
export interface EscrowContract {
	finalized(): Promise<EthereumBlock>
	/** Events of blocks `from` to `to`, oldest first. */
	logs(from: number, to: number): Promise<EscrowLog[]>
	/** How many locks there were up to a block. */
	lockCount(block: number): Promise<bigint>
	/** What stood at a block of an order with this nonce; `waiting` since its first call, as it is large (ESC-5). */
	orderState(orderNonce: bigint, block: number): Promise<OrderState>
	/** Transactions of the relaying account: mined up to `block`, or with those a node knows of. */
	transactionCount(block: number | 'pending'): Promise<number>
	/**
	 * Signs the transaction that executes an order; with `replaces`, one that outbids it.
	 *
	 * @throws FatalError when the contract will never execute this order, RetryableError when it does not now
	 */
	signRelay(order: EscrowOrder, signatures: readonly Hex[], nonce: number, replaces?: Hex): Promise<SignedTransaction>
	send(raw: Hex): Promise<SendResult>
}
