import { parseEther, parseEventLogs, zeroAddress } from 'viem'
import { afterAll, beforeAll, expect, test } from 'vitest'
import {
	addressesOf,
	COUNCIL,
	type EscrowTestbed,
	START_TIMEOUT_MS,
	startEscrowTestbed,
	WITNESS_SET_ID,
	WITNESSES,
} from './testing/escrow.ts'

const ETHER = parseEther('1')
const AMPLE_GAS = 1_000_000n
const NEXT_ID = WITNESS_SET_ID + 1n
/** Shares one member with the set of four that it follows. */
const NEXT = WITNESSES.slice(3, 7)
const DAY = 86_400n

let testbed: EscrowTestbed
beforeAll(async () => {
	testbed = await startEscrowTestbed()
}, START_TIMEOUT_MS)
afterAll(() => testbed.close())

const now = async () => (await testbed.evm.getBlock()).timestamp

test('ESC-3 the present set signs the next one in, which alone signs from then on', async () => {
	const escrow = await testbed.deploy()
	await escrow.lock(3n * ETHER)
	const old = escrow.release({ nonce: 1n })
	const oldSignatures = await escrow.sign(old)

	const { logs } = await escrow.execute(escrow.rotate(NEXT))

	expect(parseEventLogs({ abi: escrow.abi, logs }).map(({ eventName, args }) => ({ eventName, args }))).toEqual([
		{
			eventName: 'WitnessesRotated',
			args: { nonce: 900n, newSetId: NEXT_ID, witnesses: addressesOf(NEXT), threshold: 3n, graceUntil: 0n },
		},
	])
	const read = (functionName: 'witnesses' | 'threshold' | 'witnessSetId') => testbed.evm.readContract({ ...escrow.contract, functionName })
	expect([await read('witnesses'), await read('threshold'), await read('witnessSetId')]).toEqual([addressesOf(NEXT), 3n, NEXT_ID])
	const isWitness = (account: `0x${string}`) => testbed.evm.readContract({ ...escrow.contract, functionName: 'isWitness', args: [account] })
	expect([await isWitness(WITNESSES[0].address), await isWitness(NEXT[3].address)]).toEqual([false, true])

	expect(await escrow.refusal(old, oldSignatures)).toEqual({ errorName: 'WrongWitnessSet', args: [WITNESS_SET_ID, NEXT_ID] })
	const renamed = escrow.release({ nonce: 1n, witnessSetId: NEXT_ID })
	expect((await escrow.refusal(renamed, await escrow.sign(renamed)))?.errorName).toBe('NotWitness')
	expect((await escrow.relay(renamed, await escrow.sign(renamed, NEXT.slice(1)))).status).toBe('success')
})

test('ESC-3 payments of the leaving set count until its grace ends, and no longer', async () => {
	const escrow = await testbed.deploy()
	await escrow.lock(3n * ETHER)
	const graceUntil = (await now()) + 7n * DAY
	await escrow.execute(escrow.rotate(NEXT, { graceUntil }))
	const [inTime, late] = [escrow.release({ nonce: 1n }), escrow.release({ nonce: 2n })]

	await testbed.evm.setNextBlockTimestamp({ timestamp: graceUntil })
	expect((await escrow.relay(inTime, await escrow.sign(inTime), AMPLE_GAS)).status).toBe('success')
	await testbed.evm.setNextBlockTimestamp({ timestamp: graceUntil + 1n })
	expect((await escrow.relay(late, await escrow.sign(late), AMPLE_GAS)).status).toBe('reverted')

	expect(await escrow.refusal(late, await escrow.sign(late))).toEqual({ errorName: 'WrongWitnessSet', args: [WITNESS_SET_ID, NEXT_ID] })
	const replay = escrow.release({ nonce: 1n, witnessSetId: NEXT_ID })
	expect(await escrow.refusal(replay, await escrow.sign(replay, NEXT))).toEqual({ errorName: 'NonceUsed', args: [1n] })
})

test('ESC-3 a leaving set cannot govern within its grace, nor sign for the next', async () => {
	const escrow = await testbed.deploy()
	await escrow.execute(escrow.rotate(NEXT, { graceUntil: (await now()) + DAY }))
	const wrong = { errorName: 'WrongWitnessSet', args: [WITNESS_SET_ID, NEXT_ID] }
	const governing = [escrow.rotate(WITNESSES.slice(0, 3), { nonce: 1n, newSetId: 20n }), escrow.list(zeroAddress, { nonce: 1n })]
	for (const order of governing) expect(await escrow.refusal(order, await escrow.sign(order))).toEqual(wrong)
	const pause = { primaryType: 'Pause', message: { number: 0n } } as const
	expect((await escrow.refusal(pause, await escrow.sign(pause, WITNESSES.slice(0, 2))))?.errorName).toBe('NotWitness')
})

test('ESC-3 refuses a set that is not newer, too weak or malformed, a grace too long, and a replay', async () => {
	const escrow = await testbed.deploy()
	const latest = 14n * DAY
	const refusalOf = async (...parameters: Parameters<typeof escrow.rotate>) => {
		const order = escrow.rotate(...parameters)
		return escrow.refusal(order, await escrow.sign(order))
	}
	expect(await refusalOf(NEXT, { newSetId: WITNESS_SET_ID })).toEqual({ errorName: 'SetIdNotRising', args: [7n, 7n] })
	expect(await refusalOf(NEXT, { newSetId: 6n })).toEqual({ errorName: 'SetIdNotRising', args: [6n, 7n] })
	expect(await refusalOf(NEXT.slice(0, 3), { threshold: 2n })).toEqual({ errorName: 'InvalidThreshold', args: [2n, 3n] })
	expect(await refusalOf([], { threshold: 0n })).toEqual({ errorName: 'InvalidThreshold', args: [0n, 0n] })
	expect(await refusalOf(NEXT, { witnesses: [NEXT[0].address, NEXT[0].address], threshold: 2n })).toEqual({
		errorName: 'DuplicateWitness',
		args: [NEXT[0].address],
	})
	expect(await refusalOf(NEXT, { witnesses: [zeroAddress], threshold: 1n })).toEqual({ errorName: 'ZeroWitness', args: [0n] })
	expect((await refusalOf(NEXT, { graceUntil: (await now()) + latest + 60n }))?.errorName).toBe('GraceTooLong')
	expect((await refusalOf(NEXT, { expiry: 1n }))?.errorName).toBe('OrderExpired')

	const order = escrow.rotate(NEXT)
	expect((await escrow.refusal(order, await escrow.sign(order, WITNESSES.slice(0, 2))))?.errorName).toBe('TooFewSignatures')
	expect((await escrow.refusal(order, await escrow.sign(order, COUNCIL)))?.errorName).toBe('NotWitness')
	await escrow.execute(order)
	const again = escrow.rotate(NEXT, { newSetId: 9n, witnessSetId: NEXT_ID })
	expect(await escrow.refusal(again, await escrow.sign(again, NEXT))).toEqual({ errorName: 'NonceUsed', args: [900n] })
})
