import { MICROS, type Weight, weightOf } from '../weight.ts'

/**
 * Worst cases, measured (WGT-1) and written by `npm run bench:weights -- --write`: change the bench, not this file.
 *
 * Reference machine: 2 shared cores of an AMD EPYC, Node v24.21.0, 2026-11-20. The figures are lower deciles of
 * applying the call and closing its block in the blob in V8, less the same for an empty remark: the roots of what a call writes are
 * contained. Weights are 1.3 times as much, for garbage collection, cold caches, and tries larger and slower than the bench's.
 * `proofSize` is 0: a solo chain sends no storage proofs.
 */
export const weights = {
	/** An empty block with its roots: 397 µs. */
	baseBlock: weightOf(517 * MICROS),
	/** An empty remark, signed with sr25519 or ed25519, whichever is dearer: 374 µs. */
	baseExtrinsic: weightOf(486 * MICROS),
	/** The same remark signed with ecdsa, beyond that: 810 µs. */
	ecdsaRecovery: weightOf(1060 * MICROS),
	/**
	 * `remark`, any bytes: 0.56 µs for 0, 613 µs for 262144 (length).
	 * `remarkWithEvent`, any bytes, hashed for the event: 4.31 µs for 0, 849 µs for 262144 (length).
	 */
	remark: (length: number): Weight => weightOf(25 * MICROS + length * 4190),
	/** `setHeapPages`, any number: 15.1 µs. */
	setHeapPages: weightOf(25 * MICROS),
	/**
	 * `setCode`, 3.9 MB of code: 14,000 µs.
	 * `setCodeWithoutChecks`, 3.9 MB of code: 13,700 µs.
	 */
	setCode: weightOf(18_300 * MICROS),
	/** `setStorage`, values of 128 bytes over those of accounts: 9.98 µs for 1, 692 µs for 100 (items). */
	setStorage: (items: number): Weight => weightOf(25 * MICROS + items * 9 * MICROS),
	/** `killStorage`, accounts that exist: 7.07 µs for 1, 382 µs for 100 (keys). */
	killStorage: (keys: number): Weight => weightOf(25 * MICROS + keys * 5 * MICROS),
	/** `killPrefix`, accounts that exist: 18.3 µs for 1, 430 µs for 100 (keys). */
	killPrefix: (keys: number): Weight => weightOf(25 * MICROS + keys * 6 * MICROS),
}
