import { ARENA_BASE, C_STACK_BYTES, SHIM_BASE } from './layout.ts'
import type { Realm } from './realm.ts'

/** The engine's mark of function bytecode in a block's header (shim/allocator.ts), below the cycle collector's bit. */
const FUNCTION_BYTECODE = 1
const KIND_OFFSET = -5
const KIND_MASK = 0x7f

/** Where function bytecode keeps the address and the length of its instructions, its variables and what they are. */
const FUNCTION = { code: 12, codeBytes: 16, variables: 24, closure: 28, argumentCount: 32, variableCount: 34, closureCount: 42 } as const
/** An argument or variable: its name, its scopes, flags, its place among captured ones, a function's number. */
const VARIABLE = { bytes: 20, flags: 12, captured: 1 << 2 } as const
/** A variable of an outer function: flags with the kind in their lowest bits, its place there, its name. */
const CLOSURE_VARIABLE = { bytes: 8, kindMask: 7, name: 4 } as const
/** The kinds above are globals, which are looked up by name. */
const LAST_BY_PLACE = 2

/** An entry of the engine's table of instructions: the address of the name, the size in bytes, and what only the compiler needs. */
const ENTRY_BYTES = 8
const SIZE_OFFSET = 4
/** Short forms have the numbers of instructions that only the compiler uses; in the table they stand behind those. */
const LAST_LONG = 'nop'
const FIRST_SHORT = 'push_minus1'
const OPCODES = 256

/** How a property that is made when it is first read will be made: its two lowest bits, beside the address of its context. */
export const LAZY_KINDS = { prototype: 0, moduleNamespace: 1, builtin: 2, bytecode: 3 } as const

/** Whether a realm may hold properties of this kind that were not read yet. */
export function hasLazy(realm: Realm, kind: number): boolean {
	const arena = new Uint32Array(realm.bytes.buffer, ARENA_BASE, (realm.engine.shim_gap() - ARENA_BASE) / 4)
	return arena.includes(realm.context + kind)
}

/** Size in bytes of each instruction of compiled functions, by opcode; 0 for the numbers that are none. */
function instructionSizes(realm: Realm): number[] {
	const data = Buffer.from(realm.bytes.buffer, C_STACK_BYTES, SHIM_BASE - C_STACK_BYTES)
	const addressOf = (text: string): number => C_STACK_BYTES + data.indexOf(`\0${text}\0`) + 1
	const words = new Uint32Array(realm.bytes.buffer, C_STACK_BYTES, (SHIM_BASE - C_STACK_BYTES) / 4)
	const table = C_STACK_BYTES + 4 * words.indexOf(addressOf('push_i32')) - ENTRY_BYTES
	const indexOf = (name: string): number => {
		const address = addressOf(name)
		for (let index = 0; index < 2 * OPCODES; index++) if (realm.word(table + ENTRY_BYTES * index) === address) return index
		throw new Error(`The engine's table of instructions is not the expected one: it lacks ${name}.`)
	}
	const long = indexOf(LAST_LONG) + 1
	const short = indexOf(FIRST_SHORT)
	return Array.from({ length: OPCODES }, (_, opcode) => {
		const index = opcode < long ? opcode : opcode - long + short
		return realm.bytes[table + ENTRY_BYTES * index + SIZE_OFFSET]
	})
}

/** Whether an address lies in an arena block. */
const isIn = ({ engine }: Realm, block: number, address: number): boolean =>
	address >= block && address < block + engine.slot_usableSize(block)

/**
 * Addresses of all function bytecode. The cycle collector's objects are a ring, each with the address of the next in front; the
 * context is one of them, and so is the ring's head in the runtime object.
 */
function functionsOf(realm: Realm): number[] {
	const found: number[] = []
	for (let object = realm.word(realm.context); object !== realm.context; object = realm.word(object)) {
		const isFunction = (realm.bytes[object + KIND_OFFSET] & KIND_MASK) === FUNCTION_BYTECODE
		if (isFunction && !isIn(realm, realm.runtime, object)) found.push(object)
	}
	return found
}

/**
 * The opcodes a call into a booted realm may meet: those of all its functions. It has no parser that could make others; but when a
 * built-in is still to be read from bytecode of the engine's own, every opcode counts.
 *
 * Throws when the instructions of a function do not fill their place exactly: the engine's layout is not the expected one.
 */
export function usedOpcodes(realm: Realm): ReadonlySet<number> {
	if (hasLazy(realm, LAZY_KINDS.bytecode)) return new Set(Array.from({ length: OPCODES }, (_, opcode) => opcode))
	const sizes = instructionSizes(realm)
	const used = new Set<number>()
	for (const block of functionsOf(realm)) {
		const start = realm.word(block + FUNCTION.code)
		const code = realm.read(start, realm.word(block + FUNCTION.codeBytes))
		let at = 0
		while (at < code.length && sizes[code[at]]) {
			used.add(code[at])
			at += sizes[code[at]]
		}
		if (at !== code.length || !isIn(realm, block, start) || !isIn(realm, block, start + at - 1))
			throw new Error(`The function bytecode at ${block} is not laid out as expected.`)
	}
	return used
}

/**
 * Takes from all functions of a realm what only a compiler or a debugger reads of their variables: names and scopes. A closure needs
 * the place of a captured variable, and nothing of the others. An error about a variable then calls it `lexical variable`.
 */
export function forgetVariables(realm: Realm): void {
	const { engine, context, bytes } = realm
	const view = new DataView(bytes.buffer)
	const forget = (name: number): void => {
		engine.JS_FreeAtom(context, view.getUint32(name, true))
		bytes.fill(0, name, name + 4)
	}
	for (const block of functionsOf(realm)) {
		const half = (offset: number): number => view.getUint16(block + offset, true)
		const variables = realm.word(block + FUNCTION.variables)
		for (let index = 0; variables && index < half(FUNCTION.argumentCount) + half(FUNCTION.variableCount); index++) {
			const at = variables + VARIABLE.bytes * index
			forget(at)
			const isCaptured = bytes[at + VARIABLE.flags] & VARIABLE.captured
			bytes.fill(0, at, at + (isCaptured ? VARIABLE.flags : VARIABLE.bytes))
		}
		const closure = realm.word(block + FUNCTION.closure)
		for (let index = 0; index < half(FUNCTION.closureCount); index++) {
			const at = closure + CLOSURE_VARIABLE.bytes * index
			if ((bytes[at] & CLOSURE_VARIABLE.kindMask) <= LAST_BY_PLACE) forget(at + CLOSURE_VARIABLE.name)
		}
	}
}
