import { afterEach, expect, test } from 'vitest'
import type { WitnessStatus } from '../relayer/witness.ts'
import type { Service } from './http.ts'
import { startService } from './server.ts'

const NOW_MS = 1_000_000

const running: WitnessStatus = {
	phase: 'running',
	account: '5Grw',
	ethereumAccount: '0x01',
	escrow: '0x02',
	sides: { ethereum: { block: 64, readAtMs: NOW_MS - 1_000, problem: null }, chain: { block: 7, readAtMs: NOW_MS, problem: null } },
	duties: [{ kind: 'attestLock', state: 'done', count: 3 }],
	openOrders: 2,
	alarms: [],
	alarmCount: 1,
	balances: { planck: '1500000000000000000', wei: null },
	books: { accountedWei: '40000000000000000000' },
	validators: { returns: 1, returnedWei: '32000000000000000000', exitRequests: 2 },
}

let service: Service
afterEach(() => service.close())

const serve = async (status: WitnessStatus) => {
	service = await startService({ host: '127.0.0.1', port: 0, status: () => status, now: () => NOW_MS })
	return async (path: string, init?: RequestInit) => {
		const response = await fetch(`${service.url}${path}`, init)
		return { status: response.status, text: await response.text() }
	}
}

test('SDC-2 a witness that reads both sides is ready', async () => {
	const get = await serve(running)

	expect(await get('/livez')).toEqual({ status: 200, text: '{"live":true}' })
	expect((await get('/readyz')).status).toBe(200)
	expect(JSON.parse((await get('/status')).text)).toEqual(running)
})

test.each([
	['has not started', { ...running, phase: 'starting' as const }],
	['never read a side', { ...running, sides: { ...running.sides, chain: { block: null, readAtMs: null, problem: 'down' } } }],
	[
		'has not read a side for a minute',
		{ ...running, sides: { ...running.sides, ethereum: { block: 1, readAtMs: NOW_MS - 60_001, problem: 'down' } } },
	],
])('SDC-2 a witness that %s is alive but not ready', async (_, status) => {
	const get = await serve(status)

	const readyz = await get('/readyz')

	expect(readyz.status).toBe(503)
	expect(JSON.parse(readyz.text)).toMatchObject({ ready: false, phase: status.phase })
	expect((await get('/livez')).status).toBe(200)
})

test('SDC-1 metrics follow the status, and what is gone from it is gone from them', async () => {
	let status = running
	service = await startService({ host: '127.0.0.1', port: 0, status: () => status })
	const metrics = async () => (await fetch(`${service.url}/metrics`)).text()

	expect(await metrics()).toContain('stkr_witness_duties{kind="attestLock",state="done"} 3')
	expect(await metrics()).toContain('stkr_witness_fee_balance{asset="STKR"} 1.5')
	expect(await metrics()).not.toContain('asset="ETH"')
	expect(await metrics()).toContain('stkr_witness_book_balance{book="accounted"} 40')
	expect(await metrics()).toContain('stkr_witness_returned 32')
	expect(await metrics()).toContain('stkr_witness_exit_requests 2')
	status = { ...running, duties: [] }

	expect(await metrics()).not.toContain('attestLock')
})

test('the service only reads', async () => {
	const get = await serve(running)

	expect((await get('/status', { method: 'POST' })).status).toBe(405)
	expect((await get('/')).status).toBe(404)
})

test('a taken port is told with what to do', async () => {
	await serve(running)
	const port = Number(new URL(service.url).port)

	await expect(startService({ host: '127.0.0.1', port, status: () => running })).rejects.toThrow(
		`cannot listen on 127.0.0.1:${port}: the port is taken: give another --port`,
	)
})
