/** The escrow pallet as rules in memory: a pool, blocks, finality, and the pallet's refusals by name. */
import { type Hex, hexToString, keccak256, stringToHex } from 'viem'
import type { EscrowOrder } from '../../contracts/eip712.ts'
import { type Duty, decodeDuty, encodeDuty, type Lock } from '../duty.ts'
import type { BlockRef, CallResult, EscrowCall, StkrChain } from '../edges.ts'
import { RetryableError } from '../errors.ts'

const MORTAL_BLOCKS = 8

interface Order {
	order: EscrowOrder
	signatures: [number, Hex][]
	outcomes: [number, string][]
}

interface State {
	minted: Map<bigint, { lock: Lock; times: number }>
	lockVotes: Map<bigint, [number, string][]>
	orders: Map<bigint, Order>
	nextOrder: bigint
	refunds: Map<bigint, number>
	nonces: number[]
}

interface Extrinsic {
	witness: number
	nonce: number
	lastBlock: number
	call: string
}

/** What a witness of the model signs an order with: tied to witness and content. */
export function signatureOf(witness: number, order: EscrowOrder): Hex {
	return keccak256(stringToHex(`${witness} ${encodeDuty({ kind: 'signOrder', nonce: order.message.nonce, order })}`))
}

export class ModelChain {
	readonly #threshold: number
	readonly #pool = new Map<Hex, Extrinsic>()
	readonly #blocks: Map<Hex, CallResult>[] = [new Map()]
	readonly #nowSeconds: () => bigint
	#finalized = 0
	#state: State
	#finalState: State
	isDown: () => boolean = () => false

	constructor(witnesses: number, threshold: number, nowSeconds: () => bigint) {
		this.#threshold = threshold
		this.#nowSeconds = nowSeconds
		this.#state = {
			minted: new Map(),
			lockVotes: new Map(),
			orders: new Map(),
			nextOrder: 0n,
			refunds: new Map(),
			nonces: Array.from({ length: witnesses }, () => 0),
		}
		this.#finalState = structuredClone(this.#state)
	}

	get state(): Readonly<State> {
		return this.#state
	}

	order(amountWei: bigint, lifetimeSeconds: bigint): bigint {
		const nonce = this.#state.nextOrder++
		const ends = { expiry: this.#nowSeconds() + lifetimeSeconds, witnessSetId: 1n }
		const paid = { asset: `0x${'00'.repeat(20)}`, recipient: `0x${'11'.repeat(20)}`, amount: amountWei } as const
		this.#state.orders.set(nonce, { order: { primaryType: 'Release', message: { nonce, ...paid, ...ends } }, signatures: [], outcomes: [] })
		return nonce
	}

	produce(): void {
		const number = this.#blocks.length
		const results = new Map<Hex, CallResult>()
		for (const [hash, extrinsic] of [...this.#pool].sort(([, a], [, b]) => a.nonce - b.nonce)) {
			if (extrinsic.lastBlock < number) this.#pool.delete(hash)
			else if (extrinsic.nonce === this.#state.nonces[extrinsic.witness]) {
				this.#state.nonces[extrinsic.witness]++
				this.#pool.delete(hash)
				const error = this.#apply(extrinsic.witness, JSON.parse(extrinsic.call))
				results.set(hash, error ? { success: false, error: `escrow.${error}` } : { success: true })
			}
		}
		this.#blocks.push(results)
	}

	finalize(): void {
		this.#finalized = this.#blocks.length - 1
		this.#finalState = structuredClone(this.#state)
	}

	dropPool(): void {
		this.#pool.clear()
	}

	#apply(witness: number, { duty, signature }: { duty: string; signature?: Hex }): string | undefined {
		const call = decodeDuty(duty)
		const state = this.#state
		if (call.kind === 'attestLock') {
			if (state.minted.has(call.nonce)) return 'AlreadyMinted'
			const votes = state.lockVotes.get(call.nonce) ?? []
			if (votes.some(([voter]) => voter === witness)) return 'AlreadyVoted'
			const cast: [number, string][] = [...votes, [witness, duty]]
			state.lockVotes.set(call.nonce, cast)
			if (cast.filter(([, content]) => content === duty).length < this.#threshold) return undefined
			state.minted.set(call.nonce, { lock: call.lock, times: (state.minted.get(call.nonce)?.times ?? 0) + 1 })
			state.lockVotes.delete(call.nonce)
			return undefined
		}
		const open = state.orders.get(call.nonce)
		if (!open) return call.nonce < state.nextOrder ? 'OrderClosed' : 'UnknownOrder'
		if (call.kind === 'attestOutcome') {
			if (call.outcome === 'Expired' && this.#nowSeconds() <= open.order.message.expiry) return 'OrderNotExpired'
			if (open.outcomes.some(([voter]) => voter === witness)) return 'AlreadyVoted'
			open.outcomes.push([witness, call.outcome])
			if (open.outcomes.filter(([, outcome]) => outcome === call.outcome).length < this.#threshold) return undefined
			state.orders.delete(call.nonce)
			if (call.outcome === 'Expired') state.refunds.set(call.nonce, (state.refunds.get(call.nonce) ?? 0) + 1)
			return undefined
		}
		if (this.#nowSeconds() > open.order.message.expiry) return 'OrderExpired'
		if (signature !== signatureOf(witness, open.order)) return 'InvalidSignature'
		if (open.signatures.some(([signer]) => signer === witness)) return 'AlreadySigned'
		open.signatures.push([witness, signature])
		return undefined
	}

	/** The chain as witness `witness` sees it. */
	as(witness: number): StkrChain {
		const answer = async <T>(read: () => T): Promise<T> => {
			if (this.isDown()) throw new RetryableError('chain-unreachable', 'the model is down')
			return read()
		}
		const voted = (votes: [number, string][] | undefined) => (votes ?? []).some(([voter]) => voter === witness)
		return {
			finalized: () => answer((): BlockRef => ({ number: this.#finalized, hash: `0x${this.#finalized.toString(16).padStart(64, '0')}` })),
			openOrders: () =>
				answer(() =>
					[...this.#finalState.orders.values()].map(({ order, signatures }) => ({
						order,
						signatures: signatures.map(([signer, signature]) => ({ signer: `0x0${signer + 1}` as Hex, signature })),
					})),
				),
			effects: (_, duties) =>
				answer(() =>
					duties.map((duty: Duty) => {
						const state = this.#finalState
						const order = state.orders.get(duty.nonce)
						const isPresent =
							duty.kind === 'attestLock'
								? state.minted.has(duty.nonce) || voted(state.lockVotes.get(duty.nonce))
								: order
									? voted(duty.kind === 'signOrder' ? order.signatures : order.outcomes)
									: duty.nonce < state.nextOrder
						return { state: isPresent ? ('present' as const) : ('absent' as const) }
					}),
				),
			results: (from, to, extrinsics) =>
				answer(() => {
					const blocks = this.#blocks.slice(from, to + 1)
					return new Map(blocks.flatMap((block) => [...block]).filter(([hash]) => extrinsics.includes(hash)))
				}),
			sign: (calls, birth) =>
				answer(() => {
					let nonce = this.#state.nonces[witness]
					while ([...this.#pool.values()].some((waiting) => waiting.witness === witness && waiting.nonce === nonce)) nonce++
					return calls.map((call, index) => {
						const lastBlock = birth.number + MORTAL_BLOCKS
						const extrinsic: Extrinsic = { witness, nonce: nonce + index, lastBlock, call: JSON.stringify(this.#describe(call)) }
						const raw = stringToHex(JSON.stringify(extrinsic))
						return { hash: keccak256(raw), raw, nonce: extrinsic.nonce, lastBlock }
					})
				}),
			send: (raw) =>
				answer(() => {
					const extrinsic = JSON.parse(hexToString(raw)) as Extrinsic
					if (extrinsic.nonce >= this.#state.nonces[witness]) this.#pool.set(keccak256(raw), extrinsic)
					return { state: 'pending' as const }
				}),
		}
	}

	#describe(call: EscrowCall): { duty: string; signature?: Hex } {
		if (call.kind !== 'signOrder') return { duty: encodeDuty(call) }
		const { order } = this.#finalState.orders.get(call.nonce) as Order
		return { duty: encodeDuty({ kind: 'signOrder', nonce: call.nonce, order }), signature: call.signature }
	}
}
