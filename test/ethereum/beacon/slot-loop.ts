/** Runs the chain slot by slot at a pace that need not be the chain's own time. */
import { setTimeout as sleep } from 'node:timers/promises'
import { SLOTS_PER_EPOCH } from '@lodestar/params'
import { type BlockSources, produceBlock } from './block-production.ts'
import { attest } from './duties.ts'

/** One epoch without a block although a proposer was there: the execution client won't recover by itself. */
const MAX_FAILED_SLOTS = SLOTS_PER_EPOCH

export class SlotLoop {
	readonly #sources: BlockSources
	readonly #paceMs: number
	#slot: number

	/** @param paceMs real time from one slot's start to the next; longer if a slot takes longer, 0 for no pause at all */
	constructor(sources: BlockSources, paceMs: number) {
		this.#sources = sources
		this.#paceMs = paceMs
		this.#slot = sources.chain.head.slot
	}

	/** The slot being worked on. */
	get slot(): number {
		return this.#slot
	}

	/** Never returns. @throws after an epoch of slots that failed one after the other, with the last failure as cause */
	async run(): Promise<never> {
		let failedSlots = 0
		for (let startsAt = performance.now(); ; startsAt = Math.max(startsAt + this.#paceMs, performance.now())) {
			const waitMs = startsAt - performance.now()
			if (waitMs > 0) await sleep(waitMs)
			this.#slot += 1
			try {
				await this.#runSlot(this.#slot)
				failedSlots = 0
			} catch (error) {
				failedSlots += 1
				console.error(`slot ${this.#slot} stays empty:`, error)
				if (failedSlots === MAX_FAILED_SLOTS)
					throw new Error(`No block could be made for ${MAX_FAILED_SLOTS} slots up to slot ${this.#slot}`, { cause: error })
			}
		}
	}

	async #runSlot(slot: number): Promise<void> {
		const { chain, keys, pool } = this.#sources
		const produced = await produceBlock(this.#sources, slot)
		if (produced !== undefined) {
			await chain.append(produced.signedBlock, produced.postState)
			pool.removeIncluded(produced.signedBlock.message.body)
		}
		const attestation = attest(chain, keys, slot)
		if (attestation !== undefined) pool.addAttestation(attestation)
	}
}
