import { readFileSync } from 'node:fs'
import asc from 'assemblyscript/asc'
import { SHIM_BASE } from './layout.ts'

const SOURCES = new URL('./shim/', import.meta.url)
const GENERATED = 'apis.ts'
const OUTPUT = 'shim.wasm'

/** One entry point `(pointer, length) -> length << 32 | pointer` for each API function. */
const entryPoints = (apis: readonly string[]): string =>
	[
		"import { dispatch } from './dispatch'",
		...apis.map((name, index) => `export function ${name}(data: u32, length: u32): u64 {\n\treturn dispatch(${index}, data, length)\n}`),
		'',
	].join('\n')

const isMissingFile = (error: unknown): boolean => error instanceof Error && 'code' in error && error.code === 'ENOENT'

/** Compiles the shim (AssemblyScript) with an entry point for each of `apis`. Everything happens in memory. Throws with the compiler's messages. */
export async function compileShim(apis: readonly string[]): Promise<Uint8Array> {
	let wasm: Uint8Array | undefined
	const readFile = (name: string): string | null => {
		if (name === GENERATED) return entryPoints(apis)
		try {
			return readFileSync(new URL(name, SOURCES), 'utf8')
		} catch (error) {
			// The compiler looks for each module in several places.
			if (isMissingFile(error)) return null
			throw error
		}
	}
	const writeFile = (name: string, contents: string | Uint8Array): void => {
		if (name === OUTPUT && typeof contents !== 'string') wasm = contents
	}
	const options = ['--runtime', 'stub', '--importMemory', '--memoryBase', String(SHIM_BASE), '--use', 'abort=', '-O3', '--noAssert']
	// Only MVP instructions may come out; link.ts and lower.ts rely on it.
	for (const feature of ['sign-extension', 'mutable-globals', 'nontrapping-f2i', 'bulk-memory']) options.push('--disable', feature)
	const { error, stderr } = await asc.main(['index.ts', '-o', OUTPUT, ...options], { readFile, writeFile, listFiles: () => [] })
	if (error || !wasm) throw new Error(`The engine shim does not compile: ${error?.message ?? 'no output'}\n${stderr.toString()}`)
	return wasm
}
