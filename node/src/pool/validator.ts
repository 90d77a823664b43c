import { availableParallelism } from 'node:os'
import { Worker } from 'node:worker_threads'
import type { Hash } from '../chain.ts'
import type { Client } from '../client.ts'
import { fromHex } from '../crypto/hex.ts'
import type { VerdictCache } from '../crypto/verdicts.ts'
import { RuntimeCallError } from '../executor/errors.ts'
import { concatBytes } from '../scale/codec.ts'
import type { WorkerAnswer, WorkerRequest, WorkerStart } from './validator-worker.ts'
import { POOL_CODE, PoolError, type TransactionSource } from './validity.ts'

const METHOD = 'TaggedTransactionQueue_validate_transaction'
/** Up to so many validations in a window are done at once on the main thread: an extrinsic now and then is not worth a worker. */
const INLINE_PER_WINDOW = 8
const WINDOW_MS = 100
/** Sent to a worker at a time: enough that messages don't matter, few enough that the answer comes soon. */
const BATCH = 32

/** One a core: the main thread needs its own core only while it executes a block. More than this many it could not feed. */
const MOST_WORKERS = 8

interface Job {
	bytes: Uint8Array
	source: TransactionSource
	resolve: (validity: Uint8Array) => void
	reject: (error: Error) => void
}

interface Slot {
	worker: Worker
	busy: Job[]
	/** Code the worker has. */
	runtime: object | null
}

/**
 * Runs the runtime's validation at the best block: on the main thread when little comes, in worker threads with their own blob
 * instance and read-only view of the state under load. Signatures the workers checked go to the verdict cache.
 */
export class Validator {
	readonly #client: Client
	readonly #verdicts: VerdictCache
	readonly #databasePath: string
	readonly #slots: Slot[] = []
	readonly #most: number
	#queue: Job[] = []
	#windowStart = 0
	#inWindow = 0
	#closed = false

	constructor(client: Client, verdicts: VerdictCache, databasePath: string, workers = Math.min(availableParallelism(), MOST_WORKERS)) {
		this.#client = client
		this.#verdicts = verdicts
		this.#databasePath = databasePath
		this.#most = workers
	}

	/** The SCALE `TransactionValidity`. Rejects with `PoolError` when the runtime cannot even say. */
	validate(bytes: Uint8Array, source: TransactionSource): Promise<Uint8Array> {
		const now = performance.now()
		if (now - this.#windowStart > WINDOW_MS) {
			this.#windowStart = now
			this.#inWindow = 0
		}
		if (this.#most === 0 || (this.#inWindow++ < INLINE_PER_WINDOW && this.#queue.length === 0)) return this.#inline(bytes, source)
		return new Promise((resolve, reject) => {
			this.#queue.push({ bytes, source, resolve, reject })
			if (this.#queue.length === 1) setImmediate(() => this.#dispatch())
			else if (this.#queue.length % BATCH === 0) this.#dispatch()
		})
	}

	async #inline(bytes: Uint8Array, source: TransactionSource): Promise<Uint8Array> {
		return this.validateAt(bytes, source, this.#client.best().hash)
	}

	/** Validates on the main thread on the state after `block`. */
	validateAt(bytes: Uint8Array, source: TransactionSource, block: Hash): Uint8Array {
		try {
			return this.#client.call(block, METHOD, validationInput(bytes, source, block))
		} catch (error) {
			throw error instanceof RuntimeCallError ? verificationError(error.message) : error
		}
	}

	#dispatch(): void {
		if (this.#closed) return
		while (this.#queue.length > 0) {
			const slot = this.#slots.find(({ busy }) => busy.length === 0) ?? (this.#slots.length < this.#most ? this.#start() : undefined)
			if (!slot) return
			slot.busy = this.#queue.splice(0, BATCH)
			const { hash } = this.#client.best()
			const runtime = this.#client.compiledRuntime(hash)
			const request: WorkerRequest = {
				block: hash,
				rootNode: this.#client.rootNode(hash)!,
				runtime: slot.runtime === runtime ? null : runtime,
				inputs: slot.busy.map(({ bytes, source }) => validationInput(bytes, source, hash)),
			}
			slot.runtime = runtime
			slot.worker.postMessage(request)
		}
	}

	#start(): Slot {
		const data: WorkerStart = { databasePath: this.#databasePath, method: METHOD }
		const worker = new Worker(new URL('./validator-worker.ts', import.meta.url), { workerData: data })
		worker.unref()
		const slot: Slot = { worker, busy: [], runtime: null }
		worker.on('message', (answer: WorkerAnswer) => {
			for (const verdict of answer.verdicts) this.#verdicts.remember(verdict)
			const jobs = slot.busy
			slot.busy = []
			answer.results.forEach((result, i) => {
				if (typeof result === 'string') jobs[i].reject(verificationError(result))
				else jobs[i].resolve(result)
			})
			this.#dispatch()
		})
		worker.on('error', (error) => this.#lost(slot, error))
		worker.on('exit', () => this.#lost(slot, new Error('it exited')))
		this.#slots.push(slot)
		return slot
	}

	/** A worker that died fails what it had in hand; the next batch gets a new one. */
	#lost(slot: Slot, error: Error): void {
		const at = this.#slots.indexOf(slot)
		if (at >= 0) this.#slots.splice(at, 1)
		for (const job of slot.busy.splice(0)) job.reject(verificationError(`the validation worker stopped: ${error.message}; send it again`))
		this.#dispatch()
	}

	async close(): Promise<void> {
		this.#closed = true
		for (const job of this.#queue.splice(0)) job.reject(verificationError('the node is shutting down'))
		await Promise.all(this.#slots.map(({ worker }) => worker.terminate()))
	}
}

const validationInput = (bytes: Uint8Array, source: TransactionSource, at: Hash): Uint8Array =>
	concatBytes(Uint8Array.of(source), bytes, fromHex(at))

const verificationError = (reason: string): PoolError => new PoolError(POOL_CODE.verification, 'Verification Error', reason)
