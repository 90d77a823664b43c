/**
 * Keys made and renewed by their holders together, so that nobody ever holds one whole (ESC-7).
 *
 * - generation (Pedersen's, without a dealer): each party deals a random polynomial, and the key is the sum;
 * - refresh: `threshold` or more old holders each deal their share times its weight at zero, so that the sum is the same key under
 *   a new polynomial: old shares are worth nothing with new ones, and threshold and holders may change.
 *
 * Each deal is one file for all: commitments, a value for each recipient encrypted to it, and two signatures. That of the
 * constant term proves that its dealer knows it. Without it the last dealer could choose its commitments such that the
 * others' cancel, and hold the whole key of an n-of-n alone. That of the dealer's own key says whose deal it is.
 */
import { createCipheriv, createDecipheriv, createHash, hkdfSync, randomBytes } from 'node:crypto'
import { bls12_381 } from '@noble/curves/bls12-381.js'
import { bytesToHex, concatBytes, type Hex, hexToBytes } from 'viem'
import { generateValidatorKey } from '../contracts/deposit-data.ts'
import { FatalError, messageOf } from '../relayer/errors.ts'
import {
	add,
	addCommitments,
	commit,
	evaluate,
	evaluateCommitments,
	isPublicKey,
	keyOfScalar,
	multiply,
	multiplyPublicKey,
	randomPolynomial,
	scalarOfKey,
	weightAtZero,
} from './polynomial.ts'
import { type Group, groupPublicKey, requireThreshold, type Share, sharePublicKey, verifyShare } from './shares.ts'

const { longSignatures: scheme } = bls12_381

/** Another tag than that of Ethereum, or a deal's signature by a share could be passed off as one of an exit. */
const DEAL_TAG = 'STKR-KEYS-V01-CS01-with-DEAL-BLS12381G2_XMD:SHA-256_SSWU_RO_'

const CIPHER = 'aes-256-gcm'
const NONCE_BYTES = 12
const TAG_BYTES = 16

/** A future holder: its index from 1, and the public key (48 bytes) that values are encrypted to. */
export interface Party {
	index: number
	publicKey: Hex
}

/** A party's own secret, 32 bytes big-endian, for one session. */
export interface PartySecret {
	index: number
	secretKey: Uint8Array
}

/** What everyone who takes part agrees on beforehand. */
export interface Plan {
	threshold: number
	/** The future holders, 1 to n. */
	parties: Party[]
	/** For a refresh: the group as it is, and the holders who deal. */
	previous?: { group: Group; dealers: number[] }
}

export interface Deal {
	/** Hash of the plan, 32 bytes. */
	session: Hex
	/** Index of the party, or for a refresh that of the old holder. */
	dealer: number
	/** For a refresh, so that recipients who held nothing know the group. */
	previous?: Plan['previous']
	commitments: Hex[]
	/** Fresh for this deal; recipients and dealer agree on their keys with it. */
	ephemeralKey: Hex
	/** For each party, in order: nonce, value of 32 bytes, and tag, encrypted by AES-256-GCM. */
	values: Hex[]
	/** By the constant term, over all of the above. */
	possession: Hex
	/** By the dealer's key, or for a refresh its old share, over the same. */
	signature: Hex
}

/** A new party of a session to come. */
export function newParty(index: number): { party: Party; secret: PartySecret } {
	const secretKey = generateValidatorKey()
	return { party: { index, publicKey: commit([scalarOfKey(secretKey)])[0] }, secret: { index, secretKey } }
}

/**
 * Deals for a new key.
 *
 * @throws FatalError `plan` when the plan is none, or this is none of its parties
 */
export function dealNew(plan: Plan, { index, secretKey }: PartySecret): Deal {
	requirePlan(plan)
	requireParty(plan, { index, secretKey })
	return makeDeal(plan, index, scalarOfKey(generateValidatorKey()), scalarOfKey(secretKey))
}

/**
 * Deals an old share for a refresh.
 *
 * @throws FatalError `plan` when the plan is none, or is another group's, or this holder is none of its dealers
 */
export function dealRefresh(plan: Plan, share: Share): Deal {
	requirePlan(plan)
	verifyShare(share)
	const { previous } = plan
	if (!previous || previous.group.commitments.join() !== share.group.commitments.join()) {
		throw new FatalError('plan', `Share ${share.index} is not one of the group that is refreshed.`)
	}
	if (!previous.dealers.includes(share.index)) {
		throw new FatalError('plan', `Holder ${share.index} does not deal: ${previous.dealers.join(', ')} do.`)
	}
	const secret = scalarOfKey(share.secretKey)
	return makeDeal(plan, share.index, multiply(weightAtZero(previous.dealers, share.index), secret), secret)
}

/**
 * Verifies all deals, and adds this party's values up to its share.
 *
 * @param deals one of each dealer: of every party, or for a refresh of its dealers
 * @throws FatalError `deal` naming each dealer whose deal is missing or wrong, and why; `plan` when the plan is none
 */
export function accept(plan: Plan, self: PartySecret, deals: Deal[]): Share {
	requirePlan(plan)
	const place = requireParty(plan, self)
	const dealers = plan.previous?.dealers ?? plan.parties.map(({ index }) => index)
	const complaints: string[] = []
	const values: bigint[] = []
	for (const dealer of dealers) {
		try {
			const own = deals.filter((deal) => deal.dealer === dealer)
			if (own.length !== 1) throw new Error(own.length === 0 ? 'it is missing' : 'there is more than one')
			verifyDeal(plan, own[0])
			values.push(openValue(own[0], self, place))
		} catch (error) {
			complaints.push(`  dealer ${dealer}: ${messageOf(error)}`)
		}
	}
	const strangers = deals.filter(({ dealer }) => !dealers.includes(dealer))
	complaints.push(...strangers.map(({ dealer }) => `  dealer ${dealer}: it is none of the dealers ${dealers.join(', ')}`))
	if (complaints.length > 0) {
		throw new FatalError(
			'deal',
			`No share was made, because of these deals:\n${complaints.join('\n')}\nStart a new session, without who cheats.`,
		)
	}
	const share: Share = {
		group: {
			threshold: plan.threshold,
			holders: plan.parties.length,
			commitments: addCommitments(deals.map(({ commitments }) => commitments)),
		},
		index: self.index,
		secretKey: keyOfScalar(values.reduce(add)),
	}
	verifyShare(share)
	if (plan.previous && groupPublicKey(share.group) !== groupPublicKey(plan.previous.group)) {
		throw new FatalError('deal', 'The refreshed key is another one: the deals do not add up to the old key.')
	}
	return share
}

/** @throws FatalError `plan` */
function requirePlan({ threshold, parties, previous }: Plan): void {
	requireThreshold(threshold, parties.length)
	parties.forEach(({ index, publicKey }, place) => {
		if (index !== place + 1) {
			throw new FatalError(
				'plan',
				`The parties have the indices ${parties.map((party) => party.index).join(', ')}: expected 1 to ${parties.length}.`,
			)
		}
		if (!isPublicKey(publicKey)) throw new FatalError('plan', `The key of party ${index} is no public key: ${publicKey}.`)
		if (parties.findIndex((party) => party.publicKey === publicKey) !== place) {
			throw new FatalError('plan', `Party ${index} has the key of another party: ${publicKey}.`)
		}
	})
	if (!previous) return
	const { group, dealers } = previous
	for (const dealer of dealers) sharePublicKey(group, dealer)
	if (new Set(dealers).size !== dealers.length || dealers.length < group.threshold) {
		throw new FatalError(
			'plan',
			`The dealers of a refresh are ${dealers.join(', ')}: expected at least ${group.threshold} different holders.`,
		)
	}
}

/** @returns the party's place @throws FatalError `plan` */
function requireParty({ parties }: Plan, { index, secretKey }: PartySecret): number {
	const place = parties.findIndex((party) => party.index === index)
	if (place === -1 || parties[place].publicKey !== commit([scalarOfKey(secretKey)])[0]) {
		throw new FatalError('plan', `The secret of party ${index} is not that of the public key of party ${index}: was it made anew?`)
	}
	return place
}

/** Binds a deal to everything that was agreed on. The order of dealers has no meaning. */
function sessionOf({ threshold, parties, previous }: Plan): Hex {
	const agreed = [
		threshold,
		parties.map(({ index, publicKey }) => [index, publicKey]),
		previous && [previous.group.threshold, previous.group.holders, previous.group.commitments, previous.dealers.toSorted((a, b) => a - b)],
	]
	return bytesToHex(createHash('sha256').update(JSON.stringify(agreed)).digest())
}

function makeDeal(plan: Plan, dealer: number, constant: bigint, identity: bigint): Deal {
	const session = sessionOf(plan)
	const polynomial = randomPolynomial(constant, plan.threshold)
	const ephemeral = scalarOfKey(generateValidatorKey())
	const values = plan.parties.map(({ index, publicKey }) => {
		const key = valueKey(multiplyPublicKey(publicKey, ephemeral), session, dealer, index)
		const nonce = randomBytes(NONCE_BYTES)
		const cipher = createCipheriv(CIPHER, key, nonce)
		const value = keyOfScalar(evaluate(polynomial, index))
		return bytesToHex(concatBytes([nonce, cipher.update(value), cipher.final(), cipher.getAuthTag()]))
	})
	const { previous } = plan
	const unsigned = {
		session,
		dealer,
		...(previous && { previous }),
		commitments: commit(polynomial),
		ephemeralKey: commit([ephemeral])[0],
		values,
	}
	return { ...unsigned, possession: signDeal(unsigned, constant), signature: signDeal(unsigned, identity) }
}

/** @throws Error saying what is wrong */
function verifyDeal(plan: Plan, deal: Deal): void {
	if (deal.session !== sessionOf(plan)) throw new Error('it was made for other parties, dealers, or another threshold')
	if (deal.commitments.length !== plan.threshold) throw new Error(`it has ${deal.commitments.length} commitments, not ${plan.threshold}`)
	if (deal.values.length !== plan.parties.length) throw new Error(`it has ${deal.values.length} values, not ${plan.parties.length}`)
	if (![...deal.commitments, deal.ephemeralKey].every(isPublicKey)) throw new Error('a point in it is no public key')
	const { previous } = plan
	const identity = previous ? sharePublicKey(previous.group, deal.dealer) : plan.parties[deal.dealer - 1].publicKey
	if (previous && deal.commitments[0] !== multiplyPublicKey(identity, weightAtZero(previous.dealers, deal.dealer))) {
		throw new Error('it deals something else than the share of its dealer')
	}
	if (!isSigned(deal, deal.possession, deal.commitments[0])) throw new Error('its dealer does not know the secret it deals')
	if (!isSigned(deal, deal.signature, identity)) throw new Error('it is not signed by its dealer, or was changed')
}

/** This party's value of a deal. @throws Error when it is not the committed one */
function openValue(deal: Deal, { index, secretKey }: PartySecret, place: number): bigint {
	const key = valueKey(multiplyPublicKey(deal.ephemeralKey, scalarOfKey(secretKey)), deal.session, deal.dealer, index)
	const bytes = hexToBytes(deal.values[place])
	let value: Uint8Array
	try {
		const decipher = createDecipheriv(CIPHER, key, bytes.subarray(0, NONCE_BYTES), { authTagLength: TAG_BYTES })
		decipher.setAuthTag(bytes.subarray(-TAG_BYTES))
		value = concatBytes([decipher.update(bytes.subarray(NONCE_BYTES, -TAG_BYTES)), decipher.final()])
	} catch {
		throw new Error('the value for this party cannot be decrypted')
	}
	const scalar = scalarOfKey(value)
	const isCommitted = isScalar(scalar) && commit([scalar])[0] === evaluateCommitments(deal.commitments, index)
	if (!isCommitted) throw new Error('the value for this party is not the one it committed to')
	return scalar
}

const isScalar = (value: bigint): boolean => value > 0n && value < bls12_381.fields.Fr.ORDER

/** Key of one value: both sides know the shared point, 48 bytes, and nobody else does. */
function valueKey(sharedPoint: Hex, session: Hex, dealer: number, recipient: number): Uint8Array {
	return new Uint8Array(hkdfSync('sha256', hexToBytes(sharedPoint), hexToBytes(session), `stkr deal ${dealer} to ${recipient}`, 32))
}

function dealDigest({ session, dealer, commitments, ephemeralKey, values }: Omit<Deal, 'possession' | 'signature'>): Uint8Array {
	return createHash('sha256')
		.update(JSON.stringify([session, dealer, commitments, ephemeralKey, values]))
		.digest()
}

function signDeal(deal: Omit<Deal, 'possession' | 'signature'>, scalar: bigint): Hex {
	return bytesToHex(scheme.Signature.toBytes(scheme.sign(scheme.hash(dealDigest(deal), DEAL_TAG), keyOfScalar(scalar))))
}

function isSigned(deal: Deal, signature: Hex, publicKey: Hex): boolean {
	try {
		return scheme.verify(hexToBytes(signature), scheme.hash(dealDigest(deal), DEAL_TAG), hexToBytes(publicKey))
	} catch {
		return false
	}
}
