import { byteString, fromByteString } from '../crypto/hex.ts'
import type { Change } from '../trie/update.ts'
import { AppendList } from './append-list.ts'

/** What lies under an overlay: the state after a block. */
export interface BaseState {
	get(key: Uint8Array): Uint8Array | null
	nextKey(key: Uint8Array): Uint8Array | null
}

type Entry = Uint8Array | AppendList | null

/** Keys that were added since the index was sorted are inserted one by one up to this many, sorted anew above. */
const INSERT_LIMIT = 32

/**
 * Uncommitted writes over a state, with nested transactions. Every operation costs the keys it touches: the newest value of a
 * key stands in one map, and each open transaction remembers what its writes replaced. Keys are byte strings (crypto/hex.ts).
 */
export class Overlay {
	readonly #base: BaseState
	readonly #reads = new Map<string, Uint8Array | null>()
	readonly #entries = new Map<string, Entry>()
	readonly #undo: Map<string, Entry | undefined>[] = []
	/** Written keys in order, brought up to date when order is asked for. May hold keys that a rollback took back. */
	#sorted: string[] = []
	#unsorted: string[] = []
	#changes: Change[] | null = null

	constructor(base: BaseState) {
		this.#base = base
	}

	/** How many transactions are open. */
	get depth(): number {
		return this.#undo.length
	}

	get(key: string): Uint8Array | null {
		const entry = this.#entries.get(key)
		if (entry === undefined) return this.#read(key)
		return entry instanceof AppendList ? entry.encode() : entry
	}

	#read(key: string): Uint8Array | null {
		let value = this.#reads.get(key)
		if (value === undefined) {
			value = this.#base.get(fromByteString(key))
			this.#reads.set(key, value)
		}
		return value
	}

	/** Takes ownership of `value`. */
	set(key: string, value: Uint8Array): void {
		this.#write(key, value)
	}

	clear(key: string): void {
		this.#write(key, null)
	}

	/** Pushes one encoded item onto the SCALE `Vec` at `key`. */
	append(key: string, item: Uint8Array): void {
		const entry = this.#entries.get(key)
		const list = entry instanceof AppendList ? entry : AppendList.from(entry === undefined ? this.#read(key) : entry)
		this.#write(key, list.append(item))
	}

	#write(key: string, entry: Entry): void {
		this.#changes = null
		const before = this.#entries.get(key)
		const undo = this.#undo[this.#undo.length - 1]
		if (undo && !undo.has(key)) undo.set(key, before)
		if (before === undefined) this.#unsorted.push(key)
		this.#entries.set(key, entry)
	}

	start(): void {
		this.#undo.push(new Map())
	}

	/** Throws when no transaction is open. */
	commit(): void {
		const done = this.#close('commit')
		const outer = this.#undo[this.#undo.length - 1]
		if (outer) for (const [name, before] of done) if (!outer.has(name)) outer.set(name, before)
	}

	/** Throws when no transaction is open. */
	rollback(): void {
		this.#changes = null
		for (const [name, before] of this.#close('roll back')) {
			if (before === undefined) this.#entries.delete(name)
			else this.#entries.set(name, before)
			if (before instanceof AppendList) before.reclaim()
		}
	}

	#close(what: string): Map<string, Entry | undefined> {
		const top = this.#undo.pop()
		if (!top) throw new Error(`the runtime asked to ${what} a storage transaction, but none is open`)
		return top
	}

	#nextInBase(key: string): string | null {
		const next = this.#base.nextKey(fromByteString(key))
		return next && byteString(next)
	}

	/** The first key after `key`, or null. */
	nextKey(key: string): string | null {
		const order = this.#order()
		let inBase = this.#nextInBase(key)
		for (let i = firstAfter(order, key); i < order.length; i++) {
			const written = order[i]
			const entry = this.#entries.get(written)
			if (entry === undefined) continue
			if (inBase !== null && inBase < written) return inBase
			if (entry !== null) return written
			if (inBase === written) inBase = this.#nextInBase(inBase)
		}
		return inBase
	}

	/**
	 * Deletes keys that start with `prefix`: all that are new in this overlay, and at most `limit` of those under it
	 * (null: all). Returns how many of the latter were met and whether some remain.
	 */
	clearPrefix(prefix: string, limit: number | null): { met: number; remaining: boolean } {
		const order = this.#order()
		let from = firstAfter(order, prefix)
		if (from > 0 && order[from - 1] === prefix) from--
		for (let i = from; i < order.length && order[i].startsWith(prefix); i++) if (this.#entries.get(order[i])) this.#write(order[i], null)
		let met = 0
		let key = this.#read(prefix) === null ? this.#nextInBase(prefix) : prefix
		for (; key?.startsWith(prefix); key = this.#nextInBase(key)) {
			if (met === limit) return { met, remaining: true }
			if (this.#entries.get(key) !== null) this.#write(key, null)
			met++
		}
		return { met, remaining: false }
	}

	/** All writes that may change the state, in key order, each key once. Deleting what was never there is none. */
	changes(): Change[] {
		if (this.#changes) return this.#changes
		const out: Change[] = []
		for (const name of this.#order()) {
			const entry = this.#entries.get(name)
			if (entry === undefined || (entry === null && this.#read(name) === null)) continue
			out.push({ key: fromByteString(name), value: entry instanceof AppendList ? entry.encode() : entry })
		}
		this.#changes = out
		return out
	}

	#order(): string[] {
		if (this.#unsorted.length > INSERT_LIMIT) {
			this.#sorted = [...new Set(this.#sorted.concat(this.#unsorted))].filter((name) => this.#entries.has(name)).sort(byCodeUnit)
		} else
			for (const name of this.#unsorted) {
				const at = firstAfter(this.#sorted, name)
				if (at === 0 || this.#sorted[at - 1] !== name) this.#sorted.splice(at, 0, name)
			}
		this.#unsorted = []
		return this.#sorted
	}
}

const byCodeUnit = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0)

/** Index of the first item greater than `name`. */
const firstAfter = (sorted: readonly string[], name: string): number => {
	let low = 0
	let high = sorted.length
	while (low < high) {
		const middle = (low + high) >> 1
		if (sorted[middle] <= name) low = middle + 1
		else high = middle
	}
	return low
}
