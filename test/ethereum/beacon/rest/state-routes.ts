/** What a state says of the chain as a whole: root, fork, finality, randomness, committees and queues. */
import { routes } from '@lodestar/api'
import { ApiError } from '@lodestar/api/server'
import { EPOCHS_PER_HISTORICAL_VECTOR, SLOTS_PER_EPOCH, SYNC_COMMITTEE_SIZE, SYNC_COMMITTEE_SUBNET_COUNT } from '@lodestar/params'
import { type CachedBeaconStateElectra, computeEpochAtSlot, computeStartSlotAtEpoch, getRandaoMix } from '@lodestar/state-transition'
import type { FastifyInstance } from 'fastify'
import type { BeaconChain } from '../chain.ts'
import { stateAt } from './lookup.ts'
import { serve } from './serve.ts'

type Committee = routes.beacon.EpochCommitteeResponse

export function registerStateRoutes(server: FastifyInstance, chain: BeaconChain): void {
	const versionedMeta = ({ state, meta }: ReturnType<typeof stateAt>) => ({ ...meta, version: chain.config.getForkName(state.slot) })

	serve<routes.beacon.Endpoints>(server, routes.beacon.getDefinitions(chain.config), {
		getStateRoot: async ({ stateId }) => {
			const { state, meta } = stateAt(chain, stateId)
			return { data: { root: state.hashTreeRoot() }, meta }
		},
		getStateFork: async ({ stateId }) => {
			const { state, meta } = stateAt(chain, stateId)
			return { data: state.fork.toValue(), meta }
		},
		getStateFinalityCheckpoints: async ({ stateId }) => {
			const { state, meta } = stateAt(chain, stateId)
			return {
				data: {
					previousJustified: state.previousJustifiedCheckpoint.toValue(),
					currentJustified: state.currentJustifiedCheckpoint.toValue(),
					finalized: state.finalizedCheckpoint.toValue(),
				},
				meta,
			}
		},
		getStateRandao: async ({ stateId, epoch }) => {
			const { state, meta } = stateAt(chain, stateId)
			return { data: { randao: randaoMix(state, epoch ?? state.epochCtx.epoch) }, meta }
		},
		getEpochCommittees: async ({ stateId, epoch, index, slot }) => {
			const { state, meta } = stateAt(chain, stateId)
			const isWanted = (committee: Committee): boolean =>
				(slot === undefined || committee.slot === slot) && (index === undefined || committee.index === index)
			return { data: committeesOf(state, epoch ?? state.epochCtx.epoch, slot).filter(isWanted), meta }
		},
		getEpochSyncCommittees: async ({ stateId, epoch }) => {
			const { state, meta } = stateAt(chain, stateId)
			const validators = syncCommitteeOf(state, epoch ?? state.epochCtx.epoch)
			const size = SYNC_COMMITTEE_SIZE / SYNC_COMMITTEE_SUBNET_COUNT
			const validatorAggregates = Array.from({ length: SYNC_COMMITTEE_SUBNET_COUNT }, (_, i) => validators.slice(i * size, (i + 1) * size))
			return { data: { validators, validatorAggregates }, meta }
		},
		getPendingDeposits: async ({ stateId }) => {
			const found = stateAt(chain, stateId)
			return { data: found.state.pendingDeposits.toValue(), meta: versionedMeta(found) }
		},
		getPendingPartialWithdrawals: async ({ stateId }) => {
			const found = stateAt(chain, stateId)
			return { data: found.state.pendingPartialWithdrawals.toValue(), meta: versionedMeta(found) }
		},
		getPendingConsolidations: async ({ stateId }) => {
			const found = stateAt(chain, stateId)
			return { data: found.state.pendingConsolidations.toValue(), meta: versionedMeta(found) }
		},
	})
}

/** @throws ApiError 400 if the state holds no mix of that epoch: it is in the future, or overwritten */
function randaoMix(state: CachedBeaconStateElectra, epoch: number): Uint8Array {
	const { epoch: current } = state.epochCtx
	if (epoch > current || epoch + EPOCHS_PER_HISTORICAL_VECTOR <= current)
		throw new ApiError(
			400,
			`The state of epoch ${current} holds the RANDAO mixes of its last ${EPOCHS_PER_HISTORICAL_VECTOR} epochs, not that of ${epoch}.`,
		)
	return getRandaoMix(state, epoch)
}

/** @throws ApiError 400 if the state does not determine the epoch's committees, or the slot is in another epoch */
function committeesOf(state: CachedBeaconStateElectra, epoch: number, slot: number | undefined): Committee[] {
	if (slot !== undefined && computeEpochAtSlot(slot) !== epoch)
		throw new ApiError(400, `Slot ${slot} is in epoch ${computeEpochAtSlot(slot)}, not in epoch ${epoch}.`)
	const shuffling = state.epochCtx.getShufflingAtEpochOrNull(epoch)
	if (shuffling === null)
		throw new ApiError(
			400,
			`The state of epoch ${state.epochCtx.epoch} tells the committees of that epoch and its neighbours, not of ${epoch}.`,
		)
	const start = computeStartSlotAtEpoch(epoch)
	return Array.from({ length: SLOTS_PER_EPOCH }, (_, offset) =>
		shuffling.committees[offset].map((members, index) => ({ index, slot: start + offset, validators: [...members] })),
	).flat()
}

/** @throws ApiError 400 if the epoch is in neither the state's sync committee period nor the next */
function syncCommitteeOf(state: CachedBeaconStateElectra, epoch: number): number[] {
	try {
		return [...state.epochCtx.getIndexedSyncCommitteeAtEpoch(epoch).validatorIndices]
	} catch {
		throw new ApiError(
			400,
			`The state of epoch ${state.epochCtx.epoch} knows the sync committees of its period and the next, epoch ${epoch} is in neither.`,
		)
	}
}
