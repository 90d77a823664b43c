import { join } from 'node:path'
import { blake2AsU8a } from '@polkadot/util-crypto'
import { Daemon, run } from './daemon.ts'
import { freePorts } from './free-ports.ts'
import { peerId } from './peer-id.ts'
import { type Head, Rpc } from './rpc.ts'
import { until } from './until.ts'

const START_SECONDS = 60
/** Starts are measured. */
const START_POLL_MS = 10
const LOCAL = '/ip4/127.0.0.1/tcp'

export interface SubstrateNodeOptions {
	binary: string
	/** Distinct within a directory: names its data and its log, and makes its peer id. */
	name: string
	/** Where data and log go. */
	dir: string
	/** Path of the raw chain spec. */
	spec: string
	/** What the node is, e.g. `--alice`. */
	role: readonly string[]
	onExit: (error: Error) => void
}

/** One node of the Rust client on loopback. It keeps its ports and its data when it is started again. */
export class SubstrateNode {
	readonly rpc: Rpc
	readonly #options: SubstrateNodeOptions
	readonly #nodeKey: Uint8Array
	readonly #ports: { rpc: number; tcp: number; ws: number }
	#daemon: Daemon | undefined

	private constructor(options: SubstrateNodeOptions, [rpc, tcp, ws]: number[]) {
		this.#options = options
		this.#nodeKey = blake2AsU8a(options.name)
		this.#ports = { rpc, tcp, ws }
		this.rpc = new Rpc(rpc)
	}

	/** A node that is not started yet. */
	static async create(options: SubstrateNodeOptions): Promise<SubstrateNode> {
		return new SubstrateNode(options, await freePorts(3))
	}

	get name(): string {
		return this.#options.name
	}

	get isRunning(): boolean {
		return this.#daemon !== undefined
	}

	/** Throws when it does not run. */
	get pid(): number {
		if (!this.#daemon) throw new Error(`${this.name} does not run`)
		return this.#daemon.pid
	}

	/** Where other nodes reach it. */
	get address(): string {
		return `${LOCAL}/${this.#ports.tcp}/p2p/${peerId(this.#nodeKey)}`
	}

	/** The same over WebSocket. */
	get webSocketAddress(): string {
		return `${LOCAL}/${this.#ports.ws}/ws/p2p/${peerId(this.#nodeKey)}`
	}

	get #data(): string[] {
		const { spec, dir, name } = this.#options
		return ['--chain', spec, '--base-path', join(dir, name), '--state-pruning', 'archive', '--blocks-pruning', 'archive']
	}

	/** Starts it and waits until JSON-RPC answers; gives the milliseconds that took. Throws with the end of its log when it does not. */
	async start(bootnodes: readonly string[] = []): Promise<number> {
		const { binary, name, dir, role } = this.#options
		const { rpc, tcp, ws } = this.#ports
		const started = performance.now()
		let ended: Error | undefined
		const daemon = new Daemon({
			name,
			command: binary,
			args: [
				...[...this.#data, ...role],
				...['--node-key', Buffer.from(this.#nodeKey).toString('hex'), '--rpc-port', String(rpc), '--rpc-methods', 'unsafe'],
				...['--listen-addr', `${LOCAL}/${tcp}`, '--listen-addr', `${LOCAL}/${ws}/ws`],
				...['--no-mdns', '--no-prometheus', '--no-telemetry', '--disable-log-color'],
				...(bootnodes.length > 0 ? ['--bootnodes', ...bootnodes] : []),
			],
			logFile: join(dir, `${name}.log`),
			onExit: (error) => {
				ended = error
				this.#daemon = undefined
				this.#options.onExit(error)
			},
		})
		this.#daemon = daemon
		try {
			await until(
				`JSON-RPC of ${name}`,
				async () => {
					if (ended) return ended
					return (await this.rpc.peers()) >= 0
				},
				START_SECONDS,
				START_POLL_MS,
			)
		} catch (error) {
			throw new Error(`${(error as Error).message}. ${daemon.tail()}`)
		}
		if (ended) throw ended
		return performance.now() - started
	}

	/** Ends it in order. */
	async stop(): Promise<void> {
		const daemon = this.#daemon
		this.#daemon = undefined
		await daemon?.stop()
	}

	/** Kills it (SIGKILL). */
	async kill(): Promise<void> {
		const daemon = this.#daemon
		this.#daemon = undefined
		await daemon?.kill()
	}

	/** Waits until it has block `number`, and gives that block of its best chain. */
	reaches(number: number, seconds = 60): Promise<Head> {
		return until(
			`block ${number} on ${this.name}`,
			async () => {
				const hash = await this.rpc.hashAt(number)
				return hash && { number, hash }
			},
			seconds,
		)
	}

	/** Waits until block `number` is final for it, and gives its finalized head. */
	finalizes(number: number, seconds = 60): Promise<Head> {
		return until(
			`${this.name} to finalise block ${number}`,
			async () => {
				const head = await this.rpc.finalized()
				return head.number >= number ? head : undefined
			},
			seconds,
		)
	}

	/** Writes blocks to a file. The node must not run. */
	async exportBlocks(file: string, from: number, to: number): Promise<void> {
		await run(this.#options.binary, ['export-blocks', ...this.#data, '--binary', '--from', String(from), '--to', String(to), file])
	}

	/** Executes and stores the blocks of a file. The node must not run. */
	async importBlocks(file: string): Promise<void> {
		await run(this.#options.binary, ['import-blocks', ...this.#data, '--binary', file])
	}

	/** Number of the last final block in its database. The node must not run. */
	async storedFinality(): Promise<number> {
		const info = JSON.parse(await run(this.#options.binary, ['chain-info', ...this.#data])) as { finalized_number: number }
		return info.finalized_number
	}

	/** JSON lines of the node's `measure` of the blocks. The node must not run. */
	async measure(from: number, to: number): Promise<Record<string, number | string>[]> {
		const out = await run(this.#options.binary, ['measure', ...this.#data, '--from', String(from), '--to', String(to)])
		return out
			.split('\n')
			.filter((line) => line.startsWith('{'))
			.map((line) => JSON.parse(line))
	}
}
