import { spawn } from 'node:child_process'
import { createWriteStream } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** How long a part may take to close in order before it is killed. */
const CLOSE_MS = 8_000
const TAIL_LINES = 12

export interface Part {
	readonly name: string
	readonly pid: number
	/** Ends the part and waits for it. */
	close(): Promise<void>
}

export interface PartOptions {
	name: string
	/** Script relative to the repository. */
	script: string
	args: string[]
	env?: Record<string, string>
	/** Its whole output goes to `<name>.log` in here. */
	logDir: string
	/** Resolves the start: a line of its output for which this gives a value. */
	ready: (line: string) => string | undefined
	/** Called when it ends though nobody asked it to. */
	onExit: (error: Error) => void
}

/** Starts one of our programs as a process of its own and waits until it is ready. Throws with the end of its output when it is not. */
export const startPart = ({ name, script, args, env, logDir, ready, onExit }: PartOptions): Promise<Part & { value: string }> =>
	new Promise((resolve, reject) => {
		const log = createWriteStream(join(logDir, `${name}.log`))
		const child = spawn(process.execPath, [fileURLToPath(new URL(`../../${script}`, import.meta.url)), ...args], {
			env: { ...process.env, ...env },
			stdio: ['ignore', 'pipe', 'pipe'],
			// A group of its own: Ctrl-C reaches this program alone, which then closes its parts in order.
			detached: true,
		})
		const tail: string[] = []
		let started = false
		let closing = false
		const exited = new Promise<void>((done) => {
			child.once('exit', () => done())
			child.once('error', () => done())
		})
		const close = async (): Promise<void> => {
			closing = true
			if (child.exitCode === null && child.signalCode === null) {
				child.kill('SIGTERM')
				const timer = setTimeout(() => child.kill('SIGKILL'), CLOSE_MS)
				await exited
				clearTimeout(timer)
			}
			log.end()
		}
		let rest = ''
		const hear = (data: Buffer): void => {
			log.write(data)
			rest += data.toString()
			const lines = rest.split('\n')
			rest = lines.pop() ?? ''
			for (const line of lines) {
				tail.push(line)
				if (tail.length > TAIL_LINES) tail.shift()
				const value = started ? undefined : ready(line)
				if (value === undefined) continue
				started = true
				resolve({ name, pid: child.pid!, close, value })
			}
		}
		child.stdout.on('data', hear)
		child.stderr.on('data', hear)
		child.once('error', reject)
		child.once('exit', (code, signal) => {
			if (closing) return
			const error = new Error(`${name} ended (${signal ?? `code ${code}`}). The end of its output:\n${[...tail, rest].join('\n')}`)
			if (started) onExit(error)
			else reject(error)
		})
	})
