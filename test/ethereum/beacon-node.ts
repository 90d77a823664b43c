/** The devnet's side of the beacon node: starts its process, follows its head, gives it validator keys. */
import { fileURLToPath } from 'node:url'
import type { Hex } from 'viem'
import type { BeaconOptions, DevnetHead, FromBeacon, ToBeacon } from './beacon/protocol.ts'
import { Child } from './child-process.ts'

interface BeaconStart {
	logFile: string
	options: BeaconOptions
	/** Called once if the node dies after it had started. */
	onFailure: (error: Error) => void
}

/** @throws if the REST port is taken, or the node dies before its first slot */
export async function startBeacon({ logFile, options, onFailure }: BeaconStart): Promise<BeaconNode> {
	const child = new Child<FromBeacon, ToBeacon>({
		name: 'beacon node',
		args: [fileURLToPath(new URL('./beacon/main.ts', import.meta.url))],
		// Lodestar reads the preset once, when it is loaded.
		env: { LODESTAR_PRESET: 'minimal' },
		logFile,
	})
	try {
		const started = await new Promise<Extract<FromBeacon, { type: 'started' }>>((resolve, reject) => {
			child.onUnexpectedExit(reject)
			child.onMessage((message) => {
				if (message.type === 'started') resolve(message)
				if (message.type === 'failed') reject(new Error(message.reason))
			})
			child.send({ type: 'start', options })
		})
		return new BeaconNode(child, started, onFailure)
	} catch (error) {
		await child.close()
		throw error
	}
}

interface Waiter {
	condition: (head: DevnetHead) => boolean
	resolve: (head: DevnetHead) => void
	reject: (error: Error) => void
}

export class BeaconNode {
	readonly url: string
	readonly genesisForkVersion: Hex
	readonly #child: Child<FromBeacon, ToBeacon>
	readonly #waiters = new Set<Waiter>()
	readonly #keyRequests = new Map<number, { resolve: () => void; reject: (error: Error) => void }>()
	readonly #finalizedListeners: ((head: DevnetHead) => void)[] = []
	#nextRequestId = 0
	#head: DevnetHead
	#ended: Error | undefined

	constructor(child: Child<FromBeacon, ToBeacon>, started: Extract<FromBeacon, { type: 'started' }>, onFailure: (error: Error) => void) {
		this.url = `http://127.0.0.1:${started.restPort}`
		this.genesisForkVersion = started.genesisForkVersion
		this.#child = child
		this.#head = started.head
		child.onMessage((message) => this.#receive(message, onFailure))
		child.onUnexpectedExit(onFailure)
	}

	get pid(): number {
		return this.#child.pid
	}

	head(): DevnetHead {
		return this.#head
	}

	onFinalized(listener: (head: DevnetHead) => void): void {
		this.#finalizedListeners.push(listener)
	}

	waitHead(condition: (head: DevnetHead) => boolean): Promise<DevnetHead> {
		return new Promise((resolve, reject) => {
			if (this.#ended !== undefined) reject(this.#ended)
			else if (condition(this.#head)) resolve(this.#head)
			else this.#waiters.add({ condition, resolve, reject })
		})
	}

	addValidatorKey(secretKey: Uint8Array): Promise<void> {
		return new Promise((resolve, reject) => {
			if (this.#ended !== undefined) {
				reject(this.#ended)
				return
			}
			const requestId = this.#nextRequestId++
			this.#keyRequests.set(requestId, { resolve, reject })
			this.#child.send({ type: 'addValidatorKey', requestId, secretKey })
		})
	}

	/** Ends every wait with this error; the process itself is ended by `close`. */
	abort(error: Error): void {
		this.#ended ??= error
		for (const { reject } of [...this.#waiters, ...this.#keyRequests.values()]) reject(this.#ended)
		this.#waiters.clear()
		this.#keyRequests.clear()
	}

	async close(): Promise<void> {
		this.abort(new Error('The dev Ethereum was closed.'))
		await this.#child.close()
	}

	#receive(message: FromBeacon, onFailure: (error: Error) => void): void {
		switch (message.type) {
			case 'head':
				this.#follow(message.head)
				break
			case 'validatorKeyAdded':
				this.#keyRequests.get(message.requestId)?.resolve()
				this.#keyRequests.delete(message.requestId)
				break
			case 'validatorKeyRefused':
				this.#keyRequests.get(message.requestId)?.reject(new Error(message.reason))
				this.#keyRequests.delete(message.requestId)
				break
			case 'failed':
				onFailure(new Error(`The beacon node stopped: ${message.reason}`))
				break
			case 'started':
				break
		}
	}

	#follow(head: DevnetHead): void {
		const isNewlyFinalized = head.finalizedEpoch > this.#head.finalizedEpoch
		this.#head = head
		if (isNewlyFinalized) for (const listener of this.#finalizedListeners) listener(head)
		for (const waiter of this.#waiters) {
			let isMet: boolean
			try {
				isMet = waiter.condition(head)
			} catch (error) {
				this.#waiters.delete(waiter)
				waiter.reject(error instanceof Error ? error : new Error(String(error)))
				continue
			}
			if (!isMet) continue
			this.#waiters.delete(waiter)
			waiter.resolve(head)
		}
	}
}
