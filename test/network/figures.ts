import { execFileSync } from 'node:child_process'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { buildPreset, buildRaw } from '@stkr/chain-spec'
import type { Hash } from '@stkr/node/src/chain.ts'
import { fromHex, toHex } from '@stkr/node/src/crypto/hex.ts'
import { signExtrinsic } from '@stkr/runtime-spec/frame/native/sign.ts'
import { balances, STKR } from '@stkr/runtime-spec/pallets/balances/index.ts'
import { DEV_KEYS, type DevName } from '@stkr/runtime-spec/runtime/presets.ts'
import { figure, machine, median } from '../bench/figures.ts'
import { pairOf } from '../conformance/signers.ts'
import { callOf } from '../runtime/calls.ts'
import type { Context, Proof } from './proof.ts'
import type { Rpc } from './rpc.ts'
import { SubstrateNode } from './substrate-node.ts'
import { until } from './until.ts'

const STARTS = 3
/** More than a block's weight admits. */
const TRANSFERS = 8000
/** Extrinsics of one JSON-RPC request. */
const BATCH = 200
/** Blocks with fewer are not looked at: what a block costs by itself would show in them. */
const LARGE_BLOCK = 500
/** Of a block's six seconds, so much is for computing it, here and in the limits of FRAME chains. */
const COMPUTE_US = 2_000_000
const POLL_MS = 10
const INCLUSION_SECONDS = 180
/**
 * A pool with room for all: of nonces that wait for others, as all do for a moment when a block comes while thousands arrive, it keeps a
 * tenth of its size, and drops the rest.
 */
const ROLE = ['--alice', '--validator', '--pool-limit', '100000', '--pool-kbytes', '100000']
const NAMES = Object.keys(DEV_KEYS) as DevName[]

/** A fresh chain of one validator, Alice, with the usual slots of six seconds. */
const alone = async ({ binary, dir, onFailure }: Context, name: string): Promise<SubstrateNode> => {
	const plain = await buildPreset('local')
	const { config } = plain.genesis.runtimeGenesis
	const { validators } = config.session as { validators: object[] }
	config.session = { ...(config.session as object), validators: validators.slice(0, 1) }
	const spec = join(dir, 'alone.json')
	await writeFile(spec, JSON.stringify(await buildRaw({ ...plain, id: 'stkr_alone' })))
	return SubstrateNode.create({ binary, dir, spec, name, role: ROLE, onExit: onFailure })
}

/** From spawning the process until JSON-RPC answers, on an empty directory and on one that has the chain. */
const startUp = async (context: Context): Promise<void> => {
	const [fresh, again]: [number[], number[]] = [[], []]
	for (let i = 0; i < STARTS; i++) {
		const node = await alone(context, `start-${i}`)
		fresh.push(await node.start())
		await node.stop()
		again.push(await node.start())
		await node.stop()
	}
	figure('from starting the process to the first JSON-RPC answer, new chain', median(fresh), 'ms')
	figure('from starting the process to the first JSON-RPC answer, existing chain', median(again), 'ms')
}

/** Signed transfers of all development accounts in turn, each account's in order of its nonces. */
const signedTransfers = (genesisHash: Uint8Array): Hash[] =>
	Array.from({ length: TRANSFERS }, (_, i) => {
		const args = { dest: { type: 'Id', value: new Uint8Array(32).fill((i % 200) + 1) }, value: STKR }
		const options = { nonce: Math.floor(i / NAMES.length), genesisHash }
		return toHex(signExtrinsic(pairOf(NAMES[i % NAMES.length]), callOf(balances, 'transferKeepAlive', args), options))
	})

const submitAll = async (rpc: Rpc, extrinsics: readonly Hash[]): Promise<void> => {
	for (let from = 0; from < extrinsics.length; from += BATCH)
		await rpc.batch('author_submitExtrinsic', extrinsics.slice(from, from + BATCH))
}

/** Waits until so many extrinsics are in blocks after `number`; gives the last of these blocks. */
const included = (rpc: Rpc, count: number, number: number): Promise<number> => {
	let [last, left] = [number, count]
	return until(
		'all transfers to be in blocks',
		async () => {
			for (let hash = await rpc.hashAt(last + 1); hash; hash = await rpc.hashAt(last + 1)) {
				// the first is the timestamp
				left -= (await rpc.body(hash)).length - 1
				last++
			}
			return left === 0 ? last : undefined
		},
		INCLUSION_SECONDS,
	)
}

/** A flood of transfers on one validator: how large its blocks get, and what they cost to execute. */
const transfers = async (context: Context): Promise<void> => {
	const node = await alone(context, 'flooded')
	const { rpc } = node
	const started = performance.now()
	await node.start()
	await until('block 1', async () => ((await rpc.best()).number >= 1 ? true : undefined), 60, POLL_MS)
	figure('from starting the process to block 1, slots of 6 s', performance.now() - started, 'ms')
	await submitAll(rpc, signedTransfers(fromHex((await rpc.hashAt(0))!)))
	const last = await included(rpc, TRANSFERS, 0)
	await node.stop()

	const lines = await node.measure(1, last)
	const start = lines.find(({ figure: name }) => name === 'runtime call start')!
	figure('start of a runtime call that computes nothing', Number(start.us_median), 'µs')
	figure('start of a runtime call that reads one item', Number(start.us_median_account_nonce), 'µs')
	const blocks = lines.filter(({ figure: name, extrinsics }) => name === 'block execution' && Number(extrinsics) > LARGE_BLOCK)
	if (blocks.length === 0) throw new Error(`no block has more than ${LARGE_BLOCK} extrinsics`)
	const each = median(blocks.map(({ us_per_extrinsic }) => Number(us_per_extrinsic)))
	figure('execution of a block, per signed transfer in it', each, 'µs')
	figure('signed transfers that fit two seconds of compute', Math.floor(COMPUTE_US / each), 'transfers')
	figure('extrinsics of the largest block', Math.max(...blocks.map(({ extrinsics }) => Number(extrinsics))), 'extrinsics')
}

/** Memory of a running process that is not swapped out, in MiB. */
const residentMib = (pid: number): number => Number(execFileSync('ps', ['-o', 'rss=', '-p', String(pid)], { encoding: 'utf8' })) / 1024

/** What the network costs on this machine, one JSON line a figure. */
export const figures: Proof = {
	title: 'figures',
	async run(context) {
		const { network } = context
		machine()
		figure('memory of a validator after the run', median(network.authors().map(({ pid }) => residentMib(pid))), 'MiB')
		await startUp(context)
		await transfers(context)
	},
}
