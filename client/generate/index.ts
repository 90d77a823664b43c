/**
 * Writes the client's types into `client/dist` from the metadata that `npm run build` made: every pallet, call, storage item, event,
 * error, constant and runtime API of this chain, and no other. Run after the build; the same metadata gives the same bytes.
 */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import {
	generateDefaultConsts,
	generateDefaultErrors,
	generateDefaultEvents,
	generateDefaultLookup,
	generateDefaultQuery,
	generateDefaultRuntime,
	generateDefaultTx,
} from '@polkadot/typegen/generate'
import { missingTypes, toModule } from './facade.ts'

/** Version 15 has the runtime APIs, version 14 does not. */
const METADATA = new URL('../../runtime-spec/dist/metadata15.scale', import.meta.url)
const PARTS = {
	consts: generateDefaultConsts,
	errors: generateDefaultErrors,
	events: generateDefaultEvents,
	query: generateDefaultQuery,
	runtime: generateDefaultRuntime,
	tx: generateDefaultTx,
}

const readMetadata = (): `0x${string}` => {
	try {
		return `0x${readFileSync(METADATA, 'hex')}`
	} catch (thrown) {
		if ((thrown as NodeJS.ErrnoException).code !== 'ENOENT') throw thrown
		throw new Error(`there is no metadata at ${fileURLToPath(METADATA)} yet: run \`npm run build\` first`)
	}
}

/** Generates all modules of `metadata` (version 15, hex) by file name. */
export const generate = async (metadata: `0x${string}`): Promise<Record<string, string>> => {
	const directory = mkdtempSync(join(tmpdir(), 'stkr-types-'))
	try {
		const at = (name: string): string => join(directory, `${name}.ts`)
		generateDefaultLookup(directory, metadata)
		const definitions = { rpc: {}, types: (await import(pathToFileURL(at('lookup')).href)).default }
		const lookup = toModule(readFileSync(at('types-lookup'), 'utf8'), 'types')
		const modules: Record<string, string> = { 'lookup.d.ts': lookup }
		for (const [part, generatePart] of Object.entries(PARTS)) {
			// strict: no catch-all members; definitions: the chain's own types
			generatePart(at(part), metadata, {}, true, definitions)
			const source = toModule(readFileSync(at(part), 'utf8'), part)
			const missing = missingTypes(source, lookup)
			if (missing.length > 0) throw new Error(`the types of ${part} name ${missing.join(', ')}, which the metadata does not define`)
			modules[`${part}.d.ts`] = source
		}
		return modules
	} finally {
		rmSync(directory, { recursive: true, force: true })
	}
}

if (import.meta.main) {
	const out = fileURLToPath(new URL('../dist/', import.meta.url))
	const modules = await generate(readMetadata())
	mkdirSync(out, { recursive: true })
	for (const [name, source] of Object.entries(modules)) writeFileSync(join(out, name), source)
}
