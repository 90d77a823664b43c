import type { RuntimeApi } from '../api.ts'
import { concatBytes } from '../bytes.ts'
import type { Executive } from '../executive.ts'
import type { Extension } from '../extrinsic.ts'
import type { Value } from '../scale/index.ts'
import type { runtimeVersion } from '../system/version.ts'
import type { Docs } from './docs.ts'
import { MetadataWriter } from './encode.ts'
import { describeRuntime, type RuntimeModel } from './model.ts'
import { readDocs, runtimeSources } from './source-docs.ts'
import { tail14 } from './v14.ts'
import { tail15 } from './v15.ts'

export { reference } from './markdown.ts'
export { readDocs } from './source-docs.ts'

/** "meta", which every metadata begins with. */
const MAGIC = [0x6d, 0x65, 0x74, 0x61]

export interface Metadata {
	/** For other forms, such as the reference. */
	model: RuntimeModel
	/** The type registry, the same in both versions. */
	types: Uint8Array
	tail14: Uint8Array
	tail15: Uint8Array
	/** Whole metadata: magic, version, types, tail. */
	v14(): Uint8Array
	v15(): Uint8Array
}

/**
 * Builds a runtime's metadata (CHN-2). `docs` are read from this runtime's sources unless given. `version` is what the constant
 * `System.Version` says when that is not the source's: clients sign for the spec version they find there. Throws when something
 * has no doc comment or two types share a name.
 */
export const buildMetadata = ({
	executive: { pallets },
	extensions,
	apis,
	docs = readDocs(runtimeSources()),
	version,
}: {
	executive: Pick<Executive, 'pallets'>
	extensions: readonly Extension<never>[]
	apis: readonly RuntimeApi[]
	docs?: Docs
	version?: Value<typeof runtimeVersion>
}): Metadata => {
	const model = describeRuntime({ pallets, extensions, apis, docs, version })
	const w = new MetadataWriter()
	w.types(model.types)
	const types = w.take(0)
	const tails = { 14: tail14(model), 15: tail15(model) }
	const whole = (number: 14 | 15): Uint8Array => concatBytes(Uint8Array.of(...MAGIC, number), types, tails[number])
	return { model, types, tail14: tails[14], tail15: tails[15], v14: () => whole(14), v15: () => whole(15) }
}
