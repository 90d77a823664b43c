import { equalBytes } from '../../frame/bytes.ts'
import { type AccountId, call, ensureSigned } from '../../frame/call.ts'
import { errors } from '../../frame/errors.ts'
import { events } from '../../frame/events.ts'
import { addU32, mulDivFloor } from '../../frame/math/integer.ts'
import { constant, pallet } from '../../frame/pallet.ts'
import {
	accountId,
	compactU64,
	compactU128,
	enumeration,
	fixedBytes,
	struct,
	u32,
	u64,
	u128,
	unit,
	type Value,
} from '../../frame/scale/index.ts'
import { blake2_128Concat, doubleMap, map, twox64Concat, value } from '../../frame/storage.ts'
import { AETH, balanceOf, ETH, supplyOf, transferAsset } from '../assets/index.ts'
import { EXISTENTIAL_DEPOSIT, freeBalance, mint, transfer } from '../balances/index.ts'
import { type DepositData, depositData, depositFields, onStakeOutcome, orderStake } from '../escrow/index.ts'
import { burnLiquid, distribute, mintLiquid } from '../liquid-staking/index.ts'
import { insurancePoolAccount, pot, rewardPoolAccount } from '../pots.ts'
import { nowMs } from '../timestamp/index.ts'
import { rewardShares, splitFees } from './shares.ts'
import { weights } from './weights.ts'

const ETHER = 10n ** 18n
/** What a validator is activated with, so that every pool launches at exactly this. */
const VALIDATOR_STAKE_WEI = 32n * ETHER
const MIN_JOIN_WEI = ETHER / 100n
/** PRV-4: what an untrusted provider brings; governors will set it for each provider. */
const MIN_COLLATERAL_WEI = 16n * ETHER

/** Holds a pool's wrapped ETH and, until it launches, its members' STKR. */
export const poolAccount = (id: number): AccountId => pot('sk/mpool', id)

const poolStatus = enumeration('pallet_micro_pool::Status', {
	/** Members join and leave. */
	Open: unit,
	/** The stake order is with the escrow. */
	Launched: struct('pallet_micro_pool::Launched', { order: u64 }),
	/** The stake order expired unused: the provider has to bring deposit data anew. */
	AwaitingDepositData: unit,
	/** 32 ETH are in the Beacon deposit contract. */
	Staked: unit,
	/** Settled at its end. */
	Completed: unit,
})

const poolType = struct('pallet_micro_pool::Pool', {
	provider: accountId,
	/** The provider's own part k of the 32 ETH. */
	collateralWei: u128,
	/** The members' part. */
	stakedWei: u128,
	members: u32,
	/** FP: the price of the whole 32 ETH's service; a member pays its stake's share of it. */
	fixedPricePlanck: u128,
	/** FP that members have paid. */
	feesPlanck: u128,
	/** When the pool completes, in milliseconds since 1970. */
	endsAtMs: u64,
	deposit: depositData,
	status: poolStatus,
})
type Pool = Value<typeof poolType>
const memberType = struct('pallet_micro_pool::Member', { stakeWei: u128, feePaidPlanck: u128 })

export const storage = {
	/** Id of the next pool. */
	nextPoolId: value(u32, () => 0),
	/** All pools. */
	pools: map(twox64Concat, u32, poolType),
	/** Members of a pool. */
	members: doubleMap([twox64Concat, blake2_128Concat], [u32, accountId], memberType, () => ({ stakeWei: 0n, feePaidPlanck: 0n })),
	/** Validator keys in use and their pool: a second deposit to a key would top up the first pool's validator. */
	validatorKeys: map(blake2_128Concat, fixedBytes(48), u32),
}

export const event = events({
	/** A provider opened a pool with its collateral. */
	Opened: { pool: u32, provider: accountId, collateralWei: u128, endsAtMs: u64, fixedPricePlanck: u128 },
	/** The provider added to its collateral. */
	CollateralAdded: { pool: u32, amountWei: u128 },
	/** A member joined, or raised its stake. */
	Joined: { pool: u32, who: accountId, stakeWei: u128, feePlanck: u128 },
	/** A member left before the launch and got everything back. */
	Exited: { pool: u32, who: accountId, stakeWei: u128, feePlanck: u128 },
	/** The pool reached 32 ETH; FP was paid out and the stake was ordered from the escrow. */
	Launched: { pool: u32, order: u64, providerPlanck: u128, rewardPoolPlanck: u128 },
	/** The pool's 32 ETH are in the Beacon deposit contract. */
	Staked: { pool: u32 },
	/** The stake order expired unused; the 32 ETH are back in the pool's account. */
	StakeExpired: { pool: u32 },
	/** The provider brought deposit data anew and the stake was ordered again. */
	Relaunched: { pool: u32, order: u64 },
	/** Rewards of a pool were shared out (POO-5); the four parts are the whole. */
	RewardsPaid: { pool: u32, from: accountId, insuranceWei: u128, rewardPoolWei: u128, providerWei: u128, holdersWei: u128 },
})

export const error = errors([
	/** There is no such pool. */
	'UnknownPool',
	/** The signer is not the pool's provider. */
	'NotProvider',
	/** The signer is not a member of the pool. */
	'NotMember',
	/** The pool has launched: nobody joins, adds or leaves until it completes (POO-4). */
	'AlreadyLaunched',
	/** The pool has not launched, or has completed: it earns no rewards. */
	'NotRunning',
	/** The pool's stake order has not expired. */
	'NotAwaitingDepositData',
	/** Less collateral than `MinCollateralWei`. */
	'CollateralTooLow',
	/** More collateral than a validator's 32 ETH. */
	'CollateralTooHigh',
	/** Less than `MinJoinWei`. */
	'StakeTooLow',
	/** An amount of nothing. */
	'ZeroAmount',
	/** The end lies in the past. */
	'EndInPast',
	/** The pool's end has passed without a launch: members can only leave. */
	'PoolEnded',
	/** Another pool has this validator key. */
	'ValidatorKeyInUse',
])

const existing = (id: number): Pool => {
	const pool = storage.pools.get(id)
	if (!pool) throw error.UnknownPool()
	return pool
}

/** A pool that still takes ETH. */
const joinable = (id: number): Pool => {
	const pool = existing(id)
	if (pool.status.type !== 'Open') throw error.AlreadyLaunched()
	if (nowMs() >= pool.endsAtMs) throw error.PoolEnded()
	return pool
}

const missingWei = ({ collateralWei, stakedWei }: Pool): bigint => VALIDATOR_STAKE_WEI - collateralWei - stakedWei

const atMost = (amount: bigint, limit: bigint): bigint => (amount < limit ? amount : limit)

const takeValidatorKey = (id: number, { pubkey }: DepositData): void => {
	if (storage.validatorKeys.exists(pubkey)) throw error.ValidatorKeyInUse()
	storage.validatorKeys.put(pubkey, id)
}

const order = (id: number, { deposit }: Pool): bigint => orderStake(poolAccount(id), id, deposit, VALIDATOR_STAKE_WEI)

/** POO-3: writes the pool, and launches it when its 32 ETH are whole. */
const putAndLaunch = (id: number, pool: Pool): void => {
	if (missingWei(pool) > 0n) {
		storage.pools.put(id, pool)
		return
	}
	const account = poolAccount(id)
	const { providerPlanck, rewardPoolPlanck } = splitFees(pool.feesPlanck)
	if (rewardPoolPlanck > 0n) transfer(account, rewardPoolAccount, rewardPoolPlanck, true)
	const nonce = order(id, pool)
	transfer(account, pool.provider, providerPlanck + EXISTENTIAL_DEPOSIT, false)
	storage.pools.put(id, { ...pool, status: { type: 'Launched', value: { order: nonce } } })
	event.Launched({ pool: id, order: nonce, providerPlanck, rewardPoolPlanck })
}

/** What became of a pool's stake order (ESC-6). */
onStakeOutcome((id, outcome) => {
	const executed = outcome === 'Executed'
	storage.pools.put(id, { ...existing(id), status: { type: executed ? 'Staked' : 'AwaitingDepositData' } })
	if (executed) event.Staked({ pool: id })
	else event.StakeExpired({ pool: id })
})

/** Micro-pools (POO-1 to POO-5): a provider and many stakers bring one validator's 32 ETH together. */
export const microPool = pallet('MicroPool', {
	storage,
	events: event,
	errors: error,
	constants: {
		/** ETH a pool launches at, in wei. */
		validatorStakeWei: constant(u128, VALIDATOR_STAKE_WEI),
		/** Least stake to join with, in wei. */
		minJoinWei: constant(u128, MIN_JOIN_WEI),
		/** Least collateral of a provider, in wei. */
		minCollateralWei: constant(u128, MIN_COLLATERAL_WEI),
	},
	calls: {
		/**
		 * Opens a pool (POO-1): moves the collateral, and an existential deposit of STKR that comes back at launch, from the signer to the
		 * pool. `endsAtMs` is in milliseconds since 1970; the deposit data must name the escrow as withdrawal address. Emits `Opened`, and
		 * `Launched` when the collateral is all 32 ETH. Fails with `CollateralTooLow`, `CollateralTooHigh`, `EndInPast`,
		 * `ValidatorKeyInUse`, and the errors of Assets and Balances when the signer holds less.
		 */
		open: call(
			0,
			{ collateralWei: compactU128, endsAtMs: compactU64, fixedPricePlanck: compactU128, ...depositFields },
			weights.open,
			(origin, { collateralWei, endsAtMs, fixedPricePlanck, pubkey, signature, depositDataRoot }) => {
				const provider = ensureSigned(origin)
				if (collateralWei < MIN_COLLATERAL_WEI) throw error.CollateralTooLow()
				if (collateralWei > VALIDATOR_STAKE_WEI) throw error.CollateralTooHigh()
				if (endsAtMs <= nowMs()) throw error.EndInPast()
				const id = storage.nextPoolId.get()
				storage.nextPoolId.put(addU32(id, 1))
				const deposit = { pubkey, signature, depositDataRoot }
				takeValidatorKey(id, deposit)
				transfer(provider, poolAccount(id), EXISTENTIAL_DEPOSIT, true)
				transferAsset(ETH, provider, poolAccount(id), collateralWei)
				event.Opened({ pool: id, provider, collateralWei, endsAtMs, fixedPricePlanck })
				putAndLaunch(id, {
					...{ provider, collateralWei, stakedWei: 0n, members: 0, fixedPricePlanck, feesPlanck: 0n, endsAtMs, deposit },
					status: { type: 'Open' },
				})
			},
		),
		/**
		 * Adds to the collateral of an open pool (POO-1), at most what is missing to 32 ETH. Its provider. Emits `CollateralAdded`, and
		 * `Launched` with the last wei. Fails with `UnknownPool`, `AlreadyLaunched`, `PoolEnded`, `NotProvider`, `ZeroAmount`.
		 */
		addCollateral: call(1, { pool: u32, amountWei: compactU128 }, weights.addCollateral, (origin, { pool: id, amountWei }) => {
			const who = ensureSigned(origin)
			const pool = joinable(id)
			if (!equalBytes(who, pool.provider)) throw error.NotProvider()
			if (amountWei === 0n) throw error.ZeroAmount()
			const taken = atMost(amountWei, missingWei(pool))
			transferAsset(ETH, who, poolAccount(id), taken)
			event.CollateralAdded({ pool: id, amountWei: taken })
			putAndLaunch(id, { ...pool, collateralWei: pool.collateralWei + taken })
		}),
		/**
		 * Joins an open pool with `stakeWei` of wrapped ETH, or what is missing to 32 if that is less (POO-2); the signer pays the stake's
		 * share of FP in STKR and gets as much aETH at once (LST-1). Signed. Emits `Joined`, and `Launched` with the last wei. Fails with
		 * `UnknownPool`, `AlreadyLaunched`, `PoolEnded`, `StakeTooLow`, the errors of Assets and Balances when the signer holds less, and the
		 * escrow's `ContractNotSet` when it would launch.
		 */
		join: call(2, { pool: u32, stakeWei: compactU128 }, weights.join, (origin, { pool: id, stakeWei }) => {
			const who = ensureSigned(origin)
			const pool = joinable(id)
			if (stakeWei < MIN_JOIN_WEI) throw error.StakeTooLow()
			const taken = atMost(stakeWei, missingWei(pool))
			const member = storage.members.get(id, who)
			const total = member.stakeWei + taken
			// Of the member's whole stake, so that joining in slices costs the same: what is paid in all is FP·stake/32 less a planck each.
			const feePaidPlanck = mulDivFloor(pool.fixedPricePlanck, total, VALIDATOR_STAKE_WEI)
			const feePlanck = feePaidPlanck - member.feePaidPlanck
			if (feePlanck > 0n) transfer(who, poolAccount(id), feePlanck, true)
			transferAsset(ETH, who, poolAccount(id), taken)
			mintLiquid(who, taken)
			storage.members.put(id, who, { stakeWei: total, feePaidPlanck })
			event.Joined({ pool: id, who, stakeWei: taken, feePlanck })
			putAndLaunch(id, {
				...pool,
				stakedWei: pool.stakedWei + taken,
				members: member.stakeWei === 0n ? pool.members + 1 : pool.members,
				feesPlanck: pool.feesPlanck + feePlanck,
			})
		}),
		/**
		 * Leaves a pool that has not launched: burns as much aETH as was staked, returns the wrapped ETH and the FP whole (POO-2). Its
		 * members. Emits `Exited`. Fails with `UnknownPool`, `AlreadyLaunched` (POO-4), `NotMember`, and the error of Assets when the
		 * signer has given aETH away.
		 */
		exit: call(3, { pool: u32 }, weights.exit, (origin, { pool: id }) => {
			const who = ensureSigned(origin)
			const pool = existing(id)
			if (pool.status.type !== 'Open') throw error.AlreadyLaunched()
			const { stakeWei, feePaidPlanck } = storage.members.take(id, who)
			if (stakeWei === 0n) throw error.NotMember()
			transferAsset(ETH, poolAccount(id), who, stakeWei)
			burnLiquid(who, stakeWei)
			if (feePaidPlanck > 0n) transfer(poolAccount(id), who, feePaidPlanck, true)
			storage.pools.put(id, {
				...pool,
				stakedWei: pool.stakedWei - stakeWei,
				members: pool.members - 1,
				feesPlanck: pool.feesPlanck - feePaidPlanck,
			})
			event.Exited({ pool: id, who, stakeWei, feePlanck: feePaidPlanck })
		}),
		/**
		 * Brings deposit data anew after the stake order expired, and orders the stake again. The pool's provider. Emits `Relaunched`.
		 * Fails with `UnknownPool`, `NotProvider`, `NotAwaitingDepositData`, `ValidatorKeyInUse`.
		 */
		setDepositData: call(4, { pool: u32, ...depositFields }, weights.setDepositData, (origin, { pool: id, ...deposit }) => {
			const who = ensureSigned(origin)
			const pool = existing(id)
			if (!equalBytes(who, pool.provider)) throw error.NotProvider()
			if (pool.status.type !== 'AwaitingDepositData') throw error.NotAwaitingDepositData()
			storage.validatorKeys.kill(pool.deposit.pubkey)
			takeValidatorKey(id, deposit)
			const renewed = { ...pool, deposit }
			const nonce = order(id, renewed)
			storage.pools.put(id, { ...renewed, status: { type: 'Launched', value: { order: nonce } } })
			event.Relaunched({ pool: id, order: nonce })
		}),
		/**
		 * Pays `amountWei` of the signer's wrapped ETH as rewards of a launched pool and shares them out (POO-5): 10 % Insurance Pool,
		 * 10 % Reward Pool, 80 % the stake, of which the provider gets its part at once and the members as aETH holders. Anyone. Emits
		 * `RewardsPaid`. Fails with `UnknownPool`, `NotRunning`, `ZeroAmount`, and the error of Assets when the signer holds less.
		 */
		payRewards: call(5, { pool: u32, amountWei: compactU128 }, weights.payRewards, (origin, { pool, amountWei }) => {
			payRewards(ensureSigned(origin), pool, amountWei)
		}),
	},
	genesis() {
		// Pots get shares below the existential deposit: born with one, they can take them.
		for (const account of [rewardPoolAccount, insurancePoolAccount])
			if (freeBalance(account) < EXISTENTIAL_DEPOSIT) mint(account, EXISTENTIAL_DEPOSIT)
	},
	tryState() {
		let staked = 0n
		for (const [id, pool] of storage.pools.entries(ALL)) {
			checkPool(id, pool)
			staked += pool.stakedWei
		}
		const supply = supplyOf(AETH)
		if (staked !== supply) throw new Error(`members staked ${staked} wei, the supply of aETH is ${supply}`)
	},
	storageVersion: 1,
})

/** POO-5: shares `amountWei` of rewards, wrapped ETH of `from`, out among all who have a part in a launched pool. */
const payRewards = (from: AccountId, id: number, amountWei: bigint): void => {
	const { status, provider, collateralWei, stakedWei } = existing(id)
	if (status.type === 'Open' || status.type === 'Completed') throw error.NotRunning()
	if (amountWei === 0n) throw error.ZeroAmount()
	const shares = rewardShares(amountWei, collateralWei, stakedWei)
	const pay = (to: AccountId, shareWei: bigint): void => {
		if (shareWei > 0n) transferAsset(ETH, from, to, shareWei)
	}
	pay(insurancePoolAccount, shares.insuranceWei)
	pay(rewardPoolAccount, shares.rewardPoolWei)
	pay(provider, shares.providerWei)
	distribute(from, shares.holdersWei)
	event.RewardsPaid({ pool: id, from, ...shares })
}

/** Entries `tryState` reads at most: all. */
const ALL = 0xffff_ffff

const checkPool = (id: number, pool: Pool): void => {
	const { collateralWei, stakedWei, members, fixedPricePlanck, feesPlanck, deposit, status } = pool
	const wrong = (what: string): never => {
		throw new Error(`pool ${id}: ${what}`)
	}
	let stakes = 0n
	let fees = 0n
	const list = storage.members.entries(id, ALL)
	for (const [, { stakeWei, feePaidPlanck }] of list) {
		stakes += stakeWei
		fees += feePaidPlanck
		const due = mulDivFloor(fixedPricePlanck, stakeWei, VALIDATOR_STAKE_WEI)
		if (feePaidPlanck !== due) wrong(`a member with ${stakeWei} wei paid ${feePaidPlanck} plancks where ${due} are due`)
	}
	if (list.length !== members) wrong(`has ${list.length} members, counts ${members}`)
	if (stakes !== stakedWei) wrong(`members staked ${stakes} wei, the pool counts ${stakedWei}`)
	if (fees !== feesPlanck) wrong(`members paid ${fees} plancks, the pool counts ${feesPlanck}`)
	if (storage.validatorKeys.get(deposit.pubkey) !== id) wrong('its validator key is not its own')
	const wholeWei = collateralWei + stakedWei
	if (status.type === 'Open' ? wholeWei >= VALIDATOR_STAKE_WEI : wholeWei !== VALIDATOR_STAKE_WEI)
		wrong(`${wholeWei} wei while ${status.type}`)
	const account = poolAccount(id)
	if (status.type === 'Open' && freeBalance(account) < feesPlanck + EXISTENTIAL_DEPOSIT)
		wrong(`holds ${freeBalance(account)} plancks of ${feesPlanck} paid and its deposit`)
	if ((status.type === 'Open' || status.type === 'AwaitingDepositData') && balanceOf(ETH, account) < wholeWei)
		wrong(`holds ${balanceOf(ETH, account)} wei of its ${wholeWei}`)
}
