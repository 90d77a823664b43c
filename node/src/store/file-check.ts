import { closeSync, fstatSync, openSync, readSync } from 'node:fs'
import { DatabaseError } from '../errors.ts'

// LMDB keeps two meta pages in front and writes them in turn; the newer one counts. Layout of 64-bit little-endian builds of the
// `lmdb` package (LMDB data version 2): a page header of 24 bytes, then the meta record.
const HEADER_BYTES = 24
const MAGIC = 0xbeefc0de
const DATA_VERSION = 2
const AT_VERSION = HEADER_BYTES + 4
const AT_PAGE_SIZE = HEADER_BYTES + 24
const AT_LAST_PAGE = HEADER_BYTES + 120
const AT_TRANSACTION = HEADER_BYTES + 128
const META_BYTES = HEADER_BYTES + 136

interface Meta {
	pageSize: number
	lastPage: number
	transaction: bigint
}

const readMeta = (file: number, at: number): Meta | null => {
	const bytes = Buffer.alloc(META_BYTES)
	if (readSync(file, bytes, 0, META_BYTES, at) !== META_BYTES) return null
	if (bytes.readUInt32LE(HEADER_BYTES) !== MAGIC || bytes.readUInt16LE(AT_VERSION) !== DATA_VERSION) return null
	return {
		pageSize: bytes.readUInt32LE(AT_PAGE_SIZE),
		lastPage: Number(bytes.readBigUInt64LE(AT_LAST_PAGE)),
		transaction: bytes.readBigUInt64LE(AT_TRANSACTION),
	}
}

/**
 * Looks at a database file before it is mapped, since reading a map beyond the end of its file kills the process. Returns the size
 * the file should have when it is shorter than its last page, else null; a new or empty file is fine. (LMDB itself may leave free
 * pages at the end unwritten, so a short file is a suspicion, not yet a fault.)
 * Throws `DatabaseError` when it is no database.
 */
export const suspectSize = (path: string): number | null => {
	let file: number
	try {
		file = openSync(path, 'r')
	} catch (error) {
		if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null
		throw new DatabaseError(`cannot read ${path}: ${(error as Error).message}; check its owner and rights`)
	}
	try {
		const { size } = fstatSync(file)
		if (size === 0) return null
		const first = readMeta(file, 0)
		const second = readMeta(file, first ? first.pageSize : 4096)
		const newer = first && second ? (first.transaction > second.transaction ? first : second) : (first ?? second)
		if (!newer || !first || !second)
			throw new DatabaseError(`${path} is no chain database or its first pages are damaged; restore it from a copy or purge the chain`)
		const expected = (newer.lastPage + 1) * newer.pageSize
		return size < expected ? expected : null
	} finally {
		closeSync(file)
	}
}
