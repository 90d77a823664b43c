import { statSync, truncateSync } from 'node:fs'
import { crc32 } from 'node:zlib'
import { type Database, open, type RootDatabase } from 'lmdb'
import { encodeJustifications, type Justification, readBody, readJustifications } from '../block/block.ts'
import type { Hash } from '../chain.ts'
import { fromHex, toHex } from '../crypto/hex.ts'
import { DatabaseError } from '../errors.ts'
import { concatBytes, encodeBytes, encodeU32, encodeU64, encodeVec, ScaleReader } from '../scale/codec.ts'
import { NodeStore } from '../trie/node-store.ts'
import { suspectSize } from './file-check.ts'

/** Raised when what is below can no longer be read by a node of before, or the other way round. */
const FORMAT_VERSION = 1

/** Where the chain stands. */
export interface Tips {
	genesis: Hash
	best: { hash: Hash; number: number }
	finalized: { hash: Hash; number: number }
	/** Next free place of the node store. */
	nextNode: number
	/** Rounds of GRANDPA finished so far in the set `setId`. */
	round: bigint
	setId: bigint
}

export interface StoredBlock {
	header: Uint8Array
	body: Uint8Array[]
	/** Root node of the state after the block; 0 when that state is empty. */
	rootNode: number
}

/** The writes of one atomic transaction. */
export interface DatabaseWriter {
	node(id: number, record: Uint8Array): void
	block(hash: Hash, block: StoredBlock): void
	justifications(hash: Hash, list: readonly Justification[]): void
	number(number: number, hash: Hash | null): void
	/** Enters a block in the index of slots. */
	slot(slot: number, hash: Hash): void
	tips(tips: Tips): void
}

export interface DatabaseOptions {
	readOnly?: boolean
	/** Memory for decoded trie nodes. */
	cacheBytes?: number
}

const TIPS = Buffer.from('tips')
const FORMAT = Buffer.from('format')
const CHECKSUM_BYTES = 4

const encodeTips = (tips: Tips): Uint8Array =>
	concatBytes(
		fromHex(tips.genesis),
		fromHex(tips.best.hash),
		encodeU32(tips.best.number),
		fromHex(tips.finalized.hash),
		encodeU32(tips.finalized.number),
		encodeU64(tips.nextNode),
		encodeU64(tips.round),
		encodeU64(tips.setId),
	)

/** lmdb tells why a commit failed by a promise of its own, which would end the process if nobody took it. */
const reasonOf = async (error: unknown): Promise<string> => {
	let reason = (error as Error).message
	const { commitError } = error as { commitError?: Promise<never> }
	commitError?.catch((cause: Error) => {
		reason = cause.message
	})
	await new Promise((resolve) => setImmediate(resolve))
	return reason
}

type Table = Database<Buffer, Buffer>

const nodeKey = (id: number): Buffer => {
	const key = Buffer.allocUnsafe(6)
	key.writeUIntBE(id, 0, 6)
	return key
}

const numberKey = (number: number): Buffer => {
	const key = Buffer.allocUnsafe(4)
	key.writeUInt32BE(number)
	return key
}

const SLOT_BYTES = 8

/** Slot, then block hash: the index of slots is in its keys. */
const slotKey = (slot: number, hash: Uint8Array = new Uint8Array(0)): Buffer => {
	const key = Buffer.alloc(SLOT_BYTES + hash.length)
	key.writeBigUInt64BE(BigInt(slot))
	key.set(hash, SLOT_BYTES)
	return key
}

/** LMDB keeps no checksums, so every record ends with one. */
const checked = (record: Uint8Array): Buffer => Buffer.concat([record, encodeU32(crc32(record))])

/**
 * Blocks, the tries of their states, and the tips, in one LMDB file. A transaction is durable when it resolves, and a process
 * killed at any moment leaves the file as the last one left it.
 */
export class ChainDatabase {
	readonly path: string
	readonly nodes: NodeStore
	readonly #root: RootDatabase<Buffer, Buffer>
	readonly #nodes: Table
	readonly #blocks: Table
	readonly #justifications: Table
	readonly #numbers: Table
	readonly #slots: Table
	readonly #meta: Table

	private constructor(path: string, options: DatabaseOptions) {
		this.path = path
		try {
			this.#root = open<Buffer, Buffer>({
				path,
				noSubdir: true,
				readOnly: options.readOnly ?? false,
				maxDbs: 8,
				keyEncoding: 'binary',
				encoding: 'binary',
				// A commit resolves when it is on disk, not when it is visible.
				overlappingSync: false,
				// One transaction a block: nothing to batch.
				eventTurnBatching: false,
				commitDelay: 0,
				pageSize: 4096,
			})
			const table = (name: string): Table => this.#root.openDB<Buffer, Buffer>({ name, keyEncoding: 'binary', encoding: 'binary' })
			this.#nodes = table('nodes')
			this.#blocks = table('blocks')
			this.#justifications = table('justifications')
			this.#numbers = table('numbers')
			this.#slots = table('slots')
			this.#meta = table('meta')
		} catch (error) {
			throw new DatabaseError(`cannot open the database ${path}: ${(error as Error).message}; check the path, its owner and the free space`)
		}
		const format = this.#meta.get(FORMAT)
		if (format && new ScaleReader(format).u32() !== FORMAT_VERSION)
			throw new DatabaseError(
				`the database ${path} has format ${new ScaleReader(format).u32()}, this node reads ${FORMAT_VERSION}; ` +
					'run the version that wrote it and export its blocks, or choose another base path',
			)
		this.nodes = new NodeStore({ read: (id) => this.#nodes.get(nodeKey(id)) }, options.cacheBytes)
	}

	/**
	 * Opens or makes the file. One opener of a process writes; worker threads read beside it (`readOnly`).
	 * Throws `DatabaseError` when the file is damaged, cut off, or of another format.
	 */
	static open(path: string, options: DatabaseOptions = {}): ChainDatabase {
		const expected = options.readOnly ? null : suspectSize(path)
		if (expected === null) return new ChainDatabase(path, options)
		const { size } = statSync(path)
		// Missing pages are looked for as zeros: reading a map beyond the end of its file ends the process.
		truncateSync(path, expected)
		let database: ChainDatabase | null = null
		try {
			database = new ChainDatabase(path, options)
			database.verify()
			return database
		} catch (error) {
			void database?.close()
			truncateSync(path, size)
			throw new DatabaseError(
				`the database ${path} is cut off: it has ${size} bytes of ${expected} (${(error as Error).message}); ` +
					'restore it from a copy, or purge the chain and import its blocks again',
			)
		}
	}

	/** Reads every record and checks its checksum. Throws `DatabaseError` at the first that is damaged. Takes time with the size. */
	verify(): void {
		try {
			for (const table of [this.#nodes, this.#blocks, this.#justifications])
				for (const { key, value } of table.getRange()) {
					const bytes = value.subarray(0, value.length - CHECKSUM_BYTES)
					if (value.length < CHECKSUM_BYTES || crc32(bytes) !== value.readUInt32LE(bytes.length))
						throw new Error(`the record ${Buffer.from(key).toString('hex')} fails its checksum`)
				}
			for (const { hash } of this.blocksBySlot(0)) if (!this.header(hash)) throw new Error(`block ${hash} of the slot index is missing`)
			if (this.#meta.get(FORMAT) && !this.tips()) throw new Error('the tips are missing')
			for (let number = this.tips()?.best.number ?? -1; number >= 0; number--) {
				const hash = this.hashOf(number)
				if (!hash || !this.header(hash)) throw new Error(`block ${number} is missing`)
			}
		} catch (error) {
			throw new DatabaseError(`the database ${this.path} is damaged: ${(error as Error).message}`)
		}
	}

	/** The tips, or null in a new file. */
	tips(): Tips | null {
		const bytes = this.#read(this.#meta, TIPS, 'tips')
		if (!bytes) return null
		const reader = new ScaleReader(bytes)
		const ref = () => ({ hash: toHex(reader.take(32)), number: reader.u32() })
		return {
			genesis: toHex(reader.take(32)),
			best: ref(),
			finalized: ref(),
			nextNode: Number(reader.u64()),
			round: reader.u64(),
			setId: reader.u64(),
		}
	}

	#read(table: Table, key: Buffer, what: string): Uint8Array | null {
		const record = table.get(key)
		if (!record) return null
		const bytes = record.subarray(0, record.length - CHECKSUM_BYTES)
		if (record.length < CHECKSUM_BYTES || crc32(bytes) !== record.readUInt32LE(bytes.length))
			throw new DatabaseError(`${what} in ${this.path} fails its checksum: the file is damaged; restore it from a copy or purge the chain`)
		return bytes
	}

	#blockReader(hash: Hash): ScaleReader | null {
		const bytes = this.#read(this.#blocks, Buffer.from(fromHex(hash)), `block ${hash}`)
		return bytes && new ScaleReader(bytes)
	}

	header(hash: Hash): Uint8Array | null {
		const reader = this.#blockReader(hash)
		if (!reader) return null
		reader.u64()
		return reader.vecU8()
	}

	rootNode(hash: Hash): number | null {
		const reader = this.#blockReader(hash)
		return reader && Number(reader.u64())
	}

	body(hash: Hash): Uint8Array[] | null {
		const reader = this.#blockReader(hash)
		if (!reader) return null
		reader.u64()
		reader.vecU8()
		return readBody(reader)
	}

	justifications(hash: Hash): Justification[] {
		const bytes = this.#read(this.#justifications, Buffer.from(fromHex(hash)), `justifications of ${hash}`)
		return bytes ? readJustifications(new ScaleReader(bytes)) : []
	}

	/** Hash of the block at this height of the best chain. */
	hashOf(number: number): Hash | null {
		if (!(number >= 0 && number <= 0xffff_ffff)) return null
		const hash = this.#numbers.get(numberKey(number))
		return hash ? toHex(hash) : null
	}

	/** Blocks of slots `from` … `to`, on the best chain and beside it, in slot order. */
	*blocksBySlot(from: number, to: number = Number.MAX_SAFE_INTEGER): Generator<{ slot: number; hash: Hash }> {
		for (const key of this.#slots.getKeys({ start: slotKey(from), end: slotKey(to + 1) }))
			yield { slot: Number(key.readBigUInt64BE()), hash: toHex(key.subarray(SLOT_BYTES)) }
	}

	/** Runs all writes of `write` in one transaction; resolves when it is on disk. Throws `DatabaseError`. */
	async commit(write: (writer: DatabaseWriter) => void): Promise<void> {
		const writer: DatabaseWriter = {
			node: (id, record) => void this.#nodes.putSync(nodeKey(id), record as Buffer, { append: true }),
			block: (hash, { header, body, rootNode }) => {
				const record = concatBytes(encodeU64(rootNode), encodeBytes(header), encodeVec(body))
				void this.#blocks.putSync(Buffer.from(fromHex(hash)), checked(record))
			},
			justifications: (hash, list) => void this.#justifications.putSync(Buffer.from(fromHex(hash)), checked(encodeJustifications(list))),
			number: (number, hash) =>
				hash === null
					? void this.#numbers.removeSync(numberKey(number))
					: void this.#numbers.putSync(numberKey(number), Buffer.from(fromHex(hash))),
			slot: (slot, hash) => void this.#slots.putSync(slotKey(slot, fromHex(hash)), Buffer.alloc(0)),
			tips: (tips) => void this.#meta.putSync(TIPS, checked(encodeTips(tips))),
		}
		try {
			// A child transaction: an error within a plain one would leave what was written before it.
			await this.#root.childTransaction(() => {
				if (!this.#meta.get(FORMAT)) this.#meta.putSync(FORMAT, Buffer.from(encodeU32(FORMAT_VERSION)))
				write(writer)
			})
			this.refresh()
		} catch (error) {
			throw new DatabaseError(
				`writing the database ${this.path} failed: ${await reasonOf(error)}; the last block is not stored. Check the free disk space`,
			)
		}
	}

	/** Sees what was committed up to now. Without it a reader may keep its view until the end of the turn. */
	refresh(): void {
		this.#root.resetReadTxn()
	}

	close(): Promise<void> {
		return this.#root.close()
	}
}
