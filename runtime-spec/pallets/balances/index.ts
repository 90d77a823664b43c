import { block } from '../../frame/block.ts'
import { equalBytes, toHex } from '../../frame/bytes.ts'
import { type AccountId, call, ensureRoot, ensureSigned, lookup, multiAddress } from '../../frame/call.ts'
import { errors, tokenErrorOf } from '../../frame/errors.ts'
import { events } from '../../frame/events.ts'
import type { GenesisReader } from '../../frame/genesis.ts'
import { U128_MAX } from '../../frame/math/integer.ts'
import { constant, pallet } from '../../frame/pallet.ts'
import { accountId, bool, compactU128, enumeration, u32, u128, unit } from '../../frame/scale/index.ts'
import { blake2_128Concat, map, value } from '../../frame/storage.ts'
import { type AccountInfo, emptyAccount } from '../../frame/system/account.ts'
import { mutateAccount, storage as system } from '../../frame/system/index.ts'
import { consumes, EXISTENTIAL_DEPOSIT, ensureWithdrawable, provides, reducible, updateReferences } from './account.ts'
import { idAmounts, MAX_REASONS, reasonId, sumOf } from './amounts.ts'
import { tryState } from './try-state.ts'
import { weights } from './weights.ts'

export { EXISTENTIAL_DEPOSIT, reducible, STKR } from './account.ts'

export const storage = {
	/** All plancks there are: free and reserved of every account, and fees of the block not yet paid out. */
	totalIssuance: value(u128, () => 0n),
	/** Plancks held, by reason; part of the account's reserved balance. */
	holds: map(blake2_128Concat, accountId, idAmounts, () => []),
	/** Plancks frozen, by reason; freezes overlap, the largest counts. */
	freezes: map(blake2_128Concat, accountId, idAmounts, () => []),
}

const balanceStatus = enumeration('frame_support::traits::tokens::misc::BalanceStatus', { Free: unit, Reserved: unit })

export const event = events({
	/** An account got its first plancks. */
	Endowed: { account: accountId, freeBalance: u128 },
	/** An account fell below the existential deposit; what was left was taken out of issuance. */
	DustLost: { account: accountId, amount: u128 },
	/** Plancks moved from one account to another. */
	Transfer: { from: accountId, to: accountId, amount: u128 },
	/** Root set a free balance. */
	BalanceSet: { who: accountId, free: u128 },
	/** Free plancks became reserved. */
	Reserved: { who: accountId, amount: u128 },
	/** Reserved plancks became free. */
	Unreserved: { who: accountId, amount: u128 },
	/** Reserved plancks of one account went to another. */
	ReserveRepatriated: { from: accountId, to: accountId, amount: u128, destinationStatus: balanceStatus },
	/** Plancks in transit, such as fees, were paid to an account. */
	Deposit: { who: accountId, amount: u128 },
	/** Plancks were taken from an account into transit, such as fees. */
	Withdraw: { who: accountId, amount: u128 },
	/** Plancks were taken from an account and out of issuance as a penalty. */
	Slashed: { who: accountId, amount: u128 },
	/** New plancks were issued to an account. */
	Minted: { who: accountId, amount: u128 },
	/** Plancks of an account were taken out of issuance. */
	Burned: { who: accountId, amount: u128 },
	/** Not emitted; keeps FRAME's number. */
	Suspended: { who: accountId, amount: u128 },
	/** Not emitted; keeps FRAME's number. */
	Restored: { who: accountId, amount: u128 },
	/** Not emitted, accounts are born upgraded; keeps FRAME's number. */
	Upgraded: { who: accountId },
	/** Not emitted; keeps FRAME's number. */
	Issued: { amount: u128 },
	/** Plancks in transit that no account could take were taken out of issuance. */
	Rescinded: { amount: u128 },
	/** Not emitted; keeps FRAME's number. */
	Locked: { who: accountId, amount: u128 },
	/** Not emitted; keeps FRAME's number. */
	Unlocked: { who: accountId, amount: u128 },
	/** An account's frozen balance rose by `amount`. */
	Frozen: { who: accountId, amount: u128 },
	/** An account's frozen balance fell by `amount`. */
	Thawed: { who: accountId, amount: u128 },
	/** Not emitted; keeps FRAME's number. */
	TotalIssuanceForced: { old: u128, new: u128 },
	/** Free plancks were put on hold. */
	Held: { reason: reasonId, who: accountId, amount: u128 },
	/** Held plancks were taken out of issuance. */
	BurnedHeld: { reason: reasonId, who: accountId, amount: u128 },
	/** Held plancks of `source` became free plancks of `dest`. */
	TransferOnHold: { reason: reasonId, source: accountId, dest: accountId, amount: u128 },
	/** Held plancks became free. */
	Released: { reason: reasonId, who: accountId, amount: u128 },
})

export const error = errors([
	/** Not used; keeps FRAME's number. */
	'VestingBalance',
	/** Not used; keeps FRAME's number. */
	'LiquidityRestrictions',
	/** Fewer plancks are free than asked for, with the existential deposit kept. */
	'InsufficientBalance',
	/** Not used, see `Token::BelowMinimum`; keeps FRAME's number. */
	'ExistentialDeposit',
	/** Not used, see `Token::NotExpendable`; keeps FRAME's number. */
	'Expendability',
	/** Not used; keeps FRAME's number. */
	'ExistingVestingSchedule',
	/** The beneficiary must exist already. */
	'DeadAccount',
	/** Not used; keeps FRAME's number. */
	'TooManyReserves',
	/** The account is on hold for as many reasons as there may be. */
	'TooManyHolds',
	/** The account is frozen for as many reasons as there may be. */
	'TooManyFreezes',
	/** Not used; keeps FRAME's number. */
	'IssuanceDeactivated',
	/** Not used; keeps FRAME's number. */
	'DeltaZero',
])

/** Applies `apply` to an account, keeps its references right and takes what is left below the existential deposit out of issuance. */
export const changeBalance = (who: AccountId, apply: (account: AccountInfo) => void): void => {
	let dust = 0n
	let endowed = 0n
	mutateAccount(who, (account) => {
		const { data } = account
		const empty = data.free === 0n && data.reserved === 0n
		const provided = provides(data)
		const consumed = consumes(data)
		apply(account)
		updateReferences(account, provided, consumed)
		if (empty) endowed = data.free
		if (data.free !== 0n && data.free < EXISTENTIAL_DEPOSIT && data.reserved === 0n) {
			dust = data.free
			data.free = 0n
		}
	})
	if (endowed !== 0n) event.Endowed({ account: who, freeBalance: endowed })
	if (dust !== 0n) {
		event.DustLost({ account: who, amount: dust })
		changeIssuance(-dust)
	}
}

export const changeIssuance = (deltaPlanck: bigint): void => {
	storage.totalIssuance.put(storage.totalIssuance.get() + deltaPlanck)
}

/** Adds to a free balance; issuance stays. Throws `Token::BelowMinimum` when the account would stay below the existential deposit. */
export const credit = (who: AccountId, amountPlanck: bigint): void =>
	changeBalance(who, ({ data }) => {
		data.free += amountPlanck
		if (data.free < EXISTENTIAL_DEPOSIT) throw tokenErrorOf('BelowMinimum')
	})

/**
 * Moves free plancks; a sender left below the existential deposit is reaped (its dust leaves issuance) unless `keepAlive`.
 * Emits `Transfer`. Throws `Token::FundsUnavailable`, `Token::Frozen`, `Token::NotExpendable`, `Token::BelowMinimum`.
 */
export const transfer = (from: AccountId, to: AccountId, amountPlanck: bigint, keepAlive: boolean): void => {
	if (equalBytes(from, to)) {
		ensureWithdrawable(system.account.get(from), amountPlanck, keepAlive)
		return
	}
	if (amountPlanck !== 0n) {
		changeBalance(from, (account) => {
			ensureWithdrawable(account, amountPlanck, keepAlive)
			account.data.free -= amountPlanck
		})
		credit(to, amountPlanck)
	}
	event.Transfer({ from, to, amount: amountPlanck })
}

/** Issues new plancks to an account. Emits `Minted`. Throws `Token::BelowMinimum`, `Arithmetic::Overflow`. */
export const mint = (who: AccountId, amountPlanck: bigint): void => {
	if (amountPlanck !== 0n) {
		credit(who, amountPlanck)
		changeIssuance(amountPlanck)
	}
	event.Minted({ who, amount: amountPlanck })
}

/** Takes free plancks out of issuance. Emits `Burned`. Throws `Token::FundsUnavailable`. */
export const burn = (who: AccountId, amountPlanck: bigint, keepAlive: boolean): void => {
	if (amountPlanck !== 0n) {
		changeBalance(who, (account) => {
			if (amountPlanck > reducible(account, keepAlive)) throw tokenErrorOf('FundsUnavailable')
			account.data.free -= amountPlanck
		})
		changeIssuance(-amountPlanck)
	}
	event.Burned({ who, amount: amountPlanck })
}

/**
 * Pays plancks in transit (counted in `block.fees` or `block.tips`, which the caller lowers) to an account; issuance stays.
 * False, and nothing done, when the account would stay below the existential deposit. Emits `Deposit`. Never throws.
 */
export const deposit = (who: AccountId, amountPlanck: bigint): boolean => {
	if (amountPlanck === 0n) return true
	if (system.account.get(who).data.free + amountPlanck < EXISTENTIAL_DEPOSIT) return false
	credit(who, amountPlanck)
	event.Deposit({ who, amount: amountPlanck })
	return true
}

/** As `deposit`; what the account can't take leaves issuance (`Rescinded`). Returns the plancks paid: all or none. Never throws. */
export const resolve = (who: AccountId, amountPlanck: bigint): bigint => {
	if (deposit(who, amountPlanck)) return amountPlanck
	changeIssuance(-amountPlanck)
	event.Rescinded({ amount: amountPlanck })
	return 0n
}

/** Free plancks of an account. */
export const freeBalance = (who: AccountId): bigint => system.account.get(who).data.free

/** Reserves free plancks, for no reason in particular. The existential deposit stays free. Emits `Reserved`. Throws `InsufficientBalance`. */
export const reserve = (who: AccountId, amountPlanck: bigint): void => {
	if (amountPlanck === 0n) return
	changeBalance(who, (account) => {
		if (amountPlanck > reducible(account, true)) throw error.InsufficientBalance()
		account.data.free -= amountPlanck
		account.data.reserved += amountPlanck
	})
	event.Reserved({ who, amount: amountPlanck })
}

/** Takes up to `amountPlanck` out of what is reserved and not on hold; returns the plancks taken. */
const takeReserved = (who: AccountId, amountPlanck: bigint, toFree: boolean): bigint => {
	const unnamed = system.account.get(who).data.reserved - sumOf(storage.holds.get(who))
	const taken = unnamed < amountPlanck ? unnamed : amountPlanck
	if (taken === 0n) return 0n
	changeBalance(who, ({ data }) => {
		data.reserved -= taken
		if (toFree) data.free += taken
	})
	return taken
}

/** Frees up to `amountPlanck` of what is reserved; returns the plancks that were not. Emits `Unreserved`. */
export const unreserve = (who: AccountId, amountPlanck: bigint): bigint => {
	const taken = takeReserved(who, amountPlanck, true)
	if (taken !== 0n) event.Unreserved({ who, amount: taken })
	return amountPlanck - taken
}

/** Takes up to `amountPlanck` of what is reserved out of issuance; returns the plancks that were not. Emits `Slashed`. */
export const slashReserved = (who: AccountId, amountPlanck: bigint): bigint => {
	const taken = takeReserved(who, amountPlanck, false)
	if (taken !== 0n) {
		changeIssuance(-taken)
		event.Slashed({ who, amount: taken })
	}
	return amountPlanck - taken
}

/**
 * Moves up to `amountPlanck` reserved by `from` to the free balance of `to`; returns the plancks that were not. Emits
 * `ReserveRepatriated`. Throws `DeadAccount`, `Token::BelowMinimum`.
 */
export const repatriateReserved = (from: AccountId, to: AccountId, amountPlanck: bigint): bigint => {
	if (equalBytes(from, to)) return unreserve(from, amountPlanck)
	const beneficiary = system.account.get(to)
	if (beneficiary.providers + beneficiary.sufficients === 0) throw error.DeadAccount()
	const taken = takeReserved(from, amountPlanck, false)
	if (taken !== 0n) {
		credit(to, taken)
		event.ReserveRepatriated({ from, to, amount: taken, destinationStatus: { type: 'Free' } })
	}
	return amountPlanck - taken
}

/** `{ balances: [[account, plancks], …] }`: each account once, each at or above the existential deposit. */
const genesis = (config: GenesisReader): void => {
	let issuancePlanck = 0n
	for (const entry of config.field('balances', ['balances']).items()) {
		const [account, amount] = entry.tuple(2)
		const who = account.bytes(32)
		const free = amount.integer(U128_MAX, 'an amount in plancks')
		if (free < EXISTENTIAL_DEPOSIT)
			amount.refuse(`${free} plancks is below the existential deposit of ${EXISTENTIAL_DEPOSIT}: give more or leave the account out`)
		const info = system.account.get(who)
		if (info.data.free !== 0n) account.refuse(`account ${toHex(who)} is listed twice: add its amounts up in one entry`)
		issuancePlanck += free
		if (issuancePlanck > U128_MAX) amount.refuse(`all balances up to here add up to ${issuancePlanck} plancks, more than a u128 holds`)
		const born = emptyAccount()
		system.account.put(who, { ...info, providers: info.providers + 1, data: { ...born.data, free } })
	}
	storage.totalIssuance.put(issuancePlanck)
}

/** The native token: who holds how much (pallet_balances). */
export const balances = pallet('Balances', {
	storage,
	events: event,
	errors: error,
	constants: {
		/** Least free balance of an account that exists by its STKR, in plancks. */
		existentialDeposit: constant(u128, EXISTENTIAL_DEPOSIT),
		/** Reasons one account may be frozen for at a time. */
		maxFreezes: constant(u32, MAX_REASONS),
		/** Reasons one account may be held for at a time. */
		maxHolds: constant(u32, MAX_REASONS),
	},
	calls: {
		/** Sends `value` plancks; reaps the sender when less than the existential deposit is left. Signed. Emits `Transfer`. */
		transferAllowDeath: call(0, { dest: multiAddress, value: compactU128 }, weights.transfer, (origin, { dest, value }) => {
			transfer(ensureSigned(origin), lookup(dest), value, false)
		}),
		/** Sends `value` plancks of `source`. Root. Emits `Transfer`. */
		forceTransfer: call(
			2,
			{ source: multiAddress, dest: multiAddress, value: compactU128 },
			weights.transfer,
			(origin, { source, dest, value }) => {
				ensureRoot(origin)
				transfer(lookup(source), lookup(dest), value, false)
			},
		),
		/** Sends `value` plancks; fails with `Token::NotExpendable` rather than reap the sender. Signed. Emits `Transfer`. */
		transferKeepAlive: call(3, { dest: multiAddress, value: compactU128 }, weights.transfer, (origin, { dest, value }) => {
			transfer(ensureSigned(origin), lookup(dest), value, true)
		}),
		/** Sends all that can leave, but the existential deposit when `keepAlive`. Signed. Emits `Transfer`. */
		transferAll: call(4, { dest: multiAddress, keepAlive: bool }, weights.transferAll, (origin, { dest, keepAlive }) => {
			const who = ensureSigned(origin)
			transfer(who, lookup(dest), reducible(system.account.get(who), keepAlive), keepAlive)
		}),
		/** Frees up to `amount` reserved plancks of `who`; what is on hold stays. Root. Emits `Unreserved`. */
		forceUnreserve: call(5, { who: multiAddress, amount: u128 }, weights.forceUnreserve, (origin, { who, amount }) => {
			ensureRoot(origin)
			unreserve(lookup(who), amount)
		}),
		/** Sets the free plancks of `who`, 0 when below the existential deposit; issuance follows. Root. Emits `BalanceSet`. */
		forceSetBalance: call(8, { who: multiAddress, newFree: compactU128 }, weights.forceSetBalance, (origin, { who: address, newFree }) => {
			ensureRoot(origin)
			const who = lookup(address)
			const free = newFree < EXISTENTIAL_DEPOSIT ? 0n : newFree
			const before = freeBalance(who)
			if (free !== before) {
				changeBalance(who, ({ data }) => {
					data.free = free
				})
				changeIssuance(free - before)
			}
			event.BalanceSet({ who, free })
		}),
		/** Takes `value` of the sender's plancks out of issuance; `keepAlive` keeps the existential deposit. Signed. Emits `Burned`. */
		burn: call(10, { value: compactU128, keepAlive: bool }, weights.burn, (origin, { value, keepAlive }) => {
			burn(ensureSigned(origin), value, keepAlive)
		}),
	},
	genesis,
	tryState: () => tryState(storage, block.fees + block.tips),
	storageVersion: 1,
})
