import type { RawSpec } from '@stkr/chain-spec'
import type { Sealing } from '@stkr/node/src/authoring/sealer.ts'
import type { BlockRef, Hash } from '@stkr/node/src/chain.ts'
import { type Node, startNode } from '@stkr/node/src/node.ts'
import { startRpc } from '@stkr/node/src/rpc/index.ts'

/** Our node on a chain spec with Alice as authority. */
export interface DevNode {
	node: Node
	/** `ws://127.0.0.1:…`, JSON-RPC. */
	url: string
	seal(timestampMs?: number): Promise<BlockRef>
	close(): Promise<void>
}

const silent = () => {}
const log = { error: silent, warn: silent, info: silent, debug: silent }

/** Blocks are made on demand only (`manual`), or also whenever an extrinsic is ready (`instant`). */
export const startDevNode = async (spec: RawSpec, sealing: Exclude<Sealing, 'interval'> = 'manual'): Promise<DevNode> => {
	const node = await startNode({ spec, sealing, authority: '//Alice', log })
	try {
		const rpc = await startRpc({ ...node, name: 'stkr-node', version: '0.0.0', finalizedHoldMs: 50 }, { port: 0 })
		return {
			node,
			url: `ws://127.0.0.1:${rpc.port}`,
			seal: (timestampMs) => node.author.seal({ timestampMs, allowEmpty: true }),
			async close() {
				await rpc.close()
				await node.close()
			},
		}
	} catch (error) {
		await node.close()
		throw error
	}
}

const hex = (bytes: Uint8Array): Hash => `0x${Buffer.from(bytes).toString('hex')}`
const ALL = 1_000_000

/** Every key and value of the state after a block, as hex, in key order. */
export const stateOf = ({ chain }: Node, hash: Hash): Map<Hash, Hash> => {
	const state = chain.state(hash)
	if (!state) throw new Error(`the node has no state of block ${hash}`)
	return new Map(state.keys(new Uint8Array(), ALL).map((key) => [hex(key), hex(state.get(key)!)]))
}
