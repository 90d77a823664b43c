import { randomUUID } from 'node:crypto'
import { linkSync, readFileSync, renameSync, rmSync, unlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseError } from '../errors.ts'

interface Holder {
	pid: number
	/** When the process started, so that another process that got the same id later is told apart. Linux only. */
	startedAt: string | null
	token: string
}

/** Field 22 of /proc/pid/stat: start time in ticks since boot. */
const startOf = (pid: number): string | null => {
	try {
		const stat = readFileSync(`/proc/${pid}/stat`, 'latin1')
		// The command's name, in parentheses, may hold spaces.
		return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19]
	} catch {
		return null
	}
}

const isAlive = ({ pid, startedAt }: Holder): boolean => {
	try {
		process.kill(pid, 0)
	} catch (error) {
		if ((error as NodeJS.ErrnoException).code !== 'EPERM') return false
	}
	return startedAt === null || startOf(pid) === startedAt
}

const read = (path: string): Holder | null => {
	try {
		return JSON.parse(readFileSync(path, 'utf8'))
	} catch {
		return null
	}
}

/** One process a directory. The lock of a process that was killed is taken over. */
export class DirectoryLock {
	readonly #path: string
	readonly #token = randomUUID()

	/** Throws `DatabaseError` naming the process that holds the directory. */
	constructor(directory: string) {
		this.#path = join(directory, 'node.lock')
		const mine: Holder = { pid: process.pid, startedAt: startOf(process.pid), token: this.#token }
		const draft = `${this.#path}.${this.#token}`
		try {
			writeFileSync(draft, JSON.stringify(mine), { flag: 'wx' })
		} catch (error) {
			throw new DatabaseError(`cannot write in ${directory}: ${(error as Error).message}; check the owner and the free space`)
		}
		try {
			this.#take(draft, directory)
		} finally {
			rmSync(draft, { force: true })
		}
	}

	/** A link appears with its content or not at all, unlike a file that is written. */
	#take(draft: string, directory: string): void {
		for (let attempt = 0; attempt < 3; attempt++) {
			try {
				linkSync(draft, this.#path)
				return
			} catch (error) {
				if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
			}
			const holder = read(this.#path)
			if (holder && isAlive(holder))
				throw new DatabaseError(
					`the data in ${directory} is in use by process ${holder.pid}; stop that node, or choose another --base-path`,
				)
			// Moved aside first: if it is no longer the stale one, another process was faster and gets it back.
			const aside = `${draft}.stale`
			try {
				renameSync(this.#path, aside)
			} catch {
				continue
			}
			const moved = read(aside)
			if (moved && moved.token !== holder?.token && isAlive(moved)) linkSync(aside, this.#path)
			unlinkSync(aside)
		}
		throw new DatabaseError(`cannot lock ${directory}: other processes are starting on it; stop them, or choose another --base-path`)
	}

	release(): void {
		if (read(this.#path)?.token === this.#token) rmSync(this.#path, { force: true })
	}
}
