import { equalBytes } from '../../frame/bytes.ts'
import type { AccountId } from '../../frame/call.ts'
import type { GenesisReader } from '../../frame/genesis.ts'
import { accountId, h160, h256, struct, u32, u64, type Value, vec } from '../../frame/scale/index.ts'

/** Most witnesses of a set: bounds the ballots of a lock, and the gas of checking an order on Ethereum (about 6,000 a signature). */
export const MAX_WITNESSES = 64

const witness = struct('pallet_escrow::Witness', { account: accountId, ethereum: h160, weight: u32 })
export type Witness = Value<typeof witness>

/** Who attests what happened on Ethereum and signs orders for it; `threshold` signatures are what the contract asks for. */
export const witnessSet = struct('pallet_escrow::WitnessSet', { id: u64, threshold: u32, witnesses: vec(witness, MAX_WITNESSES) })
export type WitnessSet = Value<typeof witnessSet>

export const noWitnesses = (): WitnessSet => ({ id: 0n, threshold: 0, witnesses: [] })

export const findWitness = (set: WitnessSet, who: AccountId): Witness | undefined =>
	set.witnesses.find(({ account }) => equalBytes(account, who))

/** One witness's vote: `content` is the hash of all it says, so that whoever lies votes on a ballot of its own. */
const vote = struct('pallet_escrow::Vote', { witness: accountId, weight: u32, content: h256 })
export const votes = vec(vote, MAX_WITNESSES)
export type Votes = Value<typeof votes>

export const findVote = (cast: Votes, who: AccountId): Uint8Array | undefined =>
	cast.find((entry) => equalBytes(entry.witness, who))?.content

/** Whether more than two thirds of the set's weight voted for `content`. */
export const isCarried = (set: WitnessSet, cast: Votes, content: Uint8Array): boolean => {
	let total = 0
	for (const { weight } of set.witnesses) total += weight
	let inFavour = 0
	for (const vote of cast) if (equalBytes(vote.content, content)) inFavour += vote.weight
	return inFavour * 3 > total * 2
}

const WITNESS_FIELDS = ['account', 'ethereum', 'weight']

/** Reads a witness set from genesis and holds it to what the contract asks of its constructor's arguments. */
export const readWitnessSet = (id: GenesisReader, threshold: GenesisReader, list: GenesisReader): WitnessSet => {
	const witnesses: Witness[] = []
	for (const entry of list.items()) {
		const account = entry.field('account', WITNESS_FIELDS).bytes(32)
		const ethereum = entry.field('ethereum', WITNESS_FIELDS).bytes(20)
		const weight = entry.field('weight', WITNESS_FIELDS).number()
		if (weight === 0) entry.refuse('the weight of a witness must be above 0')
		if (ethereum.every((byte) => byte === 0)) entry.refuse('the zero address is no witness')
		if (witnesses.some((other) => equalBytes(other.account, account))) entry.refuse('this account is a witness already')
		if (witnesses.some((other) => equalBytes(other.ethereum, ethereum))) entry.refuse('this Ethereum address is a witness already')
		witnesses.push({ account, ethereum, weight })
	}
	const count = witnesses.length
	if (count > MAX_WITNESSES) list.refuse(`${count} witnesses where at most ${MAX_WITNESSES} fit`)
	const needed = threshold.number()
	if (needed * 3 <= count * 2 || needed > count)
		threshold.refuse(`${needed} of ${count} signatures: must be more than two thirds, at most all`)
	return { id: id.integer(0xffff_ffff_ffff_ffffn, 'a witness set id'), threshold: needed, witnesses }
}
