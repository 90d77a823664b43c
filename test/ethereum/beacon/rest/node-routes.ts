/** Node, config and genesis routes. */
import { routes } from '@lodestar/api'
import { ApiError } from '@lodestar/api/server'
import { chainConfigToJson } from '@lodestar/config'
import { activePreset, presetToJson } from '@lodestar/params'
import type { FastifyInstance } from 'fastify'
import type { BeaconChain } from '../chain.ts'
import { createNetworkIdentity } from '../network-identity.ts'
import type { SlotLoop } from '../slot-loop.ts'
import { serve } from './serve.ts'

const VERSION = 'stkr-devnet/0.1.0 (Lodestar state transition 1.46.0)'

export async function registerNodeRoutes(server: FastifyInstance, chain: BeaconChain, slots: SlotLoop): Promise<void> {
	const { config } = chain
	const identity = await createNetworkIdentity(config)

	serve<routes.node.Endpoints>(server, routes.node.getDefinitions(config), {
		getNodeVersion: async () => ({ data: { version: VERSION } }),
		getNetworkIdentity: async () => ({ data: identity }),
		// The only node of its network.
		getPeers: async () => ({ data: [], meta: { count: 0 } }),
		getPeer: async ({ peerId }) => {
			throw new ApiError(404, `No peer "${peerId}": this is the only node of its network.`)
		},
		getPeerCount: async () => ({ data: { disconnected: 0, connecting: 0, connected: 0, disconnecting: 0 } }),
		getSyncingStatus: async () => ({
			data: {
				headSlot: chain.head.slot,
				syncDistance: slots.slot - chain.head.slot,
				isSyncing: false,
				isOptimistic: false,
				elOffline: false,
			},
		}),
		getHealth: async () => ({ status: 200 }),
	})
	serve<routes.config.Endpoints>(server, routes.config.getDefinitions(config), {
		getSpec: async () => ({ data: { ...presetToJson(activePreset), ...chainConfigToJson(config) } }),
		getForkSchedule: async () => ({
			data: config.forksAscendingEpochOrder
				.filter(({ epoch }) => epoch !== Number.POSITIVE_INFINITY)
				.map(({ prevVersion, version, epoch }) => ({ previousVersion: prevVersion, currentVersion: version, epoch })),
		}),
		getDepositContract: async () => ({ data: { chainId: config.DEPOSIT_CHAIN_ID, address: config.DEPOSIT_CONTRACT_ADDRESS } }),
	})
	serve<routes.beacon.Endpoints>(server, routes.beacon.getDefinitions(config), {
		getGenesis: async () => ({
			data: {
				genesisTime: chain.genesisTime,
				genesisValidatorsRoot: config.genesisValidatorsRoot,
				genesisForkVersion: config.GENESIS_FORK_VERSION,
			},
		}),
	})
}
