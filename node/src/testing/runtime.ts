/** The test runtime (runtime.as), compiled once a process, and chains that run it. */
import { createHash } from 'node:crypto'
import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Keyring } from '@polkadot/keyring'
import * as asc from 'assemblyscript/asc'
import type { RawChainSpec } from '../chain-spec.ts'
import { blake2_256 } from '../crypto/hash.ts'
import { fromHex, toHex } from '../crypto/hex.ts'
import { concatBytes, encodeBytes, encodeCompact, encodeU32, encodeU64, encodeVec } from '../scale/codec.ts'

const ENTRY = 'runtime.ts'
const compiled = new Map<string, Promise<Uint8Array>>()

/** The blob; `importMemory` makes it take its memory from the host. */
export const testRuntime = (options: { importMemory?: boolean } = {}): Promise<Uint8Array> => {
	const flag = options.importMemory ? ['--importMemory'] : []
	const key = flag.join()
	let blob = compiled.get(key)
	if (!blob) {
		blob = compile(flag)
		compiled.set(key, blob)
	}
	return blob
}

const compile = async (flags: string[]): Promise<Uint8Array> => {
	const source = readFileSync(new URL('./runtime.as', import.meta.url), 'utf8')
	// Compiling takes seconds, and every test file is a process of its own.
	const cache = join(
		tmpdir(),
		`stkr-test-runtime-${createHash('sha256')
			.update(asc.version + source + flags)
			.digest('hex')
			.slice(0, 16)}.wasm`,
	)
	if (existsSync(cache)) return new Uint8Array(readFileSync(cache))
	let wasm: Uint8Array | null = null
	const { error, stderr } = await asc.main(
		[
			ENTRY,
			'--outFile',
			'out.wasm',
			'--runtime',
			'stub',
			'--use',
			'abort=',
			'--initialMemory',
			'4',
			'-O2',
			'--disable',
			'bulk-memory',
			...flags,
		],
		{
			readFile: (name) => (name === ENTRY ? source : null),
			writeFile: (_, contents) => {
				wasm = contents as Uint8Array
			},
			listFiles: () => [],
		},
	)
	if (error || !wasm) throw new Error(`the test runtime does not compile: ${stderr.toString()}`)
	const draft = `${cache}.${process.pid}`
	writeFileSync(draft, wasm)
	renameSync(draft, cache)
	return wasm
}

const encodeText = (text: string) => encodeBytes(Buffer.from(text))

/** `SessionKeys` (blake2b-64 of its name), version 2. */
const APIS = [concatBytes(fromHex('0xab3c0572291feb8b'), encodeU32(2))]

/** SCALE `RuntimeVersion`. */
export const testVersion = (specVersion: number, apis = APIS): Uint8Array =>
	concatBytes(
		encodeText('test-runtime'),
		encodeText('test-runtime'),
		encodeU32(1),
		encodeU32(specVersion),
		encodeU32(0),
		encodeVec(apis),
		encodeU32(1),
		Uint8Array.of(1),
	)

const publicKey = (type: 'sr25519' | 'ed25519', suri: string) => new Keyring({ type }).createFromUri(suri).publicKey

/** GRANDPA authorities of weight 1, as the runtime stores them. */
export const grandpaAuthorities = (suris: string[]): Uint8Array =>
	encodeVec(suris.map((suri) => concatBytes(publicKey('ed25519', suri), encodeU64(1))))

/** A raw chain spec whose Aura and GRANDPA authorities are those of the secret URIs. */
export const testSpec = async (
	options: { authorities?: string[]; grandpa?: string[]; slotDurationMs?: number; id?: string; state?: Record<string, string> } = {},
): Promise<RawChainSpec> => {
	const { authorities = ['//Alice'], grandpa = authorities, slotDurationMs = 6000, id = 'test' } = options
	const letter = (text: string) => toHex(Buffer.from(text))
	return {
		name: 'Test',
		id,
		chainType: 'Development',
		properties: {},
		genesis: {
			raw: {
				top: {
					[letter(':code')]: toHex(await testRuntime()),
					[letter('V')]: toHex(testVersion(1)),
					[letter('A')]: toHex(encodeVec(authorities.map((suri) => publicKey('sr25519', suri)))),
					[letter('G')]: toHex(grandpaAuthorities(grandpa)),
					[letter('s')]: toHex(encodeU64(0)),
					[letter('D')]: toHex(encodeU64(slotDurationMs)),
					...options.state,
				},
			},
		},
	}
}

/** What a signed extrinsic of the test runtime does. */
export const OPERATION = { set: 0, fail: 1, trap: 2, setCode: 3, exhaust: 4, shortLived: 5, setGrandpa: 6 } as const

/** An account of the test runtime by name. */
export const account = (name: string) => new Keyring({ type: 'sr25519' }).addFromSeed(blake2_256(Buffer.from(name)))

/** A signed extrinsic of the test runtime. */
export const extrinsic = (options: {
	from: string
	nonce: number
	tip?: number
	operation?: keyof typeof OPERATION
	arguments?: Uint8Array
	badSignature?: boolean
}): Uint8Array => {
	const pair = account(options.from)
	const { operation = 'set', arguments: args = setArguments(options.from, String(options.nonce)) } = options
	const signed = concatBytes(encodeU32(options.nonce), encodeU64(options.tip ?? 0), Uint8Array.of(OPERATION[operation]), args)
	const signature = pair.sign(signed)
	if (options.badSignature) signature[0] ^= 1
	const body = concatBytes(Uint8Array.of(1), pair.publicKey, signature, signed)
	return concatBytes(encodeCompact(body.length), body)
}

export const setArguments = (key: string, value: string): Uint8Array =>
	concatBytes(Uint8Array.of(key.length), Buffer.from(key), Buffer.from(value))

/** Storage key of user data. */
export const userKey = (key: string): Uint8Array => new Uint8Array(Buffer.from(`k${key}`))

export const quietLog = { error: () => {}, warn: () => {}, info: () => {}, debug: () => {} }
