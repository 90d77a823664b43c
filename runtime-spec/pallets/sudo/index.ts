import { equalBytes } from '../../frame/bytes.ts'
import { attempt, call, ensureSigned, infoOf, lookup, multiAddress, type Origin, ROOT, runtimeCall, signed } from '../../frame/call.ts'
import { dispatchResult, errors } from '../../frame/errors.ts'
import { events } from '../../frame/events.ts'
import { pallet } from '../../frame/pallet.ts'
import { accountId, option } from '../../frame/scale/index.ts'
import { value } from '../../frame/storage.ts'
import { addWeight } from '../../frame/weight.ts'
import { weights } from './weights.ts'

export const storage = {
	/** Who may act as root. Set by dev presets alone; a live chain has none. */
	key: value(accountId),
}

export const event = events({
	/** A call was made as root; its result. */
	Sudid: { sudoResult: dispatchResult },
	/** The sudo key changed. */
	KeyChanged: { old: option(accountId), new: accountId },
	/** The sudo key is gone for good. */
	KeyRemoved: {},
	/** A call was made as another account; its result. */
	SudoAsDone: { sudoResult: dispatchResult },
})

export const error = errors([
	/** The signer is not the sudo key. */
	'RequireSudo',
])

const ensureSudo = (origin: Origin): Uint8Array => {
	const who = ensureSigned(origin)
	const key = storage.key.get()
	if (!key || !equalBytes(who, key)) throw error.RequireSudo()
	return key
}

/** Root by one key, in dev presets only (pallet_sudo). On a live chain root is a passed vote. */
export const sudo = pallet('Sudo', {
	storage,
	events: event,
	errors: error,
	calls: {
		/** Makes a call as root. The sudo key. Emits `Sudid` with the call's result; costs no fee. */
		sudo: call(
			0,
			{ call: runtimeCall },
			({ call: inner }) => addWeight(weights.sudo, infoOf(inner).weight),
			(origin, { call: inner }) => {
				ensureSudo(origin)
				event.Sudid({ sudoResult: attempt(inner, ROOT).failure })
				return { paysFee: false }
			},
		),
		/** Hands the sudo key to another account. The sudo key. Emits `KeyChanged`. */
		setKey: call(2, { new: multiAddress }, weights.sudo, (origin, { new: next }) => {
			const old = ensureSudo(origin)
			const key = lookup(next)
			storage.key.put(key)
			event.KeyChanged({ old, new: key })
			return { paysFee: false }
		}),
		/** Makes a call as another account. The sudo key. Emits `SudoAsDone` with the call's result; costs no fee. */
		sudoAs: call(
			3,
			{ who: multiAddress, call: runtimeCall },
			({ call: inner }) => addWeight(weights.sudo, infoOf(inner).weight),
			(origin, { who, call: inner }) => {
				ensureSudo(origin)
				event.SudoAsDone({ sudoResult: attempt(inner, signed(lookup(who))).failure })
				return { paysFee: false }
			},
		),
		/** Gives sudo up for good. The sudo key. Emits `KeyRemoved`. */
		removeKey: call(4, {}, weights.sudo, (origin) => {
			ensureSudo(origin)
			storage.key.kill()
			event.KeyRemoved({})
			return { paysFee: false }
		}),
	},
	genesis(config) {
		const key = config.field('key', ['key'])
		if (!key.absent) storage.key.put(key.bytes(32))
	},
})
