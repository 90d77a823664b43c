/** Where keys come from: never from the command line itself, never to the log. */
import { readFileSync, statSync } from 'node:fs'
import { Keyring } from '@polkadot/keyring'
import type { KeyringPair } from '@polkadot/keyring/types'
import { cryptoWaitReady } from '@polkadot/util-crypto'
import type { Hex } from 'viem'
import { type LocalAccount, privateKeyToAccount } from 'viem/accounts'
import { FatalError } from './errors.ts'

/** A seed or a phrase, with derivations. Anything shorter would be padded to a key without a word. */
const SURI = /^(0x[0-9a-fA-F]{64}|([a-z]+\s+){11,23}[a-z]+|(?=\/\/))(\/\/?[^/\s]+)*(\/\/\/.*)?$/

/** Development keys every Substrate tool derives from the same public phrase, e.g. `//Alice`. */
const DEV_SURI = /^\/\/[\w/]+$/

/**
 * Reads a secret from `source`: `env:NAME`, or the path of a file that its owner alone may read (mode 0600 or 0400).
 *
 * @throws FatalError `secret` naming the option; never with the secret
 */
export function readSecret(option: string, source: string, env: NodeJS.ProcessEnv): string {
	if (source.startsWith('env:')) {
		const name = source.slice(4)
		const value = env[name]?.trim()
		if (!value) throw new FatalError('secret', `${option} names the environment variable ${name}, which is not set.`)
		return value
	}
	if (/\s/.test(source.trim()) || /^(0x)?[0-9a-fA-F]{64}$/.test(source)) {
		throw new FatalError(
			'secret',
			`${option} was given a key itself. Everyone on this machine can see it in the list of processes: put it into a file of mode 0600 and give the file's path, or env:NAME.`,
		)
	}
	let mode: number
	try {
		mode = statSync(source).mode
	} catch {
		throw new FatalError('secret', `${option} names the file ${source}, which cannot be read. Give the path of a key file, or env:NAME.`)
	}
	// Windows keeps no such bits.
	if (process.platform !== 'win32' && (mode & 0o077) !== 0) {
		throw new FatalError(
			'secret',
			`The key file ${source} of ${option} can be read by others (mode ${(mode & 0o777).toString(8)}). Run: chmod 600 ${source}`,
		)
	}
	const value = readFileSync(source, 'utf8').trim()
	if (value === '') throw new FatalError('secret', `The key file ${source} of ${option} is empty.`)
	return value
}

/**
 * The witness's account: `//Name` for development, else a secret URI or phrase from where `readSecret` finds it.
 *
 * @throws FatalError `secret`
 */
export async function witnessAccount(source: string, env: NodeJS.ProcessEnv): Promise<KeyringPair> {
	await cryptoWaitReady()
	const suri = DEV_SURI.test(source) ? source : readSecret('--account', source, env)
	try {
		if (!SURI.test(suri)) throw new Error('too short')
		return new Keyring({ type: 'sr25519' }).addFromUri(suri)
	} catch {
		throw new FatalError('secret', 'What --account names is no secret URI: expected a phrase or 0x-seed, and optionally a derivation path.')
	}
}

/**
 * The key that signs orders and pays for relays: 32 bytes in hexadecimal, from where `readSecret` finds it.
 *
 * @throws FatalError `secret`
 */
export function ethereumAccount(source: string, env: NodeJS.ProcessEnv): LocalAccount {
	const secret = readSecret('--ethereum-key', source, env)
	const key = secret.startsWith('0x') ? secret : `0x${secret}`
	try {
		if (/^0x[0-9a-fA-F]{64}$/.test(key)) return privateKeyToAccount(key as Hex)
	} catch {
		// Zero, or not below the order of the curve.
	}
	throw new FatalError('secret', 'What --ethereum-key names is no Ethereum key: expected 32 bytes in hexadecimal.')
}
