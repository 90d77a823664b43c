import { bls12_381 } from '@noble/curves/bls12-381.js'
import { concat, type Hex, numberToHex, parseEther, parseEventLogs } from 'viem'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { escrowBlsKey, provePossession, signDigest, verifyDigest, verifyPossession } from './bls.ts'
import { ETH_POLICY } from './deploy.ts'
import {
	blsKeysOf,
	blsSecretOf,
	type EscrowTestbed,
	RECIPIENT,
	RELAYER,
	refusalOf,
	START_TIMEOUT_MS,
	startEscrowTestbed,
	type TestEscrow,
	WITNESS_SET_ID,
	WITNESSES,
} from './testing/escrow.ts'

const ETHER = parseEther('1')
const AMPLE_GAS = 2_000_000n
const DAY = 86_400n
const INFINITY: Hex = `0x${'00'.repeat(256)}`

type Aggregated = ReturnType<TestEscrow['aggregate']>

describe('aggregated releases', () => {
	let testbed: EscrowTestbed
	beforeAll(async () => {
		testbed = await startEscrowTestbed()
	}, START_TIMEOUT_MS)
	afterAll(() => testbed.close())

	const funded = async () => {
		const escrow = await testbed.deploy({ blsKeys: blsKeysOf(4) })
		await escrow.lock(200n * ETHER)
		return escrow
	}
	const refused = (escrow: TestEscrow, args: Aggregated) =>
		refusalOf(() =>
			testbed.evm.simulateContract({ ...escrow.contract, functionName: 'releaseAggregated', args, account: RELAYER, gas: AMPLE_GAS }),
		)

	test('ESC-6 one aggregate signature of a quorum pays like single ones, under the same nonces', async () => {
		const escrow = await funded()
		const before = await testbed.evm.getBalance({ address: RECIPIENT })
		for (const [nonce, signers] of [
			[0, 1, 2],
			[1, 2, 3],
			[0, 1, 2, 3],
		].entries()) {
			const order = escrow.release({ nonce: BigInt(nonce) })
			const { logs } = await escrow.relayAggregated(escrow.aggregate(order, signers))
			expect(parseEventLogs({ abi: escrow.abi, logs }).map(({ eventName }) => eventName)).toEqual(['Released'])
			expect(await refused(escrow, escrow.aggregate(order))).toEqual({ errorName: 'NonceUsed', args: [BigInt(nonce)] })
			expect((await escrow.refusal(order, await escrow.sign(order)))?.errorName).toBe('NonceUsed')
		}
		expect((await testbed.evm.getBalance({ address: RECIPIENT })) - before).toBe(3n * ETHER)
		expect(await escrow.accounted()).toBe(197n * ETHER)
	})

	test('ESC-6 refuses fewer than the quorum, other signers than named, another order and malformed signatures', async () => {
		const escrow = await funded()
		const order = escrow.release()
		const [message, bitmap, signature] = escrow.aggregate(order)
		expect(await refused(escrow, escrow.aggregate(order, [0, 1]))).toEqual({ errorName: 'TooFewSignatures', args: [2n, 3n] })
		expect(await refused(escrow, [message, 0b10011n, signature])).toEqual({ errorName: 'UnknownSigners', args: [0b10011n, 4n] })
		const invalid = { errorName: 'InvalidAggregate', args: [] }
		expect(await refused(escrow, [message, 0b1101n, signature])).toEqual(invalid)
		expect(await refused(escrow, [message, 0b1111n, signature])).toEqual(invalid)
		for (const change of [{ nonce: 1n }, { amount: 2n }, { recipient: WITNESSES[0].address }, { expiry: message.expiry + 1n }]) {
			expect(await refused(escrow, [{ ...message, ...change }, bitmap, signature])).toEqual(invalid)
		}
		expect(await refused(escrow, [message, bitmap, `${signature}00`])).toEqual(invalid)
		expect(await refused(escrow, [message, bitmap, INFINITY])).toEqual(invalid)
		const offCurve = `0x${'00'.repeat(255)}01` as const
		expect((await refused(escrow, [message, bitmap, offCurve]))?.errorName).toBe('PrecompileFailed')
		expect(await refused(escrow, [{ ...message, witnessSetId: 8n }, bitmap, signature])).toEqual({
			errorName: 'WrongWitnessSet',
			args: [8n, 7n],
		})
		expect(await refused(escrow, [message, bitmap, signature])).toBeUndefined()
	})

	test('ESC-6 a sibling escrow refuses the signature, and one without BLS keys any', async () => {
		const [escrow, sibling, bare] = [await funded(), await funded(), await testbed.deploy()]
		await bare.lock(ETHER)
		const args = escrow.aggregate(escrow.release())
		expect((await refused(sibling, args))?.errorName).toBe('InvalidAggregate')
		expect((await refused(bare, args))?.errorName).toBe('NoBlsKeys')
	})

	test('ESC-5 a large release waits and a pause stops it on this path too', async () => {
		const escrow = await funded()
		const order = escrow.release({ amount: ETH_POLICY.delayAbove + 1n })
		const { logs } = await escrow.relayAggregated(escrow.aggregate(order))
		expect(parseEventLogs({ abi: escrow.abi, logs })[0].eventName).toBe('Delayed')
		expect((await refused(escrow, escrow.aggregate(order)))?.errorName).toBe('OrderDelayed')
		await testbed.passTime(DAY)
		expect(await refused(escrow, [order.message, 0n, '0x'])).toBeUndefined()
		await escrow.execute({ primaryType: 'Pause', message: { number: 0n } })
		expect((await refused(escrow, escrow.aggregate(order)))?.errorName).toBe('EscrowPaused')
	})

	test('ESC-3 a rotation brings the next set its keys, one for each witness', async () => {
		const escrow = await funded()
		const next = WITNESSES.slice(4, 7)
		const keys = [4, 5, 6].map((index) => escrowBlsKey(blsSecretOf(index)))
		const short = escrow.rotate(next, { blsKeys: concat(keys.slice(1)) })
		expect(await escrow.refusal(short, await escrow.sign(short))).toEqual({ errorName: 'InvalidBlsKeys', args: [256n, 384n] })
		await escrow.execute(escrow.rotate(next, { blsKeys: concat(keys) }))
		const order = escrow.release({ witnessSetId: WITNESS_SET_ID + 1n })
		expect((await refused(escrow, escrow.aggregate(order, [0, 1, 2])))?.errorName).toBe('InvalidAggregate')
		const [message, , signature] = escrow.aggregate(order, [4, 5, 6])
		expect((await escrow.relayAggregated([message, 0b111n, signature])).status).toBe('success')
	})
})

describe('proof of possession', () => {
	test('ESC-6 shows who holds a key, and is no signature of a release', () => {
		const [key, other] = blsKeysOf(2)
		const proof = provePossession(blsSecretOf(0))
		expect([verifyPossession(key, proof), verifyPossession(other, proof)]).toEqual([true, false])
		const digest = numberToHex(7, { size: 32 })
		const signature = signDigest(blsSecretOf(0), digest)
		expect([verifyDigest(key, digest, signature), verifyDigest(other, digest, signature)]).toEqual([true, false])
		expect([verifyPossession(key, signature), verifyDigest(key, digest, proof)]).toEqual([false, false])
		for (const bad of [`0x${'00'.repeat(128)}`, `0x${'11'.repeat(128)}`, '0x00'] as const) expect(verifyPossession(bad, proof)).toBe(false)
	})

	test('ESC-6 a key made to cancel the others would sign alone, but cannot be proven', () => {
		const { G1 } = bls12_381
		const pointOf = (secretKey: Uint8Array) => bls12_381.longSignatures.getPublicKey(secretKey)
		const [honest, own] = [pointOf(blsSecretOf(0)), pointOf(blsSecretOf(1))]
		const rogue = own.subtract(honest)
		const { x, y } = rogue.toAffine()
		const rogueKey = concat([numberToHex(x, { size: 64 }), numberToHex(y, { size: 64 })])
		expect(rogue.add(honest).equals(own) && !rogue.equals(G1.Point.ZERO)).toBe(true)
		expect(verifyPossession(rogueKey, provePossession(blsSecretOf(1)))).toBe(false)
	})
})
