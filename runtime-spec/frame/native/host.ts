import { secp256k1 } from '@noble/curves/secp256k1.js'
import { blake2b } from '@noble/hashes/blake2.js'
import { keccak_256 } from '@noble/hashes/sha3.js'
import { ed25519PairFromSeed, ed25519Verify, sr25519PairFromSeed, sr25519Verify, xxhashAsU8a } from '@polkadot/util-crypto'
import type { Host } from '../host.ts'
import { Reader, Writer } from '../scale/index.ts'
import type { MemoryState } from './state.ts'

export interface NativeOptions {
	/** False accepts every signature: for tests of what comes after. */
	verify?: boolean
	log?: (level: number, message: string) => void
	/** What `set_code` finds in a code; default: nothing. */
	runtimeVersionOf?: (code: Uint8Array) => Uint8Array | null
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

/** The host functions over a `MemoryState`, in plain JavaScript: what the pallets run on in unit tests and fuzzing. */
export const nativeHost = (
	state: MemoryState,
	{ verify = true, log = () => {}, runtimeVersionOf = () => null }: NativeOptions = {},
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
	sr25519Generate: (keyType, seed) => sr25519PairFromSeed(blake2b(seed ?? keyType, { dkLen: 32 })).publicKey,
	ed25519Generate: (keyType, seed) => ed25519PairFromSeed(blake2b(seed ?? keyType, { dkLen: 32 })).publicKey,
	runtimeVersionOf,
	log,
	utf8Encode: (text) => new TextEncoder().encode(text),
	utf8Decode: (bytes) => new TextDecoder().decode(bytes),
})
