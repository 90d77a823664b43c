/** Carries out duties on the Stkr chain, in rounds: the next begins when the last is final, so the account's nonce is never contested. */
import { isSendDue, recordFailure, type WitnessContext } from './context.ts'
import { CHAIN_DUTIES, type ChainDuty } from './duty.ts'
import type { BlockRef, EscrowCall } from './edges.ts'
import { FatalError, RetryableError } from './errors.ts'
import type { InFlightDuty, OpenDuty } from './outbox.ts'

/**
 * Starts a round, or sends again what is under way and seems lost. The very bytes on disk are sent, so a repetition is the same call.
 *
 * @throws RetryableError when the chain cannot be reached
 */
export async function submitCalls(ctx: WitnessContext): Promise<void> {
	const { outbox, chain, view, policy } = ctx
	if (!view.chain) return
	const { head } = view.chain
	if (outbox.inFlight(CHAIN_DUTIES).length > 0) return sendAll(ctx)

	const due = outbox.due(CHAIN_DUTIES, ctx.now(), policy.roundSize)
	if (due.length === 0) return
	const prepared: { duty: OpenDuty; call: EscrowCall }[] = []
	for (const duty of await withoutEffect(ctx, due, head)) {
		const call = await callFor(ctx, duty)
		if (call) prepared.push({ duty, call })
	}
	if (prepared.length === 0) return
	const signed = await chain.sign(
		prepared.map(({ call }) => call),
		head,
	)

	ctx.reached('calls-signed')
	outbox.transaction(() => {
		signed.forEach((call, index) => {
			outbox.submitted(prepared[index].duty.id, { ...call, submittedAtMs: ctx.now() })
		})
	})
	ctx.reached('calls-recorded')
	await sendAll(ctx)
}

/** Duties that the finalized state does not show as done; the others are closed. */
async function withoutEffect(ctx: WitnessContext, due: OpenDuty<ChainDuty>[], head: BlockRef): Promise<OpenDuty<ChainDuty>[]> {
	const effects = await ctx.chain.effects(
		head,
		due.map(({ duty }) => duty),
	)
	return due.filter((open, index) => {
		const effect = effects[index]
		if (effect.state === 'present') ctx.outbox.done(open.id, `stands at block ${head.number}`)
		if (effect.state === 'conflict') recordFailure(ctx, open, new FatalError('books-differ', effect.message))
		return effect.state === 'absent'
	})
}

async function callFor(ctx: WitnessContext, open: OpenDuty<ChainDuty>): Promise<EscrowCall | undefined> {
	const { duty } = open
	if (duty.kind !== 'signOrder') return duty
	try {
		const signature = await ctx.signOrder(duty.order)
		ctx.reached('order-signed')
		return { kind: 'signOrder', nonce: duty.nonce, signature }
	} catch (error) {
		if (!(error instanceof FatalError || error instanceof RetryableError)) throw error
		recordFailure(ctx, open, error)
		return undefined
	}
}

async function sendAll(ctx: WitnessContext): Promise<void> {
	const round = ctx.outbox.inFlight(CHAIN_DUTIES)
	for (const [index, open] of round.entries()) {
		const { hash, raw, nonce } = open.submission
		if (!isSendDue(ctx, hash)) continue
		ctx.sentMs.set(hash, ctx.now())
		try {
			const result = await ctx.chain.send(raw, nonce)
			if (result.state === 'refused') return abandon(ctx, round.slice(index), result.reason)
		} catch (error) {
			// Not known to have arrived: sent again as soon as the chain answers.
			ctx.sentMs.delete(hash)
			throw error
		}
		ctx.reached('call-sent')
	}
}

/** Without the first of these calls the chain would wait for its nonce: the rest of the round is signed anew. */
function abandon(ctx: WitnessContext, [refused, ...rest]: InFlightDuty[], reason: string): void {
	const { outbox, now } = ctx
	outbox.transaction(() => {
		recordFailure(ctx, refused, new RetryableError('call-refused', `The chain's pool refuses the call: ${reason}`))
		for (const { id } of rest) outbox.retry(id, 'a call before it was refused', now())
	})
}
