import type { RuntimeApi } from '../api.ts'
import { multiAddress, runtimeCall } from '../call.ts'
import { EXTRINSIC_VERSION, type Extension, multiSignature, opaqueExtrinsic } from '../extrinsic.ts'
import type { Pallet } from '../pallet.ts'
import { runtimeEvent } from '../runtime-types.ts'
import { bytes, type Codec, type Value } from '../scale/index.ts'
import { CountedStorageMap, type Hasher, StorageDoubleMap, type StorageItem, StorageMap, StorageValue } from '../storage.ts'
import { runtimeVersion, VERSION } from '../system/version.ts'
import { type DocLines, type Docs, missingDocs, palletDocs } from './docs.ts'
import { crateName, fieldName, itemName } from './names.ts'
import { type Field, type PortableType, splitPath, type TypeId, TypeRegistry, type Variant } from './types.ts'

/** The crate the runtime's own types are filed under. */
const RUNTIME_CRATE = 'stkr_runtime'

export interface StorageEntry {
	name: string
	/** Hashers of the keys in order; none for a single value. */
	hashers: readonly Hasher['name'][]
	/** The key's type, a tuple when there are several hashers; undefined for a single value. */
	key: TypeId | undefined
	value: TypeId
	/** What reading an absent entry gives; undefined when it gives nothing. */
	fallback: { value: unknown; encoded: Uint8Array } | undefined
	docs: DocLines
}

interface ConstantEntry {
	name: string
	type: TypeId
	value: unknown
	encoded: Uint8Array
	docs: DocLines
}

export interface PalletModel {
	name: string
	index: number
	docs: DocLines
	/** Empty when the pallet stores nothing. */
	storage: readonly StorageEntry[]
	calls: TypeId | undefined
	events: TypeId | undefined
	errors: TypeId | undefined
	constants: readonly ConstantEntry[]
}

export interface ApiModel {
	name: string
	version: number
	docs: DocLines
	methods: readonly { name: string; inputs: readonly { name: string; type: TypeId }[]; output: TypeId; docs: DocLines }[]
}

export interface ExtrinsicModel {
	version: number
	type: TypeId
	address: TypeId
	call: TypeId
	signature: TypeId
	extra: TypeId
	extensions: readonly { identifier: string; extra: TypeId; implicit: TypeId }[]
}

/** All that metadata of any version, and the reference, say about a runtime. */
export interface RuntimeModel {
	types: readonly PortableType[]
	pallets: readonly PalletModel[]
	extrinsic: ExtrinsicModel
	apis: readonly ApiModel[]
	/** The runtime's own type, and its enums over all pallets. */
	runtime: TypeId
	events: TypeId
	errors: TypeId
}

/** The parts of a runtime that metadata is made from. */
interface RuntimeParts {
	/** By index. */
	pallets: readonly Pallet[]
	extensions: readonly Extension<never>[]
	apis: readonly RuntimeApi[]
	docs: Docs
	/** What the constant `System.Version` says; default: the source's. */
	version?: Value<typeof runtimeVersion>
}

/** The runtime's model. Throws one error that lists everything without a doc comment. */
export const describeRuntime = ({ pallets, extensions, apis, docs, version = VERSION }: RuntimeParts): RuntimeModel => {
	const missing = missingDocs(pallets, apis, docs)
	if (missing.length > 0)
		throw new Error(
			`metadata: ${missing.length} parts of the runtime have no doc comment; write one right before each:\n  ${missing.join('\n  ')}`,
		)
	const registry = new TypeRegistry()
	const named = (path: string, variants: Variant[]): PortableType => ({
		path: splitPath(path),
		params: [],
		shape: { kind: 'variant', variants },
	})

	/** A pallet's enum of calls, events or errors; undefined when it has none. */
	const palletEnum = ({ name }: Pallet, kind: 'Call' | 'Event' | 'Error', variants: Variant[]): TypeId | undefined =>
		variants.length === 0 ? undefined : registry.add(named(`${crateName(name)}::pallet::${kind}`, variants))
	const callsOf = (pallet: Pallet): TypeId | undefined =>
		palletEnum(
			pallet,
			'Call',
			Object.entries(pallet.parts.calls ?? {}).map(([name, { index, args }]) => ({
				name: fieldName(name),
				index,
				fields: registry.fieldsOf(args),
				docs: palletDocs(docs, pallet.name).calls[name],
			})),
		)
	const eventsOf = (pallet: Pallet): TypeId | undefined =>
		palletEnum(
			pallet,
			'Event',
			(pallet.parts.events?.names ?? []).map((name, index) => ({
				name,
				index,
				fields: registry.fieldsOf(pallet.parts.events!.codecs[index]),
				docs: palletDocs(docs, pallet.name).events[name],
			})),
		)
	const errorsOf = (pallet: Pallet): TypeId | undefined =>
		palletEnum(
			pallet,
			'Error',
			(pallet.parts.errors?.names ?? []).map((name, index) => ({
				name,
				index,
				fields: [],
				docs: palletDocs(docs, pallet.name).errors[name],
			})),
		)
	/** An enum with a variant for each pallet that has a part of this kind. */
	const outerEnum = (name: string, part: (pallet: Pallet) => TypeId | undefined): PortableType =>
		named(
			`${RUNTIME_CRATE}::${name}`,
			pallets.flatMap((pallet): Variant[] => {
				const type = part(pallet)
				return type === undefined ? [] : [{ name: pallet.name, index: pallet.index, fields: [{ type }], docs: [] }]
			}),
		)

	registry.define(runtimeCall, () => outerEnum('RuntimeCall', callsOf))
	registry.define(runtimeEvent, () => outerEnum('RuntimeEvent', eventsOf))
	const signedExtensions = extensions.map(({ identifier, extra, implicit }) => ({
		identifier,
		extra: registry.of(extra),
		implicit: registry.of(implicit),
	}))
	const extra = registry.add({
		path: [],
		params: [],
		shape: { kind: 'tuple', items: signedExtensions.map((extension) => extension.extra) },
	})
	registry.define(opaqueExtrinsic, () => ({
		path: splitPath('sp_runtime::generic::unchecked_extrinsic::UncheckedExtrinsic'),
		params: [
			{ name: 'Address', type: registry.of(multiAddress) },
			{ name: 'Call', type: registry.of(runtimeCall) },
			{ name: 'Signature', type: registry.of(multiSignature) },
			{ name: 'Extra', type: extra },
		],
		shape: { kind: 'composite', fields: [{ type: registry.of(bytes) }] },
	}))

	return {
		extrinsic: {
			version: EXTRINSIC_VERSION,
			type: registry.of(opaqueExtrinsic),
			address: registry.of(multiAddress),
			call: registry.of(runtimeCall),
			signature: registry.of(multiSignature),
			extra,
			extensions: signedExtensions,
		},
		pallets: pallets.map((pallet) => ({
			name: pallet.name,
			index: pallet.index,
			docs: palletDocs(docs, pallet.name).docs,
			storage: Object.entries(pallet.parts.storage ?? {}).flatMap(([name, item]) =>
				storageEntries(registry, itemName(name), item, palletDocs(docs, pallet.name).storage[name]),
			),
			calls: callsOf(pallet),
			events: eventsOf(pallet),
			errors: errorsOf(pallet),
			constants: Object.entries(pallet.parts.constants ?? {}).map(([name, { codec, value: own }]) => {
				const value = codec === runtimeVersion ? version : own
				return {
					name: itemName(name),
					type: registry.of(codec),
					value,
					encoded: codec.encode(value),
					docs: palletDocs(docs, pallet.name).constants[name],
				}
			}),
		})),
		apis: apis.map(({ name, version, methods }) => ({
			name,
			version,
			docs: docs.apis[name]?.docs ?? [],
			methods: Object.entries(methods).map(([method, { args, result }]) => ({
				name: fieldName(method),
				inputs: registry.fieldsOf(args) as Required<Field>[],
				output: registry.of(result),
				docs: docs.apis[name].methods[method],
			})),
		})),
		events: registry.of(runtimeEvent),
		errors: registry.add(outerEnum('RuntimeError', errorsOf)),
		runtime: registry.add({ path: [RUNTIME_CRATE, 'Runtime'], params: [], shape: { kind: 'composite', fields: [] } }),
		types: registry.types,
	}
}

const fallbackOf = <T>(codec: Codec<T>, init: (() => T) | undefined): StorageEntry['fallback'] => {
	if (!init) return undefined
	const value = init()
	return { value, encoded: codec.encode(value) }
}

/** An item's entries: one, or two when it is a map that counts its entries. */
const storageEntries = (registry: TypeRegistry, name: string, item: StorageItem, docs: DocLines): StorageEntry[] => {
	if (item instanceof StorageValue)
		return [{ name, hashers: [], key: undefined, value: registry.of(item.codec), fallback: fallbackOf(item.codec, item.default), docs }]
	if (item instanceof StorageDoubleMap) {
		const items = item.keys.map((key: Codec<unknown>) => registry.of(key))
		const key = registry.add({ path: [], params: [], shape: { kind: 'tuple', items } })
		const hashers = item.hashers.map((hasher: Hasher) => hasher.name)
		return [{ name, hashers, key, value: registry.of(item.codec), fallback: fallbackOf(item.codec, item.default), docs }]
	}
	if (item instanceof StorageMap) {
		const { hasher, key, codec, default: init } = item
		const entry = {
			name,
			hashers: [hasher.name],
			key: registry.of(key),
			value: registry.of(codec),
			fallback: fallbackOf(codec, init),
			docs,
		}
		if (!(item instanceof CountedStorageMap)) return [entry]
		return [...storageEntries(registry, `CounterFor${name}`, item.counter, [`Entries of \`${name}\`.`]), entry]
	}
	throw new Error(
		`metadata: storage item ${name} is of a class that has no description; give ${item.constructor.name} a case in metadata/model.ts`,
	)
}
