/** The watcher's own HTTP service: is it alive, what is wrong, in JSON and in Prometheus's terms. Read-only. */
import { Gauge, Registry } from 'prom-client'
import type { WatcherStatus } from '../relayer/watcher.ts'
import { type Service, serve } from './http.ts'

const WEI_PER_ETH = 1e18

/**
 * Serves what `http.ts` says; ready is a running watcher that can read both sides.
 *
 * @throws Error when the port is taken or the host is not this machine's
 */
export function startWatchService(host: string, port: number, status: () => WatcherStatus): Promise<Service> {
	const { contentType, render } = watchMetrics()
	const readiness = () => {
		const { phase, sides, reserve } = status()
		const ready = phase === 'running' && reserve !== null && Object.values(sides).every(({ problem }) => problem === null)
		return { ready, phase, sides }
	}
	return serve(host, port, { readiness, status, metrics: { contentType, render: () => render(status()) } })
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
