import { type Hex, pad, parseEther, toHex } from 'viem'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { generateValidatorKey, makeDepositData } from '../contracts/deposit-data.ts'
import { DEPOSIT_CONTRACT } from '../contracts/testing/anvil.ts'
import { GENESIS_FORK_VERSION, RECIPIENT, WITNESSES } from '../contracts/testing/escrow.ts'
import { type Bridge, ORDER_LIFETIME_SECONDS, startBridge, until, type WitnessProcess } from './testing/bridge.ts'

let bridge: Bridge
let witnesses: WitnessProcess[]

beforeAll(async () => {
	bridge = await startBridge()
	witnesses = [0, 1, 2].map((index) => bridge.witness(index))
	await Promise.all(witnesses.map((witness) => witness.service()))
})

afterAll(() => bridge.close())

const alice = () => bridge.keyring.addFromUri('//Alice').publicKey
const closed = (nonce: bigint) => async () => (await bridge.storage('orders', nonce)) === null

test('ESC-1 a lock on Ethereum is minted once its block is finalized, and not before', async () => {
	await bridge.escrow.lock(parseEther('100'), toHex(alice()))
	expect(await bridge.wrappedWei(alice())).toBe(0n)

	await bridge.finalize()
	await until('the mint', async () => (await bridge.wrappedWei(alice())) > 0n)

	expect(await bridge.wrappedWei(alice())).toBe(parseEther('100'))
})

test('ESC-2 a withdrawal is signed by all, relayed, paid on Ethereum and closed on the chain', async () => {
	const nonce = await bridge.withdraw('//Alice', parseEther('2'), RECIPIENT)

	await until('the payment', () => bridge.escrow.isUsed(nonce))
	await bridge.finalize()
	await until('the order to be closed', closed(nonce))

	expect(await bridge.evm.getBalance({ address: RECIPIENT })).toBe(parseEther('2'))
	expect(await bridge.wrappedWei(alice())).toBe(parseEther('98'))
})

test('ESC-2 an order that no one could execute is refunded after its expiry is final, once', async () => {
	const { address } = await bridge.testbed.deployContract('SwitchableRecipient', [])
	const nonce = await bridge.withdraw('//Alice', parseEther('1'), address)
	await until('all signatures', async () => ((await bridge.storage('orders', nonce)) as { signatures: unknown[] }).signatures.length === 3)

	const { timestamp } = await bridge.evm.getBlock()
	const later = Number(timestamp) + ORDER_LIFETIME_SECONDS + 60
	await bridge.evm.setNextBlockTimestamp({ timestamp: BigInt(later) })
	await bridge.finalize()
	await bridge.node.author.seal({ timestampMs: later * 1_000 })
	await until('the refund', closed(nonce))

	expect(await bridge.escrow.isUsed(nonce)).toBe(false)
	expect(await bridge.wrappedWei(alice())).toBe(parseEther('98'))
})

/** Opens a micro-pool and fills it, which makes a stake order; returns the order's nonce. */
async function fillPool(deposit: { pubkey: Hex; signature: Hex; depositDataRoot: Hex }): Promise<bigint> {
	const { api, submit, storage } = bridge
	const nonce = BigInt(String(await storage('nextOrderNonce')))
	const pool = (await api.query.microPool.nextPoolId()).toJSON()
	const endsAtMs = Number((await api.query.timestamp.now()).toString()) + 30 * 86_400_000
	const half = parseEther('16')
	await submit('//Alice', api.tx.microPool.open(half, endsAtMs, 0, deposit.pubkey, deposit.signature, deposit.depositDataRoot))
	await submit('//Alice', api.tx.microPool.join(pool, half))
	return nonce
}

test('ESC-6 a filled micro-pool is deposited for its validator with the real deposit contract', async () => {
	const before = await bridge.evm.getBalance({ address: DEPOSIT_CONTRACT })

	const nonce = await fillPool(await bridge.escrow.depositData())
	await until('the deposit', () => bridge.escrow.isUsed(nonce))
	await bridge.finalize()
	await until('the order to be closed', closed(nonce))

	expect((await bridge.evm.getBalance({ address: DEPOSIT_CONTRACT })) - before).toBe(parseEther('32'))
	expect(BigInt(((await bridge.storage('totals')) as { stakedWei: string }).stakedWei)).toBe(parseEther('32'))
})

test('ESC-6 no witness signs a stake whose deposit the Beacon chain would not credit, and each raises an alarm', async () => {
	const secretKey = generateValidatorKey()
	const elsewhere = makeDepositData({
		secretKey,
		withdrawalCredentials: pad('0x01', { dir: 'right' }),
		amountGwei: 32_000_000_000n,
		genesisForkVersion: GENESIS_FORK_VERSION,
	})

	const nonce = await fillPool(elsewhere)
	const alarms = await Promise.all(
		witnesses.map(async (witness) => {
			const url = await witness.service()
			return until('the alarm', async () => {
				const { alarms } = (await (await fetch(`${url}/status`)).json()) as { alarms: { code: string; message: string }[] }
				return alarms.find(({ code }) => code === 'order-refused')
			})
		}),
	)

	for (const { message } of alarms)
		expect(message).toMatch(new RegExp(`signOrder ${nonce} was given up: Order ${nonce} was not signed: deposit data refused`))
	expect(((await bridge.storage('orders', nonce)) as { signatures: unknown[] }).signatures).toEqual([])
})

test('SDC-2 work goes on after the chain was away', async () => {
	const before = await bridge.wrappedWei(alice())
	const url = await witnesses[0].service()

	await bridge.withoutChain(async () => {
		await bridge.escrow.lock(parseEther('1'), toHex(alice()))
		await bridge.finalize()
		await until('the witness to notice', async () => {
			const { sides } = (await (await fetch(`${url}/status`)).json()) as { sides: { chain: { problem: string | null } } }
			return sides.chain.problem !== null
		})
	})

	// The test's own connection is coming back too.
	await until('the mint', async () => bridge.api.isConnected && (await bridge.wrappedWei(alice())) - before === parseEther('1'))
})

test('SDC-2 a second process with the same data directory ends at once and says why', async () => {
	const second = bridge.witness(0)

	expect(await second.ended).toBe(2)
	expect(second.log()).toMatch(/The outbox .* is in use by another process/)
})

test('ESC-2 a process whose account is no witness ends at once and says why', async () => {
	const stranger = bridge.witness(0, { account: '//Eve' })

	expect(await stranger.ended).toBe(2)
	expect(stranger.log()).toMatch(/of --account is no witness on the Stkr chain/)
})

test('SDC-2 each witness tells how it is doing', async () => {
	const service = await witnesses[0].service()
	const status = await (await fetch(`${service}/status`)).json()
	const metrics = await (await fetch(`${service}/metrics`)).text()

	expect((await fetch(`${service}/readyz`)).status).toBe(200)
	expect(status).toMatchObject({ phase: 'running', alarmCount: expect.any(Number) })
	const key = toHex(WITNESSES[0].getHdKey().privateKey ?? '')
	expect(witnesses[0].log()).not.toContain(key.slice(2))
	expect(metrics).toContain('stkr_witness_duties{kind="attestLock",state="done"} 2')
})
