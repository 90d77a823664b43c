import { randomBytes } from 'node:crypto'
import bls from '@chainsafe/bls'
import herumi from 'bls-eth-wasm'
import fc from 'fast-check'
import { bytesToHex, hexToBytes } from 'viem'
import { beforeAll, describe, expect, test } from 'vitest'
import { combine, groupPublicKey, recover, type Share, sharePublicKey, signPartial, split, verifyPartial, verifyShare } from './shares.ts'
import { PUBLIC_KEY, SECRET_KEY } from './testing/vectors.ts'

const ROOT = new Uint8Array(32).fill(7)
const WHOLE = bytesToHex(bls.SecretKey.fromBytes(SECRET_KEY).sign(ROOT).toBytes())

/** Printed with a failure by fast-check; set it to run a failure again. */
const SEED = Number(process.env.STKR_SEED ?? randomBytes(4).readUInt32BE())

/** Threshold, holders, and who signs in which order. */
const signers = fc.integer({ min: 2, max: 5 }).chain((holders) =>
	fc.integer({ min: 2, max: holders }).chain((threshold) =>
		fc.record({
			threshold: fc.constant(threshold),
			holders: fc.constant(holders),
			present: fc.shuffledSubarray(
				Array.from({ length: holders }, (_, place) => place + 1),
				{ minLength: threshold },
			),
		}),
	),
)

const of = (shares: Share[], indices: number[]): Share[] => indices.map((index) => shares[index - 1])

beforeAll(async () => {
	console.log(`STKR_SEED=${SEED}`)
	await herumi.init(herumi.BLS12_381)
})

describe('ESC-7 shares of a key', () => {
	test('ESC-7 any t of n sign what the whole key signs, and recover it', () => {
		fc.assert(
			fc.property(signers, fc.uint8Array({ minLength: 32, maxLength: 32 }), ({ threshold, holders, present }, root) => {
				const shares = split(SECRET_KEY, threshold, holders)
				const used = of(shares, present)

				const { signature, wrong } = combine(
					shares[0].group,
					root,
					used.map((share) => signPartial(share, root)),
				)

				const whole = bls.SecretKey.fromBytes(SECRET_KEY)
				expect(signature).toBe(bytesToHex(whole.sign(root).toBytes()))
				expect(bls.verify(hexToBytes(PUBLIC_KEY), root, hexToBytes(signature))).toBe(true)
				expect(wrong).toEqual([])
				expect(recover(used)).toEqual(SECRET_KEY)
				for (const share of shares) verifyShare(share)
			}),
			{ seed: SEED, numRuns: 10 },
		)
	})

	test('ESC-7 another library joins the same shares into the same signature, and verifies it', () => {
		const shares = of(split(SECRET_KEY, 3, 4), [4, 1, 3])
		const keys = shares.map(({ secretKey }) => {
			const key = new herumi.SecretKey()
			key.deserialize(secretKey)
			return key
		})
		const ids = shares.map(({ index }) => {
			const id = new herumi.Id()
			id.setInt(index)
			return id
		})
		const joined = new herumi.Signature()
		joined.recover(
			keys.map((key) => key.sign(ROOT)),
			ids,
		)
		const publicKey = new herumi.PublicKey()
		publicKey.deserialize(hexToBytes(PUBLIC_KEY))

		expect(bytesToHex(joined.serialize())).toBe(WHOLE)
		const ours = new herumi.Signature()
		ours.deserialize(
			hexToBytes(
				combine(
					shares[0].group,
					ROOT,
					shares.map((share) => signPartial(share, ROOT)),
				).signature,
			),
		)
		expect(publicKey.verify(ours, ROOT)).toBe(true)
	})

	test('ESC-7 fewer than the threshold get neither signature nor key', () => {
		const shares = split(SECRET_KEY, 3, 5)
		const two = of(shares, [2, 5])

		expect(() =>
			combine(
				shares[0].group,
				ROOT,
				two.map((share) => signPartial(share, ROOT)),
			),
		).toThrow('3 are needed')
		expect(() => recover(two)).toThrow('3 are needed')
		expect(() => recover([two[0], two[0], two[1]])).toThrow('2 different shares')
	})

	test('ESC-7 a wrong partial signature is named, and left out when enough are right', () => {
		const shares = split(SECRET_KEY, 2, 3)
		const [one, two, three] = shares.map((share) => signPartial(share, ROOT))
		const forged = { index: 2, signature: one.signature }
		const noPoint = { index: 3, signature: `0x${'ff'.repeat(96)}` as const }

		expect(combine(shares[0].group, ROOT, [one, forged, three])).toEqual({ signature: WHOLE, wrong: [2] })
		expect(() => combine(shares[0].group, ROOT, [one, forged, noPoint])).toThrow('Wrong: holder 2, 3')
		expect(() => combine(shares[0].group, ROOT, [one, one])).toThrow('two partial signatures of holder 1')
		expect(() => combine(shares[0].group, ROOT, [two, { index: 4, signature: one.signature }])).toThrow('no holder 4')
	})

	test('ESC-7 commitments give every public key, and fit no other share', () => {
		const shares = split(SECRET_KEY, 2, 3)
		const others = split(SECRET_KEY, 2, 3)
		const { group } = shares[0]

		expect(groupPublicKey(group)).toBe(PUBLIC_KEY)
		for (const { index, secretKey } of shares) {
			expect(sharePublicKey(group, index)).toBe(bytesToHex(bls.SecretKey.fromBytes(secretKey).toPublicKey().toBytes()))
		}
		expect(() => verifyShare({ ...others[0], group })).toThrow('Share 1 is not that of the key')
		expect(() => recover([shares[0], others[1]])).toThrow('another group')
		expect(verifyPartial(group, ROOT, signPartial(others[0], ROOT))).toBe(false)
	})

	test('ESC-7 a commitment outside the prime-order group, or at infinity, is refused', () => {
		const [share] = split(SECRET_KEY, 2, 2)
		for (const bad of [`0x80${'00'.repeat(46)}04`, `0xc0${'00'.repeat(47)}`, `0x${'ff'.repeat(48)}`] as const) {
			const group = { ...share.group, commitments: [share.group.commitments[0], bad] }
			expect(() => verifyShare({ ...share, group })).toThrow('no public key')
		}
	})

	test.each([
		[1, 2],
		[3, 2],
		[0, 0],
		[2, 256],
		[2.5, 3],
	])('ESC-7 refuses %d of %d', (threshold, holders) => {
		expect(() => split(SECRET_KEY, threshold, holders)).toThrow('expected 2')
	})
})
