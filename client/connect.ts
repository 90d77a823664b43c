import { ApiPromise, HttpProvider, WsProvider } from '@polkadot/api'
import type { StkrApi } from './api.ts'
import { ConnectError } from './errors.ts'
import { Turns } from './turns.ts'

/** What the runtime calls itself, whatever the network. */
const SPEC_NAME = 'stkr'
const RETRY_MS = 1000
const DEFAULT_TIMEOUT_MS = 10_000

export interface ConnectOptions {
	/** How long to try before giving up, in milliseconds. Later losses of the connection are mended without end. */
	timeoutMs?: number
}

/** A connection to the chain. */
export interface StkrClient {
	/** The whole chain, typed. */
	readonly api: StkrApi
	/** Where it connects to; of several, whichever answers. */
	readonly urls: readonly string[]
	/** One at a time for each account, so that no two extrinsics are given the same nonce. */
	readonly turns: Turns
	/** Aborted by `disconnect`: ends all waits. */
	readonly closed: AbortSignal
	disconnect(): Promise<void>
}

export type ConnectParameters = Parameters<typeof connect>
export type ConnectReturnType = StkrClient
export type ConnectErrorType = ConnectError

const WS = ['ws:', 'wss:']
const HTTP = ['http:', 'https:']

const protocolOf = (url: string, urls: readonly string[]): string => {
	const protocol = URL.canParse(url) ? new URL(url).protocol : ''
	if (![...WS, ...HTTP].includes(protocol))
		throw new ConnectError('bad-url', urls, `cannot connect to "${url}": give a URL like ws://127.0.0.1:9944 or https://node.example`)
	return protocol
}

const providerOf = (urls: readonly string[]): WsProvider | HttpProvider => {
	if (urls.length === 0) throw new ConnectError('bad-url', urls, 'cannot connect: no URL was given; give one like ws://127.0.0.1:9944')
	const protocols = urls.map((url) => protocolOf(url, urls))
	if (protocols.every((protocol) => WS.includes(protocol))) return new WsProvider([...urls], RETRY_MS)
	if (urls.length === 1) return new HttpProvider(urls[0])
	throw new ConnectError('bad-url', urls, `cannot connect to ${urls.join(', ')}: of several URLs all must be ws:// or wss://`)
}

/** WebSockets fail with an event, and often with no word of why. */
const reasonOf = (error: unknown): string => {
	const message = typeof error === 'object' && error !== null && 'message' in error ? error.message : undefined
	return message ? `: ${message}` : ''
}

/**
 * Connects to a Stkr node, or to the first that answers of several, over WebSocket or HTTP. A WebSocket connection that is lost later
 * is made again by itself, with its subscriptions; over HTTP there are no subscriptions.
 *
 * @throws ConnectError `bad-url`; `unreachable` when none answers within `timeoutMs`; `other-chain` when it is not a Stkr chain
 */
export async function connect(url: string | readonly string[], options: ConnectOptions = {}): Promise<StkrClient> {
	const urls = typeof url === 'string' ? [url] : [...url]
	const timeoutMs = options.timeoutMs ?? DEFAULT_TIMEOUT_MS
	const provider = providerOf(urls)
	const api = new ApiPromise({ provider, noInitWarn: true })
	let last: unknown
	api.isReadyOrError.catch((error) => {
		last = error
	})
	let timer: ReturnType<typeof setTimeout> | undefined
	const unreachable = () => {
		const remedy = 'start the node, or give the URL of one that runs'
		throw new ConnectError(
			'unreachable',
			urls,
			`no answer from ${urls.join(', ')} within ${timeoutMs} ms${reasonOf(last)}; ${remedy}`,
			last,
		)
	}
	const late = new Promise<void>((resolve) => {
		timer = setTimeout(resolve, timeoutMs)
	}).then(unreachable)
	try {
		// over HTTP nothing is tried twice, so the first error is the last
		await Promise.race([provider.hasSubscriptions ? api.isReady : api.isReadyOrError.catch(unreachable), late])
		const specName = api.runtimeVersion.specName.toString()
		if (specName !== SPEC_NAME)
			throw new ConnectError('other-chain', urls, `${urls.join(', ')} runs "${specName}", not "${SPEC_NAME}": give the URL of a Stkr node`)
	} catch (error) {
		await api.disconnect()
		throw error
	} finally {
		clearTimeout(timer)
	}
	const closing = new AbortController()
	const disconnect = (): Promise<void> => {
		closing.abort()
		return api.disconnect()
	}
	return { api: api as unknown as StkrApi, urls, turns: new Turns(), closed: closing.signal, disconnect }
}
