import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { BlockAuthor } from './authoring/author.ts'
import { EquivocationWatch } from './authoring/equivocation.ts'
import { Sealer, type Sealing } from './authoring/sealer.ts'
import type { SignedBlock } from './block/block.ts'
import { exportBlocks, importBlocks } from './block/blocks-file.ts'
import type { Author, BlockRef, Chain, Hash, Keystore, Pool } from './chain.ts'
import type { RawChainSpec } from './chain-spec.ts'
import { Client } from './client.ts'
import { VerdictCache } from './crypto/verdicts.ts'
import { DatabaseError } from './errors.ts'
import type { HostServices } from './executor/execution.ts'
import { Voter } from './finality/voter.ts'
import { FileKeystore } from './keystore/keystore.ts'
import type { Logger } from './log.ts'
import { ExtrinsicPool } from './pool/pool.ts'
import { Validator } from './pool/validator.ts'
import { ChainDatabase } from './store/database.ts'
import { DirectoryLock } from './store/lock.ts'

export interface NodeOptions {
	spec: RawChainSpec
	/** Where chain and keys are kept; absent: a temporary directory that is deleted on close. */
	basePath?: string
	sealing: Sealing
	/** Time between blocks of `interval` sealing in ms; absent: the runtime's slot duration. */
	blockTimeMs?: number
	/** Secret URI of the Aura and GRANDPA authority to act as, e.g. `//Alice`. */
	authority?: string
	/** Worker threads that validate extrinsics; absent: as many as cores, up to 8. */
	validationWorkers?: number
	log: Logger
}

export interface Node {
	chain: Chain
	pool: Pool
	author: Author
	keystore: Keystore
	/** Blocks of the best chain in the binary form of `export-blocks`, piece by piece. Throws `RangeError`. */
	exportBlocks(from?: number, to?: number): Generator<Uint8Array>
	/** Imports blocks in that form and returns how many were new. Throws `ScaleError`, `BlockImportError`. */
	importBlocks(source: AsyncIterable<Uint8Array> | Iterable<Uint8Array>, onBlock?: (block: SignedBlock) => void): Promise<number>
	/** Finalises a block and its ancestors with the local keys; returns the last block that is final. For manual sealing. */
	finalize(hash: Hash): Promise<BlockRef>
	/** Checks every record of the database. Throws `DatabaseError`. */
	verify(): void
	close(): Promise<void>
}

const LOG_LEVELS = ['error', 'warn', 'info', 'debug'] as const

/** Makes the directory, or says why the path cannot be used. */
const prepare = (path: string): void => {
	try {
		mkdirSync(path, { recursive: true })
	} catch (error) {
		throw new DatabaseError(`cannot use ${path} as base path: ${(error as Error).message}; choose a directory you may write to`)
	}
}

/**
 * Starts a node. Throws `ChainSpecError`, `DataMismatchError` (data of another chain), `DatabaseError` (in use by another process,
 * damaged, no space, no access) or `KeystoreError`.
 */
export const startNode = async (options: NodeOptions): Promise<Node> => {
	const { spec, log } = options
	const temporary = options.basePath === undefined
	const base = options.basePath ?? mkdtempSync(join(tmpdir(), 'stkr-node-'))
	prepare(base)
	// A directory a chain, as several specs may share one base path.
	const directory = join(base, 'chains', spec.id)
	prepare(directory)
	const closers: (() => unknown)[] = []
	const close = async () => {
		for (const closer of closers.splice(0).reverse()) await closer()
		if (temporary) rmSync(base, { recursive: true, force: true })
	}
	try {
		const lock = new DirectoryLock(directory)
		closers.push(() => lock.release())
		const keystore = new FileKeystore(temporary ? null : join(directory, 'keystore'))
		if (options.authority !== undefined) keystore.useAuthority(options.authority)
		const database = ChainDatabase.open(join(directory, 'chain.lmdb'))
		closers.push(() => database.close())
		const verdicts = new VerdictCache()
		const services: HostServices = {
			verify: verdicts.verify,
			log: (level, target, message) => log[LOG_LEVELS[Math.min(level, 3)]]({ target }, message),
		}
		const client = await Client.open(spec, database, services)
		closers.push(() => client.close())
		const validator = new Validator(client, verdicts, database.path, options.validationWorkers)
		closers.push(() => validator.close())
		const pool = new ExtrinsicPool(client, validator)
		closers.push(() => pool.close())
		const watch = new EquivocationWatch({ client, pool, log })
		closers.push(() => watch.stop())
		watch.start()
		const voter = new Voter(client, keystore)
		const author = new BlockAuthor({ client, pool, keystore, voter, log })
		const sealer = new Sealer({ client, pool, author, log }, options.sealing, options.blockTimeMs)
		closers.push(() => sealer.stop())
		sealer.start()
		return {
			chain: client,
			pool,
			author,
			keystore,
			exportBlocks: (from, to) => exportBlocks(client, from, to),
			importBlocks: (source, onBlock) => importBlocks(client, source, onBlock),
			finalize: (hash) => client.exclusive(() => voter.finalizeUpTo(hash)),
			verify: () => database.verify(),
			close,
		}
	} catch (error) {
		await close()
		throw error
	}
}
