/** Bundles the client for browsers: `node client/bundle.ts [file]` prints its size, or writes it. */
import { writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { gzipSync } from 'node:zlib'
import { build } from 'esbuild'

export interface Bundle {
	/** One script; what the client exports is in the global `stkr`. */
	code: string
	bytes: number
	gzipBytes: number
}

/** Bundles the client's face, minified. Throws esbuild's `BuildFailure`, also when anything in it needs Node. */
export async function bundleForBrowser(): Promise<Bundle> {
	const { outputFiles } = await build({
		entryPoints: [fileURLToPath(new URL('./index.ts', import.meta.url))],
		bundle: true,
		minify: true,
		write: false,
		platform: 'browser',
		format: 'iife',
		globalName: 'stkr',
		target: 'es2022',
		legalComments: 'none',
		logLevel: 'silent',
	})
	const code = outputFiles[0].text
	return { code, bytes: Buffer.byteLength(code), gzipBytes: gzipSync(code).length }
}

if (import.meta.main) {
	const { code, bytes, gzipBytes } = await bundleForBrowser()
	const [file] = process.argv.slice(2)
	if (file) writeFileSync(file, code)
	console.log(`${bytes} bytes, ${gzipBytes} gzipped`)
}
