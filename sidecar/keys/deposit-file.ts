/** `deposit_data-<time>.json`, in the format of the staking-deposit tools. */
import { join } from 'node:path'
import { concat, type Hex, isAddress, pad } from 'viem'
import { z } from 'zod'
import { type DepositData, makeDepositData, verifyDepositData } from '../contracts/deposit-data.ts'
import { FatalError } from '../relayer/errors.ts'
import { readJson, toJson, writeNewFile } from './files.ts'
import type { Network } from './networks.ts'
import { depositMessageRoot } from './signing-roots.ts'

/** The release of staking-deposit-cli whose format this is; launchpads refuse what they take for an older one. */
const DEPOSIT_CLI_VERSION = '2.7.0'

/** As the staking-deposit tools leave it: nothing in it is secret, and nothing may change. */
const READ_ONLY = 0o440

/** One deposit of 32 ETH. */
export const WHOLE_DEPOSIT = [32_000_000_000n]

/** The front-running guard (ESC-6): 1 ETH proves that the credentials are ours, then 31 follow. */
export const GUARDED_DEPOSIT = [1_000_000_000n, 31_000_000_000n]

export type DepositNetwork = Pick<Network, 'name' | 'genesisForkVersion'>

/** What every deposit of a file must be for. */
export interface DepositFileExpectation {
	/** 32 bytes. */
	withdrawalCredentials: Hex
	network: DepositNetwork
}

const hex = (bytes: number) =>
	z.string().regex(new RegExp(`^[0-9a-f]{${2 * bytes}}$`), `expected ${bytes} bytes in hexadecimal, without 0x`)

const entry = z.object({
	pubkey: hex(48),
	withdrawal_credentials: hex(32),
	amount: z.number().int().min(0).max(Number.MAX_SAFE_INTEGER),
	signature: hex(96),
	deposit_message_root: hex(32),
	deposit_data_root: hex(32),
	fork_version: hex(4),
	network_name: z.string(),
	deposit_cli_version: z.string(),
})

const bare = (value: Hex): string => value.slice(2).toLowerCase()

/**
 * 0x01 credentials: withdrawals and exits' ETH go to this address.
 *
 * @throws FatalError `deposit` when it is no address
 */
export function credentialsOf(address: string): Hex {
	if (!isAddress(address)) throw new FatalError('deposit', `${address} is no Ethereum address: give that of the escrow.`)
	return concat(['0x01', pad('0x', { size: 11 }), address]).toLowerCase() as Hex
}

/** Deposits of one validator, signed with its whole key. */
export function signDeposits(secretKey: Uint8Array, amountsGwei: bigint[], expected: DepositFileExpectation): DepositData[] {
	const { withdrawalCredentials, network } = expected
	return amountsGwei.map((amountGwei) =>
		makeDepositData({ secretKey, withdrawalCredentials, amountGwei, genesisForkVersion: network.genesisForkVersion }),
	)
}

/**
 * Writes a deposit file, and reads it back.
 *
 * @param seconds since 1970, for the name
 * @returns its path
 * @throws FatalError `deposit` when a deposit is not what is expected; `file` when it exists
 */
export function writeDepositFile(directory: string, deposits: DepositData[], expected: DepositFileExpectation, seconds: number): string {
	verifyDeposits(deposits, expected)
	const { name, genesisForkVersion } = expected.network
	const entries = deposits.map((deposit) => ({
		pubkey: bare(deposit.pubkey),
		withdrawal_credentials: bare(deposit.withdrawalCredentials),
		amount: Number(deposit.amountGwei),
		signature: bare(deposit.signature),
		deposit_message_root: bare(depositMessageRoot(deposit)),
		deposit_data_root: bare(deposit.depositDataRoot),
		fork_version: bare(genesisForkVersion),
		network_name: name,
		deposit_cli_version: DEPOSIT_CLI_VERSION,
	}))
	const file = join(directory, `deposit_data-${seconds}.json`)
	writeNewFile(file, toJson(entries), READ_ONLY)
	readDepositFile(file, expected)
	return file
}

/**
 * Reads a deposit file of any of the staking-deposit tools, and verifies everything in it: roots, signatures, network,
 * and that all withdrawals go where they should.
 *
 * @throws FatalError `file` when it is none; `deposit` naming what is wrong in which entry
 */
export function readDepositFile(file: string, expected: DepositFileExpectation): DepositData[] {
	const entries = readJson(file, 'deposit file', z.array(entry).min(1))
	const deposits = entries.map((fields, place): DepositData => {
		const refuse = (why: string) => new FatalError('deposit', `Deposit ${place + 1} of ${file} is refused: ${why}.`)
		if (fields.network_name !== expected.network.name) {
			throw refuse(`network_name is ${fields.network_name}, not ${expected.network.name}`)
		}
		if (fields.fork_version !== bare(expected.network.genesisForkVersion)) {
			throw refuse(`fork_version is ${fields.fork_version}, not ${bare(expected.network.genesisForkVersion)}`)
		}
		const deposit: DepositData = {
			pubkey: `0x${fields.pubkey}`,
			withdrawalCredentials: `0x${fields.withdrawal_credentials}`,
			amountGwei: BigInt(fields.amount),
			signature: `0x${fields.signature}`,
			depositDataRoot: `0x${fields.deposit_data_root}`,
		}
		const root = bare(depositMessageRoot(deposit))
		if (fields.deposit_message_root !== root) throw refuse(`deposit_message_root is ${fields.deposit_message_root}, not ${root}`)
		return deposit
	})
	verifyDeposits(deposits, expected)
	return deposits
}

/** @throws FatalError `deposit` */
function verifyDeposits(deposits: DepositData[], { withdrawalCredentials, network }: DepositFileExpectation): void {
	const amountsByKey = new Map<Hex, bigint[]>()
	for (const deposit of deposits) {
		const { pubkey, amountGwei } = deposit
		const verdict = verifyDepositData(deposit, { withdrawalCredentials, amountGwei, genesisForkVersion: network.genesisForkVersion })
		if (!verdict.valid) throw new FatalError('deposit', `The deposit of ${pubkey} is refused: ${verdict.message}.`)
		amountsByKey.set(pubkey, [...(amountsByKey.get(pubkey) ?? []), amountGwei])
	}
	for (const [pubkey, amounts] of amountsByKey) {
		if (![WHOLE_DEPOSIT, GUARDED_DEPOSIT].some((plan) => plan.join() === amounts.join())) {
			throw new FatalError(
				'deposit',
				`The deposits of ${pubkey} are ${amounts.join(' and ')} gwei: expected ${WHOLE_DEPOSIT}, or ${GUARDED_DEPOSIT.join(' and ')}.`,
			)
		}
	}
}
