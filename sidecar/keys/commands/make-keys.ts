/** `keys new`, `derive`, `deposit`, `verify-deposit`: whole keys and their deposits. */
import { join } from 'node:path'
import { FatalError } from '../../relayer/errors.ts'
import {
	credentialsOf,
	type DepositFileExpectation,
	GUARDED_DEPOSIT,
	readDepositFile,
	signDeposits,
	WHOLE_DEPOSIT,
	writeDepositFile,
} from '../deposit-file.ts'
import { type DerivedKey, masterKeyOf, newMnemonic, signingKeyAt } from '../derivation.ts'
import { readKeystore, writeKeystore } from '../keystore.ts'
import { type NetworkFlags, networkOf } from '../networks.ts'
import { makeDirectory, nowSeconds, print, warn, wholeNumber } from './output.ts'
import { secretFrom, showOnce } from './password.ts'

export interface DepositFlags extends NetworkFlags {
	withdrawalAddress: string
}

interface MakeFlags {
	out: string
	count: string
	index: string
	passwordFile?: string
	passphraseFile?: string
}

/** @throws FatalError `deposit` or `network` */
export function depositExpectation(flags: DepositFlags): DepositFileExpectation {
	return { withdrawalCredentials: credentialsOf(flags.withdrawalAddress), network: networkOf(flags, ['genesisForkVersion']) }
}

export async function newKeys(flags: MakeFlags & DepositFlags & { guard?: boolean }): Promise<void> {
	const expected = depositExpectation(flags)
	const password = await askNewPassword(flags)
	const mnemonic = newMnemonic()
	const keys = await keysOf(mnemonic, flags)
	await showOnce(mnemonic, 'Write these 24 words down: they are shown once, and make all keys again.')
	await writeKeys(keys, flags.out, password)
	const amounts = flags.guard ? GUARDED_DEPOSIT : WHOLE_DEPOSIT
	const deposits = keys.flatMap(({ secretKey }) => signDeposits(secretKey, amounts, expected))
	print(writeDepositFile(flags.out, deposits, expected, nowSeconds()))
}

export async function derive(flags: MakeFlags & { mnemonicFile?: string }): Promise<void> {
	const mnemonic = await secretFrom({ what: 'Mnemonic', option: '--mnemonic-file', source: flags.mnemonicFile })
	const keys = await keysOf(mnemonic, flags)
	await writeKeys(keys, flags.out, await askNewPassword(flags))
}

export async function deposit(
	flags: DepositFlags & { keystore: string; out: string; passwordFile?: string; guard?: boolean },
): Promise<void> {
	const expected = depositExpectation(flags)
	const password = await secretFrom({ what: `Password of ${flags.keystore}`, option: '--password-file', source: flags.passwordFile })
	const { secretKey, path } = await readKeystore(flags.keystore, password)
	if (path.startsWith('stkr/')) {
		throw new FatalError('keystore', `${flags.keystore} is no whole key of a validator: its holders sign with keys sign-deposit.`)
	}
	makeDirectory(flags.out)
	const deposits = signDeposits(secretKey, flags.guard ? GUARDED_DEPOSIT : WHOLE_DEPOSIT, expected)
	print(writeDepositFile(flags.out, deposits, expected, nowSeconds()))
}

export async function verifyDeposit(flags: DepositFlags & { file: string }): Promise<void> {
	for (const { pubkey, amountGwei } of readDepositFile(flags.file, depositExpectation(flags))) print(`${pubkey} ${amountGwei} gwei: valid`)
}

const askNewPassword = ({ passwordFile }: MakeFlags): Promise<string> =>
	secretFrom({ what: 'Password of the new key files', option: '--password-file', source: passwordFile, isNew: true })

async function keysOf(mnemonic: string, { index, count, passphraseFile }: MakeFlags): Promise<DerivedKey[]> {
	const first = wholeNumber('--index', index)
	const number = wholeNumber('--count', count, 1)
	const passphrase = passphraseFile && (await secretFrom({ what: 'Passphrase', option: '--passphrase-file', source: passphraseFile }))
	const masterKey = masterKeyOf(mnemonic, passphrase)
	return Array.from({ length: number }, (_, place) => signingKeyAt(masterKey, first + place))
}

async function writeKeys(keys: DerivedKey[], directory: string, password: string): Promise<void> {
	makeDirectory(directory)
	for (const { path, secretKey } of keys) {
		const file = join(directory, `keystore-${path.replaceAll('/', '_')}-${nowSeconds()}.json`)
		await writeKeystore(file, { secretKey, path, password })
		print(file)
	}
	warn('Keep the key files apart from the password, and from any second machine: a key that signs twice is slashed.')
}
