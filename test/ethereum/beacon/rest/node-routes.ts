/** Node, config and genesis routes. */
import { routes } from '@lodestar/api'
import { createFastifyRoute } from '@lodestar/api/server'
import { chainConfigToJson } from '@lodestar/config'
import { activePreset, presetToJson } from '@lodestar/params'
import type { FastifyInstance } from 'fastify'
import type { BeaconChain } from '../chain.ts'
import type { SlotLoop } from '../slot-loop.ts'

const VERSION = 'stkr-devnet/0.1.0 (Lodestar state transition 1.46.0)'

export function registerNodeRoutes(server: FastifyInstance, chain: BeaconChain, slots: SlotLoop): void {
	const { config } = chain
	const node = routes.node.getDefinitions(config)
	const chainConfig = routes.config.getDefinitions(config)
	const beacon = routes.beacon.getDefinitions(config)

	server.route(createFastifyRoute(node.getNodeVersion, async () => ({ data: { version: VERSION } }), 'getNodeVersion'))
	server.route(
		createFastifyRoute(
			node.getSyncingStatus,
			async () => ({
				data: {
					headSlot: chain.head.slot,
					syncDistance: slots.slot - chain.head.slot,
					isSyncing: false,
					isOptimistic: false,
					elOffline: false,
				},
			}),
			'getSyncingStatus',
		),
	)
	server.route(createFastifyRoute(node.getHealth, async () => ({ status: 200 }), 'getHealth'))
	server.route(
		createFastifyRoute(
			chainConfig.getSpec,
			async () => ({ data: { ...presetToJson(activePreset), ...chainConfigToJson(config) } }),
			'getSpec',
		),
	)
	server.route(
		createFastifyRoute(
			chainConfig.getDepositContract,
			async () => ({ data: { chainId: config.DEPOSIT_CHAIN_ID, address: config.DEPOSIT_CONTRACT_ADDRESS } }),
			'getDepositContract',
		),
	)
	server.route(
		createFastifyRoute(
			beacon.getGenesis,
			async () => ({
				data: {
					genesisTime: chain.genesisTime,
					genesisValidatorsRoot: config.genesisValidatorsRoot,
					genesisForkVersion: config.GENESIS_FORK_VERSION,
				},
			}),
			'getGenesis',
		),
	)
}
