import { ascii } from '../../frame/bytes.ts'
import { type AccountId, call, ensureRoot } from '../../frame/call.ts'
import { errors } from '../../frame/errors.ts'
import { pallet } from '../../frame/pallet.ts'
import { fixedBytes, u64, vec } from '../../frame/scale/index.ts'
import { value } from '../../frame/storage.ts'
import { depositLog, preRuntimeDigest } from '../../frame/system/index.ts'
import { slotStorage } from './slots.ts'
import { weights } from './weights.ts'

const ENGINE = ascii('aura')
/** Authorities at most: every node keeps them all in memory, and every slot names one. */
const MAX_AUTHORITIES = 100

/** An sr25519 public key that seals blocks. */
export const auraId = fixedBytes(32, 'sp_consensus_aura::sr25519::app_sr25519::Public')
const authorities = vec(auraId, MAX_AUTHORITIES)

export const storage = {
	/** Who makes blocks: slot `s` belongs to authority `s` modulo their number. */
	authorities: value(authorities, () => []),
	...slotStorage,
}

export const error = errors([
	/** There must be one authority at least and 100 at most, each once. */
	'BadAuthorities',
])

/** Block production by turns (pallet_aura, CNS-1). */
export const aura = pallet('Aura', {
	storage,
	errors: error,
	calls: {
		/** Replaces the block producers from the next block on. Root. The change is announced in the block's digest. */
		changeAuthorities: call(0, { authorities }, weights.changeAuthorities, (origin, { authorities: next }) => {
			ensureRoot(origin)
			if (!distinct(next)) throw error.BadAuthorities()
			storage.authorities.put(next)
			const log = new Uint8Array(1 + authorities.encode(next).length)
			log[0] = 1 // ConsensusLog::AuthoritiesChange
			log.set(authorities.encode(next), 1)
			depositLog({ type: 'Consensus', value: [ENGINE, log] })
		}),
	},
	hooks: {
		onInitialize() {
			const claim = preRuntimeDigest(ENGINE)
			if (!claim) return weights.onInitialize
			const slot = u64.decode(claim)
			if (slot <= storage.currentSlot.get()) throw new Error(`Slot must increase: ${slot} after ${storage.currentSlot.get()}`)
			storage.currentSlot.put(slot)
			return weights.onInitialize
		},
	},
	genesis(config) {
		const known = ['authorities', 'slotDuration'] as const
		const list = config
			.field('authorities', known)
			.items()
			.map((item) => item.bytes(32))
		if (!distinct(list)) config.field('authorities', known).refuse(`expected 1 to ${MAX_AUTHORITIES} different sr25519 public keys`)
		storage.authorities.put(list)
		const duration = config.field('slotDuration', known)
		if (duration.absent) return
		const ms = duration.integer(3_600_000n, 'a slot duration in milliseconds')
		if (ms < 100n) duration.refuse('a slot must last 100 ms at least')
		storage.slotDuration.put(ms)
	},
	tryState() {
		const list = storage.authorities.get()
		if (list.length > 0 && !distinct(list)) throw new Error('authorities are not distinct')
	},
})

const distinct = (list: readonly Uint8Array[]): boolean => {
	if (list.length === 0) return false
	const seen = new Set<string>()
	for (const key of list) seen.add(String.fromCharCode(...key))
	return seen.size === list.length
}

/** The account of the authority this block's slot belongs to, or undefined when there are no authorities. */
export const blockAuthor = (): AccountId | undefined => {
	const list = storage.authorities.get()
	return list.length === 0 ? undefined : list[Number(storage.currentSlot.get() % BigInt(list.length))]
}
