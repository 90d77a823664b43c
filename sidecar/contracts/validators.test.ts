import { concat, encodeFunctionData, numberToHex, parseEther, parseEventLogs, toFunctionSelector, zeroHash } from 'viem'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { EscrowMessage, MessageOf } from './eip712.ts'
import { WITHDRAWAL_REQUESTS } from './testing/anvil.ts'
import {
	type EscrowTestbed,
	EXPIRY,
	RELAYER,
	START_TIMEOUT_MS,
	startEscrowTestbed,
	type TestEscrow,
	WITNESS_SET_ID,
} from './testing/escrow.ts'

const ETHER = parseEther('1')
const AMPLE_GAS = 1_000_000n
const GUARD_SECONDS = 7_200n

let testbed: EscrowTestbed
beforeAll(async () => {
	testbed = await startEscrowTestbed()
}, START_TIMEOUT_MS)
afterAll(() => testbed.close())

describe('guarded deposits', () => {
	const guarded = async () => {
		const escrow = await testbed.deploy({ guardedDeposits: true, guardSeconds: Number(GUARD_SECONDS) })
		await escrow.lock(100n * ETHER)
		return escrow
	}
	const stakeOf = async (escrow: TestEscrow, nonce: bigint, amount: bigint) =>
		escrow.stake(await escrow.depositData(amount), { nonce, amount })
	const refusalOf = async (escrow: TestEscrow, order: EscrowMessage) => escrow.refusal(order, await escrow.sign(order))

	test('ESC-6 a validator gets exactly 1 ETH, after the time set exactly 31, and then nothing', async () => {
		const escrow = await guarded()
		const [first, second] = [await stakeOf(escrow, 0n, ETHER), await stakeOf(escrow, 1n, 31n * ETHER)]
		for (const amount of [32n * ETHER, 31n * ETHER, 2n * ETHER]) {
			expect(await refusalOf(escrow, await stakeOf(escrow, 0n, amount))).toEqual({ errorName: 'UnexpectedDeposit', args: [amount, ETHER] })
		}
		const { blockNumber } = await escrow.execute(first)
		const { timestamp } = await testbed.evm.getBlock({ blockNumber })
		expect(await refusalOf(escrow, second)).toEqual({ errorName: 'DepositTooSoon', args: [timestamp + GUARD_SECONDS] })
		expect(await refusalOf(escrow, await stakeOf(escrow, 1n, ETHER))).toEqual({
			errorName: 'UnexpectedDeposit',
			args: [ETHER, 31n * ETHER],
		})

		await testbed.evm.setNextBlockTimestamp({ timestamp: timestamp + GUARD_SECONDS })
		expect((await escrow.relay(second, await escrow.sign(second), AMPLE_GAS)).status).toBe('success')
		for (const amount of [ETHER, 31n * ETHER, 32n * ETHER]) {
			expect(await refusalOf(escrow, await stakeOf(escrow, 2n, amount))).toEqual({ errorName: 'UnexpectedDeposit', args: [amount, 0n] })
		}
		expect([await escrow.accounted(), await escrow.balance()]).toEqual([68n * ETHER, 68n * ETHER])
	})

	test('ESC-6 a first deposit that fails leaves the validator as new', async () => {
		const escrow = await guarded()
		const order = await stakeOf(escrow, 0n, ETHER)
		const broken = escrow.stake({ ...order.message, depositDataRoot: zeroHash }, { amount: ETHER })
		expect((await escrow.relay(broken, await escrow.sign(broken), AMPLE_GAS)).status).toBe('reverted')
		expect((await escrow.execute(order)).status).toBe('success')
	})

	test('ESC-6 witnesses set the time between both, 30 days at most', async () => {
		const escrow = await guarded()
		const guard = (delaySeconds: bigint): EscrowMessage => ({
			primaryType: 'Guard',
			message: { nonce: 5n, delaySeconds, expiry: EXPIRY, witnessSetId: WITNESS_SET_ID },
		})
		const maximum = 30n * 86_400n
		expect(await refusalOf(escrow, guard(maximum + 1n))).toEqual({ errorName: 'GuardTooLong', args: [maximum + 1n, maximum] })
		const { logs } = await escrow.execute(guard(0n))
		expect(parseEventLogs({ abi: escrow.abi, logs }).map(({ args }) => args)).toEqual([{ nonce: 5n, delaySeconds: 0n }])
		await escrow.execute(await stakeOf(escrow, 0n, ETHER))
		expect((await escrow.execute(await stakeOf(escrow, 1n, 31n * ETHER))).status).toBe('success')
	})
})

describe('exits', () => {
	const exit = (change: Partial<MessageOf<'Exit'>> = {}) =>
		({
			primaryType: 'Exit',
			message: { nonce: 0n, pubkey: `0x${'ab'.repeat(48)}`, amountGwei: 0n, expiry: EXPIRY, witnessSetId: WITNESS_SET_ID, ...change },
		}) as const

	test('ESC-6 says so while the network takes no withdrawal requests', async () => {
		const escrow = await testbed.deploy()
		const snapshot = await testbed.evm.snapshot()
		await testbed.evm.setStorageAt({ address: WITHDRAWAL_REQUESTS, index: 0, value: numberToHex(2n ** 256n - 1n) })
		expect(await escrow.refusal(exit(), await escrow.sign(exit()), 10n)).toEqual({ errorName: 'WithdrawalRequestsInactive', args: [] })
		await testbed.evm.revert({ id: snapshot })
	})

	test('ESC-6 an order asks the predeploy for an exit or a part, pays its fee and gives the rest back', async () => {
		const escrow = await testbed.deploy()
		await escrow.lock(ETHER)
		const fee = await testbed.evm.readContract({ ...escrow.contract, functionName: 'exitFee' })
		expect(fee).toBeGreaterThan(0n)
		const digest = await testbed.evm.readContract({ ...escrow.contract, functionName: 'exitDigest', args: [exit().message] })
		expect(digest).toMatch(/^0x[0-9a-f]{64}$/)
		expect(await escrow.refusal(exit(), await escrow.sign(exit()), fee - 1n)).toEqual({ errorName: 'FeeTooLow', args: [fee - 1n, fee] })

		for (const [nonce, amountGwei] of [0n, 1_000_000_000n].entries()) {
			const order = exit({ nonce: BigInt(nonce), amountGwei })
			const before = await testbed.evm.getBalance({ address: RELAYER.address })
			const { logs, gasUsed, effectiveGasPrice } = await escrow.relay(order, await escrow.sign(order), undefined, ETHER)
			expect(before - (await testbed.evm.getBalance({ address: RELAYER.address }))).toBe(fee + gasUsed * effectiveGasPrice)
			expect(parseEventLogs({ abi: escrow.abi, logs }).map(({ eventName, args }) => ({ eventName, args }))).toEqual([
				{ eventName: 'ExitRequested', args: { nonce: BigInt(nonce), pubkey: order.message.pubkey, amountGwei, feeWei: fee } },
			])
			// The predeploy's own log: who asked, for which validator, how much.
			const request = logs.find(({ address }) => address.toLowerCase() === WITHDRAWAL_REQUESTS.toLowerCase())
			expect(request?.data).toBe(concat([escrow.address, order.message.pubkey, numberToHex(amountGwei, { size: 8 })]).toLowerCase())
		}
		expect([await escrow.balance(), await escrow.accounted(), await escrow.isUsed(0n)]).toEqual([ETHER, ETHER, true])
		expect((await escrow.refusal(exit(), await escrow.sign(exit()), ETHER))?.errorName).toBe('NonceUsed')
	})

	test('ESC-6 who is given back the rest of the fee cannot reenter with it', async () => {
		const escrow = await testbed.deploy()
		const attacker = await testbed.deployContract('ReenteringRecipient', [escrow.address])
		const [order, next] = [exit({ nonce: 0n }), exit({ nonce: 1n })]
		const dataOf = async (of: typeof order) =>
			encodeFunctionData({ abi: escrow.abi, functionName: 'requestExit', args: [of.message, await escrow.sign(of)] })
		await testbed.relayer.writeContract({ ...attacker, functionName: 'arm', args: [await dataOf(next), ETHER / 2n] })
		await testbed.relayer.writeContract({ ...attacker, functionName: 'forward', args: [await dataOf(order)], value: ETHER })
		const read = (functionName: string) => testbed.evm.readContract({ ...attacker, functionName })
		expect([await read('attempted'), await read('reason')]).toEqual([true, toFunctionSelector('ReentrancyGuardReentrantCall()')])
		expect([await escrow.isUsed(0n), await escrow.isUsed(1n), await escrow.balance()]).toEqual([true, false, 0n])
	})

	test('ESC-6 refuses a malformed key and too few witnesses, and goes on while paused', async () => {
		const escrow = await testbed.deploy()
		const short = exit({ pubkey: '0x00' })
		expect(await escrow.refusal(short, await escrow.sign(short), ETHER)).toEqual({ errorName: 'InvalidPubkey', args: [1n] })
		const two = await escrow.sign(exit(), escrow.witnesses.slice(0, 2))
		expect((await escrow.refusal(exit(), two, ETHER))?.errorName).toBe('TooFewSignatures')
		const pause = { primaryType: 'Pause', message: { number: 0n } } as const
		await escrow.execute(pause)
		expect(await escrow.refusal(exit(), await escrow.sign(exit()), ETHER)).toBeUndefined()
	})
})
