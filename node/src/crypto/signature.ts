import { ed25519 } from '@noble/curves/ed25519.js'
import { secp256k1 } from '@noble/curves/secp256k1.js'
import { ed25519Verify, sr25519Verify, waitReady } from '@polkadot/wasm-crypto'

await waitReady()

/** Signature schemes whose verdicts can be computed ahead of a block. */
export type Scheme = 'sr25519' | 'ed25519'

/**
 * False too when the key is no curve point or the signature is not canonical.
 *
 * Ed25519 follows ZIP-215, as polkadot-sdk does: the fast verifier accepts a subset of it, so only what that refuses is looked
 * at again. Without this, an odd signature (small-order points) could be valid on one host and invalid on another.
 */
export const verify = (scheme: Scheme, signature: Uint8Array, message: Uint8Array, publicKey: Uint8Array): boolean => {
	try {
		if (scheme === 'sr25519') return sr25519Verify(signature, message, publicKey)
		return ed25519Verify(signature, message, publicKey) || ed25519.verify(signature, message, publicKey, { zip215: true })
	} catch {
		return false
	}
}

/** Why `ext_crypto_secp256k1_ecdsa_recover` found no key (`EcdsaVerifyError`). */
export const BAD_RS = 0
export const BAD_V = 1
export const BAD_SIGNATURE = 2

/** The public key (65 bytes uncompressed, 33 compressed) that signed `digest` with `r ‖ s ‖ v`, or the error's number. */
export const recover = (signature: Uint8Array, digest: Uint8Array, compressed: boolean): Uint8Array | number => {
	const v = signature[64] > 26 ? signature[64] - 27 : signature[64]
	if (v > 3) return BAD_V
	let parsed: ReturnType<typeof secp256k1.Signature.fromBytes>
	try {
		parsed = secp256k1.Signature.fromBytes(signature.subarray(0, 64)).addRecoveryBit(v)
	} catch {
		return BAD_RS
	}
	try {
		return parsed.recoverPublicKey(digest).toBytes(compressed)
	} catch {
		return BAD_SIGNATURE
	}
}
