import { Codec, compactU64, enumeration, type Reader, struct, unit, type Value, type Writer } from './scale/index.ts'

/** Execution cost: `refTime` in picoseconds on the reference machine, `proofSize` in bytes. Both below 2^53. */
export interface Weight {
	refTime: number
	proofSize: number
}

/** One microsecond of reference time. */
export const MICROS = 1_000_000
export const weightOf = (refTime: number, proofSize = 0): Weight => ({ refTime, proofSize })
export const addWeight = (a: Weight, b: Weight): Weight => ({ refTime: a.refTime + b.refTime, proofSize: a.proofSize + b.proofSize })
export const NO_WEIGHT: Weight = { refTime: 0, proofSize: 0 }

/** Weight on the wire: two compact u64. */
class WeightCodec extends Codec<Weight> {
	readonly shape = struct('sp_weights::weight_v2::Weight', { refTime: compactU64, proofSize: compactU64 })
	write(w: Writer, value: Weight): void {
		writeCompact(w, value.refTime)
		writeCompact(w, value.proofSize)
	}
	read(r: Reader): Weight {
		return { refTime: readCompact(r), proofSize: readCompact(r) }
	}
}
/** Where a number stops being exact: more than any block can hold. Sums of declared weights saturate here. */
const MAX_EXACT = 9_007_199_254_740_991
const writeCompact = (w: Writer, value: number): void =>
	value < 0x1_0000_0000 ? w.compact(value) : w.compactBig(BigInt(value > MAX_EXACT ? MAX_EXACT : value))
const readCompact = (r: Reader): number => {
	const value = r.compactBig(8)
	return value > BigInt(MAX_EXACT) ? MAX_EXACT : Number(value)
}
export const weight = new WeightCodec()
export { WeightCodec }

export const CLASSES = ['Normal', 'Operational', 'Mandatory'] as const
/** Normal: users. Operational: keeps the system going, may use the reserve. Mandatory: inherents, always fit. */
export type DispatchClass = (typeof CLASSES)[number]

export const dispatchClass = enumeration('frame_support::dispatch::DispatchClass', { Normal: unit, Operational: unit, Mandatory: unit })
export const pays = enumeration('frame_support::dispatch::Pays', { Yes: unit, No: unit })

/** What a call costs, before (`call.info`) and after (refunded) it ran. */
export interface DispatchInfo {
	weight: Weight
	class: DispatchClass
	paysFee: boolean
}
class DispatchInfoCodec extends Codec<DispatchInfo> {
	readonly shape = struct('frame_system::DispatchEventInfo', { weight, class: dispatchClass, paysFee: pays })
	write(w: Writer, value: DispatchInfo): void {
		weight.write(w, value.weight)
		w.u8(CLASSES.indexOf(value.class))
		w.u8(value.paysFee ? 0 : 1)
	}
	read(r: Reader): DispatchInfo {
		const {
			weight,
			class: c,
			paysFee,
		} = this.shape.read(r) as unknown as {
			weight: Weight
			class: Value<typeof dispatchClass>
			paysFee: Value<typeof pays>
		}
		return { weight, class: c.type, paysFee: paysFee.type === 'Yes' }
	}
}
export const dispatchInfo = new DispatchInfoCodec()
export { DispatchInfoCodec }

/** The same call with more to do around it. */
export const withWeight = (info: DispatchInfo, more: Weight): DispatchInfo =>
	more === NO_WEIGHT ? info : { ...info, weight: addWeight(info.weight, more) }

/** What a call may return to be charged less than its declared worst case. */
export interface PostInfo {
	weight?: Weight
	paysFee?: boolean
}
