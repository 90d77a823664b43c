/**
 * BLS12-381 signatures of witnesses for the escrow's aggregated releases (ESC-6): keys in G1, signatures in G2, hashed to the curve by
 * BLS12381G2_XMD:SHA-256_SSWU_RO_ of RFC 9380 under tags of our own, and encoded as the precompiles of EIP-2537 take them.
 */
import { bls12_381 } from '@noble/curves/bls12-381.js'
import { concat, type Hex, hexToBytes, numberToHex, size, sliceHex } from 'viem'

const { longSignatures: scheme, G1, G2 } = bls12_381

/** Equal to that of src/Bls.sol. */
const RELEASE_TAG = 'STKR-ESCROW-V01-CS01-with-BLS12381G2_XMD:SHA-256_SSWU_RO_'

/** Another tag than that of releases, or a proof of possession could be passed off as a release and the reverse. */
const POSSESSION_TAG = 'STKR-ESCROW-V01-CS01-with-POP-BLS12381G2_XMD:SHA-256_SSWU_RO_'

const FIELD_BYTES = 64
const KEY_BYTES = 2 * FIELD_BYTES
const SIGNATURE_BYTES = 4 * FIELD_BYTES

type KeyPoint = ReturnType<typeof scheme.getPublicKey>
type SignaturePoint = ReturnType<typeof scheme.sign>

function tagged(text: string): Uint8Array {
	return new TextEncoder().encode(text)
}

function encodeKey(point: KeyPoint): Hex {
	const { x, y } = point.toAffine()
	return concat([x, y].map((field) => numberToHex(field, { size: FIELD_BYTES })))
}

function encodeSignature(point: SignaturePoint): Hex {
	const { x, y } = point.toAffine()
	return concat([x.c0, x.c1, y.c0, y.c1].map((field) => numberToHex(field, { size: FIELD_BYTES })))
}

/** @throws RangeError when the length is wrong; Error when the fields are no point of the prime-order group */
function fieldsOf(name: string, encoded: Hex, bytes: number): bigint[] {
	if (size(encoded) !== bytes) throw new RangeError(`${name} must be ${bytes} bytes as EIP-2537 encodes a point, not ${size(encoded)}`)
	return Array.from({ length: bytes / FIELD_BYTES }, (_, i) => BigInt(sliceHex(encoded, i * FIELD_BYTES, (i + 1) * FIELD_BYTES)))
}

function decodeKey(encoded: Hex): KeyPoint {
	const [x, y] = fieldsOf('a BLS key', encoded, KEY_BYTES)
	const point = G1.Point.fromAffine({ x, y })
	point.assertValidity()
	return point
}

function decodeSignature(encoded: Hex): SignaturePoint {
	const [x0, x1, y0, y1] = fieldsOf('a BLS signature', encoded, SIGNATURE_BYTES)
	const point = G2.Point.fromAffine({ x: { c0: x0, c1: x1 }, y: { c0: y0, c1: y1 } })
	point.assertValidity()
	return point
}

/**
 * The public key of a secret key.
 *
 * @param secretKey 32 bytes big-endian, used for nothing else
 * @returns 128 bytes
 */
export function escrowBlsKey(secretKey: Uint8Array): Hex {
	return encodeKey(scheme.getPublicKey(secretKey))
}

/**
 * A witness's signature of an order's EIP-712 digest (`escrowOrderDigest`).
 *
 * @returns 256 bytes; sum them up with `aggregateSignatures`
 */
export function signDigest(secretKey: Uint8Array, digest: Hex): Hex {
	return encodeSignature(scheme.sign(scheme.hash(hexToBytes(digest), tagged(RELEASE_TAG)), secretKey))
}

/**
 * The sum of signatures of one digest, as `releaseAggregated` takes it.
 *
 * @throws Error when a signature is no point of the group
 */
export function aggregateSignatures(signatures: readonly Hex[]): Hex {
	return encodeSignature(scheme.aggregateSignatures(signatures.map(decodeSignature)))
}

/** Whether a signature of a digest is that of this key; a collector checks each before it sums them up. */
export function verifyDigest(key: Hex, digest: Hex, signature: Hex): boolean {
	return verify(key, hexToBytes(digest), RELEASE_TAG, signature)
}

/** Proof that its maker holds the secret key: a signature of the public key. It shuts out keys made from those of others. */
export function provePossession(secretKey: Uint8Array): Hex {
	return encodeSignature(scheme.sign(scheme.hash(hexToBytes(escrowBlsKey(secretKey)), tagged(POSSESSION_TAG)), secretKey))
}

/** What each witness checks of every key before it signs a set into the contract, which does not check it again. */
export function verifyPossession(key: Hex, proof: Hex): boolean {
	return verify(key, hexToBytes(key), POSSESSION_TAG, proof)
}

function verify(key: Hex, message: Uint8Array, tag: string, signature: Hex): boolean {
	try {
		return scheme.verify(decodeSignature(signature), scheme.hash(message, tagged(tag)), decodeKey(key))
	} catch {
		// Not points of the groups, or infinity.
		return false
	}
}

/** Bitmap of the witnesses that signed, bit i for the one at i of the set. */
export function signersBitmap(indexes: readonly number[]): bigint {
	return indexes.reduce((bitmap, index) => bitmap | (1n << BigInt(index)), 0n)
}
