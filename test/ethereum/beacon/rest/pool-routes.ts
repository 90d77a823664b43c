/** The operation pool's voluntary exits. */
import { routes } from '@lodestar/api'
import { ApiError, createFastifyRoute } from '@lodestar/api/server'
import type { FastifyInstance } from 'fastify'
import type { BlockSources } from '../block-production.ts'

export function registerPoolRoutes(server: FastifyInstance, { chain, pool }: BlockSources): void {
	const beacon = routes.beacon.getDefinitions(chain.config)
	server.route(createFastifyRoute(beacon.getPoolVoluntaryExits, async () => ({ data: pool.voluntaryExits() }), 'getPoolVoluntaryExits'))
	server.route(
		createFastifyRoute(
			beacon.submitPoolVoluntaryExit,
			async ({ signedVoluntaryExit }) => {
				const index = signedVoluntaryExit.message.validatorIndex
				if (index >= chain.headState.validators.length) throw new ApiError(400, `Voluntary exit refused: there is no validator ${index}.`)
				try {
					pool.addVoluntaryExit(signedVoluntaryExit, chain.headState)
				} catch (error) {
					throw new ApiError(400, error instanceof Error ? error.message : String(error))
				}
			},
			'submitPoolVoluntaryExit',
		),
	)
}
