import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { closeSync, openSync, readFileSync } from 'node:fs'

/** Ends a process that runs, and resolves when it is gone. */
type End = () => Promise<void>
const running = new Set<End>()
let ended = false

/** Ends every process started here, and lets none start from now on. */
export const endAll = async (): Promise<void> => {
	ended = true
	await Promise.all([...running].map((end) => end()))
}

const assertOpen = (name: string): void => {
	if (ended) throw new Error(`${name} is not started: the run is ending`)
}

/** A node that has to write its database takes a while; longer than this is a hang. */
const STOP_MS = 20_000
const TAIL_LINES = 25

const tailOf = (text: string): string => text.trimEnd().split('\n').slice(-TAIL_LINES).join('\n')

export interface DaemonOptions {
	/** For messages, e.g. `Alice`. */
	name: string
	command: string
	args: readonly string[]
	/** Its output is appended here. */
	logFile: string
	/** Called when it ends though nobody asked it to, with the end of its log. */
	onExit: (error: Error) => void
}

/** A program that runs until it is ended by its process id. */
export class Daemon {
	readonly #options: DaemonOptions
	readonly #process: ChildProcess
	readonly #exited: Promise<void>
	#ending = false

	constructor(options: DaemonOptions) {
		assertOpen(options.name)
		this.#options = options
		const log = openSync(options.logFile, 'a')
		try {
			// A group of its own: Ctrl-C in a terminal reaches this program alone, which then ends its children in order.
			this.#process = spawn(options.command, options.args, { stdio: ['ignore', log, log], detached: true })
		} finally {
			closeSync(log)
		}
		const end: End = () => this.stop()
		running.add(end)
		this.#exited = new Promise((resolve) => {
			this.#process.once('exit', (code, signal) => {
				running.delete(end)
				resolve()
				if (!this.#ending) options.onExit(new Error(`${options.name} ended by itself (${signal ?? `code ${code}`}). ${this.tail()}`))
			})
			this.#process.once('error', (error) => {
				running.delete(end)
				resolve()
				options.onExit(new Error(`${options.name} could not be started: ${error.message}`))
			})
		})
	}

	get pid(): number {
		if (this.#process.pid === undefined) throw new Error(`${this.#options.name} has no process`)
		return this.#process.pid
	}

	/** The end of its log, with the file's name. */
	tail(): string {
		const { logFile } = this.#options
		return `The end of its log ${logFile}:\n${tailOf(readFileSync(logFile, 'utf8'))}`
	}

	/** Ends it in order (SIGTERM), or with SIGKILL when it does not end. Resolves when it is gone. */
	async stop(): Promise<void> {
		const timer = setTimeout(() => this.#process.kill('SIGKILL'), STOP_MS)
		await this.#end('SIGTERM')
		clearTimeout(timer)
	}

	/** Ends it as a power cut would (SIGKILL). Resolves when it is gone. */
	kill(): Promise<void> {
		return this.#end('SIGKILL')
	}

	async #end(signal: NodeJS.Signals): Promise<void> {
		this.#ending = true
		if (this.#process.exitCode === null && this.#process.signalCode === null) this.#process.kill(signal)
		await this.#exited
	}
}

const RUN_SECONDS = 300
const MOST_OUTPUT_BYTES = 64 * 2 ** 20

/** Runs a program to its end and gives its standard output. Throws with the end of its output when it fails. */
export const run = (command: string, args: readonly string[]): Promise<string> =>
	new Promise((resolve, reject) => {
		assertOpen(command)
		const child = execFile(command, args, { timeout: RUN_SECONDS * 1000, maxBuffer: MOST_OUTPUT_BYTES }, (error, stdout, stderr) => {
			running.delete(end)
			if (!error) resolve(stdout)
			else reject(new Error(`${command} ${args.join(' ')} failed (${error.signal ?? `code ${error.code}`}):\n${tailOf(stdout + stderr)}`))
		})
		const end: End = () =>
			new Promise((gone) => {
				child.once('exit', () => gone())
				child.kill('SIGKILL')
			})
		running.add(end)
	})
