/** Checked integer arithmetic: a result either fits its width exactly or an `ArithmeticError` is thrown. Nothing wraps. */

/** In the order of FRAME's `sp_arithmetic::ArithmeticError`: the position is the SCALE index inside `DispatchError::Arithmetic`. */
export const ARITHMETIC_KINDS = ['Underflow', 'Overflow', 'DivisionByZero'] as const

export type ArithmeticKind = (typeof ARITHMETIC_KINDS)[number]

/** Thrown by every operation of this folder. The frame turns it into `DispatchError::Arithmetic(kind)`; the message is for the log. */
export class ArithmeticError extends Error {
	override readonly name = 'ArithmeticError'
	readonly kind: ArithmeticKind

	constructor(kind: ArithmeticKind, message: string) {
		super(message)
		this.kind = kind
	}
}

export const U32_MAX = 0xffff_ffff
export const U128_MAX = (1n << 128n) - 1n

const PPM = 1_000_000n

/** The parts of a split and what rounding down left over: the parts and `dust` add up to the amount split, to the unit. */
export interface Split {
	parts: bigint[]
	dust: bigint
}

function checkU128(value: bigint, operation: string): bigint {
	if (value > U128_MAX) throw new ArithmeticError('Overflow', `${operation} is ${value}, above the largest u128: use smaller operands`)
	if (value < 0n) throw new ArithmeticError('Underflow', `${operation} is ${value}, below zero: an unsigned amount cannot be negative`)
	return value
}

function checkU32(value: number, operation: string): number {
	if (value > U32_MAX) throw new ArithmeticError('Overflow', `${operation} is ${value}, above the largest u32: use smaller operands`)
	if (value < 0) throw new ArithmeticError('Underflow', `${operation} is ${value}, below zero: an unsigned count cannot be negative`)
	return value
}

/** `a + b` of two u32 counts. Throws Overflow. */
export function addU32(a: number, b: number): number {
	return checkU32(a + b, 'addU32: the sum')
}

/** `a − b` of two u32 counts. Throws Underflow. */
export function subU32(a: number, b: number): number {
	return checkU32(a - b, 'subU32: the difference')
}

/** `a + b`. Throws Overflow. */
export function addU128(a: bigint, b: bigint): bigint {
	return checkU128(a + b, 'addU128: the sum')
}

/** `a − b`. Throws Underflow when `b > a`. */
export function subU128(a: bigint, b: bigint): bigint {
	return checkU128(a - b, 'subU128: the difference')
}

/** `a · b`. Throws Overflow. */
export function mulU128(a: bigint, b: bigint): bigint {
	return checkU128(a * b, 'mulU128: the product')
}

/** `⌊a · b / c⌋` with an exact product of up to 256 bits; only the quotient must fit u128. Throws DivisionByZero, Overflow. */
export function mulDivFloor(a: bigint, b: bigint, c: bigint): bigint {
	if (c === 0n) throw new ArithmeticError('DivisionByZero', `mulDivFloor: ${a} · ${b} has divisor 0: pass a divisor above zero`)
	return checkU128((a * b) / c, 'mulDivFloor: the quotient')
}

/** `⌊amount · ppm / 1,000,000⌋`; `ppm` may exceed 1,000,000 (a ratio above one). Throws Overflow. */
export function mulPpm(amount: bigint, ppm: number): bigint {
	return checkU128((amount * BigInt(ppm)) / PPM, 'mulPpm: the share')
}

/** `a + b`, or the largest u128 when the sum would exceed it. */
export function saturatingAdd(a: bigint, b: bigint): bigint {
	const sum = a + b
	return sum > U128_MAX ? U128_MAX : sum
}

/** `a − b`, or zero when `b > a`. */
export function saturatingSub(a: bigint, b: bigint): bigint {
	return a > b ? a - b : 0n
}

/** `a · b`, or the largest u128 when the product would exceed it. */
export function saturatingMul(a: bigint, b: bigint): bigint {
	const product = a * b
	return product > U128_MAX ? U128_MAX : product
}

/** How many bits `value ≥ 0` takes: 0 for 0, 1 for 1, 128 for the largest u128. */
export function bitLength(value: bigint): number {
	let bits = 32
	let rest = value
	for (; rest > 0xffff_ffffn; bits += 32) rest >>= 32n
	return bits - Math.clz32(Number(rest))
}

/** `⌊√value⌋` by Newton's iteration from a power of two above the root. Throws Underflow for a negative value. */
export function isqrt(value: bigint): bigint {
	if (value < 0n) throw new ArithmeticError('Underflow', `isqrt: ${value} is negative: pass zero or more`)
	if (value < 2n) return value
	let root = 1n << BigInt((bitLength(value) + 1) >> 1)
	for (;;) {
		const next = (root + value / root) >> 1n
		if (next >= root) return root
		root = next
	}
}

/**
 * Splits `amount` into one part for each share in ppm, each rounded down; `dust` is the rest.
 * Throws Overflow when the shares exceed 1,000,000 together, Underflow for a negative amount or share.
 */
export function splitPpm(amount: bigint, sharesPpm: readonly number[]): Split {
	let sum = 0
	for (const share of sharesPpm) sum += checkU32(share, 'splitPpm: a share')
	if (sum > 1_000_000) throw new ArithmeticError('Overflow', `splitPpm: the shares add up to ${sum} ppm: keep them within 1000000`)
	const parts: bigint[] = []
	let dust = checkU128(amount, 'splitPpm: the amount')
	for (const share of sharesPpm) {
		const part = mulPpm(amount, share)
		parts.push(part)
		dust -= part
	}
	return { parts, dust }
}

/**
 * Splits `amount` in proportion to `weights`, each part rounded down; `dust` is the rest, less than one unit for each weight.
 * Throws DivisionByZero when the weights add up to zero (or there are none), Underflow for a negative amount or weight.
 */
export function splitByWeight(amount: bigint, weights: readonly bigint[]): Split {
	let total = 0n
	for (const weight of weights) total += checkU128(weight, 'splitByWeight: a weight')
	if (total === 0n) throw new ArithmeticError('DivisionByZero', 'splitByWeight: the weights add up to 0: pass at least one above zero')
	const parts: bigint[] = []
	let dust = checkU128(amount, 'splitByWeight: the amount')
	for (const weight of weights) {
		const part = (amount * weight) / total
		parts.push(part)
		dust -= part
	}
	return { parts, dust }
}
