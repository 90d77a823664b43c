import { option, struct, u32 } from '../scale/index.ts'
import { type DispatchClass, MICROS, type Weight, weight, weightOf } from '../weight.ts'

/** Execution time of a block's extrinsics on the reference machine: 2 s, a third of a slot, so that every node keeps up. */
const MAX_BLOCK_WEIGHT = weightOf(2_000_000 * MICROS, 5 * 1024 * 1024)

const ratio = (w: Weight, percent: number): Weight =>
	weightOf(Math.trunc((w.refTime * percent) / 100), Math.trunc((w.proofSize * percent) / 100))

interface ClassLimits {
	/** Added to the weight of each extrinsic: decoding, signature, checks, event. */
	baseExtrinsic: Weight
	/** One extrinsic with its base at most. */
	maxExtrinsic: Weight | undefined
	/** All extrinsics of the class at most. */
	maxTotal: Weight | undefined
	/** Kept for the class even when the block is full. */
	reserved: Weight | undefined
}

export interface BlockLimits {
	baseBlock: Weight
	maxBlock: Weight
	perClass: Record<DispatchClass, ClassLimits>
}

const weightsPerClass = struct('frame_system::limits::WeightsPerClass', {
	baseExtrinsic: weight,
	maxExtrinsic: option(weight),
	maxTotal: option(weight),
	reserved: option(weight),
})
const perClassOf = (codec: typeof weightsPerClass) =>
	struct('frame_support::dispatch::PerDispatchClass', { Normal: codec, Operational: codec, Mandatory: codec })
export const blockWeightsCodec = struct('frame_system::limits::BlockWeights', {
	baseBlock: weight,
	maxBlock: weight,
	perClass: perClassOf(weightsPerClass),
})
export const consumedWeight = struct('frame_support::dispatch::PerDispatchClass', {
	Normal: weight,
	Operational: weight,
	Mandatory: weight,
})

/** Normal extrinsics may fill three quarters; a quarter stays for operational ones; inherents always fit. */
export const BLOCK_WEIGHTS = (baseBlock: Weight, baseExtrinsic: Weight): BlockLimits => {
	const limitedTo = (max: Weight, reserved: Weight | undefined): ClassLimits => ({
		baseExtrinsic,
		maxExtrinsic: weightOf(max.refTime - baseExtrinsic.refTime, max.proofSize),
		maxTotal: max,
		reserved,
	})
	return {
		baseBlock,
		maxBlock: MAX_BLOCK_WEIGHT,
		perClass: {
			Normal: limitedTo(ratio(MAX_BLOCK_WEIGHT, 75), weightOf(0)),
			Operational: limitedTo(MAX_BLOCK_WEIGHT, ratio(MAX_BLOCK_WEIGHT, 25)),
			Mandatory: { baseExtrinsic, maxExtrinsic: undefined, maxTotal: undefined, reserved: undefined },
		},
	}
}

/** Encoded bytes of a block's extrinsics: 5 MiB, three quarters for normal ones. */
const MAX_LENGTH = 5 * 1024 * 1024
export const BLOCK_LENGTH = { max: { Normal: (MAX_LENGTH / 4) * 3, Operational: MAX_LENGTH, Mandatory: MAX_LENGTH } }
export const blockLengthCodec = struct('frame_system::limits::BlockLength', {
	max: struct('frame_support::dispatch::PerDispatchClass', { Normal: u32, Operational: u32, Mandatory: u32 }),
})

export const runtimeDbWeight = struct('sp_weights::RuntimeDbWeight', { read: u32, write: u32 })
