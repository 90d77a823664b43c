import { setTimeout } from 'node:timers/promises'

const INTERVAL_MS = 100

/**
 * Asks again and again until `probe` gives something, and returns that. An error of `probe` counts as nothing yet: a node that is
 * starting refuses connections. Throws after `seconds`, saying what was awaited and, if it was one, the last error.
 */
export const until = async <T>(
	awaited: string,
	probe: () => Promise<T | undefined> | T | undefined,
	seconds = 60,
	intervalMs = INTERVAL_MS,
): Promise<T> => {
	const deadline = performance.now() + seconds * 1000
	for (;;) {
		let last: unknown
		try {
			const found = await probe()
			if (found !== undefined) return found
		} catch (thrown) {
			last = thrown
		}
		if (performance.now() > deadline)
			throw new Error(`waited ${seconds} s in vain for ${awaited}${last instanceof Error ? `: ${last.message}` : ''}`, { cause: last })
		await setTimeout(intervalMs)
	}
}
