import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { shortenFree, useArena } from './arena.ts'
import { ARENA_BASE, ARENA_BYTES, PAGE_BYTES, SHIM_BASE, TABLE_LIMIT } from './layout.ts'
import {
	encodeElements,
	encodeImports,
	encodeMemory,
	encodeModule,
	encodeTable,
	KIND,
	parseElements,
	parseExports,
	parseImports,
	parseMemory,
	parseModule,
	parseTable,
	SECTION,
	sectionBody,
} from './wasm.ts'

/** Engine and shim in one module, whose only imports are the host functions. */
export interface Linked {
	wasm: Uint8Array
	module: WebAssembly.Module
	/** Table slot of each C-callable function of the shim (`method_*`: the host methods, `slot_*`: callbacks). */
	slots: ReadonlyMap<string, number>
}

/** Named one by one: with `--all-features` wasm-merge emits forms that V8 refuses. */
const MERGE_FEATURES = [
	'--mvp-features',
	'--enable-mutable-globals',
	'--enable-sign-ext',
	'--enable-bulk-memory',
	'--enable-bulk-memory-opt',
	'--enable-nontrapping-float-to-int',
	'--enable-multivalue',
	'--enable-reference-types',
	'--enable-extended-const',
	'--enable-call-indirect-overlong',
]

const MEMORY_PAGES = (ARENA_BASE + ARENA_BYTES) / PAGE_BYTES

/** The engine with its imports named after the shim and a memory that holds shim and arena. */
function prepareEngine(engine: Uint8Array): { wasm: Uint8Array; tableSlots: number } {
	const sections = parseModule(engine)
	const pages = parseMemory(sectionBody(sections, SECTION.memory)).min
	if (pages * PAGE_BYTES > SHIM_BASE) throw new Error(`The engine's data takes ${pages} pages, more than layout.ts leaves to it.`)
	const tableSlots = parseTable(sectionBody(sections, SECTION.table)).min
	const wasm = encodeModule(
		sections.map(({ id, body }) => {
			if (id === SECTION.import) return { id, body: encodeImports(parseImports(body).map((i) => ({ ...i, module: 'shim' }))) }
			if (id === SECTION.memory) return { id, body: encodeMemory({ min: MEMORY_PAGES, max: undefined }) }
			return { id, body }
		}),
	)
	return { wasm, tableSlots }
}

/** The shim, using the engine's memory. */
const prepareShim = (shim: Uint8Array): Uint8Array =>
	encodeModule(
		parseModule(shim).map(({ id, body }) =>
			id === SECTION.import
				? { id, body: encodeImports(parseImports(body).map((i) => (i.kind === KIND.memory ? { ...i, module: 'engine' } : i))) }
				: { id, body },
		),
	)

/** Runs binaryen's wasm-merge, which works on files, in a temporary directory. */
function merge(engine: Uint8Array, shim: Uint8Array): Uint8Array {
	const directory = mkdtempSync(join(tmpdir(), 'runtime-link-'))
	const file = (name: string): string => join(directory, name)
	try {
		writeFileSync(file('engine.wasm'), engine)
		writeFileSync(file('shim.wasm'), shim)
		const tool = fileURLToPath(new URL('bin/wasm-merge', import.meta.resolve('binaryen')))
		const modules = [file('engine.wasm'), 'engine', file('shim.wasm'), 'shim', '-o', file('merged.wasm')]
		execFileSync(process.execPath, [tool, ...modules, ...MERGE_FEATURES, '--skip-export-conflicts'], { stdio: ['ignore', 'pipe', 'pipe'] })
		return new Uint8Array(readFileSync(file('merged.wasm')))
	} finally {
		rmSync(directory, { recursive: true })
	}
}

/** Merges engine and shim and appends the shim's C-callable functions to the engine's function table. */
export function link(engine: Uint8Array, shim: Uint8Array): Linked {
	const { wasm: prepared, tableSlots } = prepareEngine(engine)
	const sections = parseModule(shortenFree(useArena(merge(prepared, prepareShim(shim)))))
	const callbacks = parseExports(sectionBody(sections, SECTION.export)).filter(
		({ name, kind }) => kind === KIND.function && /^(method|slot)_/.test(name),
	)
	const size = tableSlots + callbacks.length
	if (size > TABLE_LIMIT) throw new Error(`The function table needs ${size} slots; hosts allow ${TABLE_LIMIT}.`)
	const wasm = encodeModule(
		sections.map(({ id, body }) => {
			if (id === SECTION.table) return { id, body: encodeTable(size) }
			if (id !== SECTION.element) return { id, body }
			const own = { offset: tableSlots, functions: callbacks.map(({ index }) => index) }
			return { id, body: encodeElements([...parseElements(body), own]) }
		}),
	)
	const module = new WebAssembly.Module(wasm as Uint8Array<ArrayBuffer>)
	return { wasm, module, slots: new Map(callbacks.map(({ name }, index) => [name, tableSlots + index])) }
}
