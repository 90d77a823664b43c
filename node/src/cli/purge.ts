import { existsSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { createInterface } from 'node:readline/promises'
import { DirectoryLock } from '../store/lock.ts'
import { basePathOf, type ChainOptions, loadSpec } from './chain.ts'
import { CliError, EXIT } from './failure.ts'

/** `purge-chain`: deletes blocks and state, after a question unless `yes`. */
export async function purgeChain(options: ChainOptions & { yes?: boolean }): Promise<void> {
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
