/** What proposers, attesters and sync committee members earned, by the state transition's own accounting. Gwei; penalties are negative. */
import { routes } from '@lodestar/api'
import { ApiError } from '@lodestar/api/server'
import {
	type CachedBeaconStateElectra,
	computeAttestationsRewards,
	computeBlockRewards,
	computeEndSlotAtEpoch,
	computeSyncCommitteeRewards,
} from '@lodestar/state-transition'
import type { FastifyInstance } from 'fastify'
import type { BeaconChain, ChainBlock } from '../chain.ts'
import { blockAt, metaOf, stateAt, validatorIndices } from './lookup.ts'
import { serve } from './serve.ts'

export function registerRewardRoutes(server: FastifyInstance, chain: BeaconChain): void {
	const preStateOf = (block: ChainBlock): CachedBeaconStateElectra => {
		const state = chain.findPreState(block)
		if (state === undefined)
			throw new ApiError(404, `The rewards of slot ${block.slot} are not known: genesis has none, and only recent states are kept.`)
		return state
	}

	serve<routes.beacon.Endpoints>(server, routes.beacon.getDefinitions(chain.config), {
		getBlockRewards: async ({ blockId }) => {
			const block = blockAt(chain, blockId)
			const rewards = await computeBlockRewards(chain.config, block.signedBlock.message, preStateOf(block))
			return { data: rewards, meta: metaOf(chain, block) }
		},
		getAttestationsRewards: async ({ epoch, validatorIds }) => {
			// EIP-7045: attestations are included until the next epoch ends, and only then is their reward settled.
			const settledAt = computeEndSlotAtEpoch(epoch + 1)
			if (settledAt > chain.head.slot)
				throw new ApiError(
					404,
					`The attestations of epoch ${epoch} are rewarded after slot ${settledAt}; the head is slot ${chain.head.slot}.`,
				)
			const { state, meta } = stateAt(chain, settledAt)
			const wanted = new Set(validatorIndices(state, validatorIds))
			const { idealRewards, totalRewards } = await computeAttestationsRewards(chain.config, state.epochCtx.pubkeyCache, state)
			return { data: { idealRewards, totalRewards: totalRewards.filter((reward) => wanted.has(reward.validatorIndex)) }, meta }
		},
		getSyncCommitteeRewards: async ({ blockId, validatorIds }) => {
			const block = blockAt(chain, blockId)
			const state = preStateOf(block)
			const wanted = new Set(validatorIndices(state, validatorIds))
			const rewards = await computeSyncCommitteeRewards(chain.config, state.epochCtx.pubkeyCache, block.signedBlock.message, state)
			return { data: rewards.filter((reward) => wanted.has(reward.validatorIndex)), meta: metaOf(chain, block) }
		},
	})
}
