import { blake2_256 } from '../crypto/hash.ts'
import { equalBytes } from '../crypto/hex.ts'
import { type Child, encodeNode, isInline, MAX_INLINE_VALUE, nibbleAt, TrieNode, toNibbles } from './node.ts'

/** A write: `value` null deletes. Lists of changes are in key order, each key once. */
export interface Change {
	key: Uint8Array
	value: Uint8Array | null
}

/** Gives the node behind a child slot. */
export type Resolve = (child: Child) => TrieNode

/**
 * The trie after `changes`, touching each node on their paths once. Returns the same node when nothing changed.
 * New nodes are not sealed yet.
 */
export const applyChanges = (root: TrieNode | null, changes: readonly Change[], resolve: Resolve): TrieNode | null =>
	changes.length === 0 ? root : update(root, changes, 0, changes.length, 0, resolve)

/** How many nibbles of `key` from `depth` on agree with `partial`. */
const agree = (key: Uint8Array, depth: number, partial: Uint8Array): number => {
	const most = Math.min(key.length * 2 - depth, partial.length)
	let n = 0
	while (n < most && nibbleAt(key, depth + n) === partial[n]) n++
	return n
}

const update = (
	node: TrieNode | null,
	changes: readonly Change[],
	from: number,
	to: number,
	depth: number,
	resolve: Resolve,
): TrieNode | null => {
	if (node === null) return build(changes, from, to, depth)
	const { partial } = node
	// Keys are sorted, so the one that agrees least is the first or the last.
	const least = Math.min(agree(changes[from].key, depth, partial), agree(changes[to - 1].key, depth, partial))
	if (least === partial.length) return inside(node, changes, from, to, depth + partial.length, resolve)

	// Some keys leave the node's path. Deleting those is nothing to do; putting one splits the path.
	const kept: Change[] = []
	for (let i = from; i < to; i++)
		if (changes[i].value !== null || agree(changes[i].key, depth, partial) === partial.length) kept.push(changes[i])
	if (kept.length === 0) return node
	if (kept.length < to - from) return update(node, kept, 0, kept.length, depth, resolve)

	const lower = new TrieNode(partial.slice(least + 1), node.value, node.children)
	lower.valueHash = node.valueHash
	const children = new Array<Child | null>(16).fill(null)
	children[partial[least]] = lower
	return inside(new TrieNode(partial.slice(0, least), null, children), changes, from, to, depth + least, resolve)
}

/** Applies changes whose keys all run through `node`; `depth` is where its children's nibbles stand. */
const inside = (node: TrieNode, changes: readonly Change[], from: number, to: number, depth: number, resolve: Resolve): TrieNode | null => {
	let { value, valueHash } = node
	let children = node.children
	let changed = false
	let i = from
	if (changes[i].key.length * 2 === depth) {
		const next = changes[i++].value
		if (next === null ? value !== null : value === null || !equalBytes(next, value)) {
			value = next
			valueHash = null
			changed = true
		}
	}
	while (i < to) {
		const nibble = nibbleAt(changes[i].key, depth)
		let end = i + 1
		while (end < to && nibbleAt(changes[end].key, depth) === nibble) end++
		const slot = children ? children[nibble] : null
		const old = slot && resolve(slot)
		const next = update(old, changes, i, end, depth + 1, resolve)
		if (next !== old) {
			if (!children || children === node.children) children = children ? children.slice() : new Array<Child | null>(16).fill(null)
			children[nibble] = next
			changed = true
		}
		i = end
	}
	// A node without a mark is one that a split just made: it still has to be put into shape.
	if (!changed && node.merkle) return node
	return shaped(node.partial, value, valueHash, children, resolve)
}

/** A node in canonical shape: no branch without children, no branch that only passes on to one child. */
const shaped = (
	partial: Uint8Array,
	value: Uint8Array | null,
	valueHash: Uint8Array | null,
	children: (Child | null)[] | null,
	resolve: Resolve,
): TrieNode | null => {
	let count = 0
	let only = 0
	if (children)
		for (let slot = 0; slot < 16; slot++)
			if (children[slot]) {
				count++
				only = slot
			}
	if (count === 0 && value === null) return null
	if (count === 1 && value === null) {
		const child = resolve(children![only]!)
		const joined = new Uint8Array(partial.length + 1 + child.partial.length)
		joined.set(partial)
		joined[partial.length] = only
		joined.set(child.partial, partial.length + 1)
		const node = new TrieNode(joined, child.value, child.children)
		node.valueHash = child.valueHash
		return node
	}
	const node = new TrieNode(partial, value, count === 0 ? null : children)
	node.valueHash = valueHash
	return node
}

/** A new subtree of the puts among the changes, or null when there are none. */
const build = (changes: readonly Change[], from: number, to: number, depth: number): TrieNode | null => {
	while (from < to && changes[from].value === null) from++
	while (from < to && changes[to - 1].value === null) to--
	if (from === to) return null
	const first = changes[from].key
	if (to - from === 1) return new TrieNode(toNibbles(first).slice(depth), changes[from].value, null)
	const last = changes[to - 1].key
	let end = depth
	while (end < first.length * 2 && nibbleAt(first, end) === nibbleAt(last, end)) end++
	let value: Uint8Array | null = null
	let i = from
	if (first.length * 2 === end) value = changes[i++].value
	const children = new Array<Child | null>(16).fill(null)
	while (i < to) {
		const nibble = nibbleAt(changes[i].key, end)
		let stop = i + 1
		while (stop < to && nibbleAt(changes[stop].key, end) === nibble) stop++
		children[nibble] = build(changes, i, stop, end + 1)
		i = stop
	}
	return new TrieNode(toNibbles(first).slice(depth, end), value, children)
}

/**
 * Seals every new node under `root` and returns the root hash. `onNew` hears each new node that has a place of its own
 * in the store, children before parents; the root always has one.
 */
export const seal = (root: TrieNode, onNew: (node: TrieNode) => void, inlineLimit = MAX_INLINE_VALUE): Uint8Array => {
	if (root.merkle) return root.merkle
	sealChildren(root, onNew, inlineLimit)
	root.merkle = blake2_256(encodeNode(root, inlineLimit))
	onNew(root)
	return root.merkle
}

const sealChildren = (node: TrieNode, onNew: (node: TrieNode) => void, inlineLimit: number): void => {
	if (!node.children) return
	for (const child of node.children) {
		if (!child || child.merkle) continue
		const fresh = child as TrieNode
		sealChildren(fresh, onNew, inlineLimit)
		const encoding = encodeNode(fresh, inlineLimit)
		if (isInline(encoding)) fresh.merkle = encoding.slice()
		else {
			fresh.merkle = blake2_256(encoding)
			onNew(fresh)
		}
	}
}
