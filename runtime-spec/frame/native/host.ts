import { secp256k1 } from '@noble/curves/secp256k1.js'
import { blake2b } from '@noble/hashes/blake2.js'
import { keccak_256 } from '@noble/hashes/sha3.js'
import {
	ed25519PairFromSeed,
	ed25519Sign,
	ed25519Verify,
	sr25519PairFromSeed,
	sr25519Sign,
	sr25519Verify,
	xxhashAsU8a,
} from '@polkadot/util-crypto'
import { toHex } from '../bytes.ts'
import type { Host } from '../host.ts'
import { Reader, Writer } from '../scale/index.ts'
import type { MemoryState } from './state.ts'

export interface NativeOptions {
	/** False accepts every signature: for tests of what comes after. */
	verify?: boolean
	log?: (level: number, message: string) => void
	/** What `set_code` finds in a code; default: nothing. */
	runtimeVersionOf?: (code: Uint8Array) => Uint8Array | null
	/** What becomes of extrinsics the runtime submits itself; default: there is no pool. */
	submit?: (extrinsic: Uint8Array) => boolean
}

const recover = (signature: Uint8Array, digest: Uint8Array, compressed: boolean): Uint8Array | null => {
	const v = signature[64] >= 27 ? signature[64] - 27 : signature[64]
	if (signature.length !== 65 || digest.length !== 32 || v > 3) return null
	try {
		const point = secp256k1.Signature.fromBytes(signature.subarray(0, 64), 'compact').addRecoveryBit(v).recoverPublicKey(digest)
		return compressed ? point.toBytes(true) : point.toBytes(false).slice(1)
	} catch {
		return null
	}
}

const safely = (check: () => boolean): boolean => {
	try {
		return check()
	} catch {
		return false
	}
}

/** Keys by type and public key, made from their seed (or their type alone). */
const keystore = <P extends { publicKey: Uint8Array }>(
	pairOf: (seed: Uint8Array) => P,
	sign: (message: Uint8Array, pair: P) => Uint8Array,
) => {
	const pairs = new Map<string, P>()
	const place = (keyType: Uint8Array, publicKey: Uint8Array) => `${toHex(keyType)}${toHex(publicKey)}`
	return {
		generate: (keyType: Uint8Array, seed: Uint8Array | null): Uint8Array => {
			const pair = pairOf(blake2b(seed ?? keyType, { dkLen: 32 }))
			pairs.set(place(keyType, pair.publicKey), pair)
			return pair.publicKey
		},
		sign: (keyType: Uint8Array, publicKey: Uint8Array, message: Uint8Array): Uint8Array | null => {
			const pair = pairs.get(place(keyType, publicKey))
			return pair ? sign(message, pair) : null
		},
	}
}
const sr25519 = keystore(sr25519PairFromSeed, sr25519Sign)
const ed25519 = keystore(ed25519PairFromSeed, ed25519Sign)

/** The host functions over a `MemoryState`, in plain JavaScript: what the pallets run on in unit tests and fuzzing. */
export const nativeHost = (
	state: MemoryState,
	{ verify = true, log = () => {}, runtimeVersionOf = () => null, submit = () => false }: NativeOptions = {},
): Host => ({
	get: (key) => state.get(key),
	set: (key, value) => state.set(key, value),
	append(key, item) {
		const old = state.get(key)
		const w = new Writer()
		const r = old && old.length > 0 ? new Reader(old) : undefined
		w.compact((r ? r.compact() : 0) + 1)
		if (r) w.raw(r.raw(r.left))
		w.raw(item)
		state.set(key, w.since(0))
	},
	clear: (key) => state.clear(key),
	exists: (key) => state.get(key) !== null,
	nextKey: (key) => state.nextKey(key),
	clearPrefix(prefix, limit) {
		const { removed, left } = state.clearPrefix(prefix, limit)
		const w = new Writer()
		w.u8(left ? 1 : 0)
		w.u32(removed)
		return w.take(0)
	},
	root: () => state.root(),
	startTransaction: () => state.start(),
	commitTransaction: () => state.commit(),
	rollbackTransaction: () => state.rollback(),
	orderedRoot: (items) => blake2b(items, { dkLen: 32 }),
	twox64: (data) => xxhashAsU8a(data, 64),
	twox128: (data) => xxhashAsU8a(data, 128),
	blake2_128: (data) => blake2b(data, { dkLen: 16 }),
	blake2_256: (data) => blake2b(data, { dkLen: 32 }),
	keccak256: (data) => keccak_256(data),
	sr25519Verify: (signature, message, key) => !verify || safely(() => sr25519Verify(message, signature, key)),
	ed25519Verify: (signature, message, key) => !verify || safely(() => ed25519Verify(message, signature, key)),
	ecdsaRecover: (signature, digest) => recover(signature, digest, false),
	ecdsaRecoverCompressed: (signature, digest) => recover(signature, digest, true),
	sr25519Generate: sr25519.generate,
	ed25519Generate: ed25519.generate,
	sr25519Sign: sr25519.sign,
	ed25519Sign: ed25519.sign,
	submitTransaction: submit,
	runtimeVersionOf,
	log,
	utf8Encode: (text) => new TextEncoder().encode(text),
	utf8Decode: (bytes) => new TextDecoder().decode(bytes),
})
