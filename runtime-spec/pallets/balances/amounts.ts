import { ascii, equalBytes } from '../../frame/bytes.ts'
import { fixedBytes, struct, u128, vec } from '../../frame/scale/index.ts'

/**
 * Why plancks are held or frozen: exactly 8 ASCII characters, one constant in the pallet that owns the reason, e.g.
 * `reason('asset/ap')`. Bytes instead of a runtime-wide enumeration, so that balances knows none of the pallets that use it.
 */
export const reason = (name: string): Uint8Array => {
	if (name.length !== 8) throw new Error(`reason "${name}" has ${name.length} characters: give exactly 8`)
	return ascii(name)
}
export const reasonId = fixedBytes(8)

/** Different reasons one account may be held for, and frozen for, at a time. */
export const MAX_REASONS = 8

/** Plancks by reason; an entry of zero is not kept. */
export interface IdAmount {
	id: Uint8Array
	amount: bigint
}
export const idAmounts = vec(struct('frame_support::traits::tokens::misc::IdAmount', { id: reasonId, amount: u128 }), MAX_REASONS)

export const amountOf = (entries: readonly IdAmount[], id: Uint8Array): bigint => {
	for (const entry of entries) if (equalBytes(entry.id, id)) return entry.amount
	return 0n
}

/** `entries` with the amount of `id` replaced; zero removes it. */
export const withAmount = (entries: readonly IdAmount[], id: Uint8Array, amount: bigint): IdAmount[] => {
	const out = entries.filter((entry) => !equalBytes(entry.id, id))
	if (amount !== 0n) out.push({ id, amount })
	return out
}

export const sumOf = (entries: readonly IdAmount[]): bigint => entries.reduce((sum, { amount }) => sum + amount, 0n)
export const largestOf = (entries: readonly IdAmount[]): bigint => {
	let most = 0n
	for (const { amount } of entries) if (amount > most) most = amount
	return most
}
