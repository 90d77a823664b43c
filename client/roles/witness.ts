/** What a witness says to the chain: locks it saw, orders it signed, and what became of them (ESC-1, ESC-2). Free on success. */
import type { StkrClient } from '../connect.ts'
import type { Finalized } from '../finalized.ts'
import { type SignAndFinalizeErrorType, type SignAndFinalizeOptions, type StkrSigner, signAndFinalize } from '../sign-and-finalize.ts'

export interface AttestLockParameters {
	/** Number of the lock in the contract. */
	nonce: bigint
	/** The zero address stands for ETH. */
	asset: `0x${string}`
	amountWei: bigint
	/** Account on this chain that gets the wrapped ETH: SS58 or 32 bytes of hex. */
	recipient: string
	/** Who locked it on Ethereum. */
	sender: `0x${string}`
	ethereumBlock: bigint
}
export interface AttestLockReturnType extends Finalized {
	/** Whether this vote was the one that minted. */
	minted: boolean
}
export type AttestLockErrorType = SignAndFinalizeErrorType

/** Vouches for a lock that is final on Ethereum. Throws what `signAndFinalize` throws. */
export async function attestLock(
	client: StkrClient,
	witness: StkrSigner,
	{ nonce, asset, amountWei, recipient, sender, ethereumBlock }: AttestLockParameters,
	options?: SignAndFinalizeOptions,
): Promise<AttestLockReturnType> {
	const { tx, events } = client.api
	const call = tx.escrow.attestLock(nonce, asset, amountWei, recipient, sender, ethereumBlock)
	const finalized = await signAndFinalize(client, call, witness, options)
	return { ...finalized, minted: finalized.events.some((event) => events.escrow.LockMinted.is(event)) }
}

export interface SignOrderParameters {
	/** Nonce of the order. */
	nonce: bigint
	/** EIP-712 signature of the order, `r ‖ s ‖ v`, 65 bytes. */
	signature: `0x${string}`
}
export interface SignOrderReturnType extends Finalized {
	/** Whether the order now has all the signatures the contract asks for. */
	ready: boolean
}
export type SignOrderErrorType = SignAndFinalizeErrorType

/** Adds the witness's signature to an order. Throws what `signAndFinalize` throws. */
export async function signOrder(
	client: StkrClient,
	witness: StkrSigner,
	{ nonce, signature }: SignOrderParameters,
	options?: SignAndFinalizeOptions,
): Promise<SignOrderReturnType> {
	const { tx, events } = client.api
	const finalized = await signAndFinalize(client, tx.escrow.signOrder(nonce, signature), witness, options)
	return { ...finalized, ready: finalized.events.some((event) => events.escrow.OrderReady.is(event)) }
}

export interface AttestOutcomeParameters {
	/** Nonce of the order. */
	nonce: bigint
	/** `Executed`; or `Expired`: final Ethereum time is past its expiry and its nonce unused. */
	outcome: 'Executed' | 'Expired'
}
export interface AttestOutcomeReturnType extends Finalized {
	/** Whether this vote closed the order. */
	closed: boolean
}
export type AttestOutcomeErrorType = SignAndFinalizeErrorType

/** Says what became of an order. Throws what `signAndFinalize` throws. */
export async function attestOutcome(
	client: StkrClient,
	witness: StkrSigner,
	{ nonce, outcome }: AttestOutcomeParameters,
	options?: SignAndFinalizeOptions,
): Promise<AttestOutcomeReturnType> {
	const { escrow } = client.api.events
	const finalized = await signAndFinalize(client, client.api.tx.escrow.attestOutcome(nonce, outcome), witness, options)
	return { ...finalized, closed: finalized.events.some((event) => escrow.OrderExecuted.is(event) || escrow.OrderRefunded.is(event)) }
}
