import { DecodeError, type Reader, type Writer } from './buffer.ts'
import { bounded, Codec, type Fields, type FieldValues, type Value } from './codec.ts'

class OptionOf<T> extends Codec<T | undefined> {
	readonly item: Codec<T>
	constructor(item: Codec<T>) {
		super()
		this.item = item
	}
	write(w: Writer, value: T | undefined): void {
		if (value === undefined) w.u8(0)
		else {
			w.u8(1)
			this.item.write(w, value)
		}
	}
	read(r: Reader): T | undefined {
		const tag = r.u8()
		if (tag > 1) throw new DecodeError(`option tag ${tag}`)
		return tag === 1 ? this.item.read(r) : undefined
	}
}

/** `Vec<T>` of at most `max` items. */
class VecOf<T> extends Codec<T[]> {
	readonly item: Codec<T>
	readonly max: number
	constructor(item: Codec<T>, max: number) {
		super()
		this.item = item
		this.max = max
	}
	write(w: Writer, value: readonly T[]): void {
		w.compact(bounded(value.length, this.max))
		for (let i = 0; i < value.length; i++) this.item.write(w, value[i])
	}
	read(r: Reader): T[] {
		const count = bounded(r.compact(), this.max)
		const out: T[] = []
		for (let i = 0; i < count; i++) out.push(this.item.read(r))
		return out
	}
}

class TupleOf<T extends readonly unknown[]> extends Codec<T> {
	readonly items: readonly Codec<unknown>[]
	constructor(items: readonly Codec<unknown>[]) {
		super()
		this.items = items
	}
	write(w: Writer, value: T): void {
		for (let i = 0; i < this.items.length; i++) this.items[i].write(w, value[i])
	}
	read(r: Reader): T {
		const out: unknown[] = []
		for (let i = 0; i < this.items.length; i++) out.push(this.items[i].read(r))
		return out as unknown as T
	}
}

/** Named fields in order. `path` names the type in metadata. */
class Struct<T extends object> extends Codec<T> {
	readonly path: string
	/** Name, codec, name, codec, …: one array, since there are hundreds of structs in the image. */
	private readonly fields: readonly (string | Codec<unknown>)[]
	constructor(path: string, fields: Fields) {
		super()
		this.path = path
		this.fields = Object.entries(fields).flat()
	}
	get names(): string[] {
		return this.fields.filter((field) => typeof field === 'string')
	}
	get codecs(): Codec<unknown>[] {
		return this.fields.filter((field) => typeof field !== 'string')
	}
	write(w: Writer, value: T): void {
		const { fields } = this
		const record = value as Record<string, unknown>
		for (let i = 0; i < fields.length; i += 2) (fields[i + 1] as Codec<unknown>).write(w, record[fields[i] as string])
	}
	read(r: Reader): T {
		const { fields } = this
		const out: Record<string, unknown> = {}
		for (let i = 0; i < fields.length; i += 2) out[fields[i] as string] = (fields[i + 1] as Codec<unknown>).read(r)
		return out as T
	}
}

export type Variants = { readonly [name: string]: Codec<unknown> }
export type VariantValue<V> = {
	[K in keyof V & string]: Value<V[K]> extends undefined ? { type: K; value?: undefined } : { type: K; value: Value<V[K]> }
}[keyof V & string]

/** A Rust enum; variants are numbered by order unless `indices` says otherwise. */
class Enumeration<T extends { type: string; value?: unknown }> extends Codec<T> {
	readonly path: string
	readonly names: readonly string[]
	readonly codecs: readonly Codec<unknown>[]
	/** Number of each variant; undefined when they are numbered by order. */
	readonly indices: readonly number[] | undefined
	constructor(path: string, variants: Variants, indices?: readonly number[]) {
		super()
		this.path = path
		this.names = Object.keys(variants)
		this.codecs = Object.values(variants)
		this.indices = indices
	}
	write(w: Writer, value: T): void {
		const at = this.names.indexOf(value.type)
		if (at < 0) throw new DecodeError(`${this.path} has no variant ${value.type}`)
		w.u8(this.indices ? this.indices[at] : at)
		this.codecs[at].write(w, value.value)
	}
	read(r: Reader): T {
		const index = r.u8()
		const at = this.indices ? this.indices.indexOf(index) : index
		if (at < 0 || at >= this.names.length) throw new DecodeError(`${this.path} has no variant ${index}`)
		return { type: this.names[at], value: this.codecs[at].read(r) } as T
	}
}

export const option = <T>(item: Codec<T>): Codec<T | undefined> => new OptionOf(item)
export const vec = <T>(item: Codec<T>, max = 0xffff_ffff): Codec<T[]> => new VecOf(item, max)
export const tuple = <C extends readonly Codec<unknown>[]>(...items: C): Codec<{ -readonly [I in keyof C]: Value<C[I]> }> =>
	new TupleOf(items) as unknown as Codec<{ -readonly [I in keyof C]: Value<C[I]> }>
export const struct = <F extends Fields>(path: string, fields: F): Struct<FieldValues<F>> => new Struct(path, fields)
export const enumeration = <V extends Variants>(path: string, variants: V, indices?: readonly number[]): Enumeration<VariantValue<V>> =>
	new Enumeration(path, variants, indices)

/** Rust's `Result`. */
export const result = <T, E>(ok: Codec<T>, err: Codec<E>) => enumeration('Result', { Ok: ok, Err: err })

export { Enumeration, OptionOf, Struct, TupleOf, VecOf }
