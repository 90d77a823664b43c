import { block } from '../../frame/block.ts'
import { ascii } from '../../frame/bytes.ts'
import { pallet } from '../../frame/pallet.ts'
import { fixedBytes, u64, vec, writer } from '../../frame/scale/index.ts'
import { value } from '../../frame/storage.ts'
import { depositLog, preRuntimeDigest } from '../../frame/system/index.ts'
import { slotStorage } from './slots.ts'
import { weights } from './weights.ts'

/** Digest items of Aura carry this. */
export const AURA_ENGINE = ascii('aura')

/** An sr25519 public key that seals blocks. */
export const auraId = fixedBytes(32, 'sp_consensus_aura::sr25519::app_sr25519::Public')
const authorities = vec(auraId)

export const storage = {
	/** Who makes blocks: slot `s` belongs to authority `s` modulo their number. Sessions change it. */
	authorities: value(authorities, () => []),
	...slotStorage,
}

/** Replaces the block producers from the next block on, and announces it in the block's digest. */
export const changeAuthorities = (next: Uint8Array[]): void => {
	storage.authorities.put(next)
	if (block.number === 0) return // genesis has no digest
	const mark = writer.at
	writer.u8(1) // ConsensusLog::AuthoritiesChange
	authorities.write(writer, next)
	depositLog({ type: 'Consensus', value: [AURA_ENGINE, writer.take(mark)] })
}

/** Block production by turns (pallet_aura, CNS-1). */
export const aura = pallet('Aura', {
	storage,
	hooks: {
		onInitialize() {
			const claim = preRuntimeDigest(AURA_ENGINE)
			if (!claim) return weights.onInitialize
			const slot = u64.decode(claim)
			if (slot <= storage.currentSlot.get()) throw new Error(`Slot must increase: ${slot} after ${storage.currentSlot.get()}`)
			storage.currentSlot.put(slot)
			return weights.onInitialize
		},
	},
	genesis(config) {
		const duration = config.field('slotDuration', ['slotDuration'])
		if (duration.absent) return
		const ms = duration.integer(3_600_000n, 'a slot duration in milliseconds')
		if (ms < 100n) duration.refuse('a slot must last 100 ms at least')
		storage.slotDuration.put(ms)
	},
})
