/** Routes under /eth/v1/beacon/states. */
import { routes } from '@lodestar/api'
import { ApiError, createFastifyRoute } from '@lodestar/api/server'
import type { CachedBeaconStateElectra } from '@lodestar/state-transition'
import { getValidatorStatus, mapToGeneralStatus } from '@lodestar/types'
import { fromHex } from '@lodestar/utils'
import type { FastifyInstance } from 'fastify'
import type { BeaconChain, ChainBlock } from '../chain.ts'

type Validator = routes.beacon.ValidatorResponse

export function registerStateRoutes(server: FastifyInstance, chain: BeaconChain): void {
	const beacon = routes.beacon.getDefinitions(chain.config)

	const find = (stateId: routes.beacon.StateId): { state: CachedBeaconStateElectra; meta: ReturnType<typeof metaOf> } => {
		const found = chain.findState(stateId)
		if (found === undefined) throw new ApiError(404, `No state "${stateId}" here: only recent slots and the checkpoints are kept.`)
		return { state: found.state, meta: metaOf(found.block) }
	}
	const metaOf = (block: ChainBlock) => ({ executionOptimistic: false, finalized: chain.isFinalized(block) })

	const listValidators = (state: CachedBeaconStateElectra, ids: (string | number)[], statuses: string[]): Validator[] => {
		const known = ids.map((id) => validatorIndex(state, id)).filter((index) => index !== undefined)
		const indices = ids.length === 0 ? Array.from({ length: state.validators.length }, (_, index) => index) : known
		return indices
			.map((index) => describeValidator(state, index))
			.filter(({ status }) => statuses.length === 0 || statuses.includes(status) || statuses.includes(mapToGeneralStatus(status)))
	}

	server.route(
		createFastifyRoute(
			beacon.getStateRoot,
			async ({ stateId }) => {
				const { state, meta } = find(stateId)
				return { data: { root: state.hashTreeRoot() }, meta }
			},
			'getStateRoot',
		),
	)
	server.route(
		createFastifyRoute(
			beacon.getStateFork,
			async ({ stateId }) => {
				const { state, meta } = find(stateId)
				return { data: state.fork.toValue(), meta }
			},
			'getStateFork',
		),
	)
	server.route(
		createFastifyRoute(
			beacon.getStateFinalityCheckpoints,
			async ({ stateId }) => {
				const { state, meta } = find(stateId)
				return {
					data: {
						previousJustified: state.previousJustifiedCheckpoint.toValue(),
						currentJustified: state.currentJustifiedCheckpoint.toValue(),
						finalized: state.finalizedCheckpoint.toValue(),
					},
					meta,
				}
			},
			'getStateFinalityCheckpoints',
		),
	)
	server.route(
		createFastifyRoute(
			beacon.getStateValidator,
			async ({ stateId, validatorId }) => {
				const { state, meta } = find(stateId)
				const index = validatorIndex(state, validatorId)
				if (index === undefined) throw new ApiError(404, `No validator "${validatorId}" in state "${stateId}".`)
				return { data: describeValidator(state, index), meta }
			},
			'getStateValidator',
		),
	)
	server.route(
		createFastifyRoute(
			beacon.getStateValidators,
			async ({ stateId, validatorIds = [], statuses = [] }) => {
				const { state, meta } = find(stateId)
				return { data: listValidators(state, validatorIds, statuses), meta }
			},
			'getStateValidators',
		),
	)
	server.route(
		createFastifyRoute(
			beacon.postStateValidators,
			async ({ stateId, validatorIds = [], statuses = [] }) => {
				const { state, meta } = find(stateId)
				return { data: listValidators(state, validatorIds, statuses), meta }
			},
			'postStateValidators',
		),
	)
	server.route(
		createFastifyRoute(
			beacon.getPendingDeposits,
			async ({ stateId }) => {
				const { state, meta } = find(stateId)
				return { data: state.pendingDeposits.toValue(), meta: { ...meta, version: chain.config.getForkName(state.slot) } }
			},
			'getPendingDeposits',
		),
	)
}

/** @param id an index or a public key in hex. @returns undefined for one the state does not know */
function validatorIndex(state: CachedBeaconStateElectra, id: string | number): number | undefined {
	let index: number | null
	if (typeof id === 'string' && id.startsWith('0x')) {
		if (!/^0x[0-9a-f]{96}$/i.test(id)) throw new ApiError(400, `"${id}" is not a BLS public key: 0x and 96 hex digits.`)
		index = state.epochCtx.getValidatorIndex(fromHex(id))
	} else {
		index = Number(id)
		if (!Number.isSafeInteger(index) || index < 0) throw new ApiError(400, `"${id}" is neither a validator index nor a public key.`)
	}
	// The cache of public keys is shared by all states, so it may know validators of later ones.
	return index === null || index >= state.validators.length ? undefined : index
}

function describeValidator(state: CachedBeaconStateElectra, index: number): Validator {
	const validator = state.validators.getReadonly(index)
	const balance = state.balances.get(index)
	const lifecycle = getValidatorStatus(validator, state.epochCtx.epoch)
	return { index, balance, status: lifecycle, validator: validator.toValue() }
}
