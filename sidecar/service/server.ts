/** The witness's own HTTP service: is it alive, is it up to date, what does it owe. Read-only. */
import type { AddressInfo } from 'node:net'
import Router from '@koa/router'
import Koa from 'koa'
import type { WitnessStatus } from '../relayer/witness.ts'
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

export interface Service {
	url: string
	close(): Promise<void>
}

/**
 * Serves `/livez`, `/readyz`, `/status` and `/metrics`.
 *
 * @throws Error when the port is taken or the host is not this machine's
 */
export async function startService({ host, port, status, now = Date.now }: ServiceOptions): Promise<Service> {
	const router = new Router()
	const metrics = witnessMetrics()

	router.get('/livez', (context) => {
		context.body = { live: true }
	})

	router.get('/readyz', (context) => {
		const { phase, sides } = status()
		const ages = Object.entries(sides).map(([side, { readAtMs, problem }]) => ({
			side,
			ageMs: readAtMs === null ? null : now() - readAtMs,
			problem,
		}))
		const ready = phase === 'running' && ages.every(({ ageMs }) => ageMs !== null && ageMs <= STALE_MS)
		context.status = ready ? 200 : 503
		context.body = { ready, phase, sides: ages }
	})

	router.get('/status', (context) => {
		context.body = status()
	})

	router.get('/metrics', async (context) => {
		context.type = metrics.contentType
		context.body = await metrics.render(status())
	})

	const app = new Koa()
	app.use(router.routes()).use(router.allowedMethods())
	const server = app.listen(port, host)
	await new Promise<void>((resolve, reject) => {
		server.once('listening', resolve)
		server.once('error', (error: NodeJS.ErrnoException) => {
			const reason = error.code === 'EADDRINUSE' ? 'the port is taken: give another --port, or 0 for any free one' : error.message
			reject(new Error(`The service cannot listen on ${host}:${port}: ${reason}.`, { cause: error }))
		})
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
