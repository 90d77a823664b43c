import { u64 } from '../../frame/scale/index.ts'
import { value } from '../../frame/storage.ts'

/** Slots of Aura as the timestamp pallet must agree with them. */
export const slotStorage = {
	/** Slot of the current block. */
	currentSlot: value(u64, () => 0n),
	/** Length of a slot in milliseconds, fixed at genesis. */
	slotDuration: value(u64, () => 6000n),
}

export const slotDurationMs = (): bigint => slotStorage.slotDuration.get()

/** A block's time must lie in its slot. Throws otherwise, which refuses the block. */
export const noteTimestamp = (nowMs: bigint): void => {
	const slot = nowMs / slotDurationMs()
	const current = slotStorage.currentSlot.get()
	if (slot !== current) throw new Error(`Timestamp slot ${slot} must match CurrentSlot ${current}`)
}
