/** Operations waiting for a block: attestations of earlier slots and voluntary exits. */
import { MAX_ATTESTATIONS_ELECTRA, MAX_VOLUNTARY_EXITS } from '@lodestar/params'
import {
	type CachedBeaconStateElectra,
	computeEpochAtSlot,
	getVoluntaryExitValidity,
	VoluntaryExitValidity,
} from '@lodestar/state-transition'
import type { electra, phase0 } from '@lodestar/types'

export class OperationPool {
	#attestations: electra.Attestation[] = []
	readonly #voluntaryExits = new Map<number, phase0.SignedVoluntaryExit>()

	addAttestation(attestation: electra.Attestation): void {
		this.#attestations.push(attestation)
	}

	/** @throws with the reason if the exit could not be included on this state */
	addVoluntaryExit(exit: phase0.SignedVoluntaryExit, state: CachedBeaconStateElectra): void {
		const validity = exitValidity(exit, state)
		if (validity !== VoluntaryExitValidity.valid)
			throw new RangeError(`Voluntary exit of validator ${exit.message.validatorIndex} refused: ${validity}`)
		this.#voluntaryExits.set(exit.message.validatorIndex, exit)
	}

	voluntaryExits(): phase0.SignedVoluntaryExit[] {
		return [...this.#voluntaryExits.values()]
	}

	/** Operations fit for the block at `state.slot`; what can never be included any more is dropped. */
	select(state: CachedBeaconStateElectra): { attestations: electra.Attestation[]; voluntaryExits: phase0.SignedVoluntaryExit[] } {
		const epoch = computeEpochAtSlot(state.slot)
		// EIP-7045: until the end of the epoch after the attested one.
		this.#attestations = this.#attestations.filter((attestation) => attestation.data.target.epoch + 1 >= epoch)
		for (const [index, exit] of this.#voluntaryExits)
			if (exitValidity(exit, state) !== VoluntaryExitValidity.valid) this.#voluntaryExits.delete(index)
		return {
			// Newest first: prompt inclusion earns the target and head rewards.
			attestations: this.#attestations.slice(-MAX_ATTESTATIONS_ELECTRA).reverse(),
			voluntaryExits: this.voluntaryExits().slice(0, MAX_VOLUNTARY_EXITS),
		}
	}

	/** Forgets what a block now on the chain included. */
	removeIncluded(body: electra.BeaconBlockBody): void {
		const included = new Set(body.attestations)
		this.#attestations = this.#attestations.filter((attestation) => !included.has(attestation))
		for (const exit of body.voluntaryExits) this.#voluntaryExits.delete(exit.message.validatorIndex)
	}
}

function exitValidity(exit: phase0.SignedVoluntaryExit, state: CachedBeaconStateElectra): VoluntaryExitValidity {
	return getVoluntaryExitValidity(state.config.getForkSeq(state.slot), state, exit, true)
}
