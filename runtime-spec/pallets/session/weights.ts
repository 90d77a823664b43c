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
	/** A look at the end of the session: 0.51 µs. */
	onInitialize: weightOf(25 * MICROS),
	/** The end of a session, 100 others take over: 1,360 µs. */
	rotate: weightOf(1780 * MICROS),
	/** `setKeys`, keys in place of others, and the account's 8th hold, as a validator of genesis may come to it: 645 µs. */
	setKeys: weightOf(840 * MICROS),
	/** `purgeKeys`, the account is on hold for 8 reasons: 111 µs. */
	purgeKeys: weightOf(145 * MICROS),
	/** `setValidators`, 100 accounts: 710 µs. */
	setValidators: weightOf(924 * MICROS),
	/** `setPeriod`, any number of blocks: 1.79 µs. */
	setPeriod: weightOf(25 * MICROS),
}
