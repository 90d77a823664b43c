/** JSON-RPC 2.0 messages and errors. Source: https://www.jsonrpc.org/specification; server codes as jsonrpsee, which polkadot-sdk nodes use. */

type RequestId = string | number | null

export interface Request {
	/** Absent for a notification, which gets no answer. */
	id?: RequestId
	method: string
	params: unknown[] | Record<string, unknown>
}

export const ErrorCode = {
	parse: -32700,
	invalidRequest: -32600,
	methodNotFound: -32601,
	invalidParams: -32602,
	internal: -32603,
	tooManySubscriptions: -32006,
	requestTooBig: -32007,
	responseTooBig: -32008,
	batchTooLong: -32010,
} as const

/** An error that reaches the client as it is: code, message and data of JSON-RPC. */
export class RpcError extends Error {
	readonly code: number
	readonly data: unknown

	constructor(code: number, message: string, data?: unknown) {
		super(message)
		this.name = 'RpcError'
		this.code = code
		this.data = data
	}
}

/** Reads one element of a message as a request. Throws `RpcError` -32600 that names what is wrong. */
export function readRequest(value: unknown): Request {
	if (typeof value !== 'object' || value === null || Array.isArray(value)) {
		throw new RpcError(ErrorCode.invalidRequest, 'Invalid request', 'expected an object with jsonrpc, method, params and id')
	}
	const { jsonrpc, id, method, params } = value as Record<string, unknown>
	if (jsonrpc !== '2.0') throw new RpcError(ErrorCode.invalidRequest, 'Invalid request', 'field jsonrpc must be the string "2.0"')
	if (typeof method !== 'string') throw new RpcError(ErrorCode.invalidRequest, 'Invalid request', 'field method must be a string')
	if (id !== undefined && id !== null && typeof id !== 'string' && typeof id !== 'number') {
		throw new RpcError(ErrorCode.invalidRequest, 'Invalid request', 'field id must be a string, a number or null')
	}
	if (params !== undefined && params !== null && typeof params !== 'object') {
		throw new RpcError(ErrorCode.invalidRequest, 'Invalid request', 'field params must be an array or an object')
	}
	return { id, method, params: (params ?? []) as Request['params'] }
}

/** The id of a value that may be a broken request, for its error answer. */
export function idOf(value: unknown): RequestId {
	const id = typeof value === 'object' && value !== null ? (value as { id?: unknown }).id : null
	return typeof id === 'string' || typeof id === 'number' ? id : null
}

/**
 * Any thrown value as a JSON-RPC error. Errors with an integer `code` (pool errors: 1010 invalid, 1012 banned …) keep
 * code, message and data; all others are -32603 with their message.
 */
export function toRpcError(error: unknown): RpcError {
	if (error instanceof RpcError) return error
	if (error instanceof Error) {
		const { code, data } = error as Error & { code?: unknown; data?: unknown }
		return typeof code === 'number' && Number.isInteger(code)
			? new RpcError(code, error.message, data)
			: new RpcError(ErrorCode.internal, error.message)
	}
	return new RpcError(ErrorCode.internal, String(error))
}

export function resultMessage(id: RequestId, result: unknown): string {
	return JSON.stringify({ jsonrpc: '2.0', id, result: result === undefined ? null : result })
}

export function errorMessage(id: RequestId, error: RpcError): string {
	const { code, message, data } = error
	return JSON.stringify({ jsonrpc: '2.0', id, error: data === undefined ? { code, message } : { code, message, data } })
}

export function notificationMessage(method: string, subscription: string, result: unknown): string {
	return JSON.stringify({ jsonrpc: '2.0', method, params: { subscription, result } })
}
