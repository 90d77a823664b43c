/** What the identifiers in Beacon API paths name; each lookup throws the `ApiError` that the API prescribes. */
import type { routes } from '@lodestar/api'
import { ApiError } from '@lodestar/api/server'
import type { CachedBeaconStateElectra } from '@lodestar/state-transition'
import { fromHex } from '@lodestar/utils'
import type { BeaconChain, ChainBlock } from '../chain.ts'

interface Meta {
	executionOptimistic: boolean
	finalized: boolean
}

const ROOT = /^0x[0-9a-f]{64}$/i
const CHAIN_POINT = /^(head|genesis|finalized|justified|\d+)$/

export function metaOf(chain: BeaconChain, block: ChainBlock): Meta {
	return { executionOptimistic: false, finalized: chain.isFinalized(block) }
}

/** @throws ApiError 400 if the identifier is none, 404 if there is no such block here */
export function blockAt(chain: BeaconChain, blockId: routes.beacon.BlockId): ChainBlock {
	expectChainPoint('block', blockId)
	const block = chain.findBlock(blockId)
	if (block === undefined) throw new ApiError(404, `No block "${blockId}": the slot is empty, not reached yet, or too old.`)
	return block
}

/** @throws ApiError 400 if the identifier is none, 404 if there is no such state here */
export function stateAt(chain: BeaconChain, stateId: routes.beacon.StateId): { state: CachedBeaconStateElectra; meta: Meta } {
	expectChainPoint('state', stateId)
	const found = chain.findState(stateId)
	if (found === undefined) throw new ApiError(404, `No state "${stateId}" here: only recent slots and the checkpoints are kept.`)
	return { state: found.state, meta: metaOf(chain, found.block) }
}

/**
 * @param id an index or a public key in hex
 * @returns undefined for one the state does not know
 * @throws ApiError 400 if it is neither
 */
export function validatorIndex(state: CachedBeaconStateElectra, id: routes.beacon.ValidatorId): number | undefined {
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

/** Every validator's index if no ids are given; ids the state does not know are left out, as the API asks. */
export function validatorIndices(state: CachedBeaconStateElectra, ids: routes.beacon.ValidatorId[] = []): number[] {
	if (ids.length === 0) return Array.from({ length: state.validators.length }, (_, index) => index)
	return [...new Set(ids.map((id) => validatorIndex(state, id)))].filter((index) => index !== undefined)
}

/** @throws ApiError 400 unless it is 0x and 64 hex digits */
export function expectRoot(root: string): void {
	if (!ROOT.test(root)) throw new ApiError(400, `"${root}" is not a block root: 0x and 64 hex digits.`)
}

function expectChainPoint(kind: string, id: string | number): void {
	if (!CHAIN_POINT.test(String(id)) && !ROOT.test(String(id)))
		throw new ApiError(400, `"${id}" is not a ${kind} id: head, genesis, finalized, justified, a slot, or a root of 0x and 64 hex digits.`)
}
