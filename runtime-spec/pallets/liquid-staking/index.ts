import { type AccountId, call, ensureSigned } from '../../frame/call.ts'
import { errors } from '../../frame/errors.ts'
import { events } from '../../frame/events.ts'
import { addU128, subU128 } from '../../frame/math/integer.ts'
import { constant, pallet } from '../../frame/pallet.ts'
import { accountId, struct, u128, type Value } from '../../frame/scale/index.ts'
import { blake2_128Concat, map, value } from '../../frame/storage.ts'
import { AETH, balanceOf, burnFrom, ETH, mintInto, onBalanceChange, supplyOf, transferAsset } from '../assets/index.ts'
import { pot, rewardPoolAccount } from '../pots.ts'
import { weights } from './weights.ts'

/** Fixed-point one of the reward index: 10^27 keeps a reward of 1 wei visible in an index over a billion ETH of aETH. */
const SCALE = 10n ** 27n

/** Holds the wrapped ETH that aETH holders earned and have not claimed. */
export const liquidStakingAccount = pot('sk/aethr')

/** What an account has earned up to `index`: whole wei, and the part of a wei below them in 1/SCALE. */
const checkpoint = struct('pallet_liquid_staking::Checkpoint', { index: u128, accruedWei: u128, fraction: u128 })

export const storage = {
	/** Wei earned by one wei of aETH since genesis, times `Scale`. */
	rewardIndex: value(u128, () => 0n),
	/** Distributed, but too little to raise the index yet: wei times `Scale`. The next distribution takes it along. */
	remainder: value(u128, () => 0n),
	/** Wrapped ETH distributed and not claimed yet, in wei. */
	liabilityWei: value(u128, () => 0n),
	/** Earnings of each account, settled whenever its aETH balance changes. */
	checkpoints: map(blake2_128Concat, accountId, checkpoint, (): Value<typeof checkpoint> => ({ index: 0n, accruedWei: 0n, fraction: 0n })),
}

export const event = events({
	/** Rewards were spread over all aETH; `index` is the new reward index. */
	RewardsDistributed: { amountWei: u128, index: u128 },
	/** A holder was paid what its aETH earned. */
	RewardsClaimed: { who: accountId, amountWei: u128 },
})

export const error = errors([
	/** The account has earned less than one wei since its last claim. */
	'NothingToClaim',
])

/** The checkpoint of `who` brought up to the present index, for a `balanceWei` that stood since the last one. Not written. */
const settled = (key: Uint8Array, balanceWei: bigint): Value<typeof checkpoint> => {
	const last = storage.checkpoints.getAt(key)
	const index = storage.rewardIndex.get()
	const earned = balanceWei * (index - last.index) + last.fraction
	return { index, accruedWei: last.accruedWei + earned / SCALE, fraction: earned % SCALE }
}

/** LST-1: both sides of every aETH transfer, mint and burn keep what they earned before it. */
onBalanceChange(AETH, (who, balanceBefore) => {
	const key = storage.checkpoints.keyOf(who)
	storage.checkpoints.putAt(key, settled(key, balanceBefore))
})

/** aETH (LST-1): minted one to one for deposited ETH, and the rewards of its holders by an index, O(1) for any number of them. */
export const liquidStaking = pallet('LiquidStaking', {
	storage,
	events: event,
	errors: error,
	constants: {
		/** Fixed-point one of `RewardIndex`, `Remainder` and `Checkpoint.fraction`. */
		scale: constant(u128, SCALE),
		/** Account that holds the unclaimed rewards. */
		potAccount: constant(accountId, liquidStakingAccount),
	},
	calls: {
		/** Pays the signer, in wrapped ETH, all its aETH has earned (LST-1). Emits `RewardsClaimed`. Fails with `NothingToClaim`. */
		claim: call(0, {}, weights.claim, (origin) => {
			const who = ensureSigned(origin)
			const key = storage.checkpoints.keyOf(who)
			const balanceWei = balanceOf(AETH, who)
			const { index, accruedWei, fraction } = settled(key, balanceWei)
			if (accruedWei === 0n) throw error.NothingToClaim()
			if (balanceWei === 0n) {
				// Nothing more can come: the entry goes, its part of a wei returns to everybody.
				storage.checkpoints.kill(who)
				storage.remainder.put(storage.remainder.get() + fraction)
			} else storage.checkpoints.putAt(key, { index, accruedWei: 0n, fraction })
			storage.liabilityWei.put(subU128(storage.liabilityWei.get(), accruedWei))
			transferAsset(ETH, liquidStakingAccount, who, accruedWei)
			event.RewardsClaimed({ who, amountWei: accruedWei })
		}),
	},
	tryState() {
		const index = storage.rewardIndex.get()
		let owed = storage.remainder.get()
		let balances = 0n
		for (const [who, { index: at, accruedWei, fraction }] of storage.checkpoints.entries(0xffff_ffff)) {
			if (at > index) throw new Error(`a checkpoint is at index ${at}, past the reward index ${index}`)
			const balanceWei = balanceOf(AETH, who)
			balances += balanceWei
			owed += accruedWei * SCALE + fraction + balanceWei * (index - at)
		}
		const supply = supplyOf(AETH)
		if (balances !== supply) throw new Error(`holders with a checkpoint have ${balances} wei of aETH, the supply is ${supply}`)
		const liability = storage.liabilityWei.get()
		if (owed !== liability * SCALE) throw new Error(`holders are owed ${owed}, the liability is ${liability * SCALE} (wei × scale)`)
		const held = balanceOf(ETH, liquidStakingAccount)
		if (held < liability) throw new Error(`the reward pot holds ${held} wei of the ${liability} it owes`)
	},
	storageVersion: 1,
})

/** Mints aETH for `amountWei` of ETH deposited. */
export const mintLiquid = (who: AccountId, amountWei: bigint): void => mintInto(AETH, who, amountWei)

/** Burns aETH against `amountWei` of ETH returned. Throws the Assets error when `who` holds less. */
export const burnLiquid = (who: AccountId, amountWei: bigint): void => burnFrom(AETH, who, amountWei)

/** Takes `amountWei` of wrapped ETH from `from` for all present aETH holders, exactly; without any aETH it goes to the Reward Pool. */
export const distribute = (from: AccountId, amountWei: bigint): void => {
	if (amountWei === 0n) return
	const supply = supplyOf(AETH)
	if (supply === 0n) {
		transferAsset(ETH, from, rewardPoolAccount, amountWei)
		return
	}
	transferAsset(ETH, from, liquidStakingAccount, amountWei)
	const spread = amountWei * SCALE + storage.remainder.get()
	const index = addU128(storage.rewardIndex.get(), spread / supply)
	storage.rewardIndex.put(index)
	storage.remainder.put(spread % supply)
	storage.liabilityWei.put(addU128(storage.liabilityWei.get(), amountWei))
	event.RewardsDistributed({ amountWei, index })
}
