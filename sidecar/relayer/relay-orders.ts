/**
 * Brings orders with a quorum's signatures to Ethereum (ESC-2). Anyone may, the contract executes each once: a relay is done when the
 * order's nonce is used at a finalized block, whoever sent the transaction.
 */
import { isSendDue, recordFailure, type WitnessContext } from './context.ts'
import type { RelayOrder } from './duty.ts'
import type { EthereumBlock } from './edges.ts'
import { FatalError, RetryableError } from './errors.ts'
import type { InFlightDuty, OpenDuty } from './outbox.ts'

/** A transaction that was sent again this often without effect bids too little. */
const RESENDS_BEFORE_RAISE = 6

/** @throws RetryableError when Ethereum cannot be reached */
export async function relayOrders(ctx: WitnessContext): Promise<void> {
	const { outbox, view, policy } = ctx
	if (!view.ethereum) return
	const before = outbox.inFlight(['relayOrder'])
	if (before.length > 0) await followRelays(ctx, before, view.ethereum)

	for (;;) {
		const inFlight = outbox.inFlight(['relayOrder'])
		if (inFlight.length >= policy.relaysInFlight) return
		const [next] = outbox.due(['relayOrder'], ctx.now(), 1)
		if (!next) return
		if (await isOver(ctx, next, view.ethereum)) continue
		await relay(ctx, next, inFlight)
	}
}

/** Closes a relay whose order is executed, or can't be any more. */
async function isOver(ctx: WitnessContext, { id, duty }: OpenDuty<RelayOrder>, { number, timestamp }: EthereumBlock): Promise<boolean> {
	const state = await ctx.ethereum.orderState(duty.nonce, number)
	const isSettled = state === 'executed' || state === 'vetoed'
	if (!isSettled && duty.order.message.expiry >= timestamp) return false
	const end = isSettled ? state : 'expired'
	ctx.reached('relay-settled')
	ctx.outbox.done(id, `${end} at Ethereum's block ${number}`)
	ctx.info(`order ${end}`, { nonce: duty.nonce.toString(), block: number })
	return true
}

async function followRelays(ctx: WitnessContext, inFlight: InFlightDuty<RelayOrder>[], finalized: EthereumBlock): Promise<void> {
	const mined = await ctx.ethereum.transactionCount(finalized.number)
	for (const open of inFlight) {
		const { submission } = open
		if (await isOver(ctx, open, finalized)) {
			ctx.sentMs.delete(submission.hash)
		} else if (submission.nonce < mined) {
			recordFailure(ctx, open, await withoutPayment(ctx, open, finalized))
			ctx.sentMs.delete(submission.hash)
		} else {
			await sendAgain(ctx, open)
		}
	}
}

/** Why the account's nonce is used for good and the order is not executed. The contract tells how long a wait is when asked again. */
async function withoutPayment(ctx: WitnessContext, { duty, submission }: InFlightDuty<RelayOrder>, { number }: EthereumBlock) {
	return (await ctx.ethereum.orderState(duty.nonce, number)) === 'waiting'
		? new RetryableError('order-delayed', `Order ${duty.nonce} is large and waits on Ethereum since its first call.`)
		: // It reverted, or another transaction of this account took the nonce.
			new RetryableError('relay-reverted', `The transaction ${submission.hash} did not execute the order.`)
}

async function sendAgain(ctx: WitnessContext, open: InFlightDuty<RelayOrder>): Promise<void> {
	const { duty, submission } = open
	if (!isSendDue(ctx, submission.hash)) return
	if (ctx.now() - submission.submittedAtMs < RESENDS_BEFORE_RAISE * ctx.policy.resendMs) return send(ctx, open)
	try {
		const raised = await ctx.ethereum.signRelay(duty.order, duty.signatures, submission.nonce, submission.raw)
		ctx.outbox.submitted(open.id, { ...raised, nonce: submission.nonce, lastBlock: null, submittedAtMs: ctx.now() })
		ctx.sentMs.delete(submission.hash)
		await send(ctx, { ...open, submission: { ...submission, ...raised } })
	} catch (error) {
		// The contract or the fee cap is against a higher bid; the present one stays good.
		ctx.info('a relay is not outbid', { nonce: duty.nonce.toString(), reason: String(error) })
		await send(ctx, open)
	}
}

async function relay(ctx: WitnessContext, open: OpenDuty<RelayOrder>, inFlight: InFlightDuty<RelayOrder>[]): Promise<void> {
	const { outbox, ethereum } = ctx
	const { duty } = open
	const nonce = Math.max(await ethereum.transactionCount('pending'), ...inFlight.map(({ submission }) => submission.nonce + 1))
	let signed: Awaited<ReturnType<typeof ethereum.signRelay>>
	try {
		signed = await ethereum.signRelay(duty.order, duty.signatures, nonce)
	} catch (error) {
		if (
			!(error instanceof FatalError || error instanceof RetryableError) ||
			(error instanceof RetryableError && error.code === 'ethereum-unreachable')
		)
			throw error
		recordFailure(ctx, open, error)
		return
	}
	ctx.reached('relay-signed')
	const submission = { ...signed, nonce, lastBlock: null, submittedAtMs: ctx.now() }
	outbox.submitted(open.id, submission)
	ctx.reached('relay-recorded')
	await send(ctx, { ...open, submission })
}

async function send(ctx: WitnessContext, { duty, submission: { hash, raw } }: InFlightDuty<RelayOrder>): Promise<void> {
	ctx.sentMs.set(hash, ctx.now())
	try {
		const result = await ctx.ethereum.send(raw)
		if (result.state === 'refused')
			ctx.alarm('relay-refused', `The transaction for order ${duty.nonce} is refused by Ethereum's node: ${result.reason}`)
	} catch (error) {
		ctx.sentMs.delete(hash)
		throw error
	}
	ctx.reached('relay-sent')
}
