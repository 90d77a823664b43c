import { compareBytes } from '../../frame/bytes.ts'
import { accountId, enumeration, fixedBytes, h160, h256, struct, u32, u64, u128, type Value, vec } from '../../frame/scale/index.ts'
import { MAX_WITNESSES } from './witnesses.ts'

/** What the Beacon deposit contract needs of a validator: BLS public key, signature of the deposit message, SSZ root of both. */
export const depositFields = { pubkey: fixedBytes(48), signature: fixedBytes(96), depositDataRoot: h256 }
export const depositData = struct('pallet_escrow::DepositData', depositFields)
export type DepositData = Value<typeof depositData>

/** What the contract on Ethereum shall do. */
const orderKind = enumeration('pallet_escrow::OrderKind', {
	Release: struct('pallet_escrow::Release', { asset: h160, recipient: h160 }),
	Stake: struct('pallet_escrow::Stake', { pool: u32, ...depositFields }),
})

/** A witness's EIP-712 signature, `r ‖ s ‖ v`, with the address it recovers to. */
const orderSignature = struct('pallet_escrow::OrderSignature', { signer: h160, signature: fixedBytes(65) })

/** An order that is open: neither executed on Ethereum nor refunded here. */
export const order = struct('pallet_escrow::Order', {
	/** Whose wrapped ETH was burned for it, and who gets it back when the order expires. */
	owner: accountId,
	amountWei: u128,
	/** Last Ethereum block timestamp, in Unix seconds, at which the contract executes it. */
	expirySeconds: u64,
	witnessSetId: u64,
	kind: orderKind,
	/** Ascending by signer, as the contract wants them. */
	signatures: vec(orderSignature, MAX_WITNESSES),
})
export type Order = Value<typeof order>

/** Puts a signature in its place by signer; undefined when that signer has signed before. */
export const withSignature = (
	signatures: Order['signatures'],
	signer: Uint8Array,
	signature: Uint8Array,
): Order['signatures'] | undefined => {
	let at = 0
	while (at < signatures.length) {
		const by = compareBytes(signatures[at].signer, signer)
		if (by === 0) return undefined
		if (by > 0) break
		at++
	}
	return [...signatures.slice(0, at), { signer, signature }, ...signatures.slice(at)]
}
