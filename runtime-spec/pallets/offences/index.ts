import { block } from '../../frame/block.ts'
import { equalBytes } from '../../frame/bytes.ts'
import { type AccountId, type CallDefinition, call, type Origin } from '../../frame/call.ts'
import { badOrigin, errors, invalidTransaction } from '../../frame/errors.ts'
import { events } from '../../frame/events.ts'
import { unsignedExtrinsic } from '../../frame/executive.ts'
import { host } from '../../frame/host.ts'
import { pallet, type TransactionSource, type UnsignedValidity } from '../../frame/pallet.ts'
import { accountId, enumeration, option, struct, tuple, u32, u64, unit, type Value } from '../../frame/scale/index.ts'
import { doubleMap, twox64Concat } from '../../frame/storage.ts'
import type { PostInfo } from '../../frame/weight.ts'
import { slotStorage } from '../aura/slots.ts'
import { isInSession, type MembershipProof, membershipProof, provenSession } from '../session/index.ts'
import {
	type AuraEquivocation,
	auraEquivocation,
	type GrandpaEquivocation,
	grandpaEquivocation,
	isAuraEquivocation,
	isGrandpaEquivocation,
} from './equivocation.ts'
import { weights } from './weights.ts'

const kind = enumeration('pallet_offences::OffenceKind', { AuraEquivocation: unit, GrandpaEquivocation: unit })
type Kind = Value<typeof kind>

/** An offence as it is kept. `at` is the slot of an Aura equivocation, the round of a GRANDPA one. */
const offence = struct('pallet_offences::Offence', {
	session: u32,
	at: u64,
	reporter: option(accountId),
	reportedAt: u32,
})

export const storage = {
	/**
	 * Offences by account, then by kind and stretch: one of a kind is kept for each stretch, which is the session of an Aura
	 * equivocation and the voter set of a GRANDPA one. So nobody fills the state with proofs against a key of their own.
	 */
	offences: doubleMap([twox64Concat, twox64Concat], [accountId, tuple(kind, u64)], offence),
}

export const event = events({
	/** `offender` is proven to have offended in a session, in a slot (Aura) or a round (GRANDPA). */
	Offence: { kind, offender: accountId, session: u32, at: u64 },
})

export const error = errors([
	/** The membership proof is false, too old, or does not show the offender in the session of the offence. */
	'InvalidKeyOwnershipProof',
	/** The evidence does not prove an equivocation. */
	'InvalidEquivocationProof',
	/** An offence of this kind is known of the account in this session or voter set. */
	'DuplicateOffenceReport',
])

/** A proven offence, before it is recorded. */
interface Proven {
	kind: Kind
	offender: AccountId
	stretch: bigint
	session: number
	at: bigint
}

const known = ({ offender, kind, stretch }: Proven): boolean => storage.offences.exists(offender, [kind, stretch])

/** Who it was, by proofs that hold. Throws `InvalidKeyOwnershipProof`, `InvalidEquivocationProof`. */
const proveAura = (proof: AuraEquivocation, membership: MembershipProof): Proven => {
	const { session } = membership
	const member = membership.validators.find(({ keys }) => equalBytes(keys.aura, proof.offender))
	const known = member && provenSession(membership)
	// A slot that is still to come could be reported again in the session it will fall into.
	const hasCome = proof.slot <= slotStorage.currentSlot.get()
	if (!known || !hasCome || !isInSession(proof.slot, session, known.firstSlot)) throw error.InvalidKeyOwnershipProof()
	if (!isAuraEquivocation(proof)) throw error.InvalidEquivocationProof()
	return { kind: { type: 'AuraEquivocation' }, offender: member.account, stretch: BigInt(session), session, at: proof.slot }
}

/** As `proveAura`. */
const proveGrandpa = (proof: GrandpaEquivocation, membership: MembershipProof): Proven => {
	const { session } = membership
	const { identity, roundNumber } = proof.equivocation.value
	const member = membership.validators.find(({ keys }) => equalBytes(keys.grandpa, identity))
	const known = member && provenSession(membership)
	if (!known || known.grandpaSetId !== proof.setId) throw error.InvalidKeyOwnershipProof()
	if (!isGrandpaEquivocation(proof)) throw error.InvalidEquivocationProof()
	return { kind: { type: 'GrandpaEquivocation' }, offender: member.account, stretch: proof.setId, session, at: roundNumber }
}

/** Records an offence. Whoever reports one that holds pays no fee. */
const record = (origin: Origin, proven: Proven): PostInfo => {
	if (known(proven)) throw error.DuplicateOffenceReport()
	const { kind, offender, stretch, session, at } = proven
	const reporter = origin.type === 'Signed' ? origin.who : undefined
	storage.offences.put(offender, [kind, stretch], { session, at, reporter, reportedAt: block.number })
	event.Offence({ kind, offender, session, at })
	return { paysFee: false }
}

/** A report is anyone's: signed, or unsigned by the node that makes the block. */
const ensureReporter = (origin: Origin): void => {
	if (origin.type === 'Root') throw badOrigin()
}

const reportAura = call(
	0,
	{ proof: auraEquivocation, membership: membershipProof },
	weights.reportAuraEquivocation,
	(origin, { proof, membership }) => {
		ensureReporter(origin)
		return record(origin, proveAura(proof, membership))
	},
	{ class: 'Operational' },
)

const reportGrandpa = call(
	1,
	{ proof: grandpaEquivocation, membership: membershipProof },
	weights.reportGrandpaEquivocation,
	(origin, { proof, membership }) => {
		ensureReporter(origin)
		return record(origin, proveGrandpa(proof, membership))
	},
	{ class: 'Operational' },
)

/** Blocks an unsigned report may wait for: long past any stall of block production. */
const LONGEVITY = 1000n
const MAX_PRIORITY = 0xffff_ffff_ffff_ffffn

/** Unsigned reports come from the node's own detection alone: who reports from outside signs, and pays when the proof is false. */
const validateReport = (definition: CallDefinition, args: object, source: TransactionSource): UnsignedValidity => {
	if (source === 'External') throw invalidTransaction.call()
	let proven: Proven
	try {
		const { proof, membership } = args as { proof: unknown; membership: MembershipProof }
		proven =
			definition === reportAura ? proveAura(proof as AuraEquivocation, membership) : proveGrandpa(proof as GrandpaEquivocation, membership)
	} catch {
		throw invalidTransaction.badProof()
	}
	if (known(proven)) throw invalidTransaction.stale()
	const { offender, kind: what, stretch } = proven
	return { priority: MAX_PRIORITY, provides: [tag.encode([offender, what, stretch])], longevity: LONGEVITY, propagate: false }
}
const tag = tuple(accountId, kind, u64)

/** Offences of validators, proven and recorded (pallet_offences, CNS-6); punishment comes with the elections. */
export const offences = pallet('Offences', {
	storage,
	events: event,
	errors: error,
	calls: {
		/**
		 * Reports two blocks one Aura key sealed in one slot. Signed by anyone, at no fee when it holds, or unsigned by the node that
		 * makes the block. Emits `Offence`.
		 */
		reportAuraEquivocation: reportAura,
		/** Reports two votes of one GRANDPA key in one round, as `reportAuraEquivocation` does blocks. Emits `Offence`. */
		reportGrandpaEquivocation: reportGrandpa,
	},
	validateUnsigned: validateReport,
})

/** Puts an unsigned report into this node's pool; false when there is none or the opaque membership proof is no such proof. */
const submit = (definition: CallDefinition, proof: unknown, opaqueMembership: Uint8Array): boolean => {
	let membership: MembershipProof
	try {
		membership = membershipProof.decode(opaqueMembership)
	} catch {
		return false
	}
	return host.submitTransaction(unsignedExtrinsic({ pallet: offences.index, definition, args: { proof, membership } }))
}

export const submitAuraReport = (proof: AuraEquivocation, membership: Uint8Array): boolean => submit(reportAura, proof, membership)
export const submitGrandpaReport = (proof: GrandpaEquivocation, membership: Uint8Array): boolean => submit(reportGrandpa, proof, membership)
