import { decompressCode, importedMemoryPages } from './code.ts'
import { RuntimeCallError, RuntimeCodeError, RuntimeTrap } from './errors.ts'
import { type CallContext, GuestMemory } from './guest.ts'
import { cryptoFunctions } from './host/crypto.ts'
import { hashingFunctions } from './host/hashing.ts'
import { miscFunctions } from './host/misc.ts'
import { offchainFunctions } from './host/offchain.ts'
import { storageFunctions } from './host/storage.ts'
import { MemoryImage } from './image.ts'

type EntryPoint = (pointer: number, length: number) => bigint

interface Instance {
	guest: GuestMemory
	image: MemoryImage
	exports: WebAssembly.Exports
}

/** Error lines of a call that are kept for its error message. */
const LOG_LINES = 8
const ERROR_LEVEL = 0

/** Compiled code; it can be posted to worker threads, which then need not compile it again. */
export interface CompiledRuntime {
	module: WebAssembly.Module
	/** Size of the memory that the module imports; null when it exports one. */
	memoryPages: number | null
}

/** Compiles a `:code` value. Throws `RuntimeCodeError`. */
export const compileRuntime = (code: Uint8Array): CompiledRuntime => {
	const wasm = decompressCode(code)
	try {
		return { module: new WebAssembly.Module(wasm as Uint8Array<ArrayBuffer>), memoryPages: importedMemoryPages(wasm) }
	} catch (error) {
		throw new RuntimeCodeError(`the runtime code (${code.length} bytes) is no WebAssembly module: ${(error as Error).message}`)
	}
}

/**
 * One runtime blob, ready to be called. Each call finds the memory as a new instance would have it, except the later calls of
 * a session. A call that fails discards the instance, since its globals may be anywhere.
 *
 * A session is one caller's series of calls: the calls that build a block, or a batch of validations. They share one instance
 * as the extrinsics within `Core_execute_block` do, so nothing may depend on it, and resetting is a good part of a short call.
 */
export class Runtime {
	readonly compiled: CompiledRuntime
	#instance: Instance | null = null
	#session: object | null = null

	constructor(compiled: CompiledRuntime) {
		this.compiled = compiled
	}

	/** Whether the blob exports this runtime API function. */
	has(method: string): boolean {
		return WebAssembly.Module.exports(this.compiled.module).some((item) => item.kind === 'function' && item.name === method)
	}

	/**
	 * Runs `method`. Its writes stay in the context's overlay when it returns and are taken back when it fails.
	 * Throws `RuntimeCallError`.
	 */
	call(method: string, input: Uint8Array, context: CallContext, session: object | null = null): Uint8Array {
		this.#instance ??= this.#instantiate()
		const { guest, image, exports } = this.#instance
		const { overlay } = context
		const errors: string[] = []
		const log: CallContext['log'] = (level, target, message) => {
			if (level === ERROR_LEVEL && errors.length < LOG_LINES) errors.push(message)
			context.log(level, target, message)
		}
		const depth = overlay.depth
		overlay.start()
		guest.enter({ ...context, log })
		try {
			const entry = exports[method]
			if (typeof entry !== 'function') throw new RuntimeTrap('the runtime has no such function')
			if (session === null || session !== this.#session) {
				image.restore(guest.allocator.top)
				guest.allocator.reset()
			}
			this.#session = session
			const result = guest.copy((entry as EntryPoint)(guest.put(input), input.length))
			if (overlay.depth !== depth + 1) throw new RuntimeTrap('it left storage transactions open')
			overlay.commit()
			return result
		} catch (error) {
			while (overlay.depth > depth) overlay.rollback()
			this.#instance = null
			this.#session = null
			throw new RuntimeCallError(method, reasonOf(error), errors)
		} finally {
			guest.enter(null)
		}
	}

	#instantiate(): Instance {
		const { module, memoryPages } = this.compiled
		const guest = new GuestMemory()
		const provided: Record<string, WebAssembly.ImportValue> = {
			...storageFunctions(guest),
			...cryptoFunctions(guest),
			...hashingFunctions(guest),
			...miscFunctions(guest),
			...offchainFunctions(guest),
		}
		const env: Record<string, WebAssembly.ImportValue> = {}
		for (const { kind, name } of WebAssembly.Module.imports(module)) if (kind === 'function') env[name] = provided[name] ?? missing(name)
		const imported = memoryPages === null ? null : new WebAssembly.Memory({ initial: memoryPages })
		if (imported) env.memory = imported
		let exports: WebAssembly.Exports
		try {
			exports = new WebAssembly.Instance(module, { env }).exports
		} catch (error) {
			throw new RuntimeCodeError(`the runtime code cannot be instantiated: ${reasonOf(error)}`)
		}
		const memory = imported ?? exports.memory
		const heapBase = exports.__heap_base
		if (!(memory instanceof WebAssembly.Memory) || !(heapBase instanceof WebAssembly.Global))
			throw new RuntimeCodeError('the runtime code has no memory or no global __heap_base: it is no Substrate runtime')
		guest.attach(memory, heapBase.value)
		const touchedEnd = exports.__touched_end
		const image = new MemoryImage(memory, heapBase.value, typeof touchedEnd === 'function' ? (touchedEnd as () => number) : null)
		return { guest, image, exports }
	}
}

/** A host function that this node does not give: calling it ends the call, having it in the blob does not matter. */
const missing = (name: string) => () => {
	throw new RuntimeTrap(`it called the host function ${name}, which this node does not provide`)
}

const reasonOf = (error: unknown): string => (error instanceof Error ? error.message : String(error))
