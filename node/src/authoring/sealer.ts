import type { Client } from '../client.ts'
import type { Logger } from '../log.ts'
import type { ExtrinsicPool } from '../pool/pool.ts'
import { slotDurationMs } from './aura.ts'
import type { BlockAuthor } from './author.ts'

/** When blocks are made: by the clock, as soon as an extrinsic is ready, or on demand only. */
export type Sealing = 'interval' | 'instant' | 'manual'

/** Share of the block time that may go into applying extrinsics; the rest is for roots, storing and requests. */
const BUILDING_SHARE = 2 / 3

/** Drives the author. Each block is made after the one before is stored. */
export class Sealer {
	readonly #client: Client
	readonly #pool: ExtrinsicPool
	readonly #author: BlockAuthor
	readonly #log: Logger
	readonly #sealing: Sealing
	readonly #blockTimeMs: number | undefined
	#timer: NodeJS.Timeout | null = null
	#running: Promise<void> | null = null
	#again = false
	#stopped = false
	#unsubscribe: () => void = () => {}

	constructor(
		parts: { client: Client; pool: ExtrinsicPool; author: BlockAuthor; log: Logger },
		sealing: Sealing,
		blockTimeMs: number | undefined,
	) {
		this.#client = parts.client
		this.#pool = parts.pool
		this.#author = parts.author
		this.#log = parts.log
		this.#sealing = sealing
		this.#blockTimeMs = blockTimeMs
	}

	start(): void {
		if (this.#sealing === 'interval') {
			// The first block right away: a chain that stands still until the next slot looks broken.
			this.#run(() => this.#sealByClock())
		} else if (this.#sealing === 'instant') {
			this.#unsubscribe = this.#pool.onReady(() => this.#sealReady())
		}
	}

	#run(work: () => Promise<void>): void {
		this.#running = work()
			.catch((error) => this.#log.error({ error: (error as Error).message }, 'no block was made'))
			.finally(() => {
				this.#running = null
			})
	}

	async #sealByClock(): Promise<void> {
		const timeMs = this.#blockTimeMs ?? slotDurationMs(this.#client, this.#client.best().hash)
		const started = performance.now()
		try {
			await this.#author.seal({ deadline: started + timeMs * BUILDING_SHARE, presentSlotOnly: this.#blockTimeMs === undefined })
		} finally {
			// With the slot's own time, at the start of the next slot; else so long after this block's start.
			const waitMs = this.#blockTimeMs === undefined ? timeMs - (Date.now() % timeMs) : Math.max(0, started + timeMs - performance.now())
			if (!this.#stopped) this.#timer = setTimeout(() => this.#run(() => this.#sealByClock()), waitMs)
		}
	}

	#sealReady(): void {
		if (this.#stopped) return
		if (this.#running) {
			this.#again = true
			return
		}
		this.#run(async () => {
			do {
				this.#again = false
				// What arrives in the same turn goes into one block.
				await new Promise((resolve) => setImmediate(resolve))
				const before = this.#pool.readyCount
				await this.#author.seal({ allowEmpty: false })
				if (this.#pool.readyCount > 0 && this.#pool.readyCount < before) this.#again = true
			} while (this.#again && !this.#stopped)
		})
	}

	/** Resolves when a block under way is stored. */
	async stop(): Promise<void> {
		this.#stopped = true
		this.#unsubscribe()
		if (this.#timer) clearTimeout(this.#timer)
		await this.#running
	}
}
