import { usedOpcodes } from './bytecode.ts'
import { type Edit, edited, functionBodies, type Instruction, instructions, OP } from './code.ts'
import type { Linked } from './link.ts'
import type { Realm } from './realm.ts'
import { concat, encodeModule, exportedFunctions, parseModule, SECTION, sectionBody, unsigned } from './wasm.ts'

/** Takes an address off the stack and puts 0 there, in the place of a load. */
const LOADED_ZERO = Uint8Array.of(OP.drop, OP.i32Const, 0)
const FLAGS_BYTES = 3
/** Bytes the store instructions write, from OP.i32Store on. */
const STORE_BYTES = [4, 8, 4, 8, 1, 2, 1, 2, 4]

/** Fewest labels of the interpreter's jump. */
const INTERPRETER_LABELS = 200
const OPCODES = 256

const isConst = ({ opcode, immediates }: Instruction, value: number): boolean => opcode === OP.i32Const && immediates[0] === value

/**
 * Offset in a runtime object of the flags that turn the engine's traces on, which it tests at each bytecode instruction. Throws when
 * one is set in the image, or when code other than JS_SetDumpFlags, which no blob has, can write them.
 */
function traceFlags(code: readonly Instruction[][], functions: ReadonlyMap<string, number>, realm: Realm): number {
	const offset = code[functions.get('JS_GetDumpFlags')!].find(({ opcode }) => opcode === OP.i64Load16U)?.immediates[1]
	if (offset === undefined) throw new Error('JS_GetDumpFlags does not read the flags of the traces as expected.')
	if (realm.read(realm.runtime + offset, FLAGS_BYTES).some(Boolean)) throw new Error('The image has a trace of the engine turned on.')
	const writes = ({ opcode, immediates: [, at] }: Instruction): boolean =>
		at < offset + FLAGS_BYTES && at + STORE_BYTES[opcode - OP.i32Store] > offset
	const writers = code.flatMap((list, index) => (list.some(writes) ? [index] : []))
	if (writers.join() !== `${functions.get('JS_SetDumpFlags')}`) throw new Error(`Functions ${writers} write the flags of the traces.`)
	return offset
}

/**
 * Replaces what a function reads of the flags at `offset` by 0: one of the first two bytes to test a bit of it, or those two and the
 * third. Throws at any other use, which would be of another object that large.
 */
function withoutTraces(list: readonly Instruction[], offset: number): Edit[] {
	return list.flatMap(({ opcode, immediates: [, from], at, end }, index): Edit[] => {
		if (opcode !== OP.i32Load8U && opcode !== OP.i32Load16U) return []
		if (from === offset || from === offset + 1) {
			const [mask, and] = list.slice(index + 1, index + 3)
			const isTest = mask.opcode === OP.i32Const && and.opcode === OP.i32And
			if (opcode === OP.i32Load8U && !isTest) throw new Error(`The code at ${at} does not test a flag of the traces.`)
			return [{ at, end, bytes: LOADED_ZERO }]
		}
		const [value, add] = list.slice(Math.max(0, index - 2), index)
		const isLast = from === 0 && add?.opcode === OP.i32Add && isConst(value, offset + 2)
		return isLast ? [{ at: value.at, end, bytes: LOADED_ZERO }] : []
	})
}

/**
 * Makes the interpreter jump by the opcode itself instead of by a number looked up in a table of the image, and has opcodes that
 * are not `used` end where unknown ones do: in an InternalError.
 */
function shortJump(list: readonly Instruction[], realm: Realm, used: ReadonlySet<number>): Edit[] {
	const index = list.findIndex(({ opcode, immediates }) => opcode === OP.brTable && immediates.length > INTERPRETER_LABELS)
	if (index < 0) return []
	// opcode << 2, load, minus a constant, jump
	const [two, shift, load, first, minus, jump] = list.slice(index - 5, index + 1)
	const expected = isConst(two, 2) && shift.opcode === OP.i32Shl && load.opcode === OP.i32Load && first.opcode === OP.i32Const
	if (!expected || minus.opcode !== OP.i32Sub) throw new Error("The interpreter's jump is not the expected one.")
	const labelOf = (opcode: number): number => {
		const label = jump.immediates[realm.word(load.immediates[1] + 4 * opcode) - first.immediates[0]]
		return label ?? jump.immediates.at(-1)!
	}
	const unknown = labelOf(0)
	const labels = Array.from({ length: OPCODES }, (_, opcode) => unsigned(used.has(opcode) ? labelOf(opcode) : unknown))
	return [{ at: two.at, end: jump.end, bytes: concat(Uint8Array.of(OP.brTable), unsigned(OPCODES), ...labels, unsigned(unknown)) }]
}

/**
 * Writes into the engine's code what the image of `realm` fixes for ever: that no trace is turned on, and which opcodes its functions
 * have. The linked module that comes back is for snapshot.ts alone.
 *
 * Throws when the engine's code is not the expected one.
 */
export function specialize(linked: Linked, realm: Realm): Linked {
	const used = usedOpcodes(realm)
	const sections = parseModule(linked.wasm)
	const code = sectionBody(sections, SECTION.code)
	const bodies = functionBodies(code)
	const lists = bodies.map((body) => instructions(code, body))
	const flags = traceFlags(lists, exportedFunctions(sections), realm)
	const jumps = lists.map((list) => shortJump(list, realm, used))
	if (jumps.flat().length !== 1) throw new Error(`The engine has ${jumps.flat().length} interpreters instead of one.`)
	const edits = lists.map((list, index) => [...withoutTraces(list, flags), ...jumps[index]])
	const body = edited(code, bodies, edits)
	return { ...linked, wasm: encodeModule(sections.map((section) => (section.id === SECTION.code ? { id: section.id, body } : section))) }
}
