/** The validators, their balances and identities in a state. */
import { routes } from '@lodestar/api'
import { ApiError } from '@lodestar/api/server'
import type { CachedBeaconStateElectra } from '@lodestar/state-transition'
import { getValidatorStatus, mapToGeneralStatus } from '@lodestar/types'
import type { FastifyInstance } from 'fastify'
import type { BeaconChain } from '../chain.ts'
import { stateAt, validatorIndex, validatorIndices } from './lookup.ts'
import { serve } from './serve.ts'

/** The lifecycle of a validator, and the groups of it. */
const STATUSES: readonly string[] = [
	...['pending_initialized', 'pending_queued', 'active_ongoing', 'active_exiting', 'active_slashed'],
	...['exited_unslashed', 'exited_slashed', 'withdrawal_possible', 'withdrawal_done'],
	...['pending', 'active', 'exited', 'withdrawal'],
]

type Validator = routes.beacon.ValidatorResponse

interface Selection {
	stateId: routes.beacon.StateId
	validatorIds?: routes.beacon.ValidatorId[]
}

export function registerValidatorRoutes(server: FastifyInstance, chain: BeaconChain): void {
	const listValidators = async ({ stateId, validatorIds, statuses = [] }: Selection & { statuses?: string[] }) => {
		const { state, meta } = stateAt(chain, stateId)
		const unknown = statuses.find((status) => !STATUSES.includes(status))
		if (unknown !== undefined) throw new ApiError(400, `"${unknown}" is not a validator status; choose of: ${STATUSES.join(', ')}.`)
		const isWanted = ({ status }: Validator): boolean =>
			statuses.length === 0 || statuses.includes(status) || statuses.includes(mapToGeneralStatus(status))
		return {
			data: validatorIndices(state, validatorIds)
				.map((index) => describeValidator(state, index))
				.filter(isWanted),
			meta,
		}
	}
	const listBalances = async ({ stateId, validatorIds }: Selection) => {
		const { state, meta } = stateAt(chain, stateId)
		return { data: validatorIndices(state, validatorIds).map((index) => ({ index, balance: state.balances.get(index) })), meta }
	}

	serve<routes.beacon.Endpoints>(server, routes.beacon.getDefinitions(chain.config), {
		getStateValidator: async ({ stateId, validatorId }) => {
			const { state, meta } = stateAt(chain, stateId)
			const index = validatorIndex(state, validatorId)
			if (index === undefined) throw new ApiError(404, `No validator "${validatorId}" in state "${stateId}".`)
			return { data: describeValidator(state, index), meta }
		},
		getStateValidators: listValidators,
		postStateValidators: listValidators,
		getStateValidatorBalances: listBalances,
		postStateValidatorBalances: listBalances,
		postStateValidatorIdentities: async ({ stateId, validatorIds }) => {
			const { state, meta } = stateAt(chain, stateId)
			const identify = (index: number) => {
				const { pubkey, activationEpoch } = state.validators.getReadonly(index)
				return { index, pubkey, activationEpoch }
			}
			return { data: validatorIndices(state, validatorIds).map(identify), meta }
		},
	})
}

function describeValidator(state: CachedBeaconStateElectra, index: number): Validator {
	const validator = state.validators.getReadonly(index)
	const status = getValidatorStatus(validator, state.epochCtx.epoch)
	return { index, balance: state.balances.get(index), status, validator: validator.toValue() }
}
