/** Delays between tries. */

export interface Backoff {
	baseMs: number
	/** No delay is longer. */
	capMs: number
}

/**
 * The delay before try `attempts + 1`: doubles each time up to the cap, and is drawn from the upper half of that, so that
 * witnesses that failed together do not return together.
 *
 * @param attempts tries so far, from 1
 * @param random uniform in [0, 1)
 */
export function backoffMs({ baseMs, capMs }: Backoff, attempts: number, random: number): number {
	const ceiling = Math.min(capMs, baseMs * 2 ** Math.min(attempts - 1, 30))
	return Math.round(ceiling * (0.5 + random / 2))
}
