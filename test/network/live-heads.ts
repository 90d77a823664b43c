import { WsProvider } from '@polkadot/api'
import type { JsonHeader } from './headers.ts'
import { within } from './within.ts'

/** How far finality was behind a head, in blocks, when its time was over: the next head came. */
export interface Lag {
	head: number
	blocks: number
}

/** A validator misses turns on a busy machine. */
const SECONDS_PER_HEAD = 10

/** Follows best and finalized heads of a node over its subscriptions, and gives the lag of each of `count` heads. */
export const finalityLag = async (url: string, count: number): Promise<Lag[]> => {
	const provider = new WsProvider(url, false)
	await provider.connect()
	await provider.isReady
	const followed = new Promise<Lag[]>((resolve, reject) => {
		const lags: Lag[] = []
		let [finalized, best] = [0, 0]
		const hear = (notification: string, method: string, onHead: (number: number) => void): void => {
			const callback = (error: Error | null, header: JsonHeader): void => (error ? reject(error) : onHead(Number(header.number)))
			provider.subscribe(notification, method, [], callback).catch(reject)
		}
		hear('chain_finalizedHead', 'chain_subscribeFinalizedHeads', (number) => {
			finalized = number
		})
		hear('chain_newHead', 'chain_subscribeNewHeads', (number) => {
			// the same height again is another branch
			if (number <= best) return
			if (best > 0) lags.push({ head: best, blocks: best - finalized })
			best = number
			if (lags.length === count) resolve(lags)
		})
	})
	try {
		return await within(`${count} heads of ${url}`, followed, count * SECONDS_PER_HEAD)
	} finally {
		await provider.disconnect()
	}
}
