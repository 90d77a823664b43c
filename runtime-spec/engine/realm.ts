import { bootImports } from './boot-host.ts'
import { ARENA_BASE, ARENA_BYTES, C_STACK_BYTES, JS_STACK_BYTES } from './layout.ts'
import type { Linked } from './link.ts'

/** A JSValue: NaN-boxed 64 bits, `tag << 32 | payload`. The engine returns it as a signed bigint; here it is always unsigned. */
export type JsValue = bigint

const TAG_EXCEPTION = 6
export const UNDEFINED: JsValue = 3n << 32n

/** Intrinsics of the runtime's realm: all that is deterministic and needs no parser. */
export const RUNTIME_INTRINSICS = ['BaseObjects', 'BigInt', 'MapSet', 'TypedArrays'] as const
/** Everything the engine has; only to compile, and to find what the runtime's realm lacks. */
export const ALL_INTRINSICS = [
	...RUNTIME_INTRINSICS,
	'Date',
	'Eval',
	'RegExp',
	'JSON',
	'Proxy',
	'Promise',
	'WeakRef',
	'DOMException',
	'AToB',
] as const
export type Intrinsic = (typeof ALL_INTRINSICS)[number]

/** Stack for compiling and for walks over the whole realm at pack time: nearly all of the C stack. */
export const PACK_STACK_BYTES = C_STACK_BYTES - (124 << 10)

/** `JS_SetGCThreshold(-1)`: the cycle collector never starts by itself, so no call pays for one at an unpredictable point. */
const NO_CYCLE_COLLECTION = -1

/** The exports of the linked module that pack time uses. Pointers and sizes are numbers, JSValues bigints. */
interface EngineExports {
	memory: WebAssembly.Memory
	__stack_pointer: WebAssembly.Global<'i32'>
	_initialize(): void
	JS_NewRuntime2(functions: number, opaque: number): number
	JS_NewRuntime(): number
	JS_SetMaxStackSize(runtime: number, bytes: number): void
	JS_SetGCThreshold(runtime: number, bytes: number): void
	JS_RunGC(runtime: number): void
	JS_NewContextRaw(runtime: number): number
	JS_GetGlobalObject(context: number): bigint
	JS_NewObject(context: number): bigint
	JS_NewCFunction2(context: number, slot: number, name: number, length: number, type: number, magic: number): bigint
	JS_NewUint8ArrayCopy(context: number, data: number, length: number): bigint
	JS_GetPropertyStr(context: number, object: bigint, name: number): bigint
	JS_GetPropertyUint32(context: number, object: bigint, index: number): bigint
	JS_SetPropertyStr(context: number, object: bigint, name: number, value: bigint): number
	JS_IsFunction(context: number, value: bigint): number
	JS_GetClassID(value: bigint): number
	JS_FreeValue(context: number, value: bigint): void
	JS_FreeAtom(context: number, atom: number): void
	JS_Eval(context: number, source: number, length: number, file: number, flags: number): bigint
	JS_EvalFunction(context: number, code: bigint): bigint
	JS_WriteObject(context: number, lengthAt: number, code: bigint, flags: number): number
	JS_ReadObject(context: number, data: number, length: number, flags: number): bigint
	slot_malloc(opaque: number, size: number): number
	slot_free(opaque: number, block: number): void
	slot_usableSize(block: number): number
	shim_arena(from: number, to: number): void
	shim_gap(): number
	shim_scrub(): void
	shim_realm(runtime: number, context: number, hostFree: number): void
	shim_function(index: number, value: bigint): void
	shim_error(): bigint
}

const JS_EVAL_COMPILE_ONLY = 1 << 5
const JS_BYTECODE = 1
const JS_STRIP_SOURCE = 1 << 4
const JS_STRIP_DEBUG = 1 << 5
/** Order of the fields of the engine's JSMallocFunctions. */
const MALLOC_FUNCTIONS = ['slot_calloc', 'slot_malloc', 'slot_free', 'slot_realloc', 'slot_usableSize']

export const tagOf = (value: JsValue): number => Number(BigInt.asIntN(32, value >> 32n))
export const pointerOf = (value: JsValue): number => Number(value & 0xffff_ffffn)

/** One instance of the linked module with one JavaScript realm, driven through the engine's C API. Pack time only: none of this is in the blob. */
export class Realm {
	readonly engine: EngineExports
	readonly runtime: number
	readonly context: number
	readonly global: JsValue
	readonly #linked: Linked

	constructor(linked: Linked, intrinsics: readonly Intrinsic[], stackBytes: number = JS_STACK_BYTES) {
		this.#linked = linked
		const imports = bootImports(linked.module, () => ({ read: (span) => this.readSpan(span), place: (bytes) => this.place(bytes) }))
		const instance = new WebAssembly.Instance(linked.module, imports)
		this.engine = instance.exports as unknown as EngineExports
		this.engine.shim_arena(ARENA_BASE, ARENA_BASE + ARENA_BYTES)
		this.engine._initialize()
		this.runtime = this.#newRuntime()
		this.engine.JS_SetMaxStackSize(this.runtime, stackBytes)
		this.engine.JS_SetGCThreshold(this.runtime, NO_CYCLE_COLLECTION)
		this.context = this.engine.JS_NewContextRaw(this.runtime)
		for (const name of intrinsics) this.addIntrinsic(name)
		this.engine.shim_realm(this.runtime, this.context, this.slot('slot_hostFree'))
		this.global = BigInt.asUintN(64, this.engine.JS_GetGlobalObject(this.context))
	}

	#newRuntime(): number {
		const slots = MALLOC_FUNCTIONS.map((name) => this.slot(name))
		const functions = this.place(new Uint8Array(Uint32Array.from(slots).buffer))
		const runtime = this.engine.JS_NewRuntime2(functions, 0)
		this.free(functions)
		if (!runtime) throw new Error('The engine could not start in its arena.')
		return runtime
	}

	addIntrinsic(name: string): void {
		const add = (this.engine as unknown as Record<string, (context: number) => number>)[`JS_AddIntrinsic${name}`]
		add(this.context)
	}

	/** Table slot of a C-callable function of the shim. */
	slot(name: string): number {
		const slot = this.#linked.slots.get(name)
		if (slot === undefined) throw new Error(`the shim has no function ${name}`)
		return slot
	}

	get bytes(): Uint8Array {
		return new Uint8Array(this.engine.memory.buffer)
	}
	/** Word at a byte address. */
	word(address: number): number {
		return new DataView(this.engine.memory.buffer).getUint32(address, true)
	}
	place(bytes: Uint8Array): number {
		const block = this.engine.slot_malloc(0, bytes.length)
		if (!block)
			throw new Error(`The arena of ${ARENA_BYTES} bytes has no room for ${bytes.length} more: the bundle or its assets are too large.`)
		this.bytes.set(bytes, block)
		return block
	}
	free(block: number): void {
		this.engine.slot_free(0, block)
	}
	read(address: number, length: number): Uint8Array {
		return this.bytes.slice(address, address + length)
	}
	readSpan(span: bigint): Uint8Array {
		return this.read(pointerOf(span), Number(BigInt.asUintN(64, span) >> 32n))
	}

	/** Runs `use` with a zero-terminated copy of `text`. */
	withText<T>(text: string, use: (pointer: number, length: number) => T): T {
		const bytes = new TextEncoder().encode(`${text}\0`)
		const block = this.place(bytes)
		try {
			return use(block, bytes.length - 1)
		} finally {
			this.free(block)
		}
	}

	/** Passes a result on, or throws the realm's pending exception as an Error of ours. */
	check(value: bigint): JsValue {
		const result = BigInt.asUintN(64, value)
		if (tagOf(result) !== TAG_EXCEPTION) return result
		throw new Error(new TextDecoder().decode(this.readSpan(this.engine.shim_error())))
	}
	getProperty(object: JsValue, name: string): JsValue {
		return this.withText(name, (pointer) => this.check(this.engine.JS_GetPropertyStr(this.context, object, pointer)))
	}
	/** Takes over the reference to `value`. */
	setProperty(object: JsValue, name: string, value: bigint): void {
		this.withText(name, (pointer) => this.engine.JS_SetPropertyStr(this.context, object, pointer, value))
	}
	newObject(): JsValue {
		return this.check(this.engine.JS_NewObject(this.context))
	}
	/** A Uint8Array of a copy. */
	newBytes(bytes: Uint8Array): JsValue {
		const data = this.place(bytes)
		const array = this.check(this.engine.JS_NewUint8ArrayCopy(this.context, data, bytes.length))
		this.free(data)
		return array
	}
	release(value: JsValue): void {
		this.engine.JS_FreeValue(this.context, value)
	}

	/**
	 * Compiles a script to bytecode without its source and line numbers (35 KB of the runtime's image): a stack names functions only.
	 * The native run of the same script tells the lines. Needs the `Eval` intrinsic.
	 */
	compile(source: string, file: string): Uint8Array {
		const code = this.withText(source, (text, length) =>
			this.withText(file, (name) => this.check(this.engine.JS_Eval(this.context, text, length, name, JS_EVAL_COMPILE_ONLY))),
		)
		const lengthAt = this.place(new Uint8Array(4))
		const data = this.engine.JS_WriteObject(this.context, lengthAt, code, JS_BYTECODE | JS_STRIP_SOURCE | JS_STRIP_DEBUG)
		if (!data) this.check(BigInt(TAG_EXCEPTION) << 32n)
		return this.read(data, this.word(lengthAt))
	}
	/** Makes the functions of a compiled script. */
	load(bytecode: Uint8Array): JsValue {
		const data = this.place(bytecode)
		const script = this.check(this.engine.JS_ReadObject(this.context, data, bytecode.length, JS_BYTECODE))
		this.free(data)
		return script
	}
	/** Runs a loaded script, which is gone afterwards. */
	evaluate(script: JsValue): void {
		this.release(this.check(this.engine.JS_EvalFunction(this.context, script)))
	}
	/** Runs a compiled script. */
	run(bytecode: Uint8Array): void {
		this.evaluate(this.load(bytecode))
	}
}

/** Compiles `source` with the complete engine; throws its syntax errors. */
export const compileScript = (linked: Linked, source: string, file: string): Uint8Array =>
	new Realm(linked, ALL_INTRINSICS, PACK_STACK_BYTES).compile(source, file)
