import type { Author, Chain, Keystore, Pool } from '../chain.ts'
import type { Params } from './params.ts'
import { ErrorCode, RpcError } from './protocol.ts'

/** What the methods act on. */
export interface RpcNode {
	chain: Chain
	pool: Pool
	author: Author
	keystore: Keystore
	/** `system_name`. */
	name: string
	/** `system_version`, semver. */
	version: string
	/**
	 * How long `author_extrinsicUpdate` holds `finalized` back after `inBlock`. polkadot.js looks the block up on each
	 * status and drops the look-up under way when the next status comes, so an `inBlock` followed at once by `finalized`
	 * would never reach its user. Default 400: several round trips of that look-up; longer while the client keeps asking.
	 */
	finalizedHoldMs?: number
}

/** One open subscription of a client. Notifications wait until the answer with `id` is out. */
export interface Subscription {
	readonly id: string
	/** Sends one notification; does nothing once closed. */
	push(result: unknown): void
	/** Runs once when the subscription ends, whoever ends it; at once when it already has. */
	onStop(listener: () => void): void
	close(): void
}

/** One WebSocket client. */
export interface Session {
	/** Per-client state of a namespace (follow subscriptions, broadcasts), made on first use. */
	state<T>(key: symbol, create: () => T): T
	/** Runs when the client is gone. */
	onClose(listener: () => void): void
	/** Time since the client's last message in ms. */
	quietMs(): number
	/** Ends a subscription; false when it is unknown. */
	unsubscribe(id: string): boolean
}

/** One request. */
export interface Context {
	node: RpcNode
	/** True for peers that may call unsafe methods. */
	unsafeAllowed: boolean
	/** The client's session. Throws -32601 over plain HTTP, which has none. */
	session(): Session
	/** Opens a subscription whose notifications are called `notification`. Throws -32006 at the limit, -32601 over plain HTTP. */
	open(notification: string): Subscription
	/** Runs once the answer to this request is out. */
	afterReply(run: () => void): void
}

/** Every JSON-RPC method: result, or a promise of it, which goes out as JSON. */
export type Handler = (params: Params, context: Context) => unknown

export type Methods = Record<string, Handler>

/** A method that changes the node or costs without bound: for trusted peers only. Code and text as polkadot-sdk. */
export function unsafe(handler: Handler): Handler {
	return (params, context) => {
		if (!context.unsafeAllowed) {
			throw new RpcError(
				ErrorCode.methodNotFound,
				'RPC call is unsafe to be called externally',
				`${params.method} is served to peers on this machine only; the operator can open it with --rpc-methods unsafe`,
			)
		}
		return handler(params, context)
	}
}
