/**
 * Signed fixed-point numbers with 18 decimals, and their ln, exp and pow (PRC-2). Integers only, so every host computes the same bits.
 *
 * Domain (in real numbers, x and y with 18 decimals):
 *   ln(x)      0 < x ≤ 2^64
 *   exp(x)     ln(10^−18) ≤ x ≤ ln(2^64), that is −41.446531673892822313 ≤ x ≤ 44.361419555836499803
 *   pow(x, y)  0 < x ≤ 2^64, |y| ≤ 2^64, and y·ln(x) inside the domain of exp
 * Outside it an `ArithmeticError` is thrown: Underflow below, Overflow above.
 *
 * Promise, f being the exact value:
 *   ln, exp    |result − f| ≤ 0.501 · 10^−18                  (the nearest number of 18 decimals but for near ties), and both are monotonic
 *   pow        |result − f| ≤ 0.501 · 10^−18 + 10^−24 · |f|
 * So the relative error is at most 10^−15 wherever |f| ≥ 0.000501; closer to zero no number of 18 decimals can be that close, and the
 * absolute error above holds. Known exactly: ln(1) = 0, exp(0) = 1, pow(x, 0) = 1, pow(1, y) = 1.
 *
 * Method: binary fixed point with 160 fraction bits, in which one operation is off by at most 2^−160. Powers of two are taken out first;
 * then Briggs' radix method, multiplying by factors (1 + 2^−i) whose logarithms are known, brings the rest within 2^−8 of its centre,
 * where a short series ends it. All roundings together stay below 2^−145: the error of ln 2, near 2^−154 and taken up to 64 times,
 * dominates. That is 2^−21 units of the 18th decimal at e^44.36 (2^124 units), and pow scales it by at most |y| = 2^64 to 2^−81 < 10^−24;
 * by as much may y·ln(x) be misjudged at the bounds of pow's domain.
 */
import { ArithmeticError, bitLength } from './integer.ts'

/** A real number times 10^18, from −2^127 to 2^127 − 1 as in FRAME's `FixedI128`. */
export type Fixed = bigint

/** 1 as a `Fixed`. */
export const ONE: Fixed = 10n ** 18n

const FIXED_LIMIT = 1n << 127n
/** 2^64 as a `Fixed`. */
const DOMAIN_MAX: Fixed = ONE << 64n

/** Fraction bits of the inner ("wide") numbers. */
const WIDE_BITS = 160
const Q = BigInt(WIDE_BITS)
const WIDE_ONE = 1n << Q
const WIDE_HALF = WIDE_ONE >> 1n
const ONE_BITS = bitLength(ONE)
/** ln(10^−18) rounded down and ln(2^64) rounded up, so that exp(ln(x)) and pow(x, 1) are defined for each x that ln takes. */
const EXP_MIN = (-41_446531673892822313n << Q) / ONE
const EXP_MAX = (44_361419555836499803n << Q) / ONE

/** Artanh of a wide z, 0 ≤ z ≤ 1/3, by its Taylor series z + z³/3 + z⁵/5 + …. */
function artanhWide(z: bigint): bigint {
	const square = (z * z) >> Q
	let power = z
	let sum = z
	for (let n = 3n; ; n += 2n) {
		power = (power * square) >> Q
		if (power === 0n) return sum
		sum += power / n
	}
}

// ln(1 + 1/m) = 2·artanh(1/(2m + 1)).
const LN2 = 2n * artanhWide(WIDE_ONE / 3n)
/** ln(1 + 2^−i) at index i − 1. Eight of them: in QuickJS 4 to 16 cost the same, as each saves about what it costs in series terms. */
const LN_FACTORS = [1n, 2n, 3n, 4n, 5n, 6n, 7n, 8n].map((i) => 2n * artanhWide(WIDE_ONE / ((2n << i) + 1n)))

function checkFixed(value: bigint, operation: string): Fixed {
	if (value < FIXED_LIMIT && value >= -FIXED_LIMIT) return value
	throw new ArithmeticError(
		value < 0n ? 'Underflow' : 'Overflow',
		`${operation} is ${fixedToString(value)}, outside a fixed-point number's ±1.7e20: use smaller operands`,
	)
}

/** `n / d` to the nearest integer, ties away from zero. */
function divNearest(n: bigint, d: bigint, operation: string): bigint {
	if (d === 0n) throw new ArithmeticError('DivisionByZero', `${operation} has divisor 0: pass another divisor`)
	const magnitude = d < 0n ? -d : d
	const twice = 2n * (d < 0n ? -n : n)
	return (twice < 0n ? twice - magnitude : twice + magnitude) / (2n * magnitude)
}

/** The ratio of two integers, to the nearest 18th decimal. Throws DivisionByZero, Overflow, Underflow. */
export function fixedFromRatio(numerator: bigint, denominator: bigint): Fixed {
	return checkFixed(divNearest(numerator * ONE, denominator, 'fixedFromRatio'), 'fixedFromRatio: the ratio')
}

/** `a · b`, to the nearest 18th decimal. Throws Overflow, Underflow. */
export function mulFixed(a: Fixed, b: Fixed): Fixed {
	return checkFixed(divNearest(a * b, ONE, 'mulFixed'), 'mulFixed: the product')
}

/** `a / b`, to the nearest 18th decimal. Throws DivisionByZero, Overflow, Underflow. */
export function divFixed(a: Fixed, b: Fixed): Fixed {
	return checkFixed(divNearest(a * ONE, b, 'divFixed'), 'divFixed: the quotient')
}

/** Exact decimal text without trailing zeros: `-0.5`, `3`, `0.000000000000000001`. */
export function fixedToString(value: Fixed): string {
	const digits = (value < 0n ? -value : value).toString().padStart(19, '0')
	let end = digits.length
	while (end > digits.length - 18 && digits[end - 1] === '0') end--
	const whole = digits.slice(0, -18)
	const fraction = digits.slice(whole.length, end)
	return (value < 0n ? '-' : '') + (fraction ? `${whole}.${fraction}` : whole)
}

/** The wide natural logarithm of x; throws outside 0 < x ≤ 2^64. */
function lnWide(x: Fixed, operation: string): bigint {
	if (x <= 0n) throw new ArithmeticError('Underflow', `${operation}: no real logarithm of ${fixedToString(x)}: pass a number above zero`)
	if (x > DOMAIN_MAX) throw new ArithmeticError('Overflow', `${operation}: ${fixedToString(x)} is above 2^64: pass a smaller number`)
	// x = m·2^k with ½ < m ≤ 1. Dividing after the shift keeps all 160 bits of a small x, and keeps m of x = 1 exact.
	let k = bitLength(x) - ONE_BITS
	let m = (x << BigInt(WIDE_BITS - k)) / ONE
	if (m > WIDE_ONE) {
		m >>= 1n
		k++
	}
	let ln = BigInt(k) * LN2
	// After step i: 1/(1 + 2^−i) < m ≤ 1.
	for (let i = 1; i <= LN_FACTORS.length; i++) {
		const next = m + (m >> BigInt(i))
		if (next > WIDE_ONE) continue
		m = next
		ln -= LN_FACTORS[i - 1]
	}
	// ln(m) = −2·artanh((1 − m)/(1 + m)).
	return ln - 2n * artanhWide(((WIDE_ONE - m) << Q) / (WIDE_ONE + m))
}

/** e to the wide exponent, rounded to a `Fixed`; throws outside [EXP_MIN, EXP_MAX]. */
function expWide(exponent: bigint, operation: string): Fixed {
	if (exponent < EXP_MIN || exponent > EXP_MAX) {
		const result = `${operation}: the result e^${fixedToString((exponent * ONE) / WIDE_ONE)}`
		if (exponent < 0n) throw new ArithmeticError('Underflow', `${result} is below 10^-18: pass a larger exponent`)
		throw new ArithmeticError('Overflow', `${result} is above 2^64: pass a smaller exponent`)
	}
	// e^exponent = 2^k·e^r with 0 ≤ r < ln 2.
	let k = exponent / LN2
	let r = exponent - k * LN2
	if (r < 0n) {
		r += LN2
		k--
	}
	let product = WIDE_ONE
	// After step i: r < ln(1 + 2^−i).
	for (let i = 1; i <= LN_FACTORS.length; i++) {
		const step = LN_FACTORS[i - 1]
		if (r < step) continue
		r -= step
		product += product >> BigInt(i)
	}
	let sum = product
	for (let n = 1n, term = product; ; n++) {
		term = ((term * r) >> Q) / n
		if (term === 0n) break
		sum += term
	}
	const shift = Q - k
	return (sum * ONE + (1n << (shift - 1n))) >> shift
}

/** Natural logarithm. Domain and error: see the head of this file. */
export function ln(x: Fixed): Fixed {
	return (lnWide(x, 'ln') * ONE + WIDE_HALF) >> Q
}

/** e^x. Domain and error: see the head of this file. */
export function exp(x: Fixed): Fixed {
	return expWide((x << Q) / ONE, 'exp')
}

/** x^y = e^(y·ln x), without rounding in between. Domain and error: see the head of this file. */
export function pow(x: Fixed, y: Fixed): Fixed {
	if (y > DOMAIN_MAX) throw new ArithmeticError('Overflow', `pow: the exponent ${fixedToString(y)} is above 2^64: pass a smaller one`)
	if (y < -DOMAIN_MAX) throw new ArithmeticError('Underflow', `pow: the exponent ${fixedToString(y)} is below -2^64: pass a larger one`)
	return expWide((y * lnWide(x, 'pow')) / ONE, 'pow')
}
