/**
 * Shares of a validator's key (ESC-7): t of n holders sign together, fewer learn nothing. Shamir's sharing over the scalar
 * field of BLS12-381 with Feldman's commitments, so that each holder can check its share, and everyone each partial signature.
 */
import bls from '@chainsafe/bls'
import { bytesToHex, type Hex, hexToBytes } from 'viem'
import { FatalError } from '../relayer/errors.ts'
import {
	add,
	commit,
	evaluate,
	evaluateCommitments,
	interpolateSignatures,
	keyOfScalar,
	multiply,
	randomPolynomial,
	scalarOfKey,
	weightAtZero,
} from './polynomial.ts'

/** More holders than any operator has, and few enough to check quickly. */
const MAX_HOLDERS = 255

/** What everyone may know of a shared key. */
export interface Group {
	/** Holders needed to sign. */
	threshold: number
	/** Holders in all; their indices are 1 to this. */
	holders: number
	/** `threshold` points of 48 bytes; the first is the group's public key, that of the validator. */
	commitments: Hex[]
}

/** What one holder alone may know. */
export interface Share {
	group: Group
	index: number
	/** 32 bytes big-endian: the group's polynomial at `index`. */
	secretKey: Uint8Array
}

/** One holder's signature with its share. */
export interface PartialSignature {
	index: number
	/** 96 bytes compressed. */
	signature: Hex
}

/** The validator's public key, 48 bytes. */
export function groupPublicKey(group: Group): Hex {
	return group.commitments[0]
}

/** @throws FatalError `share` */
export function requireThreshold(threshold: number, holders: number): void {
	if (!Number.isInteger(holders) || holders < 2 || holders > MAX_HOLDERS) {
		throw new FatalError('share', `A key for ${holders} holders: expected 2 to ${MAX_HOLDERS}.`)
	}
	if (!Number.isInteger(threshold) || threshold < 2 || threshold > holders) {
		throw new FatalError(
			'share',
			`A threshold of ${threshold} of ${holders} holders: expected 2 to ${holders}, for with 1 each holder would have the whole key.`,
		)
	}
}

/**
 * Splits a key that someone holds whole. Where no one should ever have held it, generate it shared instead (dealing.ts).
 *
 * @param secretKey 32 bytes big-endian
 * @returns a share for each of the `holders`
 * @throws FatalError `share` when the threshold is none
 */
export function split(secretKey: Uint8Array, threshold: number, holders: number): Share[] {
	requireThreshold(threshold, holders)
	const polynomial = randomPolynomial(scalarOfKey(secretKey), threshold)
	const group = { threshold, holders, commitments: commit(polynomial) }
	return Array.from({ length: holders }, (_, place) => {
		const index = place + 1
		return { group, index, secretKey: keyOfScalar(evaluate(polynomial, index)) }
	})
}

/**
 * The public key of a holder's share, 48 bytes, from the commitments alone.
 *
 * @throws FatalError `share` when there is no such holder, or a commitment is invalid
 */
export function sharePublicKey(group: Group, index: number): Hex {
	requireThreshold(group.threshold, group.holders)
	if (group.commitments.length !== group.threshold) {
		throw new FatalError(
			'share',
			`A group with threshold ${group.threshold} has ${group.commitments.length} commitments: expected as many.`,
		)
	}
	if (!Number.isInteger(index) || index < 1 || index > group.holders) {
		throw new FatalError('share', `There is no holder ${index}: the group has holders 1 to ${group.holders}.`)
	}
	try {
		return evaluateCommitments(group.commitments, index)
	} catch {
		throw new FatalError('share', 'A commitment of the group is no public key of BLS12-381.')
	}
}

/**
 * Feldman's check: the share is the committed polynomial's value at its index.
 *
 * @throws FatalError `share` when it is not
 */
export function verifyShare({ group, index, secretKey }: Share): void {
	const publicKey = bytesToHex(bls.SecretKey.fromBytes(secretKey).toPublicKey().toBytes())
	if (publicKey !== sharePublicKey(group, index)) {
		throw new FatalError('share', `Share ${index} is not that of the key ${groupPublicKey(group)}: its commitments belong to another one.`)
	}
}

/** A holder's signature of a signing root of 32 bytes. */
export function signPartial({ index, secretKey }: Share, signingRoot: Uint8Array): PartialSignature {
	return { index, signature: bytesToHex(bls.SecretKey.fromBytes(secretKey).sign(signingRoot).toBytes()) }
}

/** Whether a partial signature is that of its holder's share. */
export function verifyPartial(group: Group, signingRoot: Uint8Array, { index, signature }: PartialSignature): boolean {
	return bls.verify(hexToBytes(sharePublicKey(group, index)), signingRoot, hexToBytes(signature))
}

/**
 * Joins partial signatures into the ordinary signature of the group's key, which is the same whoever signed. Wrong ones are left out
 * and named.
 *
 * @returns the signature, 96 bytes compressed, and the holders whose partial signature was wrong
 * @throws FatalError `partial` when fewer than the threshold are right, naming the wrong ones, or when a holder has two
 */
export function combine(group: Group, signingRoot: Uint8Array, partials: PartialSignature[]): { signature: Hex; wrong: number[] } {
	const indices = partials.map(({ index }) => index)
	const twice = indices.find((index, place) => indices.indexOf(index) !== place)
	if (twice !== undefined) throw new FatalError('partial', `There are two partial signatures of holder ${twice}: give one.`)
	const right = partials.filter((partial) => verifyPartial(group, signingRoot, partial))
	const wrong = indices.filter((index) => !right.some((partial) => partial.index === index))
	if (right.length < group.threshold) {
		const named = wrong.length > 0 ? ` Wrong: holder ${wrong.join(', ')}, who must sign again.` : ''
		throw new FatalError('partial', `${right.length} partial signatures are right, and ${group.threshold} are needed.${named}`)
	}
	const signature = interpolateSignatures(right.slice(0, group.threshold))
	if (!bls.verify(hexToBytes(groupPublicKey(group)), signingRoot, hexToBytes(signature))) {
		throw new FatalError('partial', `The joined signature is not that of ${groupPublicKey(group)}: the commitments do not belong together.`)
	}
	return { signature, wrong }
}

/**
 * The whole key from enough shares. After this somebody holds the whole key: it is for emergencies.
 *
 * @returns 32 bytes big-endian
 * @throws FatalError `share` when the shares are too few, of different groups, or one is wrong
 */
export function recover(shares: Share[]): Uint8Array {
	const group = shares[0]?.group
	const byIndex = new Map(shares.map((share) => [share.index, share]))
	if (!group || byIndex.size < group.threshold) {
		throw new FatalError('share', `${byIndex.size} different shares are given: ${group?.threshold ?? 'at least 2'} are needed.`)
	}
	for (const share of byIndex.values()) {
		if (share.group.commitments.join() !== group.commitments.join()) {
			throw new FatalError(
				'share',
				`Share ${share.index} is of another group than share ${shares[0].index}: was one refreshed and the other not?`,
			)
		}
		verifyShare(share)
	}
	const used = [...byIndex.values()].slice(0, group.threshold)
	const indices = used.map(({ index }) => index)
	return keyOfScalar(
		used.reduce((sum, { index, secretKey }) => add(sum, multiply(weightAtZero(indices, index), scalarOfKey(secretKey))), 0n),
	)
}
