import { createReadStream, createWriteStream, existsSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import type { Chain } from '../chain.ts'
import type { Logger } from '../log.ts'
import type { Node } from '../node.ts'
import { basePathOf, type ChainOptions, loadSpec, openNode } from './chain.ts'
import { CliError, EXIT } from './failure.ts'
import { textLogger } from './log.ts'

const quiet: Logger = textLogger('warn', () => {})

/** Runs `work` on the chain with no blocks made meanwhile. Unless `create`, the chain must be there already. */
async function withChain(options: ChainOptions & { create?: boolean }, work: (node: Node) => Promise<void>): Promise<void> {
	const spec = await loadSpec(options.chain)
	const basePath = basePathOf(options)
	if (!options.create && !existsSync(join(basePath, 'chains', spec.id))) {
		throw new CliError(EXIT.data, `there is no chain ${spec.id} under ${basePath}: give another --base-path, or run the node first`)
	}
	const node = await openNode({ spec, basePath, sealing: 'manual', log: quiet })
	try {
		await work(node)
	} finally {
		await node.close()
	}
}

/** `export-blocks` */
export async function exportChain(file: string | undefined, options: ChainOptions & { from: number; to?: number }): Promise<void> {
	await withChain(options, async (node) => {
		const { chain } = node
		const [from, to, best] = [options.from, options.to ?? chain.best().number, chain.best().number]
		if (from > to || to > best)
			throw new CliError(EXIT.usage, `there are no blocks ${from} to ${to} to export: the chain has blocks 1 to ${best}`)
		await pipeline(Readable.from(node.exportBlocks(from, to)), file === undefined ? process.stdout : createWriteStream(file))
		// standard output may be the export itself
		console.error(`exported blocks ${from} to ${to}${file === undefined ? '' : ` to ${resolve(file)}`}`)
	})
}

/** Blocks between two lines of progress of an import. */
const IMPORT_STRIDE = 100

/** `import-blocks` */
export async function importChain(file: string | undefined, options: ChainOptions): Promise<void> {
	await withChain({ ...options, create: true }, async (node) => {
		let read = 0
		const imported = await node.importBlocks(file === undefined ? process.stdin : createReadStream(file), ({ header }) => {
			if (++read % IMPORT_STRIDE === 0) console.log(`read ${read} blocks, at #${header.number}`)
		})
		const { number, hash } = node.chain.best()
		console.log(`read ${read} blocks, ${imported} of them new; best #${number} ${hash}, final #${node.chain.finalized().number}`)
	})
}

/** `check-block` */
export async function checkBlocks(from: number | undefined, to: number | undefined, options: ChainOptions): Promise<void> {
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
	const { encodeBlock } = await import('../block/block.ts')
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

/** `verify`: reads every record of the database and compares its checksum. */
export async function verifyData(options: ChainOptions): Promise<void> {
	await withChain(options, async (node) => {
		node.verify()
		console.log(`every record is sound; best #${node.chain.best().number}, final #${node.chain.finalized().number}`)
	})
}
