import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Duplex } from 'node:stream'
import { type WebSocket, WebSocketServer } from 'ws'
import { type AccessPolicy, DEFAULT_ORIGINS, isLoopback, refusal, unsafeAllowed } from './access.ts'
import { type Answer, dispatch } from './dispatch.ts'
import type { Context, RpcNode } from './handler.ts'
import { DEFAULT_LIMITS, type RpcLimits } from './limits.ts'
import { RpcListenError } from './listen-error.ts'
import { methods } from './methods.ts'
import { ErrorCode, errorMessage, RpcError } from './protocol.ts'
import { SocketSession } from './session.ts'

/** How long a client has to answer our goodbye before its socket is cut. */
const CLOSE_GRACE_MS = 500

export interface RpcOptions {
	/** Default 127.0.0.1. Any other address than loopback needs `external`. */
	host?: string
	/** Default 9944; 0 takes a free one. */
	port?: number
	/** Serve other machines too. Default false. */
	external?: boolean
	methods?: AccessPolicy['methods']
	/** Browser origins let in (`all` for any); default: pages of this machine and polkadot.js apps. */
	origins?: readonly string[]
	/** Host names besides `localhost` by which clients reach the server. */
	hosts?: readonly string[]
	limits?: Partial<RpcLimits>
	/** How often an idle client is asked for a sign of life; one missed answer ends it. Default 30 000. */
	pingMs?: number
}

export interface RpcServer {
	readonly host: string
	readonly port: number
	/** Ends every client and frees the port. */
	close(): Promise<void>
}

/** Serves JSON-RPC 2.0 over WebSocket and HTTP POST on one port, and `GET /health`. Throws `RpcListenError`. */
export async function startRpc(node: RpcNode, options: RpcOptions = {}): Promise<RpcServer> {
	const { host = '127.0.0.1', port = 9944, external = false, pingMs = 30_000 } = options
	if (!external && !isLoopback(host)) {
		throw new Error(
			`JSON-RPC host ${host} is reachable from other machines; pass --unsafe-rpc-external if that is wanted, else use 127.0.0.1`,
		)
	}
	const limits: RpcLimits = { ...DEFAULT_LIMITS, ...options.limits }
	const policy: AccessPolicy = {
		methods: options.methods ?? 'auto',
		external,
		origins: options.origins ?? DEFAULT_ORIGINS,
		hosts: options.hosts ?? [],
	}
	const http = createServer()
	http.on('request', httpHandler(node, policy, limits))
	const sockets = socketServer(http, node, policy, limits)
	const pinging = setInterval(() => sockets.ping(), pingMs)
	pinging.unref()
	await new Promise<void>((resolve, reject) => {
		http.once('error', (error) => reject(new RpcListenError(host, port, error)))
		http.listen(port, host, resolve)
	}).catch((error) => {
		clearInterval(pinging)
		throw error
	})
	const bound = (http.address() as AddressInfo).port
	return {
		host,
		port: bound,
		close: async () => {
			clearInterval(pinging)
			const closed = new Promise<void>((resolve) => http.close(() => resolve()))
			sockets.close()
			http.closeAllConnections()
			await closed
		},
	}
}

function httpHandler(node: RpcNode, policy: AccessPolicy, limits: RpcLimits) {
	let underWay = 0

	const respond = (response: ServerResponse, status: number, body?: string) => {
		response.writeHead(status, body === undefined ? {} : { 'content-type': 'application/json; charset=utf-8' })
		response.end(body)
	}

	const answer = (request: IncomingMessage, body: string): Promise<Answer> =>
		dispatch(body, methods, limits, (afterReply) => ({
			node,
			unsafeAllowed: unsafeAllowed(request.headers, request.socket.remoteAddress, policy),
			session: noSession,
			open: noSession,
			afterReply,
		}))

	return async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
		const refused = refusal(request.headers, request.socket.remoteAddress, policy)
		if (refused) return respond(response, refused.status, JSON.stringify({ error: refused.reason }))
		const { origin } = request.headers
		if (origin !== undefined) {
			response.setHeader('access-control-allow-origin', origin)
			response.setHeader('vary', 'Origin')
		}
		if (request.method === 'OPTIONS') {
			response.setHeader('access-control-allow-methods', 'POST, GET')
			response.setHeader('access-control-allow-headers', 'content-type')
			response.setHeader('access-control-allow-private-network', 'true')
			return respond(response, 204)
		}
		if (request.method === 'GET' && request.url === '/health') {
			const { text, after } = await answer(request, '{"jsonrpc":"2.0","id":0,"method":"system_health"}')
			for (const run of after) run()
			return respond(response, 200, JSON.stringify(JSON.parse(text ?? '{}').result))
		}
		if (request.method !== 'POST') {
			response.setHeader('allow', 'POST, OPTIONS, GET')
			return respond(response, 405, JSON.stringify({ error: 'send JSON-RPC requests by POST, or open a WebSocket here' }))
		}
		// a page of another origin can't send this type without a preflight, which the origin list answers
		if (!/^application\/json\b/i.test(request.headers['content-type'] ?? '')) {
			return respond(response, 415, JSON.stringify({ error: 'content-type must be application/json' }))
		}
		if (underWay >= limits.connections) {
			return respond(response, 503, JSON.stringify({ error: `too many requests at once (limit ${limits.connections}); try again` }))
		}
		underWay++
		try {
			const body = await readBody(request, limits.requestBytes)
			if (body === undefined) {
				response.setHeader('connection', 'close')
				const error = new RpcError(ErrorCode.requestTooBig, 'Request is too big', `Exceeded max limit of ${limits.requestBytes}`)
				return respond(response, 413, errorMessage(null, error))
			}
			const { text, after } = await answer(request, body)
			respond(response, text === undefined ? 204 : 200, text)
			for (const run of after) run()
		} catch {
			// the client went away in the middle of its request
			response.destroy()
		} finally {
			underWay--
		}
	}
}

function noSession(): never {
	throw new RpcError(ErrorCode.methodNotFound, 'Method not found', 'subscriptions need a WebSocket: connect to the same port by ws://')
}

async function readBody(request: IncomingMessage, limit: number): Promise<string | undefined> {
	const chunks: Buffer[] = []
	let bytes = 0
	for await (const chunk of request as AsyncIterable<Buffer>) {
		bytes += chunk.length
		if (bytes > limit) return undefined
		chunks.push(chunk)
	}
	return Buffer.concat(chunks).toString('utf8')
}

function socketServer(http: Server, node: RpcNode, policy: AccessPolicy, limits: RpcLimits) {
	// compression costs memory per client and buys nothing on loopback
	const server = new WebSocketServer({ noServer: true, maxPayload: limits.requestBytes, perMessageDeflate: false })
	const alive = new WeakSet<WebSocket>()
	const sessions = new Set<SocketSession>()

	http.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
		const refused =
			refusal(request.headers, request.socket.remoteAddress, policy) ??
			(server.clients.size >= limits.connections
				? { status: 503, reason: `too many connections (limit ${limits.connections}, --max-connections)` }
				: undefined)
		if (refused) {
			socket.end(`HTTP/1.1 ${refused.status} Refused\r\nconnection: close\r\ncontent-type: text/plain\r\n\r\n${refused.reason}\n`)
			return
		}
		server.handleUpgrade(request, socket, head, (client) => connect(client, request))
	})

	const connect = (client: WebSocket, request: IncomingMessage) => {
		const session = new SocketSession(client, limits)
		const trusted = unsafeAllowed(request.headers, request.socket.remoteAddress, policy)
		const contextOf = (afterReply: Context['afterReply']): Context => ({
			node,
			unsafeAllowed: trusted,
			session: () => session,
			open: (notification) => session.open(notification, afterReply),
			afterReply,
		})
		const end = () => {
			sessions.delete(session)
			session.close()
		}
		sessions.add(session)
		alive.add(client)
		client.on('pong', () => alive.add(client))
		client.on('message', (data: Buffer) => {
			alive.add(client)
			session.receive(() => dispatch(data.toString('utf8'), methods, limits, contextOf))
		})
		client.on('close', end)
		// a broken frame or one over the size limit: ws answers with the close code (1009 too big) and `close` follows
		client.on('error', end)
	}

	return {
		/** Asks every client for a sign of life and ends those that gave none since the last time. */
		ping: () => {
			for (const client of server.clients) {
				if (!alive.delete(client)) client.terminate()
				else client.ping()
			}
		},
		close: () => {
			for (const session of sessions) session.close()
			for (const client of server.clients) client.close(1001, 'node is shutting down')
			server.close()
			setTimeout(() => {
				for (const client of server.clients) client.terminate()
			}, CLOSE_GRACE_MS).unref()
		},
	}
}
