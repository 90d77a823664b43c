/** From a mnemonic to signing keys of validators: BIP-39, EIP-2333 (tree of keys), EIP-2334 (paths). */
import { deriveKeyFromEntropy, deriveKeyFromMaster } from '@chainsafe/bls-keygen'
import { generateMnemonic, mnemonicToSeedSync, validateMnemonic } from '@scure/bip39'
import { wordlist } from '@scure/bip39/wordlists/english.js'
import { FatalError } from '../relayer/errors.ts'

/** 24 words. */
const MNEMONIC_BITS = 256

/** Account indices of EIP-2334 are u32. */
const MAX_ACCOUNT = 2 ** 32 - 1

const MNEMONIC_LENGTHS = [12, 15, 18, 21, 24]

/** A key and where in its tree it stands. */
export interface DerivedKey {
	/** EIP-2334, e.g. `m/12381/3600/0/0/0`. */
	path: string
	/** 32 bytes big-endian. */
	secretKey: Uint8Array
}

/** 24 new words of the English BIP-39 list, with checksum. */
export function newMnemonic(): string {
	return generateMnemonic(wordlist, MNEMONIC_BITS)
}

/**
 * The root of a mnemonic's tree of keys, 32 bytes big-endian (derive_master_SK of EIP-2333).
 *
 * @param passphrase of BIP-39, the "25th word": another passphrase is another tree, and no error
 * @throws FatalError `mnemonic` saying what is wrong, never with a word of it
 */
export function masterKeyOf(mnemonic: string, passphrase = ''): Uint8Array {
	const words = mnemonic.normalize('NFKD').trim().toLowerCase().split(/\s+/)
	if (!MNEMONIC_LENGTHS.includes(words.length)) {
		throw new FatalError('mnemonic', `The mnemonic has ${words.length} words: expected ${MNEMONIC_LENGTHS.join(', ')}.`)
	}
	const unknown = words.flatMap((word, place) => (wordlist.includes(word) ? [] : [place + 1]))
	if (unknown.length > 0) {
		throw new FatalError('mnemonic', `Word ${unknown.join(', ')} of the mnemonic is not in the English BIP-39 list: check its spelling.`)
	}
	const phrase = words.join(' ')
	if (!validateMnemonic(phrase, wordlist)) {
		throw new FatalError('mnemonic', 'The checksum of the mnemonic is wrong: a word was changed, or two were swapped.')
	}
	return masterKeyOfSeed(mnemonicToSeedSync(phrase, passphrase))
}

/** derive_master_SK of EIP-2333. @param seed at least 32 bytes */
export function masterKeyOfSeed(seed: Uint8Array): Uint8Array {
	return deriveKeyFromEntropy(seed)
}

/**
 * The signing key of the validator with this account index, at `m/12381/3600/index/0/0` (EIP-2334).
 *
 * @throws FatalError `mnemonic` when the index is no u32
 */
export function signingKeyAt(masterKey: Uint8Array, index: number): DerivedKey {
	if (!Number.isInteger(index) || index < 0 || index > MAX_ACCOUNT) {
		throw new FatalError('mnemonic', `The index of a validator is ${index}: expected a whole number between 0 and ${MAX_ACCOUNT}.`)
	}
	const path = `m/12381/3600/${index}/0/0`
	return { path, secretKey: deriveKeyFromMaster(masterKey, path) }
}
