import type { Host } from '../../frame/host.ts'

/** The methods of `Host` that are host functions; text conversion happens inside the blob. */
type Imported = Omit<Host, 'utf8Encode' | 'utf8Decode'>

const PAGE_BYTES = 65_536

interface BlobExports {
	memory: WebAssembly.Memory
	__heap_base: WebAssembly.Global<'i32'>
	__touched_end: () => number
}

/** SCALE compact length. */
function compact(length: number): number[] {
	if (length < 1 << 6) return [length << 2]
	if (length < 1 << 14) return [((length << 2) | 1) & 0xff, length >> 6]
	return [((length << 2) | 2) & 0xff, (length >> 6) & 0xff, (length >> 14) & 0xff, length >>> 22]
}

const decodeCompact = (bytes: Uint8Array): { value: number; size: number } => {
	const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
	const mode = bytes[0] & 3
	if (mode === 0) return { value: bytes[0] >> 2, size: 1 }
	return mode === 1 ? { value: view.getUint16(0, true) >> 2, size: 2 } : { value: view.getUint32(0, true) >>> 2, size: 4 }
}

const option = (value: Uint8Array | null): Uint8Array => (value ? Uint8Array.of(1, ...compact(value.length), ...value) : Uint8Array.of(0))
const fixedOption = (value: Uint8Array | null): Uint8Array => (value ? Uint8Array.of(1, ...value) : Uint8Array.of(0))
const result = (value: Uint8Array | null): Uint8Array => (value ? Uint8Array.of(0, ...value) : Uint8Array.of(1, 2))

function decodeOption(bytes: Uint8Array): Uint8Array | null {
	if (!bytes[0]) return null
	const { size } = decodeCompact(bytes.subarray(1))
	return bytes.slice(1 + size)
}

/** One instance of a blob over a `Host`, as a Substrate client would run it: no import but the host functions, a bump allocator behind `__heap_base`. */
export class BlobInstance {
	readonly #exports: BlobExports
	#next: number
	/** Addresses of host buffers that the blob has not given back yet. */
	readonly outstanding = new Set<number>()

	constructor(module: WebAssembly.Module, host: Imported) {
		const instance = new WebAssembly.Instance(module, { env: this.#imports(host) })
		this.#exports = instance.exports as unknown as BlobExports
		this.#next = this.#exports.__heap_base.value
	}

	get pages(): number {
		return this.#exports.memory.buffer.byteLength / PAGE_BYTES
	}

	/** What the blob says it has not written, from `__touched_end` to `__heap_base`. */
	get untouched(): Uint8Array {
		const { memory, __heap_base, __touched_end } = this.#exports
		return new Uint8Array(memory.buffer).subarray(__touched_end() >>> 0, __heap_base.value)
	}

	/** Calls an API function with a copy of `input`. */
	call(name: string, input: Uint8Array = new Uint8Array()): Uint8Array {
		const data = this.#place(input)
		const span = this.#entry(name)(data, input.length)
		this.outstanding.delete(data)
		return this.#read(span)
	}

	#entry(name: string): (data: number, length: number) => bigint {
		return (this.#exports as unknown as Record<string, (data: number, length: number) => bigint>)[name]
	}
	#place(bytes: Uint8Array): number {
		const at = this.#next
		this.#next += (bytes.length + 15) & ~7
		const { memory } = this.#exports
		const missing = this.#next - memory.buffer.byteLength
		if (missing > 0) memory.grow(Math.ceil(missing / PAGE_BYTES))
		new Uint8Array(memory.buffer).set(bytes, at)
		this.outstanding.add(at)
		return at
	}
	#span(bytes: Uint8Array): bigint {
		return BigInt(this.#place(bytes)) | (BigInt(bytes.length) << 32n)
	}
	#at(pointer: number, length: number): Uint8Array {
		return new Uint8Array(this.#exports.memory.buffer).slice(pointer, pointer + length)
	}
	#read(span: bigint): Uint8Array {
		return this.#at(Number(span & 0xffff_ffffn), Number(BigInt.asUintN(64, span) >> 32n))
	}

	#imports(host: Imported): Record<string, (...args: never[]) => unknown> {
		const read = (span: bigint) => this.#read(span)
		const at = (pointer: number, length: number) => this.#at(pointer, length)
		const place = (bytes: Uint8Array) => this.#place(bytes)
		const span = (bytes: Uint8Array) => this.#span(bytes)
		return {
			ext_allocator_malloc_version_1: (size: number) => place(new Uint8Array(size)),
			ext_allocator_free_version_1: (pointer: number) => {
				if (!this.outstanding.delete(pointer)) throw new Error(`the blob freed ${pointer}, which is not its own`)
			},
			ext_logging_log_version_1: (level: number, _target: bigint, message: bigint) =>
				host.log(level, new TextDecoder().decode(read(message))),
			ext_storage_get_version_1: (key: bigint) => span(option(host.get(read(key)))),
			ext_storage_set_version_1: (key: bigint, value: bigint) => host.set(read(key), read(value)),
			ext_storage_append_version_1: (key: bigint, item: bigint) => host.append(read(key), read(item)),
			ext_storage_clear_version_1: (key: bigint) => host.clear(read(key)),
			ext_storage_exists_version_1: (key: bigint) => Number(host.exists(read(key))),
			ext_storage_next_key_version_1: (key: bigint) => span(option(host.nextKey(read(key)))),
			ext_storage_clear_prefix_version_2: (prefix: bigint, limit: bigint) => {
				const bytes = read(limit)
				return span(host.clearPrefix(read(prefix), bytes[0] ? new DataView(bytes.buffer).getUint32(1, true) : null))
			},
			ext_storage_root_version_2: () => span(host.root()),
			ext_storage_start_transaction_version_1: () => host.startTransaction(),
			ext_storage_commit_transaction_version_1: () => host.commitTransaction(),
			ext_storage_rollback_transaction_version_1: () => host.rollbackTransaction(),
			ext_trie_blake2_256_ordered_root_version_2: (items: bigint, stateVersion: number) => {
				if (stateVersion !== 0) throw new Error(`clients take extrinsics roots of state version 0, this is ${stateVersion}`)
				return place(host.orderedRoot(read(items)))
			},
			ext_hashing_twox_64_version_1: (data: bigint) => place(host.twox64(read(data))),
			ext_hashing_twox_128_version_1: (data: bigint) => place(host.twox128(read(data))),
			ext_hashing_blake2_128_version_1: (data: bigint) => place(host.blake2_128(read(data))),
			ext_hashing_blake2_256_version_1: (data: bigint) => place(host.blake2_256(read(data))),
			ext_hashing_keccak_256_version_1: (data: bigint) => place(host.keccak256(read(data))),
			ext_crypto_sr25519_verify_version_2: (signature: number, message: bigint, key: number) =>
				Number(host.sr25519Verify(at(signature, 64), read(message), at(key, 32))),
			ext_crypto_ed25519_verify_version_1: (signature: number, message: bigint, key: number) =>
				Number(host.ed25519Verify(at(signature, 64), read(message), at(key, 32))),
			ext_crypto_secp256k1_ecdsa_recover_version_2: (signature: number, digest: number) =>
				span(result(host.ecdsaRecover(at(signature, 65), at(digest, 32)))),
			ext_crypto_secp256k1_ecdsa_recover_compressed_version_2: (signature: number, digest: number) =>
				span(result(host.ecdsaRecoverCompressed(at(signature, 65), at(digest, 32)))),
			ext_crypto_sr25519_generate_version_1: (keyType: number, seed: bigint) =>
				place(host.sr25519Generate(at(keyType, 4), decodeOption(read(seed)))),
			ext_crypto_ed25519_generate_version_1: (keyType: number, seed: bigint) =>
				place(host.ed25519Generate(at(keyType, 4), decodeOption(read(seed)))),
			ext_crypto_sr25519_sign_version_1: (keyType: number, publicKey: number, message: bigint) =>
				span(fixedOption(host.sr25519Sign(at(keyType, 4), at(publicKey, 32), read(message)))),
			ext_crypto_ed25519_sign_version_1: (keyType: number, publicKey: number, message: bigint) =>
				span(fixedOption(host.ed25519Sign(at(keyType, 4), at(publicKey, 32), read(message)))),
			ext_offchain_submit_transaction_version_1: (extrinsic: bigint) =>
				span(Uint8Array.of(host.submitTransaction(read(extrinsic)) ? 0 : 1)),
			ext_misc_runtime_version_version_1: (code: bigint) => span(option(host.runtimeVersionOf(read(code)))),
		}
	}
}
