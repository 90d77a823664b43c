/** The data directory cannot be used; the message tells which path, why, and what to do. */
export class DatabaseError extends Error {
	override name = 'DatabaseError'
}

/** The data directory belongs to another chain. */
export class DataMismatchError extends DatabaseError {
	override name = 'DataMismatchError'
	readonly expected: string
	readonly found: string

	constructor(path: string, expected: string, found: string) {
		super(
			`the data in ${path} belongs to a chain with genesis ${found}, but the chain spec has genesis ${expected}; ` +
				'choose another base path, or purge the old chain',
		)
		this.expected = expected
		this.found = found
	}
}

/** The chain spec cannot be used; the message names the field and the fault. */
export class ChainSpecError extends Error {
	override name = 'ChainSpecError'
}

/** A block was refused; the chain is as it was. */
export class BlockImportError extends Error {
	override name = 'BlockImportError'
}
