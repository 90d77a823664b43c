import '@stkr/runtime-spec/frame/native/install.ts'
import { ascii } from '@stkr/runtime-spec/frame/bytes.ts'
import { unsignedExtrinsic } from '@stkr/runtime-spec/frame/executive.ts'
import { u32, u64, vec } from '@stkr/runtime-spec/frame/scale/index.ts'
import { auraId } from '@stkr/runtime-spec/pallets/aura/index.ts'
import { STKR } from '@stkr/runtime-spec/pallets/balances/index.ts'
import { authorityList } from '@stkr/runtime-spec/pallets/grandpa/index.ts'
import { offences, storage as offencesStorage } from '@stkr/runtime-spec/pallets/offences/index.ts'
import {
	auraEquivocationOf,
	grandpaEquivocationOf,
	signedVote,
	type Votes,
} from '@stkr/runtime-spec/pallets/offences/testing/equivocations.ts'
import { type MembershipProof, prove, session } from '@stkr/runtime-spec/pallets/session/index.ts'
import { keysOf, pairsOf, proofFor, type SessionPairs } from '@stkr/runtime-spec/pallets/session/testing/session-keys.ts'
import { type DevName, developmentGenesis } from '@stkr/runtime-spec/runtime/presets.ts'
import { afterEach, beforeAll, beforeEach, expect, test } from 'vitest'
import { builtRuntime } from './built.ts'
import { callOf } from './calls.ts'
import { accountOf, type RunnableRuntime, type ToSign, TwinChain } from './chain.ts'
import { asRoot, feesOf, freeOf, pay, sudone } from './journeys.ts'

const PERIOD = 4
const alices = pairsOf('//Alice')
const bobs = pairsOf('//Bob//session')

let runtime: RunnableRuntime
let chain: TwinChain

beforeAll(async () => {
	runtime = await builtRuntime()
})
beforeEach(() => {
	const genesis = developmentGenesis()
	chain = new TwinChain(runtime, { ...genesis, session: { ...(genesis.session as object), period: PERIOD } })
})
afterEach(() => {
	expect(chain.twin.differences).toEqual([])
	expect(chain.defects).toEqual([])
})

const setKeys = (by: DevName, pairs: SessionPairs): ToSign => ({
	by,
	call: callOf(session, 'setKeys', { keys: keysOf(pairs), proof: proofFor(accountOf(by), pairs) }),
})
const plan = (...names: DevName[]): ToSign => asRoot(callOf(session, 'setValidators', { validators: names.map(accountOf) }))
const authorities = () => ({
	aura: vec(auraId).decode(chain.ask('AuraApi_authorities', new Uint8Array())!),
	grandpa: authorityList.decode(chain.ask('GrandpaApi_grandpa_authorities', new Uint8Array())!),
	setId: u64.decode(chain.ask('GrandpaApi_current_set_id', new Uint8Array())!),
})
const membershipNow = (): MembershipProof => chain.read(() => prove(() => true))!

test('CNS-1 registered validators take over with the next session: digests, authorities and fees change hands at once', () => {
	expect(chain.block([setKeys('Bob', bobs), plan('Bob')])).toEqual(['ok', 'ok'])
	expect(sudone(chain)).toEqual(['ok'])
	while (chain.number < PERIOD - 1) chain.block()
	expect(authorities()).toEqual({ aura: [alices.aura.publicKey], grandpa: [[alices.grandpa.publicKey, 1n]], setId: 0n })

	const balances = () => [freeOf(chain, 'Alice'), freeOf(chain, 'Bob')]
	const before = balances()
	chain.open()
	expect(chain.apply(pay('Charlie', 'Dave', STKR))).toBe('ok')
	const { digest } = chain.close()
	expect(digest.logs.slice(1)).toEqual([
		{ type: 'Consensus', value: [ascii('aura'), Uint8Array.of(1, ...vec(auraId).encode([bobs.aura.publicKey]))] },
		{
			type: 'Consensus',
			value: [ascii('FRNK'), Uint8Array.of(1, ...authorityList.encode([[bobs.grandpa.publicKey, 1n]]), ...u32.encode(0))],
		},
	])
	expect(authorities()).toEqual({ aura: [bobs.aura.publicKey], grandpa: [[bobs.grandpa.publicKey, 1n]], setId: 1n })
	const share = (feesOf(chain, 'Charlie') * 200_000n) / 1_000_000n
	expect(balances()).toEqual([before[0] + share, before[1]])
	chain.block([pay('Charlie', 'Dave', STKR)])
	expect(balances()).toEqual([before[0] + share, before[1] + (feesOf(chain, 'Charlie') * 200_000n) / 1_000_000n])
})

test('CNS-1 a validator that gives its keys up leaves; when all do, the last set goes on', () => {
	chain.block([setKeys('Bob', bobs), plan('Bob', 'Alice')])
	while (chain.number < PERIOD) chain.block()
	expect(authorities().aura).toEqual([bobs.aura.publicKey, alices.aura.publicKey])
	const purge = (by: DevName): ToSign => ({ by, call: callOf(session, 'purgeKeys') })
	expect(chain.block([purge('Bob'), purge('Bob'), purge('Dave')])).toEqual(['ok', 'failed Session.NoKeys', 'failed Session.NoKeys'])
	while (chain.number < 2 * PERIOD) chain.block()
	expect(authorities()).toMatchObject({ aura: [alices.aura.publicKey], setId: 2n })
	chain.block([purge('Alice')])
	while (chain.number < 4 * PERIOD) chain.block()
	expect(authorities()).toMatchObject({ aura: [alices.aura.publicKey], setId: 2n })
})

test('CNS-1 refuses the keys of another and false proofs, and root plans nobody without keys', () => {
	const { call } = setKeys('Bob', bobs)
	expect(
		chain.block([
			{ by: 'Charlie', call },
			{ by: 'Bob', call },
			setKeys('Charlie', bobs),
			setKeys('Charlie', { aura: pairsOf('//Charlie').aura, grandpa: alices.grandpa }),
			{ by: 'Bob', call: callOf(session, 'setValidators', { validators: [accountOf('Bob')] }) },
			plan('Bob', 'Charlie'),
			plan('Bob', 'Bob'),
			plan(),
			asRoot(callOf(session, 'setPeriod', { blocks: 0 })),
		]),
	).toEqual([
		'failed Session.InvalidProof',
		'ok',
		'failed Session.DuplicatedKey',
		'failed Session.DuplicatedKey',
		'failed BadOrigin',
		...Array(4).fill('ok'),
	])
	expect(sudone(chain)).toEqual(['Session.NoKeys', 'Session.BadValidators', 'Session.BadValidators', 'Session.BadPeriod'])
})

test('CNS-6 true reports are free, signed or by the author itself; false ones and repeated ones pay; each offence counts once', () => {
	chain.block()
	const votes: Votes = { type: 'Precommit', round: 3n, setId: 0n }
	const membership = membershipNow()
	const blocks = auraEquivocationOf(alices.aura, chain.slot)
	const reportBlocks = callOf(offences, 'reportAuraEquivocation', { proof: blocks, membership })
	const reportVotes = callOf(offences, 'reportGrandpaEquivocation', { proof: grandpaEquivocationOf(alices.grandpa, votes), membership })
	const vote = signedVote(alices.grandpa, votes, 1)
	const lie = callOf(offences, 'reportGrandpaEquivocation', { proof: grandpaEquivocationOf(alices.grandpa, votes, vote, vote), membership })
	const foreign = callOf(offences, 'reportAuraEquivocation', { proof: auraEquivocationOf(bobs.aura, chain.slot), membership })
	expect(
		chain.block([
			{ by: 'Dave', call: reportBlocks },
			{ by: 'Eve', call: reportBlocks },
			{ by: 'Eve', call: lie },
			{ by: 'Eve', call: foreign },
			unsignedExtrinsic(reportVotes),
			unsignedExtrinsic(reportVotes),
			unsignedExtrinsic(lie),
			{ by: 'Dave', call: reportVotes },
		]),
	).toEqual([
		...[
			'ok',
			'failed Offences.DuplicateOffenceReport',
			'failed Offences.InvalidEquivocationProof',
			'failed Offences.InvalidKeyOwnershipProof',
		],
		...['ok', 'refused Invalid.Stale', 'refused Invalid.BadProof', 'failed Offences.DuplicateOffenceReport'],
	])
	const [free, ...charged] = chain.eventsOf('TransactionPayment.TransactionFeePaid').map(({ actualFee }) => actualFee as bigint)
	expect(free).toBe(0n)
	expect(charged.every((fee) => fee > 0n)).toBe(true)
	expect(chain.eventsOf('Offences.Offence')).toHaveLength(2)
	const kept = (type: 'AuraEquivocation' | 'GrandpaEquivocation') =>
		chain.read(() => offencesStorage.offences.get(accountOf('Alice'), [{ type }, 0n]))
	expect(kept('AuraEquivocation')).toMatchObject({ session: 0, at: blocks.slot, reporter: accountOf('Dave') })
	expect(kept('GrandpaEquivocation')).toMatchObject({ session: 0, at: 3n, reporter: undefined })
})

test('CNS-6 an offence is proven after its session, of who has left by then', () => {
	chain.block([setKeys('Bob', bobs), plan('Bob')])
	const membership = membershipNow()
	const { slot } = chain
	while (chain.number < PERIOD) chain.block()
	const report = (pairs: SessionPairs, at: bigint, by: MembershipProof): ToSign => ({
		by: 'Dave',
		call: callOf(offences, 'reportAuraEquivocation', { proof: auraEquivocationOf(pairs.aura, at), membership: by }),
	})
	const notMember = 'failed Offences.InvalidKeyOwnershipProof'
	const first = chain.slot + 1n
	expect(
		chain.block([
			report(alices, first, membershipNow()),
			report(alices, first, membership),
			report(bobs, slot, membershipNow()),
			report(alices, slot, membership),
			report(bobs, first, membershipNow()),
		]),
	).toEqual([notMember, notMember, notMember, 'ok', 'ok'])
	expect(chain.eventsOf('Offences.Offence')).toMatchObject([
		{ offender: accountOf('Alice'), session: 0 },
		{ offender: accountOf('Bob'), session: 1 },
	])
})
