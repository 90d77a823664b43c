import { ArithmeticError } from '../math/integer.ts'

/** Bytes that do not decode as the type asked for. A malformed extrinsic ends here and is refused. */
export class DecodeError extends Error {}

const LOW_64 = 0xffff_ffff_ffff_ffffn
const MAX_U128 = (1n << 128n) - 1n

/**
 * The one growing buffer every codec writes into. Encoding nests by position (`mark`, `since`, `rewind`), so that a value
 * is written once, in place, whatever its depth.
 */
export class Writer {
	bytes = new Uint8Array(1024)
	view = new DataView(this.bytes.buffer)
	at = 0

	/** Bytes that fit: `bytes.length`, which the engine has to call a getter for. */
	private room = 1024

	// Everything that is written or read goes through these few methods, so that each does its checks in place.
	private grow(end: number): void {
		const grown = new Uint8Array(end > 2 * this.room ? end : 2 * this.room)
		grown.set(this.bytes)
		this.bytes = grown
		this.view = new DataView(grown.buffer)
		this.room = grown.length
	}
	u8(value: number): void {
		const { at } = this
		if (value < 0 || value > 0xff) outOfRange(value)
		if (at >= this.room) this.grow(at + 1)
		this.bytes[at] = value
		this.at = at + 1
	}
	u16(value: number): void {
		const { at } = this
		if (value < 0 || value > 0xffff) outOfRange(value)
		if (at + 2 > this.room) this.grow(at + 2)
		this.view.setUint16(at, value, true)
		this.at = at + 2
	}
	u32(value: number): void {
		const { at } = this
		if (value < 0 || value > 0xffff_ffff) outOfRange(value)
		if (at + 4 > this.room) this.grow(at + 4)
		this.view.setUint32(at, value, true)
		this.at = at + 4
	}
	u64(value: bigint): void {
		const { at } = this
		if (value < 0n || value > LOW_64) outOfRange(value)
		if (at + 8 > this.room) this.grow(at + 8)
		this.view.setBigUint64(at, value, true)
		this.at = at + 8
	}
	u128(value: bigint): void {
		const { at, view } = this
		if (value < 0n || value > MAX_U128) outOfRange(value)
		if (at + 16 > this.room) {
			this.grow(at + 16)
			this.u128(value)
			return
		}
		if (value <= LOW_64) {
			view.setBigUint64(at, value, true)
			view.setBigUint64(at + 8, 0n, true)
		} else {
			view.setBigUint64(at, value & LOW_64, true)
			view.setBigUint64(at + 8, value >> 64n, true)
		}
		this.at = at + 16
	}
	/** SCALE compact of a number below 2^32 (lengths, indices). */
	compact(value: number): void {
		if (value < 64) this.u8(value << 2)
		else if (value < 16_384) this.u16((value << 2) | 1)
		else if (value < 1_073_741_824) this.u32((value * 4 + 2) >>> 0)
		else {
			this.u8(3)
			this.u32(value)
		}
	}
	compactBig(value: bigint): void {
		if (value < 0n || value > MAX_U128) outOfRange(value)
		if (value < 1_073_741_824n) {
			this.compact(Number(value))
			return
		}
		let count = 4
		for (let rest = value >> 32n; rest > 0n; rest >>= 8n) count++
		this.u8(((count - 4) << 2) | 3)
		const { at } = this
		this.u128(value)
		this.at = at + count
	}
	/** Bytes as they are, without a length. */
	raw(value: Uint8Array): void {
		const { at } = this
		const end = at + value.length
		if (end > this.room) this.grow(end)
		this.bytes.set(value, at)
		this.at = end
	}
	/** A view of what was written since `mark`, good until the next write. */
	since(mark: number): Uint8Array {
		return this.bytes.subarray(mark, this.at)
	}
	/** A copy of what was written since `mark`; the buffer goes back to `mark`. */
	take(mark: number): Uint8Array {
		const out = this.bytes.slice(mark, this.at)
		this.at = mark
		return out
	}
}

const outOfRange = (value: number | bigint): never => {
	throw value < 0 ? new ArithmeticError('Underflow', `${value} is below zero`) : new ArithmeticError('Overflow', `${value} does not fit`)
}

/** The runtime's writer. Single-threaded by nature: a runtime call runs alone. */
export const writer = new Writer()

/** Reads SCALE from one byte string, front to back. Every method throws `DecodeError` past the end. */
export class Reader {
	readonly bytes: Uint8Array
	readonly view: DataView
	at: number
	/** `bytes.length`. */
	private readonly size: number

	constructor(bytes: Uint8Array, at = 0) {
		const { length } = bytes
		this.bytes = bytes
		this.view = new DataView(bytes.buffer, bytes.byteOffset, length)
		this.at = at
		this.size = length
	}
	get left(): number {
		return this.size - this.at
	}
	private past(end: number): never {
		throw new DecodeError(`wanted ${end - this.at} more bytes at ${this.at} of ${this.size}`)
	}
	private step(count: number): number {
		const { at } = this
		if (at + count > this.size) this.past(at + count)
		this.at = at + count
		return at
	}
	u8(): number {
		const { at } = this
		if (at >= this.size) this.past(at + 1)
		this.at = at + 1
		return this.bytes[at]
	}
	u16(): number {
		return this.view.getUint16(this.step(2), true)
	}
	u32(): number {
		const { at } = this
		if (at + 4 > this.size) this.past(at + 4)
		this.at = at + 4
		return this.view.getUint32(at, true)
	}
	u64(): bigint {
		return this.view.getBigUint64(this.step(8), true)
	}
	u128(): bigint {
		const { at, view } = this
		if (at + 16 > this.size) this.past(at + 16)
		this.at = at + 16
		const high = view.getBigUint64(at + 8, true)
		const low = view.getBigUint64(at, true)
		return high === 0n ? low : (high << 64n) | low
	}
	/** SCALE compact below 2^32; a longer or non-canonical form is refused, as parity-scale-codec refuses it. */
	compact(): number {
		const first = this.u8()
		const mode = first & 3
		if (mode === 0) return first >> 2
		this.at--
		if (mode === 1) return canonical(this.u16() >>> 2, 64)
		if (mode === 2) return canonical(this.u32() >>> 2, 16_384)
		this.at++
		if (first !== 3) throw new DecodeError('compact number over 32 bits')
		return canonical(this.u32(), 1_073_741_824)
	}
	/** SCALE compact of at most `bytes` bytes (8 for u64, 16 for u128). */
	compactBig(bytes: number): bigint {
		const first = this.bytes[this.at]
		if ((first & 3) !== 3) return BigInt(this.compact())
		const count = (this.u8() >> 2) + 4
		if (count > bytes) throw new DecodeError(`compact number over ${bytes * 8} bits`)
		const at = this.step(count)
		let value = 0n
		let i = count
		while (i > 8 || (i < 8 && i > 0)) value = (value << 8n) | BigInt(this.bytes[at + --i])
		if (i === 8) value = (value << 64n) | this.view.getBigUint64(at, true)
		if (value < 1_073_741_824n || value >> BigInt(8 * (count - 1)) === 0n) throw new DecodeError('compact number not in its shortest form')
		return value
	}
	/** A copy of the next `count` bytes. */
	raw(count: number): Uint8Array {
		const { at } = this
		const end = at + count
		if (end > this.size) this.past(end)
		this.at = end
		return this.bytes.slice(at, end)
	}
	skip(count: number): void {
		this.step(count)
	}
	/** A length-prefixed byte string, copied. */
	blob(): Uint8Array {
		return this.raw(this.compact())
	}
	/** Throws unless everything was read. */
	end(): void {
		if (this.left !== 0) throw new DecodeError(`${this.left} bytes left over`)
	}
}

const canonical = (value: number, least: number): number => {
	if (value < least) throw new DecodeError('compact number not in its shortest form')
	return value
}
