import { blake2AsU8a, keccakAsU8a, xxhashAsU8a } from '@polkadot/util-crypto'

/**
 * What the bundle may ask of a host while it is loaded at pack time: pure hashing, so that storage prefixes are computed once and
 * kept in the image. There is no state and no node yet; anything else fails the pack.
 */
const HASHES: Record<string, (data: Uint8Array) => Uint8Array> = {
	ext_hashing_twox_64_version_1: (data) => xxhashAsU8a(data, 64, true),
	ext_hashing_twox_128_version_1: (data) => xxhashAsU8a(data, 128, true),
	ext_hashing_blake2_128_version_1: (data) => blake2AsU8a(data, 128, null, true),
	ext_hashing_blake2_256_version_1: (data) => blake2AsU8a(data, 256, null, true),
	ext_hashing_keccak_256_version_1: (data) => keccakAsU8a(data, 256, true),
}

/** Memory access of the instance being booted, which exists only after its imports. */
export interface BootMemory {
	/** The bytes of a span `length << 32 | pointer`. */
	read(span: bigint): Uint8Array
	/** Places bytes in the arena and returns their address; the shim frees them. */
	place(bytes: Uint8Array): number
}

/** The imports of `module` at pack time. `memory` is asked at each call. */
export function bootImports(module: WebAssembly.Module, memory: () => BootMemory): WebAssembly.Imports {
	const env: Record<string, WebAssembly.ImportValue> = {}
	for (const { name } of WebAssembly.Module.imports(module)) {
		const hash = HASHES[name]
		env[name] = hash
			? (data: bigint) => memory().place(hash(memory().read(data)))
			: () => {
					throw new Error(
						`The bundle called ${name} while it was being loaded; only hashing works there. Move the call into an API function.`,
					)
				}
	}
	return { env }
}
