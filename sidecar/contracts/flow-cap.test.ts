import fc from 'fast-check'
import { parseEther, zeroAddress } from 'viem'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type EscrowTestbed, STAKER, START_TIMEOUT_MS, startEscrowTestbed, type TestEscrow } from './testing/escrow.ts'

const ETHER = parseEther('1')
const FLOOR = 10n * ETHER
const AMPLE_GAS = 1_000_000n
const DAY = 86_400n
const MAX_U112 = 2n ** 112n - 1n

let testbed: EscrowTestbed
beforeAll(async () => {
	testbed = await startEscrowTestbed()
	await testbed.evm.setBalance({ address: STAKER.address, value: parseEther('1000000') })
}, START_TIMEOUT_MS)
afterAll(() => testbed.close())

const capped = async () => {
	const escrow = await testbed.deploy({ ethPolicy: { minimumLock: 1n, floorCap: FLOOR, delayAbove: MAX_U112 } })
	await escrow.lock(9_000n * ETHER)
	return escrow
}
const today = async () => (await testbed.evm.getBlock()).timestamp / DAY
/** The first second of a later day. */
const skipDays = async (days: bigint) => {
	await testbed.evm.setNextBlockTimestamp({ timestamp: ((await today()) + days) * DAY })
	await testbed.evm.mine({ blocks: 1 })
}
const available = (escrow: TestEscrow) =>
	testbed.evm.readContract({ ...escrow.contract, functionName: 'availableToday', args: [zeroAddress] })
const refusalOf = async (escrow: TestEscrow, nonce: bigint, amount: bigint) => {
	const order = escrow.release({ nonce, amount })
	return escrow.refusal(order, await escrow.sign(order))
}

test('ESC-5 a day pays the floor whatever came before, says when to try again, and then pays', async () => {
	const escrow = await capped()
	await skipDays(1n)
	await escrow.execute(escrow.release({ nonce: 0n, amount: 4n * ETHER }))
	const retryAt = ((await today()) + 1n) * DAY
	expect(await refusalOf(escrow, 1n, 6n * ETHER + 1n)).toEqual({
		errorName: 'FlowCapExceeded',
		args: [zeroAddress, 6n * ETHER + 1n, 6n * ETHER, retryAt],
	})
	const rest = escrow.release({ nonce: 1n, amount: 6n * ETHER })
	await escrow.execute(rest)
	const next = escrow.release({ nonce: 2n, amount: FLOOR })
	expect((await refusalOf(escrow, 2n, 1n))?.errorName).toBe('FlowCapExceeded')
	await testbed.evm.setNextBlockTimestamp({ timestamp: retryAt })
	expect((await escrow.relay(next, await escrow.sign(next), AMPLE_GAS)).status).toBe('success')
	expect((await refusalOf(escrow, 3n, 1n))?.errorName).toBe('FlowCapExceeded')
	expect([await escrow.isUsed(2n), await escrow.isUsed(3n)]).toEqual([true, false])
})

test('ESC-5 the median of the seven days before raises the cap five times; deposits do not count', async () => {
	const escrow = await capped()
	let nonce = 0n
	// Median 4 of 1, 7, 4, 2, 9, 8, 3.
	for (const amount of [1n, 7n, 4n, 2n, 9n, 8n, 3n]) {
		await skipDays(1n)
		await escrow.execute(escrow.release({ nonce: nonce++, amount: amount * ETHER }))
	}
	await skipDays(1n)
	expect(await available(escrow)).toBe(20n * ETHER)
	await escrow.execute(escrow.stake(await escrow.depositData(), { nonce: nonce++ }))
	expect(await available(escrow)).toBe(20n * ETHER)
	await escrow.execute(escrow.release({ nonce: nonce++, amount: 20n * ETHER }))
	expect(await available(escrow)).toBe(0n)
})

test('ESC-5 new terms of an asset count from the moment they are set', async () => {
	const escrow = await capped()
	await escrow.execute(escrow.release({ nonce: 0n, amount: FLOOR }))
	expect(await available(escrow)).toBe(0n)
	await escrow.execute(escrow.list(zeroAddress, { nonce: 1n, floorCap: 0n }))
	expect(await available(escrow)).toBe(0n)
	await escrow.establish(zeroAddress, { nonce: 2n, floorCap: 12n * ETHER })
	expect(await available(escrow)).toBe(12n * ETHER)
	await escrow.execute(escrow.release({ nonce: 4n, amount: FLOOR }))
	await escrow.execute(escrow.list(zeroAddress, { nonce: 5n, floorCap: 11n * ETHER }))
	expect(await available(escrow)).toBe(ETHER)
	const tooLarge = escrow.list(zeroAddress, { nonce: 3n, floorCap: MAX_U112 + 1n })
	await escrow.execute(tooLarge)
	await testbed.passTime(DAY)
	expect((await escrow.refusal(tooLarge, []))?.errorName).toBe('SafeCastOverflowedUintDowncast')
})

test('ESC-5 the cap is that of a plain history of days, whatever the gaps and amounts', { timeout: 60_000 }, async () => {
	const step = fc.record({ days: fc.constantFrom(0n, 0n, 1n, 1n, 2n, 7n, 8n, 30n), amount: fc.bigInt(1n, 60n) })
	await fc.assert(
		fc.asyncProperty(fc.array(step, { minLength: 10, maxLength: 20, size: 'max' }), async (steps) => {
			const escrow = await capped()
			const outflows = new Map<bigint, bigint>()
			for (const [nonce, { days, amount }] of steps.entries()) {
				if (days > 0n) await skipDays(days)
				const day = await today()
				const outflow = (at: bigint) => outflows.get(at) ?? 0n
				const week = [1n, 2n, 3n, 4n, 5n, 6n, 7n].map((ago) => outflow(day - ago)).sort((a, b) => (a < b ? -1 : 1))
				const cap = 5n * week[3] > FLOOR ? 5n * week[3] : FLOOR
				const left = cap > outflow(day) ? cap - outflow(day) : 0n
				expect(await available(escrow)).toBe(left)
				const order = escrow.release({ nonce: BigInt(nonce), amount: amount * ETHER })
				const { status } = await escrow.relay(order, await escrow.sign(order), AMPLE_GAS)
				expect(status).toBe(amount * ETHER <= left ? 'success' : 'reverted')
				if (status === 'success') outflows.set(day, outflow(day) + amount * ETHER)
			}
		}),
		{ numRuns: 8 },
	)
})
