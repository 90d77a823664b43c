/** The runtime stopped: a trap of its code, or a host function that refused. */
export class RuntimeTrap extends Error {
	override name = 'RuntimeTrap'
}

/** A runtime API call failed. `log` holds the runtime's own error lines of this call. */
export class RuntimeCallError extends Error {
	override name = 'RuntimeCallError'
	readonly method: string
	readonly log: readonly string[]

	constructor(method: string, reason: string, log: readonly string[]) {
		super(`runtime call ${method} failed: ${[...log, reason].join('; ')}`)
		this.method = method
		this.log = log
	}
}

/** The bytes under `:code` are no runtime this node can run. */
export class RuntimeCodeError extends Error {
	override name = 'RuntimeCodeError'
}
