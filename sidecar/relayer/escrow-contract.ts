/** The escrow on Ethereum over JSON-RPC: history and state at finalized blocks alone, and the account that relays orders. */
import {
	type Address,
	BaseError,
	ContractFunctionRevertedError,
	createPublicClient,
	encodeFunctionData,
	getAbiItem,
	type Hex,
	HttpRequestError,
	http,
	keccak256,
	type PublicClient,
	parseTransaction,
	TimeoutError,
	zeroAddress,
} from 'viem'
import type { LocalAccount } from 'viem/accounts'
import { escrowAbi } from '../contracts/abi.ts'
import type { EscrowOrder } from '../contracts/eip712.ts'
import type { ContractWitnessSet, EscrowContract, EscrowLog, EthereumBlock, OrderState, SendResult, SignedTransaction } from './edges.ts'
import { FatalError, messageOf, RetryableError } from './errors.ts'
import { relayRefusal } from './relay-refusal.ts'

/**
 * Gas a relayer pays at most: beside the contract's own (gas.json) there is room for a recipient that is a contract wallet. Each
 * signature takes about 7,600.
 */
const GAS_CAP = { Release: 250_000n, Stake: 250_000n, perSignature: 10_000n }

/** A replacement must raise both fees by a tenth at least; nodes differ in rounding. */
const RAISE_PERMILLE = 1_125n

const EVENTS = [
	getAbiItem({ abi: escrowAbi, name: 'Locked' }),
	getAbiItem({ abi: escrowAbi, name: 'Released' }),
	getAbiItem({ abi: escrowAbi, name: 'Staked' }),
	getAbiItem({ abi: escrowAbi, name: 'Vetoed' }),
	getAbiItem({ abi: escrowAbi, name: 'WitnessesRotated' }),
	getAbiItem({ abi: escrowAbi, name: 'Returned' }),
	getAbiItem({ abi: escrowAbi, name: 'ExitRequested' }),
] as const

/** `validUntil` of the present witness set. */
const FOREVER = 2n ** 64n - 1n

/** What the contract was deployed with: it never changes. */
export interface EscrowConstants {
	chainId: number
	withdrawalCredentials: Hex
	/** Whether a validator is funded by 1 and then 31 ETH. */
	guardedDeposits: boolean
}

/** The contract as anyone sees it. */
export interface EscrowReader extends Pick<EscrowContract, 'finalized' | 'orderState'> {
	constants(): Promise<EscrowConstants>
	/** The present witness set, in the finalized state. */
	witnessSet(): Promise<ContractWitnessSet>
	/** What the contract's books say it holds of ETH at a block, in wei. */
	accountedWei(block: number): Promise<bigint>
	/** Whether releases, stakes and locks were stopped at a block. */
	isPaused(block: number): Promise<boolean>
}

export interface EscrowConnection extends EscrowContract, EscrowReader {
	/** ETH of the relaying account, for gas. */
	balanceWei(): Promise<bigint>
}

interface EscrowPlace {
	url: string
	escrow: Address
}

interface EscrowOptions extends EscrowPlace {
	/** Pays for relaying. */
	account: LocalAccount
	/** Above this fee per gas nothing is relayed. */
	maxFeePerGasWei: bigint
}

export function connectEscrow(options: EscrowOptions): EscrowConnection {
	return new Connection(options)
}

/** Reads alone; needs no key. */
export function readEscrow(place: EscrowPlace): EscrowReader {
	return new Reader(place)
}

class Reader implements EscrowReader {
	protected readonly client: PublicClient
	protected readonly contract: { readonly address: Address; readonly abi: typeof escrowAbi }
	#chainId: number | undefined

	constructor({ url, escrow }: EscrowPlace) {
		this.client = createPublicClient({ transport: http(url, { retryCount: 1 }), cacheTime: 0 })
		this.contract = { address: escrow, abi: escrowAbi }
	}

	constants(): Promise<EscrowConstants> {
		return reading('the escrow', async () => {
			const at = { ...this.contract, blockTag: 'finalized' } as const
			if (!(await this.client.getCode({ address: this.contract.address, blockTag: 'finalized' }))) {
				throw new RetryableError(
					'escrow-missing',
					`There is no contract at ${this.contract.address} in the finalized state of Ethereum. If it was just deployed it will come; else check --escrow and --ethereum.`,
				)
			}
			const [chainId, withdrawalCredentials, guardedDeposits] = await Promise.all([
				this.chainId(),
				this.client.readContract({ ...at, functionName: 'withdrawalCredentials' }),
				this.client.readContract({ ...at, functionName: 'guardedDeposits' }),
			])
			return { chainId, withdrawalCredentials, guardedDeposits }
		})
	}

	witnessSet(): Promise<ContractWitnessSet> {
		return reading('the witness set', async () => {
			// One block for all three: a rotation may become final in between.
			const { number: blockNumber } = await this.client.getBlock({ blockTag: 'finalized' })
			const at = { ...this.contract, blockNumber }
			const [id, witnesses, threshold] = await Promise.all([
				this.client.readContract({ ...at, functionName: 'witnessSetId' }),
				this.client.readContract({ ...at, functionName: 'witnesses' }),
				this.client.readContract({ ...at, functionName: 'threshold' }),
			])
			return { id, witnesses, threshold: Number(threshold), validUntil: FOREVER }
		})
	}

	accountedWei(block: number): Promise<bigint> {
		return reading('what the escrow holds', () =>
			this.client.readContract({ ...this.contract, functionName: 'accounted', args: [zeroAddress], blockNumber: BigInt(block) }),
		)
	}

	finalized(): Promise<EthereumBlock> {
		return reading('the finalized block', async () => {
			const { number, timestamp } = await this.client.getBlock({ blockTag: 'finalized' })
			return { number: Number(number), timestamp }
		})
	}

	orderState(orderNonce: bigint, block: number): Promise<OrderState> {
		return reading(`what became of order ${orderNonce}`, async () => {
			const at = { ...this.contract, args: [orderNonce], blockNumber: BigInt(block) } as const
			const [isUsed, isVetoed, [, executableAt]] = await Promise.all([
				this.client.readContract({ ...at, functionName: 'isUsed' }),
				this.client.readContract({ ...at, functionName: 'isVetoed' }),
				this.client.readContract({ ...at, functionName: 'delayed' }),
			])
			if (isUsed) return 'executed'
			if (isVetoed) return 'vetoed'
			return executableAt > 0n ? 'waiting' : 'open'
		})
	}

	isPaused(block: number): Promise<boolean> {
		return reading('whether the escrow is paused', () =>
			this.client.readContract({ ...this.contract, functionName: 'paused', blockNumber: BigInt(block) }),
		)
	}

	protected async chainId(): Promise<number> {
		this.#chainId ??= await this.client.getChainId()
		return this.#chainId
	}
}

class Connection extends Reader implements EscrowConnection {
	readonly #options: EscrowOptions

	constructor(options: EscrowOptions) {
		super(options)
		this.#options = options
	}

	logs(from: number, to: number): Promise<EscrowLog[]> {
		return reading(`logs of blocks ${from} to ${to}`, async () => {
			const logs = await this.client.getLogs({
				address: this.#options.escrow,
				events: EVENTS,
				fromBlock: BigInt(from),
				toBlock: BigInt(to),
				strict: true,
			})
			return logs.map((log): EscrowLog => {
				switch (log.eventName) {
					case 'Locked': {
						const { nonce, asset, sender, recipient, amount } = log.args
						return { event: 'Locked', nonce, lock: { asset, sender, recipient, amountWei: amount, ethereumBlock: log.blockNumber } }
					}
					case 'WitnessesRotated': {
						const { newSetId, witnesses, threshold, graceUntil } = log.args
						return { event: 'Rotated', set: { id: newSetId, witnesses, threshold: Number(threshold), validUntil: FOREVER }, graceUntil }
					}
					case 'Returned':
						return { event: 'Returned', nonce: log.args.nonce, amountWei: log.args.amount }
					case 'ExitRequested':
						return { event: 'ExitRequested', nonce: log.args.nonce, pubkey: log.args.pubkey }
					case 'Vetoed':
						return { event: 'Vetoed', nonce: log.args.nonce }
					default:
						return { event: 'Executed', nonce: log.args.nonce }
				}
			})
		})
	}

	lockCount(block: number): Promise<bigint> {
		return reading('the number of locks', () =>
			this.client.readContract({ ...this.contract, functionName: 'lockNonce', blockNumber: BigInt(block) }),
		)
	}

	transactionCount(block: number | 'pending'): Promise<number> {
		const at = block === 'pending' ? ({ blockTag: 'pending' } as const) : { blockNumber: BigInt(block) }
		return reading('the nonce of the relaying account', () =>
			this.client.getTransactionCount({ address: this.#options.account.address, ...at }),
		)
	}

	balanceWei(): Promise<bigint> {
		return reading('the balance of the relaying account', () => this.client.getBalance({ address: this.#options.account.address }))
	}

	async signRelay(order: EscrowOrder, signatures: readonly Hex[], nonce: number, replaces?: Hex): Promise<SignedTransaction> {
		const gas = await this.#estimateGas(order, signatures)
		const cap = GAS_CAP[order.primaryType] + GAS_CAP.perSignature * BigInt(signatures.length)
		if (gas > cap) {
			throw new FatalError(
				'gas-above-cap',
				`Order ${order.message.nonce} needs ${gas} gas, above the ${cap} that is paid for it: its recipient uses too much. It will be refunded when it expires.`,
			)
		}
		const fees = await this.#fees(replaces)
		const data =
			order.primaryType === 'Release'
				? encodeFunctionData({ abi: escrowAbi, functionName: 'release', args: [order.message, signatures] })
				: encodeFunctionData({ abi: escrowAbi, functionName: 'stake', args: [order.message, signatures] })
		const raw = await this.#options.account.signTransaction({
			type: 'eip1559',
			chainId: await reading('the chain id', () => this.chainId()),
			to: this.#options.escrow,
			data,
			nonce,
			// The next block's state may differ a little from the one estimated on.
			gas: (gas * 6n) / 5n < cap ? (gas * 6n) / 5n : cap,
			...fees,
		})
		return { raw, hash: keccak256(raw) }
	}

	async #estimateGas(order: EscrowOrder, signatures: readonly Hex[]): Promise<bigint> {
		const account = this.#options.account.address
		try {
			return order.primaryType === 'Release'
				? await this.client.estimateContractGas({ ...this.contract, functionName: 'release', args: [order.message, signatures], account })
				: await this.client.estimateContractGas({ ...this.contract, functionName: 'stake', args: [order.message, signatures], account })
		} catch (error) {
			const revert = error instanceof BaseError ? error.walk((cause) => cause instanceof ContractFunctionRevertedError) : null
			if (!(revert instanceof ContractFunctionRevertedError)) {
				throw new RetryableError(
					'ethereum-unreachable',
					`The gas of order ${order.message.nonce} could not be estimated: ${shortMessage(error)}`,
					{ cause: error },
				)
			}
			const { timestamp } = await reading('the latest block', () => this.client.getBlock())
			const name = revert.data?.errorName ?? revert.reason ?? 'a revert without reason'
			throw relayRefusal(order.message.nonce, { name, args: revert.data?.args ?? [] }, timestamp)
		}
	}

	async #fees(replaces: Hex | undefined): Promise<{ maxFeePerGas: bigint; maxPriorityFeePerGas: bigint }> {
		const now = await reading('fees', () => this.client.estimateFeesPerGas())
		const before = replaces ? parseTransaction(replaces) : undefined
		const fee = (current: bigint, previous: bigint | undefined) => {
			const raised = previous === undefined ? 0n : (previous * RAISE_PERMILLE) / 1_000n + 1n
			return current > raised ? current : raised
		}
		const maxFeePerGas = fee(now.maxFeePerGas, before?.maxFeePerGas)
		const maxPriorityFeePerGas = fee(now.maxPriorityFeePerGas, before?.maxPriorityFeePerGas)
		if (maxFeePerGas > this.#options.maxFeePerGasWei) {
			throw new RetryableError(
				'fee-above-cap',
				`Ethereum asks ${maxFeePerGas} wei per gas, above the ${this.#options.maxFeePerGasWei} that is paid. Raise --max-fee-gwei or wait.`,
			)
		}
		return { maxFeePerGas, maxPriorityFeePerGas }
	}

	async send(raw: Hex): Promise<SendResult> {
		try {
			await this.client.sendRawTransaction({ serializedTransaction: raw })
			return { state: 'pending' }
		} catch (error) {
			const reason = shortMessage(error)
			const isTransport =
				error instanceof BaseError && error.walk((cause) => cause instanceof HttpRequestError || cause instanceof TimeoutError)
			if (isTransport)
				throw new RetryableError('ethereum-unreachable', `A transaction could not be sent to Ethereum: ${reason}`, { cause: error })
			if (/already known|already imported|known transaction|nonce too low|underpriced/i.test(messageOf(error))) return { state: 'pending' }
			return { state: 'refused', reason }
		}
	}
}

/** viem's reason without the request it stands in. */
export function shortMessage(error: unknown): string {
	return error instanceof BaseError ? `${error.shortMessage} ${error.details ?? ''}`.trim() : messageOf(error)
}

/** Whatever keeps Ethereum from being read passes: `ethereum-unreachable`. */
export async function reading<T>(what: string, read: () => Promise<T>): Promise<T> {
	try {
		return await read()
	} catch (error) {
		if (error instanceof RetryableError) throw error
		throw new RetryableError('ethereum-unreachable', `Ethereum could not give ${what}: ${shortMessage(error)}`, { cause: error })
	}
}
