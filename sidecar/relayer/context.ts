/** What every part of a witness's work is given. */
import type { Hex } from 'viem'
import type { EscrowOrder } from '../contracts/eip712.ts'
import { type Backoff, backoffMs } from './backoff.ts'
import type { CrashStep } from './crash.ts'
import type { BlockRef, ContractWitnessSet, EscrowContract, EthereumBlock, OpenOrder, StkrChain } from './edges.ts'
import { FatalError, messageOf, type RetryableError } from './errors.ts'
import type { OpenDuty, Outbox } from './outbox.ts'

/** Where it deviates from the defaults a test or an operator says so. */
interface Policy {
	backoff: Backoff
	/** Most Ethereum blocks in one query for logs; nodes refuse or truncate large ones. */
	logRangeBlocks: number
	/** The first Ethereum block read: the one the escrow was deployed in, or any before. */
	ethereumStartBlock: number
	/** Most calls under way on the Stkr chain: each waits for finality, so several go at once. */
	roundSize: number
	/** Most relays under way on Ethereum. */
	relaysInFlight: number
	/** How much later each next witness in line relays an order. */
	relayStaggerMs: number
	/** After this long without effect a transaction is sent again; after six times this its fee is raised. */
	resendMs: number
}

export const DEFAULT_POLICY: Policy = {
	backoff: { baseMs: 1_000, capMs: 60_000 },
	logRangeBlocks: 2_000,
	ethereumStartBlock: 0,
	roundSize: 32,
	relaysInFlight: 8,
	// Two slots of Ethereum: the first in line is mined by then, and the second sees it.
	relayStaggerMs: 24_000,
	resendMs: 30_000,
}

/** A call that asks for a person: logged, counted, and kept for `/status`. */
type Alarm = (code: string, message: string) => void

export interface WitnessContext {
	outbox: Outbox
	chain: StkrChain
	ethereum: EscrowContract
	/** Witness sets whose orders the contract executes at its finalized block, ascending: the last is the present one. */
	witnessSets: ContractWitnessSet[]
	/** Place of this witness in the set, and the set's size: who relays first. */
	place: { index: number; of: number }
	/** Checks an order and signs it; throws `FatalError` rather than sign what must not be. */
	signOrder: (order: EscrowOrder) => Promise<Hex>
	policy: Policy
	now: () => number
	/** Uniform in [0, 1). */
	random: () => number
	/** Called at each step of `CRASH_STEPS`. */
	reached: (step: CrashStep) => void
	alarm: Alarm
	info: (message: string, details: Record<string, unknown>) => void
	/** The latest finalized views, written by the part that reads the side. */
	view: {
		chain?: { head: BlockRef; orders: OpenOrder[] }
		ethereum?: EthereumBlock
	}
	/** What was read since start of events that no duty follows from yet. */
	tally: { returns: number; returnedWei: bigint; exitRequests: number }
	/** When a transaction, by its hash, was last sent by this process. */
	sentMs: Map<Hex, number>
}

/** Conditions that take their time and end by themselves. */
const PATIENT = ['already-relayed', 'order-expired', 'order-delayed', 'order-vetoed', 'escrow-paused', 'deposit-too-soon']
/** A duty that failed this often is brought to a person's notice, again and again. */
const ALARM_EVERY_ATTEMPTS = 5

/** Records that a try did not succeed: the class of the error decides what becomes of the duty. Must be in a transaction or alone. */
export function recordFailure(ctx: WitnessContext, { id, duty, attempts }: OpenDuty, error: RetryableError | FatalError): void {
	const what = `${duty.kind} ${duty.nonce}`
	if (error instanceof FatalError) {
		ctx.outbox.failed(id, `${error.code}: ${error.message}`)
		ctx.alarm(error.code, `${what} was given up: ${error.message}`)
		return
	}
	const tries = attempts + 1
	// All witnesses learn the same time: they take turns after it, or all but one would pay for a revert.
	const delayMs =
		error.retryAfterMs === undefined ? backoffMs(ctx.policy.backoff, tries, ctx.random()) : error.retryAfterMs + turnMs(ctx, duty.nonce)
	ctx.outbox.retry(id, `${error.code}: ${error.message}`, ctx.now() + delayMs)
	ctx.info('duty is tried again later', { duty: what, code: error.code, reason: messageOf(error), tries })
	if (tries % ALARM_EVERY_ATTEMPTS === 0 && !PATIENT.includes(error.code)) {
		ctx.alarm(error.code, `${what} failed ${tries} times: ${error.message}`)
	}
}

/** How long this witness leaves the relay of an order to those in line before it. */
export function turnMs({ place, policy }: WitnessContext, nonce: bigint): number {
	return Number((BigInt(place.index) + nonce) % BigInt(place.of)) * policy.relayStaggerMs
}

/** Whether a transaction is to be sent (again) now: this process has not sent it, or so long ago that it may be lost. */
export function isSendDue({ sentMs, now, policy }: WitnessContext, hash: Hex): boolean {
	const last = sentMs.get(hash)
	return last === undefined || now() - last >= policy.resendMs
}
