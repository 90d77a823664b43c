import { parseEther, parseTransaction } from 'viem'
import { afterAll, beforeAll, expect, test } from 'vitest'
import {
	type EscrowTestbed,
	EXPIRY,
	RELAYER,
	STAKER,
	START_TIMEOUT_MS,
	STKR_ACCOUNT,
	startEscrowTestbed,
	type TestEscrow,
} from '../contracts/testing/escrow.ts'
import { FatalError, RetryableError } from './errors.ts'
import { connectEscrow, type EscrowConnection } from './escrow-contract.ts'

const FINALITY_BLOCKS = 64

let testbed: EscrowTestbed
let escrow: TestEscrow
let connection: EscrowConnection

const connect = (change: Partial<Parameters<typeof connectEscrow>[0]> = {}) =>
	connectEscrow({ url: testbed.anvil.rpcUrl, escrow: escrow.address, account: RELAYER, maxFeePerGasWei: 10n ** 12n, ...change })
const finalize = () => testbed.evm.mine({ blocks: FINALITY_BLOCKS + 1 })

beforeAll(async () => {
	testbed = await startEscrowTestbed()
	escrow = await testbed.deploy({ witnessCount: 4, threshold: 3 })
	connection = connect()
}, START_TIMEOUT_MS)

afterAll(() => testbed.close())

test('ESC-1 an escrow that is not final yet is waited for', async () => {
	const young = connect({ escrow: (await testbed.deploy()).address })

	await expect(young.constants()).rejects.toThrow(RetryableError)
	await expect(young.constants()).rejects.toThrow(/no contract at .* in the finalized state/)
	await finalize()

	expect(await young.constants()).toMatchObject({ chainId: testbed.anvil.chainId, guardedDeposits: false })
	expect(await young.witnessSet()).toMatchObject({ id: 7n, threshold: 3, validUntil: 2n ** 64n - 1n })
})

test('ESC-1 locks are read with all a witness vouches for', async () => {
	await escrow.lock(parseEther('50'))
	const { blockNumber } = await escrow.lock(parseEther('1'))
	await finalize()
	const { number } = await connection.finalized()

	const logs = await connection.logs(0, number)

	expect(logs).toHaveLength(2)
	expect(logs[1]).toEqual({
		event: 'Locked',
		nonce: 1n,
		lock: {
			asset: '0x0000000000000000000000000000000000000000',
			sender: STAKER.address,
			recipient: STKR_ACCOUNT,
			amountWei: parseEther('1'),
			ethereumBlock: blockNumber,
		},
	})
	expect(await connection.lockCount(number)).toBe(2n)
	expect(await connection.logs(0, Number(blockNumber) - 1)).toHaveLength(1)
})

test('ESC-2 a relay pays the order, is told as executed, and counts at its block alone', async () => {
	const order = escrow.release({ nonce: 0n })
	const nonce = await connection.transactionCount('pending')

	const relay = await connection.signRelay(order, await escrow.sign(order), nonce)
	expect(await connection.send(relay.raw)).toEqual({ state: 'pending' })
	// As after a crash: the same bytes again.
	expect(await connection.send(relay.raw)).toEqual({ state: 'pending' })

	const { blockNumber, status } = await testbed.evm.waitForTransactionReceipt({ hash: relay.hash })
	expect(status).toBe('success')
	expect(await connection.logs(Number(blockNumber), Number(blockNumber))).toEqual([{ event: 'Executed', nonce: 0n }])
	expect(await connection.orderState(0n, Number(blockNumber) - 1)).toBe('open')
	expect(await connection.orderState(0n, Number(blockNumber))).toBe('executed')
	expect(await connection.transactionCount(Number(blockNumber))).toBe(nonce + 1)
})

test('ESC-6 a stake is relayed into the real deposit contract', async () => {
	const order = escrow.stake(await escrow.depositData(), { nonce: 1n })

	const relay = await connection.signRelay(order, await escrow.sign(order), await connection.transactionCount('pending'))
	await connection.send(relay.raw)

	expect((await testbed.evm.waitForTransactionReceipt({ hash: relay.hash })).status).toBe('success')
})

test('ESC-2 what the contract refuses is not sent, and told apart by whether it may pass', async () => {
	const relay = async (change: Parameters<TestEscrow['release']>[0], signers = escrow.witnesses.slice(0, 3)) => {
		const order = escrow.release(change)
		return connection.signRelay(order, await escrow.sign(order, signers), 0)
	}
	const { address } = await testbed.deployContract('SwitchableRecipient', [])

	await expect(relay({ nonce: 0n })).rejects.toMatchObject({ code: 'already-relayed' })
	await expect(relay({ nonce: 5n, expiry: 1n })).rejects.toMatchObject({ code: 'order-expired' })
	await expect(relay({ nonce: 5n, recipient: address })).rejects.toMatchObject({ code: 'payment-failed' })
	await expect(relay({ nonce: 5n, amount: parseEther('1000') })).rejects.toMatchObject({ code: 'escrow-short' })
	await expect(relay({ nonce: 5n, witnessSetId: 8n })).rejects.toMatchObject({ code: 'witness-set-pending' })
	await expect(relay({ nonce: 5n, witnessSetId: 6n })).rejects.toThrow(FatalError)
	await expect(relay({ nonce: 5n, asset: address })).rejects.toMatchObject({ code: 'asset-unlisted' })
	await expect(relay({ nonce: 5n }, escrow.witnesses.slice(0, 2))).rejects.toThrow(/refuses order 5: TooFewSignatures/)
})

test('ESC-2 a replacement bids at least an eighth more for the same nonce', async () => {
	const order = escrow.release({ nonce: 6n, expiry: EXPIRY })
	const signatures = await escrow.sign(order)
	const first = parseTransaction((await connection.signRelay(order, signatures, 9)).raw)

	const second = parseTransaction(
		(await connection.signRelay(order, signatures, 9, (await connection.signRelay(order, signatures, 9)).raw)).raw,
	)

	expect(second.nonce).toBe(first.nonce)
	for (const fee of ['maxFeePerGas', 'maxPriorityFeePerGas'] as const)
		expect(second[fee] ?? 0n).toBeGreaterThan(((first[fee] ?? 0n) * 1_125n) / 1_000n - 1n)
})

test('ESC-2 nothing is relayed above the fee cap', async () => {
	const order = escrow.release({ nonce: 7n })

	await expect(connect({ maxFeePerGasWei: 1n }).signRelay(order, await escrow.sign(order), 0)).rejects.toMatchObject({
		code: 'fee-above-cap',
	})
})

test('SDC-2 a node that cannot be reached is a passing condition', async () => {
	const dead = connect({ url: 'http://127.0.0.1:1' })

	for (const request of [() => dead.finalized(), () => dead.constants(), () => dead.logs(0, 1), () => dead.send('0x00')]) {
		await expect(request()).rejects.toMatchObject({ name: 'RetryableError', code: 'ethereum-unreachable' })
	}
})
