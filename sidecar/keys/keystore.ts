/** Encrypted key files of version 4 (EIP-2335), as validator clients import them. */
import { readFileSync } from 'node:fs'
import bls from '@chainsafe/bls'
import { create, defaultPbkdfModule, defaultScryptModule, Keystore } from '@chainsafe/bls-keystore'
import { bytesToHex, type Hex } from 'viem'
import { FatalError, messageOf } from '../relayer/errors.ts'
import { toJson, writeNewFile } from './files.ts'

/** The least that the staking-deposit tools take, counted after normalization. */
const MIN_PASSWORD_LENGTH = 8

/** C0, Delete and C1, which EIP-2335 strips from a password. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is stripped
const CONTROL_CODES = /[\u0000-\u001f\u007f-\u009f]/g

/** How a password becomes a key: scrypt (n 2^18, r 8, p 1) or PBKDF2 (2^18 rounds of HMAC-SHA-256), the parameters of EIP-2335. */
export type KeyDerivation = 'scrypt' | 'pbkdf2'

/** What a key file holds once decrypted. */
export interface KeystoreContents {
	/** 32 bytes big-endian. */
	secretKey: Uint8Array
	/** 48 bytes compressed, that of the secret key. */
	publicKey: Hex
	/** EIP-2334 path, or empty when the key belongs to no tree. */
	path: string
	description: string
}

export interface WriteKeystoreParameters {
	secretKey: Uint8Array
	path: string
	description?: string
	password: string
	keyDerivation?: KeyDerivation
}

/** A password as EIP-2335 hashes it: NFKD, and no control codes. */
export function normalizePassword(password: string): string {
	return password.normalize('NFKD').replace(CONTROL_CODES, '')
}

/**
 * Encrypts a secret key into a new file of mode 0600.
 *
 * @throws FatalError `password` when it is too short; `file` when the file exists already
 */
export async function writeKeystore(file: string, parameters: WriteKeystoreParameters): Promise<void> {
	const { secretKey, path, description, keyDerivation = 'scrypt' } = parameters
	const password = normalizePassword(parameters.password)
	if ([...password].length < MIN_PASSWORD_LENGTH) {
		throw new FatalError('password', `The password of ${file} must have at least ${MIN_PASSWORD_LENGTH} characters.`)
	}
	const publicKey = bls.SecretKey.fromBytes(secretKey).toPublicKey().toBytes()
	const derivation = keyDerivation === 'scrypt' ? defaultScryptModule() : defaultPbkdfModule()
	writeNewFile(file, toJson(await create(password, secretKey, publicKey, path, description, derivation)))
}

/**
 * Decrypts a key file, and checks that its secret key is that of its public key.
 *
 * @throws FatalError `keystore` when the file is none; `password` when it is not that of the file
 */
export async function readKeystore(file: string, password: string): Promise<KeystoreContents> {
	const keystore = parseKeystore(file)
	let secretKey: Uint8Array
	try {
		secretKey = Uint8Array.from(await keystore.decrypt(normalizePassword(password)))
	} catch (error) {
		if (messageOf(error) === 'Invalid password') {
			throw new FatalError('password', `The password is not that of ${file}. Control characters and spaces around it do not count.`)
		}
		throw new FatalError('keystore', `${file} cannot be decrypted: ${messageOf(error)}.`)
	}
	const publicKey = bytesToHex(bls.SecretKey.fromBytes(secretKey).toPublicKey().toBytes())
	if (publicKey !== `0x${keystore.pubkey.toLowerCase()}`) {
		throw new FatalError('keystore', `${file} says its public key is 0x${keystore.pubkey}, but it holds the key of ${publicKey}.`)
	}
	return { secretKey, publicKey, path: keystore.path, description: keystore.description ?? '' }
}

function parseKeystore(file: string): Keystore {
	try {
		return Keystore.parse(readFileSync(file, 'utf8'))
	} catch (error) {
		throw new FatalError('keystore', `${file} is no key file of version 4 (EIP-2335): ${messageOf(error)}.`)
	}
}
