import { getAddress, parseEther, parseEventLogs, zeroAddress } from 'viem'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { ETH_POLICY } from './deploy.ts'
import type { EscrowMessage, MessageOf } from './eip712.ts'
import {
	addressesOf,
	COUNCIL,
	type EscrowTestbed,
	EXPIRY,
	RECIPIENT,
	refusalOf,
	START_TIMEOUT_MS,
	STRANGER,
	startEscrowTestbed,
	type TestEscrow,
	WITNESSES,
} from './testing/escrow.ts'

const ETHER = parseEther('1')
const LARGE = ETH_POLICY.delayAbove + 1n
const AMPLE_GAS = 1_000_000n
const DAY = 86_400n

let testbed: EscrowTestbed
beforeAll(async () => {
	testbed = await startEscrowTestbed()
}, START_TIMEOUT_MS)
afterAll(() => testbed.close())

const funded = async () => {
	const escrow = await testbed.deploy()
	await escrow.lock(300n * ETHER)
	return escrow
}
const eventsOf = (escrow: TestEscrow, { logs }: Awaited<ReturnType<TestEscrow['relay']>>) =>
	parseEventLogs({ abi: escrow.abi, logs }).map(({ eventName, args }) => ({ eventName, args }))
const timeOf = async (blockNumber: bigint) => (await testbed.evm.getBlock({ blockNumber })).timestamp

describe('delay', () => {
	test('ESC-5 a release above the limit waits a day after its first call and is paid by a second without signatures', async () => {
		const escrow = await funded()
		const order = escrow.release({ amount: LARGE })
		const before = await testbed.evm.getBalance({ address: RECIPIENT })
		const receipt = await escrow.execute(order)
		const executableAt = (await timeOf(receipt.blockNumber)) + DAY
		expect(eventsOf(escrow, receipt)).toEqual([
			{
				eventName: 'Delayed',
				args: { nonce: 0n, asset: zeroAddress, recipient: getAddress(RECIPIENT), amount: LARGE, executableAt },
			},
		])
		expect([await escrow.isUsed(0n), await escrow.balance()]).toEqual([false, 300n * ETHER])
		const early = { errorName: 'OrderDelayed', args: [0n, executableAt] }
		expect(await escrow.refusal(order, await escrow.sign(order))).toEqual(early)

		await testbed.evm.setNextBlockTimestamp({ timestamp: executableAt })
		expect(eventsOf(escrow, await escrow.relay(order, [], AMPLE_GAS))[0].eventName).toBe('Released')
		expect((await testbed.evm.getBalance({ address: RECIPIENT })) - before).toBe(LARGE)
		expect(await escrow.refusal(order, [])).toEqual({ errorName: 'NonceUsed', args: [0n] })
	})

	test('ESC-5 a release of just the limit is paid at once', async () => {
		const escrow = await funded()
		const receipt = await escrow.execute(escrow.release({ amount: ETH_POLICY.delayAbove }))
		expect(eventsOf(escrow, receipt)[0].eventName).toBe('Released')
	})

	test('ESC-5 refuses a wait beyond the expiry, without a quorum, and a second order under the nonce', async () => {
		const escrow = await funded()
		const { timestamp } = await testbed.evm.getBlock()
		const short = escrow.release({ amount: LARGE, expiry: timestamp + DAY - 60n })
		expect((await escrow.refusal(short, await escrow.sign(short)))?.errorName).toBe('ExpiryBeforeDelay')
		const order = escrow.release({ amount: LARGE })
		expect((await escrow.refusal(order, []))?.errorName).toBe('TooFewSignatures')
		await escrow.execute(order)
		const other = escrow.release({ amount: LARGE, recipient: STRANGER.address })
		expect(await escrow.refusal(other, await escrow.sign(other))).toEqual({ errorName: 'NonceDelayed', args: [0n] })
	})

	test('ESC-5 a release that waited is held to the flow cap, the expiry and the balance of its day', async () => {
		const escrow = await funded()
		const expiry = (await testbed.evm.getBlock()).timestamp + 2n * DAY - 60n
		const orders = [escrow.release({ nonce: 1n, amount: LARGE, expiry }), escrow.release({ nonce: 2n, amount: 200n * ETHER + LARGE })]
		await escrow.execute(orders[0])
		expect(await escrow.refusal(orders[1], await escrow.sign(orders[1]))).toBeUndefined()
		await escrow.execute(orders[1])
		await escrow.execute(escrow.list(zeroAddress, { floorCap: ETHER }))
		await testbed.passTime(DAY)
		expect((await escrow.refusal(orders[0], []))?.errorName).toBe('FlowCapExceeded')
		await testbed.passTime(DAY)
		expect((await escrow.refusal(orders[0], []))?.errorName).toBe('OrderExpired')
		await escrow.establish(zeroAddress, { nonce: 902n, floorCap: ETH_POLICY.floorCap })
		await escrow.execute(escrow.release({ nonce: 3n, amount: 5n * ETHER }))
		expect((await escrow.refusal(orders[1], []))?.errorName).toBe('InsufficientBalance')
	})
})

describe('delay of terms', () => {
	test('ESC-5 terms that let more out wait a day and can be vetoed; tighter ones count at once', async () => {
		const escrow = await funded()
		const policy = async () =>
			(await testbed.evm.readContract({ ...escrow.contract, functionName: 'policy', args: [zeroAddress] })).slice(1, 3)
		const { floorCap, delayAbove } = ETH_POLICY
		const changes = [
			{ nonce: 1n, floorCap: floorCap + 1n },
			{ nonce: 2n, delayAbove: delayAbove + 1n },
		]
		for (const change of changes) {
			const order = escrow.list(zeroAddress, change)
			expect((await escrow.refusal(order, []))?.errorName).toBe('TooFewSignatures')
			const receipt = await escrow.execute(order)
			const executableAt = (await timeOf(receipt.blockNumber)) + DAY
			expect(eventsOf(escrow, receipt)).toEqual([
				{ eventName: 'ListDelayed', args: { nonce: change.nonce, asset: zeroAddress, executableAt } },
			])
			expect(await escrow.refusal(order, await escrow.sign(order))).toEqual({
				errorName: 'OrderDelayed',
				args: [change.nonce, executableAt],
			})
		}
		const veto = { primaryType: 'Veto', message: { nonce: 1n } } as const
		await escrow.relay(veto, await escrow.sign(veto, COUNCIL.slice(0, 2)))
		await testbed.passTime(DAY)
		expect(await escrow.refusal(escrow.list(zeroAddress, changes[0]), [])).toEqual({ errorName: 'NonceVetoed', args: [1n] })
		expect(await policy()).toEqual([floorCap, delayAbove])
		await escrow.relay(escrow.list(zeroAddress, changes[1]), [])
		expect(await policy()).toEqual([floorCap, delayAbove + 1n])
		await escrow.execute(escrow.list(zeroAddress, { nonce: 3n, floorCap: 1n, delayAbove: 0n }))
		expect(await policy()).toEqual([1n, 0n])
	})
})

describe('veto', () => {
	const veto = (nonce: bigint): EscrowMessage => ({ primaryType: 'Veto', message: { nonce } })

	test('ESC-5 the council forbids a release that waits for ever, and its nonce is vetoed, not used', async () => {
		const escrow = await funded()
		const order = escrow.release({ nonce: 4n, amount: LARGE })
		await escrow.execute(order)
		const receipt = await escrow.relay(veto(4n), await escrow.sign(veto(4n), COUNCIL.slice(0, 2)))
		expect(eventsOf(escrow, receipt)).toEqual([{ eventName: 'Vetoed', args: { nonce: 4n } }])
		await testbed.passTime(DAY)
		const vetoed = { errorName: 'NonceVetoed', args: [4n] }
		expect(await escrow.refusal(order, await escrow.sign(order))).toEqual(vetoed)
		const small = escrow.release({ nonce: 4n })
		expect(await escrow.refusal(small, await escrow.sign(small))).toEqual(vetoed)
		const isVetoed = (nonce: bigint) => testbed.evm.readContract({ ...escrow.contract, functionName: 'isVetoed', args: [nonce] })
		expect([await escrow.isUsed(4n), await isVetoed(4n), await isVetoed(5n)]).toEqual([false, true, false])
		expect(await escrow.balance()).toBe(300n * ETHER)
		expect(await escrow.refusal(veto(4n), await escrow.sign(veto(4n), COUNCIL))).toEqual(vetoed)
	})

	test('ESC-5 refuses a veto of what does not wait, of what was paid, and without the quorum of the council', async () => {
		const escrow = await funded()
		const order = escrow.release({ amount: LARGE })
		const signed = await escrow.sign(veto(0n), COUNCIL)
		expect(await escrow.refusal(veto(0n), signed)).toEqual({ errorName: 'NothingDelayed', args: [0n] })
		await escrow.execute(order)
		expect((await escrow.refusal(veto(0n), signed.slice(0, 1)))?.errorName).toBe('TooFewSignatures')
		expect((await escrow.refusal(veto(0n), await escrow.sign(veto(0n), WITNESSES.slice(0, 4))))?.errorName).toBe('NotWitness')
		await testbed.passTime(DAY)
		await escrow.relay(order, [])
		expect(await escrow.refusal(veto(0n), signed)).toEqual({ errorName: 'NonceUsed', args: [0n] })
	})
})

describe('pause', () => {
	const pause = (number: bigint): EscrowMessage => ({ primaryType: 'Pause', message: { number } })
	const unpause = (number: bigint): EscrowMessage => ({ primaryType: 'Unpause', message: { number } })
	const stopped = (number: bigint) => ({ errorName: 'EscrowPaused', args: [number] })
	const byCouncil = async (escrow: TestEscrow, number: bigint, signers = COUNCIL.slice(0, 2)) => {
		const args = [number, await escrow.sign(pause(number), signers)] as const
		const hash = await testbed.relayer.writeContract({ ...escrow.contract, functionName: 'pauseByCouncil', args })
		return testbed.evm.waitForTransactionReceipt({ hash })
	}

	test('ESC-5 any two witnesses stop releases, stakes and locks; a quorum starts them again', async () => {
		const escrow = await funded()
		const [order, stake] = [escrow.release(), escrow.stake(await escrow.depositData())]
		const receipt = await escrow.relay(pause(0n), await escrow.sign(pause(0n), WITNESSES.slice(2, 4)))
		expect(eventsOf(escrow, receipt)).toEqual([{ eventName: 'Paused', args: { number: 0n } }])
		expect(await escrow.refusal(order, await escrow.sign(order))).toEqual(stopped(0n))
		expect(await escrow.refusal(stake, await escrow.sign(stake))).toEqual(stopped(0n))
		expect(await refusalOf(() => escrow.lock(ETHER))).toEqual(stopped(0n))

		expect((await escrow.refusal(unpause(0n), await escrow.sign(unpause(0n), WITNESSES.slice(0, 2))))?.errorName).toBe('TooFewSignatures')
		expect((await escrow.refusal(unpause(0n), await escrow.sign(unpause(0n), COUNCIL)))?.errorName).toBe('NotWitness')
		expect(eventsOf(escrow, await escrow.execute(unpause(0n)))).toEqual([{ eventName: 'Unpaused', args: { number: 0n } }])
		expect((await escrow.execute(order)).status).toBe('success')
	})

	test('ESC-5 signatures pause and unpause once', async () => {
		const escrow = await funded()
		const [first, start] = [await escrow.sign(pause(0n), WITNESSES.slice(0, 2)), await escrow.sign(unpause(0n))]
		expect(await escrow.refusal(unpause(0n), start)).toEqual({ errorName: 'NotPaused', args: [] })
		await escrow.relay(pause(0n), first)
		expect(await escrow.refusal(pause(0n), first)).toEqual(stopped(0n))
		await escrow.relay(unpause(0n), start)
		expect(await escrow.refusal(pause(0n), first)).toEqual({ errorName: 'WrongPauseNumber', args: [0n, 1n] })
		await escrow.relay(pause(1n), await escrow.sign(pause(1n), WITNESSES.slice(0, 2)))
		expect(await escrow.refusal(unpause(0n), start)).toEqual({ errorName: 'WrongPauseNumber', args: [0n, 1n] })
	})

	test('ESC-5 one witness, twice the same, or strangers stop nothing', async () => {
		const escrow = await funded()
		const [one] = await escrow.sign(pause(0n), WITNESSES.slice(0, 1))
		expect((await escrow.refusal(pause(0n), [one]))?.errorName).toBe('TooFewSignatures')
		expect((await escrow.refusal(pause(0n), [one, one]))?.errorName).toBe('SignersNotAscending')
		expect((await escrow.refusal(pause(0n), await escrow.sign(pause(0n), COUNCIL.slice(0, 2))))?.errorName).toBe('NotWitness')
	})

	test('ESC-5 the council stops it by its quorum', async () => {
		const escrow = await funded()
		expect((await refusalOf(() => byCouncil(escrow, 0n, COUNCIL.slice(0, 1))))?.errorName).toBe('TooFewSignatures')
		expect((await refusalOf(() => byCouncil(escrow, 0n, WITNESSES.slice(0, 3))))?.errorName).toBe('NotWitness')
		expect(eventsOf(escrow, await byCouncil(escrow, 0n))[0].eventName).toBe('Paused')
	})
})

describe('rotation of the council', () => {
	const NEXT = WITNESSES.slice(4, 7)
	const rotation = (change: Partial<MessageOf<'RotateCouncil'>> = {}): EscrowMessage => ({
		primaryType: 'RotateCouncil',
		message: { newCouncilId: 1n, members: addressesOf(NEXT), threshold: 2n, expiry: EXPIRY, ...change },
	})

	test('ESC-5 the council hands over by its own quorum, and only that counts then', async () => {
		const escrow = await funded()
		const signatures = await escrow.sign(rotation(), COUNCIL.slice(0, 2))
		expect(eventsOf(escrow, await escrow.relay(rotation(), signatures))[0].args).toMatchObject({ newCouncilId: 1n, threshold: 2n })
		expect(await testbed.evm.readContract({ ...escrow.contract, functionName: 'council' })).toEqual([addressesOf(NEXT), 2n])
		expect(await escrow.refusal(rotation(), signatures)).toEqual({ errorName: 'CouncilIdNotRising', args: [1n, 1n] })
		const back = rotation({ newCouncilId: 2n, members: addressesOf(COUNCIL) })
		expect((await escrow.refusal(back, await escrow.sign(back, COUNCIL)))?.errorName).toBe('NotWitness')
		expect(await escrow.refusal(back, await escrow.sign(back, NEXT.slice(1)))).toBeUndefined()
	})

	test('ESC-5 witnesses install the first council, but cannot replace one', async () => {
		const escrow = await testbed.deploy({ council: undefined })
		const unsigned = { primaryType: 'Veto', message: { nonce: 0n } } as const
		await escrow.lock(200n * ETHER)
		await escrow.execute(escrow.release({ amount: LARGE }))
		expect(await escrow.refusal(unsigned, [])).toEqual({ errorName: 'NoCouncil', args: [] })
		await escrow.execute(rotation())
		const again = rotation({ newCouncilId: 2n })
		expect((await escrow.refusal(again, await escrow.sign(again)))?.errorName).toBe('NotWitness')
	})

	test('ESC-5 refuses half a council as its quorum, and an expired order', async () => {
		const escrow = await funded()
		const refused = async (change: Partial<MessageOf<'RotateCouncil'>>) =>
			(await escrow.refusal(rotation(change), await escrow.sign(rotation(change), COUNCIL)))?.errorName
		expect(await refused({ members: addressesOf(NEXT.slice(0, 2)), threshold: 1n })).toBe('InvalidCouncilThreshold')
		expect(await refused({ threshold: 4n })).toBe('InvalidCouncilThreshold')
		expect(await refused({ members: [], threshold: 0n })).toBe('InvalidCouncilThreshold')
		expect(await refused({ expiry: 1n })).toBe('CouncilOrderExpired')
	})
})
