import { createPublicClient, createWalletClient, http } from 'viem'
import { foundry } from 'viem/chains'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { RECIPIENT, STAKER, START_TIMEOUT_MS, startEscrowTestbed } from '../sidecar/contracts/testing/escrow.ts'
import { type EthereumClients, escrowAbi, LockError, lock } from './ethereum.ts'

const ALICE = '5GrwvaEF5zXb26Fz9rcQpDWS57CtERHpNehXCPcNoHGKutQY'
const ALICE_KEY = '0xd43593c715fdd31c61141abd04a99fd6822c8558854ccde39a5684e7a56da27d'
const ETHER = 10n ** 18n

let testbed: Awaited<ReturnType<typeof startEscrowTestbed>>
let clients: EthereumClients
let escrow: `0x${string}`

beforeAll(async () => {
	testbed = await startEscrowTestbed()
	const connection = { chain: { ...foundry, id: testbed.anvil.chainId }, transport: http(testbed.anvil.rpcUrl), pollingInterval: 10 }
	clients = { wallet: createWalletClient({ ...connection, account: STAKER }), reader: createPublicClient(connection) }
	escrow = (await testbed.deploy()).address
}, START_TIMEOUT_MS)
afterAll(() => testbed?.close())

const failureOf = (work: Promise<unknown>): Promise<unknown> =>
	work.then(
		() => expect.fail('it went through'),
		(error: unknown) => error,
	)

describe('lock', () => {
	it('ESC-1 locks ETH for an account given as SS58, and tells the number of the lock', async () => {
		const first = await lock(clients, { escrow, recipient: ALICE, amountWei: ETHER })
		const second = await lock(clients, { escrow, recipient: ALICE_KEY, amountWei: 2n * ETHER })
		expect([first.lockNonce, second.lockNonce]).toEqual([0n, 1n])
		expect(await clients.reader.getBalance({ address: escrow })).toBe(3n * ETHER)
		const logs = await clients.reader.getContractEvents({ address: escrow, abi: escrowAbi, eventName: 'Locked', fromBlock: 0n })
		expect(logs.map(({ args }) => args.recipient)).toEqual([ALICE_KEY, ALICE_KEY])
	})

	it('ESC-1 refuses a mistyped account before any ETH moves', async () => {
		for (const recipient of [ALICE.replace('Y', 'Z'), '0x1234', RECIPIENT]) {
			const error = await failureOf(lock(clients, { escrow, recipient, amountWei: ETHER }))
			expect(error).toBeInstanceOf(LockError)
			expect(error).toMatchObject({ code: 'bad-recipient', message: expect.stringContaining(recipient) })
		}
	})

	it('ESC-1 passes on why the contract refuses', async () => {
		const error = await failureOf(lock(clients, { escrow, recipient: ALICE, amountWei: 1n }))
		expect((error as Error).message).toContain('AmountBelowMinimum')
	})

	it('ESC-1 sends nothing to an address that is no escrow', async () => {
		const error = await failureOf(lock(clients, { escrow: RECIPIENT, recipient: ALICE, amountWei: ETHER }))
		expect(error).toMatchObject({ code: 'not-escrow' })
		expect(await clients.reader.getBalance({ address: RECIPIENT })).toBe(0n)
	})
})
