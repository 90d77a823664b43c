/**
 * Figures of the chain as plain objects with bigint amounts. Each reads one state: the best block's with `client.api`, or that of a
 * block with `await client.api.at(hash)`; figures that must fit together want the latter.
 */
import type { StkrApiAt } from './api.ts'

/** Ids of the pallet Assets. */
export const ASSET = { eth: 1, aeth: 2 } as const

const assetBalance = async (at: StkrApiAt, id: number, account: string): Promise<bigint> =>
	(await at.query.assets.account(id, account)).unwrapOr(undefined)?.balance.toBigInt() ?? 0n

const assetSupply = async (at: StkrApiAt, id: number): Promise<bigint> =>
	(await at.query.assets.asset(id)).unwrapOr(undefined)?.supply.toBigInt() ?? 0n

/** Wrapped ETH of an account, in wei. */
export const ethBalance = (at: StkrApiAt, account: string): Promise<bigint> => assetBalance(at, ASSET.eth, account)

/** Staked ETH (aETH) of an account, in wei. */
export const aethBalance = (at: StkrApiAt, account: string): Promise<bigint> => assetBalance(at, ASSET.aeth, account)

/** Plancks of an account that it can spend on transfers or fees, or has on hold. */
export interface StkrBalance {
	freePlanck: bigint
	reservedPlanck: bigint
	frozenPlanck: bigint
}

/** STKR of an account. */
export async function stkrBalance(at: StkrApiAt, account: string): Promise<StkrBalance> {
	const { data } = await at.query.system.account(account)
	return { freePlanck: data.free.toBigInt(), reservedPlanck: data.reserved.toBigInt(), frozenPlanck: data.frozen.toBigInt() }
}

/** Wrapped ETH that an account's aETH has earned and `claim` would pay, in wei (LST-1). */
export async function claimableWei(at: StkrApiAt, account: string): Promise<bigint> {
	const [{ index, accruedWei, fraction }, rewardIndex, balanceWei] = await Promise.all([
		at.query.liquidStaking.checkpoints(account),
		at.query.liquidStaking.rewardIndex(),
		aethBalance(at, account),
	])
	const earned = balanceWei * (rewardIndex.toBigInt() - index.toBigInt()) + fraction.toBigInt()
	return accruedWei.toBigInt() + earned / at.consts.liquidStaking.scale.toBigInt()
}

export type PoolStatus = 'Open' | 'Launched' | 'AwaitingDepositData' | 'Staked' | 'Completed'

export interface Pool {
	id: number
	provider: string
	collateralWei: bigint
	stakedWei: bigint
	/** What is missing to 32 ETH. */
	missingWei: bigint
	members: number
	/** FP of all 32 ETH. */
	fixedPricePlanck: bigint
	/** FP that members have paid. */
	feesPlanck: bigint
	/** Milliseconds since 1970. */
	endsAtMs: number
	/** BLS public key of the validator, hex. */
	pubkey: `0x${string}`
	status: PoolStatus
	/** Nonce of the stake order of a launched pool. */
	orderNonce: bigint | undefined
}

/** A micro-pool; undefined when there is none of this id. */
export async function poolOf(at: StkrApiAt, id: number): Promise<Pool | undefined> {
	const pool = (await at.query.microPool.pools(id)).unwrapOr(undefined)
	if (!pool) return undefined
	const collateralWei = pool.collateralWei.toBigInt()
	const stakedWei = pool.stakedWei.toBigInt()
	return {
		id,
		provider: pool.provider.toString(),
		collateralWei,
		stakedWei,
		missingWei: at.consts.microPool.validatorStakeWei.toBigInt() - collateralWei - stakedWei,
		members: pool.members.toNumber(),
		fixedPricePlanck: pool.fixedPricePlanck.toBigInt(),
		feesPlanck: pool.feesPlanck.toBigInt(),
		endsAtMs: pool.endsAtMs.toNumber(),
		pubkey: pool.deposit.pubkey.toHex(),
		status: pool.status.type,
		orderNonce: pool.status.isLaunched ? pool.status.asLaunched.order.toBigInt() : undefined,
	}
}

export interface PoolMember {
	stakeWei: bigint
	/** FP paid, in plancks. */
	pricePlanck: bigint
}

/** What an account has in a pool: zeros when it is no member. */
export async function memberOf(at: StkrApiAt, poolId: number, account: string): Promise<PoolMember> {
	const { stakeWei, feePaidPlanck } = await at.query.microPool.members(poolId, account)
	return { stakeWei: stakeWei.toBigInt(), pricePlanck: feePaidPlanck.toBigInt() }
}

/** Proof of reserve: what the bridge did with all ETH ever locked, in wei (ESC-1, ESC-2, ESC-6). */
export interface Reserve {
	/** Minted against locks. */
	mintedWei: bigint
	/** Paid out on Ethereum. */
	releasedWei: bigint
	/** Deposited for validators. */
	stakedWei: bigint
	/** Burned for orders that are open: in the contract, owned by nobody here until they are executed or refunded. */
	inFlightWei: bigint
	/** Wrapped ETH that exists now. */
	supplyWei: bigint
	/** What the contract on Ethereum must hold at least. */
	requiredWei: bigint
	/** Whether the chain's own books add up: minted = supply + released + staked + in flight. */
	balanced: boolean
}

/** The chain's side of the proof of reserve; the other is the ETH balance of the escrow contract, at least `requiredWei`. */
export async function reserve(at: StkrApiAt): Promise<Reserve> {
	const [totals, supplyWei] = await Promise.all([at.query.escrow.totals(), assetSupply(at, ASSET.eth)])
	const mintedWei = totals.mintedWei.toBigInt()
	const releasedWei = totals.releasedWei.toBigInt()
	const stakedWei = totals.stakedWei.toBigInt()
	const inFlightWei = totals.inFlightWei.toBigInt()
	const balanced = mintedWei === supplyWei + releasedWei + stakedWei + inFlightWei
	// an order just executed on Ethereum is in flight here until the witnesses say so: only what is outside it must be there
	return { mintedWei, releasedWei, stakedWei, inFlightWei, supplyWei, requiredWei: supplyWei, balanced }
}
