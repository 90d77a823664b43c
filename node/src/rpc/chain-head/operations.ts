import type { Chain, Hash } from '../../chain.ts'
import { toHex } from '../../crypto/hex.ts'
import { itemBytes, type StorageItem, type StorageQuery, storageItems } from '../storage-query.ts'

/** Operations of one follow subscription at once; the specification asks for 16 at least. Each storage item counts as one. */
const MAX_OPERATIONS = 64
/** Bytes of storage items sent before the client must ask for more. */
const PAGE_BYTES = 256 << 10

type Started = { result: 'started'; operationId: string; discardedItems?: number } | { result: 'limitReached' }

/** An event of one operation; its id is put in when it is sent. */
type OperationEvent = { event: string } & Record<string, unknown>

interface Running {
	weight: number
	/** Set while the client has to call `chainHead_v1_continue`. */
	resume?: () => void
}

/** The operations (`body`, `call`, `storage`) of one follow subscription; their results are events of it. */
export class Operations {
	readonly #chain: Chain
	readonly #push: (event: object) => void
	readonly #running = new Map<string, Running>()
	#weight = 0
	#lastId = 0

	constructor(chain: Chain, push: (event: object) => void) {
		this.#chain = chain
		this.#push = push
	}

	body(hash: Hash, defer: (run: () => void) => void): Started {
		return this.#start(1, defer, (operationId) => {
			const body = this.#chain.body(hash)
			this.#end(operationId, body ? { event: 'operationBodyDone', value: body.map(toHex) } : { event: 'operationInaccessible' })
		})
	}

	call(hash: Hash, method: string, input: Uint8Array, defer: (run: () => void) => void): Started {
		return this.#start(1, defer, (operationId) =>
			this.#end(operationId, { event: 'operationCallDone', output: toHex(this.#chain.call(hash, method, input)) }),
		)
	}

	storage(hash: Hash, queries: StorageQuery[], defer: (run: () => void) => void): Started {
		const accepted = queries.slice(0, MAX_OPERATIONS - this.#weight)
		if (queries.length > 0 && accepted.length === 0) return { result: 'limitReached' }
		const started = this.#start(accepted.length, defer, (operationId) => {
			const state = this.#chain.state(hash)
			if (state) this.#page(operationId, storageItems(this.#chain, hash, state, accepted))
			else this.#end(operationId, { event: 'operationInaccessible' })
		})
		return started.result === 'started' ? { ...started, discardedItems: queries.length - accepted.length } : started
	}

	/** Sends the next page of items, then ends or waits for `chainHead_v1_continue`. */
	#page(operationId: string, items: Generator<StorageItem>): void {
		const page: StorageItem[] = []
		let bytes = 0
		let next = items.next()
		while (!next.done) {
			page.push(next.value)
			bytes += itemBytes(next.value)
			if (bytes >= PAGE_BYTES) break
			next = items.next()
		}
		if (page.length > 0) this.#push({ event: 'operationStorageItems', operationId, items: page })
		if (next.done) {
			this.#end(operationId, { event: 'operationStorageDone' })
			return
		}
		const running = this.#running.get(operationId)
		if (!running) return
		running.resume = () => this.#guard(operationId, () => this.#page(operationId, items))
		this.#push({ event: 'operationWaitingForContinue', operationId })
	}

	/** `waiting` when the operation goes on, `running` when it was not waiting, `unknown` when there is none. */
	continue(operationId: string, defer: (run: () => void) => void): 'waiting' | 'running' | 'unknown' {
		const running = this.#running.get(operationId)
		if (!running) return 'unknown'
		const { resume } = running
		if (!resume) return 'running'
		running.resume = undefined
		defer(resume)
		return 'waiting'
	}

	stop(operationId: string): void {
		const running = this.#running.get(operationId)
		if (running) this.#weight -= running.weight
		this.#running.delete(operationId)
	}

	stopAll(): void {
		this.#running.clear()
		this.#weight = 0
	}

	#start(weight: number, defer: (run: () => void) => void, run: (operationId: string) => void): Started {
		if (this.#weight + weight > MAX_OPERATIONS) return { result: 'limitReached' }
		const operationId = String(++this.#lastId)
		this.#running.set(operationId, { weight })
		this.#weight += weight
		defer(() => this.#guard(operationId, () => run(operationId)))
		return { result: 'started', operationId }
	}

	/** Runs a step unless the operation was stopped; what it throws ends the operation. */
	#guard(operationId: string, step: () => void): void {
		if (!this.#running.has(operationId)) return
		try {
			step()
		} catch (error) {
			this.#end(operationId, { event: 'operationError', error: error instanceof Error ? error.message : String(error) })
		}
	}

	#end(operationId: string, event: OperationEvent): void {
		this.stop(operationId)
		this.#push({ ...event, operationId })
	}
}
