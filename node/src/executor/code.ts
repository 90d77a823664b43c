import { zstdDecompressSync } from 'node:zlib'
import type { RuntimeVersion } from '../chain.ts'
import { toHex } from '../crypto/hex.ts'
import { concatBytes, encodeCompact, ScaleReader } from '../scale/codec.ts'
import { RuntimeCodeError } from './errors.ts'

/** In front of a zstd-compressed runtime. */
const COMPRESSED_PREFIX = Uint8Array.of(0x52, 0xbc, 0x53, 0x76, 0x46, 0xdb, 0x8e, 0x05)
/** As polkadot-sdk: a compressed runtime that unpacks to more is refused. */
const LARGEST_CODE_BYTES = 50 * 2 ** 20

/** The WebAssembly module in a `:code` value, raw or zstd-compressed. Throws `RuntimeCodeError`. */
export const decompressCode = (code: Uint8Array): Uint8Array => {
	if (!COMPRESSED_PREFIX.every((byte, i) => code[i] === byte)) return code
	try {
		return zstdDecompressSync(code.subarray(COMPRESSED_PREFIX.length), { maxOutputLength: LARGEST_CODE_BYTES })
	} catch (error) {
		throw new RuntimeCodeError(`the runtime code has the mark of zstd but does not unpack: ${(error as Error).message}`)
	}
}

const WASM_MAGIC = Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0)
const CUSTOM_SECTION = 0
const IMPORT_SECTION = 2
const MEMORY_IMPORT = 2

/** Reads the parts of a module that the WebAssembly API of JavaScript does not tell. */
class ModuleReader {
	readonly #wasm: Uint8Array
	#at = 0

	constructor(wasm: Uint8Array) {
		this.#wasm = wasm
	}

	u8(): number {
		return this.#wasm[this.#at++]
	}

	u32(): number {
		let value = 0
		for (let shift = 0; ; shift += 7) {
			const byte = this.u8()
			value += (byte & 127) * 2 ** shift
			if (!(byte & 128)) return value
		}
	}

	bytes(length: number): Uint8Array {
		this.#at += length
		return this.#wasm.subarray(this.#at - length, this.#at)
	}

	name(): string {
		return Buffer.from(this.bytes(this.u32())).toString()
	}

	rest(): Uint8Array {
		return this.bytes(this.#wasm.length - this.#at)
	}

	get done(): boolean {
		return this.#at >= this.#wasm.length
	}
}

function* sections(wasm: Uint8Array): Generator<[number, ModuleReader]> {
	const reader = new ModuleReader(wasm.subarray(WASM_MAGIC.length))
	while (!reader.done) yield [reader.u8(), new ModuleReader(reader.bytes(reader.u32()))]
}

/** Contents of the custom section `name`, or null. */
const customSection = (wasm: Uint8Array, name: string): Uint8Array | null => {
	for (const [id, section] of sections(wasm)) if (id === CUSTOM_SECTION && section.name() === name) return section.rest()
	return null
}

/** How many pages the memory must have at least that a module imports, or null when it brings its own. */
export const importedMemoryPages = (wasm: Uint8Array): number | null => {
	for (const [id, section] of sections(wasm)) {
		if (id !== IMPORT_SECTION) continue
		for (let left = section.u32(); left > 0; left--) {
			section.name()
			section.name()
			const kind = section.u8()
			if (kind === MEMORY_IMPORT) {
				section.u8()
				return section.u32()
			}
			// A function has its type; a table and a global are not imported by any runtime (no host gives them).
			section.u32()
		}
	}
	return null
}

const API_BYTES = 12

/**
 * The SCALE `RuntimeVersion` in the blob's custom sections `runtime_version` and `runtime_apis`, or null when it holds none.
 */
export const embeddedVersion = (code: Uint8Array): Uint8Array | null => {
	const wasm = decompressCode(code)
	if (!WASM_MAGIC.every((byte, i) => wasm[i] === byte)) return null
	const version = customSection(wasm, 'runtime_version')
	if (!version) return null
	const apis = customSection(wasm, 'runtime_apis')
	if (!apis) return version
	const reader = new ScaleReader(version)
	reader.vecU8()
	reader.vecU8()
	reader.take(12)
	const start = reader.position
	reader.vec(() => reader.take(API_BYTES))
	return concatBytes(version.subarray(0, start), encodeCompact(apis.length / API_BYTES), apis, reader.rest())
}

/** Reads a SCALE `RuntimeVersion`, as `Core_version` returns it. */
export const decodeVersion = (bytes: Uint8Array): RuntimeVersion => {
	const reader = new ScaleReader(bytes)
	const text = () => Buffer.from(reader.vecU8()).toString()
	const specName = text()
	const implName = text()
	const authoringVersion = reader.u32()
	const specVersion = reader.u32()
	const implVersion = reader.u32()
	const apis = reader.vec((): RuntimeVersion['apis'][number] => [toHex(reader.take(8)), reader.u32()])
	// Older runtimes end before these two.
	const transactionVersion = reader.done ? 1 : reader.u32()
	const systemVersion = reader.done ? 0 : reader.u8()
	return { specName, implName, authoringVersion, specVersion, implVersion, apis, transactionVersion, systemVersion }
}
