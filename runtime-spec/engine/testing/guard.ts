import binaryen from 'binaryen'
import { C_STACK_BYTES, SHIM_BASE } from '../layout.ts'
import type { Range } from '../unused-data.ts'
import { encodeData, encodeModule, parseData, parseModule, SECTION } from '../wasm.ts'

const { i32, i64, f32, f64 } = binaryen

/** One bit for each byte of the engine's data, kept in the shim's page behind its state. */
const MAP = SHIM_BASE + 0x8000
/** C's string functions read whole words, up to three bytes behind the zero. */
const WORD_BYTES = 4

function mapOf(ranges: readonly Range[]): Uint8Array {
	const map = new Uint8Array((SHIM_BASE - C_STACK_BYTES) / 8)
	for (const { from, to } of ranges) {
		const start = (from + WORD_BYTES - 1) & -WORD_BYTES
		for (let at = start - C_STACK_BYTES; at < to - C_STACK_BYTES; at++) map[at >> 3] |= 1 << (at & 7)
	}
	return map
}

/** The blob, but trapping when it reads a byte of `ranges` of the engine's data. */
export function guarded(blob: Uint8Array, ranges: readonly Range[]): Uint8Array {
	const map = { offset: MAP, bytes: mapOf(ranges) }
	const module = binaryen.readBinary(
		encodeModule(
			parseModule(blob).map(({ id, body }) => ({ id, body: id === SECTION.data ? encodeData([...parseData(body), map]) : body })),
		),
	)
	try {
		// Calls a function with the address before each load and store, and with the value after it; binaryen imports them.
		module.runPasses(['instrument-memory'])
		const define = (name: string, parameters: binaryen.Type[], result: binaryen.Type, body: number): void => {
			if (!module.getFunction(name)) return
			module.removeFunction(name)
			module.addFunction(name, binaryen.createType(parameters), result, [i32], body)
		}
		const address = (): number => module.local.get(3, i32)
		const distance = (): number => module.local.get(4, i32)
		const byte = module.i32.load8_u(MAP, 1, module.i32.shr_u(distance(), module.i32.const(3)))
		const bit = module.i32.and(module.i32.shr_u(byte, module.i32.and(distance(), module.i32.const(7))), module.i32.const(1))
		const isData = module.i32.lt_u(distance(), module.i32.const(SHIM_BASE - C_STACK_BYTES))
		const first = module.i32.add(address(), module.local.get(2, i32))
		const check = [
			module.local.set(4, module.i32.sub(first, module.i32.const(C_STACK_BYTES))),
			module.if(isData, module.if(bit, module.unreachable())),
			address(),
		]
		// (id, bytes, offset, address)
		define('load_ptr', [i32, i32, i32, i32], i32, module.block(null, check, i32))
		define('store_ptr', [i32, i32, i32, i32], i32, address())
		for (const [suffix, type] of Object.entries({ i32, i64, f32, f64 })) {
			for (const kind of ['load', 'store']) define(`${kind}_val_${suffix}`, [i32, type], type, module.local.get(1, type))
		}
		module.runPasses(['remove-unused-module-elements'])
		if (!module.validate()) throw new Error('The guarded blob is not valid WebAssembly.')
		return module.emitBinary()
	} finally {
		module.dispose()
	}
}
