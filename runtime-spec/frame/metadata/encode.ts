import { Writer } from '../scale/index.ts'
import type { DocLines } from './docs.ts'
import type { ExtrinsicModel, PalletModel, StorageEntry } from './model.ts'
import { type Field, type PortableType, PRIMITIVES, type Shape, type TypeId, type Variant } from './types.ts'

const utf8 = new TextEncoder()

/** Writes what V14 and V15 have in common (crates scale-info 2, frame-metadata 16). */
export class MetadataWriter extends Writer {
	list<T>(items: readonly T[], write: (item: T) => void): void {
		this.compact(items.length)
		items.forEach(write)
	}
	optional<T>(value: T | undefined, write: (value: T) => void): void {
		this.u8(value === undefined ? 0 : 1)
		if (value !== undefined) write(value)
	}
	blob(value: Uint8Array): void {
		this.compact(value.length)
		this.raw(value)
	}
	text(value: string): void {
		this.blob(utf8.encode(value))
	}
	texts(values: DocLines): void {
		this.list(values, (value) => this.text(value))
	}
	type(id: TypeId): void {
		this.compact(id)
	}

	/** `PortableRegistry`. */
	types(types: readonly PortableType[]): void {
		this.compact(types.length)
		types.forEach(({ path, params, shape }, id) => {
			this.compact(id)
			this.texts(path)
			this.list(params, ({ name, type }) => {
				this.text(name)
				this.optional(type, (given) => this.type(given))
			})
			this.shape(shape)
			this.compact(0) // docs: a type's are in its parts
		})
	}
	private shape(shape: Shape): void {
		this.u8(SHAPES.indexOf(shape.kind))
		if (shape.kind === 'composite') this.fields(shape.fields)
		else if (shape.kind === 'variant') this.list(shape.variants, (variant) => this.variant(variant))
		else if (shape.kind === 'tuple') this.list(shape.items, (item) => this.type(item))
		else if (shape.kind === 'primitive') this.u8(PRIMITIVES.indexOf(shape.primitive))
		else {
			if (shape.kind === 'array') this.u32(shape.length)
			this.type(shape.item)
		}
	}
	private variant({ name, index, fields, docs }: Variant): void {
		this.text(name)
		this.fields(fields)
		this.u8(index)
		this.texts(docs)
	}
	private fields(fields: readonly Field[]): void {
		this.list(fields, ({ name, type }) => {
			this.optional(name, (given) => this.text(given))
			this.type(type)
			this.u8(0) // no type name: it would repeat the type's
			this.compact(0) // no docs
		})
	}

	/** `PalletMetadata` of V14, which V15 begins with. */
	pallet({ name, index, storage, calls, events, constants, errors }: PalletModel): void {
		const type = (id: TypeId): void => this.type(id)
		this.text(name)
		this.optional(storage.length > 0 ? storage : undefined, (entries) => {
			this.text(name) // the storage prefix
			this.list(entries, (entry) => this.storageEntry(entry))
		})
		this.optional(calls, type)
		this.optional(events, type)
		this.list(constants, (constant) => {
			this.text(constant.name)
			this.type(constant.type)
			this.blob(constant.encoded)
			this.texts(constant.docs)
		})
		this.optional(errors, type)
		this.u8(index)
	}
	private storageEntry({ name, hashers, key, value, fallback, docs }: StorageEntry): void {
		this.text(name)
		this.u8(fallback ? 1 : 0) // Default or Optional
		if (key === undefined) this.u8(0)
		else {
			this.u8(1)
			this.list(hashers, (hasher) => this.u8(HASHERS[hasher]))
			this.type(key)
		}
		this.type(value)
		this.blob(fallback?.encoded ?? Uint8Array.of(0))
		this.texts(docs)
	}
	signedExtensions({ extensions }: ExtrinsicModel): void {
		this.list(extensions, ({ identifier, extra, implicit }) => {
			this.text(identifier)
			this.type(extra)
			this.type(implicit)
		})
	}
}

/** Kinds of types by their number in scale-info. */
const SHAPES: readonly Shape['kind'][] = ['composite', 'variant', 'sequence', 'array', 'tuple', 'primitive', 'compact']
/** Hashers by their number in frame-metadata. */
const HASHERS = { Blake2_128Concat: 2, Twox64Concat: 5, Identity: 6 }
