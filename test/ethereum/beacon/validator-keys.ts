/** The BLS keys whose duties this node performs, by public key. Validators of other keys miss their duties, as if offline. */
import { aggregateSignatures, SecretKey } from '@chainsafe/blst'
import { toPubkeyHex } from '@lodestar/utils'

const SECRET_KEY_BYTES = 32

export class ValidatorKeys {
	readonly #byPubkey = new Map<string, SecretKey>()

	constructor(secretKeys: SecretKey[]) {
		for (const secretKey of secretKeys) this.#insert(secretKey)
	}

	/**
	 * Adds a key; its validator performs duties from the next slot in which it is active. Adding a known key changes nothing.
	 * @throws if the bytes are not a BLS12-381 secret key (32 bytes big-endian, not zero, below the group order)
	 */
	add(secretKey: Uint8Array): void {
		if (secretKey.length !== SECRET_KEY_BYTES)
			throw new RangeError(`A BLS secret key has ${SECRET_KEY_BYTES} bytes, got ${secretKey.length}.`)
		this.#insert(SecretKey.fromBytes(secretKey))
	}

	has(pubkey: Uint8Array): boolean {
		return this.#byPubkey.has(toPubkeyHex(pubkey))
	}

	/** @throws if the key is not held: ask `has` first. */
	sign(pubkey: Uint8Array, signingRoot: Uint8Array): Uint8Array {
		return this.#key(pubkey).sign(signingRoot).toBytes()
	}

	/** One aggregate of every pubkey's signature; a pubkey that is listed twice counts twice, as in sync committees. */
	signAggregate(pubkeys: Uint8Array[], signingRoot: Uint8Array): Uint8Array {
		const signatures = new Map<string, ReturnType<SecretKey['sign']>>()
		const contributions = pubkeys.map((pubkey) => {
			const id = toPubkeyHex(pubkey)
			const signature = signatures.get(id) ?? this.#key(pubkey).sign(signingRoot)
			signatures.set(id, signature)
			return signature
		})
		return aggregateSignatures(contributions).toBytes()
	}

	#insert(secretKey: SecretKey): void {
		this.#byPubkey.set(toPubkeyHex(secretKey.toPublicKey().toBytes()), secretKey)
	}

	#key(pubkey: Uint8Array): SecretKey {
		const secretKey = this.#byPubkey.get(toPubkeyHex(pubkey))
		if (secretKey === undefined) throw new Error(`No secret key is held for validator ${toPubkeyHex(pubkey)}`)
		return secretKey
	}
}
