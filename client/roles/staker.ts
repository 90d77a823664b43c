/** What a staker does: joins and leaves micro-pools, takes its rewards, and goes back to Ethereum (POO-2, LST-1, ESC-2). */
import type { StkrClient } from '../connect.ts'
import type { Finalized } from '../finalized.ts'
import { expectEvent } from '../find-event.ts'
import { type SignAndFinalizeErrorType, type SignAndFinalizeOptions, type StkrSigner, signAndFinalize } from '../sign-and-finalize.ts'

export interface JoinPoolParameters {
	poolId: number
	/** In wei of wrapped ETH; at most what is missing to 32 ETH is taken. */
	stakeWei: bigint
}
export interface JoinPoolReturnType extends Finalized {
	/** What was taken, in wei; as much aETH was given. */
	stakedWei: bigint
	/** The stake's share of FP that was paid, in plancks. */
	pricePlanck: bigint
	/** Whether this stake made the 32 ETH whole. */
	launched: boolean
}
export type JoinPoolErrorType = SignAndFinalizeErrorType

/** Joins an open pool; see `microPool.join`. Throws what `signAndFinalize` throws. */
export async function joinPool(
	client: StkrClient,
	staker: StkrSigner,
	{ poolId, stakeWei }: JoinPoolParameters,
	options?: SignAndFinalizeOptions,
): Promise<JoinPoolReturnType> {
	const { tx, events } = client.api
	const finalized = await signAndFinalize(client, tx.microPool.join(poolId, stakeWei), staker, options)
	const joined = expectEvent(finalized.events, events.microPool.Joined, 'microPool.Joined')
	const launched = finalized.events.some((event) => events.microPool.Launched.is(event))
	return { ...finalized, stakedWei: joined.stakeWei.toBigInt(), pricePlanck: joined.feePlanck.toBigInt(), launched }
}

export interface ExitPoolParameters {
	poolId: number
}
export interface ExitPoolReturnType extends Finalized {
	/** Wrapped ETH returned, in wei. */
	returnedWei: bigint
	/** FP returned, in plancks. */
	returnedPlanck: bigint
}
export type ExitPoolErrorType = SignAndFinalizeErrorType

/** Leaves a pool that has not launched and gets everything back. Throws what `signAndFinalize` throws. */
export async function exitPool(
	client: StkrClient,
	staker: StkrSigner,
	{ poolId }: ExitPoolParameters,
	options?: SignAndFinalizeOptions,
): Promise<ExitPoolReturnType> {
	const { tx, events } = client.api
	const finalized = await signAndFinalize(client, tx.microPool.exit(poolId), staker, options)
	const exited = expectEvent(finalized.events, events.microPool.Exited, 'microPool.Exited')
	return { ...finalized, returnedWei: exited.stakeWei.toBigInt(), returnedPlanck: exited.feePlanck.toBigInt() }
}

export interface ClaimReturnType extends Finalized {
	/** Wrapped ETH received, in wei. */
	amountWei: bigint
}
export type ClaimErrorType = SignAndFinalizeErrorType

/** Claims all that the staker's aETH has earned. Throws what `signAndFinalize` throws. */
export async function claim(client: StkrClient, staker: StkrSigner, options?: SignAndFinalizeOptions): Promise<ClaimReturnType> {
	const { tx, events } = client.api
	const finalized = await signAndFinalize(client, tx.liquidStaking.claim(), staker, options)
	const claimed = expectEvent(finalized.events, events.liquidStaking.RewardsClaimed, 'liquidStaking.RewardsClaimed')
	return { ...finalized, amountWei: claimed.amountWei.toBigInt() }
}

export interface WithdrawParameters {
	/** Wrapped ETH to burn, in wei. */
	amountWei: bigint
	/** Ethereum address to pay. */
	recipient: `0x${string}`
}
export interface WithdrawReturnType extends Finalized {
	/** Nonce of the order that the witnesses sign and anyone relays. */
	orderNonce: bigint
	/** Ethereum time, in Unix seconds, until which it can be paid out; then the wrapped ETH comes back. */
	expirySeconds: bigint
}
export type WithdrawErrorType = SignAndFinalizeErrorType

/** Burns wrapped ETH and orders as much ETH to be paid out on Ethereum; see `escrow.withdraw`. Throws what `signAndFinalize` throws. */
export async function withdraw(
	client: StkrClient,
	staker: StkrSigner,
	{ amountWei, recipient }: WithdrawParameters,
	options?: SignAndFinalizeOptions,
): Promise<WithdrawReturnType> {
	const { tx, events } = client.api
	const finalized = await signAndFinalize(client, tx.escrow.withdraw(amountWei, recipient), staker, options)
	const created = expectEvent(finalized.events, events.escrow.OrderCreated, 'escrow.OrderCreated')
	return { ...finalized, orderNonce: created.nonce.toBigInt(), expirySeconds: created.expirySeconds.toBigInt() }
}
