import { equalBytes } from '../../frame/bytes.ts'
import { type AccountId, call, ensureRoot, ensureSigned } from '../../frame/call.ts'
import { errors } from '../../frame/errors.ts'
import { events } from '../../frame/events.ts'
import { host } from '../../frame/host.ts'
import { constant, pallet } from '../../frame/pallet.ts'
import { accountId, fixedBytes, h256, struct, u32, u64, u128, type Value, vec } from '../../frame/scale/index.ts'
import { map, twox64Concat, value } from '../../frame/storage.ts'
import { storage as auraStorage, changeAuthorities } from '../aura/index.ts'
import { held, hold, reason, release } from '../balances/holds.ts'
import { changeVoters, storage as grandpaStorage } from '../grandpa/index.ts'
import { ownershipProof, ownsKeys, type SessionKeys, sessionKeys, typedKeys } from './keys.ts'
import { weights } from './weights.ts'

/** Validators at most: every node keeps them all in memory, and a finality proof carries a signature of each. */
export const MAX_VALIDATORS = 100
/** An offence can be reported for so many sessions, its own included. */
const HISTORY_DEPTH = 168
/** Held from whoever registers keys, which the chain keeps: 1 STKR. */
const KEY_DEPOSIT_PLANCK = 10n ** 18n
const KEY_DEPOSIT = reason('sessnkey')
/** Blocks of a session at most, a week of one-second blocks: a change of validators or keys waits for the end of one. */
const MAX_PERIOD_BLOCKS = 604_800
/** Entries of a map read at once by checks outside of blocks. */
const ALL = 0xffff_ffff

const accounts = vec(accountId, MAX_VALIDATORS)

/** A validator and the keys it has in a session. */
export const validator = struct('pallet_session::Validator', { account: accountId, keys: sessionKeys })
export type Validator = Value<typeof validator>
export const validatorSet = vec(validator, MAX_VALIDATORS)

/** Proof of who held which key in a session: its validators, whole. The chain keeps their hash alone. */
export const membershipProof = struct('pallet_session::MembershipProof', { session: u32, validators: validatorSet })
export type MembershipProof = Value<typeof membershipProof>

/** What the chain remembers of a session: BLAKE2b-256 of its encoded validators, the set id of its GRANDPA voters, its first slot. */
const record = struct('pallet_session::SessionRecord', { validatorsHash: h256, grandpaSetId: u64, firstSlot: u64 })
export type SessionRecord = Value<typeof record>

export const storage = {
	/** Blocks of a session; a change counts from the next session on. */
	period: value(u32, () => 600),
	/** Sessions before the present one. */
	currentIndex: value(u32, () => 0),
	/** Last block of the present session. */
	endsAt: value(u32, () => 0),
	/** Validators of the present session, in the order of the authorities of Aura and of GRANDPA. */
	validators: value(accounts, () => []),
	/** Who shall validate from the next session on. */
	planned: value(accounts, () => []),
	/** Keys an account has from the next session on. */
	nextKeys: map(twox64Concat, accountId, sessionKeys),
	/** Whose a key is: nobody can have a key of another. */
	keyOwner: map(twox64Concat, fixedBytes(32), accountId),
	/** Sessions in which an offence can still be reported. */
	history: map(twox64Concat, u32, record),
}

export const event = events({
	/** A session began, with new authorities when its validators or their keys are others. */
	NewSession: { sessionIndex: u32 },
	/** `who` registered keys, which hold from the next session on. */
	KeysSet: { who: accountId, keys: sessionKeys },
	/** `who` gave its keys up. */
	KeysPurged: { who: accountId },
	/** From the next session on these validate. */
	ValidatorsPlanned: { validators: accounts },
})

export const error = errors([
	/** The proof does not hold a signature of each key over the account that registers them. */
	'InvalidProof',
	/** One of the keys is registered by another account. */
	'DuplicatedKey',
	/** The account has no keys. */
	'NoKeys',
	/** There must be one validator at least and 100 at most, each once. */
	'BadValidators',
	/** A session must last 1 to 604,800 blocks. */
	'BadPeriod',
])

const hashOf = (set: readonly Validator[]): Uint8Array => host.blake2_256(validatorSet.encode([...set]))

/** The validators of the present session with their keys. */
const presentSet = (): Validator[] => {
	const authors = auraStorage.authorities.get()
	const voters = grandpaStorage.authorities.get()
	return storage.validators.get().map((account, i) => ({ account, keys: { aura: authors[i], grandpa: voters[i][0] } }))
}

/** Who is planned and has keys. Nobody: the present set stays, for a chain without validators would stand still for ever. */
const nextSet = (): Validator[] => {
	const next: Validator[] = []
	for (const account of storage.planned.get()) {
		const keys = storage.nextKeys.get(account)
		if (keys) next.push({ account, keys })
	}
	return next.length > 0 ? next : presentSet()
}

/** Makes `set` the authorities of block production and of finality. */
const install = (set: readonly Validator[]): void => {
	storage.validators.put(set.map(({ account }) => account))
	changeAuthorities(set.map(({ keys }) => keys.aura))
	changeVoters(set.map(({ keys }) => [keys.grandpa, 1n]))
}

/** Begins session `index` with the block after `number`. */
const begin = (index: number, number: number, validatorsHash: Uint8Array, firstSlot: bigint): void => {
	storage.currentIndex.put(index)
	storage.endsAt.put(number + storage.period.get())
	storage.history.put(index, { validatorsHash, grandpaSetId: grandpaStorage.currentSetId.get(), firstSlot })
	if (index >= HISTORY_DEPTH) storage.history.kill(index - HISTORY_DEPTH)
	event.NewSession({ sessionIndex: index })
}

/**
 * Ends the session with block `number`. Its last block is still its own: author, fees and votes on it are those of the old set, and
 * what the digest announces counts for the blocks after it.
 */
const rotate = (number: number): void => {
	const index = storage.currentIndex.get()
	const set = nextSet()
	const hash = hashOf(set)
	if (!equalBytes(hash, storage.history.get(index)!.validatorsHash)) install(set)
	begin(index + 1, number, hash, auraStorage.currentSlot.get() + 1n)
}

const isPeriod = (blocks: number): boolean => blocks > 0 && blocks <= MAX_PERIOD_BLOCKS

const distinct = (list: readonly Uint8Array[]): boolean => {
	const seen = new Set<string>()
	for (const id of list) seen.add(String.fromCharCode(...id))
	return seen.size === list.length
}

/** Takes the keys of `who` off the register. */
const forget = (who: AccountId): SessionKeys | undefined => {
	const old = storage.nextKeys.take(who)
	if (old) for (const [key] of typedKeys(old)) storage.keyOwner.kill(key)
	return old
}

/** Registers keys. Throws `DuplicatedKey`. */
const register = (who: AccountId, keys: SessionKeys): void => {
	forget(who)
	for (const [key] of typedKeys(keys)) {
		if (storage.keyOwner.exists(key)) throw error.DuplicatedKey()
		storage.keyOwner.put(key, who)
	}
	storage.nextKeys.put(who, keys)
}

/** Sessions and their validators (pallet_session, CNS-1): who makes blocks and who votes on finality, rotated together. */
export const session = pallet('Session', {
	storage,
	events: event,
	errors: error,
	constants: {
		/** An offence can be reported for so many sessions, its own included. */
		historyDepth: constant(u32, HISTORY_DEPTH),
		/** Held from whoever registers keys, in plancks. */
		keyDeposit: constant(u128, KEY_DEPOSIT_PLANCK),
		/** Validators at most. */
		maxValidators: constant(u32, MAX_VALIDATORS),
	},
	calls: {
		/**
		 * Registers the keys the signer validates with from the next session on, in place of earlier ones. `proof` is the signature of
		 * each key over `POP_` and the signer's account id, as `author_rotateKeysWithOwner` returns it. Holds the key deposit. Emits `KeysSet`.
		 */
		setKeys: call(0, { keys: sessionKeys, proof: ownershipProof }, weights.setKeys, (origin, { keys, proof }) => {
			const who = ensureSigned(origin)
			if (!ownsKeys(who, keys, proof)) throw error.InvalidProof()
			register(who, keys)
			if (held(KEY_DEPOSIT, who) === 0n) hold(KEY_DEPOSIT, who, KEY_DEPOSIT_PLANCK)
			event.KeysSet({ who, keys })
		}),
		/** Gives the signer's keys up: it does not validate from the next session on. Frees the deposit. Emits `KeysPurged`. */
		purgeKeys: call(1, {}, weights.purgeKeys, (origin) => {
			const who = ensureSigned(origin)
			if (!forget(who)) throw error.NoKeys()
			release(KEY_DEPOSIT, who, held(KEY_DEPOSIT, who))
			event.KeysPurged({ who })
		}),
		/** Chooses who validates from the next session on; each must have keys. Root. Emits `ValidatorsPlanned`. */
		setValidators: call(2, { validators: accounts }, weights.setValidators, (origin, { validators }) => {
			ensureRoot(origin)
			if (validators.length === 0 || !distinct(validators)) throw error.BadValidators()
			for (const who of validators) if (!storage.nextKeys.exists(who)) throw error.NoKeys()
			storage.planned.put(validators)
			event.ValidatorsPlanned({ validators })
		}),
		/** Sets the blocks of a session, from the next one on. Root. */
		setPeriod: call(3, { blocks: u32 }, weights.setPeriod, (origin, { blocks }) => {
			ensureRoot(origin)
			if (!isPeriod(blocks)) throw error.BadPeriod()
			storage.period.put(blocks)
		}),
	},
	hooks: {
		onInitialize: (number) => (number === storage.endsAt.get() ? weights.rotate : weights.onInitialize),
		onFinalize(number) {
			if (number === storage.endsAt.get()) rotate(number)
		},
	},
	genesis(config) {
		const known = ['period', 'validators'] as const
		const period = config.field('period', known)
		if (!period.absent) {
			const blocks = period.number()
			if (!isPeriod(blocks)) period.refuse(`a session must last 1 to ${MAX_PERIOD_BLOCKS} blocks, got ${blocks}`)
			storage.period.put(blocks)
		}
		const field = config.field('validators', known)
		const items = field.items()
		if (items.length === 0 || items.length > MAX_VALIDATORS) field.refuse(`expected 1 to ${MAX_VALIDATORS} validators, got ${items.length}`)
		const set = items.map((item): Validator => {
			const part = (name: string) => item.field(name, ['account', 'aura', 'grandpa']).bytes(32)
			const account = part('account')
			const keys = { aura: part('aura'), grandpa: part('grandpa') }
			if (equalBytes(keys.aura, keys.grandpa)) item.refuse('aura and grandpa must be two keys, an sr25519 and an ed25519 one')
			if (storage.nextKeys.exists(account)) item.refuse('this account is in the list already')
			for (const [key] of typedKeys(keys)) if (storage.keyOwner.exists(key)) item.refuse('one of its keys is in the list already')
			register(account, keys)
			return { account, keys }
		})
		install(set)
		storage.planned.put(set.map(({ account }) => account))
		begin(0, 0, hashOf(set), 0n)
	},
	tryState() {
		const { length } = storage.validators.get()
		if (auraStorage.authorities.get().length !== length) throw new Error(`${length} validators, but other block producers`)
		if (grandpaStorage.authorities.get().length !== length) throw new Error(`${length} validators, but other voters`)
		const present = storage.history.get(storage.currentIndex.get())
		if (!present || !equalBytes(present.validatorsHash, hashOf(presentSet())))
			throw new Error('the present session is not what its record says')
		let owned = 0
		for (const [who, keys] of storage.nextKeys.entries(ALL))
			for (const [key] of typedKeys(keys)) {
				owned++
				const owner = storage.keyOwner.get(key)
				if (!owner || !equalBytes(owner, who)) throw new Error('a key does not belong to the account that registered it')
			}
		if (storage.keyOwner.entries(ALL).length !== owned) throw new Error('a key belongs to an account that did not register it')
	},
})

/** The account that makes this block, or undefined when there are no validators. */
export const blockAuthor = (): AccountId | undefined => {
	const list = storage.validators.get()
	return list.length === 0 ? undefined : list[Number(auraStorage.currentSlot.get() % BigInt(list.length))]
}

/** Proof that a validator with a key that `holds` accepts is in the present session; undefined when none is. */
export const prove = (holds: (keys: SessionKeys) => boolean): MembershipProof | undefined => {
	const validators = presentSet()
	return validators.some(({ keys }) => holds(keys)) ? { session: storage.currentIndex.get(), validators } : undefined
}

/** The session of a membership proof, or undefined when the proof is false or the session forgotten. */
export const provenSession = ({ session: index, validators }: MembershipProof): SessionRecord | undefined => {
	const known = storage.history.get(index)
	return known && equalBytes(known.validatorsHash, hashOf(validators)) ? known : undefined
}

/** Whether `slot` falls into session `index`, which began with `firstSlot`. */
export const isInSession = (slot: bigint, index: number, firstSlot: bigint): boolean => {
	const next = storage.history.get(index + 1)
	return slot >= firstSlot && (!next || slot < next.firstSlot)
}
