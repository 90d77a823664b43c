import { existsSync, readFileSync, statfsSync } from 'node:fs'
import { homedir, tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import type { RawChainSpec } from '../chain-spec.ts'
import type { Node, NodeOptions } from '../node.ts'
import { CliError, EXIT } from './failure.ts'

/** Which chain, and where it is kept: options of every command. */
export interface ChainOptions {
	chain: string
	basePath?: string
}

export function defaultBasePath(): string {
	return join(process.env.XDG_DATA_HOME ?? join(homedir(), '.local', 'share'), 'stkr-node')
}

export const basePathOf = (options: ChainOptions): string => resolve(options.basePath ?? defaultBasePath())

/** A preset by its name, or the chain spec in a file, raw or plain. */
export async function loadSpec(nameOrPath: string): Promise<RawChainSpec> {
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

/** Room for the state at genesis, an hour of blocks, and one large transaction of the database. */
const LEAST_FREE_MIB = 64

/** Refuses to start where the disk would fill up at once. Throws `CliError` with the figures. */
function ensureSpace(path: string): void {
	let existing = path
	while (!existsSync(existing)) existing = dirname(existing)
	const { bavail, bsize } = statfsSync(existing)
	const freeMib = Math.floor((bavail * bsize) / 2 ** 20)
	if (freeMib >= LEAST_FREE_MIB) return
	throw new CliError(
		EXIT.disk,
		`only ${freeMib} MiB are free under ${existing}, a node needs ${LEAST_FREE_MIB} at least: free some, or choose another --base-path`,
	)
}

/** Starts a node. What it is made of loads only now, so that --help and wrong usage answer at once. Throws as `startNode`, and `CliError`. */
export async function openNode(options: NodeOptions): Promise<Node> {
	ensureSpace(options.basePath ?? tmpdir())
	const { startNode } = await import('../node.ts')
	return startNode(options)
}
