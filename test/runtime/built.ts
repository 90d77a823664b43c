import { readFile } from 'node:fs/promises'
import { fromHex } from '@stkr/runtime-spec/frame/bytes.ts'

const read = async (name: string): Promise<Uint8Array> =>
	new Uint8Array(await readFile(new URL(import.meta.resolve(`@stkr/runtime-spec/dist/${name}`))))

/** What `npm run build` left: the blob, and the bundle and assets it was packed from, for the native run. */
export const builtRuntime = async (): Promise<{ code: Uint8Array; bundle: string; assets: Record<string, Uint8Array> }> => {
	const [code, bundle, assets] = await Promise.all([read('stkr.wasm'), read('runtime.js'), read('assets.json')])
	const text = new TextDecoder()
	const hexes = JSON.parse(text.decode(assets)) as Record<string, string>
	return {
		code,
		bundle: text.decode(bundle),
		assets: Object.fromEntries(Object.entries(hexes).map(([name, hex]) => [name, fromHex(hex)!])),
	}
}
