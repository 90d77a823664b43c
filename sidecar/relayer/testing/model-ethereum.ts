/** The escrow on Ethereum as rules in memory: blocks, finality, a mempool per relaying account, and faults on demand. */
import { type Hex, hexToString, stringToHex } from 'viem'
import type { EscrowOrder } from '../../contracts/eip712.ts'
import type { EscrowContract, EscrowLog, OrderState, SignedTransaction } from '../edges.ts'
import { RetryableError } from '../errors.ts'
import { signatureOf } from './model-chain.ts'

const SECONDS_PER_BLOCK = 12n
/** Wait of a large order. */
const DELAY_SECONDS = 60n

interface Transaction {
	account: string
	nonce: number
	order: bigint
	fee: number
}

export class ModelEthereum {
	readonly #threshold: number
	readonly #orders = new Map<bigint, { order: EscrowOrder; signatures: readonly Hex[] }>()
	readonly #logs: { block: number; log: EscrowLog }[] = []
	readonly #usedAt = new Map<bigint, number>()
	readonly #minedAt = new Map<string, number[]>()
	readonly #mempool = new Map<string, Transaction>()
	#locks = 0n
	#finalized = 0
	/** By block, in Unix seconds. */
	readonly #timestamps = [0n]
	/** Orders whose recipient does not take the ETH. */
	readonly refusing = new Set<bigint>()
	/** Orders that wait between two calls. */
	readonly large = new Set<bigint>()
	/** By order: when its wait ends, in Unix seconds, and the block it began in. */
	readonly #waits = new Map<bigint, { until: bigint; block: number }>()
	readonly #vetoedAt = new Map<bigint, number>()
	/** Times an order was paid: once at most. */
	readonly executions = new Map<bigint, number>()
	lockedWei = 0n
	/** Makes requests fail. */
	isDown: () => boolean = () => false

	constructor(threshold: number) {
		this.#threshold = threshold
	}

	get #head(): number {
		return this.#timestamps.length - 1
	}

	lock(recipient: Hex, amountWei: bigint): bigint {
		const nonce = this.#locks++
		const lock = { asset: `0x${'00'.repeat(20)}`, sender: `0x${'ee'.repeat(20)}`, recipient, amountWei } as const
		this.#logs.push({ block: this.#head + 1, log: { event: 'Locked', nonce, lock: { ...lock, ethereumBlock: BigInt(this.#head + 1) } } })
		this.lockedWei += amountWei
		return nonce
	}

	isExecuted(order: bigint): boolean {
		return this.#usedAt.has(order)
	}

	timestamp(block = this.#head): bigint {
		return this.#timestamps[block]
	}

	/** Mines what is in the mempool; a transaction with a gap before its nonce waits. */
	mine(): void {
		this.skip(SECONDS_PER_BLOCK)
		const waiting = [...this.#mempool].sort(([, a], [, b]) => a.nonce - b.nonce)
		for (const [key, transaction] of waiting) {
			const mined = this.#minedAt.get(transaction.account) ?? []
			if (transaction.nonce !== mined.length) continue
			this.#minedAt.set(transaction.account, [...mined, this.#head])
			this.#mempool.delete(key)
			this.#execute(transaction.order)
		}
	}

	#execute(nonce: bigint): void {
		const entry = this.#orders.get(nonce)
		if (!entry || this.#refusal(nonce, entry.order)) return
		if (this.large.has(nonce) && !this.#waits.has(nonce)) {
			this.#waits.set(nonce, { until: this.timestamp() + DELAY_SECONDS, block: this.#head })
			return
		}
		this.#usedAt.set(nonce, this.#head)
		this.executions.set(nonce, (this.executions.get(nonce) ?? 0) + 1)
		this.#logs.push({ block: this.#head, log: { event: 'Executed', nonce } })
	}

	#refusal(nonce: bigint, order: EscrowOrder): string | undefined {
		if (this.#usedAt.has(nonce)) return 'already-relayed'
		if (this.timestamp() > order.message.expiry) return 'order-expired'
		if (this.#vetoedAt.has(nonce)) return 'order-vetoed'
		const wait = this.#waits.get(nonce)
		if (wait && this.timestamp() < wait.until) return 'order-delayed'
		return this.refusing.has(nonce) ? 'payment-failed' : undefined
	}

	/** The council forbids every second order that waits. */
	veto(): void {
		this.skip(SECONDS_PER_BLOCK)
		for (const nonce of this.#waits.keys()) {
			if (nonce % 2n === 0n || this.#usedAt.has(nonce) || this.#vetoedAt.has(nonce)) continue
			this.#vetoedAt.set(nonce, this.#head)
			this.#logs.push({ block: this.#head, log: { event: 'Vetoed', nonce } })
		}
	}

	isVetoed(order: bigint): boolean {
		return this.#vetoedAt.has(order)
	}

	#state(order: bigint, at: number): OrderState {
		if ((this.#usedAt.get(order) ?? Number.POSITIVE_INFINITY) <= at) return 'executed'
		if ((this.#vetoedAt.get(order) ?? Number.POSITIVE_INFINITY) <= at) return 'vetoed'
		return (this.#waits.get(order)?.block ?? Number.POSITIVE_INFINITY) <= at ? 'waiting' : 'open'
	}

	finalize(): void {
		this.#finalized = this.#head
	}

	/** An empty block so long after the one before. */
	skip(seconds: bigint): void {
		this.#timestamps.push(this.timestamp() + seconds)
	}

	/** Nodes forget what they have not mined. */
	dropMempool(): void {
		this.#mempool.clear()
	}

	/** The contract as `account` relays to it. */
	as(account: string): EscrowContract {
		const answer = async <T>(read: () => T): Promise<T> => {
			if (this.isDown()) throw new RetryableError('ethereum-unreachable', 'the model is down')
			return read()
		}
		return {
			finalized: () => answer(() => ({ number: this.#finalized, timestamp: this.timestamp(this.#finalized) })),
			logs: (from, to) => answer(() => this.#logs.filter(({ block }) => block >= from && block <= to).map(({ log }) => log)),
			lockCount: (at) => answer(() => BigInt(this.#logs.filter(({ block, log }) => log.event === 'Locked' && block <= at).length)),
			orderState: (order, at) => answer(() => this.#state(order, at)),
			transactionCount: (at) =>
				answer(() => {
					const mined = this.#minedAt.get(account) ?? []
					if (at !== 'pending') return mined.filter((block) => block <= at).length
					let next = mined.length
					while (this.#mempool.has(`${account} ${next}`)) next++
					return next
				}),
			signRelay: (order, signatures, nonce, replaces) => answer(() => this.#sign(account, order, signatures, nonce, replaces)),
			send: (raw) =>
				answer(() => {
					const transaction = decode(raw)
					const key = `${account} ${transaction.nonce}`
					const known = this.#mempool.get(key)
					const isMined = transaction.nonce < (this.#minedAt.get(account) ?? []).length
					if (!isMined && (!known || known.fee < transaction.fee)) this.#mempool.set(key, transaction)
					return { state: 'pending' as const }
				}),
		}
	}

	#sign(account: string, order: EscrowOrder, signatures: readonly Hex[], nonce: number, replaces?: Hex): SignedTransaction {
		const id = order.message.nonce
		const refusal = this.#refusal(id, order)
		if (refusal) throw new RetryableError(refusal, `order ${id}: ${refusal}`)
		const valid = new Set(signatures.filter((signature) => [0, 1, 2, 3].some((witness) => signatureOf(witness, order) === signature)))
		if (valid.size < this.#threshold || signatures.length !== this.#threshold) throw new Error(`order ${id} was relayed without a quorum`)
		this.#orders.set(id, { order, signatures })
		const fee = replaces ? decode(replaces).fee + 1 : 1
		const raw = stringToHex(JSON.stringify({ account, nonce, order: String(id), fee }))
		return { raw, hash: raw }
	}
}

function decode(raw: Hex): Transaction {
	const { order, ...rest } = JSON.parse(hexToString(raw)) as Omit<Transaction, 'order'> & { order: string }
	return { ...rest, order: BigInt(order) }
}
