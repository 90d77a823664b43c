/** What a witness owes (ESC-1, ESC-2): one duty per kind and nonce, ever. */
import type { Address, Hex } from 'viem'
import { z } from 'zod'
import type { EscrowOrder } from '../contracts/eip712.ts'

/** ETH locked in the escrow, as its finalized `Locked` event tells it. */
export interface Lock {
	/** The zero address stands for ETH. */
	asset: Address
	sender: Address
	/** AccountId32 on the Stkr chain. */
	recipient: Hex
	amountWei: bigint
	ethereumBlock: bigint
}

/** What became of an order on Ethereum. */
type Outcome = 'Executed' | 'Expired'

/** Tell the chain of a lock; `nonce` is the lock's. */
export type AttestLock = { kind: 'attestLock'; nonce: bigint; lock: Lock }
/** Sign an order of the chain and hand the signature in. */
type SignOrder = { kind: 'signOrder'; nonce: bigint; order: EscrowOrder }
/** Bring an order with enough signatures to Ethereum. */
export type RelayOrder = { kind: 'relayOrder'; nonce: bigint; order: EscrowOrder; signatures: Hex[] }
/** Tell the chain what became of an order. */
export type AttestOutcome = { kind: 'attestOutcome'; nonce: bigint; outcome: Outcome }

/** Duties that end in a call on the Stkr chain. */
export type ChainDuty = AttestLock | SignOrder | AttestOutcome
export type Duty = ChainDuty | RelayOrder
export type DutyKind = Duty['kind']

export const CHAIN_DUTIES = ['attestLock', 'signOrder', 'attestOutcome'] as const satisfies readonly ChainDuty['kind'][]
export const DUTY_KINDS = [...CHAIN_DUTIES, 'relayOrder'] as const satisfies readonly DutyKind[]

const integer = z.string().regex(/^\d+$/).transform(BigInt)
const hex = z.custom<Hex>((value) => typeof value === 'string' && /^0x([0-9a-fA-F]{2})*$/.test(value), 'expected hexadecimal')

const orderTail = { amount: integer, expiry: integer, witnessSetId: integer }
const order = z.discriminatedUnion('primaryType', [
	z.object({ primaryType: z.literal('Release'), message: z.object({ nonce: integer, asset: hex, recipient: hex, ...orderTail }) }),
	z.object({
		primaryType: z.literal('Stake'),
		message: z.object({ nonce: integer, pubkey: hex, signature: hex, depositDataRoot: hex, ...orderTail }),
	}),
])
const lock = z.object({ asset: hex, sender: hex, recipient: hex, amountWei: integer, ethereumBlock: integer })

const duty: z.ZodType<Duty> = z.discriminatedUnion('kind', [
	z.object({ kind: z.literal('attestLock'), nonce: integer, lock }),
	z.object({ kind: z.literal('signOrder'), nonce: integer, order }),
	z.object({ kind: z.literal('relayOrder'), nonce: integer, order, signatures: z.array(hex) }),
	z.object({ kind: z.literal('attestOutcome'), nonce: integer, outcome: z.enum(['Executed', 'Expired']) }),
])

/** JSON with integers as decimal strings; equal duties give equal text when built field by field in the same order. */
export function encodeDuty(value: Duty): string {
	return JSON.stringify(value, (_, field: unknown) => (typeof field === 'bigint' ? field.toString() : field))
}

/** @throws ZodError when the text is not what `encodeDuty` wrote */
export function decodeDuty(text: string): Duty {
	return duty.parse(JSON.parse(text))
}
