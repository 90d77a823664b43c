import { blake2_256 } from '../crypto/hash.ts'

/**
 * A node of the state trie (radix 16, state version 1: values over 32 bytes stand in the encoding as their hash).
 * Nodes never change once they are sealed: an update makes new ones along the path and shares the rest.
 */
export class TrieNode {
	/** Nibbles between the parent and this node, one a byte. */
	readonly partial: Uint8Array
	readonly value: Uint8Array | null
	/** Sixteen slots, or null in a leaf. */
	readonly children: (Child | null)[] | null
	/** Place in the node store; 0 for nodes that stand inside their parent (short encoding) or are not stored yet. */
	id = 0
	/** What the parent holds of this node: its hash, or its encoding when that is shorter than 32 bytes. Set by sealing. */
	merkle: Uint8Array | null = null
	/** BLAKE2b of a value over 32 bytes. */
	valueHash: Uint8Array | null = null

	constructor(partial: Uint8Array, value: Uint8Array | null, children: (Child | null)[] | null) {
		this.partial = partial
		this.value = value
		this.children = children
	}
}

/** A child that is known by place and hash, not loaded. */
export class StoredChild {
	readonly id: number
	readonly merkle: Uint8Array

	constructor(id: number, merkle: Uint8Array) {
		this.id = id
		this.merkle = merkle
	}
}

export type Child = TrieNode | StoredChild

/** Values longer than this stand in the trie by their hash (state version 1). */
export const MAX_INLINE_VALUE = 32
const HASH_LENGTH = 32

export const EMPTY_ROOT: Uint8Array = blake2_256(Uint8Array.of(0))

export const toNibbles = (key: Uint8Array): Uint8Array => {
	const out = new Uint8Array(key.length * 2)
	for (let i = 0; i < key.length; i++) {
		out[2 * i] = key[i] >> 4
		out[2 * i + 1] = key[i] & 15
	}
	return out
}

/** The nibble at `index` of a byte key. */
export const nibbleAt = (key: Uint8Array, index: number): number => (index & 1 ? key[index >> 1] & 15 : key[index >> 1] >> 4)

/** Bytes of an even number of nibbles. */
export const fromNibbles = (nibbles: ArrayLike<number>): Uint8Array => {
	const out = new Uint8Array(nibbles.length >> 1)
	for (let i = 0; i < out.length; i++) out[i] = (nibbles[2 * i] << 4) | nibbles[2 * i + 1]
	return out
}

let scratch = new Uint8Array(64 * 1024)

/** Node kinds by their leading bits, with how many bits of the first byte are left for the length of `partial`. */
const LEAF = [0x40, 63] as const
const BRANCH = [0x80, 63] as const
const BRANCH_VALUE = [0xc0, 63] as const
const LEAF_HASHED = [0x20, 31] as const
const BRANCH_HASHED = [0x10, 15] as const

const putCompact = (at: number, n: number): number => {
	if (n < 1 << 6) {
		scratch[at] = n << 2
		return at + 1
	}
	if (n < 1 << 14) {
		scratch[at] = ((n & 0x3f) << 2) | 1
		scratch[at + 1] = n >> 6
		return at + 2
	}
	scratch[at] = ((n & 0x3f) << 2) | 2
	scratch[at + 1] = (n >> 6) & 255
	scratch[at + 2] = (n >> 14) & 255
	scratch[at + 3] = n >> 22
	return at + 4
}

/**
 * The node's standard encoding; values over `inlineLimit` bytes stand in it by their hash (state version 0: none).
 * Children must be sealed. The result is a view that the next call overwrites.
 */
export const encodeNode = (node: TrieNode, inlineLimit = MAX_INLINE_VALUE): Uint8Array => {
	const { partial, value, children } = node
	const hashed = value !== null && value.length > inlineLimit
	if (hashed) node.valueHash ??= blake2_256(value)
	const [prefix, room] = children ? (value === null ? BRANCH : hashed ? BRANCH_HASHED : BRANCH_VALUE) : hashed ? LEAF_HASHED : LEAF
	// At most: header, key, 16 children of 33 bytes, the value.
	const most = partial.length * 2 + 1024 + (hashed || value === null ? 0 : value.length)
	if (scratch.length < most) scratch = new Uint8Array(most * 2)
	let at = 0
	let length = partial.length
	if (length < room) scratch[at++] = prefix | length
	else {
		scratch[at++] = prefix | room
		for (length -= room; length >= 255; length -= 255) scratch[at++] = 255
		scratch[at++] = length
	}
	let i = 0
	if (partial.length & 1) scratch[at++] = partial[i++]
	for (; i < partial.length; i += 2) scratch[at++] = (partial[i] << 4) | partial[i + 1]
	if (children) {
		let bitmap = 0
		for (let slot = 0; slot < 16; slot++) if (children[slot]) bitmap |= 1 << slot
		scratch[at++] = bitmap & 255
		scratch[at++] = bitmap >> 8
	}
	if (value !== null) {
		if (hashed) {
			scratch.set(node.valueHash!, at)
			at += HASH_LENGTH
		} else {
			at = putCompact(at, value.length)
			scratch.set(value, at)
			at += value.length
		}
	}
	if (children)
		for (const child of children)
			if (child) {
				const merkle = child.merkle!
				scratch[at++] = merkle.length << 2
				scratch.set(merkle, at)
				at += merkle.length
			}
	return scratch.subarray(0, at)
}

/** The child's place in a record; nodes that stand inside their parent have none. */
export const isInline = (merkle: Uint8Array): boolean => merkle.length < HASH_LENGTH

export class TrieCorruptError extends Error {
	override name = 'TrieCorruptError'
}

/**
 * Reads a standard encoding. `childId` gives the store's place of the next hashed child; `value` the bytes behind a hashed value.
 * Children that stand inside are decoded with it.
 */
export const decodeNode = (bytes: Uint8Array, childId: () => number, hashedValue: () => Uint8Array): TrieNode => {
	let at = 0
	const first = bytes[at++]
	const [branch, withValue, hashed, room] =
		first >> 6 === 1
			? [false, true, false, 63]
			: first >> 6 === 2
				? [true, false, false, 63]
				: first >> 6 === 3
					? [true, true, false, 63]
					: first >> 5 === 1
						? [false, true, true, 31]
						: first >> 4 === 1
							? [true, true, true, 15]
							: [false, false, false, 0]
	if (room === 0) throw new TrieCorruptError(`unknown kind of trie node: first byte ${first}`)
	let length = first & room
	if (length === room)
		for (let more = 255; more === 255; ) {
			more = bytes[at++]
			length += more
		}
	const partial = new Uint8Array(length)
	let i = 0
	if (length & 1) partial[i++] = bytes[at++]
	for (; i < length; i += 2) {
		const byte = bytes[at++]
		partial[i] = byte >> 4
		partial[i + 1] = byte & 15
	}
	let bitmap = 0
	if (branch) {
		bitmap = bytes[at] | (bytes[at + 1] << 8)
		at += 2
	}
	let value: Uint8Array | null = null
	let valueHash: Uint8Array | null = null
	if (withValue && hashed) {
		valueHash = bytes.subarray(at, at + HASH_LENGTH)
		at += HASH_LENGTH
	} else if (withValue) {
		// Values up to 32 bytes stand inside: their compact length is one byte.
		const size = bytes[at++] >> 2
		value = bytes.subarray(at, at + size)
		at += size
	}
	let children: (Child | null)[] | null = null
	if (branch) {
		children = new Array<Child | null>(16).fill(null)
		for (let slot = 0; slot < 16; slot++) {
			if (!(bitmap & (1 << slot))) continue
			const size = bytes[at++] >> 2
			const merkle = bytes.subarray(at, at + size)
			at += size
			children[slot] = isInline(merkle) ? decodeInline(merkle) : new StoredChild(childId(), merkle)
		}
	}
	if (at !== bytes.length) throw new TrieCorruptError(`trie node of ${bytes.length} bytes ends at byte ${at}`)
	const node = new TrieNode(partial, valueHash ? hashedValue() : value, children)
	node.valueHash = valueHash
	return node
}

const never = (): never => {
	throw new TrieCorruptError('a node inside its parent refers to another')
}

const decodeInline = (merkle: Uint8Array): TrieNode => {
	const node = decodeNode(merkle, never, never)
	node.merkle = merkle
	return node
}
