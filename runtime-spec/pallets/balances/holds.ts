import { equalBytes } from '../../frame/bytes.ts'
import type { AccountId } from '../../frame/call.ts'
import { tokenErrorOf } from '../../frame/errors.ts'
import { reducible } from './account.ts'
import { amountOf, MAX_REASONS, withAmount } from './amounts.ts'
import { changeBalance, changeIssuance, credit, error, event, storage } from './index.ts'

export { reason } from './amounts.ts'

/** Plancks of `who` on hold for `reason`. */
export const held = (reason: Uint8Array, who: AccountId): bigint => amountOf(storage.holds.get(who), reason)

const setHeld = (reason: Uint8Array, who: AccountId, change: (heldPlanck: bigint) => bigint): void =>
	storage.holds.mutate(who, (entries) => {
		const next = withAmount(entries, reason, change(amountOf(entries, reason)))
		if (next.length > MAX_REASONS) throw error.TooManyHolds()
		return next.length === 0 ? undefined : next
	})

/** Takes from a hold. Throws `Token::FundsUnavailable` when less is held. */
const take = (reason: Uint8Array, who: AccountId, amountPlanck: bigint): void =>
	setHeld(reason, who, (heldPlanck) => {
		if (amountPlanck > heldPlanck) throw tokenErrorOf('FundsUnavailable')
		return heldPlanck - amountPlanck
	})

/** Puts free plancks on hold; the existential deposit stays free. Emits `Held`. Throws `Token::FundsUnavailable`, `TooManyHolds`. */
export const hold = (reason: Uint8Array, who: AccountId, amountPlanck: bigint): void => {
	if (amountPlanck === 0n) return
	changeBalance(who, (account) => {
		const { data } = account
		// A freeze covers the total balance, which a hold leaves as it is: what is frozen may be held.
		const available = reducible({ ...account, data: { ...data, frozen: 0n } }, true)
		if (amountPlanck > available) throw tokenErrorOf('FundsUnavailable')
		data.free -= amountPlanck
		data.reserved += amountPlanck
	})
	setHeld(reason, who, (heldPlanck) => heldPlanck + amountPlanck)
	event.Held({ reason, who, amount: amountPlanck })
}

/** Frees held plancks. Emits `Released`. Throws `Token::FundsUnavailable` when less is held. */
export const release = (reason: Uint8Array, who: AccountId, amountPlanck: bigint): void => {
	if (amountPlanck === 0n) return
	take(reason, who, amountPlanck)
	changeBalance(who, ({ data }) => {
		data.reserved -= amountPlanck
		data.free += amountPlanck
	})
	event.Released({ reason, who, amount: amountPlanck })
}

/**
 * Makes held plancks of `source` free plancks of `dest`. Emits `TransferOnHold`. Throws `Token::FundsUnavailable`,
 * `Token::BelowMinimum`, and `Token::Frozen` when a freeze of `source` covers them.
 */
export const transferOnHold = (reason: Uint8Array, source: AccountId, dest: AccountId, amountPlanck: bigint): void => {
	if (equalBytes(source, dest)) {
		release(reason, source, amountPlanck)
		return
	}
	if (amountPlanck === 0n) return
	take(reason, source, amountPlanck)
	changeBalance(source, ({ data }) => {
		data.reserved -= amountPlanck
		if (data.free + data.reserved < data.frozen) throw tokenErrorOf('Frozen')
	})
	credit(dest, amountPlanck)
	event.TransferOnHold({ reason, source, dest, amount: amountPlanck })
}

/** Takes held plancks out of issuance, freezes or not. Emits `BurnedHeld`. Throws `Token::FundsUnavailable` when less is held. */
export const slashHeld = (reason: Uint8Array, who: AccountId, amountPlanck: bigint): void => {
	if (amountPlanck === 0n) return
	take(reason, who, amountPlanck)
	changeBalance(who, ({ data }) => {
		data.reserved -= amountPlanck
	})
	changeIssuance(-amountPlanck)
	event.BurnedHeld({ reason, who, amount: amountPlanck })
}
