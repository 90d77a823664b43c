import { pino } from 'pino'
import { parseEther, toHex } from 'viem'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { EXPIRY, RECIPIENT, START_TIMEOUT_MS, WITNESSES } from '../contracts/testing/escrow.ts'
import { startWatchService } from '../service/watch.ts'
import { readWatchConfig } from './config.ts'
import type { OrderState } from './edges.ts'
import { FatalError } from './errors.ts'
import { type Bridge, ORDER_LIFETIME_SECONDS, startBridge, until } from './testing/bridge.ts'
import { type ChainView, checkOrders, checkReserve, checkStall } from './watch-checks.ts'
import { startWatcher, type WatcherStatus } from './watcher.ts'

let bridge: Bridge
const closing: (() => Promise<void>)[] = []
const silent = pino({ level: 'silent' })

beforeAll(async () => {
	bridge = await startBridge()
	const witnesses = [0, 1, 2].map((index) => bridge.witness(index))
	await Promise.all(witnesses.map((witness) => witness.service()))
	await bridge.escrow.lock(parseEther('100'), toHex(alice()))
	await bridge.finalize()
	await until('the mint', async () => (await bridge.wrappedWei(alice())) > 0n)
}, START_TIMEOUT_MS)
afterEach(async () => {
	for (const close of closing.splice(0)) await close()
})
afterAll(() => bridge.close())

const alice = () => bridge.keyring.addFromUri('//Alice').publicKey
const config = (flags: object = {}) =>
	readWatchConfig(
		{
			chain: bridge.chainUrl,
			ethereum: bridge.testbed.anvil.rpcUrl,
			escrow: bridge.escrow.address,
			pollMs: 50,
			confirmMs: 0,
			port: 0,
			...flags,
		},
		undefined,
	)

/** A watcher in this process with its service; `key` is that of the witness at this index. */
async function watch(flags: object = {}, key?: number) {
	const env = key === undefined ? {} : { KEY: toHex(WITNESSES[key].getHdKey().privateKey ?? '') }
	const pausing = key === undefined ? {} : { pause: true, ethereumKey: 'env:KEY' }
	const settings = config({ ...pausing, ...flags })
	const watcher = startWatcher(settings, silent, env)
	const service = await startWatchService(settings.host, settings.port, watcher.status)
	closing.push(async () => {
		await service.close()
		await watcher.close()
	})
	const untilStatus = <T>(what: string, ask: (status: WatcherStatus) => T | undefined | false) =>
		until(what, async () => ask(watcher.status()))
	return { watcher, url: service.url, until: untilStatus }
}

test('ESC-5 a sound bridge has no findings, and its books are in the metrics', async () => {
	const { until, url, watcher } = await watch()

	const reserve = await until('both sides', ({ reserve }) => reserve ?? undefined)

	expect(reserve).toMatchObject({ accountedWei: String(parseEther('100')), outstandingWei: String(parseEther('100')) })
	expect(watcher.status().findings).toEqual([])
	const metrics = await (await fetch(`${url}/metrics`)).text()
	expect(metrics).toContain('stkr_watcher_reserve_eth{book="accountedWei"} 100')
	expect(metrics).toContain('stkr_watcher_findings{code="reserve-short"} 0')
	expect((await fetch(`${url}/readyz`)).status).toBe(200)
})

const paidOut = (nonce: bigint) => until('the payment', () => bridge.escrow.isUsed(nonce))

test('ESC-5 a withdrawal on its way between the chains is no shortage', async () => {
	const { until, watcher } = await watch()
	const nonce = await bridge.withdraw('//Alice', parseEther('1'), RECIPIENT)

	await paidOut(nonce)
	await bridge.finalize()
	await until('the payment', ({ openOrders, reserve }) => openOrders === 0 && reserve?.accountedWei === String(parseEther('99')))

	expect(await bridge.escrow.isUsed(nonce)).toBe(true)
	expect(watcher.status()).toMatchObject({ alarmCount: 0, reserve: { outstandingWei: String(parseEther('99')) } })
})

test('ESC-5 a chain whose finality stands still raises one alarm, which passes when it moves', async () => {
	const { until, watcher } = await watch({ chainStallMs: 1_000 })

	await until('the alarm', ({ findings }) => findings.some(({ code }) => code === 'chain-stalled'))
	await bridge.node.author.seal({})
	await until('the end', ({ findings }) => findings.length === 0)

	expect(watcher.status().alarmCount).toBeGreaterThan(0)
})

test('ESC-5 a watcher of another escrow ends and says why, as does one whose key is no witness', async () => {
	const elsewhere = await bridge.testbed.deploy()
	await bridge.finalize()

	await expect((await watch({ escrow: elsewhere.address })).watcher.stopped).rejects.toThrow(/Check --chain, --ethereum and --escrow/)
	const stranger = (await watch({}, 5)).watcher.stopped
	await expect(stranger).rejects.toThrow(FatalError)
	await expect(stranger).rejects.toThrow(/which is no present witness/)
})

test('ESC-5 --pause asks for a key, and a key for --pause', () => {
	expect(() => config({ pause: true })).toThrow(/--ethereum-key: --pause signs with the Ethereum key of a witness/)
	expect(() => config({ ethereumKey: 'env:KEY' })).toThrow(/give both or neither/)
})

test('ESC-5 ETH that a stolen quorum took is noticed, and two watchers stop the escrow, not one', async () => {
	const reader = await watch()
	const first = await watch({}, 0)
	// Signed by all witnesses' keys, ordered by no block of the chain.
	await bridge.escrow.execute(bridge.escrow.release({ nonce: 999n, amount: parseEther('10'), expiry: EXPIRY }))
	await bridge.finalize()

	const { message } = await reader.until('the alarm', ({ findings }) => findings.find(({ code }) => code === 'reserve-short'))
	expect(message).toContain(`${parseEther('10')} wei are missing`)
	await first.until('its signature', ({ pause }) => pause ?? undefined)
	const paused = () => bridge.evm.readContract({ ...bridge.escrow.contract, functionName: 'paused' })
	expect(await paused()).toBe(false)
	expect(reader.watcher.status().pause).toBeNull()

	const liar = await startWatchService('127.0.0.1', 0, () => ({
		...first.watcher.status(),
		pause: { number: '0', signature: `0x${'11'.repeat(65)}` },
	}))
	closing.push(liar.close)
	await watch({ pausePeer: [liar.url, 'http://127.0.0.1:1', first.url] }, 1)

	await until('the pause', paused)
	await bridge.finalize()
	await reader.until('the pause to be final', ({ isPaused }) => isPaused === true)
})

/** One order in flight; ETH as given. */
const chainView = (change: Partial<ChainView> = {}): ChainView => ({
	head: { number: 7, hash: '0x' },
	seconds: 100_000n,
	totals: { mintedWei: 50n, releasedWei: 5n, stakedWei: 32n, inFlightWei: 3n },
	orders: [
		{
			order: {
				primaryType: 'Release',
				message: {
					nonce: 4n,
					asset: '0x0000000000000000000000000000000000000000',
					amount: 3n,
					recipient: RECIPIENT,
					expiry: 100_000n + BigInt(ORDER_LIFETIME_SECONDS),
					witnessSetId: 7n,
				},
			},
			signatures: [],
		},
	],
	orderLifetimeSeconds: BigInt(ORDER_LIFETIME_SECONDS),
	...change,
})
const ethereumView = (accountedWei: bigint, state: OrderState) => ({
	block: { number: 64, timestamp: 100_000n },
	accountedWei,
	isPaused: false,
	orders: new Map([[4n, state]]),
})

test('ESC-5 an open order counts against the reserve until it is executed on Ethereum', () => {
	expect(checkReserve(chainView(), ethereumView(13n, 'open'))).toEqual([])
	expect(checkReserve(chainView(), ethereumView(12n, 'open'))).toMatchObject([{ code: 'reserve-short', subject: 'ETH' }])
	expect(checkReserve(chainView(), ethereumView(12n, 'vetoed'))).toHaveLength(1)
	expect(checkReserve(chainView(), ethereumView(10n, 'executed'))).toEqual([])
	expect(checkReserve(chainView(), ethereumView(9n, 'executed'))).toHaveLength(1)
})

test.each<[OrderState, bigint]>([
	['open', 0n],
	['executed', 0n],
	['waiting', 86_400n],
	['vetoed', BigInt(ORDER_LIFETIME_SECONDS)],
])('ESC-5 an order that is %s is stuck an hour after %d seconds', (state, extra) => {
	const check = (seconds: bigint) => checkOrders(chainView({ seconds }), ethereumView(13n, state), 3_600n, 86_400n)

	expect(check(100_000n + extra + 3_600n)).toEqual([])
	expect(check(100_000n + extra + 3_601n)).toMatchObject([{ code: 'order-stuck', subject: '4' }])
})

test('SDC-2 a head that has not moved for the limit is stalled, also before the first', () => {
	expect(checkStall('ethereum', 5, 999, 1_000)).toEqual([])
	expect(checkStall('ethereum', undefined, 1_000, 1_000)).toMatchObject([{ code: 'ethereum-stalled' }])
})
