import { equalBytes } from '../../frame/bytes.ts'
import type { Header } from '../../frame/executive.ts'
import { host } from '../../frame/host.ts'
import {
	boundedBytes,
	compactU32,
	enumeration,
	fixedBytes,
	h256,
	struct,
	tuple,
	u32,
	u64,
	unit,
	type Value,
	vec,
	writer,
} from '../../frame/scale/index.ts'
import { AURA_ENGINE, auraId } from '../aura/index.ts'
import { grandpaId } from '../grandpa/index.ts'

/** More than a block of this chain has: a claim, two changes of authorities, an upgrade, a seal. */
const MAX_LOGS = 8
/** The longest one, a change of 100 voters, has 4,007 bytes. */
const MAX_LOG_BYTES = 4096

const logBytes = boundedBytes(MAX_LOG_BYTES)
const engineLog = tuple(fixedBytes(4), logBytes)
const log = enumeration(
	'sp_runtime::generic::digest::DigestItem',
	{ PreRuntime: engineLog, Consensus: engineLog, Seal: engineLog, Other: logBytes, RuntimeEnvironmentUpdated: unit },
	[6, 4, 5, 0, 8],
)
/** A header as evidence, on the wire as any other. Its digest is bounded: a report weighs the same whatever it brings. */
const header = struct('sp_runtime::generic::header::Header', {
	parentHash: h256,
	number: compactU32,
	stateRoot: h256,
	extrinsicsRoot: h256,
	digest: struct('sp_runtime::generic::digest::Digest', { logs: vec(log, MAX_LOGS) }),
})

/** Two blocks of one Aura authority in one slot, with their seals (sp_consensus_slots::EquivocationProof). */
export const auraEquivocation = struct('sp_consensus_slots::EquivocationProof', {
	offender: auraId,
	slot: u64,
	firstHeader: header,
	secondHeader: header,
})
export type AuraEquivocation = Value<typeof auraEquivocation>

const signature = fixedBytes(64, 'sp_consensus_grandpa::app::Signature')
/** Prevotes and precommits look the same. */
const signedVote = tuple(struct('finality_grandpa::Vote', { targetHash: h256, targetNumber: u32 }), signature)
const twoVotes = struct('finality_grandpa::Equivocation', {
	roundNumber: u64,
	identity: grandpaId,
	first: signedVote,
	second: signedVote,
})

/** Two votes of one GRANDPA voter in one round (sp_consensus_grandpa::EquivocationProof). */
export const grandpaEquivocation = struct('sp_consensus_grandpa::EquivocationProof', {
	setId: u64,
	equivocation: enumeration('sp_consensus_grandpa::Equivocation', {
		Prevote: twoVotes,
		Precommit: twoVotes,
	}),
})
export type GrandpaEquivocation = Value<typeof grandpaEquivocation>

const claimsSlot = ({ digest }: Header, slot: bigint): boolean => {
	for (const item of digest.logs)
		if (item.type === 'PreRuntime' && equalBytes(item.value[0], AURA_ENGINE))
			return item.value[1].length === 8 && u64.decode(item.value[1]) === slot
	return false
}

/** What the seal of a header signs, or undefined unless `offender` sealed it: the hash of the header without its seal. */
const sealedHash = (given: Header, offender: Uint8Array): Uint8Array | undefined => {
	const logs = [...given.digest.logs]
	const seal = logs.pop()
	if (seal?.type !== 'Seal' || !equalBytes(seal.value[0], AURA_ENGINE)) return undefined
	const hash = host.blake2_256(header.encode({ ...given, digest: { logs } }))
	return host.sr25519Verify(seal.value[1], hash, offender) ? hash : undefined
}

/** Whether the offender sealed two different blocks of the slot. Two seals under one block are none: sr25519 signatures differ each time. */
export const isAuraEquivocation = ({ offender, slot, firstHeader, secondHeader }: AuraEquivocation): boolean => {
	if (!claimsSlot(firstHeader, slot) || !claimsSlot(secondHeader, slot)) return false
	const first = sealedHash(firstHeader, offender)
	if (!first) return false
	const second = sealedHash(secondHeader, offender)
	return second !== undefined && !equalBytes(first, second)
}

/** Whether the voter signed votes for two different blocks in the round of the set. */
export const isGrandpaEquivocation = ({ setId, equivocation }: GrandpaEquivocation): boolean => {
	const { roundNumber, identity, first, second } = equivocation.value
	if (equalBytes(first[0].targetHash, second[0].targetHash) && first[0].targetNumber === second[0].targetNumber) return false
	// What a voter signs: the message (its kind, then the vote), the round, the set.
	const voted = ([{ targetHash, targetNumber }, signature]: typeof first): boolean => {
		const mark = writer.at
		writer.u8(equivocation.type === 'Prevote' ? 0 : 1)
		writer.raw(targetHash)
		writer.u32(targetNumber)
		u64.write(writer, roundNumber)
		u64.write(writer, setId)
		return host.ed25519Verify(signature, writer.take(mark), identity)
	}
	return voted(first) && voted(second)
}
