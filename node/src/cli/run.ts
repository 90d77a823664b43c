import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Sealing } from '../authoring/sealer.ts'
import type { Chain, Hash, ImportedBlock } from '../chain.ts'
import type { Node } from '../node.ts'
import type { RpcOptions, RpcServer } from '../rpc/index.ts'
import { basePathOf, type ChainOptions, loadSpec, openNode } from './chain.ts'
import { fail } from './failure.ts'
import { type Level, textLogger } from './log.ts'

export const VERSION: string = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')).version

export interface RunOptions extends ChainOptions {
	tmp?: boolean
	sealing: Sealing
	blockTime?: number
	authority?: string
	rpcHost: string
	rpcPort: number
	rpcMethods: NonNullable<RpcOptions['methods']>
	rpcCors?: string[]
	rpcAllowHost?: string[]
	unsafeRpcExternal?: boolean
	maxConnections: number
	log: Level
}

const short = (hash: Hash): string => `${hash.slice(0, 10)}…${hash.slice(-6)}`

/** One line a block. The author logs the time a block took once it is in, so the line waits a turn for it. */
function printProgress(chain: Chain, tookMs: Map<string, number>): void {
	chain.on('best', ({ hash, number }: ImportedBlock) => {
		setImmediate(() => {
			const extrinsics = chain.body(hash)?.length ?? 0
			const ms = tookMs.get(hash)
			tookMs.clear()
			const parts = [`#${number}`, short(hash), `${extrinsics} extrinsic${extrinsics === 1 ? '' : 's'}`]
			if (ms !== undefined) parts.push(`${ms} ms`)
			parts.push(`final #${chain.finalized().number}`)
			console.log(parts.join('  '))
		})
	})
}

/** Runs the node until a signal. */
export async function run(options: RunOptions): Promise<void> {
	const spec = await loadSpec(options.chain)
	const tookMs = new Map<string, number>()
	const log = textLogger(options.log, (fields) => {
		const { hash, ms } = fields as { hash?: unknown; ms?: unknown }
		if (typeof hash === 'string' && typeof ms === 'number') tookMs.set(hash, ms)
	})
	const basePath = options.tmp ? undefined : basePathOf(options)
	const authority = options.authority ?? (spec.chainType === 'Development' ? '//Alice' : undefined)
	const node = await openNode({ spec, basePath, sealing: options.sealing, blockTimeMs: options.blockTime, authority, log })
	const rpc = await serveRpc(node, options)
	stopOnSignals(node, rpc)
	printStart(node.chain, rpc, options, basePath)
	printProgress(node.chain, tookMs)
}

async function serveRpc(node: Node, options: RunOptions): Promise<RpcServer> {
	const { startRpc } = await import('../rpc/index.ts')
	try {
		return await startRpc(
			{ ...node, name: 'stkr-node', version: VERSION },
			{
				host: options.rpcHost,
				port: options.rpcPort,
				external: options.unsafeRpcExternal,
				methods: options.rpcMethods,
				origins: options.rpcCors,
				hosts: options.rpcAllowHost,
				limits: { connections: options.maxConnections },
			},
		)
	} catch (error) {
		await node.close()
		throw error
	}
}

function printStart(chain: Chain, rpc: RpcServer, options: RunOptions, basePath: string | undefined): void {
	const host = rpc.host.includes(':') ? `[${rpc.host}]` : rpc.host
	const socket = `ws://${host}:${rpc.port}`
	const pace = options.blockTime === undefined ? '' : `, ${options.blockTime} ms a block`
	console.log(
		[
			`Stkr node ${VERSION}: ${chain.name} (${chain.id}), genesis ${chain.genesisHash}`,
			`  data      ${basePath ? join(basePath, 'chains', chain.id) : 'temporary, deleted at the end'}`,
			`  sealing   ${options.sealing}${pace}`,
			`  JSON-RPC  ${socket}  http://${host}:${rpc.port}`,
			`  explorer  https://polkadot.js.org/apps/?rpc=${encodeURIComponent(socket)}`,
			`  ready in ${Math.round(performance.now())} ms at block ${chain.best().number}; stop with Ctrl-C`,
		].join('\n'),
	)
}

/** The first signal closes in order, the second ends the process as it stands (the database bears it). */
function stopOnSignals(node: Node, rpc: RpcServer): void {
	let stopping = false
	const stop = async (): Promise<void> => {
		// Not `process.exit`: it waits for the database's threads, which may be waiting for this one.
		if (stopping) process.kill(process.pid, 'SIGKILL')
		stopping = true
		console.log('stopping …')
		try {
			await rpc.close()
			await node.close()
			console.log(`stopped at block ${node.chain.best().number}`)
			process.exit(0)
		} catch (error) {
			fail(error)
		}
	}
	process.on('SIGINT', stop)
	process.on('SIGTERM', stop)
}
