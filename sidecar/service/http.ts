import type { AddressInfo } from 'node:net'
import Router from '@koa/router'
import Koa from 'koa'

export interface Service {
	url: string
	close(): Promise<void>
}

/** What a part of the sidecar tells about itself. */
export interface Report {
	/** Whether it is up to date, and why not. */
	readiness(): { ready: boolean } & object
	status(): object
	metrics: { contentType: string; render(): Promise<string> }
}

/**
 * Serves `/livez`, `/readyz` (503 while not ready), `/status` and `/metrics`. Read-only.
 *
 * @param port 0 takes any free one
 * @throws Error when the port is taken or the host is not this machine's
 */
export async function serve(host: string, port: number, { readiness, status, metrics }: Report): Promise<Service> {
	const router = new Router()
	router.get('/livez', (context) => {
		context.body = { live: true }
	})
	router.get('/readyz', (context) => {
		const body = readiness()
		context.status = body.ready ? 200 : 503
		context.body = body
	})
	router.get('/status', (context) => {
		context.body = status()
	})
	router.get('/metrics', async (context) => {
		context.type = metrics.contentType
		context.body = await metrics.render()
	})
	const server = new Koa().use(router.routes()).use(router.allowedMethods()).listen(port, host)
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
