import { block } from '../../frame/block.ts'
import { ascii } from '../../frame/bytes.ts'
import { call, ensureRoot } from '../../frame/call.ts'
import { errors } from '../../frame/errors.ts'
import { events } from '../../frame/events.ts'
import { pallet } from '../../frame/pallet.ts'
import { fixedBytes, struct, tuple, u32, u64, type Value, vec, writer } from '../../frame/scale/index.ts'
import { value } from '../../frame/storage.ts'
import { depositLog } from '../../frame/system/index.ts'
import { weights } from './weights.ts'

const ENGINE = ascii('FRNK')
/** Voters at most: a justification carries a signature of each. */
const MAX_AUTHORITIES = 100

/** An ed25519 public key that votes on finality. */
export const grandpaId = fixedBytes(32, 'sp_consensus_grandpa::app::Public')
/** Voters with their weight. */
export const authorityList = vec(tuple(grandpaId, u64), MAX_AUTHORITIES)

const storedPendingChange = struct('pallet_grandpa::StoredPendingChange', { scheduledAt: u32, delay: u32, nextAuthorities: authorityList })

export const storage = {
	/** Who votes on finality, with weights. */
	authorities: value(authorityList, () => []),
	/** Changes of the set so far; part of every vote. */
	currentSetId: value(u64, () => 0n),
	/** A change that is announced and not yet in force. */
	pendingChange: value(storedPendingChange),
}

export const event = events({
	/** A new set of voters is in force. */
	NewAuthorities: { authoritySet: authorityList },
})

export const error = errors([
	/** A change is pending already. */
	'ChangePending',
	/** There must be one voter at least and 100 at most, each once with weight above zero. */
	'BadAuthorities',
])

const valid = (list: Value<typeof authorityList>): boolean => {
	const seen = new Set<string>()
	for (const [key, weight] of list) {
		if (weight === 0n) return false
		seen.add(String.fromCharCode(...key))
	}
	return list.length > 0 && seen.size === list.length
}

/** Announces a change of voters, in force after `delay` blocks. */
const scheduleChange = (nextAuthorities: Value<typeof authorityList>, delay: number): void => {
	if (storage.pendingChange.exists()) throw error.ChangePending()
	if (!valid(nextAuthorities)) throw error.BadAuthorities()
	storage.pendingChange.put({ scheduledAt: block.number, delay, nextAuthorities })
}

/** Finality by voting (pallet_grandpa, CNS-1): keeps the voters and signals their changes in digests. */
export const grandpa = pallet('Grandpa', {
	storage,
	events: event,
	errors: error,
	calls: {
		/** Announces new finality voters, in force `delay` blocks after this one. Root. Emits `NewAuthorities` when in force. */
		scheduleChange: call(
			0,
			{ nextAuthorities: authorityList, delay: u32 },
			weights.scheduleChange,
			(origin, { nextAuthorities, delay }) => {
				ensureRoot(origin)
				scheduleChange(nextAuthorities, delay)
			},
		),
	},
	hooks: {
		onFinalize(number) {
			const change = storage.pendingChange.get()
			if (!change) return
			if (number === change.scheduledAt) {
				const mark = writer.at
				writer.u8(1) // ConsensusLog::ScheduledChange
				authorityList.write(writer, change.nextAuthorities)
				writer.u32(change.delay)
				depositLog({ type: 'Consensus', value: [ENGINE, writer.take(mark)] })
			}
			if (number !== change.scheduledAt + change.delay) return
			storage.authorities.put(change.nextAuthorities)
			storage.currentSetId.put(storage.currentSetId.get() + 1n)
			storage.pendingChange.kill()
			event.NewAuthorities({ authoritySet: change.nextAuthorities })
		},
	},
	genesis(config) {
		const field = config.field('authorities', ['authorities'])
		const list = field.items().map((item): [Uint8Array, bigint] => {
			const [key, weight] = item.tuple(2)
			return [key.bytes(32), weight.integer(0xffff_ffffn, 'a weight')]
		})
		if (!valid(list)) field.refuse(`expected 1 to ${MAX_AUTHORITIES} different ed25519 public keys with weights above zero`)
		storage.authorities.put(list)
	},
})
