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
	/** `attestLock`, the last of 64 witnesses carries the vote and mints, for an account that appears: 504 µs. */
	attestLock: weightOf(655 * MICROS),
	/** `withdraw`, all ETH of the account: 239 µs. */
	withdraw: weightOf(311 * MICROS),
	/** `signOrder`, the last of 64 witnesses signs a stake order, which is ready with it: 1,490 µs. */
	signOrder: weightOf(1950 * MICROS),
	/** `attestOutcome`, the last of 64 witnesses carries the vote and a stake order with all signatures is refunded to its pool: 613 µs. */
	attestOutcome: weightOf(797 * MICROS),
	/** `setContract`, before the first lock: 11.1 µs. */
	setContract: weightOf(25 * MICROS),
}
