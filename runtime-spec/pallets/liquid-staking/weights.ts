import { MICROS, weightOf } from '../../frame/weight.ts'

/**
 * Worst cases, measured (WGT-1) and written by `npm run bench:weights -- --write`: change the bench, not this file.
 *
 * Reference machine: 2 shared cores of an AMD EPYC, Node v24.21.0, 2026-11-20. The figures are lower deciles of
 * applying the call and closing its block in the blob in V8, less the same for an empty remark: the roots of what a call writes are
 * contained. Weights are 1.3 times as much, for garbage collection, cold caches, and tries larger and slower than the bench's.
 * `proofSize` is 0: a solo chain sends no storage proofs.
 */
export const weights = {
	/** `claim`, an account that has given all its aETH away and gets its first ETH: 146 µs. */
	claim: weightOf(190 * MICROS),
}
