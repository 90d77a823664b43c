import { crc32 } from 'node:zlib'
import { type Child, decodeNode, EMPTY_ROOT, encodeNode, isInline, StoredChild, TrieCorruptError, TrieNode } from './node.ts'
import { Trie } from './trie.ts'

/** Where records of nodes are kept: numbered from 1 in order of writing, never changed. */
export interface NodeRecords {
	read(id: number): Uint8Array | undefined
}

/** A trie that was computed and is not stored: the work of one block. */
export interface PendingTrie {
	readonly root: TrieNode | null
	readonly hash: Uint8Array
	/** New nodes, children before parents. */
	readonly fresh: TrieNode[]
}

const ID_BYTES = 6
const CHECKSUM_BYTES = 4
const LENGTH_BYTES = 4
/** What a decoded node costs beside its record: objects, arrays, map entry. */
const NODE_OVERHEAD_BYTES = 400

/**
 * Trie nodes by their place in a store, with a cache of bounded size in front: start-up time and memory don't grow with the state.
 *
 * A place is a running number, so that a block's nodes are written one after the other (appending is several times faster than
 * writing under random hashes) and every block's trie stays readable. A record is: length of the encoding, the standard encoding,
 * the places of the hashed children, the value when the encoding holds its hash only, CRC-32.
 */
export class NodeStore {
	readonly #records: NodeRecords
	readonly #halfBudget: number
	// Two generations: what is used moves to the young one; when that is full the old one is dropped.
	#young = new Map<number, TrieNode>()
	#old = new Map<number, TrieNode>()
	#youngBytes = 0

	constructor(records: NodeRecords, cacheBytes = 192 * 2 ** 20) {
		this.#records = records
		this.#halfBudget = cacheBytes / 2
	}

	/** The trie whose root node is at `id` (0: the empty trie). */
	open(id: number, hash: Uint8Array): Trie {
		if (id === 0) return new Trie(this, null, EMPTY_ROOT)
		return new Trie(this, this.resolve(new StoredChild(id, hash)), hash)
	}

	readonly resolve = (child: Child): TrieNode => {
		if (child instanceof TrieNode) return child
		const { id } = child
		const young = this.#young.get(id)
		if (young) return young
		const old = this.#old.get(id)
		if (old) {
			this.#remember(old, NODE_OVERHEAD_BYTES)
			return old
		}
		const record = this.#records.read(id)
		if (!record) throw new TrieCorruptError(`trie node ${id} is missing from the database`)
		const node = decodeRecord(record, id)
		node.merkle = child.merkle
		this.#remember(node, record.length + NODE_OVERHEAD_BYTES)
		return node
	}

	#remember(node: TrieNode, bytes: number): void {
		this.#young.set(node.id, node)
		this.#youngBytes += bytes
		if (this.#youngBytes > this.#halfBudget) {
			this.#old = this.#young
			this.#young = new Map()
			this.#youngBytes = 0
		}
	}

	/**
	 * Gives the pending nodes their places from `nextId` on and hands each record to `write`. Returns the next free place.
	 * Afterwards the pending trie can be opened at its root's id.
	 */
	persist(pending: PendingTrie, nextId: number, write: (id: number, record: Uint8Array) => void): number {
		for (const node of pending.fresh) {
			node.id = nextId++
			const record = encodeRecord(node)
			write(node.id, record)
			// Only the cache may hold on to nodes: a parent knows its children by place.
			if (node.children)
				for (let slot = 0; slot < 16; slot++) {
					const child = node.children[slot]
					if (child instanceof TrieNode && child.id !== 0) node.children[slot] = new StoredChild(child.id, child.merkle!)
				}
			this.#remember(node, record.length + NODE_OVERHEAD_BYTES)
		}
		return nextId
	}
}

const encodeRecord = (node: TrieNode): Uint8Array => {
	const encoding = encodeNode(node)
	const tail = node.valueHash ? node.value! : null
	let places = 0
	if (node.children) for (const child of node.children) if (child && !isInline(child.merkle!)) places++
	const record = Buffer.allocUnsafe(LENGTH_BYTES + encoding.length + places * ID_BYTES + (tail ? tail.length : 0) + CHECKSUM_BYTES)
	record.writeUInt32LE(encoding.length)
	record.set(encoding, LENGTH_BYTES)
	let at = LENGTH_BYTES + encoding.length
	if (node.children)
		for (const child of node.children)
			if (child && !isInline(child.merkle!)) {
				record.writeUIntBE(child.id, at, ID_BYTES)
				at += ID_BYTES
			}
	if (tail) record.set(tail, at)
	record.writeUInt32LE(crc32(record.subarray(0, -CHECKSUM_BYTES)), record.length - CHECKSUM_BYTES)
	return record
}

const decodeRecord = (bytes: Uint8Array, id: number): TrieNode => {
	const record = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length)
	const end = record.length - CHECKSUM_BYTES
	if (end < LENGTH_BYTES || crc32(record.subarray(0, end)) !== record.readUInt32LE(end))
		throw new TrieCorruptError(`trie node ${id} fails its checksum: the database file is damaged`)
	// Values go out to callers: a plain array, whose `slice` copies.
	const plain = new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.length)
	let at = LENGTH_BYTES + record.readUInt32LE(0)
	const node = decodeNode(
		plain.subarray(LENGTH_BYTES, at),
		() => {
			const place = record.readUIntBE(at, ID_BYTES)
			at += ID_BYTES
			return place
		},
		// Places stand before the value in the record, but decoding meets the value first.
		() => new Uint8Array(0),
	)
	node.id = id
	if (!node.valueHash) return node
	const withValue = new TrieNode(node.partial, plain.subarray(at, end), node.children)
	withValue.valueHash = node.valueHash
	withValue.id = id
	return withValue
}
