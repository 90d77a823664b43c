import fc from 'fast-check'
import { beforeAll, describe, expect, test } from 'vitest'
import { ARENA_BASE } from './layout.ts'
import { link } from './link.ts'
import { packBlob } from './pack.ts'
import { readEngine } from './quickjs.ts'
import { compileShim } from './shim.ts'
import { echoHost } from './testing/echo-host.ts'
import { BlobInstance } from './testing/v8-host.ts'
import { dropUnusedData, type Range } from './unused-data.ts'
import { encodeData, encodeModule, parseData, parseModule, SECTION, sectionBody } from './wasm.ts'

const TIMEOUT_MS = 240_000
const SEED = Number(process.env.FC_SEED ?? 20_261)
const ascii = (text: string): Uint8Array => new TextEncoder().encode(text)

const APIS = ['Test_asset', 'Test_power', 'Test_early']
const bundle = `(function () {
	'use strict'
	function power(base, exponent) { return base ** exponent }
	function early(aVariableWithALongName) {
		var read = function () { return alsoALongName + aVariableWithALongName }
		var seen = read()
		let alsoALongName = 1
		return seen + alsoALongName
	}
	globalThis.__runtime = {
		Test_asset: function (name) { return globalThis.__assets[String.fromCharCode.apply(null, name)] },
		Test_power: function (input) { return Uint8Array.of(power(input[0], input[1])) },
		Test_early: function (input) { return Uint8Array.of(early(input[0])) },
	}
})()`

/** Assets of all sizes: incompressible, runs, and repeats near and far, longer than any count that fits a byte. */
const part = fc.oneof(
	fc.uint8Array({ maxLength: 2000 }),
	fc.tuple(fc.nat(255), fc.nat(2000)).map(([value, length]) => new Uint8Array(length).fill(value)),
	fc
		.tuple(fc.uint8Array({ minLength: 1, maxLength: 700 }), fc.integer({ min: 1, max: 60 }))
		.map(([unit, count]) => Uint8Array.from({ length: unit.length * count }, (_, i) => unit[i % unit.length])),
)
const samples = fc.sample(
	fc.array(part, { maxLength: 6 }).map((parts) => Uint8Array.from(Buffer.concat(parts))),
	{ seed: SEED, numRuns: 40 },
)
/** Repeats at the farthest distance a copy can have, and one farther. */
const [unit] = fc.sample(fc.uint8Array({ minLength: 32_769, maxLength: 32_769, size: 'max' }), { seed: SEED, numRuns: 1 })
const repeats = [unit.subarray(1), unit].map((bytes) => Uint8Array.from([...bytes, ...bytes]))
const assets = Object.fromEntries([new Uint8Array(), ...repeats, ...samples].map((bytes, index) => [`asset ${index}`, bytes]))

let wasm: Uint8Array
beforeAll(async () => {
	console.log(`fast-check seed ${SEED}`)
	;({ wasm } = await packBlob({ bundle, assets, apis: APIS, runtimeVersion: new Uint8Array(), runtimeApis: new Uint8Array() }))
}, TIMEOUT_MS)

const call = (blob: Uint8Array, name: string, input: Uint8Array): { result?: Uint8Array; log: unknown } => {
	const host = echoHost()
	try {
		return { result: new BlobInstance(new WebAssembly.Module(blob as Uint8Array<ArrayBuffer>), host).call(name, input), log: undefined }
	} catch {
		return { log: host.calls.at(-1)?.[2] }
	}
}

/** The blob with other bytes in its memory. */
const withBytes = (at: number, bytes: Uint8Array): Uint8Array =>
	encodeModule(
		parseModule(wasm).map(({ id, body }) => ({
			id,
			body: id === SECTION.data ? encodeData([...parseData(body), { offset: at, bytes }]) : body,
		})),
	)

test('CHN-2 assets, packed or not, are read as they were given', () => {
	for (const [name, bytes] of Object.entries(assets)) {
		expect(Buffer.compare(call(wasm, 'Test_asset', ascii(name)).result!, bytes), name).toBe(0)
	}
})

test('a variable used too early is a ReferenceError without its name, which the image does not hold', () => {
	expect(call(wasm, 'Test_early', Uint8Array.of(1)).log).toMatch(/^ReferenceError: lexical variable is not initialized\n +at read/)
	for (const name of ['aVariableWithALongName', 'alsoALongName']) expect(Buffer.from(wasm).includes(name)).toBe(false)
})

test('an opcode that no function of the image has ends in an InternalError', () => {
	const [getArgument0, getArgument1, power, divide, giveBack] = [215, 216, 164, 154, 40]
	const segments = parseData(sectionBody(parseModule(wasm), SECTION.data))
	const instructions = Uint8Array.of(getArgument0, getArgument1, power, giveBack)
	const [at, ...others] = segments.flatMap(({ offset, bytes }) => {
		const index = Buffer.from(bytes).indexOf(instructions)
		return index < 0 ? [] : [offset + index]
	})
	expect(others).toEqual([])
	expect(call(wasm, 'Test_power', Uint8Array.of(3, 4)).result).toEqual(Uint8Array.of(81))
	expect(call(withBytes(at + 2, Uint8Array.of(divide)), 'Test_power', Uint8Array.of(3, 4)).log).toMatch(/^InternalError: invalid opcode/)
})

describe('static data of the engine', () => {
	const bytesOf = (ranges: readonly Range[]): number => ranges.reduce((sum, { from, to }) => sum + to - from, 0)
	let linked: Uint8Array
	beforeAll(async () => {
		linked = link(readEngine(), await compileShim(APIS)).wasm
	}, TIMEOUT_MS)
	const unusedWith = (address: number): readonly Range[] => {
		const bytes = new Uint8Array(4)
		new DataView(bytes.buffer).setUint32(0, address, true)
		return dropUnusedData(withBytes(ARENA_BASE + (24 << 20), bytes), linked).unused
	}

	test('is left out where nothing refers to it', () => {
		const { unused, wasm: again } = dropUnusedData(wasm, linked)
		expect(bytesOf(unused)).toBeGreaterThan(60_000)
		expect(Buffer.compare(again, wasm)).toBe(0)
	})

	test('stays when an address of it lies in memory', () => {
		const { unused } = dropUnusedData(wasm, linked)
		const decomposition = unused.find(({ from }) => from === 1_118_576)!
		expect(unusedWith(decomposition.from)).toEqual(unused.filter((range) => range !== decomposition))
	})
})
