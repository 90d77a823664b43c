import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Daemon, run } from './daemon.ts'
import { freePorts } from './free-ports.ts'
import { type Head, Rpc } from './rpc.ts'
import { until } from './until.ts'

const CLI = fileURLToPath(import.meta.resolve('@stkr/node/src/cli.ts'))
const START_SECONDS = 60

export interface EmbeddedNodeOptions {
	/** Distinct within a directory: names its data and its log. */
	name: string
	/** Where data and log go. */
	dir: string
	/** Path of the raw chain spec. */
	spec: string
	onExit: (error: Error) => void
}

/** Our embedded node as a process of its own, by its command line. It makes blocks on request only. */
export class EmbeddedNode {
	readonly rpc: Rpc
	readonly #options: EmbeddedNodeOptions
	readonly #port: number
	#daemon: Daemon | undefined

	private constructor(options: EmbeddedNodeOptions, port: number) {
		this.#options = options
		this.#port = port
		this.rpc = new Rpc(port)
	}

	/** A node that is not started yet. */
	static async create(options: EmbeddedNodeOptions): Promise<EmbeddedNode> {
		const [port] = await freePorts(1)
		return new EmbeddedNode(options, port)
	}

	get #data(): string[] {
		const { spec, dir, name } = this.#options
		return ['--chain', spec, '--base-path', join(dir, name)]
	}

	/** Starts it, as the authority of a secret URI if one is given, and waits until JSON-RPC answers. */
	async start(authority?: string): Promise<void> {
		const { name, dir, onExit } = this.#options
		let ended: Error | undefined
		const args = [CLI, ...this.#data, '--sealing', 'manual', '--rpc-port', String(this.#port)]
		this.#daemon = new Daemon({
			name,
			command: process.execPath,
			args: authority ? [...args, '--authority', authority] : args,
			logFile: join(dir, `${name}.log`),
			onExit: (error) => {
				ended = error
				this.#daemon = undefined
				onExit(error)
			},
		})
		await until(`JSON-RPC of ${name}`, async () => ended ?? (await this.rpc.best()), START_SECONDS)
		if (ended) throw ended
	}

	async stop(): Promise<void> {
		const daemon = this.#daemon
		this.#daemon = undefined
		await daemon?.stop()
	}

	/** Writes blocks to a file. The node must not run. */
	async exportBlocks(file: string, from: number, to: number): Promise<void> {
		await run(process.execPath, [CLI, 'export-blocks', file, ...this.#data, '--from', String(from), '--to', String(to)])
	}

	/**
	 * Executes and stores the blocks of a file: each must come to the state root of its header. Gives best and finalized head after
	 * it. The node must not run.
	 */
	async importBlocks(file: string): Promise<{ best: Head; finalizedNumber: number }> {
		const out = await run(process.execPath, [CLI, 'import-blocks', file, ...this.#data])
		return importedHead(out)
	}
}

/** Reads the last line that `import-blocks` prints. Throws when it is another. */
export const importedHead = (output: string): { best: Head; finalizedNumber: number } => {
	const found = /best #(\d+) (0x[0-9a-f]{64}), final #(\d+)\s*$/.exec(output)
	if (!found) throw new Error(`import-blocks of the embedded node ended without a head:\n${output}`)
	return { best: { number: Number(found[1]), hash: found[2] as Head['hash'] }, finalizedNumber: Number(found[3]) }
}
