/** Operations waiting for a block: attestations of earlier slots, exits, slashings and changes of withdrawal credentials. */
import { EventEmitter } from 'node:events'
import {
	MAX_ATTESTATIONS_ELECTRA,
	MAX_ATTESTER_SLASHINGS_ELECTRA,
	MAX_BLS_TO_EXECUTION_CHANGES,
	MAX_PROPOSER_SLASHINGS,
	MAX_VOLUNTARY_EXITS,
} from '@lodestar/params'
import {
	assertValidAttesterSlashing,
	assertValidProposerSlashing,
	type CachedBeaconStateElectra,
	computeEpochAtSlot,
	getAttesterSlashableIndices,
	getVoluntaryExitValidity,
	isSlashableValidator,
	isValidBlsToExecutionChange,
	VoluntaryExitValidity,
} from '@lodestar/state-transition'
import { type AttesterSlashing, type capella, type electra, type phase0, ssz } from '@lodestar/types'
import { toRootHex } from '@lodestar/utils'

/** Told once per operation that was found valid and is now waiting. */
interface PoolEvents {
	voluntaryExit: [phase0.SignedVoluntaryExit]
	proposerSlashing: [phase0.ProposerSlashing]
	attesterSlashing: [AttesterSlashing]
	blsToExecutionChange: [capella.SignedBLSToExecutionChange]
}

type BlockOperations = Pick<
	electra.BeaconBlockBody,
	'attestations' | 'voluntaryExits' | 'proposerSlashings' | 'attesterSlashings' | 'blsToExecutionChanges'
>

export class OperationPool extends EventEmitter<PoolEvents> {
	#attestations: electra.Attestation[] = []
	/** By validator index; a later operation replaces an earlier one. */
	readonly #voluntaryExits = new Map<number, phase0.SignedVoluntaryExit>()
	readonly #proposerSlashings = new Map<number, phase0.ProposerSlashing>()
	readonly #blsToExecutionChanges = new Map<number, capella.SignedBLSToExecutionChange>()
	/** By hash tree root, as one slashing names several validators. */
	readonly #attesterSlashings = new Map<string, AttesterSlashing>()

	addAttestation(attestation: electra.Attestation): void {
		this.#attestations.push(attestation)
	}

	/** @throws with the reason if the exit could not be included on this state */
	addVoluntaryExit(exit: phase0.SignedVoluntaryExit, state: CachedBeaconStateElectra): void {
		const { validatorIndex } = exit.message
		expectValidator('Voluntary exit', validatorIndex, state)
		const validity = exitValidity(exit, state)
		if (validity !== VoluntaryExitValidity.valid) throw refusal('Voluntary exit', validatorIndex, validity)
		this.#voluntaryExits.set(validatorIndex, exit)
		this.emit('voluntaryExit', exit)
	}

	/** @throws with the reason if the slashing could not be included on this state */
	addProposerSlashing(slashing: phase0.ProposerSlashing, state: CachedBeaconStateElectra): void {
		const { proposerIndex } = slashing.signedHeader1.message
		expectValidator('Proposer slashing', proposerIndex, state)
		const proposer = state.validators.getReadonly(proposerIndex)
		try {
			assertValidProposerSlashing(state.config, state.epochCtx.pubkeyCache, state.slot, slashing, proposer)
		} catch (error) {
			throw refusal('Proposer slashing', proposerIndex, error)
		}
		this.#proposerSlashings.set(proposerIndex, slashing)
		this.emit('proposerSlashing', slashing)
	}

	/** @throws with the reason if the slashing could not be included on this state */
	addAttesterSlashing(slashing: AttesterSlashing, state: CachedBeaconStateElectra): void {
		const { config, epochCtx, slot, validators } = state
		try {
			assertValidAttesterSlashing(config, epochCtx.pubkeyCache, slot, validators.length, slashing)
		} catch (error) {
			throw new RangeError(`Attester slashing refused: ${reasonOf(error)}`)
		}
		const indices = getAttesterSlashableIndices(slashing)
		if (!slashable(indices, state).length) throw new RangeError(`Attester slashing refused: none of validators ${indices} can be slashed`)
		this.#attesterSlashings.set(slashingId(slashing), slashing)
		this.emit('attesterSlashing', slashing)
	}

	/** @throws with the reason if the change could not be included on this state */
	addBlsToExecutionChange(change: capella.SignedBLSToExecutionChange, state: CachedBeaconStateElectra): void {
		const { validatorIndex } = change.message
		expectValidator('Change of withdrawal credentials', validatorIndex, state)
		const validity = isValidBlsToExecutionChange(state.config, state.validators.getReadonly(validatorIndex), change)
		if (!validity.valid) throw refusal('Change of withdrawal credentials', validatorIndex, validity.error)
		this.#blsToExecutionChanges.set(validatorIndex, change)
		this.emit('blsToExecutionChange', change)
	}

	attestations(): electra.Attestation[] {
		return [...this.#attestations]
	}

	voluntaryExits(): phase0.SignedVoluntaryExit[] {
		return [...this.#voluntaryExits.values()]
	}

	proposerSlashings(): phase0.ProposerSlashing[] {
		return [...this.#proposerSlashings.values()]
	}

	attesterSlashings(): AttesterSlashing[] {
		return [...this.#attesterSlashings.values()]
	}

	blsToExecutionChanges(): capella.SignedBLSToExecutionChange[] {
		return [...this.#blsToExecutionChanges.values()]
	}

	/** Operations fit for the block at `state.slot`; what can never be included any more is dropped. */
	select(state: CachedBeaconStateElectra): BlockOperations {
		this.#dropOutdated(state)
		const proposerSlashings = this.proposerSlashings().slice(0, MAX_PROPOSER_SLASHINGS)
		// A block runs its operations in this order, and the whole block fails if one slashes nobody or ends an ended service.
		const slashed = new Set(proposerSlashings.map(({ signedHeader1 }) => signedHeader1.message.proposerIndex))
		const attesterSlashings: AttesterSlashing[] = []
		for (const slashing of this.#attesterSlashings.values()) {
			const hit = slashable(getAttesterSlashableIndices(slashing), state).filter((index) => !slashed.has(index))
			if (hit.length === 0 || attesterSlashings.length === MAX_ATTESTER_SLASHINGS_ELECTRA) continue
			attesterSlashings.push(slashing)
			for (const index of hit) slashed.add(index)
		}
		return {
			// Newest first: prompt inclusion earns the target and head rewards.
			attestations: this.#attestations.slice(-MAX_ATTESTATIONS_ELECTRA).reverse(),
			proposerSlashings,
			attesterSlashings,
			voluntaryExits: this.voluntaryExits()
				.filter(({ message }) => !slashed.has(message.validatorIndex))
				.slice(0, MAX_VOLUNTARY_EXITS),
			blsToExecutionChanges: this.blsToExecutionChanges().slice(0, MAX_BLS_TO_EXECUTION_CHANGES),
		}
	}

	/** Forgets what a block now on the chain included. */
	removeIncluded(body: electra.BeaconBlockBody): void {
		const included = new Set(body.attestations)
		this.#attestations = this.#attestations.filter((attestation) => !included.has(attestation))
		for (const exit of body.voluntaryExits) this.#voluntaryExits.delete(exit.message.validatorIndex)
		for (const { signedHeader1 } of body.proposerSlashings) this.#proposerSlashings.delete(signedHeader1.message.proposerIndex)
		for (const slashing of body.attesterSlashings) this.#attesterSlashings.delete(slashingId(slashing))
		for (const change of body.blsToExecutionChanges) this.#blsToExecutionChanges.delete(change.message.validatorIndex)
	}

	#dropOutdated(state: CachedBeaconStateElectra): void {
		const epoch = computeEpochAtSlot(state.slot)
		// EIP-7045: until the end of the epoch after the attested one.
		this.#attestations = this.#attestations.filter((attestation) => attestation.data.target.epoch + 1 >= epoch)
		for (const [index, exit] of this.#voluntaryExits)
			if (exitValidity(exit, state) !== VoluntaryExitValidity.valid) this.#voluntaryExits.delete(index)
		for (const index of this.#proposerSlashings.keys()) if (slashable([index], state).length === 0) this.#proposerSlashings.delete(index)
		for (const [id, slashing] of this.#attesterSlashings)
			if (slashable(getAttesterSlashableIndices(slashing), state).length === 0) this.#attesterSlashings.delete(id)
		for (const [index, change] of this.#blsToExecutionChanges)
			if (!isValidBlsToExecutionChange(state.config, state.validators.getReadonly(index), change).valid)
				this.#blsToExecutionChanges.delete(index)
	}
}

function exitValidity(exit: phase0.SignedVoluntaryExit, state: CachedBeaconStateElectra): VoluntaryExitValidity {
	return getVoluntaryExitValidity(state.config.getForkSeq(state.slot), state, exit, true)
}

function slashable(indices: number[], state: CachedBeaconStateElectra): number[] {
	return indices.filter((index) => isSlashableValidator(state.validators.getReadonly(index), state.epochCtx.epoch))
}

function slashingId(slashing: AttesterSlashing): string {
	return toRootHex(ssz.electra.AttesterSlashing.hashTreeRoot(slashing))
}

function expectValidator(operation: string, index: number, state: CachedBeaconStateElectra): void {
	if (index >= state.validators.length) throw new RangeError(`${operation} refused: there is no validator ${index}.`)
}

function refusal(operation: string, index: number, reason: unknown): RangeError {
	return new RangeError(`${operation} of validator ${index} refused: ${reasonOf(reason)}`)
}

function reasonOf(error: unknown): string {
	return error instanceof Error ? error.message : String(error)
}
