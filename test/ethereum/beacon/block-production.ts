/** Makes the block of a slot: payload from the execution client, operations from the pool, verified by Lodestar's state transition. */
import { createHash } from 'node:crypto'
import { DOMAIN_BEACON_PROPOSER, DOMAIN_RANDAO } from '@lodestar/params'
import {
	type CachedBeaconStateElectra,
	computeEpochAtSlot,
	computeSigningRoot,
	DataAvailabilityStatus,
	EMPTY_SIGNATURE,
	ExecutionPayloadStatus,
	getExpectedWithdrawals,
	getRandaoMix,
	stateTransition,
	ZERO_HASH,
} from '@lodestar/state-transition'
import { type electra, ssz } from '@lodestar/types'
import type { BeaconChain } from './chain.ts'
import { stateAtSlot, syncAggregate } from './duties.ts'
import type { EngineApi } from './engine-api.ts'
import { GENESIS_VALIDATOR_ADDRESS } from './genesis-state.ts'
import type { OperationPool } from './operation-pool.ts'
import type { ValidatorKeys } from './validator-keys.ts'

/** EIP-4844: first byte of the versioned hash of a KZG commitment. */
const VERSIONED_HASH_VERSION_KZG = 0x01

export interface BlockSources {
	chain: BeaconChain
	engine: EngineApi
	keys: ValidatorKeys
	pool: OperationPool
}

interface ProducedBlock {
	signedBlock: electra.SignedBeaconBlock
	postState: CachedBeaconStateElectra
}

/**
 * @returns undefined if the slot's proposer is slashed or its key not held: the slot stays empty
 * @throws if the execution client fails, or the state transition rejects the block
 */
export async function produceBlock({ chain, engine, keys, pool }: BlockSources, slot: number): Promise<ProducedBlock | undefined> {
	const { config, head } = chain
	const preState = stateAtSlot(chain, slot)
	const proposerIndex = preState.epochCtx.getBeaconProposer(slot)
	const { pubkey: proposer, slashed } = preState.validators.getReadonly(proposerIndex)
	if (slashed || !keys.has(proposer)) return undefined

	const payload = await engine.buildPayload(chain.forkchoice(), {
		timestamp: chain.genesisTime + slot * config.SECONDS_PER_SLOT,
		prevRandao: getRandaoMix(preState, preState.epochCtx.epoch),
		suggestedFeeRecipient: GENESIS_VALIDATOR_ADDRESS,
		withdrawals: getExpectedWithdrawals(config.getForkSeq(slot), preState).expectedWithdrawals,
		parentBeaconBlockRoot: head.root,
	})
	await engine.importPayload(payload, payload.blobKzgCommitments.map(versionedHash), head.root)

	const body: electra.BeaconBlockBody = {
		...ssz.electra.BeaconBlockBody.defaultValue(),
		...pool.select(preState),
		randaoReveal: keys.sign(proposer, computeSigningRoot(ssz.Epoch, computeEpochAtSlot(slot), config.getDomain(slot, DOMAIN_RANDAO))),
		eth1Data: preState.eth1Data.toValue(),
		syncAggregate: syncAggregate(chain, keys, preState),
		executionPayload: payload.executionPayload,
		blobKzgCommitments: payload.blobKzgCommitments,
		executionRequests: payload.executionRequests,
	}
	const block: electra.BeaconBlock = { slot, proposerIndex, parentRoot: head.root, stateRoot: ZERO_HASH, body }
	// The transition verifies every signature in the body. The state root it yields and the proposer's signature over it come after.
	const postState = stateTransition(
		preState,
		{ message: block, signature: EMPTY_SIGNATURE },
		{
			executionPayloadStatus: ExecutionPayloadStatus.valid,
			dataAvailabilityStatus: DataAvailabilityStatus.Available,
			verifySignatures: true,
			verifyStateRoot: false,
			verifyProposer: false,
		},
	) as CachedBeaconStateElectra
	block.stateRoot = postState.hashTreeRoot()
	const signature = keys.sign(proposer, computeSigningRoot(ssz.electra.BeaconBlock, block, config.getDomain(slot, DOMAIN_BEACON_PROPOSER)))
	return { signedBlock: { message: block, signature }, postState }
}

function versionedHash(commitment: Uint8Array): Uint8Array {
	const hash = new Uint8Array(createHash('sha256').update(commitment).digest())
	hash[0] = VERSIONED_HASH_VERSION_KZG
	return hash
}
