import { encodeCompact } from '../scale/codec.ts'
import { EMPTY_ROOT, MAX_INLINE_VALUE } from './node.ts'
import { applyChanges, seal } from './update.ts'

const loaded = (): never => {
	throw new Error('a trie built in memory has no stored nodes')
}

/** Root of the trie that maps SCALE compact 0, 1, 2 … to `items`: the extrinsics root of a block. */
export const orderedRoot = (items: readonly Uint8Array[], stateVersion: 0 | 1): Uint8Array => {
	const changes = items.map((value, index) => ({ key: encodeCompact(index), value }))
	changes.sort((a, b) => Buffer.compare(a.key, b.key))
	const root = applyChanges(null, changes, loaded)
	return root ? seal(root, () => {}, stateVersion === 1 ? MAX_INLINE_VALUE : Number.POSITIVE_INFINITY) : EMPTY_ROOT
}
