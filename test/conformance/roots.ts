import { deepStrictEqual, ok, strictEqual } from 'node:assert'
import type { RawSpec } from '@stkr/chain-spec'
import { decodeHeader, encodeHeader } from '@stkr/node/src/block/header.ts'
import type { Hash } from '@stkr/node/src/chain.ts'
import { fromHex, toHex } from '@stkr/node/src/crypto/hex.ts'
import type { Node } from '@stkr/node/src/node.ts'
import { orderedRoot } from '@stkr/node/src/trie/ordered-root.ts'
import { start } from 'smoldot'
import { loadChopsticks } from './chopsticks/fork.ts'
import { stateOf } from './dev-node.ts'
import { randomChain } from './random-chain.ts'
import type { Report } from './report.ts'

const BLOCKS = 6
const SEED = 20_261_120
const CODE: Hash = '0x3a636f6465'

/** The genesis hash that smoldot, as a light client with no network, computes from a raw chain spec. */
const smoldotGenesisHash = async (spec: RawSpec): Promise<string> => {
	const client = start({ maxLogLevel: 1, forbidTcp: true, forbidWs: true, forbidWss: true, forbidWebRtc: true })
	try {
		const chain = await client.addChain({ chainSpec: JSON.stringify(spec) })
		chain.sendJsonRpc(JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'chainSpec_v1_genesisHash', params: [] }))
		const { result, error } = JSON.parse(await chain.nextJsonRpcResponse()) as { result: string; error?: { message: string } }
		if (error) throw new Error(`smoldot refused chainSpec_v1_genesisHash: ${error.message}`)
		return result
	} finally {
		await client.terminate()
	}
}

interface Replay {
	/** Header as `BlockBuilder_finalize_block` gives it; its state root is not computed there. */
	extrinsicsRoot: Hash
	/** Keys that changed, with their values; null for those gone. */
	changes: Map<string, string | null>
}

/** Runs a block of our node in smoldot's executor on our state before it: initialise, apply each extrinsic, finalise. */
const replay = async ({ chain }: Node, parentState: Map<Hash, Hash>, hash: Hash): Promise<Replay> => {
	const { runTask } = await loadChopsticks()
	const header = chain.header(hash)!
	const draft = encodeHeader({
		...header,
		stateRoot: `0x${'00'.repeat(32)}`,
		extrinsicsRoot: `0x${'00'.repeat(32)}`,
		// what the author put in before the runtime ran; the rest is the runtime's and the seal
		digest: header.digest.filter(({ type }) => type === 'preRuntime'),
	})
	const keys = [...parentState.keys()]
	const task = {
		wasm: parentState.get(CODE)!,
		calls: [
			['Core_initialize_block', [toHex(draft)]],
			...chain.body(hash)!.map((extrinsic): [string, Hash[]] => ['BlockBuilder_apply_extrinsic', [toHex(extrinsic)]]),
			['BlockBuilder_finalize_block', []],
		] as [string, Hash[]][],
		mockSignatureHost: false,
		allowUnresolvedImports: false,
		runtimeLogLevel: 0,
	}
	const answer = await runTask(task, {
		getStorage: async (key: Hash) => parentState.get(key),
		getNextKey: async (prefix: Hash, key: Hash) => keys.find((found) => found > key && found.startsWith(prefix)),
		offchainGetStorage: async () => undefined,
		offchainTimestamp: async () => 0,
		offchainRandomSeed: async () => `0x${'00'.repeat(32)}`,
		offchainSubmitTransaction: async () => false,
	} as unknown as Parameters<typeof runTask>[1])
	if ('Error' in answer) throw new Error(answer.Error)
	const changes = answer.Call.storageDiff.filter(([key, value]) => (parentState.get(key) ?? null) !== (value ?? null))
	return {
		extrinsicsRoot: decodeHeader(fromHex(answer.Call.result)).extrinsicsRoot,
		changes: new Map(changes.map(([key, value]) => [key, value ?? null])),
	}
}

const bySortedKey = (changes: Iterable<[string, string | null]>): [string, string | null][] =>
	[...changes].sort(([a], [b]) => (a < b ? -1 : 1))

/** Genesis, state roots, extrinsics roots and whole blocks by code that is not ours. */
export const roots = async (report: Report): Promise<void> => {
	report.part(
		'roots',
		`genesis by the smoldot light client; ${BLOCKS} blocks of random calls (seed ${SEED}) by smoldot’s executor and trie`,
	)
	const { dev, spec, extrinsics } = await randomChain(BLOCKS, SEED)
	const { destroyWorker, calculateStateRoot } = await loadChopsticks()
	try {
		const { node } = dev
		const { chain } = node
		await report.check(`smoldot computes genesis hash ${chain.genesisHash} from the raw spec`, async () =>
			strictEqual(await smoldotGenesisHash(spec), chain.genesisHash),
		)
		await report.check('smoldot’s trie gives the state root of genesis', async () =>
			strictEqual(await calculateStateRoot([...stateOf(node, chain.genesisHash)], 1), chain.header(chain.genesisHash)!.stateRoot),
		)
		await report.check('the random blocks hold signed extrinsics', () => ok(extrinsics > BLOCKS * 10, `only ${extrinsics}`))
		let parentState = stateOf(node, chain.genesisHash)
		for (let number = 1; number <= BLOCKS; number++) {
			const hash = chain.hashOf(number)!
			const header = chain.header(hash)!
			const state = stateOf(node, hash)
			await report.check(`block ${number}: smoldot’s trie gives state root ${header.stateRoot} of ${state.size} keys`, async () =>
				strictEqual(await calculateStateRoot([...state], 1), header.stateRoot),
			)
			const replayed = await replay(node, parentState, hash)
			const body = chain.body(hash)!
			await report.check(`block ${number}: smoldot gives extrinsics root ${header.extrinsicsRoot} of ${body.length} extrinsics`, () => {
				strictEqual(replayed.extrinsicsRoot, header.extrinsicsRoot)
				// Clients check bodies against it: state version 0, for the runtime's system version is 1.
				strictEqual(header.extrinsicsRoot, toHex(orderedRoot(body, 0)))
			})
			const ours = chain.changesOf(hash)!.map(({ key, value }): [string, string | null] => [toHex(key), value && toHex(value)])
			const changed = ours.filter(([key, value]) => (parentState.get(key as Hash) ?? null) !== value)
			await report.check(
				`block ${number}: smoldot’s executor changes the same ${changed.length} keys to the same values, none left out`,
				() => deepStrictEqual(bySortedKey(replayed.changes), bySortedKey(changed)),
			)
			parentState = state
		}
	} finally {
		await destroyWorker()
		await dev.close()
	}
}
