import { host } from '../host.ts'
import { DecodeError, Reader, type Writer, writer } from './buffer.ts'

/**
 * How a value becomes SCALE bytes. A codec is an object of one of the classes in this folder, never a closure: the classes
 * keep the image small, and the metadata generator reads a type's shape off its codec's class and fields.
 */
export abstract class Codec<T> {
	abstract write(w: Writer, value: T): void
	abstract read(r: Reader): T

	encode(value: T): Uint8Array {
		const mark = writer.at
		this.write(writer, value)
		return writer.take(mark)
	}
	/** Throws `DecodeError` when bytes are missing, wrong or left over. */
	decode(bytes: Uint8Array): T {
		const r = new Reader(bytes)
		const value = this.read(r)
		r.end()
		return value
	}
}

/** The TypeScript type of a codec's values. */
export type Value<C> = C extends Codec<infer T> ? T : never

/** Named fields in order; the type of a struct, of call arguments and of event fields. */
export type Fields = { readonly [name: string]: Codec<unknown> }
export type FieldValues<F> = { [K in keyof F]: Value<F[K]> }

class Bool extends Codec<boolean> {
	write(w: Writer, value: boolean): void {
		w.u8(value ? 1 : 0)
	}
	read(r: Reader): boolean {
		const byte = r.u8()
		if (byte > 1) throw new DecodeError(`boolean of ${byte}`)
		return byte === 1
	}
}

class Unit extends Codec<undefined> {
	write(): void {}
	read(): undefined {
		return undefined
	}
}

/** u8, u16, u32. */
class SmallUint extends Codec<number> {
	readonly bits: 8 | 16 | 32
	constructor(bits: 8 | 16 | 32) {
		super()
		this.bits = bits
	}
	write(w: Writer, value: number): void {
		if (this.bits === 32) w.u32(value)
		else if (this.bits === 8) w.u8(value)
		else w.u16(value)
	}
	read(r: Reader): number {
		return this.bits === 32 ? r.u32() : this.bits === 8 ? r.u8() : r.u16()
	}
}

/** u64, u128. */
class BigUint extends Codec<bigint> {
	readonly bits: 64 | 128
	constructor(bits: 64 | 128) {
		super()
		this.bits = bits
	}
	write(w: Writer, value: bigint): void {
		if (this.bits === 128) w.u128(value)
		else w.u64(value)
	}
	read(r: Reader): bigint {
		return this.bits === 128 ? r.u128() : r.u64()
	}
}

/** i128: fixed-point numbers. */
class Int128 extends Codec<bigint> {
	write(w: Writer, value: bigint): void {
		w.u128(value < 0n ? value + TWO_128 : value)
	}
	read(r: Reader): bigint {
		const value = r.u128()
		return value >> 127n === 1n ? value - TWO_128 : value
	}
}
const TWO_128 = 1n << 128n

class CompactSmall extends Codec<number> {
	readonly inner = u32
	write(w: Writer, value: number): void {
		w.compact(value)
	}
	read(r: Reader): number {
		return r.compact()
	}
}

class CompactBig extends Codec<bigint> {
	readonly inner: BigUint
	constructor(inner: BigUint) {
		super()
		this.inner = inner
	}
	write(w: Writer, value: bigint): void {
		w.compactBig(value)
	}
	read(r: Reader): bigint {
		return r.compactBig(this.inner.bits / 8)
	}
}

/** Exactly `length` bytes; `path` names the type in metadata (none: a plain byte array). */
class FixedBytes extends Codec<Uint8Array> {
	readonly length: number
	readonly path: string
	constructor(length: number, path: string) {
		super()
		this.length = length
		this.path = path
	}
	write(w: Writer, value: Uint8Array): void {
		if (value.length !== this.length) throw new DecodeError(`${value.length} bytes where ${this.length} belong`)
		w.raw(value)
	}
	read(r: Reader): Uint8Array {
		return r.raw(this.length)
	}
}

/** `Vec<u8>` of at most `max` bytes. */
class Bytes extends Codec<Uint8Array> {
	readonly max: number
	constructor(max: number) {
		super()
		this.max = max
	}
	write(w: Writer, value: Uint8Array): void {
		w.compact(bounded(value.length, this.max))
		w.raw(value)
	}
	read(r: Reader): Uint8Array {
		return r.raw(bounded(r.compact(), this.max))
	}
}

/** A UTF-8 string with its length in bytes. */
class Text extends Codec<string> {
	write(w: Writer, value: string): void {
		const encoded = host.utf8Encode(value)
		w.compact(encoded.length)
		w.raw(encoded)
	}
	read(r: Reader): string {
		return host.utf8Decode(r.blob())
	}
}

export const bounded = (length: number, max: number): number => {
	if (length > max) throw new DecodeError(`${length} items where at most ${max} belong`)
	return length
}

export const bool = new Bool()
export const unit = new Unit()
export const text = new Text()
export const u8 = new SmallUint(8)
export const u16 = new SmallUint(16)
export const u32 = new SmallUint(32)
export const u64 = new BigUint(64)
export const u128 = new BigUint(128)
export const i128 = new Int128()
export const compactU32 = new CompactSmall()
export const compactU64 = new CompactBig(u64)
export const compactU128 = new CompactBig(u128)
/** `Vec<u8>` without a bound of its own; the extrinsic's length bounds it. */
export const bytes = new Bytes(0xffff_ffff)
export const boundedBytes = (max: number): Bytes => new Bytes(max)
export const fixedBytes = (length: number, path = ''): FixedBytes => new FixedBytes(length, path)

/** 32-byte account id: an sr25519 or ed25519 public key, or the BLAKE2b-256 of a compressed secp256k1 key. */
export const accountId = new FixedBytes(32, 'sp_core::crypto::AccountId32')
export const h256 = new FixedBytes(32, 'primitive_types::H256')
/** An Ethereum address. */
export const h160 = new FixedBytes(20, 'primitive_types::H160')

export { BigUint, Bool, Bytes, CompactBig, CompactSmall, FixedBytes, Int128, SmallUint, Text, Unit }
