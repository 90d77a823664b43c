import { readFile } from 'node:fs/promises'
import { build } from 'esbuild'
import fc from 'fast-check'
import { QuickJS } from 'quickjs-wasi'
import { describe, expect, it } from 'vitest'
import { divFixed, exp, type Fixed, fixedFromRatio, fixedToString, ln, mulFixed, ONE, pow } from './fixed.ts'
import { ArithmeticError, type ArithmeticKind } from './integer.ts'

const seed = Number(process.env.SEED ?? Math.floor(Math.random() * 2 ** 31))
console.info(`PRC-2 fixed point: SEED=${seed}`)
fc.configureGlobal({ seed, numRuns: 1000 })

// Reference: decimal fixed point with 100 digits, e^x by plain Taylor series with argument halving and repeated squaring, ln by
// Halley's iteration on that e^x from a float's first guess. It shares neither the radix, the reduction nor the series of the code proved.
const DIGITS = 100n
const UNIT = 10n ** DIGITS
const FIXED_TO_REFERENCE = 10n ** (DIGITS - 18n)
const HALVINGS = 16n

function referenceExp(x: bigint): bigint {
	const reduced = x >> HALVINGS
	let term = UNIT
	let sum = UNIT
	for (let n = 1n; term !== 0n; n++) {
		term = (term * reduced) / UNIT / n
		sum += term
	}
	for (let i = 0n; i < HALVINGS; i++) sum = (sum * sum) / UNIT
	return sum
}

function referenceLn(x: bigint): bigint {
	const digits = x.toString()
	const guess = Math.log(Number(`0.${digits.slice(0, 17)}`)) + (digits.length - Number(DIGITS)) * Math.LN10
	let y = (BigInt(Math.round(guess * 1e15)) * UNIT) / 10n ** 15n
	// The error is cubed by each step: 10^-14, 10^-42, 10^-126.
	for (let i = 0; i < 3; i++) {
		const e = referenceExp(y)
		y += (2n * (x - e) * UNIT) / (x + e)
	}
	return y
}

const reference = (value: Fixed) => value * FIXED_TO_REFERENCE
const abs = (value: bigint) => (value < 0n ? -value : value)

/** The error of `result` in units of 10^-100. */
const errorOf = (result: Fixed, exact: bigint) => abs(reference(result) - exact)

/** 0.501 · 10^-18 in units of 10^-100. */
const NEAREST = (501n * FIXED_TO_REFERENCE) / 1000n

/** What PRC-2 asks: 10^-15 relative, or as near as 18 decimals allow. */
const PRC_2 = (exact: bigint) => {
	const relative = abs(exact) / 10n ** 15n
	return relative > NEAREST ? relative : NEAREST
}

function fixed(text: string): Fixed {
	const negative = text.startsWith('-')
	const [whole, fraction = ''] = (negative ? text.slice(1) : text).split('.')
	const magnitude = BigInt(whole + fraction.padEnd(18, '0'))
	return negative ? -magnitude : magnitude
}

function kindOf(operation: () => unknown): ArithmeticKind | 'none' {
	try {
		operation()
	} catch (error) {
		if (error instanceof ArithmeticError) return error.kind
		throw error
	}
	return 'none'
}

const LN_MAX = ONE << 64n
const EXP_MIN = fixed('-41.446531673892822313')
const EXP_MAX = fixed('44.361419555836499803')

/** Evenly over the magnitudes of ln's domain, from one unit of the 18th decimal to 2^64. */
const positive = fc
	.tuple(fc.bigInt({ min: 1n << 123n, max: (1n << 124n) - 1n }), fc.integer({ min: 0, max: 123 }))
	.map(([value, shift]) => value >> BigInt(shift))
	.map((value) => (value > LN_MAX ? LN_MAX : value < 1n ? 1n : value))
const nearOne = fc
	.tuple(fc.bigInt({ min: -(1n << 59n), max: 1n << 59n }), fc.integer({ min: 0, max: 58 }))
	.map(([d, s]) => ONE + (d >> BigInt(s)))
const anyBase = fc.oneof(positive, nearOne)
const exponent = fc.bigInt({ min: EXP_MIN, max: EXP_MAX })
/** A base and an exponent whose power stays inside the domain, exponents up to 2^64 for bases next to one. */
const baseAndExponent = fc
	.tuple(anyBase, exponent)
	.map(([x, product]): [Fixed, Fixed] => {
		const log = ln(x)
		const y = log === 0n ? product : (product * ONE) / log
		return [x, y > LN_MAX ? LN_MAX : y < -LN_MAX ? -LN_MAX : y]
	})
	.filter(([x, y]) => {
		const product = (referenceLn(reference(x)) * y) / ONE
		return product > reference(EXP_MIN) && product < reference(EXP_MAX)
	})

const LN_2 = '0.693147180559945309417232121458176568075500134360255254120680'
const LN_10 = '2.302585092994045684017991454684364207601101488628772976033327'
const E = '2.718281828459045235360287471352662497757247093699959574966967'

describe('PRC-2 reference', () => {
	it('PRC-2 reference agrees with published digits of ln 2, ln 10 and e', () => {
		const first60 = (value: bigint) => {
			const digits = value.toString().padStart(101, '0')
			return `${digits.slice(0, -100)}.${digits.slice(-100, -40)}`
		}
		expect(first60(referenceLn(2n * UNIT))).toBe(LN_2)
		expect(first60(referenceLn(10n * UNIT))).toBe(LN_10)
		expect(first60(referenceExp(UNIT))).toBe(E)
	})
})

describe('PRC-2 ln', () => {
	it('PRC-2 ln gives the nearest 18th decimal of published constants', () => {
		expect(ln(2n * ONE)).toBe(fixed(LN_2.slice(0, 20)))
		expect(ln(10n * ONE)).toBe(fixed(LN_10.slice(0, 20)))
		expect(ln(ONE)).toBe(0n)
	})

	it('PRC-2 ln stays within 0.501 units of the 18th decimal over its whole domain, and so within 1e-15', () => {
		fc.assert(
			fc.property(anyBase, (x) => {
				const exact = referenceLn(reference(x))
				expect(errorOf(ln(x), exact)).toBeLessThanOrEqual(NEAREST)
				expect(errorOf(ln(x), exact)).toBeLessThanOrEqual(PRC_2(exact))
			}),
			{ examples: [[1n], [2n], [ONE - 1n], [ONE], [ONE + 1n], [LN_MAX - 1n], [LN_MAX]] },
		)
	})

	it('PRC-2 ln never falls as its argument rises', () => {
		fc.assert(fc.property(anyBase, fc.bigInt({ min: 1n, max: 1000n }), (x, step) => x + step > LN_MAX || ln(x) <= ln(x + step)))
	})

	it('PRC-2 ln refuses zero, negatives and numbers above 2^64', () => {
		expect(kindOf(() => ln(0n))).toBe('Underflow')
		expect(kindOf(() => ln(-ONE))).toBe('Underflow')
		expect(kindOf(() => ln(LN_MAX + 1n))).toBe('Overflow')
		expect(() => ln(-ONE / 2n)).toThrow('ln: no real logarithm of -0.5: pass a number above zero')
	})
})

describe('PRC-2 exp', () => {
	it('PRC-2 exp gives the nearest 18th decimal of published constants', () => {
		expect(exp(ONE)).toBe(fixed(E.slice(0, 20)))
		expect(exp(0n)).toBe(ONE)
	})

	it('PRC-2 exp stays within 0.501 units of the 18th decimal over its whole domain, and so within 1e-15', () => {
		fc.assert(
			fc.property(exponent, (x) => {
				const exact = referenceExp(reference(x))
				expect(errorOf(exp(x), exact)).toBeLessThanOrEqual(NEAREST)
				expect(errorOf(exp(x), exact)).toBeLessThanOrEqual(PRC_2(exact))
			}),
			{ examples: [[EXP_MIN], [EXP_MAX], [0n], [1n], [-1n], [fixed('-41')], [fixed('44')], [fixed(LN_2.slice(0, 20))]] },
		)
	})

	it('PRC-2 exp never falls as its argument rises', () => {
		fc.assert(fc.property(exponent, fc.bigInt({ min: 1n, max: 1000n }), (x, step) => x + step > EXP_MAX || exp(x) <= exp(x + step)))
	})

	it('PRC-2 exp undoes ln: the 18 decimals of ln(x) carry x to within 0.502e-18 relative', () => {
		fc.assert(
			fc.property(anyBase, (x) => {
				expect(abs(exp(ln(x)) - x) * 10n ** 21n).toBeLessThanOrEqual(502n * x + 501n * 10n ** 18n)
			}),
			{ examples: [[1n], [ONE], [LN_MAX]] },
		)
	})

	it('PRC-2 exp refuses results below 10^-18 and above 2^64', () => {
		expect(kindOf(() => exp(EXP_MIN))).toBe('none')
		expect(kindOf(() => exp(EXP_MAX))).toBe('none')
		expect(kindOf(() => exp(EXP_MIN - 1n))).toBe('Underflow')
		expect(kindOf(() => exp(EXP_MAX + 1n))).toBe('Overflow')
		expect(() => exp(fixed('45'))).toThrow('exp: the result e^45 is above 2^64: pass a smaller exponent')
	})
})

describe('PRC-2 pow', () => {
	it('PRC-2 pow is exact where the result is a number of 18 decimals and the exponent is small', () => {
		expect(pow(fixed('2'), fixed('10'))).toBe(fixed('1024'))
		expect(pow(fixed('1.1'), fixed('2'))).toBe(fixed('1.21'))
		expect(pow(fixed('0.25'), fixed('0.5'))).toBe(fixed('0.5'))
		expect(pow(fixed('4'), fixed('-1'))).toBe(fixed('0.25'))
		fc.assert(
			fc.property(anyBase, exponent, (x, y) => {
				expect(pow(x, ONE)).toBe(x)
				expect(pow(x, 0n)).toBe(ONE)
				expect(pow(ONE, y)).toBe(ONE)
			}),
			{ examples: [[LN_MAX, LN_MAX]] },
		)
	})

	it('PRC-2 pow stays within 0.501 units of the 18th decimal and 1e-24 relative over its whole domain, and so within 1e-15', () => {
		fc.assert(
			fc.property(baseAndExponent, ([x, y]) => {
				const exact = referenceExp((referenceLn(reference(x)) * y) / ONE)
				expect(errorOf(pow(x, y), exact)).toBeLessThanOrEqual(NEAREST + exact / 10n ** 24n)
				expect(errorOf(pow(x, y), exact)).toBeLessThanOrEqual(PRC_2(exact))
			}),
			{
				examples: [
					[[ONE + 1n, LN_MAX]],
					[[ONE - 1n, LN_MAX]],
					[[ONE + 2n, LN_MAX]],
					[[ONE - 2n, -LN_MAX]],
					[[LN_MAX, ONE]],
					[[1n, ONE]],
					[[1n, -ONE]],
				],
			},
		)
	})

	it('PRC-2 pow refuses bases without a logarithm, exponents beyond 2^64 and results outside the domain', () => {
		expect(kindOf(() => pow(0n, ONE))).toBe('Underflow')
		expect(kindOf(() => pow(-ONE, ONE))).toBe('Underflow')
		expect(kindOf(() => pow(LN_MAX + 1n, 0n))).toBe('Overflow')
		expect(kindOf(() => pow(ONE, LN_MAX + 1n))).toBe('Overflow')
		expect(kindOf(() => pow(ONE, -LN_MAX - 1n))).toBe('Underflow')
		expect(kindOf(() => pow(fixed('10'), fixed('20')))).toBe('Overflow')
		expect(kindOf(() => pow(fixed('10'), fixed('-18.1')))).toBe('Underflow')
		expect(() => pow(fixed('10'), fixed('20'))).toThrow(/^pow: the result e\^46\.05\d+ is above 2\^64: pass a smaller exponent$/)
	})
})

describe('PRC-2 fixed-point numbers', () => {
	it('PRC-2 ratios, products and quotients are the nearest 18th decimal, ties away from zero', () => {
		expect(fixedFromRatio(2n, 3n)).toBe(fixed('0.666666666666666667'))
		expect(fixedFromRatio(-2n, 3n)).toBe(fixed('-0.666666666666666667'))
		expect(fixedFromRatio(1n, 2n * ONE)).toBe(1n)
		expect(fixedFromRatio(1n, -2n * ONE)).toBe(-1n)
		expect(mulFixed(fixed('1.5'), fixed('-2.5'))).toBe(fixed('-3.75'))
		expect(divFixed(fixed('1'), fixed('-3'))).toBe(fixed('-0.333333333333333333'))
		const bounded = fc.bigInt({ min: -(1n << 90n), max: 1n << 90n })
		fc.assert(
			fc.property(bounded, bounded, (a, b) => {
				expect(2n * abs(mulFixed(a, b) * ONE - a * b)).toBeLessThanOrEqual(ONE)
				fc.pre(abs(b) > 1n << 40n)
				expect(2n * abs(divFixed(a, b) * b - a * ONE)).toBeLessThanOrEqual(abs(b))
			}),
		)
	})

	it('PRC-2 ratios, products and quotients refuse a zero divisor and results beyond 128 signed bits', () => {
		const largest = (1n << 127n) - 1n
		expect(mulFixed(largest, ONE)).toBe(largest)
		expect(mulFixed(-largest - 1n, ONE)).toBe(-largest - 1n)
		expect(kindOf(() => fixedFromRatio(1n, 0n))).toBe('DivisionByZero')
		expect(kindOf(() => divFixed(ONE, 0n))).toBe('DivisionByZero')
		expect(kindOf(() => divFixed(largest, ONE - 1n))).toBe('Overflow')
		expect(kindOf(() => mulFixed(largest, 2n * ONE))).toBe('Overflow')
		expect(kindOf(() => mulFixed(largest, -2n * ONE))).toBe('Underflow')
		expect(kindOf(() => fixedFromRatio(10n ** 21n, 1n))).toBe('Overflow')
	})

	it('PRC-2 numbers print exactly, without trailing zeros', () => {
		expect([0n, ONE, -ONE / 2n, 1n, -1n, 1200n * ONE, fixed('1.050'), 10n * ONE + 1n].map(fixedToString)).toEqual([
			'0',
			'1',
			'-0.5',
			'0.000000000000000001',
			'-0.000000000000000001',
			'1200',
			'1.05',
			'10.000000000000000001',
		])
		fc.assert(fc.property(fc.bigInt({ min: -(1n << 127n), max: (1n << 127n) - 1n }), (value) => fixed(fixedToString(value)) === value))
	})
})

describe('PRC-1 worked check', () => {
	const spot = fixed('2')
	const quotes = [
		{ k: fixed('0.08'), tau: fixed('0.25'), value: fixed('2.01') },
		{ k: fixed('0.10'), tau: fixed('0.5'), value: fixed('2.03') },
		{ k: fixed('0.12'), tau: fixed('1'), value: fixed('2.08') },
	]

	const forwardRates = quotes.map(({ k, tau, value }, i) => {
		const previous = quotes[i - 1] ?? { k: 0n, tau: 0n, value: spot }
		const growth = mulFixed(tau, ln(ONE + k)) - mulFixed(previous.tau, ln(ONE + previous.k)) - ln(divFixed(value, previous.value))
		return divFixed(growth, tau - previous.tau)
	})

	it('PRC-2 ln gives the forward rates of the PRC-1 check: 0.0570, 0.0741, 0.0827', () => {
		const toFourDecimals = (rate: Fixed) => fixedToString(((rate + fixed('0.00005')) / 10n ** 14n) * 10n ** 14n)
		expect(forwardRates.map(toFourDecimals)).toEqual(['0.057', '0.0741', '0.0827'])
	})

	it('PRC-2 exp and pow reprice each quote of the PRC-1 check from those rates, to 5 units of the 18th decimal', () => {
		let area = 0n
		for (const [i, { k, tau, value }] of quotes.entries()) {
			area += mulFixed(forwardRates[i], tau - (quotes[i - 1]?.tau ?? 0n))
			const price = divFixed(mulFixed(spot, pow(ONE + k, tau)), exp(area))
			expect(abs(price - value)).toBeLessThanOrEqual(5n)
		}
	})
})

describe('PRC-2 on the engine of the blob', () => {
	it('PRC-2 ln, exp and pow give the same bits in QuickJS as here', async () => {
		const { outputFiles } = await build({
			stdin: { contents: `export * from './fixed.ts'`, resolveDir: import.meta.dirname, loader: 'ts' },
			bundle: true,
			minify: true,
			format: 'iife',
			globalName: 'fixed',
			target: 'es2022',
			write: false,
		})
		const bases = fc.sample(anyBase, { seed, numRuns: 200 })
		const exponents = fc.sample(exponent, { seed, numRuns: 200 })
		const powers = fc.sample(baseAndExponent, { seed, numRuns: 200 })
		const list = (values: readonly bigint[]) => `[${values.map((value) => `${value}n`).join()}]`
		using engine = await QuickJS.create({ wasm: await readFile(new URL(import.meta.resolve('quickjs-wasi/quickjs.wasm'))) })
		engine.evalCode(outputFiles[0].text).dispose()
		using results = engine.evalCode(
			`[...${list(bases)}.map(fixed.ln), ...${list(exponents)}.map(fixed.exp), ...[${powers.map(list).join()}].map(([x, y]) => fixed.pow(x, y))].join()`,
		)
		expect(results.toString().split(',').map(BigInt)).toEqual([
			...bases.map(ln),
			...exponents.map(exp),
			...powers.map(([x, y]) => pow(x, y)),
		])
	})
})
