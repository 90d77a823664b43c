/** The Ethereum side of the bridge: the escrow contract's ABI, the orders witnesses sign, and how stakers lock ETH (ESC-1, ESC-2). */
import { decodeAddress } from '@polkadot/util-crypto'
import {
	type Account,
	type Address,
	type Chain,
	ContractFunctionExecutionError,
	type Hex,
	isAddressEqual,
	type PublicClient,
	parseEventLogs,
	type Transport,
	toHex,
	type WalletClient,
} from 'viem'
import { escrowAbi } from '../sidecar/contracts/abi.ts'
import { StkrError } from './errors.ts'

export { escrowAbi } from '../sidecar/contracts/abi.ts'
export {
	type EscrowOrder,
	escrowDomain,
	escrowOrderDigest,
	escrowOrderTypes,
	type ReleaseOrder,
	type StakeOrder,
	signEscrowOrder,
	sortEscrowSignatures,
} from '../sidecar/contracts/eip712.ts'

/** What the contract calls itself in its EIP-712 domain. */
const ESCROW_NAME = 'Stkr Escrow'

export type LockErrorCode = 'bad-recipient' | 'not-escrow' | 'reverted'

/** ETH could not be locked as asked. */
export class LockError extends StkrError {
	readonly code: LockErrorCode

	constructor(code: LockErrorCode, message: string, cause?: unknown) {
		super(message, { cause })
		this.code = code
	}
}

/** The two viem clients that a lock needs, of one network. */
export interface EthereumClients {
	wallet: WalletClient<Transport, Chain, Account>
	reader: PublicClient
}

export interface LockParameters {
	/** Address of the escrow contract. */
	escrow: Address
	/** Account on the Stkr chain that gets the wrapped ETH: SS58, or 32 bytes of hex. */
	recipient: string
	amountWei: bigint
}
export interface LockReturnType {
	/** Number of the lock: once minted, `client.api.query.escrow.mintedLocks` has it. */
	lockNonce: bigint
	transactionHash: Hex
	/** Ethereum block it is in; the witnesses wait until that is final. */
	blockNumber: bigint
}
/** Or an error of viem when the contract or the node refuses. */
export type LockErrorType = LockError

/** An SS58 address carries a checksum: a mistyped one must not swallow the ETH. */
const recipientKey = (recipient: string): Hex => {
	const refuse = (why: string, cause?: unknown) =>
		new LockError(
			'bad-recipient',
			`cannot lock ETH for "${recipient}": ${why}; give an account of the Stkr chain, SS58 or 32 bytes of hex`,
			cause,
		)
	let key: Uint8Array
	try {
		key = decodeAddress(recipient)
	} catch (error) {
		throw refuse((error as Error).message, error)
	}
	if (key.length !== 32) throw refuse(`it has ${key.length} bytes, not 32`)
	return toHex(key)
}

/** An address without code takes ETH silently, and for ever. */
async function ensureEscrow(reader: PublicClient, address: Address): Promise<void> {
	let name: string
	try {
		;[, name] = await reader.readContract({ address, abi: escrowAbi, functionName: 'eip712Domain' })
	} catch (error) {
		if (!(error instanceof ContractFunctionExecutionError)) throw error
		throw new LockError(
			'not-escrow',
			`no escrow is at ${address}: take the address from \`query.escrow.contract\` of the Stkr chain`,
			error,
		)
	}
	if (name !== ESCROW_NAME) throw new LockError('not-escrow', `the contract at ${address} calls itself "${name}", not "${ESCROW_NAME}"`)
}

/**
 * Locks ETH in the escrow and waits until it is in a block; the recipient gets as much wrapped ETH on the Stkr chain when that block is
 * final and the witnesses have seen it.
 *
 * @throws LockError `bad-recipient`; `not-escrow` when no escrow is at the address, before any ETH moves; `reverted`
 * @throws BaseError of viem when contract or node refuse, e.g. an amount below the contract's minimum
 */
export async function lock({ wallet, reader }: EthereumClients, { escrow, recipient, amountWei }: LockParameters): Promise<LockReturnType> {
	const call = { address: escrow, abi: escrowAbi, functionName: 'lock', args: [recipientKey(recipient)], value: amountWei } as const
	await ensureEscrow(reader, escrow)
	// tried first: a refusal comes with its reason and costs nothing
	await reader.simulateContract({ ...call, account: wallet.account })
	const transactionHash = await wallet.writeContract(call)
	const receipt = await reader.waitForTransactionReceipt({ hash: transactionHash })
	const own = receipt.logs.filter(({ address }) => isAddressEqual(address, escrow))
	const [locked] = parseEventLogs({ abi: escrowAbi, eventName: 'Locked', logs: own })
	if (!locked)
		throw new LockError(
			'reverted',
			`transaction ${transactionHash} reverted, the ETH is where it was: try again, with more gas if it ran out`,
		)
	return { lockNonce: locked.args.nonce, transactionHash, blockNumber: receipt.blockNumber }
}
