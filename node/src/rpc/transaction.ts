import type { Chain, Pool, TxStatus } from '../chain.ts'
import type { Context, Handler, Methods } from './handler.ts'
import { ErrorCode, RpcError, toRpcError } from './protocol.ts'

/** Broadcasts of one client at once; the specification asks for 4 at least. */
const MAX_BROADCASTS = 256

/** Pool refusal: the runtime finds the extrinsic invalid (`PoolError`, 1010). */
const POOL_INVALID = 1010

const BROADCASTS = Symbol('transaction broadcasts')

/**
 * Keeps one extrinsic in the pool until it is in a finalized block or the client stops: on each best block it is handed
 * in again when the pool does not hold it (its nonce was ahead, the pool was full, a fork dropped it).
 */
class Broadcast {
	readonly #pool: Pool
	readonly #extrinsic: Uint8Array
	readonly #stopListening: () => void
	#stopWatching: (() => void) | undefined
	#held = false
	#ended = false

	constructor(chain: Chain, pool: Pool, extrinsic: Uint8Array) {
		this.#pool = pool
		this.#extrinsic = extrinsic
		this.#stopListening = chain.on('best', () => void this.#offer())
		void this.#offer()
	}

	async #offer(): Promise<void> {
		if (this.#held || this.#ended) return
		this.#held = true
		try {
			const { stop } = await this.#pool.watch(this.#extrinsic, (status) => this.#onStatus(status))
			if (this.#ended) stop()
			else this.#stopWatching = stop
		} catch {
			// the specification: the client is not told; the next block may change the verdict
			this.#held = false
		}
	}

	#onStatus(status: TxStatus): void {
		if (typeof status === 'object' && 'finalized' in status) this.stop()
		else if (status === 'dropped' || status === 'invalid' || (typeof status === 'object' && 'usurped' in status)) this.#held = false
	}

	stop(): void {
		if (this.#ended) return
		this.#ended = true
		this.#stopListening()
		this.#stopWatching?.()
	}
}

function broadcastsOf(context: Context): Map<string, Broadcast> {
	const session = context.session()
	return session.state(BROADCASTS, () => {
		const broadcasts = new Map<string, Broadcast>()
		session.onClose(() => {
			for (const broadcast of broadcasts.values()) broadcast.stop()
		})
		return broadcasts
	})
}

const broadcast: Handler = (params, context) => {
	const extrinsic = params.bytes(0, 'transaction')
	const broadcasts = broadcastsOf(context)
	if (broadcasts.size >= MAX_BROADCASTS) return null
	const id = crypto.randomUUID()
	broadcasts.set(id, new Broadcast(context.node.chain, context.node.pool, extrinsic))
	return id
}

const stop: Handler = (params, context) => {
	const id = params.string(0, 'operationId')
	const broadcasts = broadcastsOf(context)
	const found = broadcasts.get(id)
	if (!found) throw new RpcError(ErrorCode.invalidParams, `Invalid operation id: no broadcast "${id}" is under way`)
	found.stop()
	broadcasts.delete(id)
	return null
}

/** A status as an event of `transactionWatch_v1_watchEvent`; undefined for those it has none for. */
function watchEvent(status: TxStatus): object | undefined {
	if (status === 'ready') return { event: 'validated' }
	if (status === 'invalid') return { event: 'invalid', error: 'Extrinsic marked as invalid' }
	if (status === 'dropped') return { event: 'dropped', error: 'Extrinsic dropped from the pool due to exceeding limits' }
	if (typeof status === 'string' || 'broadcast' in status) return undefined
	if ('retracted' in status) return { event: 'bestChainBlockIncluded', block: null }
	if ('inBlock' in status) return { event: 'bestChainBlockIncluded', block: { hash: status.inBlock, index: status.index } }
	if ('finalized' in status) return { event: 'finalized', block: { hash: status.finalized, index: status.index } }
	return { event: 'invalid', error: `Extrinsic was usurped by ${status.usurped}` }
}

const LAST_EVENTS = ['finalized', 'invalid', 'dropped', 'error']

const submitAndWatch: Handler = (params, context) => {
	const extrinsic = params.bytes(0, 'transaction')
	const subscription = context.open('transactionWatch_v1_watchEvent')
	const push = (event: object | undefined) => {
		if (!event) return
		subscription.push(event)
		if ('event' in event && LAST_EVENTS.includes(String(event.event))) subscription.close()
	}
	context.node.pool
		.watch(extrinsic, (status) => push(watchEvent(status)))
		.then(
			({ stop }) => subscription.onStop(stop),
			(thrown: unknown) => {
				const { code, message, data } = toRpcError(thrown)
				push({ event: code === POOL_INVALID ? 'invalid' : 'error', error: data === undefined ? message : `${message}: ${String(data)}` })
			},
		)
	return subscription.id
}

const unwatch: Handler = (params, context) => {
	const id = params.string(0, 'subscription')
	if (!context.session().unsubscribe(id)) throw new RpcError(ErrorCode.invalidParams, `Invalid subscription ID: "${id}" is not active`)
	return null
}

export const transaction: Methods = {
	transaction_v1_broadcast: broadcast,
	transaction_v1_stop: stop,
	transactionWatch_v1_submitAndWatch: submitAndWatch,
	transactionWatch_v1_unwatch: unwatch,
}
