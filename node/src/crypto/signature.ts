import { secp256k1 } from '@noble/curves/secp256k1.js'
import {
	ed25519KeypairFromSeed,
	ed25519Sign,
	ed25519Verify,
	sr25519KeypairFromSeed,
	sr25519Sign,
	sr25519Verify,
	waitReady,
} from '@polkadot/wasm-crypto'

await waitReady()

/** Signature schemes whose verdicts can be computed ahead of a block. */
export type Scheme = 'sr25519' | 'ed25519'

/** False too when the key is no curve point or the signature is not canonical. */
export const verify = (scheme: Scheme, signature: Uint8Array, message: Uint8Array, publicKey: Uint8Array): boolean => {
	try {
		return scheme === 'sr25519' ? sr25519Verify(signature, message, publicKey) : ed25519Verify(signature, message, publicKey)
	} catch {
		return false
	}
}

/** An expanded key pair: `secret` is 64 bytes as the wasm signers take it. */
export interface KeyPair {
	scheme: Scheme
	publicKey: Uint8Array
	secret: Uint8Array
}

export const pairFromSeed = (scheme: Scheme, seed: Uint8Array): KeyPair => {
	if (scheme === 'ed25519') {
		const pair = ed25519KeypairFromSeed(seed)
		return { scheme, publicKey: pair.slice(32, 64), secret: pair.slice(0, 64) }
	}
	const pair = sr25519KeypairFromSeed(seed)
	return { scheme, publicKey: pair.slice(64), secret: pair.slice(0, 64) }
}

export const sign = (pair: KeyPair, message: Uint8Array): Uint8Array =>
	pair.scheme === 'sr25519'
		? sr25519Sign(pair.publicKey, pair.secret, message)
		: ed25519Sign(pair.publicKey, pair.secret.subarray(0, 32), message)

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
