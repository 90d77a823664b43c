import '@stkr/runtime-spec/frame/native/install.ts'
import { loadChainSpec, type RawSpec } from '@stkr/chain-spec'
import { useHost } from '@stkr/runtime-spec/frame/host.ts'
import { nativeHost } from '@stkr/runtime-spec/frame/native/host.ts'
import { signExtrinsic } from '@stkr/runtime-spec/frame/native/sign.ts'
import { MemoryState } from '@stkr/runtime-spec/frame/native/state.ts'
import '@stkr/runtime-spec/runtime/index.ts'
import { fromHex } from '@stkr/node/src/crypto/hex.ts'
import { PoolError } from '@stkr/node/src/pool/validity.ts'
import { Moves } from '../runtime/moves.ts'
import { Random } from '../runtime/random.ts'
import { type DevNode, startDevNode, stateOf } from './dev-node.ts'
import { pairOf } from './signers.ts'

const SIGNED_PER_BLOCK = 40

/** Looks at the node's best state through the pallets' own storage. */
const readState =
	({ node }: DevNode) =>
	<T>(query: () => T): T => {
		const state = new MemoryState()
		for (const [key, value] of stateOf(node, node.chain.best().hash)) state.set(fromHex(key), fromHex(value))
		useHost(nativeHost(state))
		return query()
	}

/** Our node on the raw dev spec with `blocks` blocks of random calls made from `seed`. */
export const randomChain = async (blocks: number, seed: number): Promise<{ dev: DevNode; spec: RawSpec; extrinsics: number }> => {
	const spec = await loadChainSpec('dev')
	const dev = await startDevNode(spec)
	const { chain, pool } = dev.node
	const moves = new Moves(new Random(seed), readState(dev))
	const genesisHash = fromHex(chain.genesisHash)
	let extrinsics = 0
	for (let number = 1; number <= blocks; number++) {
		for (let i = 0; i < SIGNED_PER_BLOCK; i++) {
			const { by, call } = moves.next()
			// Alice holds the sudo key: a random root call may replace the authorities or the code, and then no block follows
			if (by === 'Alice') continue
			const pair = pairOf(by)
			const raw = signExtrinsic(pair, call, { nonce: pool.nextNonce(pair.publicKey), genesisHash, tipPlanck: BigInt(i) })
			try {
				await pool.submit(raw)
			} catch (error) {
				// a random call may be one the pool must refuse, such as a signed inherent
				if (!(error instanceof PoolError)) throw error
			}
		}
		const { hash } = await dev.seal()
		extrinsics += chain.body(hash)!.length - 1
	}
	return { dev, spec, extrinsics }
}
