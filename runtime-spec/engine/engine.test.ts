import binaryen from 'binaryen'
import fc from 'fast-check'
import { beforeAll, describe, expect, test } from 'vitest'
import { decompressBlob } from './compress.ts'
import { ARENA_BASE, ARENA_BYTES, PAGE_BYTES, TABLE_LIMIT } from './layout.ts'
import { packBlob } from './pack.ts'
import { ABSENT_GLOBALS, DELETED } from './realm-rules.ts'
import { type Argument, echoHost } from './testing/echo-host.ts'
import { decodeResult, encodeCall, PROBE_APIS, probeBundle } from './testing/probe-bundle.ts'
import { BlobInstance } from './testing/v8-host.ts'
import { parseModule, parseTable, SECTION, sectionBody } from './wasm.ts'

const PACK_TIMEOUT_MS = 240_000
const SEED = Number(process.env.FC_SEED ?? 20_261)
const ascii = (text: string): Uint8Array => new TextEncoder().encode(text)
const fromAscii = (bytes: Uint8Array): string => new TextDecoder().decode(bytes)

const HOST_FUNCTIONS = [
	...['get', 'set', 'append', 'clear', 'exists', 'next_key'].map((name) => `ext_storage_${name}_version_1`),
	...['ext_storage_clear_prefix_version_2', 'ext_storage_root_version_2', 'ext_trie_blake2_256_ordered_root_version_2'],
	...['start', 'commit', 'rollback'].map((name) => `ext_storage_${name}_transaction_version_1`),
	...['twox_64', 'twox_128', 'blake2_128', 'blake2_256', 'keccak_256'].map((name) => `ext_hashing_${name}_version_1`),
	...['ext_crypto_sr25519_verify_version_2', 'ext_crypto_ed25519_verify_version_1'],
	...['ext_crypto_secp256k1_ecdsa_recover_version_2', 'ext_crypto_secp256k1_ecdsa_recover_compressed_version_2'],
	...['sr25519_generate', 'ed25519_generate', 'sr25519_sign', 'ed25519_sign'].map((name) => `ext_crypto_${name}_version_1`),
	...['ext_misc_runtime_version_version_1', 'ext_offchain_submit_transaction_version_1'],
	...['ext_logging_log_version_1', 'ext_allocator_malloc_version_1', 'ext_allocator_free_version_1'],
]

const input = {
	bundle: probeBundle,
	assets: { metadata: Uint8Array.from({ length: 5000 }, (_, i) => i * 7), empty: new Uint8Array() },
	apis: PROBE_APIS,
	runtimeVersion: ascii('the runtime version'),
	runtimeApis: ascii('the runtime apis'),
}

let wasm: Uint8Array
let compressed: Uint8Array
let module: WebAssembly.Module
beforeAll(async () => {
	console.log(`fast-check seed ${SEED}`)
	;({ wasm, compressed } = await packBlob(input))
	module = new WebAssembly.Module(wasm as Uint8Array<ArrayBuffer>)
}, PACK_TIMEOUT_MS)

const start = (): { host: ReturnType<typeof echoHost>; blob: BlobInstance } => {
	const host = echoHost()
	return { host, blob: new BlobInstance(module, host) }
}

describe('the file', () => {
	test(
		'is the same, byte for byte, when packed again',
		async () => {
			const again = await packBlob({ ...input, assets: { empty: input.assets.empty, metadata: input.assets.metadata } })
			expect(Buffer.compare(again.wasm, wasm)).toBe(0)
			expect(Buffer.compare(again.compressed, compressed)).toBe(0)
		},
		PACK_TIMEOUT_MS,
	)

	test('imports host functions of the contract and nothing else', () => {
		const imports = WebAssembly.Module.imports(module)
		expect(imports.filter(({ module: from, kind }) => from !== 'env' || kind !== 'function')).toEqual([])
		expect(imports.map(({ name }) => name).filter((name) => !HOST_FUNCTIONS.includes(name))).toEqual([])
	})

	test('exports memory, an immutable __heap_base behind the arena, __touched_end, and the API functions', () => {
		const exports = WebAssembly.Module.exports(module).map(({ name, kind }) => `${kind} ${name}`)
		const own = ['global __heap_base', 'memory memory', 'function __touched_end']
		expect(exports.sort()).toEqual([...own, ...PROBE_APIS.map((name) => `function ${name}`)].sort())
		const parsed = binaryen.readBinary(wasm)
		const global = binaryen.getGlobalInfo(parsed.getGlobal(binaryen.getExportInfo(parsed.getExport('__heap_base')).value))
		expect(global.mutable).toBe(false)
		expect(binaryen.getExpressionInfo(global.init)).toMatchObject({ value: ARENA_BASE + ARENA_BYTES })
		expect(start().blob.pages).toBe((ARENA_BASE + ARENA_BYTES) / PAGE_BYTES)
		parsed.dispose()
	})

	test('holds MVP instructions only, no memory.grow, no start function, and a table within the limit', () => {
		const parsed = binaryen.readBinary(wasm)
		parsed.setFeatures(binaryen.Features.MVP)
		expect(parsed.validate()).toBe(1)
		expect(parsed.emitText()).not.toMatch(/memory\.grow|\(start /)
		parsed.dispose()
		expect(parseTable(sectionBody(parseModule(wasm), SECTION.table)).min).toBeLessThanOrEqual(TABLE_LIMIT)
	})

	test('carries the custom sections and survives compression', async () => {
		const section = (name: string): string => fromAscii(new Uint8Array(WebAssembly.Module.customSections(module, name)[0]))
		expect(section('runtime_version')).toBe('the runtime version')
		expect(section('runtime_apis')).toBe('the runtime apis')
		expect(Buffer.from(compressed.subarray(0, 8)).toString('hex')).toBe('52bc537646db8e05')
		expect(Buffer.compare(await decompressBlob(compressed), wasm)).toBe(0)
	})
})

describe('a bundle that can not be packed', () => {
	const pack = (changes: Partial<typeof input>): Promise<unknown> => packBlob({ ...input, ...changes })
	test('is refused before anything is built when it uses what the realm lacks', async () => {
		await expect(pack({ bundle: 'globalThis.__runtime = { now: () => Date.now() }' })).rejects.toThrow('runtime.js:1:37: Date is not')
	})
	test(
		'is refused when it calls the chain while loading, throws, or lacks a function',
		async () => {
			await expect(pack({ bundle: '__host.root()' })).rejects.toThrow('ext_storage_root_version_2 while it was being loaded')
			await expect(pack({ bundle: 'null.x' })).rejects.toThrow(/TypeError.*\n +at <eval>/)
			await expect(pack({ bundle: 'var 1' })).rejects.toThrow('SyntaxError')
			await expect(pack({ bundle: '1' })).rejects.toThrow('did not set globalThis.__runtime')
			await expect(pack({ bundle: '__runtime = {}' })).rejects.toThrow('__runtime.Test_host is not a function')
		},
		PACK_TIMEOUT_MS,
	)
})

describe('host methods', () => {
	const bytes = fc.uint8Array({ maxLength: 200 })
	const fixed = (length: number): fc.Arbitrary<Uint8Array> => fc.uint8Array({ minLength: length, maxLength: length })
	const limit = fc.option(fc.nat())
	const seed = fc.option(fc.oneof(bytes, fixed(70), fixed(20_000)), { freq: 3 })
	const message = fc.string({ unit: 'grapheme' })
	const METHODS: Record<string, fc.Arbitrary<Argument>[]> = {
		get: [bytes],
		set: [bytes, bytes],
		append: [bytes, bytes],
		clear: [bytes],
		exists: [bytes],
		nextKey: [bytes],
		clearPrefix: [bytes, limit],
		root: [],
		startTransaction: [],
		commitTransaction: [],
		rollbackTransaction: [],
		orderedRoot: [bytes],
		twox64: [bytes],
		twox128: [bytes],
		blake2_128: [bytes],
		blake2_256: [bytes],
		keccak256: [bytes],
		sr25519Verify: [fixed(64), bytes, fixed(32)],
		ed25519Verify: [fixed(64), bytes, fixed(32)],
		ecdsaRecover: [fixed(65), fixed(32)],
		ecdsaRecoverCompressed: [fixed(65), fixed(32)],
		sr25519Generate: [fixed(4), seed],
		ed25519Generate: [fixed(4), seed],
		sr25519Sign: [fixed(4), fixed(32), bytes],
		ed25519Sign: [fixed(4), fixed(32), bytes],
		submitTransaction: [bytes],
		runtimeVersionOf: [bytes],
		log: [fc.nat({ max: 4 }), message],
		utf8Encode: [fc.oneof(message, fc.string({ unit: fc.nat({ max: 0xffff }).map((unit) => String.fromCharCode(unit)) }))],
		utf8Decode: [
			fc.oneof(
				bytes,
				message.map(ascii),
				fc.array(fc.constantFrom(0xe2, 0x82, 0xac, 0xf0, 0x9f, 0xed, 0xa0, 0xef, 0xbb, 0xbf, 0x41)).map((list) => Uint8Array.from(list)),
			),
		],
	}

	test.each(Object.entries(METHODS))('%s passes arguments and results unchanged, and gives every buffer back', (method, args) => {
		const { host, blob } = start()
		const reference = echoHost()
		const direct = reference as unknown as Record<string, (...args: Argument[]) => ReturnType<typeof decodeResult>>
		fc.assert(
			fc.property(fc.tuple(...args), (values) => {
				host.reset()
				reference.reset()
				const expected = direct[method](...values)
				expect(decodeResult(blob.call('Test_host', encodeCall(method, values)))).toEqual(expected)
				expect(host.calls).toEqual(reference.calls)
				expect(blob.outstanding.size).toBe(0)
			}),
			{ seed: SEED, numRuns: 200 },
		)
	})

	test('verify and recover refuse wrong lengths without asking the host', () => {
		const { host, blob } = start()
		const call = (method: string, ...args: Argument[]) => decodeResult(blob.call('Test_host', encodeCall(method, args)))
		for (const method of ['sr25519Verify', 'ed25519Verify']) {
			expect(call(method, new Uint8Array(63), new Uint8Array(9), new Uint8Array(32))).toBe(false)
			expect(call(method, new Uint8Array(64), new Uint8Array(9), new Uint8Array(33))).toBe(false)
		}
		for (const method of ['ecdsaRecover', 'ecdsaRecoverCompressed']) {
			expect(call(method, new Uint8Array(64), new Uint8Array(32))).toBe(null)
			expect(call(method, new Uint8Array(65), new Uint8Array(31))).toBe(null)
		}
		expect(host.calls).toEqual([])
	})

	test('an argument that is not bytes is a TypeError, logged with its stack before the trap', () => {
		const { host, blob } = start()
		for (const [method, args] of [
			['get', [null]],
			['set', [new Uint8Array(1), 'text']],
			['sr25519Generate', [new Uint8Array(3), null]],
			['ed25519Sign', [new Uint8Array(4), new Uint8Array(31), new Uint8Array()]],
		] as const) {
			expect(() => blob.call('Test_host', encodeCall(method, [...args]))).toThrow(WebAssembly.RuntimeError)
			const [name, level, text] = host.calls.at(-1) ?? []
			expect([name, level]).toEqual(['log', 0])
			expect(text).toMatch(/^TypeError: .*\n[\s\S]* at Test_host/)
		}
	})
})

describe('calls', () => {
	test('see hashes computed while the bundle was loaded, and the assets', () => {
		const { blob } = start()
		expect(Buffer.from(blob.call('Test_at_load')).toString('hex')).toBe('11c0e79b71c3976ccd0c02d1310e2516c08edc9d8b6f57ccd680d63a4d8e72da')
		expect(blob.call('Test_asset', ascii('metadata'))).toEqual(input.assets.metadata)
		expect(blob.call('Test_asset', ascii('empty'))).toEqual(new Uint8Array())
	})

	test('take and return any number of bytes, none included', () => {
		const { blob } = start()
		for (const length of [0, 1, 7, 5 << 20]) {
			const bytes = Uint8Array.from({ length }, (_, i) => i)
			expect(Buffer.compare(blob.call('Test_echo', bytes), bytes)).toBe(0)
		}
	})

	test('that throw, or return no bytes, log the reason and trap', () => {
		const { host, blob } = start()
		expect(() => blob.call('Test_throw', ascii('no such pool'))).toThrow(WebAssembly.RuntimeError)
		expect(host.calls.at(-1)?.[2]).toMatch(/^Error: no such pool\n +at Test_throw/)
		expect(() => start().blob.call('Test_wrong')).toThrow(WebAssembly.RuntimeError)
	})

	test('CHN-3 runaway recursion of any kind is an error JavaScript can catch, and the next call works', () => {
		const { blob } = start()
		const [recursions] = fromAscii(blob.call('Test_names')).split(';')
		const outcomes = Object.fromEntries(recursions.split(',').map((name) => [name, fromAscii(blob.call('Test_recurse', ascii(name)))]))
		const { prototype, ...deep } = outcomes
		expect(prototype).toBe('returned undefined')
		expect(Object.entries(deep).filter(([, outcome]) => outcome !== 'RangeError: Maximum call stack size exceeded')).toEqual([])
		expect(blob.call('Test_echo', ascii('alive'))).toEqual(ascii('alive'))
	})

	test('CHN-3 an exhausted arena is an error JavaScript can catch, the next call works, and memory does not grow', () => {
		const { blob } = start()
		const { pages } = blob
		const [, exhaustions] = fromAscii(blob.call('Test_names')).split(';')
		const outcomes = exhaustions.split(',').map((name) => `${name} ${fromAscii(blob.call('Test_exhaust', ascii(name)))}`)
		expect(outcomes.filter((outcome) => !/ (InternalError: (out of memory|string too long)|RangeError: )/.test(outcome))).toEqual([])
		expect(blob.call('Test_echo', ascii('alive'))).toEqual(ascii('alive'))
		expect(blob.pages - pages).toBeLessThanOrEqual(2)
	})
})

describe('memory beyond __touched_end', () => {
	test('is as in the image after calls of every kind, so that a host that clears up to there leaves nothing behind', () => {
		const [recursions, exhaustions] = fromAscii(start().blob.call('Test_names')).split(';')
		const calls: [string, Uint8Array][] = [
			['Test_echo', new Uint8Array(5 << 20).fill(255)],
			...recursions.split(',').map((name): [string, Uint8Array] => ['Test_recurse', ascii(name)]),
			...exhaustions.split(',').map((name): [string, Uint8Array] => ['Test_exhaust', ascii(name)]),
		]
		for (const [api, argument] of calls) {
			const { blob } = start()
			expect(blob.untouched.length).toBeGreaterThan(ARENA_BYTES / 2)
			blob.call(api, argument)
			expect(
				blob.untouched.every((byte) => byte === 0),
				`${api} ${argument.subarray(0, 20)}`,
			).toBe(true)
		}
	})
})

describe('the realm', () => {
	test('has nothing that depends on the machine, the clock or a parser', () => {
		const { blob } = start()
		const paths = [...ABSENT_GLOBALS, ...Object.entries(DELETED).flatMap(([object, names]) => names.map((name) => `${object}.${name}`))]
		const present = paths.filter((path) => blob.call('Test_absent', ascii(path.replace('globalThis.', '')))[0] === 0)
		expect(present).toEqual([])
	})
	test('can not turn text into code', () => {
		expect(fromAscii(start().blob.call('Test_parse'))).toMatch(/Error/)
	})
})
