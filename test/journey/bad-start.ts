import { existsSync, mkdirSync, readdirSync, statfsSync } from 'node:fs'
import { createServer } from 'node:net'

/** A start that can't work; the message says what to change. */
export class BadStart extends Error {}

/** What two fresh chains and their logs take in an hour, with room. */
const NEEDED_BYTES = 500 * 2 ** 20

/** Throws `BadStart` when a port can't be listened on. 0 is always fine: it takes any free one. */
export const ensurePort = (port: number, what: string, option: string): Promise<void> =>
	new Promise((resolve, reject) => {
		if (port === 0) return resolve()
		const server = createServer()
		server.once('error', (error: NodeJS.ErrnoException) => {
			const why = error.code === 'EADDRINUSE' ? 'is in use' : `can't be used (${error.message})`
			reject(new BadStart(`port ${port} for ${what} ${why}: stop what uses it, or choose another with ${option} (0 takes any free one)`))
		})
		server.listen(port, '127.0.0.1', () => server.close(() => resolve()))
	})

/** Makes the data directory. Throws `BadStart` when it holds anything, can't be written or has no room. */
export const ensureData = (dir: string): void => {
	try {
		mkdirSync(dir, { recursive: true })
	} catch (error) {
		throw new BadStart(`can't make the data directory ${dir}: ${(error as Error).message}. Choose one you may write to with --data`)
	}
	if (existsSync(dir) && readdirSync(dir).length > 0)
		throw new BadStart(
			`the data directory ${dir} holds data of an earlier start, whose genesis is another: each start makes new chains. Empty it, or choose another with --data`,
		)
	const { bavail, bsize } = statfsSync(dir)
	const free = bavail * bsize
	if (free < NEEDED_BYTES)
		throw new BadStart(
			`only ${Math.floor(free / 2 ** 20)} MiB are free where ${dir} is; the chains need ${NEEDED_BYTES / 2 ** 20} MiB. Free some, or choose another disk with --data`,
		)
}
