/** Shapes of the public files that holders exchange. */
import type { Hex } from 'viem'
import { z } from 'zod'
import type { Deal, Party } from './dealing.ts'
import type { Group } from './shares.ts'

const hex = (bytes: number) =>
	z.custom<Hex>(
		(value) => typeof value === 'string' && new RegExp(`^0x[0-9a-f]{${2 * bytes}}$`).test(value),
		`expected 0x and ${bytes} bytes in lower-case hexadecimal`,
	)

const index = z.number().int().min(1).max(255)
const u64 = z
	.string()
	.refine((value) => /^\d{1,20}$/.test(value) && BigInt(value) < 2n ** 64n, 'expected a decimal number below 2^64')
	.transform(BigInt)

export const groupSchema: z.ZodType<Group> = z.object({ threshold: index, holders: index, commitments: z.array(hex(48)).min(1).max(255) })

export const partySchema: z.ZodType<Party> = z.object({ index, publicKey: hex(48) })

/** A value is a nonce of 12 bytes, 32 bytes and a tag of 16. */
export const dealSchema: z.ZodType<Deal> = z.object({
	session: hex(32),
	dealer: index,
	previous: z.object({ group: groupSchema, dealers: z.array(index) }).optional(),
	commitments: z.array(hex(48)).max(255),
	ephemeralKey: hex(48),
	values: z.array(hex(60)).max(255),
	possession: hex(96),
	signature: hex(96),
})

const exitMessage = z.object({
	kind: z.literal('exit'),
	epoch: u64,
	validatorIndex: u64,
	capellaForkVersion: hex(4),
	genesisValidatorsRoot: hex(32),
})

const depositMessage = z.object({
	kind: z.literal('deposit'),
	networkName: z.string(),
	genesisForkVersion: hex(4),
	withdrawalCredentials: hex(32),
	amountGwei: u64,
})

/** What a holder signed with its share. */
export const partialFileSchema = z.object({
	group: groupSchema,
	index,
	signed: z
		.array(z.object({ message: z.discriminatedUnion('kind', [exitMessage, depositMessage]), signature: hex(96) }))
		.min(1)
		.max(2),
})

export type PartialFile = z.output<typeof partialFileSchema>
export type SharedMessage = PartialFile['signed'][number]['message']
