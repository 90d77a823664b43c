import { toHex } from '../bytes.ts'
import type { DocLines } from './docs.ts'
import type { ApiModel, PalletModel, RuntimeModel, StorageEntry } from './model.ts'
import { TypeNames } from './type-names.ts'
import type { Field, TypeId, Variant } from './types.ts'

/** The reference of a runtime, in Markdown: every pallet, runtime API and type. Same runtime, same text. */
export const reference = (model: RuntimeModel): string => {
	const names = new TypeNames(model.types)
	return [
		'# Runtime reference',
		'Made from the runtime’s metadata; names are as clients see them.',
		'## Pallets',
		table(
			['index', 'pallet', 'about'],
			model.pallets.map(({ index, name, docs }) => [String(index), name, prose(docs)]),
		),
		...model.pallets.flatMap((pallet) => palletSection(pallet, model, names)),
		'## Runtime APIs',
		...model.apis.flatMap((api) => apiSection(api, names)),
		'## Extrinsic',
		...extrinsicSection(model, names),
		'## Types',
		...typesSection(model, names),
		'',
	].join('\n\n')
}

/** A table cell: no line ends, no column bars. */
const cell = (text: string): string => text.replaceAll('|', '\\|').replaceAll('\n', ' ')
const code = (text: string): string => (text === '' ? '' : `\`${text}\``)
const prose = (docs: DocLines): string => docs.join(' ')

const table = (head: readonly string[], rows: readonly (readonly string[])[]): string => {
	const line = (cells: readonly string[]): string => `| ${cells.map(cell).join(' | ')} |`
	return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n')
}

const section = (title: string, head: readonly string[], rows: readonly (readonly string[])[]): string[] =>
	rows.length === 0 ? [] : [title, table(head, rows)]

const fieldList = (fields: readonly Field[], names: TypeNames): string =>
	fields.map(({ name, type }) => (name === undefined ? names.of(type) : `${name}: ${names.of(type)}`)).join(', ')

const variantsOf = (model: RuntimeModel, type: TypeId | undefined): readonly Variant[] => {
	const shape = type === undefined ? undefined : model.types[type].shape
	return shape?.kind === 'variant' ? shape.variants : []
}

const palletSection = (pallet: PalletModel, model: RuntimeModel, names: TypeNames): string[] => {
	const variants = (type: TypeId | undefined): string[][] =>
		variantsOf(model, type).map(({ name, index, fields, docs }) => [String(index), code(name), code(fieldList(fields, names)), prose(docs)])
	return [
		`### ${pallet.name}`,
		prose(pallet.docs),
		...section(
			`#### Storage of ${pallet.name}`,
			['item', 'keys', 'value', 'when absent', 'about'],
			pallet.storage.map((entry) => [
				code(entry.name),
				keysOf(entry, model, names),
				code(names.of(entry.value)),
				absent(entry),
				prose(entry.docs),
			]),
		),
		...section(`#### Calls of ${pallet.name}`, ['index', 'call', 'arguments', 'about'], variants(pallet.calls)),
		...section(`#### Events of ${pallet.name}`, ['index', 'event', 'fields', 'about'], variants(pallet.events)),
		...section(
			`#### Errors of ${pallet.name}`,
			['index', 'error', 'about'],
			variants(pallet.errors).map(([index, name, , about]) => [index, name, about]),
		),
		...section(
			`#### Constants of ${pallet.name}`,
			['constant', 'type', 'value', 'about'],
			pallet.constants.map(({ name, type, value, docs }) => [code(name), code(names.of(type)), code(show(value)), prose(docs)]),
		),
	]
}

const absent = ({ fallback }: StorageEntry): string => (fallback ? code(show(fallback.value)) : 'none')

/** Bytes in hex; runs of one byte over 16 are counted instead. */
const brief = (bytes: Uint8Array): string =>
	bytes.length > 16 && bytes.every((byte) => byte === bytes[0]) ? `${toHex(bytes.subarray(0, 1))} × ${bytes.length}` : toHex(bytes)

const keysOf = ({ key, hashers }: StorageEntry, { types }: RuntimeModel, names: TypeNames): string => {
	if (key === undefined) return ''
	const { shape } = types[key]
	const keys = hashers.length > 1 && shape.kind === 'tuple' ? shape.items : [key]
	return keys.map((type, i) => `${code(names.of(type))} (${hashers[i]})`).join(', ')
}

/** A constant's or default's value as one would write it down. */
const show = (value: unknown): string => {
	if (value === undefined) return 'none'
	if (value instanceof Uint8Array) return brief(value)
	if (Array.isArray(value)) return `[${value.map(show).join(', ')}]`
	if (isVariant(value)) return value.value === undefined ? value.type : `${value.type}(${show(value.value)})`
	if (typeof value === 'object' && value !== null)
		return `{ ${Object.entries(value)
			.map(([name, part]) => `${name}: ${show(part)}`)
			.join(', ')} }`
	return String(value)
}

const isVariant = (value: unknown): value is { type: string; value?: unknown } =>
	typeof value === 'object' && value !== null && 'type' in value && typeof value.type === 'string'

const apiSection = ({ name, version, docs, methods }: ApiModel, names: TypeNames): string[] => [
	`### ${name}, version ${version}`,
	...(docs.length > 0 ? [prose(docs)] : []),
	table(
		['method', 'arguments', 'result', 'about'],
		methods.map((method) => [code(method.name), code(fieldList(method.inputs, names)), code(names.of(method.output)), prose(method.docs)]),
	),
]

const extrinsicSection = ({ extrinsic }: RuntimeModel, names: TypeNames): string[] => [
	`Version ${extrinsic.version}: sender \`${names.of(extrinsic.address)}\`, signature \`${names.of(extrinsic.signature)}\`, the extensions below, then the call.`,
	table(
		['extension', 'in the extrinsic', 'signed without being sent'],
		extrinsic.extensions.map(({ identifier, extra, implicit }) => [code(identifier), code(names.of(extra)), code(names.of(implicit))]),
	),
]

/** Named types that are no part of a pallet or of the runtime itself, by name. */
const typesSection = (model: RuntimeModel, names: TypeNames): string[] => {
	const shown = new Set<TypeId | undefined>(model.pallets.flatMap(({ calls, events, errors }) => [calls, events, errors]))
	return model.types
		.map((type, id) => ({ ...type, id, name: names.of(id) }))
		.filter(({ id, path }) => path.length > 1 && !shown.has(id))
		.sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : a.id - b.id))
		.flatMap(({ name, path, shape }) => [`### ${name}`, `\`${path.join('::')}\``, ...body(shape, names)])
}

const body = (shape: RuntimeModel['types'][number]['shape'], names: TypeNames): string[] => {
	if (shape.kind === 'variant' && shape.variants.length > 200) {
		const [first, second] = shape.variants
		const last = shape.variants.at(-1)!
		return [
			`\`${first.name}\` (${first.index}), and \`${second.name}\` (${second.index}) to \`${last.name}\` (${last.index}), each with \`${fieldList(last.fields, names)}\`.`,
		]
	}
	if (shape.kind === 'variant')
		return [
			table(
				['index', 'variant', 'fields'],
				shape.variants
					.toSorted((a, b) => a.index - b.index)
					.map(({ name, index, fields }) => [String(index), code(name), code(fieldList(fields, names))]),
			),
		]
	if (shape.kind !== 'composite') return []
	if (shape.fields.length === 0) return ['Nothing.']
	if (shape.fields.some(({ name }) => name === undefined)) return [code(fieldList(shape.fields, names))]
	return [
		table(
			['field', 'type'],
			shape.fields.map(({ name, type }) => [code(name!), code(names.of(type))]),
		),
	]
}
