import type { SiLookupTypeId } from '@polkadot/types/interfaces'
import type { Registry } from '@polkadot/types/types'
import fc from 'fast-check'

/** Calls within calls go this deep. */
const MAX_DEPTH = 2

const PRIMITIVE_BITS: Record<string, number> = { U8: 8, U16: 16, U32: 32, U64: 64, U128: 128 }

const hexOf = (length: number): fc.Arbitrary<string> =>
	fc.uint8Array({ minLength: length, maxLength: length }).map((bytes) => `0x${Buffer.from(bytes).toString('hex')}`)

/** Any value of a type in the metadata, as polkadot.js takes it; `call` gives those of calls within calls. */
export const arbitraryOf = (
	registry: Registry,
	id: SiLookupTypeId,
	call: (depth: number) => fc.Arbitrary<unknown>,
	depth = 0,
): fc.Arbitrary<unknown> => {
	const { path, def } = registry.lookup.getSiType(id)
	const inner = (type: SiLookupTypeId): fc.Arbitrary<unknown> => arbitraryOf(registry, type, call, depth)
	const name = path.map(String).join('::')
	if (name === 'stkr_runtime::RuntimeCall') return depth < MAX_DEPTH ? call(depth + 1) : fc.constant('0x000000')
	if (name.endsWith('::MultiAddress')) return hexOf(32).map((Id) => ({ Id }))
	if (def.isCompact) return inner(def.asCompact.type)
	if (def.isPrimitive) {
		const primitive = def.asPrimitive.type
		if (primitive === 'Bool') return fc.boolean()
		const bits = PRIMITIVE_BITS[primitive]
		if (bits === undefined) throw new Error(`no values known of primitive ${primitive}`)
		return fc.bigInt({ min: 0n, max: 2n ** BigInt(bits) - 1n })
	}
	if (def.isArray) return hexOf(def.asArray.len.toNumber())
	if (def.isSequence) {
		const { type } = def.asSequence
		const { def: item } = registry.lookup.getSiType(type)
		if (item.isPrimitive && item.asPrimitive.isU8) return fc.integer({ min: 0, max: 300 }).chain(hexOf)
		return fc.array(inner(type), { maxLength: 3 })
	}
	if (def.isTuple) return fc.tuple(...def.asTuple.map(inner))
	if (def.isComposite) {
		const { fields } = def.asComposite
		if (fields.length === 1 && fields[0].name.isNone) return inner(fields[0].type)
		return fc.record(Object.fromEntries(fields.map((field) => [camel(field.name.unwrap().toString()), inner(field.type)])))
	}
	if (def.isVariant) {
		const { variants } = def.asVariant
		if (name === 'Option') return fc.option(inner(variants[1].fields[0].type), { nil: null })
		return fc.oneof(
			...variants.map((variant) =>
				variant.fields.length === 0
					? fc.constant(variant.name.toString())
					: inner(variant.fields[0].type).map((value) => ({ [variant.name.toString()]: value })),
			),
		)
	}
	throw new Error(`no values known of type ${id.toString()} ${name} (${def.type})`)
}

const camel = (text: string): string => text.replace(/_(\w)/g, (_, letter: string) => letter.toUpperCase())
