/** The watcher's own HTTP service: is it alive, what is wrong, in JSON and in Prometheus's terms. Read-only. */
import type { AddressInfo } from 'node:net'
import Router from '@koa/router'
import Koa from 'koa'
import { Gauge, Registry } from 'prom-client'
import type { WatcherStatus } from './watcher.ts'

const WEI_PER_ETH = 1e18

interface WatchService {
	url: string
	close(): Promise<void>
}

/**
 * Serves `/livez`, `/status` and `/metrics`; `/readyz` answers 503 while a side can't be read.
 *
 * @param port 0 takes any free one
 * @throws Error when the port is taken or the host is not this machine's
 */
export async function startWatchService(host: string, port: number, status: () => WatcherStatus): Promise<WatchService> {
	const router = new Router()
	const metrics = watchMetrics()
	router.get('/livez', (context) => {
		context.body = { live: true }
	})
	router.get('/readyz', (context) => {
		const { phase, sides, reserve } = status()
		const ready = phase === 'running' && reserve !== null && Object.values(sides).every(({ problem }) => problem === null)
		context.status = ready ? 200 : 503
		context.body = { ready, phase, sides }
	})
	router.get('/status', (context) => {
		context.body = status()
	})
	router.get('/metrics', async (context) => {
		context.type = metrics.contentType
		context.body = await metrics.render(status())
	})
	const server = new Koa().use(router.routes()).use(router.allowedMethods()).listen(port, host)
	await new Promise<void>((resolve, reject) => {
		server.once('listening', resolve)
		server.once('error', (error) =>
			reject(new Error(`The service cannot listen on ${host}:${port}: ${error.message}. Give another --port or --host.`, { cause: error })),
		)
	})
	const { address, family, port: actual } = server.address() as AddressInfo
	return {
		url: `http://${family === 'IPv6' ? `[${address}]` : address}:${actual}`,
		close: () =>
			new Promise((resolve, reject) => {
				server.close((error) => (error ? reject(error) : resolve()))
				server.closeAllConnections()
			}),
	}
}

function watchMetrics() {
	const registry = new Registry()
	const gauge = <L extends string>(name: string, help: string, ...labelNames: L[]) =>
		new Gauge<L>({ name: `stkr_watcher_${name}`, help, labelNames, registers: [registry] })

	const block = gauge('finalized_block', 'last finalized block seen', 'side')
	const movedAt = gauge('moved_at_seconds', 'Unix time at which the finalized block was first seen', 'side')
	const reserveEth = gauge('reserve_eth', 'ETH by the books of the contract (accountedWei) and of the chain', 'book')
	const orders = gauge('open_orders', 'orders that are neither executed nor refunded')
	const paused = gauge('escrow_paused', '1 while releases, stakes and locks are stopped')
	const findings = gauge('findings', 'what is wrong now, by code', 'code')
	const alarms = gauge('alarms', 'alarms raised since start')

	return {
		contentType: registry.contentType,
		render({ sides, reserve, openOrders, isPaused, findings: found, alarmCount }: WatcherStatus): Promise<string> {
			registry.resetMetrics()
			for (const side of ['ethereum', 'chain'] as const) {
				const { block: number, movedAtMs } = sides[side]
				if (number !== null) block.set({ side }, number)
				movedAt.set({ side }, movedAtMs / 1_000)
			}
			// Precise enough to watch; the exact figures are in /status.
			for (const [book, wei] of Object.entries(reserve ?? {})) reserveEth.set({ book }, Number(wei) / WEI_PER_ETH)
			orders.set(openOrders)
			if (isPaused !== null) paused.set(isPaused ? 1 : 0)
			for (const code of ['reserve-short', 'order-stuck', 'chain-stalled', 'ethereum-stalled'] as const) {
				findings.set({ code }, found.filter((finding) => finding.code === code).length)
			}
			alarms.set(alarmCount)
			return registry.metrics()
		},
	}
}
