import { slotOf } from '@stkr/node/src/authoring/aura.ts'
import { encodeHeader } from '@stkr/node/src/block/header.ts'
import { fromHex, toHex } from '@stkr/node/src/crypto/hex.ts'
import { keysOf, pairsOf, proofFor } from '@stkr/runtime-spec/pallets/session/testing/session-keys.ts'
import { DEV_KEYS, type DevName } from '@stkr/runtime-spec/runtime/presets.ts'
import { root, type Step, step } from '../../conformance/chopsticks/steps.ts'
import { pairOf } from '../../conformance/signers.ts'
import { auraOwnership, grandpaOwnership } from '../key-ownership.ts'
import type { Rpc } from '../rpc.ts'
import { SESSION_BLOCKS } from '../spec.ts'

/** Registers the development session keys of `of` for `by`. */
const setKeys = (by: DevName, of: DevName, outcome = 'ok'): Step => {
	const pairs = pairsOf(`//${of}`)
	return step(by, 'session.setKeys', [keysOf(pairs), toHex(proofFor(pairOf(of).publicKey, pairs))], outcome)
}

const { Alice } = DEV_KEYS

/** Reports one block as if it were two of Alice's: no equivocation. */
const falseAuraReport = (by: DevName, rpc: Rpc): Step => ({
	by,
	outcome: 'offences.InvalidEquivocationProof',
	async make(api) {
		const header = await rpc.header((await rpc.best()).hash)
		const slot = slotOf(header)!
		const encoded = toHex(encodeHeader(header))
		const proof = { offender: Alice.sr25519, slot, firstHeader: encoded, secondHeader: encoded }
		return api.tx.offences.reportAuraEquivocation(proof, await auraOwnership(rpc, slot, fromHex(Alice.sr25519)))
	},
})

/** Reports two votes that Alice never signed. */
const falseGrandpaReport = (by: DevName, rpc: Rpc): Step => ({
	by,
	outcome: 'offences.InvalidEquivocationProof',
	async make(api) {
		const setId = Number(await api.query.grandpa.currentSetId())
		const vote = (byte: number) => [{ targetHash: new Uint8Array(32).fill(byte), targetNumber: 1 }, new Uint8Array(64)]
		const votes = { roundNumber: 1, identity: Alice.ed25519, first: vote(1), second: vote(2) }
		const proof = { setId, equivocation: { Precommit: votes } }
		return api.tx.offences.reportGrandpaEquivocation(proof, await grandpaOwnership(rpc, setId, fromHex(Alice.ed25519)))
	},
})

/** Calls of Session and Offences that leave the validators as they are; Eve and Dave are none. */
export const consensusSteps = (validators: readonly DevName[], rpc: Rpc): Step[][] => [
	[
		setKeys('Eve', 'Eve'),
		setKeys('Dave', 'Eve', 'session.InvalidProof'),
		step('Dave', 'session.purgeKeys', [], 'session.NoKeys'),
		root('session.setPeriod', [SESSION_BLOCKS]),
		root('session.setPeriod', [0], 'session.BadPeriod'),
		root('session.setValidators', [validators.map((name) => DEV_KEYS[name].sr25519)]),
		root('session.setValidators', [[]], 'session.BadValidators'),
		step('Dave', 'session.setValidators', [[]], 'BadOrigin'),
	],
	[step('Eve', 'session.purgeKeys', []), falseAuraReport('Eve', rpc), falseGrandpaReport('Dave', rpc)],
]
