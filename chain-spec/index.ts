import { readFile } from 'node:fs/promises'
import { PRESETS, presetSpec } from './presets.ts'
import { ChainSpecError, checkSpec, type PlainSpec, plainSpec, type RawSpec, rawSpec } from './schema.ts'

export { PRESETS } from './presets.ts'
export { ChainSpecError, type PlainSpec, type RawSpec } from './schema.ts'

/** The blob `npm run build` makes, as hex. Throws `ChainSpecError` when it is not there. */
const builtCode = async (): Promise<string> => {
	try {
		return `0x${(await readFile(new URL(import.meta.resolve('@stkr/runtime-spec/dist/stkr.compressed.wasm')))).toString('hex')}`
	} catch (thrown) {
		if ((thrown as NodeJS.ErrnoException).code !== 'ENOENT') throw thrown
		throw new ChainSpecError('there is no runtime blob yet: run `npm run build` first, or give --code a file')
	}
}

/** The plain spec of preset `name`. `code` (hex) defaults to the built blob. Throws `ChainSpecError` for an unknown preset. */
export const buildPreset = async (name: string, code?: string): Promise<PlainSpec> => {
	const preset = PRESETS[name]
	if (!preset) throw new ChainSpecError(`there is no preset "${name}"; the presets are ${Object.keys(PRESETS).join(', ')}`)
	return presetSpec(preset, code ?? (await builtCode()))
}

/** Turns a plain spec into the raw one nodes take; see `raw.ts`. */
export const buildRaw = async (spec: PlainSpec): Promise<RawSpec> => (await import('./raw.ts')).toRaw(spec)

/** Reads a spec file, plain or raw. Throws `ChainSpecError` saying what is wrong with it. */
export const readSpec = async (path: string): Promise<PlainSpec | RawSpec> => {
	let value: unknown
	try {
		value = JSON.parse(await readFile(path, 'utf8'))
	} catch (thrown) {
		const known = Object.keys(PRESETS).join(', ')
		throw new ChainSpecError(
			`can't read the chain spec ${path}: ${(thrown as Error).message}. Give a preset (${known}) or the path of a JSON file`,
		)
	}
	const raw =
		typeof value === 'object' &&
		value !== null &&
		'genesis' in value &&
		typeof value.genesis === 'object' &&
		value.genesis !== null &&
		'raw' in value.genesis
	return raw ? checkSpec(rawSpec, value, path) : checkSpec(plainSpec, value, path)
}

const isRaw = (spec: PlainSpec | RawSpec): spec is RawSpec => 'raw' in spec.genesis

/** The raw spec of a preset's name or of a file, plain or raw. */
export const loadChainSpec = async (nameOrPath: string): Promise<RawSpec> => {
	const spec = nameOrPath in PRESETS ? await buildPreset(nameOrPath) : await readSpec(nameOrPath)
	return isRaw(spec) ? spec : buildRaw(spec)
}
