import { zstdCompressSync } from 'node:zlib'
import { Keyring } from '@polkadot/keyring'
import { beforeAll, describe, expect, it } from 'vitest'
import type { CallExtensions } from '../chain.ts'
import { blake2_256 } from '../crypto/hash.ts'
import { verify } from '../crypto/signature.ts'
import { FileKeystore } from '../keystore/keystore.ts'
import { concatBytes, encodeBytes, encodeU32, ScaleReader } from '../scale/codec.ts'
import { testRuntime, testVersion } from '../testing/runtime.ts'
import { EMPTY_ROOT } from '../trie/node.ts'
import { NodeStore } from '../trie/node-store.ts'
import { decodeVersion, decompressCode, embeddedVersion } from './code.ts'
import { RuntimeCallError, RuntimeCodeError } from './errors.ts'
import { Execution, type HostServices } from './execution.ts'
import { compileRuntime, Runtime } from './runtime.ts'

const NOTHING = new Uint8Array(0)
const bytes = (text: string) => new Uint8Array(Buffer.from(text))

const executionOf = (
	runtime: Runtime,
	state: Record<string, string> = {},
	session: object | null = null,
	extensions: CallExtensions = {},
) => {
	const records = new Map<number, Uint8Array>()
	const store = new NodeStore({ read: (id) => records.get(id) })
	const changes = Object.entries(state)
		.map(([key, value]) => ({ key: bytes(key), value: bytes(value) }))
		.sort((a, b) => Buffer.compare(a.key, b.key))
	const pending = store.open(0, EMPTY_ROOT).apply(changes)
	store.persist(pending, 1, (id, record) => void records.set(id, record))
	const logged: [number, string][] = []
	const services: HostServices = { verify, log: (level, _, message) => void logged.push([level, message]), ...extensions }
	return { execution: new Execution(store.open(pending.root?.id ?? 0, pending.hash), runtime, services, session), logged }
}

/** LEB128 of a custom section with `name`. */
const section = (name: string, contents: Uint8Array): Uint8Array => {
	const leb = (n: number): number[] => (n < 128 ? [n] : [(n & 127) | 128, ...leb(n >> 7)])
	const body = concatBytes(Uint8Array.from(leb(name.length)), bytes(name), contents)
	return concatBytes(Uint8Array.of(0, ...leb(body.length)), body)
}

describe.each([{ importMemory: false }, { importMemory: true }])('runtime executor, imported memory: $importMemory', (options) => {
	let runtime: Runtime
	beforeAll(async () => {
		runtime = new Runtime(compileRuntime(await testRuntime(options)))
	})

	it('gives each call the memory of a new instance', () => {
		const { execution } = executionOf(runtime)
		for (let i = 0; i < 4; i++) expect(execution.call('Test_calls', NOTHING)).toEqual(Uint8Array.of(1, 0, 0, 0, 0, 0, 0, 0))
	})

	it('lets the calls of one session share an instance, until another caller comes between', () => {
		const session = {}
		const calls = (execution: Execution) => execution.call('Test_calls', NOTHING)[0]
		const mine = executionOf(runtime, {}, session).execution
		const alsoMine = executionOf(runtime, {}, session).execution
		const other = executionOf(runtime).execution
		expect([calls(mine), calls(mine), calls(alsoMine)]).toEqual([1, 2, 3])
		expect([calls(other), calls(mine), calls(mine)]).toEqual([1, 1, 2])
		expect(() => mine.call('Test_trap', NOTHING)).toThrow(RuntimeCallError)
		expect(calls(mine)).toBe(1)
	})

	it('reports a trap with the log of the runtime, takes back its writes and goes on', () => {
		const { execution, logged } = executionOf(runtime)
		expect(() => execution.call('Test_trap', NOTHING)).toThrow(RuntimeCallError)
		expect(() => execution.call('Test_trap', NOTHING)).toThrow(/Test_trap failed: on purpose; unreachable/)
		expect(logged).toContainEqual([0, 'on purpose'])
		expect(execution.changes()).toEqual([])
		expect(execution.call('Test_calls', NOTHING)[0]).toBe(1)
	})

	it.each([
		['Test_open_transaction', NOTHING, /left storage transactions open/],
		['Test_commit_too_much', NOTHING, /none is open/],
		['Test_malloc', encodeU32((32 << 20) + 1), /33554433 bytes at once/],
		['Test_exhaust', NOTHING, /heap of 134217728 bytes is exhausted/],
		['Test_out_of_bounds', NOTHING, /outside its memory/],
		['Test_missing_function', NOTHING, /ext_no_such_function_version_1, which this node does not provide/],
		['Test_unknown', NOTHING, /no such function/],
	])('refuses %s with a clear error and stays usable', (method, input, message) => {
		const { execution } = executionOf(runtime)
		expect(() => execution.call(method, input)).toThrow(message)
		expect(execution.changes()).toEqual([])
		expect(execution.call('Test_calls', NOTHING)).toEqual(Uint8Array.of(1, 0, 0, 0, 0, 0, 0, 0))
	})

	it('gives memory beyond the first pages when asked', () => {
		expect(executionOf(runtime).execution.call('Test_malloc', encodeU32(32 << 20))).toEqual(Uint8Array.of(0))
	})

	it('answers storage host functions as Substrate does', () => {
		const { execution } = executionOf(runtime, { ka: '1', kb: '22', kc: '333', z: '9' })
		expect(execution.call('Test_next_key', bytes('ka'))).toEqual(concatBytes(Uint8Array.of(1), encodeBytes(bytes('kb'))))
		expect(execution.call('Test_next_key', bytes('z'))).toEqual(Uint8Array.of(0))
		// Four bytes of room behind offset 1 of "333": "33", then the untouched rest; two bytes are behind the offset.
		expect(execution.call('Test_read', concatBytes(Uint8Array.of(1, 4), bytes('kc')))).toEqual(
			concatBytes(bytes('33'), Uint8Array.of(0xee, 0xee), Uint8Array.of(1), encodeU32(2)),
		)
		expect(execution.call('Test_read', concatBytes(Uint8Array.of(0, 1), bytes('none')))).toEqual(Uint8Array.of(0xee, 0))
		expect(execution.call('Test_clear_prefix', concatBytes(Uint8Array.of(2), bytes('k')))).toEqual(
			concatBytes(Uint8Array.of(1), encodeU32(2)),
		)
		expect(execution.call('Test_next_key', bytes('a'))).toEqual(concatBytes(Uint8Array.of(1), encodeBytes(bytes('kc'))))
		// Keys that are deleted already still count as met, as in Substrate.
		expect(execution.call('Test_clear_prefix', concatBytes(Uint8Array.of(255), bytes('k')))).toEqual(
			concatBytes(Uint8Array.of(0), encodeU32(3)),
		)
		expect(execution.changes().map(({ key, value }) => [Buffer.from(key).toString(), value])).toEqual([
			['ka', null],
			['kb', null],
			['kc', null],
		])
	})

	it('passes hashes and versions through', () => {
		const { execution } = executionOf(runtime)
		expect(execution.call('Test_hash', bytes('abc'))).toEqual(blake2_256(bytes('abc')))
		expect(execution.call('Test_runtime_version', bytes('no wasm'))).toEqual(Uint8Array.of(0))
	})

	it('CNS-5 makes keys in the keystore it is given, and signs with them only', () => {
		const keystore = new FileKeystore(null)
		const { execution } = executionOf(runtime, {}, null, { keystore })
		const bob = execution.call('Test_generate', concatBytes(bytes('aura'), Uint8Array.of(1), encodeBytes(bytes('//Bob'))))
		expect(bob).toEqual(new Keyring({ type: 'sr25519' }).createFromUri('//Bob').publicKey)
		const random = execution.call('Test_generate', concatBytes(bytes('aura'), Uint8Array.of(0)))
		expect(keystore.has('aura', random)).toBe(true)
		const grandpa = keystore.generate('ed25519', 'gran', '//Bob')
		const message = bytes('a message of any length')
		const signed = (scheme: string, keyType: string, key: Uint8Array) =>
			new ScaleReader(execution.call(`Test_${scheme}_sign`, concatBytes(bytes(keyType), key, message)))
		for (const [scheme, keyType, key] of [['sr25519', 'aura', bob] as const, ['ed25519', 'gran', grandpa] as const]) {
			const some = signed(scheme, keyType, key)
			expect(some.u8()).toBe(1)
			const signature = some.rest()
			expect(signature.length).toBe(64)
			expect(verify(scheme, signature, message, key)).toBe(true)
			expect(verify(scheme, signature, message.subarray(1), key)).toBe(false)
		}
		const none = Uint8Array.of(0)
		expect(signed('sr25519', 'aura', grandpa).rest()).toEqual(none)
		expect(signed('ed25519', 'aura', bob).rest()).toEqual(none)
		expect(signed('sr25519', 'imon', bob).rest()).toEqual(none)
	})

	it.each(['Test_sr25519_sign', 'Test_generate'])('CNS-5 keeps the keystore from a call that was not given it: %s', (method) => {
		const { execution } = executionOf(runtime)
		expect(() => execution.call(method, new Uint8Array(40))).toThrow(/asked for the keystore, which this call may not use/)
	})

	it('CNS-6 hands extrinsics to the pool where there is one, and tells the runtime where there is none', () => {
		const submitted: Uint8Array[] = []
		const submit = (extrinsic: Uint8Array) => void submitted.push(extrinsic)
		const extrinsic = Uint8Array.of(8, 2, 7)
		expect(executionOf(runtime).execution.call('Test_submit', extrinsic)).toEqual(Uint8Array.of(1))
		expect(executionOf(runtime, {}, null, { submit }).execution.call('Test_submit', extrinsic)).toEqual(Uint8Array.of(0))
		expect(submitted).toEqual([extrinsic])
	})
})

describe('runtime code', () => {
	const apis = concatBytes(new Uint8Array(8).fill(7), encodeU32(3))

	it('reads the version a blob carries, raw and compressed, with its APIs', async () => {
		const code = concatBytes(await testRuntime(), section('runtime_version', testVersion(5)), section('runtime_apis', apis))
		const version = decodeVersion(embeddedVersion(code)!)
		expect(version).toMatchObject({ specName: 'test-runtime', specVersion: 5, transactionVersion: 1, systemVersion: 1 })
		expect(version.apis).toEqual([['0x0707070707070707', 3]])
		const mark = Uint8Array.of(0x52, 0xbc, 0x53, 0x76, 0x46, 0xdb, 0x8e, 0x05)
		const compressed = concatBytes(mark, zstdCompressSync(code))
		expect(decompressCode(compressed)).toEqual(Buffer.from(code))
		expect(embeddedVersion(compressed)).toEqual(embeddedVersion(code))
		expect(embeddedVersion(await testRuntime())).toBeNull()
	})

	it('tells code that is no runtime', () => {
		expect(() => compileRuntime(bytes('nonsense'))).toThrow(RuntimeCodeError)
		const broken = concatBytes(Uint8Array.of(0x52, 0xbc, 0x53, 0x76, 0x46, 0xdb, 0x8e, 0x05), bytes('nonsense'))
		expect(() => decompressCode(broken)).toThrow(/does not unpack/)
		const empty = Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0)
		const { execution } = executionOf(new Runtime(compileRuntime(empty)))
		expect(() => execution.call('Core_version', NOTHING)).toThrow(/no Substrate runtime/)
	})

	it('decodes a version that ends before the newer fields', () => {
		const full = testVersion(1)
		expect(new ScaleReader(full).vecU8().length).toBe(12)
		expect(decodeVersion(full.subarray(0, -5))).toMatchObject({ transactionVersion: 1, systemVersion: 0 })
	})
})
