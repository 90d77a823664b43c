import { hexToBytes, parseAbi, parseEther, parseEventLogs, toHex } from 'viem'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { makeDepositData, verifyDepositData } from './deposit-data.ts'
import { DEPOSIT_CONTRACT } from './testing/anvil.ts'
import {
	DEPOSIT_SECRET_KEY,
	type EscrowTestbed,
	GENESIS_FORK_VERSION,
	START_TIMEOUT_MS,
	startEscrowTestbed,
	type TestEscrow,
} from './testing/escrow.ts'

const ETHER = parseEther('1')
const VALIDATOR_WEI = 32n * ETHER
const AMPLE_GAS = 1_000_000n
const depositContract = {
	address: DEPOSIT_CONTRACT,
	abi: parseAbi([
		'function get_deposit_count() view returns (bytes)',
		'event DepositEvent(bytes pubkey, bytes withdrawal_credentials, bytes amount, bytes signature, bytes index)',
	]),
} as const

let testbed: EscrowTestbed
beforeAll(async () => {
	testbed = await startEscrowTestbed()
}, START_TIMEOUT_MS)
afterAll(() => testbed.close())

function littleEndian(value: bigint): `0x${string}` {
	return toHex(hexToBytes(toHex(value, { size: 8 })).reverse())
}

async function depositCount(): Promise<bigint> {
	const bytes = hexToBytes(await testbed.evm.readContract({ ...depositContract, functionName: 'get_deposit_count' }))
	return BigInt(toHex(bytes.reverse()))
}

async function fundedEscrow(amountWei = 2n * VALIDATOR_WEI): Promise<TestEscrow> {
	const escrow = await testbed.deploy()
	await escrow.lock(amountWei)
	return escrow
}

describe('stake', () => {
	test('ESC-6 deposits BLS-valid data into the real deposit contract, withdrawable to the escrow alone', async () => {
		const escrow = await fundedEscrow()
		const deposit = await escrow.depositData()
		const order = escrow.stake(deposit, { nonce: 9n })
		const [countBefore, heldBefore] = [await depositCount(), await testbed.evm.getBalance({ address: DEPOSIT_CONTRACT })]

		const { logs } = await escrow.relay(order, await escrow.sign(order))

		expect(parseEventLogs({ abi: escrow.abi, logs }).map(({ eventName, args }) => ({ eventName, args }))).toEqual([
			{ eventName: 'Staked', args: { nonce: 9n, pubkey: deposit.pubkey, amount: VALIDATOR_WEI } },
		])
		expect(parseEventLogs({ abi: depositContract.abi, logs }).map(({ args }) => args)).toEqual([
			{
				pubkey: deposit.pubkey,
				withdrawal_credentials: `0x01${'00'.repeat(11)}${escrow.address.slice(2).toLowerCase()}`,
				amount: littleEndian(32_000_000_000n),
				signature: deposit.signature,
				index: littleEndian(countBefore),
			},
		])
		const credentials = await testbed.evm.readContract({ ...escrow.contract, functionName: 'withdrawalCredentials' })
		const expected = { withdrawalCredentials: credentials, amountGwei: 32_000_000_000n, genesisForkVersion: GENESIS_FORK_VERSION }
		expect(verifyDepositData(deposit, expected)).toEqual({ valid: true })
		expect(await depositCount()).toBe(countBefore + 1n)
		expect((await testbed.evm.getBalance({ address: DEPOSIT_CONTRACT })) - heldBefore).toBe(VALIDATOR_WEI)
		expect([await escrow.balance(), await escrow.isUsed(9n)]).toEqual([VALIDATOR_WEI, true])
	})

	test('ESC-6 can split a deposit into 1 and 31 ETH', async () => {
		const escrow = await fundedEscrow(VALIDATOR_WEI)
		for (const [nonce, amountWei] of [ETHER, 31n * ETHER].entries()) {
			const order = escrow.stake(await escrow.depositData(amountWei), { nonce: BigInt(nonce), amount: amountWei })
			expect((await escrow.relay(order, await escrow.sign(order))).status).toBe('success')
		}
		expect(await escrow.balance()).toBe(0n)
	})

	test('ESC-6 a deposit that the contract refuses reverts with its reason and nothing is lost', async () => {
		const escrow = await fundedEscrow()
		const deposit = await escrow.depositData()
		const foreign = makeDepositData({
			secretKey: DEPOSIT_SECRET_KEY,
			withdrawalCredentials: `0x01${'00'.repeat(11)}${'11'.repeat(20)}`,
			amountGwei: 32_000_000_000n,
			genesisForkVersion: GENESIS_FORK_VERSION,
		})
		const mismatch = 'DepositContract: reconstructed DepositData does not match supplied deposit_data_root'
		const refusals = [
			[escrow.stake({ ...deposit, depositDataRoot: `0x${'00'.repeat(32)}` }), mismatch],
			[escrow.stake(foreign), mismatch],
			[escrow.stake(deposit, { amount: 31n * ETHER }), mismatch],
			[escrow.stake({ ...deposit, pubkey: '0x00' }), 'DepositContract: invalid pubkey length'],
			[escrow.stake({ ...deposit, signature: '0x00' }), 'DepositContract: invalid signature length'],
			[escrow.stake(deposit, { amount: ETHER - 1n }), 'DepositContract: deposit value too low'],
			[escrow.stake(deposit, { amount: VALIDATOR_WEI + 1n }), 'DepositContract: deposit value not multiple of gwei'],
		] as const
		const before = await depositCount()
		for (const [order, reason] of refusals) {
			const signatures = await escrow.sign(order)
			expect(await escrow.refusal(order, signatures)).toEqual({ errorName: 'Error', args: [reason] })
			expect((await escrow.relay(order, signatures, AMPLE_GAS)).status).toBe('reverted')
		}
		expect([await escrow.balance(), await escrow.isUsed(0n), await depositCount()]).toEqual([2n * VALIDATOR_WEI, false, before])
	})

	test('ESC-6 each signed field is covered by the signature', async () => {
		const escrow = await fundedEscrow()
		const deposit = await escrow.depositData()
		const signatures = await escrow.sign(escrow.stake(deposit))
		const other = `0x${'11'.repeat(32)}` as const
		const changed = [
			escrow.stake(deposit, { nonce: 1n }),
			escrow.stake(deposit, { amount: ETHER }),
			escrow.stake(deposit, { expiry: escrow.stake(deposit).message.expiry + 1n }),
			escrow.stake({ ...deposit, pubkey: other }),
			escrow.stake({ ...deposit, signature: other }),
			escrow.stake({ ...deposit, depositDataRoot: other }),
		]
		for (const order of changed) {
			expect((await escrow.refusal(order, signatures))?.errorName).toMatch(/^(NotWitness|SignersNotAscending)$/)
		}
	})

	test('ESC-6 is bound by the quorum, the set, the expiry and the balance like a release', async () => {
		const escrow = await fundedEscrow(VALIDATOR_WEI - 1n)
		const deposit = await escrow.depositData()
		const order = escrow.stake(deposit)
		expect(await escrow.refusal(order, await escrow.sign(order))).toEqual({
			errorName: 'InsufficientBalance',
			args: [VALIDATOR_WEI - 1n, VALIDATOR_WEI],
		})
		await escrow.lock(ETHER)
		const two = await escrow.sign(order, escrow.witnesses.slice(0, 2))
		expect(await escrow.refusal(order, two)).toEqual({ errorName: 'TooFewSignatures', args: [2n, 3n] })
		const otherSet = escrow.stake(deposit, { witnessSetId: 0n })
		expect(await escrow.refusal(otherSet, await escrow.sign(otherSet))).toEqual({ errorName: 'WrongWitnessSet', args: [0n, 7n] })
		const expired = escrow.stake(deposit, { expiry: 1n })
		expect((await escrow.refusal(expired, await escrow.sign(expired)))?.errorName).toBe('OrderExpired')
	})

	test('ESC-6 shares its nonces with releases', async () => {
		const escrow = await fundedEscrow()
		const stake = escrow.stake(await escrow.depositData(), { nonce: 3n })
		await escrow.relay(stake, await escrow.sign(stake))
		const release = escrow.release({ nonce: 3n })
		expect(await escrow.refusal(release, await escrow.sign(release))).toEqual({ errorName: 'NonceUsed', args: [3n] })
	})
})
