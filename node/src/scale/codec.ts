/** Readers and writers of SCALE, the wire format of Substrate: only the few shapes a node itself must read. */

/** Input ended early, or a length or number is out of range. */
export class ScaleError extends Error {
	override name = 'ScaleError'
}

/** Bytes of the compact form of `value` (0 … 2^64−1). */
export const encodeCompact = (value: number | bigint): Uint8Array => {
	const n = typeof value === 'bigint' && value <= 0xffff_ffffn ? Number(value) : value
	if (typeof n === 'number' && n <= 0xffff_ffff) {
		if (n < 0 || !Number.isInteger(n)) throw new ScaleError(`cannot encode ${n} as a compact number: it must be a whole number from 0`)
		if (n < 1 << 6) return Uint8Array.of(n << 2)
		if (n < 1 << 14) return Uint8Array.of(((n & 0x3f) << 2) | 1, n >> 6)
		if (n < 1 << 30) return Uint8Array.of(((n & 0x3f) << 2) | 2, (n >> 6) & 255, (n >> 14) & 255, n >> 22)
	}
	const bytes = [0]
	for (let rest = BigInt(n); rest > 0n; rest >>= 8n) bytes.push(Number(rest & 255n))
	while (bytes.length < 5) bytes.push(0)
	bytes[0] = ((bytes.length - 5) << 2) | 3
	return Uint8Array.from(bytes)
}

export const concatBytes = (...parts: Uint8Array[]): Uint8Array => {
	let length = 0
	for (const part of parts) length += part.length
	const out = new Uint8Array(length)
	let at = 0
	for (const part of parts) {
		out.set(part, at)
		at += part.length
	}
	return out
}

export const encodeU32 = (value: number): Uint8Array => {
	const out = new Uint8Array(4)
	new DataView(out.buffer).setUint32(0, value, true)
	return out
}

export const encodeU64 = (value: number | bigint): Uint8Array => {
	const out = new Uint8Array(8)
	new DataView(out.buffer).setBigUint64(0, BigInt(value), true)
	return out
}

/** `Vec<u8>`: compact length, then the bytes. */
export const encodeBytes = (bytes: Uint8Array): Uint8Array => concatBytes(encodeCompact(bytes.length), bytes)

/** `Vec<T>` of items that are encoded already. */
export const encodeVec = (items: readonly Uint8Array[]): Uint8Array => concatBytes(encodeCompact(items.length), ...items)

/** Reads SCALE from the front of a byte array. Every method throws `ScaleError` at the end of the input. */
export class ScaleReader {
	readonly bytes: Uint8Array
	position: number

	constructor(bytes: Uint8Array, position = 0) {
		// A plain view: `slice` of a Buffer would not copy.
		this.bytes = bytes.constructor === Uint8Array ? bytes : new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.length)
		this.position = position
	}

	get done(): boolean {
		return this.position === this.bytes.length
	}

	u8(): number {
		if (this.position >= this.bytes.length) throw new ScaleError(`input of ${this.bytes.length} bytes ended early`)
		return this.bytes[this.position++]
	}

	/** A copy of the next `length` bytes. */
	take(length: number): Uint8Array {
		const end = this.position + length
		if (!(end <= this.bytes.length))
			throw new ScaleError(`input of ${this.bytes.length} bytes ended early: ${length} more bytes expected at byte ${this.position}`)
		const out = this.bytes.slice(this.position, end)
		this.position = end
		return out
	}

	u32(): number {
		const b = this.take(4)
		return (b[0] | (b[1] << 8) | (b[2] << 16) | (b[3] << 24)) >>> 0
	}

	u64(): bigint {
		const b = this.take(8)
		return new DataView(b.buffer).getBigUint64(0, true)
	}

	/** A compact number that fits a JavaScript integer: lengths and block numbers. */
	compact(): number {
		const first = this.u8()
		switch (first & 3) {
			case 0:
				return first >> 2
			case 1:
				return (first >> 2) | (this.u8() << 6)
			case 2: {
				const b = this.take(3)
				return (first >> 2) | (b[0] << 6) | (b[1] << 14) | (b[2] * 2 ** 22)
			}
			default: {
				const b = this.take((first >> 2) + 4)
				let value = 0
				for (let i = b.length - 1; i >= 0; i--) value = value * 256 + b[i]
				if (!Number.isSafeInteger(value)) throw new ScaleError('compact number is larger than 2^53')
				return value
			}
		}
	}

	/** `Vec<u8>`. */
	vecU8(): Uint8Array {
		return this.take(this.compact())
	}

	/** `Vec<T>`; `item` reads one. */
	vec<T>(item: () => T): T[] {
		const count = this.compact()
		// An item takes a byte at least, so a longer count is a lie: refuse before allocating.
		if (count > this.bytes.length - this.position) throw new ScaleError(`list of ${count} items is longer than the input`)
		return Array.from({ length: count }, item)
	}

	rest(): Uint8Array {
		return this.take(this.bytes.length - this.position)
	}
}
