import { UNPACK } from './assets.ts'
import { type BootInput, boot } from './boot.ts'
import { compressBlob } from './compress.ts'
import { API_LIMIT } from './layout.ts'
import { link } from './link.ts'
import { LOWERING_EXPORTS, lower } from './lower.ts'
import { unreachableSlots } from './prune.ts'
import { readEngine } from './quickjs.ts'
import { assertRealm } from './realm-check.ts'
import { namesIn } from './shake.ts'
import { compileShim } from './shim.ts'
import { snapshot } from './snapshot.ts'
import { specialize } from './specialize.ts'
import { dropUnusedData } from './unused-data.ts'
import { parseModule, SECTION, sectionBody } from './wasm.ts'

/** Not part of Substrate's contract, and harmless where it is not known: see shim/allocator.ts. */
const TOUCHED_END = '__touched_end'

export interface PackInput extends Omit<BootInput, 'names'> {
	/** Contents of the custom section `runtime_version`: SCALE `RuntimeVersion` with empty apis. */
	runtimeVersion: Uint8Array
	/** Contents of the custom section `runtime_apis`: 8-byte id ‖ u32 LE version, repeated. */
	runtimeApis: Uint8Array
}

/** Sizes in bytes, and counts. */
export interface PackStats {
	wasmBytes: number
	compressedBytes: number
	bytecodeBytes: number
	arenaUsedBytes: number
	dataBytes: number
	functions: number
	prunedSlots: number
}

export interface Packed {
	/** The runtime blob: MVP WebAssembly with the host functions as its only imports. */
	wasm: Uint8Array
	/** The same, zstd-compressed with Substrate's prefix. */
	compressed: Uint8Array
	stats: PackStats
}

/**
 * Packs a JavaScript bundle into a Substrate runtime blob. Same input, same bytes, on every machine.
 *
 * The engine is linked with the shim (link.ts), booted once with the bundle (boot.ts), and its memory becomes the data segments of
 * the blob (snapshot.ts); built-ins and instructions that the bundle can't reach are cut (shake.ts, prune.ts, specialize.ts), the rest
 * is lowered and optimised (lower.ts), and data that nothing reads any more is left out (unused-data.ts).
 *
 * Throws when the bundle uses what the realm lacks, throws while it loads, or does not provide one of `apis`.
 */
export async function packBlob(input: PackInput): Promise<Packed> {
	const { apis } = input
	if (apis.length > API_LIMIT) throw new Error(`${apis.length} API functions are more than the shim's ${API_LIMIT} (layout.ts).`)
	assertRealm(input.bundle)
	const names = namesIn(`${input.bundle}\n${UNPACK}`)
	const linked = link(readEngine(), await compileShim(apis))
	const { realm, bytecodeBytes } = boot(linked, { ...input, names })
	const pruned = unreachableSlots(linked, names)
	const image = snapshot(specialize(linked, realm), realm, new Set([...apis, TOUCHED_END, ...LOWERING_EXPORTS]), pruned)
	const lowered = lower(image.wasm, { runtime_version: input.runtimeVersion, runtime_apis: input.runtimeApis })
	const { wasm } = dropUnusedData(lowered.wasm, linked.wasm)
	const compressed = await compressBlob(wasm)
	const { functions } = lowered
	const { arenaUsedBytes } = image
	const dataBytes = sectionBody(parseModule(wasm), SECTION.data).length
	const sizes = { wasmBytes: wasm.length, compressedBytes: compressed.length, bytecodeBytes, arenaUsedBytes, dataBytes }
	return { wasm, compressed, stats: { ...sizes, functions, prunedSlots: pruned.size } }
}
