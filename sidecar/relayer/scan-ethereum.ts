/** Reads the escrow's history up to Ethereum's finalized block, and notes what the chain is to be told of it. */
import type { WitnessContext } from './context.ts'
import type { EscrowLog, EthereumBlock } from './edges.ts'
import { RetryableError } from './errors.ts'

/**
 * Reads one range of blocks after the cursor.
 *
 * @returns whether more is left to read now
 * @throws RetryableError when Ethereum cannot be read, or gives an incomplete history
 */
export async function scanEthereum(ctx: WitnessContext): Promise<boolean> {
	const { outbox, ethereum, policy } = ctx
	const finalized = await ethereum.finalized()
	const cursor = outbox.cursor('ethereum')
	if (cursor !== undefined && finalized.number < cursor) {
		throw new RetryableError(
			'ethereum-behind',
			`Ethereum's finalized block is ${finalized.number}, but ${cursor} was read before: this node is not in sync.`,
		)
	}
	const from = cursor === undefined ? policy.ethereumStartBlock : cursor + 1
	if (from > finalized.number) {
		if (cursor !== undefined) await noteOutcomes(ctx, finalized)
		see(ctx, finalized)
		return false
	}
	const to = Math.min(finalized.number, from + policy.logRangeBlocks - 1)
	const logs = await ethereum.logs(from, to)
	await requireAllLocks(ctx, logs, to === finalized.number ? to : undefined)

	ctx.reached('ethereum-read')
	outbox.transaction(() => {
		for (const log of logs) {
			if (log.event === 'Locked') outbox.observe({ kind: 'attestLock', nonce: log.nonce, lock: log.lock }, 0)
			else if (log.event === 'Executed') outbox.observe({ kind: 'attestOutcome', nonce: log.nonce, outcome: 'Executed' }, 0)
		}
		outbox.setCursor('ethereum', to)
	})
	for (const log of logs) takeIn(ctx, log)
	ctx.reached('ethereum-committed')
	if (logs.length > 0) ctx.info('read Ethereum', { from, to, events: logs.length })

	if (to < finalized.number) return true
	await noteOutcomes(ctx, finalized)
	see(ctx, finalized)
	return false
}

function see(ctx: WitnessContext, finalized: EthereumBlock): void {
	ctx.view.ethereum = finalized
	ctx.witnessSets = ctx.witnessSets.filter(({ validUntil }) => validUntil >= finalized.timestamp)
}

/** Events that no duty follows from: they are read once, as the cursor is past them. */
function takeIn(ctx: WitnessContext, log: EscrowLog): void {
	if (log.event === 'Rotated') rotate(ctx, log)
	else if (log.event === 'Vetoed') {
		// The chain refunds orders after their expiry alone; until then `noteOutcomes` has this one in view.
		ctx.info('the council vetoed an order; it is refunded once it has expired', { nonce: log.nonce.toString() })
	} else if (log.event === 'Returned') {
		ctx.tally.returns++
		ctx.tally.returnedWei += log.amountWei
		ctx.info('ETH of validators came home', { nonce: log.nonce.toString(), wei: log.amountWei.toString() })
	} else if (log.event === 'ExitRequested') {
		ctx.tally.exitRequests++
		ctx.info('the exit of a validator was requested', { nonce: log.nonce.toString(), pubkey: log.pubkey })
	}
}

/** Sets up to the present one were read at start. */
function rotate(ctx: WitnessContext, { set, graceUntil }: EscrowLog & { event: 'Rotated' }): void {
	const leaving = ctx.witnessSets.at(-1)
	if (leaving && set.id <= leaving.id) return
	if (leaving) leaving.validUntil = graceUntil
	ctx.witnessSets.push(set)
	ctx.alarm(
		'witness-set-rotated',
		`The contract has witness set ${set.id} now; orders for set ${leaving?.id} are executed until ${graceUntil} (Unix seconds). The Stkr chain must order for set ${set.id} by then.`,
	)
}

/**
 * Nodes behind a load balancer answer for blocks they do not have with an empty list. Lock nonces are dense, so a missing one shows
 * as a gap, and at the finalized block the contract itself tells how many there are.
 */
async function requireAllLocks(
	{ outbox, ethereum, policy }: WitnessContext,
	logs: readonly EscrowLog[],
	countedAt: number | undefined,
): Promise<void> {
	const last = outbox.highestNonce('attestLock')
	let next = last === undefined ? undefined : last + 1n
	if (next === undefined && policy.ethereumStartBlock === 0) next = 0n
	for (const log of logs) {
		if (log.event !== 'Locked') continue
		if (next !== undefined && log.nonce !== next) throw incomplete(`lock ${next} is missing before ${log.nonce}`)
		next = log.nonce + 1n
	}
	if (countedAt === undefined || next === undefined) return
	const count = await ethereum.lockCount(countedAt)
	if (count !== next) throw incomplete(`the contract counts ${count} locks at block ${countedAt}, its events end before ${next}`)
}

function incomplete(reason: string): RetryableError {
	return new RetryableError('ethereum-incomplete', `Ethereum's node gives an incomplete history of the escrow: ${reason}.`)
}

/**
 * Orders whose time is over at a finalized block: if their nonce is unused there, the contract can never execute them (ESC-2). All
 * logs up to that block were read, so an executed one is known; should its log have been lost it is noted here.
 */
async function noteOutcomes({ outbox, ethereum, reached, view }: WitnessContext, { number, timestamp }: EthereumBlock): Promise<void> {
	for (const { order } of view.chain?.orders ?? []) {
		const { nonce, expiry } = order.message
		if (expiry >= timestamp || outbox.knows('attestOutcome', nonce)) continue
		const outcome = (await ethereum.orderState(nonce, number)) === 'executed' ? 'Executed' : 'Expired'
		reached('ethereum-read')
		outbox.transaction(() => outbox.observe({ kind: 'attestOutcome', nonce, outcome }, 0))
		reached('ethereum-committed')
	}
}
