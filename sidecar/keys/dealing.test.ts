import bls from '@chainsafe/bls'
import { bls12_381 } from '@noble/curves/bls12-381.js'
import { bytesToBigInt, bytesToHex, type Hex, hexToBytes } from 'viem'
import { describe, expect, test } from 'vitest'
import { accept, type Deal, dealNew, dealRefresh, newParty, type Plan } from './dealing.ts'
import { addCommitments, commit, evaluateCommitments, keyOfScalar, weightAtZero } from './polynomial.ts'
import { combine, groupPublicKey, recover, type Share, signPartial, split } from './shares.ts'
import { cheatingDeal } from './testing/cheat.ts'
import { PUBLIC_KEY, SECRET_KEY } from './testing/vectors.ts'

const ROOT = new Uint8Array(32).fill(9)

function newSession(threshold: number, holders: number) {
	const made = Array.from({ length: holders }, (_, place) => newParty(place + 1))
	const plan: Plan = { threshold, parties: made.map(({ party }) => party) }
	return { plan, secrets: made.map(({ secret }) => secret) }
}

/** All parties' shares of a new key. */
function generate(threshold: number, holders: number): Share[] {
	const { plan, secrets } = newSession(threshold, holders)
	const deals = secrets.map((secret) => dealNew(plan, secret))
	return secrets.map((secret) => accept(plan, secret, deals))
}

/** New holders' shares of an old key. */
function refresh(old: Share[], dealers: number[], threshold: number, holders: number): Share[] {
	const { plan, secrets } = newSession(threshold, holders)
	const refreshed = { ...plan, previous: { group: old[0].group, dealers } }
	const deals = dealers.map((dealer) => dealRefresh(refreshed, old.find(({ index }) => index === dealer)!))
	return secrets.map((secret) => accept(refreshed, secret, deals))
}

function sign(shares: Share[]): Hex {
	return combine(
		shares[0].group,
		ROOT,
		shares.map((share) => signPartial(share, ROOT)),
	).signature
}

const flip = (hex: Hex): Hex => {
	const bytes = hexToBytes(hex)
	bytes[20] ^= 1
	return bytesToHex(bytes)
}

describe('ESC-7 generation without a dealer', () => {
	test.each([
		[2, 2],
		[2, 3],
		[3, 4],
	])('ESC-7 %d of %d parties sign with a key that nobody made', (threshold, holders) => {
		const shares = generate(threshold, holders)
		const { group } = shares[0]
		const signers = shares.slice(-threshold)

		const signature = sign(signers)

		for (const share of shares) expect(share.group).toEqual(group)
		expect(bls.verify(hexToBytes(groupPublicKey(group)), ROOT, hexToBytes(signature))).toBe(true)
		const whole = recover(signers)
		expect(bytesToHex(bls.SecretKey.fromBytes(whole).sign(ROOT).toBytes())).toBe(signature)
	})

	test('ESC-7 every wrong deal is complained about, by the name of its dealer', () => {
		const { plan, secrets } = newSession(2, 3)
		const [one, two, three] = secrets.map((secret) => dealNew(plan, secret))
		const [, other] = [1, 2].map((place) => dealNew(plan, secrets[place]))
		const acceptAs = (place: number, ...deals: Deal[]) => accept(plan, secrets[place], deals)

		expect(() => acceptAs(0, one, two)).toThrow('dealer 3: it is missing')
		expect(() => acceptAs(0, one, two, three, three)).toThrow('dealer 3: there is more than one')
		expect(() => acceptAs(0, one, { ...two, values: two.values.map(flip) }, three)).toThrow('dealer 2: its dealer does not know')
		expect(() => acceptAs(0, one, two, { ...three, possession: other.possession })).toThrow('dealer 3: its dealer does not know')
		expect(() => acceptAs(0, one, two, { ...three, signature: three.possession })).toThrow('dealer 3: it is not signed')
		expect(() => acceptAs(0, one, two, { ...three, commitments: three.commitments.slice(1) })).toThrow('dealer 3: it has 1 commitments')
		expect(() => acceptAs(0, one, two, { ...three, commitments: [`0xc0${'00'.repeat(47)}`, three.commitments[1]] })).toThrow(
			'dealer 3: a point',
		)
		expect(() => acceptAs(0, one, two, three, { ...three, dealer: 4 })).toThrow('dealer 4: it is none of the dealers')
		const both = [
			{ ...one, dealer: 1, values: [] },
			{ ...two, session: flip(two.session) },
		]
		expect(() => acceptAs(2, ...both, three)).toThrow(/dealer 1: it has 0 values.*\n.*dealer 2: it was made for other parties/)
	})

	test('ESC-7 a deal of another session is refused, also with the same parties', () => {
		const { plan, secrets } = newSession(2, 3)
		const deals = secrets.map((secret) => dealNew({ ...plan, threshold: 3 }, secret))

		expect(() => accept(plan, secrets[0], deals)).toThrow('dealer 1: it was made for other parties, dealers, or another threshold')
	})

	test('ESC-7 a dealer who sends another value than it committed to is named, and only by its victim', () => {
		const { plan, secrets } = newSession(2, 3)
		const [one, two] = secrets.map((secret) => dealNew(plan, secret))
		const commitments = commit([40n, 2n])
		const deal = (values: bigint[]) => cheatingDeal(plan, secrets[2], { session: one.session, commitments, values, constant: 40n })

		const wrong = deal([42n, 45n, 46n])

		expect(() => accept(plan, secrets[1], [one, two, wrong])).toThrow('dealer 3: the value for this party is not the one it committed to')
		const order = bls12_381.fields.Fr.ORDER
		expect(() => accept(plan, secrets[1], [one, two, deal([42n, 44n + order, 46n])])).toThrow('dealer 3: the value for this party')
		for (const place of [0, 2]) accept(plan, secrets[place], [one, two, wrong])
		accept(plan, secrets[1], [one, two, deal([42n, 44n, 46n])])
	})

	test('ESC-7 the last dealer cannot cancel the others out and hold the whole key alone', () => {
		const { plan, secrets } = newSession(2, 2)
		const honest = dealNew(plan, secrets[0])
		const { G1 } = bls12_381
		// The sum's constant term is 5, and the value for party 1 is 6: all that Feldman's check sees is right.
		const constant = G1.Point.BASE.multiply(5n).subtract(G1.Point.fromBytes(hexToBytes(honest.commitments[0])))
		const slope = G1.Point.BASE.multiply(6n).subtract(constant)
		const commitments = [constant, slope].map((point) => bytesToHex(point.toBytes()))
		const cheat = cheatingDeal(plan, secrets[1], { session: honest.session, commitments, values: [6n, 7n], constant: 5n })

		expect(addCommitments([honest.commitments, commitments])[0]).toBe(commit([5n])[0])
		expect(evaluateCommitments(commitments, 1)).toBe(commit([6n])[0])
		expect(() => accept(plan, secrets[0], [honest, cheat])).toThrow('dealer 2: its dealer does not know the secret it deals')
	})

	test('ESC-7 only a party of the session deals and accepts', () => {
		const { plan, secrets } = newSession(2, 2)
		const stranger = newParty(2).secret
		const deals = secrets.map((secret) => dealNew(plan, secret))

		expect(() => dealNew(plan, stranger)).toThrow('secret of party 2')
		expect(() => accept(plan, stranger, deals)).toThrow('secret of party 2')
		expect(() => dealNew({ ...plan, parties: plan.parties.toReversed() }, secrets[0])).toThrow('indices 2, 1')
		expect(() => dealNew({ ...plan, parties: [plan.parties[0], { index: 2, publicKey: plan.parties[0].publicKey }] }, secrets[0])).toThrow(
			'another party',
		)
	})
})

describe('ESC-7 refresh', () => {
	test('ESC-7 new shares of the same key sign the same, and old ones are worth nothing with them', () => {
		const old = split(SECRET_KEY, 2, 3)

		const renewed = refresh(old, [3, 1], 2, 3)

		expect(groupPublicKey(renewed[0].group)).toBe(PUBLIC_KEY)
		expect(sign(renewed.slice(1))).toBe(sign(old.slice(1)))
		expect(recover([renewed[0], renewed[2]])).toEqual(SECRET_KEY)
		expect(() => recover([old[0], renewed[1]])).toThrow('another group')
		const mixed = [old[0], { ...renewed[1], group: old[0].group }]
		expect(() => sign(mixed)).toThrow('Wrong: holder 2')
	})

	test.each([
		[2, 2, [1, 2], 2, 3],
		[3, 4, [4, 2, 1, 3], 2, 2],
		[2, 3, [2, 3], 3, 5],
	])('ESC-7 %d of %d becomes, dealt by %j, %d of %d', (threshold, holders, dealers, newThreshold, newHolders) => {
		const old = generate(threshold, holders)

		const renewed = refresh(old, dealers, newThreshold, newHolders)

		expect(renewed[0].group).toMatchObject({ threshold: newThreshold, holders: newHolders })
		expect(sign(renewed.slice(-newThreshold))).toBe(sign(old))
		expect(() => sign(renewed.slice(1, newThreshold))).toThrow(`${newThreshold} are needed`)
	})

	test('ESC-7 who deals something else than its share is named', () => {
		const old = split(SECRET_KEY, 2, 2)
		const { plan, secrets } = newSession(2, 2)
		const refreshed: Plan = { ...plan, previous: { group: old[0].group, dealers: [1, 2] } }
		const right = dealRefresh(refreshed, old[0])
		const another = split(SECRET_KEY, 2, 2)[1]
		const wrong = dealRefresh({ ...plan, previous: { group: another.group, dealers: [1, 2] } }, another)

		expect(() => accept(refreshed, secrets[0], [right, { ...wrong, session: right.session }])).toThrow('dealer 2: it deals something else')
		expect(() => accept(refreshed, secrets[0], [right, { ...right, dealer: 2 }])).toThrow('dealer 2: it deals something else')
		expect(() => dealRefresh(refreshed, another)).toThrow('not one of the group')
		expect(() => dealRefresh({ ...refreshed, previous: { group: old[0].group, dealers: [2] } }, old[1])).toThrow(
			'at least 2 different holders',
		)
	})

	test('ESC-7 a deal commits to the weighted share, and to nothing that gives it away', () => {
		const [share, second] = split(SECRET_KEY, 2, 2)
		const { plan } = newSession(2, 2)

		const deal = dealRefresh({ ...plan, previous: { group: share.group, dealers: [1, 2] } }, share)

		const weighted = keyOfScalar(bls12_381.fields.Fr.mul(weightAtZero([1, 2], 1), bytesToBigInt(share.secretKey)))
		expect(deal.commitments[0]).toBe(commit([bytesToBigInt(weighted)])[0])
		const text = JSON.stringify(deal)
		for (const secret of [share.secretKey, second.secretKey, weighted, SECRET_KEY]) expect(text).not.toContain(bytesToHex(secret).slice(2))
	})
})
