import { blake2_256 } from '../crypto/hash.ts'
import { EMPTY_ROOT, encodeNode, fromNibbles, isInline, MAX_INLINE_VALUE, nibbleAt, type TrieNode, toNibbles } from './node.ts'
import type { NodeStore, PendingTrie } from './node-store.ts'
import { applyChanges, type Change, seal } from './update.ts'

/** One version of the state: an immutable key-value map with a root hash, keys in byte order. */
export class Trie {
	readonly #store: NodeStore
	readonly root: TrieNode | null
	readonly hash: Uint8Array

	constructor(store: NodeStore, root: TrieNode | null, hash: Uint8Array) {
		this.#store = store
		this.root = root
		this.hash = hash
	}

	get(key: Uint8Array): Uint8Array | null {
		return this.#find(key)?.value ?? null
	}

	/** BLAKE2b of the value, without touching a long value's bytes. */
	hashOf(key: Uint8Array): Uint8Array | null {
		const node = this.#find(key)
		return node?.valueHash ?? (node?.value ? blake2_256(node.value) : null)
	}

	#find(key: Uint8Array): TrieNode | null {
		const length = key.length * 2
		let node = this.root
		let depth = 0
		while (node) {
			const { partial } = node
			const end = depth + partial.length
			if (end > length) return null
			for (let i = 0; i < partial.length; i++) if (partial[i] !== nibbleAt(key, depth + i)) return null
			if (end === length) return node
			const child = node.children ? node.children[nibbleAt(key, end)] : null
			node = child && this.#store.resolve(child)
			depth = end + 1
		}
		return null
	}

	/** The first key after `key`, or null. */
	nextKey(key: Uint8Array): Uint8Array | null {
		return this.keys(new Uint8Array(0), 1, key)[0] ?? null
	}

	/** At most `count` keys that start with `prefix`, in order, strictly after `startAfter`. */
	keys(prefix: Uint8Array, count: number, startAfter?: Uint8Array): Uint8Array[] {
		const found: Uint8Array[] = []
		for (const [key] of this.entries(prefix, startAfter)) {
			if (found.length === count) break
			found.push(key)
			if (found.length === count) break
		}
		return found
	}

	/** Keys under `prefix` strictly after `startAfter` with their values, in order. */
	*entries(prefix: Uint8Array, startAfter?: Uint8Array): Generator<[Uint8Array, Uint8Array]> {
		if (!this.root) return
		const path: number[] = []
		yield* this.#walk(this.root, path, toNibbles(prefix), startAfter ? toNibbles(startAfter) : null)
	}

	*#walk(node: TrieNode, path: number[], prefix: Uint8Array, after: Uint8Array | null): Generator<[Uint8Array, Uint8Array]> {
		const above = path.length
		for (const nibble of node.partial) path.push(nibble)
		const order = after === null ? 1 : compareFrom(path, after)
		if (underPrefix(path, prefix) && order !== BEFORE) {
			if (node.value !== null && order === AFTER && path.length >= prefix.length) yield [fromNibbles(path), node.value]
			if (node.children) {
				const depth = path.length
				// Only the child on the way to `after` needs the bound, those behind it are free.
				const bound = order === WITHIN && depth < after!.length ? after![depth] : -1
				for (let nibble = Math.max(bound, 0); nibble < 16; nibble++) {
					if (depth < prefix.length && prefix[depth] !== nibble) continue
					const child = node.children[nibble]
					if (!child) continue
					path.push(nibble)
					yield* this.#walk(this.#store.resolve(child), path, prefix, nibble === bound ? after : null)
					path.pop()
				}
			}
		}
		path.length = above
	}

	/** The trie after `changes` (key order, each key once), computed and not stored. */
	apply(changes: readonly Change[]): PendingTrie {
		const root = applyChanges(this.root, changes, this.#store.resolve)
		const fresh: TrieNode[] = []
		if (root === null) return { root, hash: EMPTY_ROOT, fresh }
		return { root, hash: seal(root, (node) => fresh.push(node)), fresh }
	}

	/**
	 * The encodings of all nodes that show `keys` to be in the trie or not, and the values that stand there as hashes
	 * (a `StorageProof`), in byte order.
	 */
	proof(keys: readonly Uint8Array[]): Uint8Array[] {
		const items = new Map<string, Uint8Array>()
		const add = (bytes: Uint8Array) => items.set(Buffer.from(bytes).toString('latin1'), bytes.slice())
		for (const key of keys) {
			let node = this.root
			let depth = 0
			while (node) {
				if (node === this.root || !isInline(node.merkle!)) add(encodeNode(node))
				const { partial } = node
				const end = depth + partial.length
				if (end > key.length * 2 || partial.some((nibble, i) => nibble !== nibbleAt(key, depth + i))) break
				if (end === key.length * 2) {
					if (node.value && node.value.length > MAX_INLINE_VALUE) add(node.value)
					break
				}
				const child = node.children ? node.children[nibbleAt(key, end)] : null
				node = child && this.#store.resolve(child)
				depth = end + 1
			}
		}
		return [...items.values()].sort((a, b) => Buffer.compare(a, b))
	}

	/** The merkle value (hash, or short encoding) of the node closest under `prefix`, or null when no key starts with it. */
	closestMerkleValue(prefix: Uint8Array): Uint8Array | null {
		const length = prefix.length * 2
		let node = this.root
		let depth = 0
		while (node) {
			const { partial } = node
			for (let i = 0; i < partial.length && depth + i < length; i++) if (partial[i] !== nibbleAt(prefix, depth + i)) return null
			const end = depth + partial.length
			if (end >= length) return node.merkle
			const child = node.children ? node.children[nibbleAt(prefix, end)] : null
			node = child && this.#store.resolve(child)
			depth = end + 1
		}
		return null
	}

	/** What was written between `before` and this trie, in key order. Shared parts are skipped. */
	changesSince(before: Trie): Change[] {
		const found: Change[] = []
		this.#diff(before.root, 0, this.root, 0, [], found)
		return found.sort((a, b) => Buffer.compare(a.key, b.key))
	}

	/** Compares two nodes of which the first `skipA`, `skipB` nibbles of `partial` are on `path` already. */
	#diff(a: TrieNode | null, skipA: number, b: TrieNode | null, skipB: number, path: number[], found: Change[]): void {
		if (a === b || (a && b && skipA === 0 && skipB === 0 && a.id !== 0 && a.id === b.id)) return
		const above = path.length
		const restA = a ? a.partial.length - skipA : 0
		const restB = b ? b.partial.length - skipB : 0
		const most = a && b ? Math.min(restA, restB) : a ? restA : restB
		let n = 0
		for (; n < most; n++) {
			const nibble = a ? a.partial[skipA + n] : b!.partial[skipB + n]
			if (a && b && nibble !== b.partial[skipB + n]) break
			path.push(nibble)
		}
		if (a && b && n < most) {
			path.length = above
			this.#diff(a, skipA, null, 0, path, found)
			this.#diff(null, 0, b, skipB, path, found)
			return
		}
		const hereA = a && n === restA ? a : null
		const hereB = b && n === restB ? b : null
		const old = hereA?.value ?? null
		const now = hereB?.value ?? null
		if (old === null ? now !== null : now === null || Buffer.compare(old, now) !== 0) found.push({ key: fromNibbles(path), value: now })
		for (let nibble = 0; nibble < 16; nibble++) {
			const [nextA, fromA] = this.#below(a, hereA, skipA + n, nibble)
			const [nextB, fromB] = this.#below(b, hereB, skipB + n, nibble)
			if (!nextA && !nextB) continue
			path.push(nibble)
			this.#diff(nextA, fromA, nextB, fromB, path, found)
			path.pop()
		}
		path.length = above
	}

	/** What lies behind `nibble`: a child of a node that ends here, or the rest of one whose partial runs on. */
	#below(node: TrieNode | null, here: TrieNode | null, used: number, nibble: number): [TrieNode | null, number] {
		if (here) {
			const child = here.children?.[nibble]
			return [child ? this.#store.resolve(child) : null, 0]
		}
		return node && node.partial[used] === nibble ? [node, used + 1] : [null, 0]
	}
}

const BEFORE = -1
const WITHIN = 0
const AFTER = 1

/** Where the subtree at `path` stands to the bound: wholly before it, on the way to keys after it, or wholly after. */
const compareFrom = (path: number[], after: Uint8Array): number => {
	const most = Math.min(path.length, after.length)
	for (let i = 0; i < most; i++) if (path[i] !== after[i]) return path[i] < after[i] ? BEFORE : AFTER
	if (path.length > after.length) return AFTER
	return WITHIN
}

const underPrefix = (path: number[], prefix: Uint8Array): boolean => {
	const most = Math.min(path.length, prefix.length)
	for (let i = 0; i < most; i++) if (path[i] !== prefix[i]) return false
	return true
}
