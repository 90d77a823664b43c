import { randomBytes } from 'node:crypto'
import type { WebSocket } from 'ws'
import type { Answer } from './dispatch.ts'
import type { Session, Subscription } from './handler.ts'
import { ErrorCode, notificationMessage, RpcError } from './protocol.ts'

export interface SessionLimits {
	subscriptions: number
	/** Requests of one client worked on at once; further ones wait, and then so does the socket. */
	inFlight: number
	/** Bytes waiting to be sent to a client that does not read; beyond, it is cut off. */
	pendingBytes: number
}

/** Answers one message. */
type Work = () => Promise<Answer>

/** One WebSocket client: its queue of requests, its subscriptions, its pending output. */
export class SocketSession implements Session {
	readonly #socket: WebSocket
	readonly #limits: SessionLimits
	readonly #subscriptions = new Map<string, SocketSubscription>()
	readonly #states = new Map<symbol, unknown>()
	readonly #closeListeners: (() => void)[] = []
	readonly #queue: Work[] = []
	#active = 0
	#heardAt = performance.now()
	#closed = false

	constructor(socket: WebSocket, limits: SessionLimits) {
		this.#socket = socket
		this.#limits = limits
	}

	state<T>(key: symbol, create: () => T): T {
		if (!this.#states.has(key)) this.#states.set(key, create())
		return this.#states.get(key) as T
	}

	onClose(listener: () => void): void {
		if (this.#closed) listener()
		else this.#closeListeners.push(listener)
	}

	quietMs(): number {
		return performance.now() - this.#heardAt
	}

	unsubscribe(id: string): boolean {
		const subscription = this.#subscriptions.get(id)
		subscription?.close()
		return subscription !== undefined
	}

	open(notification: string, afterReply: (run: () => void) => void): Subscription {
		if (this.#subscriptions.size >= this.#limits.subscriptions) {
			throw new RpcError(
				ErrorCode.tooManySubscriptions,
				'Too many subscriptions on the connection',
				`Exceeded max limit of ${this.#limits.subscriptions}; end some, or open another connection`,
			)
		}
		const subscription = new SocketSubscription(
			notification,
			(text) => this.send(text),
			(id) => this.#subscriptions.delete(id),
		)
		this.#subscriptions.set(subscription.id, subscription)
		if (this.#closed) subscription.close()
		afterReply(() => subscription.release())
		return subscription
	}

	/** Sends, or cuts the client off when it does not read what it asked for. */
	send(text: string): void {
		if (this.#closed) return
		if (this.#socket.bufferedAmount > this.#limits.pendingBytes) {
			this.close()
			this.#socket.terminate()
			return
		}
		this.#socket.send(text, () => this.#pump())
	}

	/** Takes a message in, to be answered in turn. */
	receive(work: Work): void {
		this.#heardAt = performance.now()
		this.#queue.push(work)
		this.#pump()
	}

	/** Works on as much as the limits allow and stops reading the socket beyond: TCP then slows the client down. */
	#pump(): void {
		while (this.#queue.length > 0 && !this.#full()) {
			this.#active++
			void this.#handle(this.#queue.shift() as Work)
		}
		if (this.#queue.length > 0) this.#socket.pause()
		else if (this.#socket.isPaused) this.#socket.resume()
	}

	#full(): boolean {
		// half of what cuts a client off: answers wait before notifications overflow
		return this.#active >= this.#limits.inFlight || this.#socket.bufferedAmount > this.#limits.pendingBytes / 2
	}

	async #handle(work: Work): Promise<void> {
		const { text, after } = await work()
		this.#active--
		if (text !== undefined) this.send(text)
		for (const run of after) run()
		this.#pump()
	}

	/** Ends every subscription and tells the namespaces that keep state for this client. */
	close(): void {
		if (this.#closed) return
		this.#closed = true
		this.#queue.length = 0
		for (const subscription of [...this.#subscriptions.values()]) subscription.close()
		for (const listener of this.#closeListeners) listener()
	}
}

class SocketSubscription implements Subscription {
	readonly id = randomBytes(12).toString('base64url')
	readonly #notification: string
	readonly #send: (text: string) => void
	readonly #forget: (id: string) => void
	readonly #stopListeners: (() => void)[] = []
	/** Notifications that came before the answer with the id; undefined once that is out. */
	#held: unknown[] | undefined = []
	#closed = false

	constructor(notification: string, send: (text: string) => void, forget: (id: string) => void) {
		this.#notification = notification
		this.#send = send
		this.#forget = forget
	}

	push(result: unknown): void {
		if (this.#held) this.#held.push(result)
		else if (!this.#closed) this.#send(notificationMessage(this.#notification, this.id, result))
	}

	/** Sends what was held back. Statuses pushed before a close of our own (an ended extrinsic) still belong to the client. */
	release(): void {
		const held = this.#held ?? []
		this.#held = undefined
		for (const result of held) this.#send(notificationMessage(this.#notification, this.id, result))
	}

	onStop(listener: () => void): void {
		if (this.#closed) listener()
		else this.#stopListeners.push(listener)
	}

	close(): void {
		if (this.#closed) return
		this.#closed = true
		this.#forget(this.id)
		for (const listener of this.#stopListeners) listener()
	}
}
