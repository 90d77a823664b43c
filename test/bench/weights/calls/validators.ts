import { signed } from '@stkr/runtime-spec/frame/call.ts'
import type { Header } from '@stkr/runtime-spec/frame/executive.ts'
import type { DigestItem } from '@stkr/runtime-spec/frame/system/digest.ts'
import { grandpaEquivocationOf, seal, slotClaim, unsealedHeader } from '@stkr/runtime-spec/pallets/offences/testing/equivocations.ts'
import { prove, session } from '@stkr/runtime-spec/pallets/session/index.ts'
import { keysOf, pairsOf, proofFor } from '@stkr/runtime-spec/pallets/session/testing/session-keys.ts'
import { hashOf, lastValidator, user } from '../actors.ts'
import { callNatively, fillHolds, MAX_HOLDS, registerKeys, registerOthers } from '../chain-moves.ts'
import type { Preparations } from '../preparation.ts'
import { SLOT, VALIDATORS } from '../world.ts'

/** The bounds of a header that is evidence: a claim of its slot, logs as long as they may be, the seal. */
const LOGS = 8
const LOG_BYTES = 4096
const UNPROVEN = new Uint8Array(128)

const oldKeys = { aura: hashOf('old author'), grandpa: hashOf('old voter') }
const pairs = pairsOf('//Charlie//session')

const evidence = (mark: number): Header => {
	const filling = Array.from({ length: LOGS - 2 }, (): DigestItem => ({ type: 'Other', value: new Uint8Array(LOG_BYTES) }))
	return seal(unsealedHeader(mark, [slotClaim(SLOT), ...filling]), lastValidator.aura)
}
const LAST = `by the last of ${VALIDATORS} validators`

export const sessionCalls: Preparations = {
	setKeys: {
		worst: `keys in place of others, and the account's ${MAX_HOLDS}th hold, as a validator of genesis may come to it`,
		by: user,
		signatures: true,
		emits: ['Session.KeysSet', 'Balances.Held'],
		make() {
			fillHolds(user.publicKey, MAX_HOLDS - 1)
			registerKeys(user.publicKey, oldKeys)
			return { keys: keysOf(pairs), proof: proofFor(user.publicKey, pairs) }
		},
	},
	purgeKeys: {
		worst: `the account is on hold for ${MAX_HOLDS} reasons`,
		by: user,
		emits: ['Session.KeysPurged', 'Balances.Released'],
		make() {
			fillHolds(user.publicKey, MAX_HOLDS - 1)
			callNatively(signed(user.publicKey), session, 'setKeys', { keys: oldKeys, proof: UNPROVEN })
			return {}
		},
	},
	setValidators: {
		worst: `${VALIDATORS} accounts`,
		by: 'Root',
		emits: ['Session.ValidatorsPlanned'],
		make: () => ({ validators: registerOthers() }),
	},
	setPeriod: { worst: 'any number of blocks', by: 'Root', make: () => ({ blocks: 1200 }) },
}

export const offencesCalls: Preparations = {
	reportAuraEquivocation: {
		worst: `two headers of ${LOGS} logs of ${LOG_BYTES} bytes, sealed ${LAST}`,
		by: user,
		signatures: true,
		emits: ['Offences.Offence'],
		make: () => ({
			proof: { offender: lastValidator.aura.publicKey, slot: SLOT, firstHeader: evidence(1), secondHeader: evidence(2) },
			membership: prove(() => true),
		}),
	},
	reportGrandpaEquivocation: {
		worst: `two votes ${LAST}`,
		by: user,
		signatures: true,
		emits: ['Offences.Offence'],
		make: () => ({
			proof: grandpaEquivocationOf(lastValidator.grandpa, { type: 'Precommit', round: 7n, setId: 0n }),
			membership: prove(() => true),
		}),
	},
}
