/** The orders that witnesses sign for the escrow, as EIP-712 typed data (ESC-2, ESC-6). */
import type { Address, Hex, TypedDataDomain } from 'viem'
import { hashTypedData, recoverTypedDataAddress } from 'viem'
import type { LocalAccount } from 'viem/accounts'

/** An order to pay out of the escrow. */
export interface ReleaseOrder {
	/** Order number given by the Stkr chain; one space for releases and stakes. */
	nonce: bigint
	/** The zero address stands for ETH, the only asset so far. */
	asset: Address
	/** In the asset's smallest unit: wei for ETH. */
	amount: bigint
	recipient: Address
	/** Last block timestamp, in Unix seconds, at which the order may be executed; u64. */
	expiry: bigint
	/** u64. */
	witnessSetId: bigint
}

/** An order to deposit for a validator, with the escrow as the withdrawal address. */
export interface StakeOrder {
	/** Order number given by the Stkr chain; one space for releases and stakes. */
	nonce: bigint
	/** The validator's BLS public key, 48 bytes. */
	pubkey: Hex
	/** BLS signature of the deposit message, 96 bytes. */
	signature: Hex
	/** SSZ hash tree root of the deposit data, 32 bytes. */
	depositDataRoot: Hex
	/** In wei. */
	amount: bigint
	/** Last block timestamp, in Unix seconds, at which the order may be executed; u64. */
	expiry: bigint
	/** u64. */
	witnessSetId: bigint
}

/** An order of either kind, told apart by its EIP-712 primary type. */
export type EscrowOrder = { primaryType: 'Release'; message: ReleaseOrder } | { primaryType: 'Stake'; message: StakeOrder }

/** The EIP-712 types, field for field those of the contract. */
export const escrowOrderTypes = {
	Release: [
		{ name: 'nonce', type: 'uint256' },
		{ name: 'asset', type: 'address' },
		{ name: 'amount', type: 'uint256' },
		{ name: 'recipient', type: 'address' },
		{ name: 'expiry', type: 'uint64' },
		{ name: 'witnessSetId', type: 'uint64' },
	],
	Stake: [
		{ name: 'nonce', type: 'uint256' },
		{ name: 'pubkey', type: 'bytes' },
		{ name: 'signature', type: 'bytes' },
		{ name: 'depositDataRoot', type: 'bytes32' },
		{ name: 'amount', type: 'uint256' },
		{ name: 'expiry', type: 'uint64' },
		{ name: 'witnessSetId', type: 'uint64' },
	],
} as const

/** The EIP-712 domain of the escrow at `verifyingContract` on the chain `chainId`. */
export function escrowDomain(chainId: number, verifyingContract: Address) {
	return { name: 'Stkr Escrow', version: '1', chainId, verifyingContract } as const satisfies TypedDataDomain
}

type EscrowDomain = ReturnType<typeof escrowDomain>

/** viem narrows the message by the primary type only when each kind is spelled out. */
function typedData(domain: EscrowDomain, order: EscrowOrder) {
	return order.primaryType === 'Release'
		? ({ domain, types: escrowOrderTypes, primaryType: 'Release', message: order.message } as const)
		: ({ domain, types: escrowOrderTypes, primaryType: 'Stake', message: order.message } as const)
}

/** The 32-byte digest that witnesses sign; equal to the contract's `releaseDigest` or `stakeDigest`. */
export function escrowOrderDigest(domain: EscrowDomain, order: EscrowOrder): Hex {
	return hashTypedData(typedData(domain, order))
}

/** A witness's signature of an order: 65 bytes `r ‖ s ‖ v`, low s, v of 27 or 28. */
export function signEscrowOrder(account: LocalAccount, domain: EscrowDomain, order: EscrowOrder): Promise<Hex> {
	return account.signTypedData(typedData(domain, order))
}

/**
 * Puts signatures into the order that the contract demands: strictly ascending by the recovered signer. Several
 * signatures of one signer become one. Whether the signers are witnesses is left to the caller.
 *
 * @throws Error from viem when a signature is malformed
 */
export async function sortEscrowSignatures(domain: EscrowDomain, order: EscrowOrder, signatures: readonly Hex[]): Promise<Hex[]> {
	const bySigner = new Map<Address, Hex>()
	for (const signature of signatures) {
		bySigner.set(await recoverTypedDataAddress({ ...typedData(domain, order), signature }), signature)
	}
	return [...bySigner]
		.map(([signer, signature]) => ({ signer: BigInt(signer), signature }))
		.sort((a, b) => (a.signer < b.signer ? -1 : 1))
		.map(({ signature }) => signature)
}
