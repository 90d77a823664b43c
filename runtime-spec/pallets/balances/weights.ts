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
	 * `transferAllowDeath`, the sender leaves dust and is reaped, the receiver appears: 55.2 µs.
	 * `forceTransfer`, the sender leaves dust and is reaped, the receiver appears: 63 µs.
	 * `transferKeepAlive`, the receiver appears: 43.7 µs.
	 */
	transfer: weightOf(82 * MICROS),
	/** `transferAll`, the sender is reaped, the receiver appears: 51.3 µs. */
	transferAll: weightOf(67 * MICROS),
	/** `forceUnreserve`, the account is on hold for 8 reasons: 52.5 µs. */
	forceUnreserve: weightOf(69 * MICROS),
	/** `forceSetBalance`, the account appears: 42.5 µs. */
	forceSetBalance: weightOf(56 * MICROS),
	/** `burn`, the sender leaves dust and is reaped: 30 µs. */
	burn: weightOf(40 * MICROS),
}
