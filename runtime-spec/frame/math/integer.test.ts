import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
	ARITHMETIC_KINDS,
	ArithmeticError,
	type ArithmeticKind,
	addU32,
	addU128,
	bitLength,
	isqrt,
	mulDivFloor,
	mulPpm,
	mulU128,
	saturatingAdd,
	saturatingMul,
	saturatingSub,
	splitByWeight,
	splitPpm,
	subU32,
	subU128,
	U32_MAX,
	U128_MAX,
} from './integer.ts'

const seed = Number(process.env.SEED ?? Math.floor(Math.random() * 2 ** 31))
console.info(`frame/math integers: SEED=${seed}`)
fc.configureGlobal({ seed, numRuns: 500 })

const u128 = fc.bigInt({ min: 0n, max: U128_MAX })
/** As many small values as large ones, so that both sides of each bound are met. */
const anyWidth = fc.tuple(u128, fc.integer({ min: 0, max: 127 })).map(([value, shift]) => value >> BigInt(shift))

function kindOf(operation: () => unknown): ArithmeticKind | 'none' {
	try {
		operation()
	} catch (error) {
		if (error instanceof ArithmeticError) return error.kind
		throw error
	}
	return 'none'
}

describe('checked integers', () => {
	it('lists the kinds in the SCALE order of DispatchError::Arithmetic', () => {
		expect(ARITHMETIC_KINDS).toEqual(['Underflow', 'Overflow', 'DivisionByZero'])
	})

	it('names the operation, the wrong value and the way out in an error', () => {
		expect(() => subU128(1n, 3n)).toThrow(
			new ArithmeticError('Underflow', 'subU128: the difference is -2, below zero: an unsigned amount cannot be negative'),
		)
	})

	it('takes u128 results up to both bounds and none beyond', () => {
		expect(addU128(U128_MAX - 1n, 1n)).toBe(U128_MAX)
		expect(subU128(7n, 7n)).toBe(0n)
		expect(mulU128(1n << 64n, (1n << 64n) - 1n)).toBe(U128_MAX - ((1n << 64n) - 1n))
		expect(kindOf(() => addU128(U128_MAX, 1n))).toBe('Overflow')
		expect(kindOf(() => subU128(0n, 1n))).toBe('Underflow')
		expect(kindOf(() => mulU128(1n << 64n, 1n << 64n))).toBe('Overflow')
	})

	it('takes u32 results up to both bounds and none beyond', () => {
		expect(addU32(U32_MAX - 1, 1)).toBe(U32_MAX)
		expect(subU32(5, 5)).toBe(0)
		expect(kindOf(() => addU32(U32_MAX, 1))).toBe('Overflow')
		expect(kindOf(() => subU32(4, 5))).toBe('Underflow')
	})

	it('agrees with exact arithmetic or reports why not, and saturates at the same bounds', () => {
		fc.assert(
			fc.property(anyWidth, anyWidth, (a, b) => {
				const clamp = (value: bigint) => (value < 0n ? 0n : value > U128_MAX ? U128_MAX : value)
				for (const [exact, checked, saturating] of [
					[a + b, addU128, saturatingAdd],
					[a - b, subU128, saturatingSub],
					[a * b, mulU128, saturatingMul],
				] as const) {
					expect(saturating(a, b)).toBe(clamp(exact))
					if (clamp(exact) === exact) expect(checked(a, b)).toBe(exact)
					else expect(kindOf(() => checked(a, b))).toBe(exact < 0n ? 'Underflow' : 'Overflow')
				}
			}),
		)
	})

	it('keeps the full width between multiplying and dividing', () => {
		expect(mulDivFloor(U128_MAX, U128_MAX, U128_MAX)).toBe(U128_MAX)
		expect(mulDivFloor(7n, 3n, 2n)).toBe(10n)
		expect(kindOf(() => mulDivFloor(U128_MAX, 2n, 1n))).toBe('Overflow')
		expect(kindOf(() => mulDivFloor(1n, 1n, 0n))).toBe('DivisionByZero')
	})

	it('takes a share in ppm rounded down', () => {
		expect(mulPpm(999_999n, 1)).toBe(0n)
		expect(mulPpm(1_000_000n, 1)).toBe(1n)
		expect(mulPpm(U128_MAX, 1_000_000)).toBe(U128_MAX)
		expect(mulPpm(4n, 1_500_000)).toBe(6n)
		expect(kindOf(() => mulPpm(U128_MAX, 1_000_001))).toBe('Overflow')
		expect(kindOf(() => mulPpm(1_000_000n, -1))).toBe('Underflow')
	})

	it('counts bits', () => {
		expect([0n, 1n, 2n, 3n, 0xffff_ffffn, 1n << 32n, U128_MAX].map(bitLength)).toEqual([0, 1, 2, 2, 32, 33, 128])
		fc.assert(fc.property(anyWidth, (value) => bitLength(value) === (value === 0n ? 0 : value.toString(2).length)))
	})

	it('finds the floor of the square root, also next to perfect squares', () => {
		expect([0n, 1n, 2n, 3n, 4n, 8n, 9n].map(isqrt)).toEqual([0n, 1n, 1n, 1n, 2n, 2n, 3n])
		expect(isqrt(U128_MAX)).toBe((1n << 64n) - 1n)
		expect(kindOf(() => isqrt(-1n))).toBe('Underflow')
		const isFloorOfRoot = (value: bigint) => isqrt(value) ** 2n <= value && (isqrt(value) + 1n) ** 2n > value
		fc.assert(
			fc.property(anyWidth, (value) => {
				const square = isqrt(value) ** 2n
				return isFloorOfRoot(value) && isFloorOfRoot(square) && (square === 0n || isFloorOfRoot(square - 1n))
			}),
		)
	})
})

describe('splits', () => {
	it('splits by ppm, each part rounded down, and returns the rest as dust', () => {
		expect(splitPpm(100n, [333_333, 333_333, 333_334])).toEqual({ parts: [33n, 33n, 33n], dust: 1n })
		expect(splitPpm(10n, [])).toEqual({ parts: [], dust: 10n })
		expect(splitPpm(U128_MAX, [1_000_000])).toEqual({ parts: [U128_MAX], dust: 0n })
	})

	it('splits by weight, each part rounded down, and returns the rest as dust', () => {
		expect(splitByWeight(10n, [1n, 1n, 1n])).toEqual({ parts: [3n, 3n, 3n], dust: 1n })
		expect(splitByWeight(U128_MAX, [U128_MAX, U128_MAX]).dust).toBe(1n)
		expect(splitByWeight(5n, [0n, 2n])).toEqual({ parts: [0n, 5n], dust: 0n })
	})

	it('loses and makes nothing: parts and dust add up to the amount', () => {
		fc.assert(
			fc.property(anyWidth, fc.array(fc.integer({ min: 0, max: 100_000 }), { maxLength: 10 }), (amount, shares) => {
				const { parts, dust } = splitPpm(amount, shares)
				expect(parts.reduce((sum, part) => sum + part, dust)).toBe(amount)
				expect(parts).toEqual(shares.map((share) => (amount * BigInt(share)) / 1_000_000n))
				expect(dust).toBeGreaterThanOrEqual(0n)
			}),
		)
		fc.assert(
			fc.property(anyWidth, fc.array(anyWidth, { minLength: 1, maxLength: 10 }), (amount, weights) => {
				fc.pre(weights.some((weight) => weight > 0n))
				const { parts, dust } = splitByWeight(amount, weights)
				expect(parts.reduce((sum, part) => sum + part, dust)).toBe(amount)
				expect(dust).toBeGreaterThanOrEqual(0n)
				expect(dust).toBeLessThan(BigInt(weights.length))
			}),
		)
	})

	it('refuses shares above the whole, negative ones, and weights that add up to nothing', () => {
		expect(kindOf(() => splitPpm(1n, [1_000_000, 1]))).toBe('Overflow')
		expect(kindOf(() => splitPpm(1n, [1_000_000, -1]))).toBe('Underflow')
		expect(kindOf(() => splitPpm(-1n, [1]))).toBe('Underflow')
		expect(kindOf(() => splitByWeight(1n, []))).toBe('DivisionByZero')
		expect(kindOf(() => splitByWeight(1n, [0n]))).toBe('DivisionByZero')
		expect(kindOf(() => splitByWeight(1n, [2n, -1n]))).toBe('Underflow')
		expect(kindOf(() => splitByWeight(-1n, [1n]))).toBe('Underflow')
	})
})
