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
	/** An empty block with its roots, on the day 100 voters change: 1,180 µs. */
	baseBlock: weightOf(1540 * MICROS),
	/** An empty remark, signed with sr25519 or ed25519, whichever is dearer: 541 µs. */
	baseExtrinsic: weightOf(704 * MICROS),
	/** The same remark signed with ecdsa, beyond that: 972 µs. */
	ecdsaRecovery: weightOf(1270 * MICROS),
	/**
	 * `remark`, any bytes: 0 µs for 0, 847 µs for 262144 (length).
	 * `remarkWithEvent`, any bytes, hashed for the event: 5.8 µs for 0, 1,160 µs for 262144 (length).
	 */
	remark: (length: number): Weight => weightOf(25 * MICROS + length * 5730),
	/** `setHeapPages`, any number: 18.7 µs. */
	setHeapPages: weightOf(25 * MICROS),
	/**
	 * `setCode`, 3.9 MB of code: 18,700 µs.
	 * `setCodeWithoutChecks`, 3.9 MB of code: 18,300 µs.
	 */
	setCode: weightOf(24_400 * MICROS),
	/** `setStorage`, values of 128 bytes over those of accounts: 13.6 µs for 1, 956 µs for 100 (items). */
	setStorage: (items: number): Weight => weightOf(25 * MICROS + items * 13 * MICROS),
	/** `killStorage`, accounts that exist: 8.18 µs for 1, 532 µs for 100 (keys). */
	killStorage: (keys: number): Weight => weightOf(25 * MICROS + keys * 7 * MICROS),
	/** `killPrefix`, accounts that exist: 27.1 µs for 1, 576 µs for 100 (keys). */
	killPrefix: (keys: number): Weight => weightOf(29 * MICROS + keys * 8 * MICROS),
}
