import { WebSocket } from 'ws'

interface Message {
	id?: number
	result?: unknown
	error?: { code: number; message: string; data?: unknown }
	method?: string
	params?: { subscription: string; result: unknown }
}

/** What came as answer to a request that failed. */
export class CallError extends Error {
	readonly code: number
	readonly data: unknown

	constructor({ code, message, data }: NonNullable<Message['error']>) {
		super(message)
		this.code = code
		this.data = data
	}
}

/** A bare JSON-RPC client over WebSocket: nothing hidden, every message kept in the order it came. */
export class TestClient {
	readonly messages: Message[] = []
	readonly #socket: WebSocket
	readonly #wakers = new Set<() => void>()
	#lastId = 0

	private constructor(socket: WebSocket) {
		this.#socket = socket
		socket.on('message', (data) => {
			this.messages.push(JSON.parse(String(data)))
			for (const wake of this.#wakers) wake()
		})
		socket.on('close', () => {
			for (const wake of this.#wakers) wake()
		})
	}

	static async connect(port: number, headers: Record<string, string> = {}): Promise<TestClient> {
		const socket = new WebSocket(`ws://127.0.0.1:${port}`, { headers })
		const client = new TestClient(socket)
		await new Promise<void>((resolve, reject) => {
			socket.once('open', resolve)
			socket.once('error', reject)
		})
		return client
	}

	get open(): boolean {
		return this.#socket.readyState === WebSocket.OPEN
	}

	send(text: string): void {
		this.#socket.send(text)
	}

	/** Waits until `read` finds something in what has come (or will). Throws when the connection ends before. */
	async until<T>(read: () => T | undefined): Promise<T> {
		for (;;) {
			const found = read()
			if (found !== undefined) return found
			if (!this.open) throw new Error('the connection ended')
			await new Promise<void>((resolve) => {
				const wake = () => {
					this.#wakers.delete(wake)
					resolve()
				}
				this.#wakers.add(wake)
			})
		}
	}

	async call(method: string, ...params: unknown[]): Promise<unknown> {
		const id = ++this.#lastId
		this.send(JSON.stringify({ jsonrpc: '2.0', id, method, params }))
		const answer = await this.until(() => this.messages.find((message) => message.id === id))
		if (answer.error) throw new CallError(answer.error)
		return answer.result
	}

	/** Calls a method whose result is a text: an id, a hash. */
	async text(method: string, ...params: unknown[]): Promise<string> {
		return String(await this.call(method, ...params))
	}

	notifications(subscription: string): unknown[] {
		return this.messages.filter((message) => message.params?.subscription === subscription).map((message) => message.params?.result)
	}

	/** The first `count` notifications of a subscription. */
	take(subscription: string, count: number): Promise<unknown[]> {
		return this.until(() => {
			const all = this.notifications(subscription)
			return all.length >= count ? all.slice(0, count) : undefined
		})
	}

	/** Waits for the end of the connection. */
	async closed(): Promise<void> {
		if (this.open) await new Promise<void>((resolve) => this.#socket.once('close', () => resolve()))
	}

	close(): void {
		this.#socket.terminate()
	}
}
