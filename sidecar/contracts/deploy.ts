import {
	type Account,
	type Address,
	BaseError,
	type Chain,
	decodeErrorResult,
	isHex,
	type PublicClient,
	type Transport,
	type WalletClient,
} from 'viem'
import { escrowAbi } from './abi.ts'
import { compileContracts } from './compile.ts'

export interface EscrowParameters {
	/** Ethereum addresses of the witnesses; none zero or twice. */
	witnesses: readonly Address[]
	/** How many witnesses must sign an order: more than 2/3 of them, so all three of three. */
	threshold: number
	/** The Beacon chain's deposit contract on this network. */
	depositContract: Address
	/** Id of this witness set on the Stkr chain; u64. */
	witnessSetId: bigint
}

/**
 * Deploys an escrow from the wallet's account and waits until it is mined.
 *
 * @returns the escrow's address
 * @throws Error naming the parameter that the escrow's constructor refused, e.g. `InvalidThreshold(2, 3)`
 * @throws BaseError from viem when the transaction cannot be sent
 */
export async function deployEscrow(
	walletClient: WalletClient<Transport, Chain, Account>,
	publicClient: PublicClient,
	{ witnesses, threshold, depositContract, witnessSetId }: EscrowParameters,
): Promise<Address> {
	const { Escrow } = await compileContracts()
	const hash = await walletClient
		.deployContract({
			abi: escrowAbi,
			bytecode: Escrow.bytecode,
			args: [witnesses, BigInt(threshold), depositContract, witnessSetId],
		})
		.catch((error: unknown) => {
			const reason = constructorRevert(error)
			throw reason ? new Error(`The escrow cannot be deployed with these parameters: ${reason}`, { cause: error }) : error
		})
	const receipt = await publicClient.waitForTransactionReceipt({ hash })
	if (receipt.status !== 'success' || !receipt.contractAddress) {
		throw new Error(`The escrow was not deployed: its transaction ${hash} failed in block ${receipt.blockNumber}. Try it again.`)
	}
	return receipt.contractAddress
}

/** The custom error of the escrow's constructor inside an error of viem, which does not decode those of deployments. */
function constructorRevert(error: unknown): string | undefined {
	const cause = error instanceof BaseError ? error.walk((inner) => 'data' in (inner as object)) : undefined
	if (!cause || !('data' in cause) || !isHex(cause.data) || cause.data.length < 10) return undefined
	try {
		const { errorName, args } = decodeErrorResult({ abi: escrowAbi, data: cause.data })
		return `${errorName}(${(args ?? []).join(', ')})`
	} catch {
		// Not one of the escrow's own errors.
		return undefined
	}
}
