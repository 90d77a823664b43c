import { blake2b } from '@noble/hashes/blake2.js'
import type { KeyringPair } from '@polkadot/keyring/types'
import { type Header, header } from '../../../frame/executive.ts'
import { u64 } from '../../../frame/scale/index.ts'
import type { DigestItem } from '../../../frame/system/digest.ts'
import { AURA_ENGINE } from '../../aura/index.ts'
import type { AuraEquivocation, GrandpaEquivocation } from '../equivocation.ts'

export const slotClaim = (slot: bigint): DigestItem => ({ type: 'PreRuntime', value: [AURA_ENGINE, u64.encode(slot)] })

/** A header of `logs` without a seal; another `mark`, another block. */
export const unsealedHeader = (mark: number, logs: DigestItem[]): Header => ({
	parentHash: new Uint8Array(32).fill(0xaa),
	number: 7,
	stateRoot: new Uint8Array(32).fill(mark),
	extrinsicsRoot: new Uint8Array(32).fill(0xbb),
	digest: { logs },
})

/** Puts the seal of `by` on a header, as its author does: over the BLAKE2b-256 of all before it. */
export const seal = (given: Header, by: KeyringPair): Header => {
	const signature = by.sign(blake2b(header.encode(given), { dkLen: 32 }))
	return { ...given, digest: { logs: [...given.digest.logs, { type: 'Seal', value: [AURA_ENGINE, signature] }] } }
}

export const sealedHeader = (slot: bigint, mark: number, by: KeyringPair): Header => seal(unsealedHeader(mark, [slotClaim(slot)]), by)

/** Two blocks that `by` sealed in `slot`. */
export const auraEquivocationOf = (by: KeyringPair, slot: bigint): AuraEquivocation => ({
	offender: by.publicKey,
	slot,
	firstHeader: sealedHeader(slot, 1, by),
	secondHeader: sealedHeader(slot, 2, by),
})

/** Which votes an equivocation is made of. */
export interface Votes {
	type: 'Prevote' | 'Precommit'
	round: bigint
	setId: bigint
}
type SignedVote = GrandpaEquivocation['equivocation']['value']['first']

/** A vote for the block with hash `mark`, `mark`, … at `number`, signed as finality_grandpa does: kind, vote, round, set. */
export const signedVote = (by: KeyringPair, { type, round, setId }: Votes, mark: number, number = 9): SignedVote => {
	const message = Buffer.alloc(1 + 32 + 4 + 8 + 8)
	message.writeUInt8(type === 'Prevote' ? 0 : 1)
	message.fill(mark, 1, 33)
	message.writeUInt32LE(number, 33)
	message.writeBigUInt64LE(round, 37)
	message.writeBigUInt64LE(setId, 45)
	return [{ targetHash: new Uint8Array(32).fill(mark), targetNumber: number }, by.sign(message)]
}

/** Two votes of `by` in one round of one set. */
export const grandpaEquivocationOf = (
	by: KeyringPair,
	votes: Votes,
	first = signedVote(by, votes, 1),
	second = signedVote(by, votes, 2),
): GrandpaEquivocation => ({
	setId: votes.setId,
	equivocation: { type: votes.type, value: { roundNumber: votes.round, identity: by.publicKey, first, second } },
})
