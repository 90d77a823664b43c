import { bytes, enumeration, fixedBytes, struct, tuple, unit, type Value, vec } from '../scale/index.ts'

const engineId = fixedBytes(4)
const engineItem = tuple(engineId, bytes)

/** A digest item with the numbers FRAME gave the variants. */
export const digestItem = enumeration(
	'sp_runtime::generic::digest::DigestItem',
	{ PreRuntime: engineItem, Consensus: engineItem, Seal: engineItem, Other: bytes, RuntimeEnvironmentUpdated: unit },
	[6, 4, 5, 0, 8],
)
export type DigestItem = Value<typeof digestItem>

export const digest = struct('sp_runtime::generic::digest::Digest', { logs: vec(digestItem) })
