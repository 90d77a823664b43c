import { type Hex, parseEther, toHex } from 'viem'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { RECIPIENT } from '../contracts/testing/escrow.ts'
import { CRASH_STEPS, crashHook } from './crash.ts'
import { type Bridge, startBridge, until } from './testing/bridge.ts'

const LOCK_WEI = parseEther('1')
const WITHDRAWAL_WEI = parseEther('0.01')
/** Orders of a round: one a witness, so that each is the first in line for one. */
const ORDERS = 3
/** The first witness crashes; the others leave its relays to it. */
const NEVER_MS = 3_600_000
/** Pace of finality on the test's Ethereum: slower than the witnesses read, so that they keep up. */
const FINALITY_MS = 500

let bridge: Bridge
let recipient: Hex
let locks = 0
const orders: bigint[] = []

beforeAll(async () => {
	bridge = await startBridge()
	recipient = toHex(bridge.keyring.addFromUri('//Alice').publicKey)
	const others = [1, 2].map((index) => bridge.witness(index, { relayStaggerMs: NEVER_MS }))
	const first = bridge.witness(0)
	await Promise.all([first, ...others].map((witness) => witness.service()))
	// Wrapped ETH to withdraw from the first round on.
	await lock()
	await until('the first mint', async () => (await bridge.wrappedWei(recipient)) > 0n)
	await first.stop()
})

afterAll(() => bridge.close())

async function lock(): Promise<void> {
	await bridge.escrow.lock(LOCK_WEI, recipient)
	await bridge.finalize()
	locks++
}

async function withdraw(): Promise<void> {
	for (let count = 0; count < ORDERS; count++) orders.push(await bridge.withdraw('//Alice', WITHDRAWAL_WEI, RECIPIENT))
}

for (const step of CRASH_STEPS) {
	test(`SDC-2 a witness killed at the step ${step} gives its place to the next run`, async () => {
		const witness = bridge.witness(0, { crashAt: step })
		let ended: string | number | undefined
		witness.ended.then((how) => {
			ended = how
		})
		await lock()
		await withdraw()

		await until(
			`the crash at ${step}`,
			async () => {
				await bridge.finalize()
				return ended !== undefined
			},
			FINALITY_MS,
		)

		expect(ended, witness.log()).toBe('SIGKILL')
	})
}

test('SDC-2 after a crash at every step nothing is lost, minted twice or released twice', async () => {
	const witness = bridge.witness(0)

	await until(
		'all orders to be closed',
		async () => {
			await bridge.finalize()
			const open = await bridge.api.query.escrow.orders.keys()
			return open.length === 0 && Number(await bridge.storage('counterForMintedLocks')) === locks
		},
		FINALITY_MS,
	)

	const locked = LOCK_WEI * BigInt(locks)
	const released = WITHDRAWAL_WEI * BigInt(orders.length)
	expect(await bridge.evm.getBalance({ address: RECIPIENT })).toBe(released)
	expect(await bridge.escrow.balance()).toBe(locked - released)
	expect(await bridge.wrappedWei(recipient)).toBe(locked - released)
	for (const nonce of orders) expect(await bridge.escrow.isUsed(nonce), `order ${nonce}`).toBe(true)
	const totals = (await bridge.storage('totals')) as Record<string, string | number>
	expect(Object.fromEntries(Object.entries(totals).map(([name, value]) => [name, BigInt(value)]))).toEqual({
		mintedWei: locked,
		releasedWei: released,
		stakedWei: 0n,
		inFlightWei: 0n,
	})
	await witness.stop()
})

test('SDC-2 the crash hook works in tests alone, and refuses a step that does not exist', () => {
	expect(() => crashHook({ NODE_ENV: 'production', STKR_CRASH_AT: 'ethereum-read' })('ethereum-read')).not.toThrow()
	expect(() => crashHook({ NODE_ENV: 'test', STKR_CRASH_AT: 'lunch' })).toThrow(/STKR_CRASH_AT is "lunch": it must be one of ethereum-read/)
})
