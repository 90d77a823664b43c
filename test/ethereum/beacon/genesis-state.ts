/** The beacon chain's state at slot 0: interop validators active from the start, on top of the execution client's genesis block. */
import { type BeaconConfig, type ChainConfig, createBeaconConfig } from '@lodestar/config'
import {
	EPOCHS_PER_HISTORICAL_VECTOR,
	FAR_FUTURE_EPOCH,
	MIN_ACTIVATION_BALANCE,
	UNSET_DEPOSIT_REQUESTS_START_INDEX,
} from '@lodestar/params'
import {
	type CachedBeaconStateElectra,
	createCachedBeaconState,
	createPubkeyCache,
	getActiveValidatorIndices,
	getNextSyncCommittee,
	interopSecretKeys,
} from '@lodestar/state-transition'
import { ssz } from '@lodestar/types'
import { fromHex } from '@lodestar/utils'
import type { Address } from 'viem'
import type { ExecutionBlock } from './engine-api.ts'

/** Two a slot in the minimal preset's 8-slot epoch: the least that still gives every slot a committee with two members. */
const GENESIS_VALIDATOR_COUNT = 16

/** Where rewards and withdrawals of the genesis validators go: dev account 1. */
export const GENESIS_VALIDATOR_ADDRESS: Address = '0x70997970C51812dc3A010C7d01b50e0d17dc79C8'

/** `get_deposit_root()` of a deposit contract without deposits. */
const EMPTY_DEPOSIT_ROOT = fromHex('0xd70a234731285c6804c2a4f56711ddb8c82c99740f207854891028af34e27e5e')

/** The publicly known secret keys of the genesis validators (consensus-specs' interop keys). */
export function genesisSecretKeys(): ReturnType<typeof interopSecretKeys> {
	return interopSecretKeys(GENESIS_VALIDATOR_COUNT)
}

/** @param executionGenesis block 0 of the execution client; its timestamp becomes the beacon chain's genesis time */
export function createGenesis(
	chainConfig: ChainConfig,
	executionGenesis: ExecutionBlock,
): { config: BeaconConfig; state: CachedBeaconStateElectra } {
	const executionHash = fromHex(executionGenesis.hash)
	const forkVersion = chainConfig.ELECTRA_FORK_VERSION
	const state = ssz.electra.BeaconState.defaultViewDU()
	state.genesisTime = executionGenesis.timestamp
	state.fork = ssz.phase0.Fork.toViewDU({ previousVersion: forkVersion, currentVersion: forkVersion, epoch: 0 })
	state.latestBlockHeader = ssz.phase0.BeaconBlockHeader.toViewDU({
		...ssz.phase0.BeaconBlockHeader.defaultValue(),
		bodyRoot: ssz.electra.BeaconBlockBody.hashTreeRoot(ssz.electra.BeaconBlockBody.defaultValue()),
	})
	state.eth1Data = ssz.phase0.Eth1Data.toViewDU({ depositRoot: EMPTY_DEPOSIT_ROOT, depositCount: 0n, blockHash: executionHash })
	state.randaoMixes = ssz.phase0.RandaoMixes.toViewDU(Array.from({ length: EPOCHS_PER_HISTORICAL_VECTOR }, () => executionHash))
	state.latestExecutionPayloadHeader = ssz.deneb.ExecutionPayloadHeader.toViewDU({
		...ssz.deneb.ExecutionPayloadHeader.defaultValue(),
		blockHash: executionHash,
		timestamp: executionGenesis.timestamp,
		gasLimit: executionGenesis.gasLimit,
		baseFeePerGas: executionGenesis.baseFeePerGas,
	})
	state.depositRequestsStartIndex = UNSET_DEPOSIT_REQUESTS_START_INDEX

	const secretKeys = genesisSecretKeys()
	const zeros = secretKeys.map(() => 0)
	state.validators = ssz.phase0.Validators.toViewDU(
		secretKeys.map((secretKey) => ({
			pubkey: secretKey.toPublicKey().toBytes(),
			withdrawalCredentials: executionWithdrawalCredentials(GENESIS_VALIDATOR_ADDRESS),
			effectiveBalance: MIN_ACTIVATION_BALANCE,
			slashed: false,
			activationEligibilityEpoch: 0,
			activationEpoch: 0,
			exitEpoch: FAR_FUTURE_EPOCH,
			withdrawableEpoch: FAR_FUTURE_EPOCH,
		})),
	)
	state.balances = ssz.phase0.Balances.toViewDU(secretKeys.map(() => MIN_ACTIVATION_BALANCE))
	state.previousEpochParticipation = ssz.altair.EpochParticipation.toViewDU(zeros)
	state.currentEpochParticipation = ssz.altair.EpochParticipation.toViewDU(zeros)
	state.inactivityScores = ssz.altair.InactivityScores.toViewDU(zeros)
	state.genesisValidatorsRoot = state.validators.hashTreeRoot()
	state.commit()

	const config = createBeaconConfig(chainConfig, state.genesisValidatorsRoot)
	const immutableData = { config, pubkeyCache: createPubkeyCache() }
	// The first sync committees are drawn from the state's own validators, which needs the state's caches first.
	const withoutCommittees = createCachedBeaconState(state, immutableData, { skipSyncCommitteeCache: true })
	const { syncCommittee } = getNextSyncCommittee(
		config.getForkSeq(0),
		withoutCommittees,
		getActiveValidatorIndices(withoutCommittees, 0),
		withoutCommittees.epochCtx.effectiveBalanceIncrements,
	)
	state.currentSyncCommittee = ssz.altair.SyncCommittee.toViewDU(syncCommittee)
	state.nextSyncCommittee = ssz.altair.SyncCommittee.toViewDU(syncCommittee)
	state.commit()
	return { config, state: createCachedBeaconState(state, immutableData) }
}

/** Type 0x01 withdrawal credentials: prefix, 11 zero bytes, address. */
function executionWithdrawalCredentials(address: Address): Uint8Array {
	const credentials = new Uint8Array(32)
	credentials[0] = 0x01
	credentials.set(fromHex(address), 12)
	return credentials
}
