import type { StkrApi } from './api.ts'

export interface Head {
	hash: string
	number: number
}

/** How often a node without subscriptions (HTTP) is asked: a part of the shortest block time. */
const POLL_MS = 250

/**
 * Finalized blocks one by one from `from` on, each once and none left out, however many become final at a time or while the connection
 * was lost. Ends when `end` is aborted.
 */
export async function* finalizedHeads(api: StkrApi, from: number, end: AbortSignal): AsyncGenerator<Head> {
	let next = from
	const changes = await watch(api, end)
	const stop = () => changes.wake()
	end.addEventListener('abort', stop, { once: true })
	try {
		while (!end.aborted) {
			const last = await steadily(api, end, () => finalizedHead(api))
			for (; next <= last.number && !end.aborted; next++) {
				const hash = await steadily(api, end, () => api.rpc.chain.getBlockHash(next))
				yield { hash: hash.toHex(), number: next }
			}
			if (!end.aborted) await changes.next()
		}
	} finally {
		end.removeEventListener('abort', stop)
		changes.close()
	}
}

/** The last finalized block. */
export async function finalizedHead(api: StkrApi): Promise<Head> {
	const hash = await api.rpc.chain.getFinalizedHead()
	const header = await api.rpc.chain.getHeader(hash)
	return { hash: hash.toHex(), number: header.number.toNumber() }
}

/**
 * Does something, and again when the connection was lost meanwhile and is back. Only for what may be done twice.
 *
 * @throws the error of the connection when `end` is aborted while there is none
 */
export async function steadily<T>(api: StkrApi, end: AbortSignal, work: () => Promise<T>): Promise<T> {
	for (;;) {
		try {
			return await work()
		} catch (error) {
			if (api.isConnected) throw error
			await connected(api, end)
			if (end.aborted) throw error
		}
	}
}

const connected = (api: StkrApi, end: AbortSignal): Promise<void> =>
	new Promise((resolve) => {
		const done = (): void => {
			api.off('connected', done)
			end.removeEventListener('abort', done)
			resolve()
		}
		api.on('connected', done)
		end.addEventListener('abort', done)
		if (end.aborted || api.isConnected) done()
	})

interface Changes {
	/** Resolves when there may be news since the last call. */
	next(): Promise<void>
	wake(): void
	close(): void
}

async function watch(api: StkrApi, end: AbortSignal): Promise<Changes> {
	let news = false
	let resume: (() => void) | undefined
	const wake = (): void => {
		news = true
		resume?.()
	}
	const next = async (): Promise<void> => {
		if (!news)
			await new Promise<void>((resolve) => {
				resume = resolve
			})
		news = false
		resume = undefined
	}
	if (!api.hasSubscriptions) {
		const timer = setInterval(wake, POLL_MS)
		return { next, wake, close: () => clearInterval(timer) }
	}
	const unsubscribe = await steadily(api, end, () => api.rpc.chain.subscribeFinalizedHeads(wake))
	// what was missed while the connection was lost
	api.on('connected', wake)
	const close = (): void => {
		api.off('connected', wake)
		unsubscribe()
	}
	return { next, wake, close }
}
