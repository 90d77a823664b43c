import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Hex } from 'viem'
import { expect, test } from 'vitest'
import { credentialsOf, GUARDED_DEPOSIT, readDepositFile, signDeposits, WHOLE_DEPOSIT, writeDepositFile } from './deposit-file.ts'
import { temporaryDirectory } from './testing/directory.ts'
import { DEPOSIT, SECRET_KEY } from './testing/vectors.ts'

const directory = temporaryDirectory()
const MAINNET = { name: 'mainnet', genesisForkVersion: '0x00000000' as Hex }
const EXPECTED = { withdrawalCredentials: `0x${DEPOSIT.withdrawal_credentials}` as Hex, network: MAINNET }
const ESCROW = '0x5FbDB2315678afecb367f032d93F642f64180aa3'

/** Output of staking-deposit-cli 2.4.0 on a network that has ended. */
const HOLESKY = {
	pubkey: 'acb0ab0fd445b9df30b49b100e6f9b164ef8c3ca6f6edc6801af7b96cd183b60f5f0be959229d6c5981505a04d2711c4',
	withdrawal_credentials: '0100000000000000000000009b6a6867d222d62dc301528190e3984d60adb06b',
	amount: 32000000000,
	signature:
		'8a86e854b9e5f9277e1bb5b642c5222a8ac275b186387da3b284e41e3ec9fe68dc2cbd191156c2ab915e5f4c62cf23aa11e8aca49b7eccd9cdf5dcd99fb639e2579e528bd7b51da137bc3be097759ae388eca0e6c13e02f96eb1d9beb93fb3ae',
	deposit_message_root: 'f28453c65b56908ac349fdc8c6e35559ec94e86af50b7828fa60e7b6c8ad6596',
	deposit_data_root: '950adca0cf1cd7f1e0559eb4c0a9328f97d9d43a816ce99594ab00f2fd573ce1',
	fork_version: '01017000',
	network_name: 'holesky',
	deposit_cli_version: '2.4.0',
}

function fileOf(name: string, ...entries: unknown[]): string {
	const file = join(directory, `${name}.json`)
	writeFileSync(file, JSON.stringify(entries))
	return file
}

test('ESC-7 writes the very fields that the staking-deposit tools write for the same key', () => {
	const file = writeDepositFile(directory, signDeposits(SECRET_KEY, WHOLE_DEPOSIT, EXPECTED), EXPECTED, 1_700_000_000)

	expect(file).toBe(join(directory, 'deposit_data-1700000000.json'))
	const written = JSON.parse(readFileSync(file, 'utf8'))
	expect(written).toEqual([DEPOSIT])
	expect(Object.keys(written[0])).toEqual(Object.keys(DEPOSIT))
})

test('ESC-7 reads a file of staking-deposit-cli', () => {
	const expected = {
		withdrawalCredentials: credentialsOf('0x9b6a6867d222d62dc301528190e3984d60adb06b'),
		network: { name: 'holesky', genesisForkVersion: '0x01017000' as Hex },
	}

	expect(readDepositFile(fileOf('holesky', HOLESKY), expected)).toHaveLength(1)
})

test('ESC-6 writes the two deposits of the guard, and reads them back', () => {
	const expected = { withdrawalCredentials: credentialsOf(ESCROW), network: MAINNET }

	const file = writeDepositFile(directory, signDeposits(SECRET_KEY, GUARDED_DEPOSIT, expected), expected, 1)

	expect(readDepositFile(file, expected).map(({ amountGwei }) => amountGwei)).toEqual([1_000_000_000n, 31_000_000_000n])
	expect(() => readDepositFile(file, EXPECTED)).toThrow('withdrawal-credentials')
})

test.each([
	['deposit_message_root', { withdrawal_credentials: HOLESKY.withdrawal_credentials }],
	['deposit_message_root', { deposit_message_root: HOLESKY.deposit_message_root }],
	['deposit-data-root', { deposit_data_root: HOLESKY.deposit_data_root }],
	['deposit-data-root', { signature: HOLESKY.signature }],
	['network_name is holesky', { network_name: 'holesky' }],
	['fork_version is 01017000', { fork_version: '01017000' }],
	['pubkey: expected 48 bytes', { pubkey: `0x${DEPOSIT.pubkey}` }],
	['amount', { amount: '32000000000' }],
])('ESC-7 refuses a deposit file, naming the field: %s', (message, change) => {
	const file = fileOf('changed', { ...DEPOSIT, ...change })

	expect(() => readDepositFile(file, EXPECTED)).toThrow(message)
})

test('ESC-7 writes no deposit whose withdrawals go elsewhere, and none of half the amount', () => {
	const foreign = { withdrawalCredentials: credentialsOf(ESCROW), network: MAINNET }

	expect(() => writeDepositFile(directory, signDeposits(SECRET_KEY, WHOLE_DEPOSIT, foreign), EXPECTED, 2)).toThrow('withdrawal-credentials')
	expect(() => writeDepositFile(directory, signDeposits(SECRET_KEY, [16_000_000_000n], EXPECTED), EXPECTED, 2)).toThrow('16000000000 gwei')
	expect(() => credentialsOf('0x5FbDB2315678afecb367f032d93F642f64180aA3')).toThrow('no Ethereum address')
})
