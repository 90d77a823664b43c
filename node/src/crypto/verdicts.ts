import { byteString, equalBytes } from './hex.ts'
import { type Scheme, verify } from './signature.ts'

/** The outcome of one signature check. */
export interface Verdict {
	scheme: Scheme
	signature: Uint8Array
	message: Uint8Array
	publicKey: Uint8Array
	valid: boolean
}

/** Two generations of this many: a few full blocks' worth of signatures, about 30 MB. */
const GENERATION = 32_768
/** Longer messages are not kept; signed extrinsics hash theirs above 256 bytes. */
const LONGEST_MESSAGE_BYTES = 512

// `slice` of a Buffer would be a view.
const copy = (bytes: Uint8Array): Uint8Array => new Uint8Array(bytes)

/**
 * Remembers signature checks, so that what the pool has verified (in worker threads) is not verified again in the block.
 * An entry answers for exactly the same scheme, signature, message and key.
 */
export class VerdictCache {
	#young = new Map<string, Verdict>()
	#old = new Map<string, Verdict>()

	readonly verify = (scheme: Scheme, signature: Uint8Array, message: Uint8Array, publicKey: Uint8Array): boolean => {
		const name = byteString(signature)
		const known = this.#young.get(name) ?? this.#old.get(name)
		if (known && known.scheme === scheme && equalBytes(known.message, message) && equalBytes(known.publicKey, publicKey)) return known.valid
		const valid = verify(scheme, signature, message, publicKey)
		// The arguments are views of a runtime's memory.
		this.remember({ scheme, signature: copy(signature), message: copy(message), publicKey: copy(publicKey), valid })
		return valid
	}

	remember(verdict: Verdict): void {
		if (verdict.message.length > LONGEST_MESSAGE_BYTES) return
		this.#young.set(byteString(verdict.signature), verdict)
		if (this.#young.size >= GENERATION) {
			this.#old = this.#young
			this.#young = new Map()
		}
	}
}
