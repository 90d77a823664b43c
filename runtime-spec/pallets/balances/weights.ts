import { MICROS, type Weight, weightOf } from '../../frame/weight.ts'

/** Estimate until measured: dispatch, then each storage read and write. */
const estimate = (reads: number, writes: number): Weight => weightOf((40 + 10 * reads + 15 * writes) * MICROS)

/** Worst cases (WGT-1): both accounts change, one appears and one is reaped with dust. */
export const weights = {
	transfer: estimate(3, 3),
	transferAll: estimate(4, 3),
	forceUnreserve: estimate(2, 1),
	forceSetBalance: estimate(2, 2),
	burn: estimate(2, 2),
}
