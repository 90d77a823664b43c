import { MICROS, type Weight, weightOf } from '../../frame/weight.ts'

/** Estimate until measured: dispatch, then each storage read and write. */
const estimate = (reads: number, writes: number): Weight => weightOf((40 + 10 * reads + 15 * writes) * MICROS)

/** Worst cases (WGT-1): an account of the asset appears, another goes, with their System accounts, and a listener settles both. */
export const weights = {
	forceCreate: estimate(1, 1),
	forceSetMetadata: (bytes: number): Weight => weightOf(70 * MICROS + bytes * 100),
	transfer: estimate(9, 9),
	approveTransfer: estimate(5, 5),
	cancelApproval: estimate(5, 5),
	transferApproved: estimate(14, 14),
}
