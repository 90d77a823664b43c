import { FileKeystore } from '@stkr/node/src/keystore/keystore.ts'
import { concatBytes, toHex } from '@stkr/runtime-spec/frame/bytes.ts'

/**
 * The node's keystore, in memory. What it signed once it signs alike: an sr25519 signature is drawn anew each time, and two runs that
 * ask for one could not be compared.
 */
export class RepeatingKeystore extends FileKeystore {
	readonly #signatures = new Map<string, Uint8Array>()

	constructor() {
		super(null)
	}

	override sign(keyType: string, publicKey: Uint8Array, message: Uint8Array): Uint8Array {
		const what = `${keyType} ${toHex(concatBytes(publicKey, message))}`
		const signature = this.#signatures.get(what) ?? super.sign(keyType, publicKey, message)
		this.#signatures.set(what, signature)
		return signature
	}
}
