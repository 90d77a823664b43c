import { ed25519 } from '@noble/curves/ed25519.js'
import { secp256k1 } from '@noble/curves/secp256k1.js'
import { Keyring } from '@polkadot/keyring'
import { describe, expect, it } from 'vitest'
import { keccak256 } from './hash.ts'
import { BAD_RS, BAD_SIGNATURE, BAD_V, recover, verify } from './signature.ts'
import { VerdictCache } from './verdicts.ts'

const message = new TextEncoder().encode('a message')
const seed = new Uint8Array(32).fill(7)

describe('signatures', () => {
	it.each(['sr25519', 'ed25519'] as const)('of polkadot.js verify in %s, and nothing else', (scheme) => {
		const pair = new Keyring({ type: scheme }).addFromSeed(seed)
		const signature = pair.sign(message)
		const flipped = signature.map((byte) => byte ^ 1)
		expect(verify(scheme, signature, message, pair.publicKey)).toBe(true)
		expect(verify(scheme, signature, message.subarray(1), pair.publicKey)).toBe(false)
		expect(verify(scheme, flipped, message, pair.publicKey)).toBe(false)
		expect(verify(scheme, signature, message, new Uint8Array(32).fill(0xff))).toBe(false)
		expect(verify(scheme, signature.subarray(1), message, pair.publicKey)).toBe(false)
	})

	it('accept what ZIP-215 accepts: a signature with a small-order key', () => {
		// The identity point as key and as R, s = 0: valid for every message under ZIP-215, refused by stricter verifiers.
		const identity = ed25519.Point.ZERO.toBytes()
		const signature = new Uint8Array(64)
		signature.set(identity)
		expect(verify('ed25519', signature, message, identity)).toBe(true)
	})

	it('recover secp256k1 keys, and tell why not', () => {
		const secret = new Uint8Array(32).fill(9)
		const digest = keccak256(message)
		const signed = secp256k1.sign(digest, secret, { prehash: false, format: 'recovered' })
		// noble puts the recovery bit first, Substrate last.
		const signature = Uint8Array.from([...signed.subarray(1), signed[0]])
		expect(recover(signature, digest, true)).toEqual(secp256k1.getPublicKey(secret, true))
		expect(recover(signature, digest, false)).toEqual(secp256k1.getPublicKey(secret, false))
		const ethereum = Uint8Array.from([...signed.subarray(1), signed[0] + 27])
		expect(recover(ethereum, digest, true)).toEqual(secp256k1.getPublicKey(secret, true))
		expect(recover(Uint8Array.from([...signed.subarray(1), 9]), digest, true)).toBe(BAD_V)
		expect(recover(new Uint8Array(65), digest, true)).toBe(BAD_RS)
		expect(recover(Uint8Array.from([...new Uint8Array(31), 5, ...new Uint8Array(31), 1, 0]), digest, true)).toBe(BAD_SIGNATURE)
	})
})

describe('verdict cache', () => {
	it('answers for exactly what was checked', () => {
		const cache = new VerdictCache()
		const pair = new Keyring({ type: 'sr25519' }).addFromSeed(seed)
		const signature = pair.sign(message)
		const verdict = { scheme: 'sr25519' as const, signature, message, publicKey: pair.publicKey }
		// A planted verdict shows that the cache is asked, and only for the same triple.
		cache.remember({ ...verdict, valid: false })
		expect(cache.verify('sr25519', signature, message, pair.publicKey)).toBe(false)
		expect(cache.verify('sr25519', signature, message.subarray(1), pair.publicKey)).toBe(false)
		const other = new Uint8Array(message)
		const fresh = new VerdictCache()
		fresh.remember({ ...verdict, message: message.subarray(1), valid: true })
		expect(fresh.verify('sr25519', signature, message.subarray(2), pair.publicKey)).toBe(false)
		expect(fresh.verify('ed25519', signature, message.subarray(1), pair.publicKey)).toBe(false)
		expect(new VerdictCache().verify('sr25519', signature, other, pair.publicKey)).toBe(true)
	})
})
