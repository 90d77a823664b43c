import type { ApiPromise } from '@polkadot/api'
import type { Vec } from '@polkadot/types'
import type { EventRecord, Extrinsic } from '@polkadot/types/interfaces'
import { readHeader } from '@stkr/node/src/block/header.ts'
import type { Hash, Header } from '@stkr/node/src/chain.ts'
import { fromHex, toHex } from '@stkr/node/src/crypto/hex.ts'
import { verify } from '@stkr/node/src/crypto/signature.ts'
import { precommitPayload } from '@stkr/node/src/finality/justification.ts'
import { concatBytes, encodeU32, encodeU64, ScaleReader } from '@stkr/node/src/scale/codec.ts'
import type { Head } from './rpc.ts'

export type OffenceKind = 'AuraEquivocation' | 'GrandpaEquivocation'

/** An `Offence` event, and the extrinsic that brought the evidence. */
export interface Report {
	block: Head
	kind: OffenceKind
	/** Account of the validator. */
	offender: Hash
	session: number
	/** Slot of an Aura equivocation, round of a GRANDPA one. */
	at: number
	extrinsic: Extrinsic
}

/** The reports that a block took, in their order. */
export const reportsIn = async (api: ApiPromise, block: Head): Promise<Report[]> => {
	const { query } = await api.at(block.hash)
	const events = ((await query.system.events()) as Vec<EventRecord>).filter(
		({ event }) => `${event.section}.${event.method}` === 'offences.Offence',
	)
	if (events.length === 0) return []
	const { extrinsics } = (await api.rpc.chain.getBlock(block.hash)).block
	return events.map(({ phase, event }) => {
		const [kind, offender, session, at] = event.data
		return {
			block,
			kind: kind.toString() as OffenceKind,
			offender: offender.toHex(),
			session: Number(session),
			at: Number(at),
			extrinsic: extrinsics[phase.asApplyExtrinsic.toNumber()],
		}
	})
}

/** What a report of blocks brings (sp_consensus_slots::EquivocationProof). */
export interface BlockEvidence {
	/** Aura key. */
	offender: Uint8Array
	slot: number
	headers: [Header, Header]
}

export const blocksOf = (evidence: Uint8Array): BlockEvidence => {
	const reader = new ScaleReader(evidence)
	return { offender: reader.take(32), slot: Number(reader.u64()), headers: [readHeader(reader), readHeader(reader)] }
}

interface Vote extends Head {
	signature: Uint8Array
}

/** What a report of votes brings (sp_consensus_grandpa::EquivocationProof). */
export interface VoteEvidence {
	setId: bigint
	kind: 'prevote' | 'precommit'
	round: bigint
	/** GRANDPA key. */
	offender: Uint8Array
	votes: Vote[]
}

/** As votes are signed and evidence is encoded. */
const KINDS = ['prevote', 'precommit'] as const

export const votesOf = (evidence: Uint8Array): VoteEvidence => {
	const reader = new ScaleReader(evidence)
	const vote = (): Vote => ({ hash: toHex(reader.take(32)), number: reader.u32(), signature: reader.take(64) })
	return { setId: reader.u64(), kind: KINDS[reader.u8()], round: reader.u64(), offender: reader.take(32), votes: [vote(), vote()] }
}

export const encodeVotes = ({ setId, kind, round, offender, votes }: VoteEvidence): Uint8Array =>
	concatBytes(
		...[encodeU64(setId), Uint8Array.of(KINDS.indexOf(kind)), encodeU64(round), offender],
		...votes.map(({ hash, number, signature }) => concatBytes(fromHex(hash), encodeU32(number), signature)),
	)

/** What a voter signs. */
export const votePayload = (target: Head, { kind, round, setId }: Omit<VoteEvidence, 'offender' | 'votes'>): Uint8Array => {
	const payload = precommitPayload(target, round, setId)
	payload[0] = KINDS.indexOf(kind)
	return payload
}

/** Whether the offender signed each of the votes. */
export const areSigned = (evidence: VoteEvidence): boolean =>
	evidence.votes.every((vote) => verify('ed25519', vote.signature, votePayload(vote, evidence), evidence.offender))
