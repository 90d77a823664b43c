import { encodeHeader, hashHeader, readHeader } from '../block/header.ts'
import type { Hash, Header } from '../chain.ts'
import { fromHex, toHex } from '../crypto/hex.ts'
import { verify } from '../crypto/signature.ts'
import { concatBytes, encodeU32, encodeU64, encodeVec, ScaleReader } from '../scale/codec.ts'

export const GRANDPA_ENGINE = 'FRNK'

/** The voters of one authority set: ed25519 key and weight. */
export interface VoterSet {
	setId: bigint
	voters: { key: Uint8Array; weight: bigint }[]
}

interface Target {
	hash: Hash
	number: number
}

interface SignedPrecommit extends Target {
	signature: Uint8Array
	key: Uint8Array
}

/** `GrandpaJustification`: a commit and the headers that lead from its target to voters' later targets. */
export interface GrandpaJustification extends Target {
	round: bigint
	precommits: SignedPrecommit[]
	ancestries: Header[]
}

export class JustificationError extends Error {
	override name = 'JustificationError'
}

const PRECOMMIT = 1

/** What a voter signs: `(Message::Precommit, round, set id)`. */
export const precommitPayload = (target: Target, round: bigint, setId: bigint): Uint8Array =>
	concatBytes(Uint8Array.of(PRECOMMIT), fromHex(target.hash), encodeU32(target.number), encodeU64(round), encodeU64(setId))

export const encodeJustification = (proof: GrandpaJustification): Uint8Array =>
	concatBytes(
		encodeU64(proof.round),
		fromHex(proof.hash),
		encodeU32(proof.number),
		encodeVec(proof.precommits.map((vote) => concatBytes(fromHex(vote.hash), encodeU32(vote.number), vote.signature, vote.key))),
		encodeVec(proof.ancestries.map(encodeHeader)),
	)

export const decodeJustification = (bytes: Uint8Array): GrandpaJustification => {
	const reader = new ScaleReader(bytes)
	const round = reader.u64()
	const target = () => ({ hash: toHex(reader.take(32)), number: reader.u32() })
	return {
		round,
		...target(),
		precommits: reader.vec(() => ({ ...target(), signature: reader.take(64), key: reader.take(32) })),
		ancestries: reader.vec(() => readHeader(reader)),
	}
}

/** The weight that finalises: more than two thirds of all. */
export const threshold = ({ voters }: VoterSet): bigint => {
	const total = voters.reduce((sum, { weight }) => sum + weight, 0n)
	return total - (total - 1n) / 3n
}

/** Votes of one voter in one round: one, or two that contradict each other. */
const MOST_VOTES = 2

/**
 * Checks that voters of `set` with more than two thirds of its weight precommitted to `target` or to descendants of it, as
 * polkadot-sdk does. Every vote must be signed and lead down to the lowest of them by the ancestries. Who voted for two
 * different blocks counts as a vote for any, and a key that is not in the set counts nothing. Throws `JustificationError`.
 */
export const verifyJustification = (proof: GrandpaJustification, target: Target, set: VoterSet): void => {
	if (proof.hash !== target.hash || proof.number !== target.number)
		throw new JustificationError(`the justification is for block ${proof.number} ${proof.hash}, not for ${target.number} ${target.hash}`)
	const base = proof.precommits.reduce((lowest: Target, vote) => (vote.number < lowest.number ? vote : lowest), target)
	const parents = new Map(proof.ancestries.map((header) => [hashHeader(encodeHeader(header)), header]))
	const used = new Set<Hash>()
	/** Whether `vote` is for the target or a descendant of it. */
	const isForTarget = (vote: SignedPrecommit): boolean => {
		let passes = vote.hash === target.hash
		for (let hash = vote.hash; hash !== base.hash; passes ||= hash === target.hash) {
			const header = parents.get(hash)
			if (!header || header.number <= base.number)
				throw new JustificationError(
					`block ${vote.number} ${vote.hash} of ${toHex(vote.key)}'s vote is not shown to descend from ${base.number} ${base.hash}`,
				)
			used.add(hash)
			hash = header.parentHash
		}
		return passes
	}
	const votes = new Map<Hash, { blocks: Set<Hash>; counts: boolean }>()
	for (const vote of proof.precommits) {
		const key = toHex(vote.key)
		if (!verify('ed25519', vote.signature, precommitPayload(vote, proof.round, set.setId), vote.key))
			throw new JustificationError(
				`the signature of ${key} on block ${vote.number} ${vote.hash} is wrong (round ${proof.round}, set ${set.setId})`,
			)
		const cast = votes.get(key) ?? { blocks: new Set(), counts: false }
		votes.set(key, cast)
		cast.blocks.add(vote.hash)
		if (cast.blocks.size > MOST_VOTES) throw new JustificationError(`${key} votes for more than ${MOST_VOTES} blocks`)
		cast.counts = isForTarget(vote) || cast.counts || cast.blocks.size === MOST_VOTES
	}
	if (used.size !== parents.size) throw new JustificationError('the justification holds headers that no vote needs')
	const weight = set.voters.reduce((sum, voter) => (votes.get(toHex(voter.key))?.counts ? sum + voter.weight : sum), 0n)
	const needed = threshold(set)
	if (weight < needed)
		throw new JustificationError(`votes of weight ${weight} are fewer than the ${needed} that finalise in set ${set.setId}`)
}
