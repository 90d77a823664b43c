import { functionBodies, instructions, OP } from './code.ts'
import { C_STACK_BYTES, SHIM_BASE } from './layout.ts'
import { encodeData, encodeModule, nonZero, parseData, parseModule, SECTION, type Section, sectionBody } from './wasm.ts'

/** Of memory. */
export interface Range {
	/** First byte, and first byte after. */
	from: number
	to: number
}

/**
 * Large tables of the engine's data, each made of whole objects of its C source, at their addresses in the engine quickjs.ts names.
 * The ends were compared with the objects in the source and with every constant of the engine's code near them; the sixteen
 * bytes left out of the Unicode names lie where the end of Unicode, a constant of JavaScript's, would look like an address.
 */
const TABLES: readonly Range[] = [
	// Bytecode of Array.fromAsync, Iterator.zip and Iterator.zipKeyed.
	{ from: 1_079_264, to: 1_085_368 },
	// Names the engine interns when it starts.
	{ from: 1_086_000, to: 1_088_336 },
	// The interpreter's jumps (specialize.ts).
	{ from: 1_090_640, to: 1_091_664 },
	// Unicode: identifiers and white space.
	{ from: 1_106_992, to: 1_109_081 },
	// Unicode: scripts, general categories, names of properties.
	{ from: 1_109_392, to: 1_114_111 },
	{ from: 1_114_128, to: 1_118_064 },
	// Unicode: decomposition, combining classes, composition, categories, emoji, properties.
	{ from: 1_118_576, to: 1_146_896 },
	// libm: logarithms, and the reduction of large angles.
	{ from: 1_149_176, to: 1_154_832 },
	{ from: 1_161_168, to: 1_165_472 },
]

/** Zero-terminated texts that the linker merged; a pointer into one reaches no farther than its zero. */
const TEXTS: Range = { from: C_STACK_BYTES, to: 1_078_504 }

/** The engine's table of instructions, each of which begins with the address of its name. */
const INSTRUCTIONS: Range = { from: 1_088_336, to: 1_090_504 }
const INSTRUCTION_BYTES = 8

const contains = ({ from, to }: Range, address: number): boolean => address >= from && address < to

/** All numbers in a code section that can be an address or a part of one: constants, offsets of loads and stores, and their sums. */
function addresses(sections: Section[]): Set<number> {
	const code = sectionBody(sections, SECTION.code)
	const found = new Set<number>()
	for (const body of functionBodies(code)) {
		let constant = 0
		for (const { opcode, immediates } of instructions(code, body)) {
			const isConstant = opcode === OP.i32Const || opcode === OP.i64Const
			if (isConstant) for (const half of immediates) found.add(half >>> 0)
			else if (opcode >= OP.i32Load && opcode <= OP.i64Store32) found.add(immediates[1]).add((constant + immediates[1]) >>> 0)
			constant = isConstant ? immediates[0] : 0
		}
	}
	return found
}

/** A word of memory that may be the address of something in the engine's data. */
interface Pointer {
	at: number
	value: number
}

/** Aligned words of memory whose value lies in the engine's data. */
function pointers(memory: Uint8Array): Pointer[] {
	const words = new Uint32Array(memory.buffer, 0, memory.length >> 2)
	const found: Pointer[] = []
	for (let index = C_STACK_BYTES >> 2; index < words.length; index++) {
		if (words[index] >= C_STACK_BYTES && words[index] < SHIM_BASE) found.push({ at: 4 * index, value: words[index] })
	}
	return found
}

/** Those of `tables` that nothing outside of them refers to. */
function unreferenced(tables: readonly Range[], code: ReadonlySet<number>, memory: readonly Pointer[]): readonly Range[] {
	const values = [...code, ...memory.filter(({ at }) => !tables.some((table) => contains(table, at))).map(({ value }) => value)]
	const rest = tables.filter((table) => !values.some((value) => contains(table, value)))
	return rest.length === tables.length ? rest : unreferenced(rest, code, memory)
}

/** The texts into which no address among `values` points. */
function unreachedTexts(memory: Uint8Array, values: readonly number[]): Range[] {
	const unreached: Range[] = []
	let { from } = TEXTS
	for (const address of [...values.filter((value) => contains(TEXTS, value)).sort((a, b) => a - b), TEXTS.to]) {
		if (address < from) continue
		const start = Math.max(from, memory.lastIndexOf(0, address - 1) + 1)
		if (start > from) unreached.push({ from, to: start })
		from = memory.indexOf(0, address) + 1
	}
	return unreached
}

/**
 * Leaves out of a lowered blob the static data of the engine that nothing left in it can read (`unused`): tables without a reference,
 * and texts without a pointer. A reference is any constant or offset in the code, and any word of memory, that is an address inside;
 * for tables only those words of the heap count that the complete engine (`linked`) can have put there, which are addresses it knows.
 * The fuzz and the built-ins comparison pass with a blob that traps when it reads any of it (testing/guard.ts).
 */
export function dropUnusedData(blob: Uint8Array, linked: Uint8Array): { wasm: Uint8Array; unused: readonly Range[] } {
	const sections = parseModule(blob)
	const segments = parseData(sectionBody(sections, SECTION.data))
	const last = segments.at(-1)!
	const memory = new Uint8Array((last.offset + last.bytes.length + 3) & ~3)
	for (const { offset, bytes } of segments) memory.set(bytes, offset)

	const code = addresses(sections)
	const inMemory = pointers(memory)
	const inData = inMemory.filter(({ at }) => at < SHIM_BASE && ![TEXTS, ...TABLES].some((range) => contains(range, at)))
	const known = new Set([...addresses(parseModule(linked)), ...inData.map(({ value }) => value)])
	const tables = unreferenced(
		TABLES,
		code,
		inMemory.filter(({ at, value }) => at < SHIM_BASE || known.has(value)),
	)
	const isName = (address: number): boolean => contains(INSTRUCTIONS, address) && (address - INSTRUCTIONS.from) % INSTRUCTION_BYTES === 0
	const areNamesRead = [...code].some(isName)
	const isRead = ({ at }: Pointer): boolean => ![TEXTS, ...tables].some((range) => contains(range, at)) && (areNamesRead || !isName(at))
	const texts = unreachedTexts(memory, [...code, ...inMemory.filter(isRead).map(({ value }) => value)])

	const unused = [...tables, ...texts]
	for (const range of unused) memory.fill(0, range.from, range.to)
	const wasm = encodeModule(sections.map(({ id, body }) => ({ id, body: id === SECTION.data ? encodeData(nonZero(memory)) : body })))
	return { wasm, unused }
}
