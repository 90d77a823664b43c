import { appendFileSync } from 'node:fs'
import type { RawSpec } from '@stkr/chain-spec'
import { type BlockInfo, createClient, type PolkadotClient } from 'polkadot-api'
import { getSmProvider } from 'polkadot-api/sm-provider'
import { type Client, start } from 'smoldot'
import { until } from './until.ts'

const LEVELS = ['', 'error', 'warning', 'info']
const [WARNING, INFO] = [2, 3]
const TAIL_LINES = 15

export interface LightClientOptions {
	spec: RawSpec
	/** Addresses of full nodes for this transport. */
	bootNodes: string[]
	/** A browser has WebSocket alone. */
	transport: 'TCP' | 'WebSocket'
	/** What smoldot tells is appended here. */
	logFile: string
}

/** What smoldot tells, line by line. */
class Log {
	readonly #file: string
	readonly #lines: string[] = []
	readonly complaints: string[] = []

	constructor(file: string) {
		this.#file = file
	}

	readonly write = (level: number, target: string, message: string): void => {
		const line = `${LEVELS[level]} ${target}: ${message}`
		appendFileSync(this.#file, `${line}\n`)
		this.#lines.push(line)
		if (level <= WARNING && target.startsWith('runtime-')) this.complaints.push(line)
	}

	tail(): string {
		return `The end of its log ${this.#file}:\n${this.#lines.slice(-TAIL_LINES).join('\n')}`
	}
}

/** smoldot in this process: it starts from genesis, verifies finality and state proofs itself, and takes no node's word. */
export class LightClient {
	/** A stock polkadot-api client on it. */
	readonly client: PolkadotClient
	/** Finalized heads in the order they came. */
	readonly heads: BlockInfo[] = []
	readonly #smoldot: Client
	readonly #log: Log
	#failure: Error | undefined

	private constructor(smoldot: Client, client: PolkadotClient, log: Log) {
		this.#smoldot = smoldot
		this.client = client
		this.#log = log
		client.finalizedBlock$.subscribe({
			next: (head) => this.heads.push(head),
			error: (error: Error) => {
				this.#failure = error
			},
		})
	}

	/** Throws with smoldot's words when it refuses the spec. */
	static async open({ spec, bootNodes, transport, logFile }: LightClientOptions): Promise<LightClient> {
		const log = new Log(logFile)
		const smoldot = start({
			maxLogLevel: INFO,
			logCallback: log.write,
			forbidTcp: transport !== 'TCP',
			forbidWs: transport !== 'WebSocket',
		})
		try {
			const chain = await smoldot.addChain({ chainSpec: JSON.stringify({ ...spec, bootNodes }) })
			return new LightClient(smoldot, createClient(getSmProvider(() => chain)), log)
		} catch (error) {
			await smoldot.terminate()
			throw error
		}
	}

	/** What it has to say against the runtime, e.g. that it can't compile it. */
	get complaints(): readonly string[] {
		return this.#log.complaints
	}

	/** Waits until block `number` is final for it, and gives its finalized head. */
	async finalizes(number: number, seconds = 60): Promise<BlockInfo> {
		try {
			const found = await until(
				`smoldot to finalise block ${number}`,
				() => {
					if (this.#failure) return this.#failure
					const head = this.heads.at(-1)
					return head && head.number >= number ? head : undefined
				},
				seconds,
			)
			if (found instanceof Error) throw found
			return found
		} catch (error) {
			throw new Error(`${(error as Error).message}. ${this.#log.tail()}`, { cause: error })
		}
	}

	async close(): Promise<void> {
		this.client.destroy()
		await this.#smoldot.terminate()
	}
}
