/** Places where a test kills the process, one at each side of every state transition: the relayer must survive all of them (SDC-2). */

export const CRASH_STEPS = [
	/** Logs were read; neither duties nor cursor are written. */
	'ethereum-read',
	/** Duties and cursor of a range of Ethereum blocks are on disk. */
	'ethereum-committed',
	/** Orders and results of calls were read; nothing is written. */
	'chain-read',
	/** Orders, results and cursor of a finalized head are on disk. */
	'chain-committed',
	/** The witness's Ethereum key signed an order; nobody has seen the signature. */
	'order-signed',
	/** Calls are signed, but not on disk. */
	'calls-signed',
	/** Calls are on disk, none was sent. */
	'calls-recorded',
	/** The first call of a round was sent, the rest was not. */
	'call-sent',
	/** An Ethereum transaction is signed, but not on disk. */
	'relay-signed',
	/** The transaction is on disk, but was not sent. */
	'relay-recorded',
	/** The transaction was sent. */
	'relay-sent',
	/** The order's execution is final, the relay is still open on disk. */
	'relay-settled',
] as const

export type CrashStep = (typeof CRASH_STEPS)[number]

/**
 * The hook the relayer calls at each step. It does nothing, except under `NODE_ENV=test` with `STKR_CRASH_AT` naming a step:
 * then the process dies there by SIGKILL, as it would by a power cut.
 *
 * @throws Error when `STKR_CRASH_AT` names no step
 */
export function crashHook(env: NodeJS.ProcessEnv): (step: CrashStep) => void {
	const target = env.STKR_CRASH_AT
	if (env.NODE_ENV !== 'test' || target === undefined) return () => {}
	if (!CRASH_STEPS.some((step) => step === target)) {
		throw new Error(`STKR_CRASH_AT is "${target}": it must be one of ${CRASH_STEPS.join(', ')}`)
	}
	return (step) => {
		if (step === target) process.kill(process.pid, 'SIGKILL')
	}
}
