import { ARENA_BASE, ARENA_BYTES, C_STACK_BYTES, PAGE_BYTES } from './layout.ts'
import type { Linked } from './link.ts'
import type { Realm } from './realm.ts'
import {
	addI32Global,
	customName,
	type ElementSegment,
	encodeData,
	encodeElements,
	encodeExports,
	encodeMemory,
	encodeModule,
	KIND,
	nonZero,
	parseElements,
	parseExports,
	parseModule,
	SECTION,
	sectionBody,
} from './wasm.ts'

/** Table segments without the slots in `dropped`; a call through such a hole traps. */
function withoutSlots(segments: ElementSegment[], dropped: ReadonlySet<number>): ElementSegment[] {
	const kept: ElementSegment[] = []
	for (const { offset, functions } of segments) {
		let current: ElementSegment | undefined
		functions.forEach((index, i) => {
			if (dropped.has(offset + i)) {
				current = undefined
				return
			}
			if (!current) {
				current = { offset: offset + i, functions: [] }
				kept.push(current)
			}
			current.functions.push(index)
		})
	}
	return kept
}

export interface Snapshot {
	wasm: Uint8Array
	/** Bytes of the arena the booted runtime occupies. */
	arenaUsedBytes: number
}

/**
 * Writes the memory of a booted realm back into its module: the blob starts where the bundle ended, with no boot code.
 * Exports shrink to `memory`, `__heap_base`, and the names in `exports`.
 */
export function snapshot(linked: Linked, realm: Realm, exports: ReadonlySet<string>, dropped: ReadonlySet<number>): Snapshot {
	if (realm.engine.__stack_pointer.value !== C_STACK_BYTES) throw new Error('The C stack is not empty, or not where layout.ts says.')
	if (realm.bytes.length !== ARENA_BASE + ARENA_BYTES) throw new Error('The memory grew while booting: something bypassed the arena.')
	const arenaUsedBytes = realm.engine.shim_gap() - ARENA_BASE
	realm.engine.shim_scrub()
	realm.bytes.fill(0, 0, C_STACK_BYTES)
	const data = nonZero(realm.bytes)

	const sections = parseModule(linked.wasm)
	const global = addI32Global(sectionBody(sections, SECTION.global), ARENA_BASE + ARENA_BYTES)
	const rewrite: Record<number, (body: Uint8Array) => Uint8Array> = {
		[SECTION.memory]: () => encodeMemory({ min: realm.bytes.length / PAGE_BYTES, max: undefined }),
		[SECTION.global]: () => global.body,
		[SECTION.export]: (body) => {
			const kept = parseExports(body).filter(({ name }) => name === 'memory' || exports.has(name))
			return encodeExports([...kept, { name: '__heap_base', kind: KIND.global, index: global.index }])
		},
		[SECTION.element]: (body) => encodeElements(withoutSlots(parseElements(body), dropped)),
		[SECTION.data]: () => encodeData(data),
	}
	const wasm = encodeModule(
		sections
			// The count is optional and would have to match; binaryen needs no other custom section than the features.
			.filter(({ id, body }) => id !== SECTION.dataCount && (id !== SECTION.custom || customName(body) === 'target_features'))
			.map(({ id, body }) => ({ id, body: rewrite[id]?.(body) ?? body })),
	)
	return { wasm, arenaUsedBytes }
}
