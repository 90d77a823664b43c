/** `npm run bench:node`: start-up, pool to block, and the state root at two sizes of state. One JSON line a figure. */
import '@stkr/runtime-spec/frame/native/install.ts'
import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Keyring } from '@polkadot/keyring'
import { cryptoWaitReady } from '@polkadot/util-crypto'
import { loadChainSpec } from '@stkr/chain-spec'
import { runtimeCall } from '@stkr/runtime-spec/frame/call.ts'
import { signExtrinsic } from '@stkr/runtime-spec/frame/native/sign.ts'
import { balances, STKR } from '@stkr/runtime-spec/pallets/balances/index.ts'
import '@stkr/runtime-spec/runtime/index.ts'
import { fromHex } from '@stkr/node/src/crypto/hex.ts'
import { startNode } from '@stkr/node/src/node.ts'
import { ChainDatabase } from '@stkr/node/src/store/database.ts'
import { EMPTY_ROOT } from '@stkr/node/src/trie/node.ts'
import type { Trie } from '@stkr/node/src/trie/trie.ts'
import { DEV_KEYS } from '@stkr/runtime-spec/runtime/presets.ts'
import { figure, machine, median } from './figures.ts'

const TRANSFERS = 6000
const TOUCHED = 1000
const ROUNDS = 9
const ACCOUNT_BYTES = 80

/** From starting the process to its first block, in ms. */
const firstBlock = (): Promise<number> =>
	new Promise((resolve, reject) => {
		const started = performance.now()
		const cli = fileURLToPath(import.meta.resolve('@stkr/node/src/cli.ts'))
		const child = spawn(process.execPath, [cli, '--tmp', '--rpc-port', '0', '--block-time', '100'], { stdio: ['ignore', 'pipe', 'pipe'] })
		let output = ''
		let took: number | undefined
		const hear = (data: Buffer): void => {
			output += data
			if (took !== undefined || !/^#1 /m.test(output)) return
			took = performance.now() - started
			child.kill('SIGTERM')
		}
		child.stdout.on('data', hear)
		child.stderr.on('data', hear)
		child.once('exit', () => (took === undefined ? reject(new Error(`the node ended before its first block:\n${output}`)) : resolve(took)))
	})

/** Signed transfers into the pool, and from the pool into blocks. */
const throughput = async (): Promise<void> => {
	await cryptoWaitReady()
	const node = await startNode({
		spec: await loadChainSpec('dev'),
		sealing: 'manual',
		authority: '//Alice',
		log: { debug() {}, info() {}, warn: console.error, error: console.error },
	})
	try {
		const keyring = new Keyring({ type: 'sr25519' })
		const senders = Object.keys(DEV_KEYS).map((name) => keyring.addFromUri(`//${name}`))
		const genesisHash = fromHex(node.chain.genesisHash)
		const transfers = Array.from({ length: TRANSFERS }, (_, i) => {
			const args = { dest: { type: 'Id', value: new Uint8Array(32).fill((i % 200) + 1) }, value: STKR }
			const call = runtimeCall.encode({ pallet: balances.index, definition: balances.parts.calls!.transferKeepAlive, args })
			return signExtrinsic(senders[i % senders.length], call, { nonce: Math.floor(i / senders.length), genesisHash })
		})
		const started = performance.now()
		await Promise.all(transfers.map((extrinsic) => node.pool.submit(extrinsic)))
		const pooled = performance.now()
		let included = 0
		let blocks = 0
		while (included < TRANSFERS) {
			const { hash } = await node.author.seal()
			included += node.chain.body(hash)!.length - 1
			blocks++
		}
		const ended = performance.now()
		figure('signed transfers from the pool into stored, final blocks', TRANSFERS / ((ended - pooled) / 1000), '1/s')
		figure('signed transfers checked into the pool', TRANSFERS / ((pooled - started) / 1000), '1/s')
		figure('signed transfers from submission to stored, final blocks', TRANSFERS / ((ended - started) / 1000), '1/s')
		figure(`blocks they took, of ${TRANSFERS}`, blocks, 'blocks')
	} finally {
		await node.close()
	}
}

/** Milliseconds for the root after `TOUCHED` accounts of `accounts` changed. */
const rootTime = async (accounts: number, dir: string): Promise<number> => {
	const database = ChainDatabase.open(join(dir, `${accounts}.lmdb`))
	const prefix = Buffer.from('26aa394eea5630e07c48ae0c9558cef7b99d880ec681799c0cf30e8886371da9', 'hex')
	// Keys as Blake2_128Concat makes them: spread by their first 16 bytes.
	const keyOf = (n: number): Uint8Array => {
		const key = Buffer.alloc(prefix.length + 48)
		prefix.copy(key)
		for (let i = 0; i < 4; i++)
			key.writeUInt32BE(Math.imul(n + 1, [0x9e3779b1, 0x85ebca6b, 0xc2b2ae35, 0x27d4eb2f][i]) >>> 0, prefix.length + 4 * i)
		key.writeUInt32LE(n, prefix.length + 16)
		return new Uint8Array(key)
	}
	const change = (n: number, round: number) => ({ key: keyOf(n), value: new Uint8Array(ACCOUNT_BYTES).fill((n + round) & 0xff) })
	const inOrder = <T extends { key: Uint8Array }>(changes: T[]): T[] => changes.sort((a, b) => Buffer.compare(a.key, b.key))
	let trie: Trie = database.nodes.open(0, EMPTY_ROOT)
	let next = 1
	const store = async (changes: ReturnType<typeof change>[]): Promise<number> => {
		const started = performance.now()
		const pending = trie.apply(inOrder(changes))
		const took = performance.now() - started
		await database.commit((writer) => {
			next = database.nodes.persist(pending, next, (id, record) => writer.node(id, record))
		})
		trie = database.nodes.open(pending.root?.id ?? 0, pending.hash)
		return took
	}
	const STEP = 50_000
	for (let from = 0; from < accounts; from += STEP)
		await store(Array.from({ length: Math.min(STEP, accounts - from) }, (_, i) => change(from + i, 0)))
	const times: number[] = []
	for (let round = 1; round <= ROUNDS; round++) {
		const chosen = new Set<number>()
		for (let i = 0; chosen.size < TOUCHED; i++) chosen.add((Math.imul(i + 1, 0x9e3779b1) >>> 0) % accounts)
		times.push(await store([...chosen].map((n) => change(n, round))))
	}
	await database.close()
	return median(times)
}

machine()
const starts: number[] = []
for (let i = 0; i < 3; i++) starts.push(await firstBlock())
figure('from starting the node to block 1', median(starts), 'ms')
await throughput()
const dir = mkdtempSync(join(tmpdir(), 'stkr-bench-'))
try {
	const small = await rootTime(10_000, dir)
	const large = await rootTime(1_000_000, dir)
	figure(`state root, ${TOUCHED} of 10,000 accounts touched`, small, 'ms')
	figure(`state root, ${TOUCHED} of 1,000,000 accounts touched`, large, 'ms')
	figure('root with 1,000,000 accounts against 10,000', large / small, 'x')
} finally {
	rmSync(dir, { recursive: true, force: true })
}
process.exit(0)
