/** A child process of the dev Ethereum: typed messages, its output in a log file. It must end itself when its IPC channel closes. */
import { type ChildProcess, spawn } from 'node:child_process'
import { closeSync, openSync, readFileSync } from 'node:fs'
import { dirname } from 'node:path'

/** How long a child may take to exit after its channel closed before it is killed. */
const EXIT_GRACE_MS = 5_000
const LOG_TAIL_LINES = 15

interface ChildOptions {
	/** For error messages, e.g. "execution client". */
	name: string
	/** Arguments of the `node` running this process, script included. */
	args: string[]
	env?: Record<string, string>
	/** stdout and stderr are appended here; its directory becomes the child's, so that stray files stay with the data. */
	logFile: string
}

export class Child<Received, Sent extends object> {
	readonly #process: ChildProcess
	readonly #options: ChildOptions
	readonly #exited: Promise<unknown>
	#closing = false

	constructor(options: ChildOptions) {
		this.#options = options
		const log = openSync(options.logFile, 'a')
		try {
			this.#process = spawn(process.execPath, options.args, {
				cwd: dirname(options.logFile),
				env: { ...process.env, ...options.env },
				stdio: ['ignore', log, log, 'ipc'],
				// Its own process group: Ctrl-C in a terminal reaches the parent alone, which then closes its children in order.
				detached: true,
				serialization: 'advanced',
			})
		} finally {
			closeSync(log)
		}
		this.#exited = new Promise((resolve) => {
			this.#process.once('exit', resolve)
			this.#process.once('error', resolve)
		})
	}

	get pid(): number {
		if (this.#process.pid === undefined) throw new Error(`The ${this.#options.name} has no process`)
		return this.#process.pid
	}

	/** Every message of the child, in order. */
	onMessage(listener: (message: Received) => void): void {
		this.#process.on('message', (message) => listener(message as Received))
	}

	/** Called once if the child ends without `close()`; the error carries the end of its log. */
	onUnexpectedExit(listener: (error: Error) => void): void {
		this.#process.once('exit', (code, signal) => {
			if (this.#closing) return
			const reason = code === null ? `was ended by ${signal}` : `exited with code ${code}`
			listener(new Error(`The ${this.#options.name} ${reason}. End of its log (${this.#options.logFile}):\n${this.#logTail()}`))
		})
		this.#process.once('error', listener)
	}

	send(message: Sent): void {
		this.#process.send(message)
	}

	/**
	 * Closes the channel, which a child takes as the end of its parent and exits; SIGKILL if it lingers. Not SIGTERM: on it the
	 * execution client waits 8 s for peers it does not have. Resolves when the process is gone.
	 */
	async close(): Promise<void> {
		this.#closing = true
		if (this.#process.exitCode !== null || this.#process.signalCode !== null) return
		if (this.#process.connected) this.#process.disconnect()
		const timer = setTimeout(() => this.#process.kill('SIGKILL'), EXIT_GRACE_MS)
		await this.#exited
		clearTimeout(timer)
	}

	#logTail(): string {
		return readFileSync(this.#options.logFile, 'utf8').trimEnd().split('\n').slice(-LOG_TAIL_LINES).join('\n')
	}
}
