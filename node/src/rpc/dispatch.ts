import type { Context, Methods } from './handler.ts'
import { Params } from './params.ts'
import { ErrorCode, errorMessage, idOf, RpcError, readRequest, resultMessage, toRpcError } from './protocol.ts'

export interface DispatchLimits {
	/** Most requests in one batch. */
	batch: number
	/** Most bytes of one answer; a batch counts as one. */
	responseBytes: number
}

export interface Answer {
	/** Absent when there is nothing to say: only notifications came. */
	text?: string
	/** What handlers asked to run once the answer is out. */
	after: (() => void)[]
}

function responseTooBig(limits: DispatchLimits): RpcError {
	return new RpcError(
		ErrorCode.responseTooBig,
		'Response is too big',
		`Exceeded max limit of ${limits.responseBytes}; ask for less at once`,
	)
}

async function answerOne(value: unknown, methods: Methods, limits: DispatchLimits, context: Context): Promise<string | undefined> {
	try {
		const { id, method, params } = readRequest(value)
		if (id === undefined) {
			await runQuietly(methods, method, new Params(method, params), context)
			return undefined
		}
		const handler = Object.hasOwn(methods, method) ? methods[method] : undefined
		if (!handler) throw new RpcError(ErrorCode.methodNotFound, 'Method not found', `${method}; rpc_methods lists what this node serves`)
		const text = resultMessage(id, await handler(new Params(method, params), context))
		return Buffer.byteLength(text) <= limits.responseBytes ? text : errorMessage(id, responseTooBig(limits))
	} catch (error) {
		return errorMessage(idOf(value), toRpcError(error))
	}
}

/** A notification runs like a request, and neither its result nor its error has a reader. */
async function runQuietly(methods: Methods, method: string, params: Params, context: Context): Promise<void> {
	try {
		if (Object.hasOwn(methods, method)) await methods[method](params, context)
	} catch {
		// JSON-RPC 2.0: the server must not reply to a notification
	}
}

const nextTurn = () => new Promise<void>((resolve) => setImmediate(resolve))

/** Answers one message: a request, a notification or a batch of them. Never throws. */
export async function dispatch(
	text: string,
	methods: Methods,
	limits: DispatchLimits,
	contextOf: (afterReply: (run: () => void) => void) => Context,
): Promise<Answer> {
	const after: (() => void)[] = []
	const context = contextOf((run) => after.push(run))
	let message: unknown
	try {
		message = JSON.parse(text)
	} catch (error) {
		return {
			text: errorMessage(null, new RpcError(ErrorCode.parse, 'Parse error', error instanceof Error ? error.message : undefined)),
			after,
		}
	}
	if (!Array.isArray(message)) return { text: await answerOne(message, methods, limits, context), after }
	if (message.length === 0) {
		return { text: errorMessage(null, new RpcError(ErrorCode.invalidRequest, 'Invalid request', 'an empty batch')), after }
	}
	if (message.length > limits.batch) {
		const error = new RpcError(ErrorCode.batchTooLong, 'The batch request was too large', `Exceeded max limit of ${limits.batch} requests`)
		return { text: errorMessage(null, error), after }
	}
	const answers: string[] = []
	let bytes = 2
	for (const item of message) {
		const answer = await answerOne(item, methods, limits, context)
		if (answer !== undefined) {
			answers.push(answer)
			bytes += Buffer.byteLength(answer) + 1
			if (bytes > limits.responseBytes) return { text: errorMessage(null, responseTooBig(limits)), after }
		}
		// a long batch of synchronous handlers must not hold up block authoring
		await nextTurn()
	}
	return { text: answers.length > 0 ? `[${answers.join(',')}]` : undefined, after }
}
