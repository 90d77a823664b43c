import type { AccountId } from '../../frame/call.ts'
import { amountOf, largestOf, MAX_REASONS, withAmount } from './amounts.ts'
import { changeBalance, error, event, storage } from './index.ts'

/** Plancks of `who` frozen for `reason`. */
export const frozen = (reason: Uint8Array, who: AccountId): bigint => amountOf(storage.freezes.get(who), reason)

/**
 * Freezes `amountPlanck` of the total balance of `who` for `reason`, instead of what was frozen for it before; 0 thaws. It may
 * exceed the balance. Emits `Frozen` or `Thawed` when the account's frozen balance changes. Throws `NoProviders`, `TooManyFreezes`.
 */
export const freeze = (reason: Uint8Array, who: AccountId, amountPlanck: bigint): void => {
	const entries = storage.freezes.get(who)
	if (amountPlanck === amountOf(entries, reason)) return
	const next = withAmount(entries, reason, amountPlanck)
	if (next.length > MAX_REASONS) throw error.TooManyFreezes()
	if (next.length === 0) storage.freezes.kill(who)
	else storage.freezes.put(who, next)
	const after = largestOf(next)
	let rise = 0n
	changeBalance(who, ({ data }) => {
		rise = after - data.frozen
		data.frozen = after
	})
	if (rise > 0n) event.Frozen({ who, amount: rise })
	if (rise < 0n) event.Thawed({ who, amount: -rise })
}
