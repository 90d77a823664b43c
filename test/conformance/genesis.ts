import { deepStrictEqual, ok, strictEqual } from 'node:assert'
import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, realpathSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { delimiter, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { buildPreset, buildRaw } from '@stkr/chain-spec'
import { toHex } from '@stkr/node/src/crypto/hex.ts'
import { buildRuntime } from '@stkr/runtime-spec/engine/build.ts'
import { bytes, option, Reader, text, u32, vec } from '@stkr/runtime-spec/frame/scale/index.ts'
import { builtRuntime } from '../runtime/built.ts'
import { blobMachine, emptyTrie, type Machine } from '../runtime/twin.ts'
import type { Report } from './report.ts'

const CODE = '0x3a636f6465'
/** Preset of the chain spec and its name in the blob. */
const PRESETS = { dev: 'development', local: 'local_testnet' } as const
/** Least Node that runs the sources as they are. */
const LEAST_NODE = [22, 18] as const

const ask = (machine: Machine, method: string, input: Uint8Array): Uint8Array => {
	const result = machine.call(method, input)
	machine.discard()
	if (!result) throw new Error(`${method} trapped`)
	return result
}

const genesisOfBlob = (code: Uint8Array, config: unknown): [string, string][] => {
	const machine = blobMachine(code, emptyTrie())
	const result = machine.call('GenesisBuilder_build_state', bytes.encode(new TextEncoder().encode(JSON.stringify(config))))
	if (result?.[0] !== 0)
		throw new Error(`the blob refuses the genesis: ${result ? new TextDecoder().decode(result.subarray(2)) : 'it trapped'}`)
	return machine.changes().map(({ key, value }) => [toHex(key), toHex(value!)])
}

const readMetadata = (name: string): Promise<Uint8Array> => readFile(new URL(import.meta.resolve(`@stkr/runtime-spec/dist/${name}`)))
const same = (a: Uint8Array, b: Uint8Array): boolean => Buffer.compare(a, b) === 0
const sha256 = (data: Uint8Array): string => createHash('sha256').update(data).digest('hex')

interface NodeBinary {
	path: string
	version: string
}

/** Node programs on the PATH of another version than this one. */
const otherNodes = async (): Promise<NodeBinary[]> => {
	const found = new Map<string, NodeBinary>()
	for (const directory of (process.env.PATH ?? '').split(delimiter)) {
		const path = join(directory, 'node')
		if (directory === '' || !existsSync(path)) continue
		const { stdout } = await promisify(execFile)(path, ['--version'])
		const version = stdout.trim()
		if (version !== process.version) found.set(realpathSync(path), { path, version })
	}
	return [...found.values()]
}

const canBuild = (version: string): boolean => {
	const [major, minor] = version.slice(1).split('.').map(Number)
	return major > LEAST_NODE[0] || (major === LEAST_NODE[0] && minor >= LEAST_NODE[1])
}

const hashBuiltBy = async ({ path }: NodeBinary): Promise<string> => {
	const root = fileURLToPath(new URL('../../', import.meta.url))
	const script =
		"import { buildRuntime } from '@stkr/runtime-spec/engine/build.ts'; import { createHash } from 'node:crypto'; " +
		"console.log(createHash('sha256').update((await buildRuntime()).wasm).digest('hex'))"
	const { stdout } = await promisify(execFile)(
		path,
		['--input-type=module', '--eval', `import '@stkr/runtime-spec/frame/native/install.ts'; ${script}`],
		{ cwd: join(root, 'test') },
	)
	return stdout.trim()
}

/** The blob against what the build says of it: genesis, presets, metadata, and the same bytes again. */
export const genesis = async (report: Report): Promise<void> => {
	report.part(
		'genesis',
		'the blob’s GenesisBuilder against the chain spec, its metadata against the built files, its bytes against another build',
	)
	const { code } = await builtRuntime()
	const machine = blobMachine(code, emptyTrie())
	await report.check('the blob names its presets', () =>
		deepStrictEqual(vec(text).decode(ask(machine, 'GenesisBuilder_preset_names', new Uint8Array())), Object.values(PRESETS)),
	)
	for (const [name, id] of Object.entries(PRESETS)) {
		const plain = await buildPreset(name)
		const { config } = plain.genesis.runtimeGenesis
		await report.check(`preset ${name}: the blob has the same config`, () => {
			const json = option(bytes).decode(ask(machine, 'GenesisBuilder_get_preset', option(text).encode(id)))
			ok(json, `the blob has no preset ${id}`)
			deepStrictEqual(JSON.parse(new TextDecoder().decode(json)), config)
		})
		const raw = await buildRaw(plain)
		const expected = Object.entries(raw.genesis.raw.top).filter(([key]) => key !== CODE)
		await report.check(`preset ${name}: build_state in the blob writes the ${expected.length} keys of the raw spec, value by value`, () =>
			deepStrictEqual(genesisOfBlob(code, config), expected),
		)
	}
	await report.check('a genesis with an unknown pallet is refused with a reason', () => {
		const result = ask(machine, 'GenesisBuilder_build_state', bytes.encode(new TextEncoder().encode('{"nothing":{}}')))
		strictEqual(result[0], 1)
		ok(/no pallet "nothing"/.test(text.read(new Reader(result.subarray(1)))))
	})
	const [v14, v15] = await Promise.all([readMetadata('metadata14.scale'), readMetadata('metadata15.scale')])
	await report.check(`metadata V14 (${v14.length} bytes) is the built file`, () =>
		ok(same(bytes.decode(ask(machine, 'Metadata_metadata', new Uint8Array())), v14), 'the bytes differ'),
	)
	await report.check(`metadata V15 (${v15.length} bytes) is the built file`, () => {
		const metadata = option(bytes).decode(ask(machine, 'Metadata_metadata_at_version', u32.encode(15)))
		ok(metadata && same(metadata, v15), 'the bytes differ')
	})
	await report.check('the blob lists metadata 14 and 15 and has no other', () => {
		deepStrictEqual(vec(u32).decode(ask(machine, 'Metadata_metadata_versions', new Uint8Array())), [14, 15])
		strictEqual(ask(machine, 'Metadata_metadata_at_version', u32.encode(13))[0], 0)
	})
	const [first, second] = [(await buildRuntime()).wasm, (await buildRuntime()).wasm]
	await report.check(`two builds give the same ${first.length} bytes, sha256 ${sha256(first)}`, () =>
		strictEqual(sha256(second), sha256(first)),
	)
	await report.check('the built blob is what these sources give', () =>
		ok(same(code, first), 'the bytes differ: the sources changed since npm run build'),
	)
	const others = await otherNodes()
	for (const other of others.filter(({ version }) => canBuild(version)))
		await report.check(`Node ${other.version} builds the same bytes`, async () => strictEqual(await hashBuiltBy(other), sha256(first)))
	if (!others.some(({ version }) => canBuild(version)))
		report.unchecked(
			'the same bytes on another Node',
			`only Node ${[process.version, ...others.map(({ version }) => `${version} (too old to build)`)].join(' and ')} present`,
		)
}
