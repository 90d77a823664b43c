/** Reads and writes the WebAssembly binary format, as far as linking and snapshots need it (spec: binary format, chapter 5). */

export const SECTION = {
	custom: 0,
	type: 1,
	import: 2,
	function: 3,
	table: 4,
	memory: 5,
	global: 6,
	export: 7,
	element: 9,
	code: 10,
	data: 11,
	dataCount: 12,
} as const
export const KIND = { function: 0, table: 1, memory: 2, global: 3 } as const

const OP_END = 0x0b
const OP_I32_CONST = 0x41
const TYPE_I32 = 0x7f
const TYPE_FUNCREF = 0x70
const MAGIC = Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0)

const encoder = new TextEncoder()
const decoder = new TextDecoder()

export interface Section {
	id: number
	body: Uint8Array
}
export interface Limits {
	min: number
	max: number | undefined
}
export interface Import {
	module: string
	name: string
	kind: number
	/** The encoded description: type index, limits, or global type. */
	description: Uint8Array
}
export interface Export {
	name: string
	kind: number
	index: number
}
/** Functions placed in table 0 from slot `offset` on. */
export interface ElementSegment {
	offset: number
	functions: number[]
}
/** Bytes placed in memory 0 at `offset`. */
export interface DataSegment {
	offset: number
	bytes: Uint8Array
}

export function concat(...parts: Uint8Array[]): Uint8Array {
	const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0))
	let at = 0
	for (const part of parts) {
		whole.set(part, at)
		at += part.length
	}
	return whole
}

/** Unsigned LEB128 of a u32. */
export function unsigned(value: number): Uint8Array {
	const out: number[] = []
	let rest = value >>> 0
	do {
		out.push((rest & 0x7f) | (rest > 0x7f ? 0x80 : 0))
		rest >>>= 7
	} while (rest)
	return Uint8Array.from(out)
}

/** Signed LEB128 of an i32. */
function signed(value: number): Uint8Array {
	const out: number[] = []
	for (let rest = value | 0; ; rest >>= 7) {
		const last = rest >> 6 === 0 || rest >> 6 === -1
		out.push((rest & 0x7f) | (last ? 0 : 0x80))
		if (last) return Uint8Array.from(out)
	}
}

const text = (value: string): Uint8Array => {
	const bytes = encoder.encode(value)
	return concat(unsigned(bytes.length), bytes)
}
const vector = (items: Uint8Array[]): Uint8Array => concat(unsigned(items.length), ...items)
const i32Const = (value: number): Uint8Array => concat(Uint8Array.of(OP_I32_CONST), signed(value), Uint8Array.of(OP_END))

/** Reads forward from `at`. */
export class Reader {
	at: number
	readonly bytes: Uint8Array
	constructor(bytes: Uint8Array, at = 0) {
		this.bytes = bytes
		this.at = at
	}
	byte(): number {
		return this.bytes[this.at++]
	}
	take(length: number): Uint8Array {
		this.at += length
		return this.bytes.subarray(this.at - length, this.at)
	}
	unsigned(): number {
		let value = 0
		for (let shift = 0; ; shift += 7) {
			const byte = this.byte()
			value |= (byte & 0x7f) << shift
			if (byte < 0x80) return value >>> 0
		}
	}
	signed(): number {
		let value = 0
		for (let shift = 0; ; ) {
			const byte = this.byte()
			value |= (byte & 0x7f) << shift
			shift += 7
			if (byte < 0x80) return shift < 32 && byte & 0x40 ? value | (-1 << shift) : value
		}
	}
	signed64(): bigint {
		let value = 0n
		for (let shift = 0n; ; ) {
			const byte = this.byte()
			value |= BigInt(byte & 0x7f) << shift
			shift += 7n
			if (byte < 0x80) return byte & 0x40 ? value | (-1n << shift) : value
		}
	}
	text(): string {
		return decoder.decode(this.take(this.unsigned()))
	}
	limits(): Limits {
		const flag = this.byte()
		const min = this.unsigned()
		return { min, max: flag & 1 ? this.unsigned() : undefined }
	}
	vector<T>(item: () => T): T[] {
		return Array.from({ length: this.unsigned() }, item)
	}
	/** The operand of a constant expression made of one `i32.const`. */
	i32Const(what: string): number {
		if (this.byte() !== OP_I32_CONST) throw new Error(`${what}: the offset is not an i32.const`)
		const value = this.signed()
		if (this.byte() !== OP_END) throw new Error(`${what}: the offset is more than one instruction`)
		return value
	}
}

export function parseModule(bytes: Uint8Array): Section[] {
	const reader = new Reader(bytes)
	reader.take(MAGIC.length)
	const sections: Section[] = []
	while (reader.at < bytes.length) {
		const id = reader.byte()
		sections.push({ id, body: reader.take(reader.unsigned()) })
	}
	return sections
}

export function encodeModule(sections: Section[]): Uint8Array {
	return concat(MAGIC, ...sections.flatMap(({ id, body }) => [Uint8Array.of(id), unsigned(body.length), body]))
}

/** The body of the only section with this id. */
export function sectionBody(sections: Section[], id: number): Uint8Array {
	const section = sections.find((s) => s.id === id)
	if (!section) throw new Error(`the module has no section ${id}`)
	return section.body
}

/** Name of a custom section. */
export const customName = (body: Uint8Array): string => new Reader(body).text()

export function parseImports(body: Uint8Array): Import[] {
	const reader = new Reader(body)
	return reader.vector(() => {
		const module = reader.text()
		const name = reader.text()
		const kind = reader.byte()
		const start = reader.at
		if (kind === KIND.function) reader.unsigned()
		else if (kind === KIND.table) {
			reader.byte()
			reader.limits()
		} else if (kind === KIND.memory) reader.limits()
		else reader.take(2)
		return { module, name, kind, description: body.subarray(start, reader.at) }
	})
}

export const encodeImports = (imports: Import[]): Uint8Array =>
	vector(imports.map(({ module, name, kind, description }) => concat(text(module), text(name), Uint8Array.of(kind), description)))

export function parseExports(body: Uint8Array): Export[] {
	const reader = new Reader(body)
	return reader.vector(() => ({ name: reader.text(), kind: reader.byte(), index: reader.unsigned() }))
}

export const encodeExports = (exports: Export[]): Uint8Array =>
	vector(exports.map(({ name, kind, index }) => concat(text(name), Uint8Array.of(kind), unsigned(index))))

/** Indices among the module's own functions of those it exports, by name. */
export function exportedFunctions(sections: Section[]): ReadonlyMap<string, number> {
	const imported = parseImports(sectionBody(sections, SECTION.import)).filter(({ kind }) => kind === KIND.function).length
	const functions = parseExports(sectionBody(sections, SECTION.export)).filter(({ kind }) => kind === KIND.function)
	return new Map(functions.map(({ name, index }) => [name, index - imported]))
}

const encodeLimits = ({ min, max }: Limits): Uint8Array =>
	max === undefined ? concat(Uint8Array.of(0), unsigned(min)) : concat(Uint8Array.of(1), unsigned(min), unsigned(max))

/** Limits of the only memory, in pages. */
export function parseMemory(body: Uint8Array): Limits {
	const reader = new Reader(body)
	if (reader.unsigned() !== 1) throw new Error('the module must have one memory')
	return reader.limits()
}

export const encodeMemory = (limits: Limits): Uint8Array => concat(unsigned(1), encodeLimits(limits))

/** Limits of the only function table, in slots. */
export function parseTable(body: Uint8Array): Limits {
	const reader = new Reader(body)
	if (reader.unsigned() !== 1 || reader.byte() !== TYPE_FUNCREF) throw new Error('the module must have one function table')
	return reader.limits()
}

export const encodeTable = (slots: number): Uint8Array =>
	concat(unsigned(1), Uint8Array.of(TYPE_FUNCREF), encodeLimits({ min: slots, max: slots }))

/** Adds an immutable i32 global; returns the new body and the global's index among the module's own globals. */
export function addI32Global(body: Uint8Array, value: number): { body: Uint8Array; index: number } {
	const reader = new Reader(body)
	const index = reader.unsigned()
	return { body: concat(unsigned(index + 1), body.subarray(reader.at), Uint8Array.of(TYPE_I32, 0), i32Const(value)), index }
}

/** Active segments of table 0 only; the engine has no others. */
export function parseElements(body: Uint8Array): ElementSegment[] {
	const reader = new Reader(body)
	return reader.vector(() => {
		if (reader.unsigned() !== 0) throw new Error('element segment: only active segments of table 0 are understood')
		const offset = reader.i32Const('element segment')
		return { offset, functions: reader.vector(() => reader.unsigned()) }
	})
}

export const encodeElements = (segments: ElementSegment[]): Uint8Array =>
	vector(segments.map(({ offset, functions }) => concat(unsigned(0), i32Const(offset), vector(functions.map(unsigned)))))

/** A gap of zeros shorter than this is cheaper inside a segment than the head of another one, which takes 8 bytes. */
const MIN_GAP_BYTES = 9

/** The non-zero ranges of memory. */
export function nonZero(memory: Uint8Array): DataSegment[] {
	const segments: DataSegment[] = []
	for (let at = 0; at < memory.length; ) {
		if (!memory[at]) {
			at++
			continue
		}
		let end = at + 1
		for (let next = end; next < memory.length && next - end < MIN_GAP_BYTES; next++) if (memory[next]) end = next + 1
		segments.push({ offset: at, bytes: memory.subarray(at, end) })
		at = end
	}
	return segments
}

/** Active segments of memory 0 only. */
export function parseData(body: Uint8Array): DataSegment[] {
	const reader = new Reader(body)
	return reader.vector(() => {
		if (reader.unsigned() !== 0) throw new Error('data segment: only active segments of memory 0 are understood')
		const offset = reader.i32Const('data segment')
		return { offset, bytes: reader.take(reader.unsigned()) }
	})
}

export const encodeData = (segments: DataSegment[]): Uint8Array =>
	vector(segments.map(({ offset, bytes }) => concat(unsigned(0), i32Const(offset), unsigned(bytes.length), bytes)))
