import type { Hash } from '../../chain.ts'
import { toHex } from '../../crypto/hex.ts'
import type { Context, Handler, Methods } from '../handler.ts'
import type { Params } from '../params.ts'
import { RpcError } from '../protocol.ts'
import { childTrie, storageQueries } from '../storage-query.ts'
import { Follow } from './follow.ts'

/** Error codes of the specification (https://paritytech.github.io/json-rpc-interface-spec). */
const TOO_MANY_FOLLOWS = -32800
const BLOCK_NOT_PINNED = -32801
const WITHOUT_RUNTIME = -32802
const NOT_WAITING = -32803
const DUPLICATE_HASHES = -32804

/** Follow subscriptions of one client; the specification asks for 2 at least. */
const MAX_FOLLOWS = 4

const LIMIT_REACHED = { result: 'limitReached' }

const FOLLOWS = Symbol('chainHead follows')

const followsOf = (context: Context): Map<string, Follow> => context.session().state(FOLLOWS, () => new Map<string, Follow>())

/** The live subscription the first parameter names; undefined when it is unknown or ended. */
const followOf = (params: Params, context: Context): Follow | undefined => followsOf(context).get(params.string(0, 'followSubscription'))

function pinnedBlock(params: Params, follow: Follow): Hash {
	const hash = params.hash(1, 'hash')
	if (!follow.pinned(hash)) throw notPinned(hash)
	return hash
}

function notPinned(hash: Hash): RpcError {
	return new RpcError(BLOCK_NOT_PINNED, `Invalid block hash: ${hash} was not reported by this subscription, or was unpinned`)
}

const follow: Handler = (params, context) => {
	const withRuntime = params.boolean(0, 'withRuntime')
	const follows = followsOf(context)
	if (follows.size >= MAX_FOLLOWS) {
		throw new RpcError(TOO_MANY_FOLLOWS, `Maximum number of chainHead_follow subscriptions (${MAX_FOLLOWS}) reached; unfollow one first`)
	}
	const subscription = context.open('chainHead_v1_followEvent')
	follows.set(subscription.id, new Follow(context.node.chain, subscription, withRuntime))
	subscription.onStop(() => follows.delete(subscription.id))
	return subscription.id
}

const unfollow: Handler = (params, context) => {
	const found = followOf(params, context)
	if (found) context.session().unsubscribe(found.id)
	return null
}

const header: Handler = (params, context) => {
	const found = followOf(params, context)
	if (!found) return null
	const encoded = context.node.chain.encodedHeader(pinnedBlock(params, found))
	return encoded ? toHex(encoded) : null
}

const body: Handler = (params, context) => {
	const found = followOf(params, context)
	return found ? found.operations.body(pinnedBlock(params, found), context.afterReply) : LIMIT_REACHED
}

const call: Handler = (params, context) => {
	const found = followOf(params, context)
	const [method, input] = [params.string(2, 'function'), params.bytes(3, 'callParameters')]
	if (!found) return LIMIT_REACHED
	const hash = pinnedBlock(params, found)
	if (!found.withRuntime) throw new RpcError(WITHOUT_RUNTIME, 'chainHead_v1_call needs a chainHead_v1_follow with withRuntime true')
	return found.operations.call(hash, method, input, context.afterReply)
}

const storage: Handler = (params, context) => {
	const found = followOf(params, context)
	const queries = childTrie(params, 3) ? [] : storageQueries(params, 2)
	return found ? found.operations.storage(pinnedBlock(params, found), queries, context.afterReply) : LIMIT_REACHED
}

const unpin: Handler = (params, context) => {
	const hashes = params.hashes(1, 'hashOrHashes')
	const found = followOf(params, context)
	if (!found) return null
	if (new Set(hashes).size < hashes.length) throw new RpcError(DUPLICATE_HASHES, 'hashOrHashes has a hash twice; name each block once')
	const missing = hashes.find((hash) => !found.pinned(hash))
	if (missing) throw notPinned(missing)
	found.unpin(hashes)
	return null
}

const continueOperation: Handler = (params, context) => {
	const operationId = params.string(1, 'operationId')
	if (followOf(params, context)?.operations.continue(operationId, context.afterReply) === 'running') {
		throw new RpcError(
			NOT_WAITING,
			`Operation ${operationId} is not waiting: no operationWaitingForContinue was sent since the last continue`,
		)
	}
	return null
}

const stopOperation: Handler = (params, context) => {
	followOf(params, context)?.operations.stop(params.string(1, 'operationId'))
	return null
}

export const chainHead: Methods = {
	chainHead_v1_follow: follow,
	chainHead_v1_unfollow: unfollow,
	chainHead_v1_header: header,
	chainHead_v1_body: body,
	chainHead_v1_call: call,
	chainHead_v1_storage: storage,
	chainHead_v1_unpin: unpin,
	chainHead_v1_continue: continueOperation,
	chainHead_v1_stopOperation: stopOperation,
}
