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
	/** `open`, all 32 ETH are collateral, so that the pool launches at once: 503 µs. */
	open: weightOf(654 * MICROS),
	/** `addCollateral`, the last ETH launches the pool, FP is paid out: 488 µs. */
	addCollateral: weightOf(635 * MICROS),
	/** `join`, a new member brings the last ETH and launches the pool, FP is paid out: 633 µs. */
	join: weightOf(824 * MICROS),
	/** `exit`, a member with all its aETH, and no ETH yet: 286 µs. */
	exit: weightOf(373 * MICROS),
	/** `setDepositData`, another validator key: 328 µs. */
	setDepositData: weightOf(427 * MICROS),
	/** `payRewards`, all ETH of the payer; every receiver gets its first: 457 µs. */
	payRewards: weightOf(594 * MICROS),
}
