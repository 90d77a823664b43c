import type { AccountId } from '../frame/call.ts'

/**
 * Accounts that belong to pallets: nobody holds a key for them. As in FRAME, the id is `modl`, eight characters naming the pot,
 * and zeros (or a 4-byte little-endian number for the pots of a family).
 */
export const pot = (name: string, number = 0): AccountId => {
	const id = new Uint8Array(32)
	const text = `modl${name}`
	for (let i = 0; i < text.length; i++) id[i] = text.charCodeAt(i)
	for (let i = 0; i < 4; i++) id[text.length + i] = (number >>> (8 * i)) & 0xff
	return id
}

/** The "parliamentary fund": its share of fees, fines, development and marketing money. */
export const treasuryAccount = pot('sk/trsry')
/** RWP-1: 10 % of every fee and profit. */
export const rewardPoolAccount = pot('sk/rewrd')
/** INS-1: 10 % of every fee and profit. */
export const insurancePoolAccount = pot('sk/insur')
