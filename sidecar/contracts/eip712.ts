/** What witnesses and council sign for the escrow, as EIP-712 typed data (ESC-2, ESC-3, ESC-5, ESC-6). */
import type { AbiParameterToPrimitiveType, Address, Hex, TypedDataDomain, TypedDataParameter } from 'viem'
import { hashTypedData, recoverTypedDataAddress } from 'viem'
import type { LocalAccount } from 'viem/accounts'

/** An order to pay out of the escrow. */
export interface ReleaseOrder {
	/** Order number given by the Stkr chain; one space for all orders of the witnesses. */
	nonce: bigint
	/** The zero address stands for ETH, else it is a listed token's. */
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
	/** Order number given by the Stkr chain; one space for all orders of the witnesses. */
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

/** An order that the Stkr chain's escrow pallet makes, told apart by its EIP-712 primary type. */
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
	Exit: [
		{ name: 'nonce', type: 'uint256' },
		{ name: 'pubkey', type: 'bytes' },
		{ name: 'amountGwei', type: 'uint64' },
		{ name: 'expiry', type: 'uint64' },
		{ name: 'witnessSetId', type: 'uint64' },
	],
	Rotate: [
		{ name: 'nonce', type: 'uint256' },
		{ name: 'newSetId', type: 'uint64' },
		{ name: 'witnesses', type: 'address[]' },
		{ name: 'threshold', type: 'uint256' },
		{ name: 'blsKeys', type: 'bytes' },
		{ name: 'graceUntil', type: 'uint64' },
		{ name: 'expiry', type: 'uint64' },
		{ name: 'witnessSetId', type: 'uint64' },
	],
	List: [
		{ name: 'nonce', type: 'uint256' },
		{ name: 'asset', type: 'address' },
		{ name: 'minimumLock', type: 'uint256' },
		{ name: 'floorCap', type: 'uint256' },
		{ name: 'delayAbove', type: 'uint256' },
		{ name: 'expiry', type: 'uint64' },
		{ name: 'witnessSetId', type: 'uint64' },
	],
	Close: [
		{ name: 'nonce', type: 'uint256' },
		{ name: 'successor', type: 'address' },
		{ name: 'expiry', type: 'uint64' },
		{ name: 'witnessSetId', type: 'uint64' },
	],
	Guard: [
		{ name: 'nonce', type: 'uint256' },
		{ name: 'delaySeconds', type: 'uint64' },
		{ name: 'expiry', type: 'uint64' },
		{ name: 'witnessSetId', type: 'uint64' },
	],
	RotateCouncil: [
		{ name: 'newCouncilId', type: 'uint64' },
		{ name: 'members', type: 'address[]' },
		{ name: 'threshold', type: 'uint256' },
		{ name: 'expiry', type: 'uint64' },
	],
	Pause: [{ name: 'number', type: 'uint64' }],
	Unpause: [{ name: 'number', type: 'uint64' }],
	Veto: [{ name: 'nonce', type: 'uint256' }],
} as const

type MessageType = keyof typeof escrowOrderTypes

/** The message of a type as viem takes it. */
export type MessageOf<Type extends MessageType> = {
	[Field in (typeof escrowOrderTypes)[Type][number] as Field['name']]: AbiParameterToPrimitiveType<Field>
}

/** Anything that witnesses or council sign; what each means and its units: src/Orders.sol. */
export type EscrowMessage = EscrowOrder | { [Type in MessageType]: { primaryType: Type; message: MessageOf<Type> } }[MessageType]

/** The EIP-712 domain of the escrow at `verifyingContract` on the chain `chainId`. */
export function escrowDomain(chainId: number, verifyingContract: Address) {
	return { name: 'Stkr Escrow', version: '1', chainId, verifyingContract } as const satisfies TypedDataDomain
}

type EscrowDomain = ReturnType<typeof escrowDomain>

/** The types are widened, as viem cannot narrow a message by the primary type of a union. */
function typedData(domain: EscrowDomain, { primaryType, message }: EscrowMessage) {
	const types: Record<string, readonly TypedDataParameter[]> = escrowOrderTypes
	return { domain, types, primaryType: primaryType as string, message: { ...message } as Record<string, unknown> }
}

/** The 32-byte digest that is signed; equal to the contract's `releaseDigest`, `stakeDigest` or `exitDigest`. */
export function escrowOrderDigest(domain: EscrowDomain, order: EscrowMessage): Hex {
	return hashTypedData(typedData(domain, order))
}

/** A signer's signature of an order: 65 bytes `r ‖ s ‖ v`, low s, v of 27 or 28. */
export function signEscrowOrder(account: LocalAccount, domain: EscrowDomain, order: EscrowMessage): Promise<Hex> {
	return account.signTypedData(typedData(domain, order))
}

/**
 * Puts signatures into the order that the contract demands: strictly ascending by the recovered signer. Several
 * signatures of one signer become one. Whether the signers are witnesses is left to the caller.
 *
 * @throws Error from viem when a signature is malformed
 */
export async function sortEscrowSignatures(domain: EscrowDomain, order: EscrowMessage, signatures: readonly Hex[]): Promise<Hex[]> {
	const bySigner = new Map<Address, Hex>()
	for (const signature of signatures) {
		bySigner.set(await recoverTypedDataAddress({ ...typedData(domain, order), signature }), signature)
	}
	return [...bySigner]
		.map(([signer, signature]) => ({ signer: BigInt(signer), signature }))
		.sort((a, b) => (a.signer < b.signer ? -1 : 1))
		.map(({ signature }) => signature)
}

/** Two different orders under one nonce, each signed: what the Stkr chain slashes a witness for (ESC-5). */
export interface EquivocationProof {
	domain: EscrowDomain
	first: { order: NumberedMessage; signature: Hex }
	second: { order: NumberedMessage; signature: Hex }
}

/** An order of the witnesses: those have a nonce. */
type NumberedMessage = Extract<EscrowMessage, { message: { nonce: bigint; witnessSetId: bigint } }>

/**
 * The witness that a proof convicts: whoever signed two different orders with one nonce for one escrow. The contract is not asked, as
 * anyone can check the proof from the signatures alone.
 *
 * @returns `undefined` when the proof shows nothing: one order twice, two nonces, or two signers
 * @throws Error from viem when a signature is malformed
 */
export async function findEquivocator({ domain, first, second }: EquivocationProof): Promise<Address | undefined> {
	if (first.order.message.nonce !== second.order.message.nonce) return undefined
	if (escrowOrderDigest(domain, first.order) === escrowOrderDigest(domain, second.order)) return undefined
	const [signer, other] = await Promise.all(
		[first, second].map(({ order, signature }) => recoverTypedDataAddress({ ...typedData(domain, order), signature })),
	)
	return signer === other ? signer : undefined
}
