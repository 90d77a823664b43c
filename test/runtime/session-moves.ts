import { equalBytes } from '@stkr/runtime-spec/frame/bytes.ts'
import type { Call } from '@stkr/runtime-spec/frame/call.ts'
import { storage as aura } from '@stkr/runtime-spec/pallets/aura/index.ts'
import { storage as grandpa } from '@stkr/runtime-spec/pallets/grandpa/index.ts'
import type { AuraEquivocation, GrandpaEquivocation } from '@stkr/runtime-spec/pallets/offences/equivocation.ts'
import { offences } from '@stkr/runtime-spec/pallets/offences/index.ts'
import {
	auraEquivocationOf,
	grandpaEquivocationOf,
	sealedHeader,
	signedVote,
	type Votes,
} from '@stkr/runtime-spec/pallets/offences/testing/equivocations.ts'
import { type MembershipProof, prove, session, storage } from '@stkr/runtime-spec/pallets/session/index.ts'
import { keysOf, pairsOf, proofFor, type SessionPairs } from '@stkr/runtime-spec/pallets/session/testing/session-keys.ts'
import { sudo } from '@stkr/runtime-spec/pallets/sudo/index.ts'
import { DEV_KEYS, type DevName } from '@stkr/runtime-spec/runtime/presets.ts'
import { callOf } from './calls.ts'
import { KNOWN, type Move, type ReadState } from './moves.ts'
import type { Random } from './random.ts'

const NAMES = Object.keys(DEV_KEYS) as DevName[]
const ALL = 0xffff_ffff
/** Fewer than accounts, so that they meet over keys; the first are Alice's, who validates from genesis on. */
const PAIRS: readonly SessionPairs[] = ['//Alice', ...Array.from({ length: 6 }, (_, i) => `//fuzz//${i}`)].map(pairsOf)
/** Blocks of a session at most: many end in a short run. */
const LONGEST = 5
const SESSIONS_REMEMBERED = 6

/** What a report on a session takes. */
interface Seen {
	membership: MembershipProof
	slot: bigint
	setId: bigint
}

/**
 * Makes moves about who validates: keys with good and bad proofs, given up keys, plans and periods by root, and reports of offences,
 * most of them false. For chains whose blocks anyone may author.
 */
export class SessionMoves {
	private readonly random: Random
	private readonly read: ReadState
	private readonly seen: Seen[] = []

	constructor(random: Random, read: ReadState) {
		this.random = random
		this.read = read
	}

	next(): Move {
		const { random } = this
		this.see()
		const by = random.pick(NAMES)
		switch (random.below(8)) {
			case 0:
			case 1:
				return this.setKeys(by)
			case 2:
				return { by, call: callOf(session, 'purgeKeys') }
			case 3:
			case 4:
				return { by: random.oneIn(12) ? by : 'Alice', call: callOf(sudo, 'sudo', { call: this.rootCall() }) }
			case 5:
				return { by, call: this.blocks() }
			case 6:
				return { by, call: this.votes() }
			default:
				return { by, call: random.oneIn(2) ? this.rootCall() : this.blocks() }
		}
	}

	/** Keeps what the present session is proven with, for reports when it is over. */
	private see(): void {
		const { seen } = this
		const present = this.read(() => ({
			membership: prove(() => true),
			slot: aura.currentSlot.get(),
			setId: grandpa.currentSetId.get(),
		}))
		if (!present.membership || present.membership.session === seen.at(-1)?.membership.session) return
		seen.push({ ...present, membership: present.membership })
		if (seen.length > SESSIONS_REMEMBERED) seen.shift()
	}

	private setKeys(by: DevName): Move {
		const { random } = this
		const pairs = random.pick(PAIRS)
		const owner = KNOWN.accounts[NAMES.indexOf(random.oneIn(8) ? random.pick(NAMES) : by)]
		let proof = proofFor(owner, pairs)
		if (random.oneIn(12)) proof[random.below(proof.length)] ^= 1 << random.below(8)
		if (random.oneIn(20)) proof = proof.slice(random.below(70))
		const keys = random.oneIn(12) ? { ...keysOf(pairs), grandpa: random.pick(PAIRS).grandpa.publicKey } : keysOf(pairs)
		return { by, call: callOf(session, 'setKeys', { keys, proof }) }
	}

	/** A call that root alone may make. */
	private rootCall(): Call {
		const { random } = this
		if (random.oneIn(4)) return callOf(session, 'setPeriod', { blocks: random.oneIn(6) ? 0xffff_ffff : random.below(LONGEST + 1) })
		const registered = this.read(() => storage.nextKeys.entries(ALL)).map(([who]) => who)
		const candidates = registered.length > 0 && !random.oneIn(5) ? registered : KNOWN.accounts
		const validators = candidates.filter(() => !random.oneIn(3)).sort(() => random.below(3) - 1)
		if (random.oneIn(12)) validators.push(random.pick(candidates))
		return callOf(session, 'setValidators', { validators })
	}

	/** A session to report on, and the keys of one who is in it, or of somebody else. */
	private accused(): Seen & { pairs: SessionPairs } {
		const { random } = this
		const seen = random.pick(this.seen)
		const inside = PAIRS.filter(({ aura: pair }) => seen.membership.validators.some(({ keys }) => equalBytes(keys.aura, pair.publicKey)))
		const pairs = inside.length > 0 && !random.oneIn(10) ? random.pick(inside) : random.pick(PAIRS)
		return { ...seen, pairs, membership: random.oneIn(8) ? this.forged(seen.membership) : seen.membership }
	}

	private forged({ session: index, validators }: MembershipProof): MembershipProof {
		const { random } = this
		if (random.oneIn(3)) return { session: index + 1, validators }
		if (random.oneIn(2)) return { session: index, validators: validators.slice(1) }
		const at = random.below(validators.length)
		return {
			session: index,
			validators: validators.map((each, i) => (i === at ? { ...each, account: random.pick(KNOWN.accounts) } : each)),
		}
	}

	private blocks(): Call {
		const { random } = this
		const { pairs, slot, membership } = this.accused()
		const at = random.oneIn(8) ? slot - 1n : slot
		let proof: AuraEquivocation = auraEquivocationOf(pairs.aura, at)
		switch (random.below(8)) {
			case 0:
				proof = { ...proof, secondHeader: proof.firstHeader }
				break
			case 1:
				proof = { ...proof, slot: at + 1n }
				break
			case 2:
				proof = { ...proof, secondHeader: sealedHeader(at, 2, random.pick(PAIRS).aura) }
				break
			case 3:
				proof = { ...proof, firstHeader: { ...proof.firstHeader, number: random.below(1 << 20) } }
		}
		return callOf(offences, 'reportAuraEquivocation', { proof, membership })
	}

	private votes(): Call {
		const { random } = this
		const { pairs, setId, membership } = this.accused()
		const votes: Votes = { type: random.oneIn(2) ? 'Prevote' : 'Precommit', round: BigInt(random.below(9)), setId }
		let proof: GrandpaEquivocation = grandpaEquivocationOf(pairs.grandpa, votes)
		switch (random.below(8)) {
			case 0:
				proof = grandpaEquivocationOf(pairs.grandpa, votes, signedVote(pairs.grandpa, votes, 1), signedVote(pairs.grandpa, votes, 1))
				break
			case 1:
				proof = { ...proof, setId: setId + 1n }
				break
			case 2:
				proof = grandpaEquivocationOf(pairs.grandpa, { ...votes, round: votes.round + 1n }, signedVote(pairs.grandpa, votes, 1))
				break
			case 3:
				proof = grandpaEquivocationOf(pairs.grandpa, votes, signedVote(random.pick(PAIRS).grandpa, votes, 3))
		}
		return callOf(offences, 'reportGrandpaEquivocation', { proof, membership })
	}
}
