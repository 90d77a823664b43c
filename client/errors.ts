/** Base of every error of this client. `code` is stable; the message says what was asked, what is wrong, and what to do. */
export abstract class StkrError extends Error {
	abstract readonly code: string
	override get name(): string {
		return this.constructor.name
	}
}

export type ConnectErrorCode = 'bad-url' | 'unreachable' | 'other-chain'

/** The chain could not be connected to. */
export class ConnectError extends StkrError {
	readonly code: ConnectErrorCode
	readonly urls: readonly string[]

	constructor(code: ConnectErrorCode, urls: readonly string[], message: string, cause?: unknown) {
		super(message, { cause })
		this.code = code
		this.urls = urls
	}
}

export type SubmitErrorCode = 'refused' | 'replaced' | 'expired' | 'aborted'

/** A signed extrinsic did not get into a finalized block, so it had no effect. After `aborted` it still may. */
export class SubmitError extends StkrError {
	readonly code: SubmitErrorCode
	readonly extrinsicHash: string

	constructor(code: SubmitErrorCode, extrinsicHash: string, message: string, cause?: unknown) {
		super(message, { cause })
		this.code = code
		this.extrinsicHash = extrinsicHash
	}
}
