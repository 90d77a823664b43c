import binaryen from 'binaryen'

const { Features: F, i32, i64, none } = binaryen

/** What the engine was compiled with. */
const ENGINE_FEATURES =
	F.MutableGlobals | F.SignExt | F.BulkMemory | F.BulkMemoryOpt | F.NontrappingFPToInt | F.Multivalue | F.ReferenceTypes | F.ExtendedConst

/** binaryen.js takes the features as a second argument, which its type declarations leave out. */
const readBinary: (wasm: Uint8Array, features: number) => binaryen.Module = binaryen.readBinary

/** Reads a module made of the engine. The caller disposes of it. */
export const readEngineModule = (wasm: Uint8Array): binaryen.Module => readBinary(wasm, ENGINE_FEATURES)

/** Internal name of an exported function. */
export function exported(module: binaryen.Module, name: string): string {
	const reference = module.getExport(name)
	if (!reference) throw new Error(`the module does not export ${name}`)
	return binaryen.getExportInfo(reference).value
}

/** The function the body of `name` consists of a call to. */
function onlyCallee(module: binaryen.Module, name: string): string {
	const body = binaryen.getExpressionInfo(binaryen.getFunctionInfo(module.getFunction(name)).body)
	if (body.id !== binaryen.CallId) throw new Error(`the body of ${name} is not a single call`)
	return (body as binaryen.CallInfo).target
}

/** Replaces the body of function `name`, of `arity` i32 parameters, by a call of `target` with its parameters from `first` on. */
export function redirect(module: binaryen.Module, name: string, arity: number, result: binaryen.Type, target: string, first = 0): void {
	const parameters = binaryen.createType(Array.from({ length: arity }, () => i32))
	const operands = Array.from({ length: arity - first }, (_, index) => module.local.get(first + index, i32))
	module.removeFunction(name)
	module.addFunction(name, parameters, result, [], module.call(target, operands, result))
}

/** Tags of reference-counted values are the negative ones, from JS_TAG_FIRST (-9) on: unsigned, all values from here. */
const COUNTED_FROM = -9n << 32n
/** Where the count lies before a counted value's payload, see shim/allocator.ts. */
const COUNT_OFFSET = 4

/**
 * Gives `JS_FreeValueRT(runtime, value)` a way out without a C stack frame when there is nothing to free: the value is not counted,
 * or others still hold it. That is nearly always, and it is called several times for each bytecode instruction.
 */
export function shortenFree(wasm: Uint8Array): Uint8Array {
	const module = readEngineModule(wasm)
	try {
		const name = exported(module, 'JS_FreeValueRT')
		const { params, vars, body } = binaryen.getFunctionInfo(module.getFunction(name))
		const whole = `${name}$whole`
		module.addFunction(whole, params, none, vars, module.copyExpression(body))
		module.removeFunction(name)
		const runtime = (): number => module.local.get(0, i32)
		const value = (): number => module.local.get(1, i64)
		const at = (): number => module.local.get(2, i32)
		const count = (): number => module.local.get(3, i32)
		const short = module.block('done', [
			module.br('done', module.i64.lt_u(value(), module.i64.const(COUNTED_FROM))),
			module.local.set(2, module.i32.sub(module.i32.wrap(value()), module.i32.const(COUNT_OFFSET))),
			module.local.set(3, module.i32.load(0, 4, at())),
			module.if(
				module.i32.gt_s(count(), module.i32.const(1)),
				module.i32.store(0, 4, at(), module.i32.sub(count(), module.i32.const(1))),
				module.call(whole, [runtime(), value()], none),
			),
		])
		module.addFunction(name, params, none, [i32, i32], short)
		return module.emitBinary()
	} finally {
		module.dispose()
	}
}

/**
 * Puts the shim's allocator in the place of libc's, which would grow the memory, and of the engine's own slabs, which are slower and
 * count what the blob does not ask for (js_*_rt; the first parameter is the runtime). The block header has the engine's layout. The
 * report of an exhausted arena becomes the one that works then. It has to happen before the boot: a block must be freed by the
 * allocator that made it.
 */
export function useArena(wasm: Uint8Array): Uint8Array {
	const module = readEngineModule(wasm)
	try {
		const own = (name: string): string => exported(module, name)
		redirect(module, onlyCallee(module, own('malloc')), 1, i32, own('alloc'))
		redirect(module, onlyCallee(module, own('free')), 1, none, own('release'))
		redirect(module, own('calloc'), 2, i32, own('allocZeroed'))
		redirect(module, own('realloc'), 2, i32, own('resize'))
		redirect(module, own('js_malloc_rt'), 2, i32, own('alloc'), 1)
		redirect(module, own('js_free_rt'), 2, none, own('release'), 1)
		redirect(module, own('js_calloc_rt'), 3, i32, own('allocZeroed'), 1)
		redirect(module, own('js_realloc_rt'), 3, i32, own('resize'), 1)
		redirect(module, onlyCallee(module, own('js_malloc_usable_size_rt')), 2, i32, own('usableSize'), 1)
		redirect(module, own('JS_ThrowOutOfMemory'), 1, i64, own('throwOutOfMemory'))
		return module.emitBinary()
	} finally {
		module.dispose()
	}
}
