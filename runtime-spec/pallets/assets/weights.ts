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
	/** `forceCreate`, any asset: 29.4 µs. */
	forceCreate: weightOf(39 * MICROS),
	/** `forceSetMetadata`, name and symbol: 27.8 µs for 0, 29.1 µs for 100 (bytes). */
	forceSetMetadata: (bytes: number): Weight => weightOf(37 * MICROS + bytes * 17_600),
	/**
	 * `transfer`, all aETH of an account goes to one that appears, both settle their rewards: 151 µs.
	 * `transferKeepAlive`, aETH goes to an account that appears, both settle their rewards: 150 µs.
	 * `transferAll`, all aETH of an account goes to one that appears, both settle their rewards: 173 µs.
	 */
	transfer: weightOf(225 * MICROS),
	/** `approveTransfer`, the first approval to the delegate, and the owner's 8th hold: 132 µs. */
	approveTransfer: weightOf(172 * MICROS),
	/** `cancelApproval`, the owner is on hold for 8 reasons: 124 µs. */
	cancelApproval: weightOf(162 * MICROS),
	/** `transferApproved`, all aETH of an account goes to one that appears, both settle their rewards; the approval is used up, its owner was on hold for 8 reasons: 303 µs. */
	transferApproved: weightOf(395 * MICROS),
}
