#!/usr/bin/env node
import { createReadStream, createWriteStream, existsSync, readFileSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { homedir } from 'node:os'
import { join, resolve } from 'node:path'
import { createInterface } from 'node:readline/promises'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { Command, InvalidArgumentError, Option } from 'commander'
import type { Sealing } from './authoring/sealer.ts'
import type { Chain, Hash, ImportedBlock } from './chain.ts'
import type { RawChainSpec } from './chain-spec.ts'
import type { Client } from './client.ts'
import { ChainSpecError, DatabaseError, DataMismatchError } from './errors.ts'
import type { Logger } from './log.ts'
import type { Node, NodeOptions } from './node.ts'
import type { RpcOptions, RpcServer } from './rpc/index.ts'
import { DEFAULT_LIMITS } from './rpc/limits.ts'
import { RpcListenError } from './rpc/listen-error.ts'
import { DirectoryLock } from './store/lock.ts'

const VERSION: string = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')).version

/** What the process ends with, so that scripts can tell failures apart. */
const EXIT = { failure: 1, usage: 2, chainSpec: 3, data: 4, disk: 5, port: 6, interrupted: 130 } as const

const DEV_AUTHORITIES = ['alice', 'bob', 'charlie', 'dave', 'eve', 'ferdie']
const LEVELS = ['error', 'warn', 'info', 'debug'] as const
type Level = (typeof LEVELS)[number]

interface ChainOptions {
	chain: string
	basePath?: string
}

interface RunOptions extends ChainOptions {
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

/** Why the command can't go on, for the person at the terminal. */
class CliError extends Error {
	readonly exitCode: number

	constructor(exitCode: number, message: string) {
		super(message)
		this.exitCode = exitCode
	}
}

/** Starts a node. What it is made of loads only now, so that --help and wrong usage answer at once. */
async function openNode(options: NodeOptions): Promise<Node> {
	const { startNode } = await import('./node.ts')
	return startNode(options)
}

// ---- options -------------------------------------------------------------------------------------------------------

function wholeNumber(least: number, most: number): (text: string) => number {
	return (text) => {
		const value = Number(text)
		if (!/^\d+$/.test(text) || value < least || value > most)
			throw new InvalidArgumentError(`It must be a whole number from ${least} to ${most}.`)
		return value
	}
}

const list = (text: string): string[] => text.split(',').map((item) => item.trim())

const chainOption = () => new Option('--chain <name|file>', 'dev, local, or the path of a chain spec (JSON)').default('dev')
const basePathOption = () => new Option('--base-path <dir>', `where chain and keys are kept (default: ${defaultBasePath()})`)

function defaultBasePath(): string {
	return join(process.env.XDG_DATA_HOME ?? join(homedir(), '.local', 'share'), 'stkr-node')
}

const basePathOf = (options: ChainOptions): string => resolve(options.basePath ?? defaultBasePath())

function program(): Command {
	const command = new Command('stkr-node')
		.description('Stkr node: runs the chain, makes and finalises its blocks, and serves JSON-RPC over WebSocket and HTTP.')
		.version(VERSION)
		.enablePositionalOptions()
		.addOption(chainOption())
		.addOption(basePathOption())
		.addOption(new Option('--tmp', 'keep everything in a temporary directory, deleted at the end').conflicts('basePath'))
		.addOption(
			new Option('--sealing <mode>', 'interval: a block each block time; instant: a block for each extrinsic; manual: on request')
				.choices(['interval', 'instant', 'manual'])
				.default('interval'),
		)
		.addOption(
			new Option('--block-time <ms>', "time between blocks (default: the runtime's slot duration)").argParser(wholeNumber(1, 3_600_000)),
		)
		.addOption(new Option('--authority <suri>', 'secret URI of the block author and finality voter (default on dev chains: //Alice)'))
	for (const name of DEV_AUTHORITIES) {
		const suri = `//${name[0].toUpperCase()}${name.slice(1)}`
		command.addOption(new Option(`--${name}`, `same as --authority ${suri}`).implies({ authority: suri }).conflicts('authority'))
	}
	command
		.addOption(new Option('--rpc-port <port>', 'port of JSON-RPC, 0 for a free one').default(9944).argParser(wholeNumber(0, 65_535)))
		.addOption(
			new Option('--rpc-host <address>', 'address to listen on; other than loopback needs --unsafe-rpc-external').default('127.0.0.1'),
		)
		.addOption(
			new Option('--rpc-methods <set>', 'auto: unsafe methods for this machine only').choices(['auto', 'safe', 'unsafe']).default('auto'),
		)
		.addOption(
			new Option('--rpc-cors <origins>', 'browser origins let in, by comma; all for any (default: this machine, polkadot.js)').argParser(
				list,
			),
		)
		.addOption(new Option('--rpc-allow-host <names>', 'further host names of this node, by comma (DNS rebinding guard)').argParser(list))
		.addOption(new Option('--unsafe-rpc-external', 'serve JSON-RPC to other machines'))
		.addOption(
			new Option('--max-connections <count>', 'most JSON-RPC clients at once')
				.default(DEFAULT_LIMITS.connections)
				.argParser(wholeNumber(1, 100_000)),
		)
		.addOption(new Option('--log <level>', 'how much to log').choices(LEVELS).default('info'))
		.addHelpText('after', HELP)
		.action((options: RunOptions) => run(options))
	command
		.command('purge-chain')
		.description("delete a chain's blocks and state; its keys stay")
		.addOption(chainOption())
		.addOption(basePathOption())
		.option('-y, --yes', 'do not ask')
		.action((options: ChainOptions & { yes?: boolean }) => purgeChain(options))
	command
		.command('check-block')
		.description('execute stored blocks again and compare every root')
		.argument('[from]', 'first block number', wholeNumber(1, 0xffff_ffff))
		.argument('[to]', 'last block number (default: the first, or the best block when none is given)', wholeNumber(1, 0xffff_ffff))
		.addOption(chainOption())
		.addOption(basePathOption())
		.action((from: number | undefined, to: number | undefined, options: ChainOptions) => checkBlocks(from, to, options))
	command
		.command('export-blocks')
		.description('write blocks in the binary form of polkadot-sdk, oldest first')
		.argument('[file]', 'where to (default: standard output)')
		.addOption(new Option('--from <block>', 'first block').default(1).argParser(wholeNumber(1, 0xffff_ffff)))
		.addOption(new Option('--to <block>', 'last block (default: the best)').argParser(wholeNumber(1, 0xffff_ffff)))
		.addOption(chainOption())
		.addOption(basePathOption())
		.action((file: string | undefined, options: ChainOptions & { from: number; to?: number }) => exportChain(file, options))
	command
		.command('import-blocks')
		.description('execute and store blocks written by export-blocks')
		.argument('[file]', 'where from (default: standard input)')
		.addOption(chainOption())
		.addOption(basePathOption())
		.action((file: string | undefined, options: ChainOptions) => importChain(file, options))
	command.hook('preSubcommand', (_, subcommand) => {
		const misplaced = command.options.find((option) => command.getOptionValueSource(option.attributeName()) === 'cli')
		if (misplaced)
			throw new CliError(EXIT.usage, `put ${misplaced.long} after ${subcommand.name()}: before it, it belongs to running the node`)
	})
	for (const each of [command, ...command.commands]) each.exitOverride((error) => process.exit(error.exitCode === 0 ? 0 : EXIT.usage))
	return command
}

const HELP = `
Examples:
  $ stkr-node --tmp                                  a fresh dev chain, gone at the end
  $ stkr-node --chain dev --sealing instant          a block at once for each extrinsic
  $ stkr-node --block-time 1000 --rpc-port 9955      fast blocks, another port
  $ stkr-node --chain ./my-raw.json --base-path ./data --authority //Bob
  $ stkr-node purge-chain --chain dev -y             start over
  $ stkr-node export-blocks blocks.bin --to 1000     blocks 1 to 1000 into a file
  $ stkr-node check-block 1 100                      execute blocks 1 to 100 again

Exit codes: 0 stopped, 1 failure, 2 wrong usage, 3 chain spec, 4 data directory, 5 no disk space, 6 port.`

// ---- chain spec ----------------------------------------------------------------------------------------------------

/** A preset by its name, or the chain spec in a file, raw or plain. */
async function loadSpec(nameOrPath: string): Promise<RawChainSpec> {
	const refuse = (why: string) => new CliError(EXIT.chainSpec, `cannot use --chain ${nameOrPath}: ${why}`)
	const raw = readRawSpec(nameOrPath)
	if (raw) {
		const fault = faultOf(raw)
		if (fault) throw refuse(fault)
		return raw
	}
	// late: a raw spec is all a node needs, the presets bring the whole runtime
	const { loadChainSpec } = await import('@stkr/chain-spec')
	try {
		return await loadChainSpec(nameOrPath)
	} catch (error) {
		throw refuse((error as Error).message)
	}
}

/** The raw spec in a file, of any Substrate chain; undefined when that is not what the path leads to. */
function readRawSpec(path: string): RawChainSpec | undefined {
	try {
		const spec: RawChainSpec = JSON.parse(readFileSync(path, 'utf8'))
		return spec.genesis.raw ? spec : undefined
	} catch {
		return undefined
	}
}

/** What is wrong with a raw spec beside its genesis, which the chain checks itself. */
function faultOf({ name, id, chainType }: RawChainSpec): string | undefined {
	if (typeof name !== 'string') return 'field name must be a string'
	// the id names a directory
	if (typeof id !== 'string' || !/^[\w-]+$/.test(id)) return 'field id must be of letters, digits, _ and -'
	if (!['Development', 'Local', 'Live'].includes(chainType)) return 'field chainType must be Development, Local or Live'
	return undefined
}

// ---- run -----------------------------------------------------------------------------------------------------------

/** Lines for people: time, level, message, fields. Errors and warnings go to stderr. */
function textLogger(level: Level, onRecord: (fields: object) => void): Logger {
	const most = LEVELS.indexOf(level)
	const write = (at: Level) => (fields: object, message: string) => {
		onRecord(fields)
		if (LEVELS.indexOf(at) > most) return
		const shown = Object.entries(fields).map(([name, value]) => `${name}=${typeof value === 'string' ? value : JSON.stringify(value)}`)
		const line = [new Date().toISOString(), at.padEnd(5), message, ...shown].join(' ')
		if (at === 'error' || at === 'warn') console.error(line)
		else console.log(line)
	}
	return { error: write('error'), warn: write('warn'), info: write('info'), debug: write('debug') }
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

async function run(options: RunOptions): Promise<void> {
	const startedAt = performance.now()
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
	printStart(node.chain, rpc, options, basePath, performance.now() - startedAt)
	printProgress(node.chain, tookMs)
}

async function serveRpc(node: Node, options: RunOptions): Promise<RpcServer> {
	const { startRpc } = await import('./rpc/index.ts')
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

function printStart(chain: Chain, rpc: RpcServer, options: RunOptions, basePath: string | undefined, tookMs: number): void {
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
			`  ready in ${Math.round(tookMs)} ms at block ${chain.best().number}; stop with Ctrl-C`,
		].join('\n'),
	)
}

/** The first signal closes in order, the second ends the process as it stands (the database bears it). */
function stopOnSignals(node: Node, rpc: RpcServer): void {
	let stopping = false
	const stop = async (): Promise<void> => {
		if (stopping) process.exit(EXIT.interrupted)
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

// ---- other commands ------------------------------------------------------------------------------------------------

const quiet: Logger = textLogger('warn', () => {})

async function purgeChain(options: ChainOptions & { yes?: boolean }): Promise<void> {
	const { id } = await loadSpec(options.chain)
	const directory = join(basePathOf(options), 'chains', id)
	if (!existsSync(directory)) {
		console.log(`nothing to delete: ${directory} does not exist`)
		return
	}
	if (!options.yes) {
		if (!process.stdin.isTTY) throw new CliError(EXIT.usage, `purge-chain would delete the chain in ${directory}; confirm with --yes`)
		const terminal = createInterface({ input: process.stdin, output: process.stdout })
		const answer = await terminal.question(`Delete all blocks and state in ${directory}? [y/N] `)
		terminal.close()
		if (!/^y(es)?$/i.test(answer)) return
	}
	await removeChain(directory)
	console.log(`deleted the chain in ${directory}`)
}

/** Deletes the database under its lock: a running node keeps it. */
async function removeChain(directory: string): Promise<void> {
	const lock = new DirectoryLock(directory)
	try {
		for (const file of ['chain.lmdb', 'chain.lmdb-lock']) await rm(join(directory, file), { force: true })
	} finally {
		lock.release()
	}
}

/** Runs `work` on the stored chain with no blocks made meanwhile. */
async function withChain<T>(options: ChainOptions, work: (node: Node) => Promise<T>): Promise<T> {
	const node = await openNode({ spec: await loadSpec(options.chain), basePath: basePathOf(options), sealing: 'manual', log: quiet })
	try {
		return await work(node)
	} finally {
		await node.close()
	}
}

async function exportChain(file: string | undefined, options: ChainOptions & { from: number; to?: number }): Promise<void> {
	const { exportBlocks } = await import('./block/blocks-file.ts')
	await withChain(options, async ({ chain }) => {
		const [from, to, best] = [options.from, options.to ?? chain.best().number, chain.best().number]
		if (from > to || to > best)
			throw new CliError(EXIT.usage, `there are no blocks ${from} to ${to} to export: the chain has blocks 1 to ${best}`)
		await pipeline(Readable.from(exportBlocks(chain, from, to)), file === undefined ? process.stdout : createWriteStream(file))
		// standard output may be the export itself
		console.error(`exported blocks ${from} to ${to}${file === undefined ? '' : ` to ${resolve(file)}`}`)
	})
}

/** Blocks between two lines of progress of an import. */
const IMPORT_STRIDE = 100

async function importChain(file: string | undefined, options: ChainOptions): Promise<void> {
	const { importBlocks } = await import('./block/blocks-file.ts')
	await withChain(options, async ({ chain }) => {
		let read = 0
		// the chain of a node we started is its own client, the one way blocks get in
		const imported = await importBlocks(chain as Client, file === undefined ? process.stdin : createReadStream(file), ({ header }) => {
			if (++read % IMPORT_STRIDE === 0) console.log(`read ${read} blocks, at #${header.number}`)
		})
		const { number, hash } = chain.best()
		console.log(`read ${read} blocks, ${imported} of them new; best #${number} ${hash}, final #${chain.finalized().number}`)
	})
}

async function checkBlocks(from: number | undefined, to: number | undefined, options: ChainOptions): Promise<void> {
	await withChain(options, async ({ chain }) => {
		const best = chain.best().number
		const [first, last] = [from ?? 1, to ?? from ?? best]
		if (last > best) throw new CliError(EXIT.usage, `there is no block ${last}: the best block is ${best}`)
		for (let number = first; number <= last; number++) await checkBlock(chain, number)
		console.log(last < first ? 'no blocks to check' : `blocks ${first} to ${last}: every root as the headers say`)
	})
}

/** Executes a block on its parent's state. The runtime traps when state, extrinsics or digest come out differently. */
async function checkBlock(chain: Chain, number: number): Promise<void> {
	const { encodeBlock } = await import('./block/block.ts')
	const hash = chain.hashOf(number)
	const [header, body] = [hash && chain.header(hash), hash && chain.body(hash)]
	if (!hash || !header || !body) throw new CliError(EXIT.data, `block ${number} is missing in the database`)
	// the seal signs the header without itself
	const unsealed = { ...header, digest: header.digest.filter(({ type }) => type !== 'seal') }
	try {
		chain.call(header.parentHash, 'Core_execute_block', encodeBlock(unsealed, body))
	} catch (error) {
		throw new CliError(EXIT.failure, `block ${number} ${hash} does not execute to what its header says: ${(error as Error).message}`)
	}
}

// ---- failure -------------------------------------------------------------------------------------------------------

function exitCodeOf(error: unknown): number {
	if (error instanceof CliError) return error.exitCode
	for (let at: unknown = error; at instanceof Error; at = at.cause) {
		if (at instanceof RpcListenError) return EXIT.port
		if (/ENOSPC|no space left|MDB_MAP_FULL/i.test(`${(at as NodeJS.ErrnoException).code} ${at.message}`)) return EXIT.disk
		if (at instanceof ChainSpecError) return EXIT.chainSpec
		if (at instanceof DatabaseError) return EXIT.data
	}
	return EXIT.failure
}

function fail(error: unknown): never {
	const message = error instanceof Error ? error.message : String(error)
	console.error(`stkr-node: ${message}`)
	if (error instanceof DataMismatchError)
		console.error('stkr-node: to start over: stkr-node purge-chain with the same --chain and --base-path')
	if (exitCodeOf(error) === EXIT.disk)
		console.error('stkr-node: free space on the disk or choose another --base-path; the chain is intact up to its last block')
	process.exit(exitCodeOf(error))
}

process.on('uncaughtException', fail)
await program().parseAsync().catch(fail)
