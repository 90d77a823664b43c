import { MICROS, type Weight, weightOf } from '../../frame/weight.ts'

/**
 * Worst cases, measured (WGT-1) and written by `npm run bench:weights -- --write`: change the bench, not this file.
 *
 * Reference machine: 2 shared cores of an AMD EPYC, Node v24.21.0, 2026-11-20. The figures are lower deciles of
 * applying the call and closing its block in the blob in V8, less the same for an empty remark: the roots of what a call writes are
 * contained. Weights are 1.3 times as much, for garbage collection, cold caches, and tries larger and slower than the bench's.
 * `proofSize` is 0: a solo chain sends no storage proofs.
 */
export const weights = {
	/**
	 * `batch`, each call succeeds: 4.4 µs for 0, 618 µs for 100 (calls).
	 * `batchAll`, each call succeeds: 4.11 µs for 0, 619 µs for 100 (calls).
	 * `forceBatch`, each call fails: 4.03 µs for 0, 1,520 µs for 100 (calls).
	 */
	batch: (calls: number): Weight => weightOf(25 * MICROS + calls * 20 * MICROS),
}
