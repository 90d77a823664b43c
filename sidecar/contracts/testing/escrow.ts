/** Escrows on a real EVM, and the few steps every test takes with them. */
import type { Abi, Account, Address, Hex, TransactionReceipt } from 'viem'
import {
	BaseError,
	ContractFunctionRevertedError,
	createTestClient,
	createWalletClient,
	getAddress,
	hexToBytes,
	http,
	numberToHex,
	pad,
	publicActions,
	zeroAddress,
} from 'viem'
import { type LocalAccount, mnemonicToAccount } from 'viem/accounts'
import { foundry } from 'viem/chains'
import { escrowAbi } from '../abi.ts'
import { aggregateSignatures, escrowBlsKey, signDigest, signersBitmap } from '../bls.ts'
import { compileContracts } from '../compile.ts'
import { deployEscrow, type EscrowParameters, ETH_POLICY } from '../deploy.ts'
import { makeDepositData } from '../deposit-data.ts'
import {
	type EscrowMessage,
	type EscrowOrder,
	escrowDomain,
	escrowOrderDigest,
	type MessageOf,
	type ReleaseOrder,
	type StakeOrder,
	signEscrowOrder,
	sortEscrowSignatures,
} from '../eip712.ts'
import { DEPOSIT_CONTRACT, GENESIS_TIMESTAMP, MNEMONIC, startAnvil } from './anvil.ts'

/** Later than every block of a test that does not move the clock. */
export const EXPIRY = BigInt(GENESIS_TIMESTAMP + 1_000_000_000)
export const WITNESS_SET_ID = 7n
/** An AccountId32 on the Stkr chain. */
export const STKR_ACCOUNT: Hex = pad('0x05', { size: 32 })
/** Lies in no one's hands, so that its balance is what the escrow paid. */
export const RECIPIENT: Address = '0x00000000000000000000000000000000ca11ab1e'

/** GENESIS_FORK_VERSION of a development network. */
export const GENESIS_FORK_VERSION: Hex = '0x00000001'
/** A fixed validator key, so that deposit data, and with it gas, is the same on every run. */
export const DEPOSIT_SECRET_KEY = hexToBytes(pad('0x0123456789abcdef', { size: 32 }))

const DAY_SECONDS = 86_400

/** The names and values of a revert, as the contract gave them. */
interface Refusal {
	errorName: string | undefined
	args: readonly unknown[]
}

const account = (addressIndex: number) => mnemonicToAccount(MNEMONIC, { addressIndex })

export const RELAYER = account(0)
export const STAKER = account(1)
export const STRANGER = account(2)
export const WITNESSES = ascending([10, 11, 12, 13, 14, 15, 16].map(account))
/** The governors' keys. */
export const COUNCIL = ascending([17, 18, 19].map(account))

/** A fixed BLS secret key for the witness at `index`. */
export function blsSecretOf(index: number): Uint8Array {
	return hexToBytes(numberToHex(0x1234567890abcdefn + BigInt(index), { size: 32 }))
}

/** BLS keys of the first `count` witnesses. */
export function blsKeysOf(count: number): Hex[] {
	return Array.from({ length: count }, (_, index) => escrowBlsKey(blsSecretOf(index)))
}

type TestDeployment = { witnessCount?: number; accounts?: readonly LocalAccount[] } & Partial<EscrowParameters>

export type EscrowTestbed = Awaited<ReturnType<typeof startEscrowTestbed>>
export type TestEscrow = Awaited<ReturnType<EscrowTestbed['deploy']>>

/** Starting includes the compiler's run when nothing is cached, on a machine that may be busy. */
export const START_TIMEOUT_MS = 60_000

/** An EVM of its own for a test file; `close` it at the end. */
export async function startEscrowTestbed() {
	await compileContracts()
	const anvil = await startAnvil()
	const transport = http(anvil.rpcUrl)
	const chain = { ...foundry, id: anvil.chainId }
	const evm = createTestClient({ mode: 'anvil', chain, transport, pollingInterval: 10, cacheTime: 0 }).extend(publicActions)
	const relayer = createWalletClient({ account: RELAYER, chain, transport, pollingInterval: 10 })

	/** Sends a transaction and waits until it is mined, whether it succeeds or reverts. */
	async function send(
		from: Account,
		to: Address | undefined,
		data: Hex | undefined,
		value = 0n,
		gas?: bigint,
	): Promise<TransactionReceipt> {
		const hash = await relayer.sendTransaction({ account: from, to, data, value, gas })
		return evm.waitForTransactionReceipt({ hash })
	}

	/** Deploys one of the contracts in `src/test`. */
	async function deployContract(name: string, args: unknown[]): Promise<{ address: Address; abi: Abi }> {
		const { abi, bytecode } = (await compileContracts())[name]
		const hash = await relayer.deployContract({ abi, bytecode, args })
		const { contractAddress } = await evm.waitForTransactionReceipt({ hash })
		if (!contractAddress) throw new Error(`${name} was not deployed`)
		return { address: getAddress(contractAddress), abi }
	}

	/** A new escrow with the first `witnessCount` of `WITNESSES`, and a council of two in three. */
	async function deploy({ witnessCount = 4, threshold = 3, accounts = WITNESSES, ...change }: TestDeployment = {}) {
		const witnesses = accounts.slice(0, witnessCount)
		const address = await deployEscrow(relayer, evm, {
			witnesses: addressesOf(witnesses),
			threshold,
			depositContract: DEPOSIT_CONTRACT,
			witnessSetId: WITNESS_SET_ID,
			council: { members: addressesOf(COUNCIL), threshold: 2 },
			...change,
		})
		const domain = escrowDomain(anvil.chainId, address)
		const contract = { address, abi: escrowAbi } as const

		const release = (change: Partial<ReleaseOrder> = {}): EscrowOrder & { primaryType: 'Release' } => ({
			primaryType: 'Release',
			message: {
				nonce: 0n,
				asset: zeroAddress,
				amount: 10n ** 18n,
				recipient: RECIPIENT,
				expiry: EXPIRY,
				witnessSetId: WITNESS_SET_ID,
				...change,
			},
		})
		const stake = (
			deposit: Pick<StakeOrder, 'pubkey' | 'signature' | 'depositDataRoot'>,
			change: Partial<StakeOrder> = {},
		): EscrowOrder & { primaryType: 'Stake' } => ({
			primaryType: 'Stake',
			message: {
				nonce: 0n,
				pubkey: deposit.pubkey,
				signature: deposit.signature,
				depositDataRoot: deposit.depositDataRoot,
				amount: 32n * 10n ** 18n,
				expiry: EXPIRY,
				witnessSetId: WITNESS_SET_ID,
				...change,
			},
		})
		/** Hands over to `next`; the leaving set has no grace. */
		const rotate = (next: readonly LocalAccount[], change: Partial<MessageOf<'Rotate'>> = {}): EscrowMessage => ({
			primaryType: 'Rotate',
			message: {
				nonce: 900n,
				newSetId: WITNESS_SET_ID + 1n,
				witnesses: addressesOf(next),
				threshold: BigInt(Math.floor((next.length * 2) / 3) + 1),
				blsKeys: '0x',
				graceUntil: 0n,
				expiry: EXPIRY,
				witnessSetId: WITNESS_SET_ID,
				...change,
			},
		})
		const list = (asset: Address, change: Partial<MessageOf<'List'>> = {}): EscrowMessage => ({
			primaryType: 'List',
			message: {
				nonce: 901n,
				asset,
				minimumLock: 1n,
				floorCap: ETH_POLICY.floorCap,
				delayAbove: ETH_POLICY.delayAbove,
				expiry: EXPIRY,
				witnessSetId: WITNESS_SET_ID,
				...change,
			},
		})

		/** Signatures of the order in the contract's order; by default of just enough witnesses. */
		const sign = async (order: EscrowMessage, signers: readonly LocalAccount[] = witnesses.slice(0, threshold), signedDomain = domain) =>
			sortEscrowSignatures(signedDomain, order, await Promise.all(signers.map((signer) => signEscrowOrder(signer, signedDomain, order))))

		const lock = async (amountWei: bigint, recipient = STKR_ACCOUNT, from: Account = STAKER) => {
			const hash = await relayer.writeContract({ ...contract, functionName: 'lock', args: [recipient], value: amountWei, account: from })
			return evm.waitForTransactionReceipt({ hash })
		}

		/** Relays an order; with `gas` it is sent even if it will revert. */
		const relay = async (order: EscrowMessage, signatures: readonly Hex[], gas?: bigint, value?: bigint) => {
			const hash = await relayer.writeContract({ address, abi: escrowAbi as Abi, ...callOf(order, signatures), gas, value })
			return evm.waitForTransactionReceipt({ hash })
		}

		/** Arguments of `releaseAggregated`, signed by the witnesses at `indexes`; by default just enough. */
		const aggregate = (
			order: EscrowOrder & { primaryType: 'Release' },
			indexes = Array.from({ length: threshold }, (_, index) => index),
		) => {
			const digest = escrowOrderDigest(domain, order)
			const signature = aggregateSignatures(indexes.map((index) => signDigest(blsSecretOf(index), digest)))
			return [order.message, signersBitmap(indexes), signature] as const
		}

		const relayAggregated = async (args: ReturnType<typeof aggregate>, gas?: bigint) => {
			const hash = await relayer.writeContract({ ...contract, functionName: 'releaseAggregated', args, gas })
			return evm.waitForTransactionReceipt({ hash })
		}

		/** Signs with just enough witnesses and relays. */
		const execute = async (order: EscrowMessage) => relay(order, await sign(order))

		/** Lists an asset; terms that let more out take a day and a second call. */
		const establish = async (...parameters: Parameters<typeof list>) => {
			const order = list(...parameters)
			await execute(order)
			await passTime(DAY_SECONDS)
			return relay(order, [])
		}

		/** Executes an order without a transaction and says how it reverts; `undefined` if it would succeed. */
		const refusal = (order: EscrowMessage, signatures: readonly Hex[], value?: bigint) =>
			refusalOf(() => evm.simulateContract({ address, abi: escrowAbi as Abi, ...callOf(order, signatures), account: RELAYER, value }))

		/** BLS-valid deposit data whose withdrawals come back to this escrow. */
		const depositData = async (amountWei = 32n * 10n ** 18n) =>
			makeDepositData({
				secretKey: DEPOSIT_SECRET_KEY,
				withdrawalCredentials: await evm.readContract({ ...contract, functionName: 'withdrawalCredentials' }),
				amountGwei: amountWei / 10n ** 9n,
				genesisForkVersion: GENESIS_FORK_VERSION,
			})

		const isUsed = (nonce: bigint) => evm.readContract({ ...contract, functionName: 'isUsed', args: [nonce] })
		const balance = () => evm.getBalance({ address })
		const accounted = (asset: Address = zeroAddress) => evm.readContract({ ...contract, functionName: 'accounted', args: [asset] })

		return {
			...contract,
			contract,
			domain,
			witnesses,
			release,
			stake,
			rotate,
			list,
			sign,
			lock,
			relay,
			execute,
			establish,
			aggregate,
			relayAggregated,
			refusal,
			depositData,
			isUsed,
			balance,
			accounted,
		}
	}

	/** Moves the clock and mines a block. */
	async function passTime(seconds: number | bigint): Promise<void> {
		await evm.increaseTime({ seconds: Number(seconds) })
		await evm.mine({ blocks: 1 })
	}

	return { anvil, evm, relayer, send, deploy, deployContract, passTime, close: anvil.close }
}

/** The contract's call for what was signed. */
function callOf({ primaryType, message }: EscrowMessage, signatures: readonly Hex[]) {
	switch (primaryType) {
		case 'Veto':
			return { functionName: 'veto', args: [message.nonce, signatures] }
		case 'Pause':
		case 'Unpause':
			return { functionName: primaryType.toLowerCase(), args: [message.number, signatures] }
		default:
			return { functionName: FUNCTION_OF[primaryType], args: [message, signatures] }
	}
}

const FUNCTION_OF = {
	Release: 'release',
	Stake: 'stake',
	Exit: 'requestExit',
	Rotate: 'rotate',
	List: 'list',
	Close: 'close',
	Guard: 'setGuard',
	RotateCouncil: 'rotateCouncil',
} as const

export function addressesOf(accounts: readonly LocalAccount[]): Address[] {
	return accounts.map(({ address }) => address)
}

/** Ascending by address, the order in which the contract wants signatures. */
function ascending<Account extends LocalAccount>(accounts: Account[]): Account[] {
	return accounts.sort((a, b) => (BigInt(a.address) < BigInt(b.address) ? -1 : 1))
}

/** Runs a call that is expected to revert; other failures are thrown on. */
export async function refusalOf(call: () => Promise<unknown>): Promise<Refusal | undefined> {
	try {
		await call()
		return undefined
	} catch (error) {
		const revert = error instanceof BaseError && error.walk((cause) => cause instanceof ContractFunctionRevertedError)
		if (!(revert instanceof ContractFunctionRevertedError)) throw error
		return { errorName: revert.data?.errorName, args: revert.data?.args ?? [] }
	}
}
