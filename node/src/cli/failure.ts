import { ChainSpecError, DatabaseError, DataMismatchError } from '../errors.ts'
import { RpcListenError } from '../rpc/listen-error.ts'

/** What the process ends with, so that scripts can tell failures apart. */
export const EXIT = { failure: 1, usage: 2, chainSpec: 3, data: 4, disk: 5, port: 6 } as const

/** Why the command can't go on, for the person at the terminal. */
export class CliError extends Error {
	readonly exitCode: number

	constructor(exitCode: number, message: string) {
		super(message)
		this.exitCode = exitCode
	}
}

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

/** Says what went wrong and ends the process. */
export function fail(error: unknown): never {
	const message = error instanceof Error ? error.message : String(error)
	console.error(`stkr-node: ${message}`)
	if (error instanceof DataMismatchError)
		console.error('stkr-node: to start over: stkr-node purge-chain with the same --chain and --base-path')
	if (exitCodeOf(error) === EXIT.disk && !(error instanceof CliError))
		console.error('stkr-node: free space on the disk or choose another --base-path; the chain is intact up to its last block')
	process.exit(exitCodeOf(error))
}
