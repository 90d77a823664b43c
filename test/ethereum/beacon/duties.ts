/** What validators sign besides blocks: attestations and sync committee messages (consensus-specs, electra/validator.md). */
import { BitArray } from '@chainsafe/ssz'
import { DOMAIN_BEACON_ATTESTER, DOMAIN_SYNC_COMMITTEE, MAX_COMMITTEES_PER_SLOT } from '@lodestar/params'
import {
	type CachedBeaconStateElectra,
	computeEpochAtSlot,
	computeSigningRoot,
	computeStartSlotAtEpoch,
	G2_POINT_AT_INFINITY,
	getBlockRootAtSlot,
	processSlots,
} from '@lodestar/state-transition'
import { type altair, type electra, ssz } from '@lodestar/types'
import type { BeaconChain } from './chain.ts'
import type { ValidatorKeys } from './validator-keys.ts'

/** The head's state, carried forward through empty slots. */
export function stateAtSlot(chain: BeaconChain, slot: number): CachedBeaconStateElectra {
	return processSlots(chain.headState, slot) as CachedBeaconStateElectra
}

/** One aggregate of all committees of a slot, for the head as of that slot; undefined if no key of theirs is held. */
export function attest(chain: BeaconChain, keys: ValidatorKeys, slot: number): electra.Attestation | undefined {
	const state = chain.head.slot === slot ? chain.headState : stateAtSlot(chain, slot)
	const epoch = computeEpochAtSlot(slot)
	const epochStart = computeStartSlotAtEpoch(epoch)
	const data = {
		slot,
		// Electra names committees in committeeBits (EIP-7549).
		index: 0,
		beaconBlockRoot: chain.head.root,
		source: state.currentJustifiedCheckpoint.toValue(),
		target: { epoch, root: chain.head.slot <= epochStart ? chain.head.root : getBlockRootAtSlot(state, epochStart) },
	}
	const committeeCount = state.epochCtx.getCommitteeCountPerSlot(epoch)
	const members = Array.from({ length: committeeCount }, (_, index) => [...state.epochCtx.getBeaconCommittee(slot, index)]).flat()
	const pubkeys = members.map((index) => state.validators.getReadonly(index).pubkey)
	const isHeld = pubkeys.map((pubkey) => keys.has(pubkey))
	if (!isHeld.includes(true)) return undefined
	const domain = chain.config.getDomain(slot, DOMAIN_BEACON_ATTESTER, slot)
	const signers = pubkeys.filter((_, position) => isHeld[position])
	return {
		aggregationBits: BitArray.fromBoolArray(isHeld),
		data,
		committeeBits: BitArray.fromBoolArray(Array.from({ length: MAX_COMMITTEES_PER_SLOT }, (_, index) => index < committeeCount)),
		signature: keys.signAggregate(signers, computeSigningRoot(ssz.phase0.AttestationData, data, domain)),
	}
}

/** The sync committee's signatures of the head, to go into the block at `state.slot`. */
export function syncAggregate(chain: BeaconChain, keys: ValidatorKeys, state: CachedBeaconStateElectra): altair.SyncAggregate {
	const committee = state.currentSyncCommittee.pubkeys.getAllReadonly()
	const isHeld = committee.map((pubkey) => keys.has(pubkey))
	const signers = committee.filter((_, position) => isHeld[position])
	const domain = chain.config.getDomain(state.slot, DOMAIN_SYNC_COMMITTEE, state.slot - 1)
	return {
		syncCommitteeBits: BitArray.fromBoolArray(isHeld),
		syncCommitteeSignature:
			signers.length === 0 ? G2_POINT_AT_INFINITY : keys.signAggregate(signers, computeSigningRoot(ssz.Root, chain.head.root, domain)),
	}
}
