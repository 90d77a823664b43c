import '../native/install.ts'
import { TypeRegistry } from '@polkadot/types'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { toHex } from '../bytes.ts'
import { ArithmeticError } from '../math/integer.ts'
import {
	bool,
	boundedBytes,
	bytes,
	type Codec,
	compactU32,
	compactU64,
	compactU128,
	DecodeError,
	enumeration,
	fixedBytes,
	i128,
	option,
	Reader,
	result,
	struct,
	text,
	tuple,
	u8,
	u16,
	u32,
	u64,
	u128,
	unit,
	vec,
	writer,
} from './index.ts'

const seed = Number(process.env.FC_SEED ?? 20261120)
console.log(`FC_SEED=${seed}`)
const registry = new TypeRegistry()

const pair = struct('', { left: u8, right: option(u32) })
const shape = enumeration('', { None: unit, Some: u16, Pair: pair }, [0, 3, 7])

/** Ours, polkadot.js's name of the same type, values, and what polkadot.js takes for one. */
const CASES: [string, Codec<unknown>, string, fc.Arbitrary<unknown>, (value: never) => unknown][] = [
	['bool', bool, 'bool', fc.boolean(), (v) => v],
	['u8', u8, 'u8', fc.integer({ min: 0, max: 255 }), (v) => v],
	['u16', u16, 'u16', fc.integer({ min: 0, max: 65_535 }), (v) => v],
	['u32', u32, 'u32', fc.integer({ min: 0, max: 0xffff_ffff }), (v) => v],
	['u64', u64, 'u64', fc.bigInt({ min: 0n, max: (1n << 64n) - 1n }), (v) => v],
	['u128', u128, 'u128', fc.bigInt({ min: 0n, max: (1n << 128n) - 1n }), (v) => v],
	['i128', i128, 'i128', fc.bigInt({ min: -(1n << 127n), max: (1n << 127n) - 1n }), (v) => v],
	[
		'compact u32',
		compactU32,
		'Compact<u32>',
		fc.oneof(fc.constantFrom(0, 63, 64, 16_383, 16_384, 2 ** 30 - 1, 2 ** 30, 0xffff_ffff), fc.integer({ min: 0, max: 0xffff_ffff })),
		(v) => v,
	],
	['compact u64', compactU64, 'Compact<u64>', fc.bigInt({ min: 0n, max: (1n << 64n) - 1n }), (v) => v],
	[
		'compact u128',
		compactU128,
		'Compact<u128>',
		fc.oneof(
			fc.constantFrom(0n, 63n, 64n, 1n << 30n, 1n << 32n, 1n << 64n, (1n << 128n) - 1n),
			fc.bigInt({ min: 0n, max: (1n << 128n) - 1n }),
		),
		(v) => v,
	],
	['bytes', bytes, 'Bytes', fc.uint8Array({ maxLength: 200 }), (v) => toHex(v)],
	['text', text, 'Text', fc.string({ unit: 'grapheme', maxLength: 40 }), (v) => v],
	['option', option(u32), 'Option<u32>', fc.option(fc.integer({ min: 0, max: 9 }), { nil: undefined }), (v) => v ?? null],
	['vec', vec(u16), 'Vec<u16>', fc.array(fc.integer({ min: 0, max: 65_535 }), { maxLength: 70 }), (v) => v],
	['tuple', tuple(u8, u64), '(u8, u64)', fc.tuple(fc.integer({ min: 0, max: 255 }), fc.bigInt({ min: 0n, max: 99n })), (v) => v],
	['fixed bytes', fixedBytes(20), 'H160', fc.uint8Array({ minLength: 20, maxLength: 20 }), (v) => toHex(v)],
]

describe('codecs', () => {
	test.each(CASES)('%s agrees with polkadot.js both ways', (_, codec, name, values, given) => {
		fc.assert(
			fc.property(values, (value) => {
				const encoded = codec.encode(value)
				expect(toHex(encoded)).toBe(toHex(registry.createType(name, given(value as never)).toU8a()))
				expect(codec.decode(encoded)).toEqual(value)
			}),
			{ seed, numRuns: 60 },
		)
	})

	test('enums use the numbers they are given, and nested values round-trip', () => {
		expect(shape.encode({ type: 'Some', value: 5 })).toEqual(Uint8Array.of(3, 5, 0))
		const value = { type: 'Pair' as const, value: { left: 9, right: 7 } }
		expect(shape.decode(shape.encode(value))).toEqual(value)
		expect(result(u8, text).decode(result(u8, text).encode({ type: 'Err', value: 'no' }))).toEqual({ type: 'Err', value: 'no' })
	})

	test('a value out of range is an arithmetic error, never another value', () => {
		const cases: [Codec<unknown>, unknown][] = [
			[u8, 256],
			[u16, -1],
			[u32, 2 ** 32],
			[u64, 1n << 64n],
			[u128, -1n],
			[u128, 1n << 128n],
			[compactU128, -1n],
			[compactU128, 1n << 128n],
		]
		for (const [codec, value] of cases) expect(() => codec.encode(value)).toThrow(ArithmeticError)
		writer.at = 0
	})

	test('malformed bytes are refused', () => {
		const cases: [Codec<unknown>, number[]][] = [
			[u32, [1, 2, 3]],
			[u32, [1, 2, 3, 4, 5]],
			[bool, [2]],
			[option(u8), [2, 1]],
			[shape, [1]],
			[bytes, [16, 1]],
			[boundedBytes(2), [12, 1, 2, 3]],
			[vec(u8, 1), [8, 1, 2]],
			[compactU32, [1, 0]],
			[compactU32, [2, 0, 0, 0]],
			[compactU32, [3, 1, 0, 0, 0]],
			[compactU64, [19, 255, 255, 255, 255, 0]],
			[compactU128, [71, ...Array(21).fill(255)]],
		]
		for (const [codec, given] of cases) expect(() => codec.decode(Uint8Array.from(given))).toThrow(DecodeError)
	})

	test('a reader never runs past the end', () => {
		fc.assert(
			fc.property(fc.uint8Array({ maxLength: 40 }), (garbage) => {
				const r = new Reader(garbage)
				try {
					vec(pair).read(r)
				} catch (thrown) {
					expect(thrown).toBeInstanceOf(DecodeError)
				}
				expect(r.at).toBeLessThanOrEqual(garbage.length)
			}),
			{ seed },
		)
	})
})
