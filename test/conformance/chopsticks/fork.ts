import type { setupWithServer } from '@acala-network/chopsticks'
import type { RawSpec } from '@stkr/chain-spec'

/** Chopsticks reads its log level once, when it is first loaded; its own lines would bury ours. */
export const loadChopsticks = (): Promise<typeof import('@acala-network/chopsticks')> => {
	process.env.LOG_LEVEL ??= 'fatal'
	return import('@acala-network/chopsticks')
}

type Chopsticks = Awaited<ReturnType<typeof setupWithServer>>
type Hex = `0x${string}`

/** A chain in chopsticks, which runs the blob in smoldot's executor. Block 1 is made. */
export interface Fork {
	url: string
	/** Every key and value of the best block's state, in key order. */
	state(): Promise<Map<Hex, Hex>>
	close(): Promise<void>
}

const PAGE = 1000

const stateOf = async ({ head }: Chopsticks['chain']): Promise<Map<Hex, Hex>> => {
	const state = new Map<Hex, Hex>()
	for (let last: Hex = '0x'; ; ) {
		const keys = (await head.getKeysPaged({ prefix: '0x', pageSize: PAGE, startKey: last })) as Hex[]
		for (const key of keys) state.set(key, (await head.get(key)) as Hex)
		if (keys.length < PAGE) return state
		last = keys[PAGE - 1]
	}
}

export const startChopsticks = async (spec: RawSpec): Promise<Fork> => {
	const { setupWithServer } = await loadChopsticks()
	const options = { genesis: spec, port: 0, host: '127.0.0.1', 'build-block-mode': 'Manual', runtimeLogLevel: 0 }
	const { chain, addr, close } = await setupWithServer(options as unknown as Parameters<typeof setupWithServer>[0])
	return { url: `ws://${addr}`, state: () => stateOf(chain), close }
}
