/** What a provider does: opens a micro-pool with its collateral and keeps it going (POO-1, POO-3, POO-5). */
import type { StkrClient } from '../connect.ts'
import type { Finalized } from '../finalized.ts'
import { expectEvent } from '../find-event.ts'
import { type SignAndFinalizeErrorType, type SignAndFinalizeOptions, type StkrSigner, signAndFinalize } from '../sign-and-finalize.ts'

/** What the Beacon deposit contract asks of a validator whose withdrawal address is the escrow; hex. */
export interface DepositData {
	/** BLS public key, 48 bytes. */
	pubkey: `0x${string}`
	/** BLS signature of the deposit message, 96 bytes. */
	depositSignature: `0x${string}`
	/** SSZ hash tree root of the deposit data, 32 bytes. */
	depositDataRoot: `0x${string}`
}

export interface OpenPoolParameters extends DepositData {
	/** The provider's own part of the 32 ETH, in wei of wrapped ETH. */
	collateralWei: bigint
	/** When the pool completes, in milliseconds since 1970. */
	endsAtMs: number
	/** FP: what all 32 ETH of service cost the stakers, in plancks. */
	fixedPricePlanck: bigint
}
export interface OpenPoolReturnType extends Finalized {
	poolId: number
}
export type OpenPoolErrorType = SignAndFinalizeErrorType

/** Opens a pool; see `microPool.open`. Throws what `signAndFinalize` throws. */
export async function openPool(
	client: StkrClient,
	provider: StkrSigner,
	parameters: OpenPoolParameters,
	options?: SignAndFinalizeOptions,
): Promise<OpenPoolReturnType> {
	const { tx, events } = client.api
	const { collateralWei, endsAtMs, fixedPricePlanck, pubkey, depositSignature, depositDataRoot } = parameters
	const call = tx.microPool.open(collateralWei, endsAtMs, fixedPricePlanck, pubkey, depositSignature, depositDataRoot)
	const finalized = await signAndFinalize(client, call, provider, options)
	return { ...finalized, poolId: expectEvent(finalized.events, events.microPool.Opened, 'microPool.Opened').pool.toNumber() }
}

export interface AddCollateralParameters {
	poolId: number
	/** In wei of wrapped ETH; at most what is missing to 32 ETH is taken. */
	amountWei: bigint
}
export interface AddCollateralReturnType extends Finalized {
	/** What was taken, in wei. */
	addedWei: bigint
}
export type AddCollateralErrorType = SignAndFinalizeErrorType

/** Adds to the collateral of the provider's open pool. Throws what `signAndFinalize` throws. */
export async function addCollateral(
	client: StkrClient,
	provider: StkrSigner,
	{ poolId, amountWei }: AddCollateralParameters,
	options?: SignAndFinalizeOptions,
): Promise<AddCollateralReturnType> {
	const { tx, events } = client.api
	const finalized = await signAndFinalize(client, tx.microPool.addCollateral(poolId, amountWei), provider, options)
	const added = expectEvent(finalized.events, events.microPool.CollateralAdded, 'microPool.CollateralAdded')
	return { ...finalized, addedWei: added.amountWei.toBigInt() }
}

export interface SetDepositDataParameters extends DepositData {
	poolId: number
}
export interface SetDepositDataReturnType extends Finalized {
	/** Nonce of the new stake order. */
	orderNonce: bigint
}
export type SetDepositDataErrorType = SignAndFinalizeErrorType

/** Brings deposit data anew for a pool whose stake order expired. Throws what `signAndFinalize` throws. */
export async function setDepositData(
	client: StkrClient,
	provider: StkrSigner,
	{ poolId, pubkey, depositSignature, depositDataRoot }: SetDepositDataParameters,
	options?: SignAndFinalizeOptions,
): Promise<SetDepositDataReturnType> {
	const { tx, events } = client.api
	const call = tx.microPool.setDepositData(poolId, pubkey, depositSignature, depositDataRoot)
	const finalized = await signAndFinalize(client, call, provider, options)
	return { ...finalized, orderNonce: expectEvent(finalized.events, events.microPool.Relaunched, 'microPool.Relaunched').order.toBigInt() }
}

export interface PayRewardsParameters {
	poolId: number
	/** In wei of the payer's wrapped ETH. */
	amountWei: bigint
}
/** The four parts, in wei; their sum is the whole amount. */
export interface PayRewardsReturnType extends Finalized {
	insuranceWei: bigint
	rewardPoolWei: bigint
	providerWei: bigint
	holdersWei: bigint
}
export type PayRewardsErrorType = SignAndFinalizeErrorType

/** Pays rewards of a launched pool, which are shared out at once. Throws what `signAndFinalize` throws. */
export async function payRewards(
	client: StkrClient,
	payer: StkrSigner,
	{ poolId, amountWei }: PayRewardsParameters,
	options?: SignAndFinalizeOptions,
): Promise<PayRewardsReturnType> {
	const { tx, events } = client.api
	const finalized = await signAndFinalize(client, tx.microPool.payRewards(poolId, amountWei), payer, options)
	const paid = expectEvent(finalized.events, events.microPool.RewardsPaid, 'microPool.RewardsPaid')
	return {
		...finalized,
		insuranceWei: paid.insuranceWei.toBigInt(),
		rewardPoolWei: paid.rewardPoolWei.toBigInt(),
		providerWei: paid.providerWei.toBigInt(),
		holdersWei: paid.holdersWei.toBigInt(),
	}
}
