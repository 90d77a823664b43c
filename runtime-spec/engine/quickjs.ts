import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

/**
 * SHA-256 of `quickjs.wasm` in npm quickjs-wasi 3.6.2. The engine decides what every line of the runtime means, so another engine
 * is a runtime upgrade: raise the spec version, find the tables of unused-data.ts anew, run the fuzz and the built-ins comparison
 * (builtins.test.ts), then change this line.
 */
const QUICKJS_SHA256 = 'd4c9375f2b1ca4dc95f72c8aa2982a7a9951ac8011490d79c6582df732b4bbd9'

/** The engine, unmodified. Throws when the installed file is not the one this code was checked with. */
export function readEngine(): Uint8Array {
	const path = fileURLToPath(import.meta.resolve('quickjs-wasi/quickjs.wasm'))
	const bytes = new Uint8Array(readFileSync(path))
	const sha256 = createHash('sha256').update(bytes).digest('hex')
	if (sha256 !== QUICKJS_SHA256) {
		throw new Error(
			`The engine quickjs.wasm has SHA-256 ${sha256}, expected ${QUICKJS_SHA256}: install quickjs-wasi 3.6.2 (npm ci), or see quickjs.ts on how to change the engine.`,
		)
	}
	return bytes
}
