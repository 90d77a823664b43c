import { call, ensureNone } from '../../frame/call.ts'
import { errors } from '../../frame/errors.ts'
import { pallet } from '../../frame/pallet.ts'
import { bool, compactU64, u64 } from '../../frame/scale/index.ts'
import { value } from '../../frame/storage.ts'
import { noteTimestamp, slotDurationMs } from '../aura/slots.ts'
import { weights } from './weights.ts'

/** A block may claim a time this far ahead of the importing node's clock, in milliseconds. */
const MAX_DRIFT_MS = 30_000n

export const storage = {
	/** Time of the current block, in milliseconds since 1970. */
	now: value(u64, () => 0n),
	/** Whether this block's time was set. */
	didUpdate: value(bool, () => false),
}

export const error = errors([
	/** The time was set already in this block. */
	'AlreadySet',
	/** Time must rise by half a slot at least. */
	'TooEarly',
])

const set = call(
	0,
	{ now: compactU64 },
	weights.set,
	(origin, { now }) => {
		ensureNone(origin)
		if (storage.didUpdate.get()) throw error.AlreadySet()
		if (now < earliest()) throw error.TooEarly()
		storage.now.put(now)
		storage.didUpdate.put(true)
		noteTimestamp(now)
	},
	{ class: 'Mandatory' },
)

/** The least time this block may have: half a slot after the last one's. */
const earliest = (): bigint => {
	const last = storage.now.get()
	return last === 0n ? 0n : last + slotDurationMs() / 2n
}

/** SCALE `sp_timestamp::InherentError`. */
const tooEarly = (least: bigint): Uint8Array => {
	const out = new Uint8Array(9)
	out.set(u64.encode(least), 1)
	return out
}
const TOO_FAR_IN_FUTURE = Uint8Array.of(2)

/** The chain's clock, set once in every block by its author (pallet_timestamp). Time and Aura slot agree. */
export const timestamp = pallet('Timestamp', {
	storage,
	errors: error,
	calls: {
		/** Sets the time of this block, in milliseconds. Inherent: the block author puts it, once in each block. */
		set,
	},
	hooks: {
		onFinalize() {
			if (!storage.didUpdate.get()) throw new Error('Timestamp must be updated once in the block')
			storage.didUpdate.kill()
		},
	},
	inherent: {
		identifier: 'timstap0',
		create: (data) => {
			const wanted = u64.decode(data)
			const least = earliest()
			return { call: set, args: { now: wanted < least ? least : wanted } }
		},
		check: (args, data) => {
			const { now } = args as { now: bigint }
			if (now > u64.decode(data) + MAX_DRIFT_MS) return { error: TOO_FAR_IN_FUTURE, fatal: true }
			const least = earliest()
			return now < least ? { error: tooEarly(least), fatal: false } : undefined
		},
		isInherent: (found) => found === set,
	},
})

/** Time of the current block, in milliseconds. */
export const nowMs = (): bigint => storage.now.get()
