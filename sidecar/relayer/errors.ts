/** How work of the relayer can fail: the class says what becomes of it, the code what it was. */

/** A condition that passes: the connection is down, a node lags, the chain is not there yet. The work is tried again, with back-off. */
export class RetryableError extends Error {
	override readonly name = 'RetryableError'
	/** Kebab-case, stable: for logs and metrics. */
	readonly code: string
	/** When the work can succeed first, in milliseconds from now; undefined when nobody knows. */
	readonly retryAfterMs: number | undefined
	constructor(code: string, message: string, { retryAfterMs, ...options }: ErrorOptions & { retryAfterMs?: number } = {}) {
		super(message, options)
		this.code = code
		this.retryAfterMs = retryAfterMs
	}
}

/** A condition that trying again does not change: it needs a person. The duty fails and an alarm is raised. */
export class FatalError extends Error {
	override readonly name = 'FatalError'
	/** Kebab-case, stable: for logs and metrics. */
	readonly code: string
	constructor(code: string, message: string, options?: ErrorOptions) {
		super(message, options)
		this.code = code
	}
}

/** The text of anything thrown. */
export function messageOf(thrown: unknown): string {
	return thrown instanceof Error ? thrown.message : String(thrown)
}
