/** The steps of a validator's life on the dev Ethereum, as a staker takes them: deposit, wait, ask for the exit (EIP-7002). */

import { type DepositData, generateValidatorKey, makeDepositData } from '@stkr/sidecar/contracts/deposit-data.ts'
import {
	type Address,
	concat,
	createPublicClient,
	createWalletClient,
	defineChain,
	type Hex,
	http,
	pad,
	parseAbi,
	parseGwei,
	type TransactionReceipt,
	toHex,
} from 'viem'
import { privateKeyToAccount } from 'viem/accounts'
import type { Ethereum } from './devnet.ts'

export const DEPOSIT_ABI = parseAbi([
	'function deposit(bytes pubkey, bytes withdrawal_credentials, bytes signature, bytes32 deposit_data_root) payable',
])
/** EIP-7002. */
const WITHDRAWAL_REQUEST_CONTRACT: Address = '0x00000961Ef480Eb55e80D19ad83579A64c007002'
/** A block comes every few ms when slots run as fast as they can. */
const POLLING_INTERVAL_MS = 50

/** MIN_ACTIVATION_BALANCE. */
export const VALIDATOR_STAKE_GWEI = 32_000_000_000n

/** As the Beacon API describes one. */
export interface ValidatorAnswer {
	index: string
	status: string
	balance: string
	validator: { withdrawal_credentials: string; effective_balance: string; slashed: boolean }
}

export type AccountClients = ReturnType<typeof clientsOf>

/** Reading and signing clients of a funded account. */
export function clientsOf(ethereum: Ethereum, accountIndex: number) {
	const chain = defineChain({
		id: ethereum.chainId,
		name: 'dev Ethereum',
		nativeCurrency: { name: 'Ether', symbol: 'ETH', decimals: 18 },
		rpcUrls: { default: { http: [ethereum.rpcUrl] } },
	})
	const account = privateKeyToAccount(ethereum.accounts[accountIndex].privateKey)
	const options = { chain, transport: http(ethereum.rpcUrl), pollingInterval: POLLING_INTERVAL_MS }
	return { account, publicClient: createPublicClient(options), wallet: createWalletClient({ ...options, account }) }
}

/** 0x01: withdrawals to an address; 0x02: the same, with up to 2,048 ETH earning (EIP-7251). */
export function addressCredentials(owner: Address, prefix: '0x01' | '0x02' = '0x01'): Hex {
	return concat([prefix, pad(owner, { size: 31 })])
}

interface Deposit {
	/** The validator's BLS secret key, 32 bytes. */
	secretKey: Uint8Array
	data: DepositData
	receipt: TransactionReceipt
}

/** Deposits the stake of a new validator through the deposit contract; resolves when the deposit is in a block. */
export async function depositValidator(
	ethereum: Ethereum,
	staker: AccountClients,
	withdrawalCredentials: Hex,
	amountGwei = VALIDATOR_STAKE_GWEI,
): Promise<Deposit> {
	const secretKey = generateValidatorKey()
	const { genesisForkVersion } = ethereum
	const data = makeDepositData({ secretKey, withdrawalCredentials, amountGwei, genesisForkVersion })
	const hash = await staker.wallet.writeContract({
		address: ethereum.depositContract,
		abi: DEPOSIT_ABI,
		functionName: 'deposit',
		args: [data.pubkey, withdrawalCredentials, data.signature, data.depositDataRoot],
		value: parseGwei(amountGwei.toString()),
	})
	return { secretKey, data, receipt: await staker.publicClient.waitForTransactionReceipt({ hash }) }
}

/**
 * Asks for a withdrawal on the execution side (EIP-7002), as only the owner of the withdrawal credentials can.
 * @param amountGwei 0 asks for the full exit
 */
export async function requestWithdrawal(owner: AccountClients, pubkey: Hex, amountGwei = 0n): Promise<TransactionReceipt> {
	const fee = await owner.publicClient.call({ to: WITHDRAWAL_REQUEST_CONTRACT })
	const hash = await owner.wallet.sendTransaction({
		to: WITHDRAWAL_REQUEST_CONTRACT,
		data: concat([pubkey, toHex(amountGwei, { size: 8 })]),
		value: BigInt(fee.data ?? 0),
	})
	return owner.publicClient.waitForTransactionReceipt({ hash })
}

/** @throws with the node's answer unless it is a success */
export async function beaconGet<Data>({ beaconUrl }: Pick<Ethereum, 'beaconUrl'>, path: string): Promise<Data> {
	const response = await fetch(`${beaconUrl}${path}`)
	if (!response.ok) throw new Error(`GET ${path}: ${response.status} ${await response.text()}`)
	return ((await response.json()) as { data: Data }).data
}

/** A validator's status; `unknown` until its deposit made it one. */
export async function validatorStatus(ethereum: Ethereum, pubkey: Hex): Promise<string> {
	const validators = await beaconGet<ValidatorAnswer[]>(ethereum, `/eth/v1/beacon/states/head/validators?id=${pubkey}`)
	return validators[0]?.status ?? 'unknown'
}

/**
 * Asks again with every new head until the status is the wanted one.
 * @returns the statuses seen on the way, in order
 */
export async function waitStatus(ethereum: Ethereum, pubkey: Hex, wanted: string): Promise<string[]> {
	const seen: string[] = []
	for (;;) {
		const { slot } = ethereum.head()
		const status = await validatorStatus(ethereum, pubkey)
		if (status !== seen.at(-1)) seen.push(status)
		if (status === wanted) return seen
		await ethereum.waitHead((head) => head.slot > slot)
	}
}
