/**
 * `npm run build`: turns the pallets into the runtime blob. Writes to `runtime-spec/dist`:
 * `stkr.wasm`, `stkr.compressed.wasm` (zstd), `metadata14.scale`, `metadata15.scale`, and what the native run loads:
 * `runtime.js`, `assets.json`. Prints the sizes.
 */
import '../frame/native/install.ts'
import { mkdir, writeFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { blake2b } from '@noble/hashes/blake2.js'
import { build as esbuild } from 'esbuild'
import { entryPoints, type RuntimeApi } from '../frame/api.ts'
import { concatBytes, toHex } from '../frame/bytes.ts'
import { buildMetadata } from '../frame/metadata/index.ts'
import { u32 } from '../frame/scale/index.ts'
import { runtimeVersion, VERSION } from '../frame/system/version.ts'
import { apis } from '../runtime/apis.ts'
import type { AssetName } from '../runtime/assets.ts'
import { executive, extensions } from '../runtime/index.ts'
import { developmentGenesis, localGenesis } from '../runtime/presets.ts'
import { type Packed, packBlob } from './pack.ts'

/** BLAKE2b-64 of the trait's name, by which clients know a runtime API. */
const apiId = ({ name }: RuntimeApi): Uint8Array => blake2b(new TextEncoder().encode(name), { dkLen: 8 })

const json = (value: unknown): Uint8Array => new TextEncoder().encode(JSON.stringify(value))

/** The bytes the blob keeps beside its code. `specVersion` may differ from the source's, to make a blob to upgrade to. */
const buildAssets = (
	specVersion = VERSION.specVersion,
): { assets: Record<AssetName, Uint8Array>; metadata: { v14: Uint8Array; v15: Uint8Array } } => {
	const version = { ...VERSION, specVersion, apis: apis.map((api): [Uint8Array, number] => [apiId(api), api.version]) }
	const metadata = buildMetadata({ executive, extensions, apis, version })
	const { types, tail14, tail15 } = metadata
	return {
		assets: {
			version: runtimeVersion.encode(version),
			types,
			tail14,
			tail15,
			presetDevelopment: json(developmentGenesis()),
			presetLocal: json(localGenesis()),
		},
		metadata: { v14: metadata.v14(), v15: metadata.v15() },
	}
}

/** The whole runtime as one script. */
const bundleRuntime = async (specVersion = VERSION.specVersion): Promise<string> => {
	const result = await esbuild({
		entryPoints: [fileURLToPath(new URL('../runtime/blob.ts', import.meta.url))],
		bundle: true,
		write: false,
		format: 'iife',
		target: 'es2022',
		minifySyntax: true,
		// Names of local variables would take 12 KB of the image. Those of properties, and so of methods, stay.
		minifyIdentifiers: true,
		legalComments: 'none',
		define: { __SPEC_VERSION__: String(specVersion) },
	})
	return result.outputFiles[0].text
}

/** What the blob was packed from; the native run loads the same. */
interface BuildInputs {
	bundle: string
	assets: Record<AssetName, Uint8Array>
	metadata: { v14: Uint8Array; v15: Uint8Array }
}

/** Builds the blob. Same source, same bytes. */
export const buildRuntime = async (specVersion = VERSION.specVersion): Promise<Packed & BuildInputs> => {
	const { assets, metadata } = buildAssets(specVersion)
	const bundle = await bundleRuntime(specVersion)
	const packed = await packBlob({
		bundle,
		assets,
		apis: Object.keys(entryPoints(apis)),
		runtimeVersion: runtimeVersion.encode({ ...VERSION, specVersion }),
		runtimeApis: concatBytes(...apis.flatMap((api) => [apiId(api), u32.encode(api.version)])),
	})
	return { ...packed, bundle, assets, metadata }
}

if (import.meta.main) {
	const started = performance.now()
	const dist = new URL('../dist/', import.meta.url)
	const { wasm, compressed, stats, bundle, assets, metadata } = await buildRuntime()
	await mkdir(dist, { recursive: true })
	await Promise.all([
		writeFile(new URL('stkr.wasm', dist), wasm),
		writeFile(new URL('stkr.compressed.wasm', dist), compressed),
		writeFile(new URL('runtime.js', dist), bundle),
		writeFile(
			new URL('assets.json', dist),
			JSON.stringify(Object.fromEntries(Object.entries(assets).map(([name, data]) => [name, toHex(data)]))),
		),
		writeFile(new URL('metadata14.scale', dist), metadata.v14),
		writeFile(new URL('metadata15.scale', dist), metadata.v15),
	])
	console.log(`runtime blob: ${wasm.length} bytes raw, ${compressed.length} bytes zstd (${Math.round(performance.now() - started)} ms)`)
	console.log(JSON.stringify(stats))
}
