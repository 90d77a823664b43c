import { Keyring } from '@polkadot/keyring'
import type { KeyringPair } from '@polkadot/keyring/types'
import { cryptoWaitReady } from '@polkadot/util-crypto'
import { loadChainSpec } from '../../chain-spec/index.ts'
import { startNode } from '../../node/src/node.ts'
import { startRpc } from '../../node/src/rpc/index.ts'

const silent = { error: () => {}, warn: () => {}, info: () => {}, debug: () => {} }

export interface DevChain {
	/** WebSocket URL of the node. */
	readonly url: string
	/** The same over HTTP. */
	readonly httpUrl: string
	/** Ends every connection, keeps the chain, and listens on the same port again. */
	restartRpc(): Promise<void>
	close(): Promise<void>
}

/** A dev chain in this process that makes a block for each extrinsic; its data is gone with it. */
export async function startDevChain(): Promise<DevChain> {
	const node = await startNode({
		spec: await loadChainSpec('dev'),
		sealing: 'instant',
		authority: '//Alice',
		validationWorkers: 1,
		log: silent,
	})
	const served = { ...node, name: 'stkr-node', version: '0.0.0' }
	let rpc = await startRpc(served, { port: 0 })
	const { port } = rpc
	return {
		url: `ws://127.0.0.1:${port}`,
		httpUrl: `http://127.0.0.1:${port}`,
		async restartRpc() {
			await rpc.close()
			rpc = await startRpc(served, { port })
		},
		async close() {
			await rpc.close()
			await node.close()
		},
	}
}

/** The well-known accounts of dev chains. */
export async function devAccounts<N extends string>(...names: N[]): Promise<Record<N, KeyringPair>> {
	await cryptoWaitReady()
	const keyring = new Keyring({ type: 'sr25519' })
	return Object.fromEntries(names.map((name) => [name, keyring.addFromUri(`//${name}`)])) as Record<N, KeyringPair>
}
