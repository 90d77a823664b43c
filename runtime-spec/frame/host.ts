/**
 * What the runtime may ask of the machine it runs on: the Substrate host functions, one method each.
 * In the blob they are the `ext_*` imports (engine/shim); in a native run they are an object of the test harness.
 */
export interface Host {
	/** `ext_storage_get_version_1`: the value at `key`, or null. */
	get(key: Uint8Array): Uint8Array | null
	/** `ext_storage_set_version_1`. */
	set(key: Uint8Array, value: Uint8Array): void
	/** `ext_storage_append_version_1`: pushes one SCALE-encoded item onto the SCALE `Vec` at `key`. */
	append(key: Uint8Array, item: Uint8Array): void
	/** `ext_storage_clear_version_1`. */
	clear(key: Uint8Array): void
	/** `ext_storage_exists_version_1`. */
	exists(key: Uint8Array): boolean
	/** `ext_storage_next_key_version_1`: the first key after `key` in lexical order, or null. */
	nextKey(key: Uint8Array): Uint8Array | null
	/** `ext_storage_clear_prefix_version_2`: deletes at most `limit` keys (null: all) and returns the SCALE `KillStorageResult`. */
	clearPrefix(prefix: Uint8Array, limit: number | null): Uint8Array
	/** `ext_storage_root_version_2` with state version 1. */
	root(): Uint8Array
	startTransaction(): void
	commitTransaction(): void
	rollbackTransaction(): void
	/** `ext_trie_blake2_256_ordered_root_version_2` with state version 0, which system version 1 asks of extrinsics roots: `items` is a SCALE `Vec<Vec<u8>>`. */
	orderedRoot(items: Uint8Array): Uint8Array
	twox64(data: Uint8Array): Uint8Array
	twox128(data: Uint8Array): Uint8Array
	blake2_128(data: Uint8Array): Uint8Array
	blake2_256(data: Uint8Array): Uint8Array
	keccak256(data: Uint8Array): Uint8Array
	/** False too when a length is wrong. */
	sr25519Verify(signature: Uint8Array, message: Uint8Array, publicKey: Uint8Array): boolean
	/** False too when a length is wrong. */
	ed25519Verify(signature: Uint8Array, message: Uint8Array, publicKey: Uint8Array): boolean
	/** secp256k1 recovery of `r ‖ s ‖ v` over a 32-byte digest: the uncompressed public key without its tag (64 bytes), or null. */
	ecdsaRecover(signature: Uint8Array, digest: Uint8Array): Uint8Array | null
	/** As `ecdsaRecover`, compressed (33 bytes). */
	ecdsaRecoverCompressed(signature: Uint8Array, digest: Uint8Array): Uint8Array | null
	/** Makes a key of a 4-byte key type in the node's keystore (SessionKeys API) and returns its public key. */
	sr25519Generate(keyType: Uint8Array, seed: Uint8Array | null): Uint8Array
	/** As `sr25519Generate`, for ed25519. */
	ed25519Generate(keyType: Uint8Array, seed: Uint8Array | null): Uint8Array
	/** Signs with a key of the node's keystore (SessionKeys API): 64 bytes, or null when the key is not there. */
	sr25519Sign(keyType: Uint8Array, publicKey: Uint8Array, message: Uint8Array): Uint8Array | null
	/** As `sr25519Sign`, for ed25519. */
	ed25519Sign(keyType: Uint8Array, publicKey: Uint8Array, message: Uint8Array): Uint8Array | null
	/** Puts an encoded extrinsic into the pool of the node that makes this call; false when it has none. */
	submitTransaction(extrinsic: Uint8Array): boolean
	/** The SCALE `RuntimeVersion` inside a runtime blob, raw or zstd-compressed, or null when it holds none. */
	runtimeVersionOf(code: Uint8Array): Uint8Array | null
	/** 0 error, 1 warn, 2 info, 3 debug, 4 trace. */
	log(level: number, message: string): void
	utf8Encode(text: string): Uint8Array
	/** Invalid sequences become U+FFFD. */
	utf8Decode(bytes: Uint8Array): string
}

/** The host of this run. `useHost` swaps it in native runs; in the blob it is fixed when the image is made. */
export let host: Host = (globalThis as unknown as { __host: Host }).__host

export const useHost = (next: Host): void => {
	host = next
}
