import { ascii, concatBytes } from '../../frame/bytes.ts'
import type { AccountId } from '../../frame/call.ts'
import { host } from '../../frame/host.ts'
import { boundedBytes, bytes, fixedBytes, struct, type Value } from '../../frame/scale/index.ts'
import { auraId } from '../aura/index.ts'
import { grandpaId } from '../grandpa/index.ts'

/** Four ASCII characters: which kind of key a session key is. */
export const keyTypeId = fixedBytes(4, 'sp_core::crypto::KeyTypeId')
const AURA = ascii('aura')
const GRANDPA = ascii('gran')

/** What a validator signs with: blocks, and votes on finality. */
export const sessionKeys = struct('stkr_runtime::SessionKeys', { aura: auraId, grandpa: grandpaId })
export type SessionKeys = Value<typeof sessionKeys>

/** New keys and the proof that their maker has them, both SCALE. */
export const generatedKeys = struct('sp_session::OpaqueGeneratedSessionKeys', { keys: bytes, proof: bytes })

/** Keys with their types, in the order of `SessionKeys`. */
export const typedKeys = ({ aura, grandpa }: SessionKeys): [Uint8Array, Uint8Array][] => [
	[aura, AURA],
	[grandpa, GRANDPA],
]

/** What every key signs to prove that it belongs to `owner` (sp_core, proof of possession). */
const statement = (owner: Uint8Array): Uint8Array => concatBytes(ascii('POP_'), owner)

const SIGNATURE_BYTES = 64
const PROOF_BYTES = 2 * SIGNATURE_BYTES
/** A signature of each key, in their order. Some longer ones are read, to be refused with a reason. */
export const ownershipProof = boundedBytes(2 * PROOF_BYTES)

/** Whether `proof` holds a signature of each key over `owner`: nobody can claim the keys of another. */
export const ownsKeys = (owner: AccountId, { aura, grandpa }: SessionKeys, proof: Uint8Array): boolean => {
	if (proof.length !== PROOF_BYTES) return false
	const message = statement(owner)
	return (
		host.sr25519Verify(proof.slice(0, SIGNATURE_BYTES), message, aura) && host.ed25519Verify(proof.slice(SIGNATURE_BYTES), message, grandpa)
	)
}

/** Makes keys in the node's keystore, and the proof that they belong to `owner`. */
export const generateKeys = (owner: Uint8Array, seed: Uint8Array | undefined): Value<typeof generatedKeys> => {
	const aura = host.sr25519Generate(AURA, seed ?? null)
	const grandpa = host.ed25519Generate(GRANDPA, seed ?? null)
	const message = statement(owner)
	const signatures = [host.sr25519Sign(AURA, aura, message), host.ed25519Sign(GRANDPA, grandpa, message)]
	const proof = signatures.map((signature) => {
		if (!signature) throw new Error('the keystore does not sign with the keys it has just made')
		return signature
	})
	return { keys: sessionKeys.encode({ aura, grandpa }), proof: concatBytes(...proof) }
}
