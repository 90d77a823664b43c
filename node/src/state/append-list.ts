import { encodeCompact, ScaleReader } from '../scale/codec.ts'

/** Bytes of a SCALE `Vec`'s items, shared by the versions of one growing list. Only the newest version may append in place. */
interface Backing {
	bytes: Uint8Array
	used: number
}

/**
 * One version of a SCALE `Vec` that grows by appending (an event log). Appending copies nothing but the item until the
 * backing is full, so thousands of appends are linear; older versions stay valid for rollback.
 */
export class AppendList {
	readonly #backing: Backing
	readonly #length: number
	readonly #count: number
	#encoded: Uint8Array | null = null

	private constructor(backing: Backing, length: number, count: number) {
		this.#backing = backing
		this.#length = length
		this.#count = count
	}

	/** The list in a stored value; a value that is no SCALE `Vec` counts as empty, as Substrate's host has it. */
	static from(value: Uint8Array | null): AppendList {
		if (value === null || value.length === 0) return new AppendList({ bytes: new Uint8Array(256), used: 0 }, 0, 0)
		let count = 0
		let start = value.length
		try {
			const reader = new ScaleReader(value)
			count = reader.compact()
			start = reader.position
		} catch {
			// Not a compact number in front: start again from nothing.
		}
		const items = value.subarray(start)
		const bytes = new Uint8Array(items.length * 2 + 256)
		bytes.set(items)
		return new AppendList({ bytes, used: items.length }, items.length, count)
	}

	append(item: Uint8Array): AppendList {
		let backing = this.#backing
		const length = this.#length + item.length
		if (backing.used !== this.#length || length > backing.bytes.length) {
			const bytes = new Uint8Array(length * 2)
			bytes.set(backing.bytes.subarray(0, this.#length))
			backing = { bytes, used: this.#length }
		}
		backing.bytes.set(item, this.#length)
		backing.used = length
		return new AppendList(backing, length, this.#count + 1)
	}

	/** Makes this the newest version again after later ones were rolled back. */
	reclaim(): void {
		this.#backing.used = this.#length
	}

	encode(): Uint8Array {
		if (this.#encoded) return this.#encoded
		const head = encodeCompact(this.#count)
		const out = new Uint8Array(head.length + this.#length)
		out.set(head)
		out.set(this.#backing.bytes.subarray(0, this.#length), head.length)
		this.#encoded = out
		return out
	}
}
