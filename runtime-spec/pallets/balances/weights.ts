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
	/**
	 * `transferAllowDeath`, the sender leaves dust and is reaped, the receiver appears: 71.9 µs.
	 * `forceTransfer`, the sender leaves dust and is reaped, the receiver appears: 85 µs.
	 * `transferKeepAlive`, the receiver appears: 60.9 µs.
	 */
	transfer: weightOf(111 * MICROS),
	/** `transferAll`, the sender is reaped, the receiver appears: 69.1 µs. */
	transferAll: weightOf(90 * MICROS),
	/** `forceUnreserve`, the account is on hold for 8 reasons: 73.7 µs. */
	forceUnreserve: weightOf(96 * MICROS),
	/** `forceSetBalance`, the account appears: 56 µs. */
	forceSetBalance: weightOf(73 * MICROS),
	/** `burn`, the sender leaves dust and is reaped: 40.9 µs. */
	burn: weightOf(54 * MICROS),
}
