/** The escrow pallet's storage as this relayer understands it: a runtime that stores something else is refused, never guessed at. */
import { hexToU8a, isHex, u8aToHex } from '@polkadot/util'
import { decodeAddress } from '@polkadot/util-crypto'
import type { Address, Hex } from 'viem'
import { z } from 'zod'
import type { OpenOrder } from './edges.ts'

/** polkadot.js gives small integers as numbers, large ones as big-endian hexadecimal. */
const integer = z.union([z.number().int().nonnegative(), z.string()]).transform((value) => BigInt(value))
const bytes = (length: number) => z.custom<Hex>((value) => isHex(value, 8 * length), `expected ${length} bytes in hexadecimal`)
const account = z.string().transform((value): Hex => u8aToHex(isHex(value) ? hexToU8a(value) : decodeAddress(value)))

const order = z.object({
	amountWei: integer,
	expirySeconds: integer,
	witnessSetId: integer,
	kind: z.union([
		z.strictObject({ release: z.object({ asset: bytes(20), recipient: bytes(20) }) }),
		z.strictObject({ stake: z.object({ pubkey: bytes(48), signature: bytes(96), depositDataRoot: bytes(32) }) }),
	]),
	signatures: z.array(z.object({ signer: bytes(20), signature: bytes(65) })),
})
export type ChainOrder = z.infer<typeof order>

/** Undefined where the chain has none. */
export const parseOrder = (json: unknown): ChainOrder | undefined => order.nullish().parse(json) ?? undefined

const mintedLock = z.object({ recipient: account, amountWei: integer })
/** Undefined where the chain has none. */
export const parseMintedLock = (json: unknown) => mintedLock.nullish().parse(json) ?? undefined

const votes = z.array(z.object({ witness: account })).nullish()
/** Public keys of those who voted. */
export const parseVoters = (json: unknown): Hex[] => (votes.parse(json) ?? []).map(({ witness }) => witness)

const bridge = z.object({
	chainId: integer,
	contract: bytes(20).nullable(),
	witnessSet: z.object({
		id: integer,
		threshold: z.number(),
		witnesses: z.array(z.object({ account, ethereum: bytes(20), weight: z.number() })),
	}),
})
/** The Ethereum chain and contract of the escrow pallet, and its witnesses. */
export type StkrBridge = z.infer<typeof bridge>
export const parseBridge = (json: unknown): StkrBridge => bridge.parse(json)

const totals = z.object({ mintedWei: integer, releasedWei: integer, stakedWei: integer, inFlightWei: integer })
/** Proof of reserve: the supply of wrapped ETH is minted − released − staked − in flight, in wei. */
export type EscrowTotals = z.infer<typeof totals>
export const parseTotals = (json: unknown): EscrowTotals => totals.parse(json)

/** The order as the contract on Ethereum takes it. */
export function toOpenOrder(nonce: bigint, { amountWei, expirySeconds, witnessSetId, kind, signatures }: ChainOrder): OpenOrder {
	const tail = { amount: amountWei, expiry: expirySeconds, witnessSetId }
	const order: OpenOrder['order'] =
		'release' in kind
			? { primaryType: 'Release', message: { nonce, asset: kind.release.asset, recipient: kind.release.recipient, ...tail } }
			: {
					primaryType: 'Stake',
					message: {
						nonce,
						pubkey: kind.stake.pubkey,
						signature: kind.stake.signature,
						depositDataRoot: kind.stake.depositDataRoot,
						...tail,
					},
				}
	return { order, signatures: signatures.map(({ signer, signature }) => ({ signer: signer as Address, signature })) }
}
