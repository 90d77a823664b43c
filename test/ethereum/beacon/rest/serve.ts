/** Ties handlers to the Beacon API's endpoints as @lodestar/api defines them: paths, parameters, JSON and SSZ codecs. */
import type { Endpoint } from '@lodestar/api'
import { type ApplicationMethods, createFastifyRoute } from '@lodestar/api/server'
import type { FastifyInstance } from 'fastify'

type RouteDefinition<Route extends Endpoint> = Parameters<typeof createFastifyRoute<Route>>[0]

/** Registers one route per handler, under the endpoint's name. */
export function serve<Endpoints extends Record<string, Endpoint>>(
	server: FastifyInstance,
	definitions: { [Name in keyof Endpoints]: RouteDefinition<Endpoints[Name]> },
	handlers: Partial<ApplicationMethods<Endpoints>>,
): void {
	for (const name of Object.keys(handlers)) {
		const handler = handlers[name]
		if (handler !== undefined) server.route(createFastifyRoute(definitions[name], handler, name))
	}
}
