import { randomBytes } from 'node:crypto'
import { mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Keyring } from '@polkadot/keyring'
import type { KeyringPair } from '@polkadot/keyring/types'
import type { Keystore } from '../chain.ts'
import { fromHex, toHex } from '../crypto/hex.ts'
import type { Scheme } from '../crypto/signature.ts'

/** Key types this node knows, and their scheme. */
const SCHEMES: Record<string, Scheme> = { aura: 'sr25519', gran: 'ed25519' }

export class KeystoreError extends Error {
	override name = 'KeystoreError'
}

/** A SURI names its path or derivation in clear; what may hold a secret is not repeated in messages. */
const pairFromSuri = (scheme: Scheme, suri: string): KeyringPair => {
	try {
		return new Keyring({ type: scheme }).createFromUri(suri)
	} catch (error) {
		throw new KeystoreError(
			`the secret URI is not understood (${(error as Error).message}); give a phrase, a 0x seed or a path such as //Alice`,
		)
	}
}

const nameOf = (keyType: string, publicKey: Uint8Array): string =>
	Buffer.from(keyType, 'latin1').toString('hex') + toHex(publicKey).slice(2)

/**
 * Session keys: those of the command line in memory, inserted and generated ones as files of the same form as polkadot-sdk's
 * (`<key type hex><public key hex>` holding the JSON string of the secret URI), readable by their owner only.
 */
export class FileKeystore implements Keystore {
	readonly #directory: string | null
	readonly #pairs = new Map<string, KeyringPair>()

	/** `directory` null keeps keys in memory only. */
	constructor(directory: string | null) {
		this.#directory = directory
		if (directory === null) return
		mkdirSync(directory, { recursive: true, mode: 0o700 })
		for (const name of readdirSync(directory)) {
			if (!/^[0-9a-f]{72}$/.test(name)) continue
			const keyType = Buffer.from(name.slice(0, 8), 'hex').toString('latin1')
			const path = join(directory, name)
			let suri: string
			try {
				suri = JSON.parse(readFileSync(path, 'utf8'))
			} catch {
				throw new KeystoreError(`the key file ${path} is not readable as a JSON string; restore or delete it`)
			}
			this.#remember(keyType, suri, fromHex(`0x${name.slice(8)}`))
		}
	}

	#remember(keyType: string, suri: string, publicKey?: Uint8Array): KeyringPair {
		const scheme = SCHEMES[keyType]
		// A foreign key type does not tell its scheme: the one that gives the public key is it.
		const schemes: Scheme[] = scheme ? [scheme] : ['sr25519', 'ed25519']
		for (const one of schemes) {
			const pair = pairFromSuri(one, suri)
			if (publicKey && toHex(pair.publicKey) !== toHex(publicKey)) continue
			this.#pairs.set(nameOf(keyType, pair.publicKey), pair)
			return pair
		}
		throw new KeystoreError(`the secret URI does not give the public key ${toHex(publicKey!)} of key type ${keyType}`)
	}

	insert(keyType: string, suri: string, publicKey: Uint8Array): void {
		if (!/^[\x20-\x7e]{4}$/.test(keyType)) throw new KeystoreError(`key type "${keyType}" is not four characters, such as aura or gran`)
		this.#remember(keyType, suri, publicKey)
		if (this.#directory === null) return
		const path = join(this.#directory, nameOf(keyType, publicKey))
		writeFileSync(`${path}.new`, JSON.stringify(suri), { mode: 0o600, flush: true })
		renameSync(`${path}.new`, path)
	}

	has(keyType: string, publicKey: Uint8Array): boolean {
		return this.#pairs.has(nameOf(keyType, publicKey))
	}

	/** Adds the authority keys of a secret URI such as `//Alice` for this run. */
	useAuthority(suri: string): void {
		for (const keyType of Object.keys(SCHEMES)) this.#remember(keyType, suri)
	}

	generate(scheme: Scheme, keyType: string, suri: string | null): Uint8Array {
		const secret = suri ?? toHex(randomBytes(32))
		const { publicKey } = pairFromSuri(scheme, secret)
		this.insert(keyType, secret, publicKey)
		return publicKey
	}

	publicKeys(scheme: Scheme, keyType: string): Uint8Array[] {
		const prefix = nameOf(keyType, new Uint8Array(0))
		return [...this.#pairs].filter(([name, pair]) => name.startsWith(prefix) && pair.type === scheme).map(([, pair]) => pair.publicKey)
	}

	/** Throws `KeystoreError`. */
	sign(keyType: string, publicKey: Uint8Array, message: Uint8Array): Uint8Array {
		const pair = this.#pairs.get(nameOf(keyType, publicKey))
		if (!pair) throw new KeystoreError(`no ${keyType} key ${toHex(publicKey)} in the keystore`)
		return pair.sign(message)
	}
}
