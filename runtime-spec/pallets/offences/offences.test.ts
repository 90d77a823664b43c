import '../../frame/native/install.ts'
import { Keyring } from '@polkadot/keyring'
import { TypeRegistry } from '@polkadot/types'
import { beforeEach, describe, expect, test } from 'vitest'
import { concatBytes, toHex } from '../../frame/bytes.ts'
import { type AccountId, type CallDefinition, NONE, type Origin, ROOT, runtimeCall, signed } from '../../frame/call.ts'
import { type Header, header, unsignedExtrinsic, validTransaction } from '../../frame/executive.ts'
import { signExtrinsic } from '../../frame/native/sign.ts'
import { SUCCESS, TestBlocks } from '../../frame/native/test-blocks.ts'
import { account, TestChain } from '../../frame/native/test-chain.ts'
import type { TransactionSource } from '../../frame/pallet.ts'
import { Reader, u64, type Value } from '../../frame/scale/index.ts'
import type { DigestItem } from '../../frame/system/digest.ts'
import { system } from '../../frame/system/index.ts'
import { extensions } from '../../runtime/index.ts'
import { AURA_ENGINE, aura, storage as auraStorage } from '../aura/index.ts'
import { balances, freeBalance, STKR } from '../balances/index.ts'
import { grandpa } from '../grandpa/index.ts'
import { type MembershipProof, membershipProof, prove, session, storage as sessionStorage } from '../session/index.ts'
import { genesisValidator, keysOf, pairsOf, proofFor } from '../session/testing/session-keys.ts'
import { timestamp } from '../timestamp/index.ts'
import { transactionPayment } from '../transaction-payment/index.ts'
import { type AuraEquivocation, auraEquivocation, type GrandpaEquivocation, grandpaEquivocation } from './equivocation.ts'
import { offences, storage, submitAuraReport, submitGrandpaReport } from './index.ts'
import {
	auraEquivocationOf,
	grandpaEquivocationOf,
	seal,
	sealedHeader,
	signedVote,
	slotClaim,
	unsealedHeader,
	type Votes,
} from './testing/equivocations.ts'

const { reportAuraEquivocation: reportAura, reportGrandpaEquivocation: reportGrandpa } = offences.parts.calls!
const { setKeys, setValidators } = session.parts.calls!
const [ALICE, BOB, CAROL, REPORTER] = [1, 2, 3, 4].map(account)
const [alice, bob, carol] = ['//alice', '//bob', '//carol'].map(pairsOf)

const SLOT = 41n
const VOTES: Votes = { type: 'Precommit', round: 11n, setId: 0n }
const AURA = { type: 'AuraEquivocation' } as const
const GRANDPA = { type: 'GrandpaEquivocation' } as const
const HISTORY_DEPTH = 168
const NOT_A_MEMBER = 'InvalidKeyOwnershipProof'
const NO_EQUIVOCATION = 'InvalidEquivocationProof'
const KNOWN = 'DuplicateOffenceReport'

const genesis = {
	balances: { balances: [ALICE, BOB, CAROL].map((who) => [toHex(who), String(100n * STKR)]) },
	session: { period: 2, validators: [genesisValidator(ALICE, alice), genesisValidator(BOB, bob)] },
}
/** In a block some slots after `SLOT`. */
const chainOf = (): TestChain => {
	const chain = new TestChain({ 2: aura, 3: grandpa, 4: balances, 12: session, 13: offences }, genesis)
	auraStorage.currentSlot.put(SLOT + 5n)
	return chain
}

/** Proof of who is in the present session, as any validator's node gets it from the runtime. */
const membershipNow = (): MembershipProof => prove(() => true)!

/** Ends the present session in a block of `slot`. */
const endSession = (chain: TestChain, slot: bigint): void => {
	const index = sessionStorage.currentIndex.get()
	auraStorage.currentSlot.put(slot)
	while (sessionStorage.currentIndex.get() === index) chain.nextBlock()
}
/** Carol is to validate in the place of bob from the next session on. */
const planCarolForBob = (chain: TestChain): void => {
	expect(chain.call(signed(CAROL), setKeys, { keys: keysOf(carol), proof: proofFor(CAROL, carol) })).toBeUndefined()
	expect(chain.call(ROOT, setValidators, { validators: [ALICE, CAROL] })).toBeUndefined()
}
/** A membership proof with bob's entry changed. */
const withBobAs = (change: Partial<Value<typeof membershipProof>['validators'][number]>): MembershipProof => {
	const { validators, ...rest } = membershipNow()
	return { ...rest, validators: [validators[0], { ...validators[1], ...change }] }
}

describe('evidence', () => {
	/** polkadot.js has both types under names of its own. */
	const registry = new TypeRegistry()
	const headerJson = ({ digest, ...rest }: Header) => ({
		...Object.fromEntries(Object.entries(rest).map(([name, value]) => [name, value instanceof Uint8Array ? toHex(value) : value])),
		digest: {
			logs: digest.logs.map(({ type, value }) => ({
				[type]: (value as [Uint8Array, Uint8Array]).map((part) => toHex(part)),
			})),
		},
	})

	test('CNS-6 is encoded as nodes encode it', () => {
		const blocks = auraEquivocationOf(bob.aura, SLOT)
		const theirs = registry.createType('BabeEquivocationProof', {
			offender: toHex(blocks.offender),
			slotNumber: SLOT,
			firstHeader: headerJson(blocks.firstHeader),
			secondHeader: headerJson(blocks.secondHeader),
		})
		expect(toHex(auraEquivocation.encode(blocks))).toBe(theirs.toHex())
		for (const type of ['Prevote', 'Precommit'] as const) {
			const votes = grandpaEquivocationOf(bob.grandpa, { ...VOTES, type, setId: 3n })
			const { roundNumber, identity, first, second } = votes.equivocation.value
			const vote = ([{ targetHash, targetNumber }, signature]: typeof first) => [
				{ targetHash: toHex(targetHash), targetNumber },
				toHex(signature),
			]
			const value = { roundNumber, identity: toHex(identity), first: vote(first), second: vote(second) }
			const theirVotes = registry.createType('GrandpaEquivocationProof', { setId: 3, equivocation: { [type]: value } })
			expect(toHex(grandpaEquivocation.encode(votes))).toBe(theirVotes.toHex())
		}
	})

	test('CNS-6 a seal signs the hash that nodes know the block by, before it is sealed', () => {
		const unsealed = unsealedHeader(1, [slotClaim(SLOT)])
		const { hash } = registry.createType('Header', headerJson(unsealed))
		const sealed = seal(unsealed, bob.aura).digest.logs.at(-1)?.value as [Uint8Array, Uint8Array]
		expect(bob.aura.verify(hash, sealed[1], bob.aura.publicKey)).toBe(true)
	})
})

describe('reports of two blocks', () => {
	let chain: TestChain
	beforeEach(() => {
		chain = chainOf()
	})
	const report = (proof: AuraEquivocation, membership = membershipNow(), origin: Origin = signed(REPORTER)) =>
		chain.call(origin, reportAura, { proof, membership })

	test('CNS-6 records a true one with who reported it, and says so', () => {
		expect(report(auraEquivocationOf(bob.aura, SLOT))).toBeUndefined()
		expect(storage.offences.get(BOB, [AURA, 0n])).toEqual({ session: 0, at: SLOT, reporter: REPORTER, reportedAt: 1 })
		expect(chain.eventsOf('Offences', 'Offence')).toEqual([{ kind: AURA, offender: BOB, session: 0, at: SLOT }])
	})

	test('CNS-6 records one that a node reports unsigned without a reporter', () => {
		expect(report(auraEquivocationOf(alice.aura, SLOT), membershipNow(), NONE)).toBeUndefined()
		expect(storage.offences.get(ALICE, [AURA, 0n])).toEqual({ session: 0, at: SLOT, reporter: undefined, reportedAt: 1 })
	})

	test('CNS-6 is no call for root', () => {
		expect(report(auraEquivocationOf(bob.aura, SLOT), membershipNow(), ROOT)).toBe('BadOrigin')
	})

	const good = sealedHeader(SLOT, 1, bob.aura)
	const also = sealedHeader(SLOT, 2, bob.aura)
	const sealOf = ({ digest }: Header): DigestItem => digest.logs.at(-1)!
	const withLogs = (given: Header, logs: DigestItem[]): Header => ({ ...given, digest: { logs } })
	const claimOf = (value: Uint8Array, engine = AURA_ENGINE): DigestItem => ({ type: 'PreRuntime', value: [engine, value] })
	const otherEngine = Uint8Array.of(66, 65, 66, 69)
	const signature = (sealOf(also).value as [Uint8Array, Uint8Array])[1]
	const falseBlocks: [what: string, second: Header][] = [
		['the very same block', good],
		['the same block with another seal', sealedHeader(SLOT, 1, bob.aura)],
		['a block of another slot', sealedHeader(SLOT + 1n, 2, bob.aura)],
		['a block that claims no slot', seal(unsealedHeader(2, []), bob.aura)],
		['a claim of seven bytes', seal(unsealedHeader(2, [claimOf(new Uint8Array(7))]), bob.aura)],
		['a claim of nine bytes', seal(unsealedHeader(2, [claimOf(Uint8Array.of(41, 0, 0, 0, 0, 0, 0, 0, 0))]), bob.aura)],
		['a claim of another engine', seal(unsealedHeader(2, [claimOf(u64.encode(SLOT), otherEngine)]), bob.aura)],
		['a second claim that fits, behind one that does not', seal(unsealedHeader(2, [slotClaim(40n), slotClaim(SLOT)]), bob.aura)],
		['a block without a seal', unsealedHeader(2, [slotClaim(SLOT)])],
		['a block that another sealed', sealedHeader(SLOT, 2, alice.aura)],
		['a seal of another block', withLogs(unsealedHeader(2, []), [slotClaim(SLOT), sealOf(good)])],
		['a seal of another engine', withLogs(also, [slotClaim(SLOT), { type: 'Seal', value: [otherEngine, signature] }])],
		['a seal a byte short', withLogs(also, [slotClaim(SLOT), { type: 'Seal', value: [AURA_ENGINE, signature.slice(1)] }])],
		['a seal that is not last', withLogs(also, [sealOf(also), slotClaim(SLOT)])],
		['a block changed after it was sealed', { ...also, number: also.number + 1 }],
	]
	test.each(falseBlocks)('CNS-6 is refused with %s, as the second block and as the first', (_, wrong) => {
		const proof = { offender: bob.aura.publicKey, slot: SLOT, firstHeader: good, secondHeader: wrong }
		expect(report(proof)).toBe(NO_EQUIVOCATION)
		expect(report({ ...proof, firstHeader: wrong, secondHeader: good })).toBe(NO_EQUIVOCATION)
		expect(storage.offences.exists(BOB, [AURA, 0n])).toBe(false)
		expect(report({ ...proof, secondHeader: also })).toBeUndefined()
	})

	test('CNS-6 is refused when it names another slot than its blocks do', () => {
		expect(report({ ...auraEquivocationOf(bob.aura, SLOT), slot: SLOT + 1n })).toBe(NO_EQUIVOCATION)
	})

	test('CNS-6 is refused of who is not in the session, and of who is there with another key', () => {
		expect(report(auraEquivocationOf(carol.aura, SLOT))).toBe(NOT_A_MEMBER)
		expect(report({ ...auraEquivocationOf(bob.aura, SLOT), offender: bob.grandpa.publicKey })).toBe(NOT_A_MEMBER)
		expect(report({ ...auraEquivocationOf(bob.aura, SLOT), offender: alice.aura.publicKey })).toBe(NO_EQUIVOCATION)
	})

	test('CNS-6 is refused before the slot has come: it could be reported again in the session that slot falls into', () => {
		const early = auraEquivocationOf(bob.aura, SLOT + 6n)
		expect(report(early)).toBe(NOT_A_MEMBER)
		auraStorage.currentSlot.put(SLOT + 6n)
		expect(report(early)).toBeUndefined()
	})

	test('CNS-6 is refused with a forged membership: a key or an account swapped, one left out, another session', () => {
		const proof = auraEquivocationOf(carol.aura, SLOT)
		expect(report(proof, withBobAs({ keys: { ...keysOf(bob), aura: carol.aura.publicKey } }))).toBe(NOT_A_MEMBER)
		const ofBob = auraEquivocationOf(bob.aura, SLOT)
		expect(report(ofBob, withBobAs({ account: CAROL }))).toBe(NOT_A_MEMBER)
		expect(report(ofBob, withBobAs({ keys: { ...keysOf(bob), grandpa: carol.grandpa.publicKey } }))).toBe(NOT_A_MEMBER)
		const { session, validators } = membershipNow()
		expect(report(ofBob, { session, validators: [validators[1]] })).toBe(NOT_A_MEMBER)
		expect(report(ofBob, { session, validators: [validators[1], validators[0]] })).toBe(NOT_A_MEMBER)
		expect(report(ofBob, { session: 1, validators })).toBe(NOT_A_MEMBER)
		expect(report(ofBob, { session, validators })).toBeUndefined()
	})

	test('CNS-6 holds for the session its slot fell in alone', () => {
		const first = membershipNow()
		endSession(chain, 50n)
		const second = membershipNow()
		auraStorage.currentSlot.put(51n)
		const at = (slot: bigint) => auraEquivocationOf(bob.aura, slot)
		expect(report(at(51n), first)).toBe(NOT_A_MEMBER)
		expect(report(at(50n), second)).toBe(NOT_A_MEMBER)
		expect(report(at(50n), first)).toBeUndefined()
		expect(report(at(51n), second)).toBeUndefined()
	})

	test('CNS-6 is taken after the offender has left, as long as its session is remembered', () => {
		const first = membershipNow()
		planCarolForBob(chain)
		endSession(chain, 50n)
		auraStorage.currentSlot.put(51n)
		expect(report(auraEquivocationOf(bob.aura, 51n), membershipNow())).toBe(NOT_A_MEMBER)
		expect(report(auraEquivocationOf(carol.aura, 51n), membershipNow())).toBeUndefined()
		while (sessionStorage.currentIndex.get() < HISTORY_DEPTH - 1) endSession(chain, auraStorage.currentSlot.get() + 2n)
		expect(report(auraEquivocationOf(bob.aura, SLOT), first)).toBeUndefined()
		endSession(chain, auraStorage.currentSlot.get() + 2n)
		expect(report(auraEquivocationOf(alice.aura, SLOT), first)).toBe(NOT_A_MEMBER)
	})

	test('CNS-6 is taken once of an account in a session, whatever else it sealed there', () => {
		const proof = auraEquivocationOf(bob.aura, SLOT)
		const first = membershipNow()
		expect(report(proof)).toBeUndefined()
		expect(report(proof)).toBe(KNOWN)
		expect(report({ ...proof, firstHeader: proof.secondHeader, secondHeader: proof.firstHeader })).toBe(KNOWN)
		expect(report(auraEquivocationOf(bob.aura, SLOT + 1n))).toBe(KNOWN)
		expect(report(proof, first, NONE)).toBe(KNOWN)
		expect(chain.eventsOf('Offences', 'Offence')).toHaveLength(1)
		expect(report(auraEquivocationOf(alice.aura, SLOT))).toBeUndefined()
		endSession(chain, 50n)
		auraStorage.currentSlot.put(51n)
		expect(report(auraEquivocationOf(bob.aura, 51n))).toBeUndefined()
		expect(report(auraEquivocationOf(bob.aura, SLOT + 2n), first)).toBe(KNOWN)
	})
})

describe('reports of two votes', () => {
	let chain: TestChain
	beforeEach(() => {
		chain = chainOf()
	})
	const report = (proof: GrandpaEquivocation, membership = membershipNow(), origin: Origin = signed(REPORTER)) =>
		chain.call(origin, reportGrandpa, { proof, membership })

	test.each(['Prevote', 'Precommit'] as const)('CNS-6 records two votes of type %s, signed or not', (type) => {
		expect(report(grandpaEquivocationOf(bob.grandpa, { ...VOTES, type }))).toBeUndefined()
		expect(storage.offences.get(BOB, [GRANDPA, 0n])).toEqual({ session: 0, at: 11n, reporter: REPORTER, reportedAt: 1 })
		expect(chain.eventsOf('Offences', 'Offence')).toEqual([{ kind: GRANDPA, offender: BOB, session: 0, at: 11n }])
		expect(report(grandpaEquivocationOf(alice.grandpa, { ...VOTES, type }), membershipNow(), NONE)).toBeUndefined()
		expect(storage.offences.get(ALICE, [GRANDPA, 0n])).toMatchObject({ reporter: undefined })
	})

	test('CNS-6 takes votes for one hash at two heights', () => {
		const [first, second] = [signedVote(bob.grandpa, VOTES, 1, 9), signedVote(bob.grandpa, VOTES, 1, 10)]
		expect(report(grandpaEquivocationOf(bob.grandpa, VOTES, first, second))).toBeUndefined()
	})

	test('CNS-6 is no call for root', () => {
		expect(report(grandpaEquivocationOf(bob.grandpa, VOTES), membershipNow(), ROOT)).toBe('BadOrigin')
	})

	const good = signedVote(bob.grandpa, VOTES, 1)
	const also = signedVote(bob.grandpa, VOTES, 2)
	const falseVotes: [what: string, second: typeof good][] = [
		['the very same vote', good],
		['a vote of another kind', signedVote(bob.grandpa, { ...VOTES, type: 'Prevote' }, 2)],
		['a vote of another round', signedVote(bob.grandpa, { ...VOTES, round: 12n }, 2)],
		['a vote in another set', signedVote(bob.grandpa, { ...VOTES, setId: 1n }, 2)],
		['a vote that another signed', signedVote(alice.grandpa, VOTES, 2)],
		['the signature of another vote', [also[0], good[1]]],
		['a vote for another height than was signed', [{ ...also[0], targetNumber: 10 }, also[1]]],
		['a signature of zeros', [also[0], new Uint8Array(64)]],
	]
	test.each(falseVotes)('CNS-6 is refused with %s, as the second vote and as the first', (_, wrong) => {
		expect(report(grandpaEquivocationOf(bob.grandpa, VOTES, good, wrong))).toBe(NO_EQUIVOCATION)
		expect(report(grandpaEquivocationOf(bob.grandpa, VOTES, wrong, good))).toBe(NO_EQUIVOCATION)
		expect(storage.offences.exists(BOB, [GRANDPA, 0n])).toBe(false)
		expect(report(grandpaEquivocationOf(bob.grandpa, VOTES, good, also))).toBeUndefined()
	})

	test('CNS-6 is refused of who is not in the session, with a forged membership, and for a set that is not of the session', () => {
		expect(report(grandpaEquivocationOf(carol.grandpa, VOTES))).toBe(NOT_A_MEMBER)
		const swapped = withBobAs({ keys: { ...keysOf(bob), grandpa: carol.grandpa.publicKey } })
		expect(report(grandpaEquivocationOf(carol.grandpa, VOTES), swapped)).toBe(NOT_A_MEMBER)
		expect(report(grandpaEquivocationOf(bob.grandpa, VOTES), withBobAs({ account: CAROL }))).toBe(NOT_A_MEMBER)
		expect(report(grandpaEquivocationOf(bob.grandpa, { ...VOTES, setId: 1n }))).toBe(NOT_A_MEMBER)
	})

	test('CNS-6 is taken once of an account in a voter set, whatever the round, the kind and the session', () => {
		const first = membershipNow()
		expect(report(grandpaEquivocationOf(bob.grandpa, VOTES))).toBeUndefined()
		const swapped = grandpaEquivocationOf(bob.grandpa, VOTES, also, good)
		const others = [
			swapped,
			...(['Prevote', 'Precommit'] as const).map((type) => grandpaEquivocationOf(bob.grandpa, { ...VOTES, type, round: 12n })),
		]
		for (const proof of others) expect(report(proof)).toBe(KNOWN)
		// The same voters go on in the next session: it is the same set.
		endSession(chain, 50n)
		expect(membershipNow().session).toBe(1)
		for (const membership of [first, membershipNow()]) expect(report(swapped, membership)).toBe(KNOWN)
		expect(report(grandpaEquivocationOf(alice.grandpa, VOTES))).toBeUndefined()
		expect(storage.offences.get(ALICE, [GRANDPA, 0n])).toMatchObject({ session: 1 })
	})

	test('CNS-6 holds for the set of its session alone, also when the offender has left', () => {
		const first = membershipNow()
		planCarolForBob(chain)
		endSession(chain, 50n)
		const [old, present] = [VOTES, { ...VOTES, setId: 1n }]
		expect(report(grandpaEquivocationOf(alice.grandpa, old))).toBe(NOT_A_MEMBER)
		expect(report(grandpaEquivocationOf(alice.grandpa, present), first)).toBe(NOT_A_MEMBER)
		expect(report(grandpaEquivocationOf(bob.grandpa, old), first)).toBeUndefined()
		expect(report(grandpaEquivocationOf(alice.grandpa, old), first)).toBeUndefined()
		expect(report(grandpaEquivocationOf(alice.grandpa, present))).toBeUndefined()
	})

	test('CNS-6 one account is known for both kinds of offences apart', () => {
		expect(report(grandpaEquivocationOf(bob.grandpa, VOTES))).toBeUndefined()
		const blocks = { proof: auraEquivocationOf(bob.aura, SLOT), membership: membershipNow() }
		expect(chain.call(signed(REPORTER), reportAura, blocks)).toBeUndefined()
	})
})

describe('in blocks and in the pool', () => {
	const pallets = { 0: system, 1: timestamp, 2: aura, 3: grandpa, 4: balances, 5: transactionPayment, 12: session, 13: offences }
	const reporter = new Keyring({ type: 'sr25519' }).addFromUri('//Reporter')
	const invalid = (index: number): Uint8Array => Uint8Array.of(1, 0, index)
	const [CALL, STALE, BAD_PROOF] = [0, 3, 4].map(invalid)
	let chain: TestBlocks
	/** What the runtime put into the pool of its node. */
	let submitted: Uint8Array[]

	const start = (submit?: (extrinsic: Uint8Array) => boolean): void => {
		const config = {
			...genesis,
			aura: { slotDuration: 6000 },
			balances: { balances: [[toHex(reporter.publicKey), String(100n * STKR)]] },
			session: { ...genesis.session, period: 100 },
		}
		chain = new TestBlocks(pallets, extensions, config, submit ? { submit } : {})
		chain.block()
	}
	beforeEach(() => {
		submitted = []
		start((extrinsic) => submitted.push(extrinsic) > 0)
	})

	const callOf = (definition: CallDefinition, proof: AuraEquivocation | GrandpaEquivocation, membership = membershipNow()) =>
		chain.callOf(definition, { proof, membership })
	const sign = (call: ReturnType<typeof callOf>, nonce = 0): Uint8Array =>
		signExtrinsic(reporter, runtimeCall.encode(call), { nonce, genesisHash: chain.genesisHash })
	const validate = (source: TransactionSource, extrinsic: Uint8Array): Uint8Array => {
		chain.state.start()
		const result = chain.executive.validateTransaction(source, extrinsic, chain.parentHash)
		chain.state.rollback()
		return result
	}
	const validity = (extrinsic: Uint8Array, source: TransactionSource = 'Local') => {
		const result = validate(source, extrinsic)
		expect(result[0]).toBe(0)
		return validTransaction.read(new Reader(result, 1))
	}
	const trueBlocks = () => callOf(reportAura, auraEquivocationOf(bob.aura, 1001n))
	const trueVotes = () => callOf(reportGrandpa, grandpaEquivocationOf(bob.grandpa, VOTES))
	const falseVotes = () =>
		callOf(reportGrandpa, grandpaEquivocationOf(bob.grandpa, VOTES, signedVote(bob.grandpa, VOTES, 1), signedVote(bob.grandpa, VOTES, 1)))
	const infos = () =>
		chain
			.events()
			.filter(({ name }) => name === 'ExtrinsicSuccess' || name === 'ExtrinsicFailed')
			.map(({ fields }) => fields.dispatchInfo)
	const paid = () => chain.events().flatMap(({ name, fields }) => (name === 'TransactionFeePaid' ? [fields.actualFee] : []))
	const reporters = (offender: AccountId) => [AURA, GRANDPA].map((kind) => storage.offences.get(offender, [kind, 0n])?.reporter)

	test.each([
		['two blocks', trueBlocks],
		['two votes', trueVotes],
	])('CNS-6 who reports %s truly pays no fee; a second report and a false one pay', (_, truth) => {
		const before = freeBalance(reporter.publicKey)
		expect(chain.block([sign(truth())]).results).toEqual([SUCCESS])
		expect(infos().at(-1)).toMatchObject({ class: 'Operational', paysFee: false })
		expect(paid()).toEqual([0n])
		expect(freeBalance(reporter.publicKey)).toBe(before)
		const { results } = chain.block([sign(truth(), 1), sign(falseVotes(), 2)])
		for (const result of results) expect(result.slice(0, 2)).toEqual(Uint8Array.of(0, 1))
		for (const info of infos().slice(-2)) expect(info).toMatchObject({ class: 'Operational', paysFee: true })
		const fees = paid() as bigint[]
		for (const fee of fees) expect(fee).toBeGreaterThan(0n)
		expect(freeBalance(reporter.publicKey)).toBe(before - fees[0] - fees[1])
	})

	test('CHN-4 reads no more of a header than a block of this chain has: a report weighs the same whatever it brings', () => {
		const { offender, slot, firstHeader, secondHeader } = auraEquivocationOf(bob.aura, 1001n)
		const raw = (logs: DigestItem[]): Uint8Array => {
			const evidence = [offender, u64.encode(slot), header.encode(firstHeader), header.encode({ ...secondHeader, digest: { logs } })]
			const call = concatBytes(Uint8Array.of(offences.index, 0), ...evidence, membershipProof.encode(membershipNow()))
			return signExtrinsic(reporter, call, { nonce: 0, genesisHash: chain.genesisHash })
		}
		const other = (length: number): DigestItem => ({ type: 'Other', value: new Uint8Array(length) })
		for (const logs of [Array.from({ length: 9 }, () => other(0)), [other(4097)]]) expect(chain.block([raw(logs)]).results).toEqual([CALL])
		const { results } = chain.block([raw(Array.from({ length: 8 }, () => other(4096)))])
		expect(results[0].slice(0, 2)).toEqual(Uint8Array.of(0, 1))
		const full = [slotClaim(slot), ...Array.from({ length: 6 }, () => other(4096))]
		const sealed = seal(unsealedHeader(2, full), bob.aura)
		expect(chain.block([sign(callOf(reportAura, { offender, slot, firstHeader, secondHeader: sealed }), 1)]).results).toEqual([SUCCESS])
	})

	test('CNS-6 takes the unsigned reports of the author into its block, each once', () => {
		const [blocks, votes] = [trueBlocks(), trueVotes()].map(unsignedExtrinsic)
		expect(chain.block([blocks, votes, blocks, unsignedExtrinsic(falseVotes())]).results).toEqual([SUCCESS, SUCCESS, STALE, BAD_PROOF])
		expect(reporters(BOB)).toEqual([undefined, undefined])
		expect(chain.events().filter(({ name }) => name === 'Offence')).toHaveLength(2)
		expect(paid()).toEqual([])
		expect(chain.block([blocks]).results).toEqual([STALE])
	})

	test('CNS-6 lets unsigned reports into the pool from this node and from blocks, never from outside', () => {
		for (const extrinsic of [trueBlocks(), trueVotes()].map(unsignedExtrinsic)) {
			expect(validate('External', extrinsic)).toEqual(CALL)
			for (const source of ['Local', 'InBlock'] as const)
				expect(validity(extrinsic, source)).toEqual({
					priority: 0xffff_ffff_ffff_ffffn,
					requires: [],
					provides: [expect.any(Uint8Array)],
					longevity: 1000n,
					propagate: false,
				})
		}
		expect(validate('External', unsignedExtrinsic(falseVotes()))).toEqual(CALL)
		expect(validate('External', sign(trueBlocks()))[0]).toBe(0)
	})

	test('CNS-6 lets no false report into the pool, and none that is known already', () => {
		const [blocks, votes] = [trueBlocks(), trueVotes()].map(unsignedExtrinsic)
		const strangers = callOf(reportAura, auraEquivocationOf(carol.aura, 1001n))
		for (const lie of [falseVotes(), strangers]) expect(validate('Local', unsignedExtrinsic(lie))).toEqual(BAD_PROOF)
		chain.block([blocks])
		expect(validate('Local', blocks)).toEqual(STALE)
		expect(validity(votes).propagate).toBe(false)
		chain.block([sign(trueVotes())])
		expect(validate('Local', votes)).toEqual(STALE)
	})

	test('CNS-6 the pool holds one report of an offence: other orders and evidence provide the same', () => {
		const blocks = auraEquivocationOf(bob.aura, 1000n)
		const tagOf = (definition: CallDefinition, proof: AuraEquivocation | GrandpaEquivocation) =>
			toHex(validity(unsignedExtrinsic(callOf(definition, proof))).provides[0])
		const [one, two] = [signedVote(bob.grandpa, VOTES, 1), signedVote(bob.grandpa, VOTES, 2)]
		const same = [
			[
				tagOf(reportAura, blocks),
				tagOf(reportAura, { ...blocks, firstHeader: blocks.secondHeader, secondHeader: blocks.firstHeader }),
				tagOf(reportAura, auraEquivocationOf(bob.aura, 1001n)),
			],
			[
				tagOf(reportGrandpa, grandpaEquivocationOf(bob.grandpa, VOTES, one, two)),
				tagOf(reportGrandpa, grandpaEquivocationOf(bob.grandpa, VOTES, two, one)),
				tagOf(reportGrandpa, grandpaEquivocationOf(bob.grandpa, { ...VOTES, type: 'Prevote', round: 99n })),
			],
			[tagOf(reportAura, auraEquivocationOf(alice.aura, 1001n))],
		]
		expect(same.map((tags) => new Set(tags).size)).toEqual([1, 1, 1])
		expect(new Set(same.flat()).size).toBe(3)
	})

	test('CNS-6 a node hands its own reports in, as the pool and blocks take them', () => {
		const opaque = membershipProof.encode(membershipNow())
		expect(submitAuraReport(auraEquivocationOf(bob.aura, 1001n), opaque)).toBe(true)
		expect(submitGrandpaReport(grandpaEquivocationOf(alice.grandpa, VOTES), opaque)).toBe(true)
		for (const extrinsic of submitted) expect(validity(extrinsic).propagate).toBe(false)
		expect(chain.block(submitted).results).toEqual([SUCCESS, SUCCESS])
		expect(storage.offences.exists(ALICE, [GRANDPA, 0n])).toBe(true)
	})

	test('CNS-6 a node says when it could not hand a report in', () => {
		for (const garbage of [new Uint8Array(), Uint8Array.of(1, 2, 3), Uint8Array.of(...membershipProof.encode(membershipNow()), 0)])
			expect(submitAuraReport(auraEquivocationOf(bob.aura, 1001n), garbage)).toBe(false)
		expect(submitted).toEqual([])
		start()
		expect(submitGrandpaReport(grandpaEquivocationOf(bob.grandpa, VOTES), membershipProof.encode(membershipNow()))).toBe(false)
	})
})
