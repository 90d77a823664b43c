/** Escrows on a real EVM, and the few steps every test takes with them. */
import type { Abi, Account, Address, Hex, TransactionReceipt } from 'viem'
import {
	BaseError,
	ContractFunctionRevertedError,
	createTestClient,
	createWalletClient,
	hexToBytes,
	http,
	pad,
	publicActions,
	zeroAddress,
} from 'viem'
import { mnemonicToAccount } from 'viem/accounts'
import { foundry } from 'viem/chains'
import { escrowAbi } from '../abi.ts'
import { compileContracts } from '../compile.ts'
import { deployEscrow } from '../deploy.ts'
import { makeDepositData } from '../deposit-data.ts'
import { type EscrowOrder, escrowDomain, type ReleaseOrder, type StakeOrder, signEscrowOrder, sortEscrowSignatures } from '../eip712.ts'
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

/** The names and values of a revert, as the contract gave them. */
interface Refusal {
	errorName: string | undefined
	args: readonly unknown[]
}

const account = (addressIndex: number) => mnemonicToAccount(MNEMONIC, { addressIndex })

export const RELAYER = account(0)
export const STAKER = account(1)
export const STRANGER = account(2)
/** Ascending by address, the order in which the contract wants their signatures. */
export const WITNESSES = [10, 11, 12, 13, 14, 15, 16].map(account).sort((a, b) => (BigInt(a.address) < BigInt(b.address) ? -1 : 1))

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
		return { address: contractAddress, abi }
	}

	/** A new escrow with the first `witnessCount` of `WITNESSES`. */
	async function deploy({ witnessCount = 4, threshold = 3 } = {}) {
		const witnesses = WITNESSES.slice(0, witnessCount)
		const address = await deployEscrow(relayer, evm, {
			witnesses: witnesses.map((witness) => witness.address),
			threshold,
			depositContract: DEPOSIT_CONTRACT,
			witnessSetId: WITNESS_SET_ID,
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

		/** Signatures of the order in the contract's order; by default of just enough witnesses. */
		const sign = async (order: EscrowOrder, signers = witnesses.slice(0, threshold), signedDomain = domain) =>
			sortEscrowSignatures(signedDomain, order, await Promise.all(signers.map((signer) => signEscrowOrder(signer, signedDomain, order))))

		const lock = async (amountWei: bigint, recipient = STKR_ACCOUNT, from: Account = STAKER) => {
			const hash = await relayer.writeContract({ ...contract, functionName: 'lock', args: [recipient], value: amountWei, account: from })
			return evm.waitForTransactionReceipt({ hash })
		}

		/** Relays an order; with `gas` it is sent even if it will revert. */
		const relay = async (order: EscrowOrder, signatures: readonly Hex[], gas?: bigint) => {
			const hash =
				order.primaryType === 'Release'
					? await relayer.writeContract({ ...contract, functionName: 'release', args: [order.message, signatures], gas })
					: await relayer.writeContract({ ...contract, functionName: 'stake', args: [order.message, signatures], gas })
			return evm.waitForTransactionReceipt({ hash })
		}

		/** Executes an order without a transaction and says how it reverts; `undefined` if it would succeed. */
		const refusal = (order: EscrowOrder, signatures: readonly Hex[]) =>
			refusalOf(() =>
				order.primaryType === 'Release'
					? evm.simulateContract({ ...contract, functionName: 'release', args: [order.message, signatures], account: RELAYER })
					: evm.simulateContract({ ...contract, functionName: 'stake', args: [order.message, signatures], account: RELAYER }),
			)

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

		return { ...contract, contract, domain, witnesses, release, stake, sign, lock, relay, refusal, depositData, isUsed, balance }
	}

	return { anvil, evm, relayer, send, deploy, deployContract, close: anvil.close }
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
