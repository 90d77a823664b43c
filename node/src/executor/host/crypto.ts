import type { Keystore } from '../../chain.ts'
import { equalBytes } from '../../crypto/hex.ts'
import { recover, type Scheme } from '../../crypto/signature.ts'
import { concatBytes, encodeVec, ScaleReader } from '../../scale/codec.ts'
import { RuntimeTrap } from '../errors.ts'
import type { GuestMemory } from '../guest.ts'

const SIGNATURE_BYTES = 64
const KEY_BYTES = 32
const DIGEST_BYTES = 32
const KEY_TYPE_BYTES = 4
const NONE = Uint8Array.of(0)
const SOME = Uint8Array.of(1)

export const cryptoFunctions = (guest: GuestMemory) => {
	const verifier = (scheme: Scheme) => (signature: number, message: bigint, key: number) =>
		guest.context.verify(scheme, guest.at(signature, SIGNATURE_BYTES), guest.view(message), guest.at(key, KEY_BYTES)) ? 1 : 0
	const keystore = (): Keystore => {
		const { keystore } = guest.context
		if (!keystore) throw new RuntimeTrap('it asked for the keystore, which this call may not use')
		return keystore
	}
	const keyTypeAt = (pointer: number): string => guest.at(pointer, KEY_TYPE_BYTES).toString('latin1')
	const generator = (scheme: Scheme) => (keyType: number, seed: bigint) => {
		const reader = new ScaleReader(guest.copy(seed))
		const suri = reader.u8() === 1 ? Buffer.from(reader.vecU8()).toString() : null
		return guest.put(keystore().generate(scheme, keyTypeAt(keyType), suri))
	}
	const lister = (scheme: Scheme) => (keyType: number) => guest.putSpan(encodeVec(keystore().publicKeys(scheme, keyTypeAt(keyType))))
	/** `Option<signature>`: none when the keystore has no such key of this scheme. */
	const signer = (scheme: Scheme) => (keyType: number, key: number, message: bigint) => {
		const keys = keystore()
		const [type, publicKey] = [keyTypeAt(keyType), guest.at(key, KEY_BYTES)]
		if (!keys.publicKeys(scheme, type).some((known) => equalBytes(known, publicKey))) return guest.putSpan(NONE)
		return guest.putSpan(concatBytes(SOME, keys.sign(type, publicKey, guest.view(message))))
	}
	/** `Result<key, EcdsaVerifyError>`. */
	const recoverer = (compressed: boolean) => (signature: number, digest: number) => {
		const key = recover(guest.at(signature, SIGNATURE_BYTES + 1), guest.at(digest, DIGEST_BYTES), compressed)
		if (typeof key === 'number') return guest.putSpan(Uint8Array.of(1, key))
		return guest.putSpan(concatBytes(Uint8Array.of(0), compressed ? key : key.subarray(1)))
	}
	return {
		ext_crypto_sr25519_verify_version_2: verifier('sr25519'),
		ext_crypto_ed25519_verify_version_1: verifier('ed25519'),
		ext_crypto_secp256k1_ecdsa_recover_version_2: recoverer(false),
		ext_crypto_secp256k1_ecdsa_recover_compressed_version_2: recoverer(true),
		ext_crypto_sr25519_generate_version_1: generator('sr25519'),
		ext_crypto_ed25519_generate_version_1: generator('ed25519'),
		ext_crypto_sr25519_sign_version_1: signer('sr25519'),
		ext_crypto_ed25519_sign_version_1: signer('ed25519'),
		ext_crypto_sr25519_public_keys_version_1: lister('sr25519'),
		ext_crypto_ed25519_public_keys_version_1: lister('ed25519'),
		// Batches are verified as they come.
		ext_crypto_start_batch_verify_version_1: () => {},
		ext_crypto_finish_batch_verify_version_1: () => 1,
	}
}
