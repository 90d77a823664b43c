/** Reads the Stkr chain at its finalized head: what became of calls under way, and what open orders ask for. */
import type { WitnessContext } from './context.ts'
import { recordFailure, turnMs } from './context.ts'
import { judgeDispatchError } from './dispatch-verdict.ts'
import { CHAIN_DUTIES } from './duty.ts'
import type { BlockRef, CallResult, OpenOrder } from './edges.ts'
import { RetryableError } from './errors.ts'
import type { InFlightDuty } from './outbox.ts'

/** A pruning node keeps this many blocks' state; results further back are not looked for, the state at the head shows their effect. */
const RESULT_DEPTH_BLOCKS = 256

/**
 * Takes in a new finalized head; does nothing when there is none.
 *
 * @throws RetryableError when the chain cannot be read or is behind what was read before
 * @throws FatalError `duty-conflict` when an order is not what it was: nothing is signed then
 */
export async function followChain(ctx: WitnessContext): Promise<void> {
	const { outbox, chain } = ctx
	const head = await chain.finalized()
	const cursor = outbox.cursor('chain')
	if (cursor !== undefined && head.number < cursor) {
		throw new RetryableError(
			'chain-behind',
			`The chain's finalized head is ${head.number}, but ${cursor} was read before: this node is not in sync.`,
		)
	}
	if (ctx.view.chain?.head.number === head.number) return
	const orders = await chain.openOrders(head)
	const inFlight = outbox.inFlight(CHAIN_DUTIES)
	const results = await resultsOf(ctx, inFlight, head, cursor)

	ctx.reached('chain-read')
	outbox.transaction(() => {
		for (const duty of inFlight) settle(ctx, duty, results.get(duty.submission.hash), head)
		for (const open of orders) noteOrder(ctx, open)
		outbox.setCursor('chain', head.number)
	})
	ctx.view.chain = { head, orders }
	ctx.reached('chain-committed')
}

async function resultsOf(
	{ chain }: WitnessContext,
	inFlight: readonly InFlightDuty[],
	head: BlockRef,
	cursor = 0,
): Promise<Map<string, CallResult>> {
	if (inFlight.length === 0) return new Map()
	const from = Math.max(cursor + 1, head.number - RESULT_DEPTH_BLOCKS)
	return chain.results(
		from,
		head.number,
		inFlight.map(({ submission }) => submission.hash),
	)
}

function settle(ctx: WitnessContext, duty: InFlightDuty, result: CallResult | undefined, head: BlockRef): void {
	const { outbox } = ctx
	const { hash, lastBlock } = duty.submission
	if (result?.success) {
		outbox.done(duty.id, `in a finalized block: ${hash}`)
		ctx.info('duty done', { duty: `${duty.duty.kind} ${duty.duty.nonce}`, head: head.number })
	} else if (result) {
		const verdict = judgeDispatchError(result.error)
		if (verdict === 'done') outbox.done(duty.id, `refused with ${result.error}`)
		else recordFailure(ctx, duty, verdict)
	} else if (lastBlock !== null && head.number >= lastBlock) {
		recordFailure(ctx, duty, new RetryableError('call-expired', `The call ${hash} was not included up to its last block, ${lastBlock}.`))
	} else return
	ctx.sentMs.delete(hash)
}

/** An open order wants this witness's signature until it has it, and a relay once there are enough. */
function noteOrder(ctx: WitnessContext, { order, signatures }: OpenOrder): void {
	const { outbox, witnessSets, now } = ctx
	const { nonce, witnessSetId } = order.message
	outbox.observe({ kind: 'signOrder', nonce, order }, 0)
	const threshold = witnessSets.find(({ id }) => id === witnessSetId)?.threshold
	if (threshold === undefined || signatures.length < threshold || outbox.knows('relayOrder', nonce)) return
	outbox.observe(
		{
			kind: 'relayOrder',
			nonce,
			order,
			signatures: [...signatures]
				.sort((a, b) => (BigInt(a.signer) < BigInt(b.signer) ? -1 : 1))
				.slice(0, threshold)
				.map(({ signature }) => signature),
		},
		now() + turnMs(ctx, nonce),
	)
}
