import { concatBytes } from '../frame/bytes.ts'

/**
 * Bytes made at build time and placed in the blob's image once: the encoded version, the metadata (its type registry is shared
 * by V14 and V15), the genesis presets.
 */
export type AssetName = 'version' | 'types' | 'tail14' | 'tail15' | 'presetDevelopment' | 'presetLocal'

/** Throws when this is a native run that was given no assets. */
export const asset = (name: AssetName): Uint8Array => {
	const assets = (globalThis as unknown as { __assets?: Record<string, Uint8Array> }).__assets
	const found = assets?.[name]
	if (!found) throw new Error(`the runtime was built without its asset "${name}"`)
	return found
}

/** Metadata of version 14 or 15 ("meta", version, types, the rest). */
export const metadata = (version: 14 | 15): Uint8Array =>
	concatBytes(Uint8Array.of(0x6d, 0x65, 0x74, 0x61, version), asset('types'), asset(version === 14 ? 'tail14' : 'tail15'))
