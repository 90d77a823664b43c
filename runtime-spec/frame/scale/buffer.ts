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

	reserve(count: number): number {
		const at = this.at
		const end = at + count
		if (end > this.bytes.length) {
			const grown = new Uint8Array(end > 2 * this.bytes.length ? end : 2 * this.bytes.length)
			grown.set(this.bytes)
			this.bytes = grown
			this.view = new DataView(grown.buffer)
		}
		this.at = end
		return at
	}
	u8(value: number): void {
		const at = this.reserve(1)
		this.bytes[at] = checked(value, 0xff)
	}
	u16(value: number): void {
		const at = this.reserve(2)
		this.view.setUint16(at, checked(value, 0xffff), true)
	}
	u32(value: number): void {
		const at = this.reserve(4)
		this.view.setUint32(at, checked(value, 0xffff_ffff), true)
	}
	u64(value: bigint): void {
		if (value < 0n) throw new ArithmeticError('Underflow', `${value} is below zero`)
		if (value > LOW_64) throw new ArithmeticError('Overflow', `${value} does not fit`)
		const at = this.reserve(8)
		this.view.setBigUint64(at, value, true)
	}
	u128(value: bigint): void {
		if (value < 0n) throw new ArithmeticError('Underflow', `${value} is below zero`)
		const at = this.reserve(16)
		if (value <= LOW_64) {
			this.view.setBigUint64(at, value, true)
			this.view.setBigUint64(at + 8, 0n, true)
		} else {
			if (value > MAX_U128) throw new ArithmeticError('Overflow', `${value} does not fit`)
			this.view.setBigUint64(at, value & LOW_64, true)
			this.view.setBigUint64(at + 8, value >> 64n, true)
		}
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
		if (value < 0n) throw new ArithmeticError('Underflow', `${value} is below zero`)
		if (value < 1_073_741_824n) {
			this.compact(Number(value))
			return
		}
		if (value > MAX_U128) throw new ArithmeticError('Overflow', `${value} does not fit`)
		let count = 4
		for (let rest = value >> 32n; rest > 0n; rest >>= 8n) count++
		this.u8(((count - 4) << 2) | 3)
		const at = this.reserve(16)
		this.view.setBigUint64(at, value & LOW_64, true)
		this.view.setBigUint64(at + 8, value >> 64n, true)
		this.at = at + count
	}
	/** Bytes as they are, without a length. */
	raw(value: Uint8Array): void {
		const at = this.reserve(value.length)
		this.bytes.set(value, at)
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

const checked = (value: number, max: number): number => {
	if (value < 0) throw new ArithmeticError('Underflow', `${value} is below zero`)
	if (value > max) throw new ArithmeticError('Overflow', `${value} does not fit`)
	return value
}

/** The runtime's writer. Single-threaded by nature: a runtime call runs alone. */
export const writer = new Writer()

/** Reads SCALE from one byte string, front to back. Every method throws `DecodeError` past the end. */
export class Reader {
	readonly bytes: Uint8Array
	readonly view: DataView
	at: number

	constructor(bytes: Uint8Array, at = 0) {
		this.bytes = bytes
		this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
		this.at = at
	}
	get left(): number {
		return this.bytes.length - this.at
	}
	private step(count: number): number {
		const at = this.at
		if (at + count > this.bytes.length) throw new DecodeError(`wanted ${count} more bytes at ${at} of ${this.bytes.length}`)
		this.at = at + count
		return at
	}
	u8(): number {
		return this.bytes[this.step(1)]
	}
	u16(): number {
		return this.view.getUint16(this.step(2), true)
	}
	u32(): number {
		return this.view.getUint32(this.step(4), true)
	}
	u64(): bigint {
		return this.view.getBigUint64(this.step(8), true)
	}
	u128(): bigint {
		const at = this.step(16)
		const high = this.view.getBigUint64(at + 8, true)
		const low = this.view.getBigUint64(at, true)
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
		for (let i = count - 1; i >= 0; i--) value = (value << 8n) | BigInt(this.bytes[at + i])
		if (value < 1_073_741_824n || value >> BigInt(8 * (count - 1)) === 0n) throw new DecodeError('compact number not in its shortest form')
		return value
	}
	/** A copy of the next `count` bytes. */
	raw(count: number): Uint8Array {
		const at = this.step(count)
		return this.bytes.slice(at, this.at)
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
