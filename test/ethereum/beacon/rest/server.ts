/** The standard Beacon API (ethereum/beacon-APIs) over HTTP on loopback: the routes below; any other answers 404. */
import { addSszContentTypeParser } from '@lodestar/api/server'
import fastify, { type FastifyInstance } from 'fastify'
import qs from 'qs'
import type { BlockSources } from '../block-production.ts'
import type { SlotLoop } from '../slot-loop.ts'
import { registerBlockRoutes } from './block-routes.ts'
import { registerEventStream } from './event-stream.ts'
import { registerNodeRoutes } from './node-routes.ts'
import { registerPoolRoutes } from './pool-routes.ts'
import { registerRewardRoutes } from './reward-routes.ts'
import { registerStateRoutes } from './state-routes.ts'
import { registerValidatorRoutes } from './validator-routes.ts'

/** @returns the port it listens on. @throws if the port can't be bound, with `code` of the system error */
export async function startRestApi(sources: BlockSources, slots: SlotLoop, port: number): Promise<number> {
	const server: FastifyInstance = fastify({
		ajv: { customOptions: { coerceTypes: 'array' } },
		// Lists come as `id=1,2` or `id=1&id=2`; the Beacon API allows both.
		routerOptions: { querystringParser: (query) => qs.parse(query, { comma: true, parseArrays: true }) as Record<string, unknown> },
	})
	addSszContentTypeParser(server)
	server.setErrorHandler((error: Error & { statusCode?: number; failures?: unknown }, _request, reply) => {
		const code = error.statusCode ?? 500
		void reply.code(code).send({ code, message: error.message, failures: error.failures })
	})
	server.setNotFoundHandler((request, reply) => {
		void reply.code(404).send({ code: 404, message: `${request.method} ${request.url} is not served here.` })
	})
	await registerNodeRoutes(server, sources.chain, slots)
	registerStateRoutes(server, sources.chain)
	registerValidatorRoutes(server, sources.chain)
	registerBlockRoutes(server, sources.chain)
	registerRewardRoutes(server, sources.chain)
	registerPoolRoutes(server, sources)
	registerEventStream(server, sources)
	await server.listen({ host: '127.0.0.1', port })
	const address = server.server.address()
	if (address === null || typeof address === 'string') throw new Error('The REST server has no TCP address')
	return address.port
}
