import type { DispatchLimits } from './dispatch.ts'
import type { SessionLimits } from './session.ts'

export interface RpcLimits extends DispatchLimits, SessionLimits {
	/** Most bytes of one message. */
	requestBytes: number
	/** Most clients at once, WebSocket clients and HTTP requests each. */
	connections: number
}

/** Sizes as polkadot-sdk's defaults (15 MiB, 100 connections, 1024 subscriptions). */
export const DEFAULT_LIMITS: RpcLimits = {
	requestBytes: 15 << 20,
	responseBytes: 15 << 20,
	connections: 100,
	subscriptions: 1024,
	inFlight: 64,
	batch: 1000,
	pendingBytes: 64 << 20,
}
