import type { AccountId } from '../../frame/call.ts'

/**
 * Told before the balance of `who` changes, with the balance it still has, in the asset's smallest unit. What it throws fails
 * the whole operation. It must not change balances of the same asset.
 */
type BalanceListener = (who: AccountId, balanceBefore: bigint) => void

/** Filled while modules load and constant from then on: part of the definition of the runtime, not state. */
const listeners = new Map<number, BalanceListener>()

/** Registers the listener of an asset, at module level of the pallet that owns the asset; an asset has one at most. */
export const onBalanceChange = (id: number, listener: BalanceListener): void => {
	if (listeners.has(id)) throw new Error(`asset ${id} has a balance listener already: only its owner pallet may register one, once`)
	listeners.set(id, listener)
}

export const beforeChange = (id: number, who: AccountId, balanceBefore: bigint): void => listeners.get(id)?.(who, balanceBefore)
