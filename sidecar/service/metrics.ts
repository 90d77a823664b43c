/** The witness in Prometheus's terms. */
import { Gauge, Registry } from 'prom-client'
import type { WitnessStatus } from '../relayer/witness.ts'

const PLANCK_PER_STKR = 1e18
const WEI_PER_ETH = 1e18

interface Metrics {
	contentType: string
	/** Text exposition of a status. */
	render(status: WitnessStatus): Promise<string>
}

export function witnessMetrics(): Metrics {
	const registry = new Registry()
	const gauge = <L extends string>(name: string, help: string, ...labelNames: L[]) =>
		new Gauge<L>({ name: `stkr_witness_${name}`, help, labelNames, registers: [registry] })

	const running = gauge('running', '1 once the set-up is checked and both sides are worked on')
	const block = gauge('finalized_block', 'last finalized block read', 'side')
	const readAt = gauge('read_at_seconds', 'Unix time of the last reading without an error', 'side')
	const dutyCount = gauge('duties', 'duties by kind and state', 'kind', 'state')
	const orders = gauge('open_orders', 'orders that are neither executed nor refunded')
	const alarms = gauge('alarms', 'alarms raised since start')
	const bookBalance = gauge('book_balance', 'ETH by the books of contract and chain, in whole ETH', 'book')
	const returned = gauge('returned', 'ETH that came home from validators, read since start, in whole ETH')
	const exits = gauge('exit_requests', 'exits asked of validators, read since start')
	const feeBalance = gauge('fee_balance', 'balance that pays fees, in whole STKR or ETH', 'asset')

	return {
		contentType: registry.contentType,
		render({ phase, sides, duties, openOrders, alarmCount, balances, books, validators }) {
			registry.resetMetrics()
			running.set(phase === 'running' ? 1 : 0)
			for (const side of ['ethereum', 'chain'] as const) {
				const { block: number, readAtMs } = sides[side]
				if (number !== null) block.set({ side }, number)
				if (readAtMs !== null) readAt.set({ side }, readAtMs / 1_000)
			}
			for (const { kind, state, count } of duties) dutyCount.set({ kind, state }, count)
			orders.set(openOrders)
			alarms.set(alarmCount)
			// Precise enough to watch; the exact figures are in /status.
			for (const [book, wei] of Object.entries(books)) bookBalance.set({ book: book.replace(/Wei$/, '') }, Number(wei) / WEI_PER_ETH)
			returned.set(Number(validators.returnedWei) / WEI_PER_ETH)
			exits.set(validators.exitRequests)
			if (balances.planck !== null) feeBalance.set({ asset: 'STKR' }, Number(balances.planck) / PLANCK_PER_STKR)
			if (balances.wei !== null) feeBalance.set({ asset: 'ETH' }, Number(balances.wei) / WEI_PER_ETH)
			return registry.metrics()
		},
	}
}
