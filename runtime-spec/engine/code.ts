import { concat, Reader, unsigned } from './wasm.ts'

/** The opcodes this folder names (spec: binary format, 5.4). */
export const OP = {
	brTable: 0x0e,
	callIndirect: 0x11,
	drop: 0x1a,
	i32Load: 0x28,
	i32Load8U: 0x2d,
	i32Load16U: 0x2f,
	i64Load16U: 0x33,
	i32Store: 0x36,
	i64Store32: 0x3e,
	i32Const: 0x41,
	i64Const: 0x42,
	i32Add: 0x6a,
	i32Sub: 0x6b,
	i32And: 0x71,
	i32Shl: 0x74,
} as const

export interface Instruction {
	opcode: number
	/** First byte, and first byte after it, in the code section. */
	at: number
	end: number
	/** Indices, labels (the default last), alignment and offset, an i32 constant, or the halves of an i64 one, the low half first. */
	immediates: number[]
}

/** A function's place in the code section. */
export interface FunctionBody {
	/** Where its declarations of locals begin, behind its length. */
	locals: number
	/** Its first instruction. */
	at: number
	end: number
}

type Format = (reader: Reader) => number[]
const none: Format = () => []
const index: Format = (reader) => [reader.unsigned()]
const two: Format = (reader) => [reader.unsigned(), reader.unsigned()]
const constant: Format = (reader) => [reader.signed()]
const skip =
	(bytes: number): Format =>
	(reader) => {
		reader.take(bytes)
		return []
	}
const halves: Format = (reader) => {
	const value = reader.signed64()
	return [Number(BigInt.asIntN(32, value)), Number(BigInt.asIntN(32, value >> 32n))]
}
const labels: Format = (reader) => [...reader.vector(() => reader.unsigned()), reader.unsigned()]
/** Saturating conversions, memory.copy, memory.fill: all of the prefix that the engine was compiled to. */
const prefixed: Format = (reader) => {
	const code = reader.unsigned()
	if (code > 11 || code === 8 || code === 9) throw new Error(`code: unknown instruction 0xfc ${code}`)
	return [code, ...(code === 10 ? two(reader) : code === 11 ? index(reader) : [])]
}

/** Formats by ranges of opcodes, first opcode of each range. */
const FORMATS: readonly (readonly [number, Format])[] = [
	[0x00, none],
	[0x02, constant], // block types
	[0x05, none],
	[0x0c, index], // branches
	[0x0e, labels],
	[0x0f, none],
	[0x10, index],
	[0x11, two],
	[0x12, none],
	[0x20, index], // locals and globals
	[0x25, none],
	[0x28, two], // loads and stores
	[0x3f, index],
	[0x41, constant],
	[0x42, halves],
	[0x43, skip(4)],
	[0x44, skip(8)],
	[0x45, none],
	[0xfc, prefixed],
]

const FORMAT_OF: readonly Format[] = Array.from({ length: 256 }, (_, opcode) => FORMATS.findLast(([first]) => first <= opcode)![1])

/** The functions of a code section. */
export function functionBodies(code: Uint8Array): FunctionBody[] {
	const reader = new Reader(code)
	return reader.vector(() => {
		const length = reader.unsigned()
		const locals = reader.at
		const end = locals + length
		reader.vector(() => [reader.unsigned(), reader.byte()])
		const at = reader.at
		reader.at = end
		return { locals, at, end }
	})
}

/** The instructions of one function. Throws when they do not end where the function ends. */
export function instructions(code: Uint8Array, { at, end }: FunctionBody): Instruction[] {
	const reader = new Reader(code, at)
	const found: Instruction[] = []
	while (reader.at < end) {
		const from = reader.at
		const opcode = reader.byte()
		found.push({ opcode, at: from, immediates: FORMAT_OF[opcode](reader), end: reader.at })
	}
	if (reader.at !== end) throw new Error(`code: the instructions end at ${reader.at} instead of ${end}`)
	return found
}

/** Bytes that take the place of those from `at` to `end` in the code section. */
export interface Edit {
	at: number
	end: number
	bytes: Uint8Array
}

/** The code section with the edits of each function, which must not overlap. */
export function edited(code: Uint8Array, bodies: readonly FunctionBody[], edits: readonly (readonly Edit[])[]): Uint8Array {
	const functions = bodies.map(({ locals, end }, index) => {
		const parts: Uint8Array[] = []
		let from = locals
		for (const edit of edits[index].toSorted((a, b) => a.at - b.at)) {
			parts.push(code.subarray(from, edit.at), edit.bytes)
			from = edit.end
		}
		const body = concat(...parts, code.subarray(from, end))
		return concat(unsigned(body.length), body)
	})
	return concat(unsigned(functions.length), ...functions)
}
