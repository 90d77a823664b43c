/** The witness's own HTTP service: is it alive, is it up to date, what does it owe. Read-only. */
import type { WitnessStatus } from '../relayer/witness.ts'
import { type Service, serve } from './http.ts'
import { witnessMetrics } from './metrics.ts'

/** A side that was not read for this long is not up to date. */
const STALE_MS = 60_000

interface ServiceOptions {
	host: string
	/** 0 takes any free port. */
	port: number
	status: () => WitnessStatus
	now?: () => number
}

/**
 * Serves what `http.ts` says; ready is a running witness that has read both sides of late.
 *
 * @throws Error when the port is taken or the host is not this machine's
 */
export function startService({ host, port, status, now = Date.now }: ServiceOptions): Promise<Service> {
	const { contentType, render } = witnessMetrics()
	const readiness = () => {
		const { phase, sides } = status()
		const ages = Object.entries(sides).map(([side, { readAtMs, problem }]) => ({
			side,
			ageMs: readAtMs === null ? null : now() - readAtMs,
			problem,
		}))
		const ready = phase === 'running' && ages.every(({ ageMs }) => ageMs !== null && ageMs <= STALE_MS)
		return { ready, phase, sides: ages }
	}
	return serve(host, port, { readiness, status, metrics: { contentType, render: () => render(status()) } })
}
