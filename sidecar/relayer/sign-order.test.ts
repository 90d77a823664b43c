import { pad, recoverTypedDataAddress, zeroAddress } from 'viem'
import { describe, expect, test } from 'vitest'
import { generateValidatorKey, makeDepositData } from '../contracts/deposit-data.ts'
import { type EscrowOrder, escrowDomain, escrowOrderTypes } from '../contracts/eip712.ts'
import { GENESIS_FORK_VERSION, WITNESSES } from '../contracts/testing/escrow.ts'
import { FatalError } from './errors.ts'
import { orderSigner } from './sign-order.ts'

const ESCROW = '0x5FbDB2315678afecb367f032d93F642f64180aa3'
const STAKE_WEI = 32n * 10n ** 18n
const contract = {
	chainId: 31_337,
	guardedDeposits: false,
	withdrawalCredentials: `0x01${'00'.repeat(11)}${ESCROW.slice(2).toLowerCase()}`,
} as const
const setOf = (id: bigint) => ({ id, witnesses: WITNESSES.map(({ address }) => address), threshold: 5, validUntil: 2n ** 64n - 1n })
const rules = { contract, escrow: ESCROW, witnessSets: () => [setOf(6n), setOf(7n)], genesisForkVersion: GENESIS_FORK_VERSION } as const
const sign = orderSigner(WITNESSES[0], rules)
const tail = { nonce: 3n, expiry: 2_000_000_000n, witnessSetId: 7n }

const release = (change: object = {}): EscrowOrder => ({
	primaryType: 'Release',
	message: { ...tail, asset: zeroAddress, amount: 1n, recipient: WITNESSES[1].address, ...change },
})

const deposit = (change: object = {}) => {
	const { pubkey, signature, depositDataRoot } = makeDepositData({
		secretKey: generateValidatorKey(),
		withdrawalCredentials: contract.withdrawalCredentials,
		amountGwei: 32_000_000_000n,
		genesisForkVersion: GENESIS_FORK_VERSION,
		...change,
	})
	return { pubkey, signature, depositDataRoot }
}
const stake = (change: object = {}): EscrowOrder => ({
	primaryType: 'Stake',
	message: { ...tail, ...deposit(), amount: STAKE_WEI, ...change },
})

const refused = async (order: EscrowOrder, reason: RegExp) => {
	await expect(sign(order)).rejects.toThrow(FatalError)
	await expect(sign(order)).rejects.toThrow(reason)
}

describe('releases', () => {
	test('ESC-2 a release is signed for the contract and chain it is for', async () => {
		const order = release()
		if (order.primaryType !== 'Release') throw new Error('not a release')

		const signature = await sign(order)

		const domain = escrowDomain(contract.chainId, ESCROW)
		const typed = { domain, types: escrowOrderTypes, primaryType: 'Release', message: order.message } as const
		expect(await recoverTypedDataAddress({ ...typed, signature })).toBe(WITNESSES[0].address)
	})

	test('ESC-2 what the contract could not execute is not signed', async () => {
		await refused(
			release({ witnessSetId: 5n }),
			/it is for witness set 5, which the contract does not count any more; its present one is 7/,
		)
		await refused(release({ amount: 0n }), /its amount is zero/)
		await refused(release({ asset: ESCROW }), /the Stkr chain can order ETH alone so far/)
		await refused(release({ recipient: zeroAddress }), /recipient is the zero address/)
	})

	test('ESC-3 an order for the leaving set is signed in its grace, one for the next set once the contract has it', async () => {
		expect(await sign(release({ witnessSetId: 6n }))).toMatch(/^0x[0-9a-f]{130}$/)
		await expect(sign(release({ witnessSetId: 8n }))).rejects.toMatchObject({ name: 'RetryableError', code: 'witness-set-pending' })
	})
})

describe('stakes', () => {
	test('ESC-6 a stake with valid deposit data is signed', async () => {
		expect(await sign(stake())).toMatch(/^0x[0-9a-f]{130}$/)
	})

	test('ESC-6 a stake of 32 ETH is not signed for a contract that takes 1 and then 31', async () => {
		const guarded = orderSigner(WITNESSES[0], { ...rules, contract: { ...contract, guardedDeposits: true } })

		await expect(guarded(stake())).rejects.toThrow(/funds validators by 1 and then 31 ETH, which the Stkr chain cannot order yet/)
	})

	test('ESC-6 a stake of another amount is not signed', async () => {
		await refused(stake({ amount: STAKE_WEI - 1n }), /it stakes 31999999999999999999 wei/)
		await refused(stake({ amount: STAKE_WEI * 2n }), /it stakes/)
	})

	test('ESC-6 a stake whose withdrawals would go elsewhere is not signed', async () => {
		await refused(stake(deposit({ withdrawalCredentials: pad('0x01', { dir: 'right' }) })), /deposit data refused/)
	})

	test('ESC-6 a stake signed for another network or by another key is not signed', async () => {
		await refused(stake(deposit({ genesisForkVersion: '0x00000000' })), /refused \(signature\)/)
		await refused(stake({ signature: deposit().signature }), /deposit data refused/)
	})
})
