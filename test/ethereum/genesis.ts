/** Genesis of the dev Ethereum: geth's file format, all forks to Prague active from block 0. */
import { hoodiGenesis } from '@ethereumjs/genesis/hoodi'
import type { Address, Hex } from 'viem'
import { toHex } from 'viem'
import { mnemonicToAccount } from 'viem/accounts'

export const CHAIN_ID = 1337

/** The Beacon deposit contract, at the address it has on mainnet and hoodi. */
export const DEPOSIT_CONTRACT: Address = '0x00000000219ab540356cBB839Cbe05303d7705Fa'

/** The mnemonic every Ethereum developer tool uses. Its keys are public: never fund them on a real network. */
const DEV_MNEMONIC = 'test test test test test test test test test test test junk'
const DEV_ACCOUNT_COUNT = 10
/** One million ETH: an account can deposit thousands of validators before it runs dry. */
const DEV_BALANCE_WEI = 1_000_000n * 10n ** 18n

/** An externally owned account with its secp256k1 private key (32 bytes, hex). */
export interface DevAccount {
	address: Address
	privateKey: Hex
}

/** The funded accounts, in the order of their derivation path m/44'/60'/0'/0/i (BIP-44). */
export function devAccounts(): DevAccount[] {
	return Array.from({ length: DEV_ACCOUNT_COUNT }, (_, addressIndex) => {
		const account = mnemonicToAccount(DEV_MNEMONIC, { addressIndex })
		const privateKey = account.getHdKey().privateKey
		if (privateKey === null) throw new Error(`BIP-32 derivation of dev account ${addressIndex} gave no private key`)
		return { address: account.address, privateKey: toHex(privateKey) }
	})
}

interface GenesisAccount {
	balance: string
	nonce?: string
	code?: string
	storage?: Record<string, string>
}

/** The genesis file a geth-compatible execution client reads (`geth init`, ethereumjs `--gethGenesis`). */
export interface GethGenesis {
	config: Record<string, unknown>
	alloc: Record<string, GenesisAccount>
	timestamp: Hex
	gasLimit: Hex
	baseFeePerGas: Hex
	[field: string]: unknown
}

/**
 * Contracts of hoodi's genesis, code and storage as deployed there: the deposit contract with its empty Merkle branch, and
 * the system contracts of EIP-4788, EIP-2935, EIP-7002 and EIP-7251. Hoodi's own funded accounts are left out.
 */
function hoodiContracts(): Record<string, GenesisAccount> {
	const contracts: Record<string, GenesisAccount> = {}
	for (const [address, account] of Object.entries(hoodiGenesis)) {
		if (!Array.isArray(account)) continue
		const [balance, code, storage, nonce] = account
		contracts[address] = { balance, nonce, code, storage: Object.fromEntries(storage ?? []) }
	}
	return contracts
}

/** @param timestampSeconds Unix time of block 0; the beacon chain's genesis time must be the same. */
export function buildGenesis(timestampSeconds: number): GethGenesis {
	const alloc = hoodiContracts()
	for (const { address } of devAccounts()) alloc[address] = { balance: toHex(DEV_BALANCE_WEI) }
	const activeFromBlockZero = Object.fromEntries(
		['homestead', 'eip150', 'eip155', 'eip158', 'byzantium', 'constantinople', 'petersburg', 'istanbul', 'berlin', 'london']
			.concat(['mergeFork', 'mergeNetsplit'])
			.map((fork) => [`${fork}Block`, 0]),
	)
	return {
		config: {
			chainId: CHAIN_ID,
			...activeFromBlockZero,
			terminalTotalDifficulty: 0,
			terminalTotalDifficultyPassed: true,
			shanghaiTime: 0,
			cancunTime: 0,
			pragueTime: 0,
			// EIP-7840; the values of EIP-4844 (Cancun) and EIP-7691 (Prague).
			blobSchedule: {
				cancun: { target: 3, max: 6, baseFeeUpdateFraction: 3_338_477 },
				prague: { target: 6, max: 9, baseFeeUpdateFraction: 5_007_716 },
			},
			depositContractAddress: DEPOSIT_CONTRACT,
		},
		alloc,
		number: '0x0',
		nonce: '0x0',
		timestamp: toHex(timestampSeconds),
		extraData: '0x',
		gasLimit: toHex(30_000_000),
		gasUsed: '0x0',
		difficulty: '0x0',
		mixHash: toHex(0, { size: 32 }),
		coinbase: toHex(0, { size: 20 }),
		parentHash: toHex(0, { size: 32 }),
		baseFeePerGas: toHex(1_000_000_000),
	}
}
