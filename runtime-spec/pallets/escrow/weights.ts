import { MICROS, type Weight, weightOf } from '../../frame/weight.ts'

/** `fixed` and `perWitness` microseconds, for a full set of 64 witnesses. */
const forFullSet = (fixed: number, perWitness: number): Weight => weightOf((fixed + 64 * perWitness) * MICROS)

/** Estimated worst cases (WGT-1), to be measured by `npm run bench:weights`. */
export const weights = {
	attestLock: forFullSet(300, 5),
	withdraw: weightOf(250 * MICROS),
	/** Holds one secp256k1 recovery, 1.5 ms in a host that does it in JavaScript. */
	signOrder: forFullSet(2_000, 5),
	attestOutcome: forFullSet(300, 8),
	setContract: weightOf(50 * MICROS),
}
