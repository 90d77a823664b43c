import {
	type Account,
	type Address,
	BaseError,
	type Chain,
	concatHex,
	decodeErrorResult,
	type Hex,
	isHex,
	type PublicClient,
	parseEther,
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
	/** A BLS key for each witness, in their order (`escrowBlsKey`), for aggregated releases; none if absent. */
	blsKeys?: readonly Hex[]
	/** The governors' keys and how many must sign, more than half. Absent: the witnesses install the first council. */
	council?: { members: readonly Address[]; threshold: number }
	/**
	 * Whether a validator is funded by 1 and then 31 ETH (ESC-6). False, the default, is for the migration: the Stkr chain orders 32 at
	 * once today, and every witness verifies the deposit data. It cannot be changed later.
	 */
	guardedDeposits?: boolean
	/** Least time between the two deposits of a guarded validator; a day if absent. Changed by an order later. */
	guardSeconds?: number
	/** The terms of ETH; `ETH_POLICY` if absent. Changed by an order later. */
	ethPolicy?: AssetPolicy
}

/** The terms of an asset (ESC-5), in its smallest unit. */
export interface AssetPolicy {
	/** Least amount of a lock. */
	minimumLock: bigint
	/** Outflow that each day allows whatever went out before. */
	floorCap: bigint
	/** Releases of more wait a day and can be vetoed. */
	delayAbove: bigint
}

/**
 * A lock costs every witness an attestation on the Stkr chain, and its release about 90,000 gas, 0.001 ETH at 11 gwei: less could not pay
 * for its own way out. It stays under the least stake in a micro-pool, 0.01 ETH (POO-2). The day's floor is ten validators; what waits a
 * day is worth three.
 */
export const ETH_POLICY: AssetPolicy = {
	minimumLock: parseEther('0.001'),
	floorCap: parseEther('320'),
	delayAbove: parseEther('96'),
}

const DAY_SECONDS = 86_400

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
	parameters: EscrowParameters,
): Promise<Address> {
	const { Escrow } = await compileContracts()
	const { council, ethPolicy = ETH_POLICY } = parameters
	const hash = await walletClient
		.deployContract({
			abi: escrowAbi,
			bytecode: Escrow.bytecode,
			args: [
				{
					witnesses: parameters.witnesses,
					threshold: BigInt(parameters.threshold),
					witnessSetId: parameters.witnessSetId,
					blsKeys: concatHex(parameters.blsKeys ?? []),
					council: council?.members ?? [],
					councilThreshold: BigInt(council?.threshold ?? 0),
					depositContract: parameters.depositContract,
					guardedDeposits: parameters.guardedDeposits ?? false,
					guardSeconds: BigInt(parameters.guardSeconds ?? DAY_SECONDS),
					minimumLockWei: ethPolicy.minimumLock,
					floorCapWei: ethPolicy.floorCap,
					delayAboveWei: ethPolicy.delayAbove,
				},
			],
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
