import { parseEther, zeroAddress } from 'viem'
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest'
import type { EscrowMessage, EscrowOrder } from '../contracts/eip712.ts'
import {
	COUNCIL,
	type EscrowTestbed,
	RECIPIENT,
	RELAYER,
	START_TIMEOUT_MS,
	STRANGER,
	startEscrowTestbed,
	type TestEscrow,
	WITNESSES,
} from '../contracts/testing/escrow.ts'
import { DEFAULT_POLICY, type WitnessContext } from './context.ts'
import { connectEscrow } from './escrow-contract.ts'
import { Outbox } from './outbox.ts'
import { relayOrders } from './relay-orders.ts'
import { scanEthereum } from './scan-ethereum.ts'
import { ModelChain } from './testing/model-chain.ts'

/** One witness's Ethereum side with the real contract, and a clock that the test moves. */
const DAY_SECONDS = 86_400
const STAGGER_MS = 24_000
const LARGE_WEI = parseEther('100')

let testbed: EscrowTestbed
let escrow: TestEscrow
let witness: WitnessContext
let nowMs: number
let log: string[]

beforeAll(async () => {
	testbed = await startEscrowTestbed()
}, START_TIMEOUT_MS)
afterAll(() => testbed.close())

beforeEach(async () => {
	escrow = await testbed.deploy({ ethPolicy: { minimumLock: 1n, floorCap: parseEther('110'), delayAbove: parseEther('96') } })
	await escrow.lock(parseEther('500'))
	await finalize()
	nowMs = 0
	log = []
	const ethereum = connectEscrow({ url: testbed.anvil.rpcUrl, escrow: escrow.address, account: RELAYER, maxFeePerGasWei: 10n ** 12n })
	const identity = { stkrGenesis: '0x', witness: '0x00', ethereumChainId: 1, escrow: escrow.address, ethereumAccount: '0x' } as const
	witness = {
		outbox: new Outbox(':memory:', identity),
		chain: new ModelChain(1, 1, () => 0n).as(0),
		ethereum,
		witnessSets: [await ethereum.witnessSet()],
		place: { index: 1, of: 4 },
		signOrder: async () => '0x',
		policy: { ...DEFAULT_POLICY, relayStaggerMs: STAGGER_MS },
		now: () => nowMs,
		random: () => 1,
		reached: () => {},
		alarm: (code) => log.push(`alarm ${code}`),
		info: (message, { code }) => message !== 'read Ethereum' && log.push(code ? String(code) : message),
		view: {},
		tally: { returns: 0, returnedWei: 0n, exitRequests: 0 },
		sentMs: new Map(),
	}
	while (await scanEthereum(witness));
})
afterEach(() => witness.outbox.close())

const finalize = () => testbed.evm.mine({ blocks: 65 })

/** Everything up to now is final, and the witness works once. */
async function work(): Promise<void> {
	await finalize()
	while (await scanEthereum(witness));
	await relayOrders(witness)
}

async function pass(seconds: number): Promise<void> {
	nowMs += seconds * 1_000
	await testbed.passTime(seconds)
}

async function owe(order: EscrowOrder): Promise<void> {
	const signatures = await escrow.sign(order)
	witness.outbox.transaction(() => witness.outbox.observe({ kind: 'relayOrder', nonce: order.message.nonce, order, signatures }, 0))
	witness.view.chain = { head: { number: 0, hash: '0x' }, orders: [{ order, signatures: [] }] }
}

const due = () => witness.outbox.due(['relayOrder'], nowMs, 10).length
const states = () => witness.outbox.counts()
const pause = (number: bigint): EscrowMessage => ({ primaryType: 'Pause', message: { number } })

test('ESC-5 a large release is relayed, waits a day, and is relayed again by each witness in its turn', async () => {
	const order = escrow.release({ nonce: 0n, amount: LARGE_WEI })
	const before = await testbed.evm.getBalance({ address: RECIPIENT })
	await owe(order)
	await work()
	await work()
	expect(await witness.ethereum.orderState(0n, Number(await testbed.evm.getBlockNumber()))).toBe('waiting')
	nowMs += 10_000
	await work()
	expect(log).toEqual(Array.from({ length: 2 }, () => 'order-delayed'))

	await pass(DAY_SECONDS - 3_600)
	expect(due()).toBe(0)
	await pass(3_600)
	// The one before in line goes first.
	expect(due()).toBe(0)
	await pass(STAGGER_MS / 1_000)
	await work()
	await work()

	expect((await testbed.evm.getBalance({ address: RECIPIENT })) - before).toBe(LARGE_WEI)
	expect(states()).toContainEqual({ kind: 'relayOrder', state: 'done', count: 1 })
	expect(states()).toContainEqual({ kind: 'attestOutcome', state: 'observed', count: 1 })
})

test('ESC-5 a release above what may leave today is tried again when the next day begins', async () => {
	const { timestamp } = await testbed.evm.getBlock()
	await escrow.execute(escrow.release({ nonce: 1n, amount: parseEther('60') }))
	await owe(escrow.release({ nonce: 2n, amount: parseEther('60') }))

	await work()
	expect(log).toEqual(['flow-cap'])
	const untilMidnight = DAY_SECONDS - Number(timestamp % BigInt(DAY_SECONDS))
	await pass(untilMidnight - 3_600)
	expect(due()).toBe(0)
	await pass(3_600 + (3 * STAGGER_MS) / 1_000)
	await work()
	await work()

	expect(await escrow.isUsed(2n)).toBe(true)
})

test('ESC-5 nothing is relayed while the escrow is paused, and all of it afterwards', async () => {
	await escrow.execute(pause(0n))
	await owe(escrow.release({ nonce: 0n }))
	for (let tries = 0; tries < 12; tries++) {
		await work()
		nowMs += 60_000
	}
	expect(log).toEqual(Array.from({ length: 12 }, () => 'escrow-paused'))

	await escrow.execute({ primaryType: 'Unpause', message: { number: 0n } })
	await work()
	await work()

	expect(await escrow.isUsed(0n)).toBe(true)
})

test('ESC-5 a vetoed order is relayed no more, told once, and attested as expired only after its expiry', async () => {
	const { timestamp } = await testbed.evm.getBlock()
	const lifetime = 2 * DAY_SECONDS
	await owe(escrow.release({ nonce: 0n, amount: LARGE_WEI, expiry: timestamp + BigInt(lifetime) }))
	await work()
	await finalize()
	const veto: EscrowMessage = { primaryType: 'Veto', message: { nonce: 0n } }
	await escrow.relay(veto, await escrow.sign(veto, COUNCIL.slice(0, 2)))
	await work()
	await work()

	expect(log.filter((line) => line.startsWith('the council vetoed'))).toHaveLength(1)
	expect(log.at(-1)).toBe('order vetoed')
	expect(states()).toEqual([
		{ kind: 'attestLock', state: 'observed', count: 1 },
		{ kind: 'relayOrder', state: 'done', count: 1 },
	])
	await pass(lifetime)
	await work()
	expect(witness.outbox.due(['attestOutcome'], nowMs, 1)[0].duty).toEqual({ kind: 'attestOutcome', nonce: 0n, outcome: 'Expired' })
})

test('ESC-5 a large release that expires before its wait ends is given up, and the alarm says why', async () => {
	const { timestamp } = await testbed.evm.getBlock()
	await owe(escrow.release({ nonce: 0n, amount: LARGE_WEI, expiry: timestamp + 3_600n }))

	await work()

	expect(log).toEqual(['alarm relay-refused'])
	expect(states()).toContainEqual({ kind: 'relayOrder', state: 'failed', count: 1 })
})

test('ESC-5 another order under a nonce that waits keeps being tried, with an alarm', async () => {
	await escrow.execute(escrow.release({ nonce: 0n, amount: LARGE_WEI + 1n }))
	await owe(escrow.release({ nonce: 0n, amount: LARGE_WEI }))

	for (let tries = 0; tries < 5; tries++) {
		await work()
		nowMs += 60_000
	}

	expect(log).toEqual([...Array.from({ length: 5 }, () => 'nonce-delayed'), 'alarm nonce-delayed'])
})

test('ESC-3 after a rotation is final the threshold is the next set’s, and the leaving one counts until its grace ends', async () => {
	const { timestamp } = await testbed.evm.getBlock()
	const graceUntil = timestamp + BigInt(DAY_SECONDS)
	await escrow.execute(escrow.rotate(WITNESSES.slice(0, 7), { graceUntil }))
	while (await scanEthereum(witness));
	expect(witness.witnessSets.map(({ id }) => id)).toEqual([7n])

	await work()
	expect(log).toContain('alarm witness-set-rotated')
	expect(witness.witnessSets.map(({ id, threshold, validUntil }) => ({ id, threshold, validUntil }))).toEqual([
		{ id: 7n, threshold: 3, validUntil: graceUntil },
		{ id: 8n, threshold: 5, validUntil: 2n ** 64n - 1n },
	])
	await pass(2 * DAY_SECONDS)
	await work()

	expect(witness.witnessSets.map(({ id }) => id)).toEqual([8n])
	expect(
		await connectEscrow({ url: testbed.anvil.rpcUrl, escrow: escrow.address, account: RELAYER, maxFeePerGasWei: 1n }).witnessSet(),
	).toEqual(witness.witnessSets[0])
})

test('ESC-6 ETH of validators that came home and exits that were asked for are counted once', async () => {
	const { pubkey } = await escrow.depositData()
	await testbed.evm.setBalance({ address: escrow.address, value: (await escrow.balance()) + 5n })
	await testbed.relayer.writeContract({ ...escrow.contract, functionName: 'sweep', account: STRANGER })
	const exit: EscrowMessage = {
		primaryType: 'Exit',
		message: { nonce: 3n, pubkey, amountGwei: 0n, expiry: escrow.release().message.expiry, witnessSetId: 7n },
	}
	await escrow.relay(exit, await escrow.sign(exit), undefined, 1_000n)

	await work()
	await work()

	expect(witness.tally).toEqual({ returns: 1, returnedWei: 5n, exitRequests: 1 })
	expect(await escrow.accounted(zeroAddress)).toBe(parseEther('500') + 5n)
	expect(states()).toEqual([{ kind: 'attestLock', state: 'observed', count: 1 }])
})
