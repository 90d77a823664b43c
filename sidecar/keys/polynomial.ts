/**
 * Polynomials over the scalar field of BLS12-381, in the clear and in the exponent: the arithmetic of Shamir's secret
 * sharing, and of Feldman's commitments to it.
 */
import { bls12_381 } from '@noble/curves/bls12-381.js'
import { bytesToBigInt, bytesToHex, type Hex, hexToBytes, numberToBytes } from 'viem'
import { generateValidatorKey } from '../contracts/deposit-data.ts'

const { Fr } = bls12_381.fields
const { G1, G2 } = bls12_381

/** Coefficients from the constant term up, each in [0, order). */
export type Polynomial = bigint[]

/** A polynomial of this constant term; the other `length - 1` coefficients are random, and never zero. */
export function randomPolynomial(constant: bigint, length: number): Polynomial {
	return [constant, ...Array.from({ length: length - 1 }, () => bytesToBigInt(generateValidatorKey()))]
}

/** The polynomial's value at `x`, by Horner's rule. */
export function evaluate(polynomial: Polynomial, x: number): bigint {
	return polynomial.reduceRight((value, coefficient) => Fr.add(Fr.mul(value, BigInt(x)), coefficient), 0n)
}

/** The weight of the value at `x` in the interpolation at zero from the values at `xs`: the product of xⱼ / (xⱼ - x). */
export function weightAtZero(xs: number[], x: number): bigint {
	const others = xs.filter((other) => other !== x).map(BigInt)
	const numerator = others.reduce((product, other) => Fr.mul(product, other), 1n)
	const denominator = others.reduce((product, other) => Fr.mul(product, Fr.sub(other, BigInt(x))), 1n)
	return Fr.div(numerator, denominator)
}

export const add = (a: bigint, b: bigint): bigint => Fr.add(a, b)
export const multiply = (a: bigint, b: bigint): bigint => Fr.mul(a, b)

/**
 * A secret key of 32 bytes big-endian.
 *
 * @throws RangeError for zero, which is nobody's key and is met with probability 2⁻²⁵⁵
 */
export function keyOfScalar(scalar: bigint): Uint8Array {
	if (scalar === 0n) throw new RangeError('a secret key came out as zero: start again')
	return numberToBytes(scalar, { size: 32 })
}

export const scalarOfKey = (secretKey: Uint8Array): bigint => bytesToBigInt(secretKey)

/**
 * @param encoded 48 bytes compressed
 * @throws Error when it is no point of the prime-order group, or infinity
 */
function keyPoint(encoded: Hex) {
	const point = G1.Point.fromBytes(hexToBytes(encoded))
	if (point.is0()) throw new Error('the point at infinity is no public key')
	return point
}

/** Whether 48 bytes are a valid public key: a point of the prime-order group, and not infinity. */
export function isPublicKey(encoded: Hex): boolean {
	try {
		keyPoint(encoded)
		return true
	} catch {
		return false
	}
}

/** Feldman's commitments: each coefficient times the generator, 48 bytes compressed. The first is the secret's public key. */
export function commit(polynomial: Polynomial): Hex[] {
	return polynomial.map((coefficient) => bytesToHex(G1.Point.BASE.multiply(coefficient).toBytes()))
}

/** The public key of the polynomial's value at `x`, from commitments alone. @throws Error for an invalid commitment */
export function evaluateCommitments(commitments: Hex[], x: number): Hex {
	const point = commitments.map(keyPoint).reduceRight((value, commitment) => value.multiplyUnsafe(BigInt(x)).add(commitment), G1.Point.ZERO)
	return bytesToHex(point.toBytes())
}

/** Commitments to the sum of polynomials of equal length. @throws Error for an invalid commitment */
export function addCommitments(all: Hex[][]): Hex[] {
	return all[0].map((_, place) => {
		const sum = all.reduce((total, commitments) => total.add(keyPoint(commitments[place])), G1.Point.ZERO)
		return bytesToHex(sum.toBytes())
	})
}

/** A public key times a scalar: that of the product, or the shared point of a Diffie-Hellman exchange. @throws Error for an invalid key */
export function multiplyPublicKey(publicKey: Hex, scalar: bigint): Hex {
	return bytesToHex(keyPoint(publicKey).multiply(scalar).toBytes())
}

/** The signature of the interpolated key: signatures times their weights at zero, added. @throws Error for an invalid signature */
export function interpolateSignatures(signatures: { index: number; signature: Hex }[]): Hex {
	const indices = signatures.map(({ index }) => index)
	const point = signatures.reduce(
		(sum, { index, signature }) => sum.add(G2.Point.fromBytes(hexToBytes(signature)).multiply(weightAtZero(indices, index))),
		G2.Point.ZERO,
	)
	return bytesToHex(point.toBytes())
}
