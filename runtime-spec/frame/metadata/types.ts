import { Encoded } from '../api.ts'
import { DispatchResult, EncodedDispatchError } from '../errors.ts'
import { EraCodec } from '../extensions/era.ts'
import {
	BigUint,
	Bool,
	Bytes,
	type Codec,
	CompactBig,
	CompactSmall,
	Enumeration,
	FixedBytes,
	Int128,
	OptionOf,
	SmallUint,
	Struct,
	Text,
	TupleOf,
	Unit,
	u8,
	unit,
	VecOf,
} from '../scale/index.ts'
import { DispatchInfoCodec, WeightCodec } from '../weight.ts'
import { fieldName } from './names.ts'

/** Place of a type in the registry. */
export type TypeId = number

/** A field of a composite or variant; tuples have no names. */
export interface Field {
	name?: string
	type: TypeId
}

export interface Variant {
	name: string
	index: number
	fields: readonly Field[]
	docs: readonly string[]
}

/** Primitives by their number in scale-info. */
export const PRIMITIVES = [
	'bool',
	'char',
	'str',
	'u8',
	'u16',
	'u32',
	'u64',
	'u128',
	'u256',
	'i8',
	'i16',
	'i32',
	'i64',
	'i128',
	'i256',
] as const
type Primitive = (typeof PRIMITIVES)[number]

/** What a type is made of (scale-info `TypeDef`). */
export type Shape =
	| { kind: 'composite'; fields: readonly Field[] }
	| { kind: 'variant'; variants: readonly Variant[] }
	| { kind: 'sequence'; item: TypeId }
	| { kind: 'array'; item: TypeId; length: number }
	| { kind: 'tuple'; items: readonly TypeId[] }
	| { kind: 'primitive'; primitive: Primitive }
	| { kind: 'compact'; item: TypeId }

/** One entry of the registry (scale-info `Type`). `path` is empty for types without a name. */
export interface PortableType {
	path: readonly string[]
	params: readonly { name: string; type: TypeId }[]
	shape: Shape
}

/** Generic Rust types that tools tell apart by their parameters: for each parameter the member that has its type. */
const GENERICS: Record<string, Record<string, string>> = {
	'frame_support::dispatch::PerDispatchClass': { T: 'Normal' },
	'frame_support::traits::tokens::misc::IdAmount': { Id: 'id', Balance: 'amount' },
	'frame_system::EventRecord': { E: 'event' },
	Result: { T: 'Ok', E: 'Err' },
	'sp_runtime::multiaddress::MultiAddress': { AccountId: 'Id' },
}

export const splitPath = (path: string): string[] => (path === '' ? [] : path.split('::'))

/** A named type around one other (a Rust newtype). */
const newtype = (path: string, inner: TypeId): PortableType => ({
	path: splitPath(path),
	params: [],
	shape: { kind: 'composite', fields: [{ type: inner }] },
})

const anonymous = (shape: Shape): PortableType => ({ path: [], params: [], shape })

/**
 * The portable type registry: every codec reached gets one entry, types of one structure share it. Ids follow the order of the
 * visits, so the same runtime gives the same bytes.
 */
export class TypeRegistry {
	readonly types: PortableType[] = []
	private readonly ids = new Map<Codec<unknown>, TypeId>()
	private readonly structures = new Map<string, TypeId>()
	private readonly named = new Map<string, string>()
	private readonly recursive = new Map<Codec<unknown>, () => PortableType>()

	/** Says how the type of a codec of its own kind is made. It may contain itself: its id is known before `build` runs. */
	define(codec: Codec<unknown>, build: () => PortableType): void {
		this.recursive.set(codec, build)
	}

	/** The id of a codec's type. Throws when a codec has no known type, or when two different types would have one name. */
	of(codec: Codec<unknown>): TypeId {
		const known = this.ids.get(codec)
		if (known !== undefined) return known
		const build = this.recursive.get(codec)
		if (build) {
			const id = this.types.push(anonymous({ kind: 'tuple', items: [] })) - 1
			this.ids.set(codec, id)
			this.types[id] = build()
			return id
		}
		const inner = standsFor(codec)
		const id = inner ? this.of(inner) : this.add(this.describe(codec))
		this.ids.set(codec, id)
		return id
	}

	/** The id of a type, new or already there. */
	add(type: PortableType): TypeId {
		const structure = JSON.stringify(type)
		const found = this.structures.get(structure)
		if (found !== undefined) return found
		if (type.path.length > 0) {
			const name = JSON.stringify([type.path, type.params])
			const other = this.named.get(name)
			if (other !== undefined && other !== structure)
				throw new Error(
					`metadata: two different types are called ${type.path.join('::')}; give one of them another path: ${other} and ${structure}`,
				)
			this.named.set(name, structure)
		}
		const id = this.types.push(type) - 1
		this.structures.set(structure, id)
		return id
	}

	/** Fields of a struct, call or event. */
	fieldsOf({ names, codecs }: Struct<object>): Field[] {
		return codecs.map((codec, i) => ({ name: fieldName(names[i]), type: this.of(codec) }))
	}

	private describe(codec: Codec<unknown>): PortableType {
		if (codec instanceof Struct) return this.struct(codec)
		if (codec instanceof Enumeration) return this.enumeration(codec)
		if (codec instanceof FixedBytes) {
			const array = anonymous({ kind: 'array', item: this.of(u8), length: codec.length })
			return codec.path === '' ? array : newtype(codec.path, this.add(array))
		}
		if (codec instanceof OptionOf) return this.option(this.of(codec.item))
		if (codec instanceof DispatchResult) return this.result(this.of(unit), this.of(codec.error))
		if (codec instanceof EraCodec) return this.era()
		return anonymous(this.plain(codec))
	}

	private plain(codec: Codec<unknown>): Shape {
		if (codec instanceof Bool) return { kind: 'primitive', primitive: 'bool' }
		if (codec instanceof Text) return { kind: 'primitive', primitive: 'str' }
		if (codec instanceof Int128) return { kind: 'primitive', primitive: 'i128' }
		if (codec instanceof SmallUint || codec instanceof BigUint) return { kind: 'primitive', primitive: `u${codec.bits}` }
		if (codec instanceof CompactSmall || codec instanceof CompactBig) return { kind: 'compact', item: this.of(codec.inner) }
		if (codec instanceof Bytes) return { kind: 'sequence', item: this.of(u8) }
		if (codec instanceof VecOf) return { kind: 'sequence', item: this.of(codec.item) }
		if (codec instanceof TupleOf) return { kind: 'tuple', items: codec.items.map((item) => this.of(item)) }
		if (codec instanceof Unit) return { kind: 'tuple', items: [] }
		throw new Error(`metadata: codecs of class ${codec.constructor.name} have no type; give the class a case in metadata/types.ts`)
	}

	private struct(codec: Struct<object>): PortableType {
		const params = this.params(codec)
		return { path: splitPath(codec.path), params, shape: { kind: 'composite', fields: this.fieldsOf(codec) } }
	}

	private enumeration(codec: Enumeration<{ type: string }>): PortableType {
		const params = this.params(codec)
		if (codec.path === 'Result') return this.result(params[0].type, params[1].type)
		const variants = codec.names.map((name, i) => ({
			name,
			index: codec.indices?.[i] ?? i,
			fields: this.payload(codec.codecs[i]),
			docs: [],
		}))
		return { path: splitPath(codec.path), params, shape: { kind: 'variant', variants } }
	}

	/** What a variant carries, as Rust would declare it: nothing, named fields, or a tuple. */
	private payload(codec: Codec<unknown>): Field[] {
		if (codec instanceof Unit) return []
		if (codec instanceof Struct && codec.path === '') return this.fieldsOf(codec)
		if (codec instanceof TupleOf) return codec.items.map((item) => ({ type: this.of(item) }))
		return [{ type: this.of(codec) }]
	}

	private params({
		path,
		names,
		codecs,
	}: {
		path: string
		names: readonly string[]
		codecs: readonly Codec<unknown>[]
	}): PortableType['params'] {
		return Object.entries(GENERICS[path] ?? {}).map(([name, member]) => {
			const at = names.indexOf(member)
			if (at < 0) throw new Error(`metadata: ${path} has no "${member}", which its parameter ${name} stands for`)
			return { name, type: this.of(codecs[at]) }
		})
	}

	private option(item: TypeId): PortableType {
		const variants = [
			{ name: 'None', index: 0, fields: [], docs: [] },
			{ name: 'Some', index: 1, fields: [{ type: item }], docs: [] },
		]
		return { path: ['Option'], params: [{ name: 'T', type: item }], shape: { kind: 'variant', variants } }
	}

	private result(ok: TypeId, error: TypeId): PortableType {
		const variants = [
			{ name: 'Ok', index: 0, fields: [{ type: ok }], docs: [] },
			{ name: 'Err', index: 1, fields: [{ type: error }], docs: [] },
		]
		const params = [
			{ name: 'T', type: ok },
			{ name: 'E', type: error },
		]
		return { path: ['Result'], params, shape: { kind: 'variant', variants } }
	}

	/** An era's first byte is a variant of its own: 0 is immortal, the others carry the second byte. */
	private era(): PortableType {
		const second: Field[] = [{ type: this.of(u8) }]
		const mortal = Array.from({ length: 255 }, (_, i) => ({ name: `Mortal${i + 1}`, index: i + 1, fields: second, docs: [] }))
		const variants = [{ name: 'Immortal', index: 0, fields: [], docs: [] }, ...mortal]
		return { path: splitPath('sp_runtime::generic::era::Era'), params: [], shape: { kind: 'variant', variants } }
	}
}

/** The codec whose type a hand-written one has. */
const standsFor = (codec: Codec<unknown>): Codec<unknown> | undefined =>
	codec instanceof Encoded || codec instanceof EncodedDispatchError || codec instanceof WeightCodec || codec instanceof DispatchInfoCodec
		? codec.shape
		: undefined
