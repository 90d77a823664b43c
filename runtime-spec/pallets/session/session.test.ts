import '../../frame/native/install.ts'
import { Keyring } from '@polkadot/keyring'
import fc from 'fast-check'
import { beforeEach, describe, expect, test } from 'vitest'
import { equalBytes, toHex } from '../../frame/bytes.ts'
import { type AccountId, type CallDefinition, ROOT, runtimeCall, signed } from '../../frame/call.ts'
import { GenesisError } from '../../frame/json.ts'
import { signExtrinsic } from '../../frame/native/sign.ts'
import { SUCCESS, TestBlocks } from '../../frame/native/test-blocks.ts'
import { account, TestChain } from '../../frame/native/test-chain.ts'
import { u32, vec } from '../../frame/scale/index.ts'
import { system, storage as systemStorage } from '../../frame/system/index.ts'
import { extensions } from '../../runtime/index.ts'
import { aura, auraId, storage as auraStorage } from '../aura/index.ts'
import { held, reason } from '../balances/holds.ts'
import { balances, EXISTENTIAL_DEPOSIT, freeBalance, STKR } from '../balances/index.ts'
import { authorityList, grandpa, storage as grandpaStorage } from '../grandpa/index.ts'
import { sudo } from '../sudo/index.ts'
import { timestamp } from '../timestamp/index.ts'
import { transactionPayment } from '../transaction-payment/index.ts'
import { isInSession, membershipProof, prove, provenSession, session, storage } from './index.ts'
import { generatedKeys, generateKeys, ownsKeys, type SessionKeys, sessionKeys } from './keys.ts'
import { genesisValidator, keysOf, pairsOf, proofFor, type SessionPairs } from './testing/session-keys.ts'
import { weights } from './weights.ts'

const seed = Number(process.env.FC_SEED ?? 20261120)
const { setKeys, purgeKeys, setValidators, setPeriod } = session.parts.calls!
const DEPOSIT = 10n ** 18n
const depositOf = (who: AccountId): bigint => held(reason('sessnkey'), who)

const [ALICE, BOB, CAROL, DAVE, POOR] = [1, 2, 3, 4, 5].map(account)
const [alice, bob, carol, dave, other] = ['//alice', '//bob', '//carol', '//dave', '//other'].map(pairsOf)

interface Setting {
	validators?: readonly (readonly [AccountId, SessionPairs])[]
	period?: number
}
const genesisOf = ({ validators = [[ALICE, alice]], period = 5 }: Setting = {}) => ({
	session: { period, validators: validators.map(([who, pairs]) => genesisValidator(who, pairs)) },
})

/** A chain whose calls are dispatched without extrinsics. Everybody but POOR has 100 STKR. */
const chainOf = (setting?: Setting): TestChain =>
	new TestChain(
		{ 2: aura, 3: grandpa, 4: balances, 12: session },
		{
			balances: {
				balances: [...[ALICE, BOB, CAROL, DAVE].map((who) => [toHex(who), 100n * STKR]), [toHex(POOR), DEPOSIT + EXISTENTIAL_DEPOSIT - 1n]],
			},
			...genesisOf(setting),
		},
	)
const register = (chain: TestChain, who: AccountId, pairs: SessionPairs, proof = proofFor(who, pairs)): string | undefined =>
	chain.call(signed(who), setKeys, { keys: keysOf(pairs), proof })
const plan = (chain: TestChain, ...validators: AccountId[]): string | undefined => chain.call(ROOT, setValidators, { validators })

const present = () => ({
	accounts: storage.validators.get(),
	aura: auraStorage.authorities.get(),
	grandpa: grandpaStorage.authorities.get(),
	setId: grandpaStorage.currentSetId.get(),
})
const setOf = (setId: bigint, ...validators: (readonly [AccountId, SessionPairs])[]) => ({
	accounts: validators.map(([who]) => who),
	aura: validators.map(([, pairs]) => pairs.aura.publicKey),
	grandpa: validators.map(([, pairs]) => [pairs.grandpa.publicKey, 1n]),
	setId,
})

describe('genesis', () => {
	const good = genesisValidator(ALICE, alice)
	const refused: [what: string, config: unknown, message: string][] = [
		['no config', undefined, 'session.validators: expected 1 to 100 validators, got 0'],
		['nobody', { validators: [] }, 'session.validators: expected 1 to 100 validators, got 0'],
		['too many', { validators: Array(101).fill(good) }, 'session.validators: expected 1 to 100 validators, got 101'],
		['no list', { validators: good }, 'session.validators: expected a list, got an object'],
		['another field', { validators: [good], keys: [] }, 'session: unknown field "keys"; the fields are period, validators'],
		[
			'another field of a validator',
			{ validators: [{ ...good, babe: good.aura }] },
			'session.validators[0]: unknown field "babe"; the fields are account, aura, grandpa',
		],
		[
			'a missing key',
			{ validators: [{ account: good.account, aura: good.aura }] },
			'session.validators[0].grandpa: expected 32 hex bytes (0x…), got nothing',
		],
		['a short key', { validators: [{ ...good, aura: '0x12' }] }, 'session.validators[0].aura: expected 32 hex bytes (0x…), got 0x12'],
		[
			'an address',
			{ validators: [{ ...good, account: '5GrwvaEF5zXb26Fz9rcQpDWS57CtERHpNehXCPcNoHGKutQY' }] },
			'session.validators[0].account: expected 32 hex bytes (0x…), got 5GrwvaEF5zXb26Fz9rcQpDWS57CtERHpNehXCPcNoHGKutQY',
		],
		[
			'one key for both',
			{ validators: [{ ...good, grandpa: good.aura }] },
			'session.validators[0]: aura and grandpa must be two keys, an sr25519 and an ed25519 one',
		],
		[
			'an account twice',
			{ validators: [good, { ...genesisValidator(BOB, bob), account: good.account }] },
			'session.validators[1]: this account is in the list already',
		],
		[
			'an Aura key twice',
			{ validators: [good, { ...genesisValidator(BOB, bob), aura: good.aura }] },
			'session.validators[1]: one of its keys is in the list already',
		],
		[
			'a GRANDPA key that is the Aura key of another',
			{ validators: [good, { ...genesisValidator(BOB, bob), grandpa: good.aura }] },
			'session.validators[1]: one of its keys is in the list already',
		],
		['no blocks', { period: 0, validators: [good] }, 'session.period: a session must last 1 to 604800 blocks, got 0'],
		['too many blocks', { period: 604_801, validators: [good] }, 'session.period: a session must last 1 to 604800 blocks, got 604801'],
		['a period in words', { period: 'daily', validators: [good] }, 'session.period: expected an integer, got daily'],
	]
	test.each(refused)('SPC-1 CNS-1 refuses %s', (_, config, message) => {
		const pallets = { 2: aura, 3: grandpa, 4: balances, 12: session }
		const build = () => new TestChain(pallets, config === undefined ? {} : { session: config })
		expect(build).toThrow(GenesisError)
		expect(build).toThrow(message)
	})

	test('CNS-1 makes the first set: authorities of both kinds in order, set 0, session 0, and no digest of it', () => {
		chainOf({
			validators: [
				[BOB, bob],
				[ALICE, alice],
			],
		})
		expect(present()).toEqual(setOf(0n, [BOB, bob], [ALICE, alice]))
		expect(storage.planned.get()).toEqual([BOB, ALICE])
		expect([storage.currentIndex.get(), storage.endsAt.get(), storage.period.get()]).toEqual([0, 5, 5])
		expect(storage.nextKeys.get(BOB)).toEqual(keysOf(bob))
		expect(storage.keyOwner.get(alice.grandpa.publicKey)).toEqual(ALICE)
		expect(storage.history.get(0)).toMatchObject({ grandpaSetId: 0n, firstSlot: 0n })
		expect(systemStorage.digest.get().logs).toEqual([])
		expect(depositOf(BOB)).toBe(0n)
	})

	test('CNS-1 a session lasts 600 blocks when genesis does not say', () => {
		const { validators } = genesisOf().session
		new TestChain({ 2: aura, 3: grandpa, 4: balances, 12: session }, { session: { validators } })
		expect(storage.endsAt.get()).toBe(600)
	})
})

describe('keys', () => {
	let chain: TestChain
	beforeEach(() => {
		chain = chainOf()
	})
	const registry = () => [
		storage.nextKeys.entries(99),
		storage.keyOwner.entries(99),
		[ALICE, BOB, CAROL].map((who) => [freeBalance(who), depositOf(who)]),
	]

	test('CNS-1 registers keys with a proof of each, says so, and holds the deposit', () => {
		expect(register(chain, BOB, bob)).toBeUndefined()
		expect(storage.nextKeys.get(BOB)).toEqual(keysOf(bob))
		expect(storage.keyOwner.get(bob.aura.publicKey)).toEqual(BOB)
		expect(storage.keyOwner.get(bob.grandpa.publicKey)).toEqual(BOB)
		expect([freeBalance(BOB), depositOf(BOB)]).toEqual([99n * STKR, DEPOSIT])
		expect(chain.eventsOf('Session', 'KeysSet')).toEqual([{ who: BOB, keys: keysOf(bob) }])
	})

	test('CNS-1 refuses keys without a signature of each over their owner, and writes nothing', () => {
		const before = registry()
		const good = proofFor(BOB, bob)
		const flipped = (at: number): Uint8Array => good.map((byte, i) => (i === at ? byte ^ 1 : byte))
		const strangers = proofFor(BOB, other)
		const wrong: [string, Uint8Array][] = [
			['made for another owner', proofFor(CAROL, bob)],
			['of other keys', strangers],
			['with one bit of the Aura signature changed', flipped(3)],
			['with one bit of the GRANDPA signature changed', flipped(100)],
			["with another's Aura signature", Uint8Array.of(...strangers.slice(0, 64), ...good.slice(64))],
			["with another's GRANDPA signature", Uint8Array.of(...good.slice(0, 64), ...strangers.slice(64))],
			['in the other order', Uint8Array.of(...good.slice(64), ...good.slice(0, 64))],
			['empty', new Uint8Array()],
			['a byte short', good.slice(0, 127)],
			['a byte long', Uint8Array.of(...good, 0)],
			['of one signature', good.slice(0, 64)],
			['twice', Uint8Array.of(...good, ...good)],
			['over the bare account id', Uint8Array.of(...bob.aura.sign(BOB), ...bob.grandpa.sign(BOB))],
		]
		for (const [what, proof] of wrong) expect(register(chain, BOB, bob, proof), what).toBe('InvalidProof')
		expect(registry()).toEqual(before)
		expect(chain.events()).toEqual([])
		expect(() => register(chain, BOB, bob, new Uint8Array(257))).toThrow('at most 256')
	})

	test('CNS-1 gives nobody a key of another, whatever its kind there', () => {
		const shared: SessionPairs[] = [
			{ aura: alice.aura, grandpa: bob.grandpa },
			{ aura: bob.aura, grandpa: alice.grandpa },
		]
		for (const pairs of [alice, ...shared]) expect(register(chain, BOB, pairs)).toBe('DuplicatedKey')
		// An sr25519 key proves nothing as an ed25519 one: the check behind the proofs is met where every signature is taken.
		const unproven = new TestChain({ 2: aura, 3: grandpa, 4: balances, 12: session }, genesisWithBob(), { verify: false })
		const keys = { aura: bob.aura.publicKey, grandpa: alice.aura.publicKey }
		expect(unproven.call(signed(BOB), setKeys, { keys, proof: new Uint8Array(128) })).toBe('DuplicatedKey')
		const twice = { aura: bob.aura.publicKey, grandpa: bob.aura.publicKey }
		expect(unproven.call(signed(BOB), setKeys, { keys: twice, proof: new Uint8Array(128) })).toBe('DuplicatedKey')
		expect(storage.keyOwner.exists(bob.aura.publicKey)).toBe(false)
	})
	const genesisWithBob = () => ({ balances: { balances: [[toHex(BOB), 100n * STKR]] }, ...genesisOf() })

	test('CNS-1 replaces keys: the old ones are free for others, the deposit is held once', () => {
		register(chain, BOB, bob)
		expect(register(chain, BOB, bob)).toBeUndefined()
		expect(register(chain, BOB, { aura: bob.aura, grandpa: other.grandpa })).toBeUndefined()
		expect(depositOf(BOB)).toBe(DEPOSIT)
		expect(storage.keyOwner.exists(bob.grandpa.publicKey)).toBe(false)
		expect(register(chain, CAROL, { aura: carol.aura, grandpa: bob.grandpa })).toBeUndefined()
		expect(register(chain, BOB, bob)).toBe('DuplicatedKey')
		expect(storage.nextKeys.get(BOB)).toEqual({ aura: bob.aura.publicKey, grandpa: other.grandpa.publicKey })
	})

	test('CNS-1 holds a deposit of a genesis validator too, once it registers itself', () => {
		expect(register(chain, ALICE, other)).toBeUndefined()
		expect(depositOf(ALICE)).toBe(DEPOSIT)
		expect(storage.keyOwner.exists(alice.aura.publicKey)).toBe(false)
	})

	test('CNS-1 refuses an account that can not pay the deposit and stay alive', () => {
		expect(register(chain, POOR, other)).toBe('Token::FundsUnavailable')
		expect(storage.nextKeys.exists(POOR)).toBe(false)
		expect(storage.keyOwner.exists(other.aura.publicKey)).toBe(false)
	})

	test('CNS-1 gives keys up, frees the deposit, and says so', () => {
		register(chain, BOB, bob)
		expect(chain.call(signed(BOB), purgeKeys, {})).toBeUndefined()
		expect([freeBalance(BOB), depositOf(BOB)]).toEqual([100n * STKR, 0n])
		expect(storage.nextKeys.exists(BOB)).toBe(false)
		expect(storage.keyOwner.exists(bob.aura.publicKey) || storage.keyOwner.exists(bob.grandpa.publicKey)).toBe(false)
		expect(chain.eventsOf('Session', 'KeysPurged')).toEqual([{ who: BOB }])
		expect(chain.call(signed(BOB), purgeKeys, {})).toBe('NoKeys')
		expect(register(chain, CAROL, bob)).toBeUndefined()
	})

	test('CNS-1 a genesis validator that held no deposit gets none back', () => {
		expect(chain.call(signed(ALICE), purgeKeys, {})).toBeUndefined()
		expect(freeBalance(ALICE)).toBe(100n * STKR)
	})

	test('CNS-1 takes keys from accounts alone', () => {
		for (const origin of [ROOT, { type: 'None' } as const]) {
			expect(chain.call(origin, setKeys, { keys: keysOf(bob), proof: proofFor(BOB, bob) })).toBe('BadOrigin')
			expect(chain.call(origin, purgeKeys, {})).toBe('BadOrigin')
		}
	})

	test('CNS-1 keys made in the keystore of a node come with a proof that the pallet takes, for one owner', () => {
		const made = generatedKeys.encode(generateKeys(CAROL, new TextEncoder().encode('//carol-node')))
		const { keys, proof } = generatedKeys.decode(made)
		const decoded: SessionKeys = sessionKeys.decode(keys)
		expect(ownsKeys(CAROL, decoded, proof)).toBe(true)
		expect(ownsKeys(BOB, decoded, proof)).toBe(false)
		expect(chain.call(signed(CAROL), setKeys, { keys: decoded, proof })).toBeUndefined()
	})
})

describe('validators and period', () => {
	let chain: TestChain
	beforeEach(() => {
		chain = chainOf()
		register(chain, BOB, bob)
	})

	test('CNS-1 root alone plans validators and sets the period', () => {
		for (const origin of [signed(ALICE), { type: 'None' } as const]) {
			expect(chain.call(origin, setValidators, { validators: [BOB] })).toBe('BadOrigin')
			expect(chain.call(origin, setPeriod, { blocks: 7 })).toBe('BadOrigin')
		}
	})

	test('CNS-1 plans accounts with keys, each once, and says so', () => {
		expect(plan(chain)).toBe('BadValidators')
		expect(plan(chain, BOB, ALICE, BOB)).toBe('BadValidators')
		expect(plan(chain, BOB, CAROL)).toBe('NoKeys')
		expect(storage.planned.get()).toEqual([ALICE])
		expect(plan(chain, BOB, ALICE)).toBeUndefined()
		expect(storage.planned.get()).toEqual([BOB, ALICE])
		expect(chain.eventsOf('Session', 'ValidatorsPlanned')).toEqual([{ validators: [BOB, ALICE] }])
		expect(present()).toEqual(setOf(0n, [ALICE, alice]))
	})

	test('CNS-1 takes no more validators than fit a session', () => {
		const validators = Array.from({ length: 101 }, (_, i) => account(i))
		expect(() => plan(chain, ...validators)).toThrow(/101|100/)
	})

	test('CNS-1 a period counts from the next session on', () => {
		expect(chain.call(ROOT, setPeriod, { blocks: 0 })).toBe('BadPeriod')
		expect(chain.call(ROOT, setPeriod, { blocks: 604_801 })).toBe('BadPeriod')
		expect(chain.call(ROOT, setPeriod, { blocks: 0xffff_ffff })).toBe('BadPeriod')
		expect(chain.call(ROOT, setPeriod, { blocks: 2 })).toBeUndefined()
		expect(storage.endsAt.get()).toBe(5)
		const begun: number[] = []
		for (let i = 0; i < 8; i++) {
			const before = storage.currentIndex.get()
			const closed = chain.number
			chain.nextBlock()
			if (storage.currentIndex.get() !== before) begun.push(closed + 1)
		}
		// Block 5 is the last one of session 0; then a session lasts two blocks.
		expect(begun).toEqual([6, 8])
		expect(chain.call(ROOT, setPeriod, { blocks: 604_800 })).toBeUndefined()
		chain.nextBlock(2)
		expect(storage.endsAt.get()).toBe(9 + 604_800)
	})
})

/** A chain of signed extrinsics, real blocks, and headers as an importer sees them. */
describe('rotation', () => {
	const pallets = { 0: system, 1: timestamp, 2: aura, 3: grandpa, 4: balances, 5: transactionPayment, 7: sudo, 12: session }
	const keyring = new Keyring({ type: 'sr25519' })
	const root = keyring.addFromUri('//Root')
	const user = keyring.addFromUri('//User')
	const PERIOD = 3
	let chain: TestBlocks
	let nonces: Map<string, number>

	beforeEach(() => {
		nonces = new Map()
		chain = new TestBlocks(pallets, extensions, {
			...genesisOf({
				validators: [
					[ALICE, alice],
					[BOB, bob],
				],
				period: PERIOD,
			}),
			aura: { slotDuration: 6000 },
			balances: {
				balances: [ALICE, BOB, CAROL, root.publicKey, user.publicKey].map((who) => [toHex(who), String(100n * STKR)]),
			},
			sudo: { key: toHex(root.publicKey) },
		})
	})

	const sign = (pair: typeof user, definition: CallDefinition, args: object): Uint8Array => {
		const nonce = nonces.get(pair.address) ?? 0
		nonces.set(pair.address, nonce + 1)
		return signExtrinsic(pair, runtimeCall.encode(chain.callOf(definition, args)), { nonce, genesisHash: chain.genesisHash })
	}
	const bySudo = (definition: CallDefinition, args: object): Uint8Array =>
		sign(root, sudo.parts.calls!.sudo, { call: chain.callOf(definition, args) })
	const pay = (): Uint8Array => sign(user, balances.parts.calls!.transferKeepAlive, { dest: { type: 'Id', value: CAROL }, value: 1n })
	/** Writes the register of keys as `setKeys` does, for accounts that have no key to sign an extrinsic with. */
	const registered = (who: AccountId, pairs: SessionPairs): void => {
		const { aura: auraKey, grandpa: grandpaKey } = keysOf(pairs)
		const old = storage.nextKeys.get(who)
		if (old) for (const key of [old.aura, old.grandpa]) storage.keyOwner.kill(key)
		for (const key of [auraKey, grandpaKey]) storage.keyOwner.put(key, who)
		storage.nextKeys.put(who, { aura: auraKey, grandpa: grandpaKey })
	}
	/** Consensus items of a block's digest: engine and content. */
	const consensus = ({ header }: ReturnType<TestBlocks['block']>): [string, Uint8Array][] =>
		header.digest.logs.flatMap((item) =>
			item.type === 'Consensus' ? [[String.fromCharCode(...item.value[0]), item.value[1]] as [string, Uint8Array]] : [],
		)
	const announced = (...validators: SessionPairs[]): [string, Uint8Array][] => [
		['aura', Uint8Array.of(1, ...vec(auraId).encode(validators.map((pairs) => pairs.aura.publicKey)))],
		['FRNK', Uint8Array.of(1, ...authorityList.encode(validators.map(({ grandpa: voter }) => [voter.publicKey, 1n])), ...u32.encode(0))],
	]
	const names = () => chain.events().map(({ pallet, name }) => `${pallet}.${name}`)

	test('CNS-1 the last block of a session announces the new set to both engines; blocks before and after announce none', () => {
		registered(CAROL, carol)
		const digests = [
			chain.block([bySudo(setValidators, { validators: [CAROL, ALICE] })]),
			...Array.from({ length: 5 }, () => chain.block()),
		].map(consensus)
		expect(digests).toEqual([[], [], announced(carol, alice), [], [], []])
		expect(present()).toEqual(setOf(1n, [CAROL, carol], [ALICE, alice]))
		expect(storage.currentIndex.get()).toBe(2)
	})

	test('CNS-1 a session of the same validators and keys announces nothing and keeps the set id', () => {
		for (let number = 1; number <= 2 * PERIOD; number++) {
			expect(consensus(chain.block())).toEqual([])
			expect(names().filter((name) => name === 'Session.NewSession')).toHaveLength(number % PERIOD === 0 ? 1 : 0)
			expect(names()).not.toContain('Grandpa.NewAuthorities')
		}
		expect(present()).toEqual(setOf(0n, [ALICE, alice], [BOB, bob]))
		expect(storage.currentIndex.get()).toBe(2)
	})

	test('CNS-1 new keys of a validator are a change as well', () => {
		registered(BOB, { aura: bob.aura, grandpa: other.grandpa })
		chain.block()
		chain.block()
		expect(present()).toEqual(setOf(0n, [ALICE, alice], [BOB, bob]))
		expect(consensus(chain.block())).toEqual(announced(alice, { aura: bob.aura, grandpa: other.grandpa }))
		expect(names()).toContain('Grandpa.NewAuthorities')
		expect(present().setId).toBe(1n)
	})

	test('CNS-1 the order of validators is the order of slots, so another order is a change', () => {
		chain.block([bySudo(setValidators, { validators: [BOB, ALICE] })])
		chain.block()
		expect(consensus(chain.block())).toEqual(announced(bob, alice))
	})

	test('CNS-1 the old set makes the last block of its session and earns its fees, the new one makes the next', () => {
		registered(CAROL, carol)
		chain.block([bySudo(setValidators, { validators: [CAROL] })])
		chain.block()
		const before = [ALICE, BOB, CAROL].map(freeBalance)
		const earned = () => [ALICE, BOB, CAROL].map((who, i) => freeBalance(who) - before[i])
		expect(chain.block([pay()]).results).toEqual([SUCCESS])
		expect(storage.currentIndex.get()).toBe(1)
		const oldAuthor = Number(chain.slot % 2n)
		const last = earned()
		expect(last[oldAuthor]).toBeGreaterThan(0n)
		expect(last[1 - oldAuthor]).toBe(0n)
		expect(last[2]).toBe(1n) // what the user sent
		chain.block([pay()])
		expect(earned().slice(0, 2)).toEqual(last.slice(0, 2))
		expect(earned()[2]).toBeGreaterThan(2n)
	})

	test('CNS-1 the record of a session tells its validators, voter set and first slot', () => {
		const first = storage.history.get(0)!
		registered(CAROL, carol)
		chain.block([bySudo(setValidators, { validators: [CAROL] })])
		chain.block()
		const old = prove(({ aura: key }) => equalBytes(key, alice.aura.publicKey))!
		chain.block()
		const lastSlot = chain.slot
		chain.block()
		const { validatorsHash, ...rest } = storage.history.get(1)!
		expect(rest).toEqual({ grandpaSetId: 1n, firstSlot: lastSlot + 1n })
		expect(validatorsHash).not.toEqual(first.validatorsHash)
		// The proof of session 0 holds on: its nodes still report what happened in it.
		expect(provenSession(membershipProof.decode(membershipProof.encode(old)))).toEqual(first)
		expect(isInSession(lastSlot, 0, first.firstSlot)).toBe(true)
		expect(isInSession(lastSlot, 1, rest.firstSlot)).toBe(false)
		expect(isInSession(lastSlot + 1n, 0, first.firstSlot)).toBe(false)
		expect(isInSession(lastSlot + 1n, 1, rest.firstSlot)).toBe(true)
		expect(isInSession(lastSlot + 99n, 1, rest.firstSlot)).toBe(true)
	})

	test('CNS-1 a block is the same when executed as when made, session ends included, with real keys from extrinsics', () => {
		const owner = user.publicKey
		const proof = proofFor(owner, other)
		const { results } = chain.block([sign(user, setKeys, { keys: keysOf(other), proof }), bySudo(setValidators, { validators: [owner] })])
		expect(results).toEqual([SUCCESS, SUCCESS])
		chain.block()
		expect(consensus(chain.block([sign(user, purgeKeys, {})]))).toEqual([])
		expect(present()).toEqual(setOf(0n, [ALICE, alice], [BOB, bob]))
		expect(systemStorage.blockWeight.get().Mandatory.refTime).toBeGreaterThan(weights.rotate.refTime)
	})

	test('CNS-1 weighs the end of a session in its last block alone', () => {
		const used = Array.from({ length: 4 }, () => {
			chain.block()
			return systemStorage.blockWeight.get().Mandatory.refTime
		})
		expect(used[0]).toBe(used[1])
		expect(used[2]).toBeGreaterThan(used[1])
		expect(used[3]).toBe(used[1])
	})
})

describe('rotation of what is planned', () => {
	test('CNS-1 leaves out who has no keys by then, and takes it back when it has', () => {
		const chain = chainOf({ period: 1 })
		register(chain, BOB, bob)
		register(chain, CAROL, carol)
		plan(chain, ALICE, BOB, CAROL)
		chain.call(signed(BOB), purgeKeys, {})
		chain.nextBlock()
		expect(present()).toEqual(setOf(1n, [ALICE, alice], [CAROL, carol]))
		register(chain, BOB, dave)
		chain.nextBlock()
		expect(present()).toEqual(setOf(2n, [ALICE, alice], [BOB, dave], [CAROL, carol]))
	})

	test('CNS-1 keeps the present set, keys and all, when nobody planned has keys', () => {
		const chain = chainOf({ period: 1 })
		register(chain, BOB, bob)
		plan(chain, BOB)
		chain.call(signed(BOB), purgeKeys, {})
		chain.call(signed(ALICE), purgeKeys, {})
		for (let sessionIndex = 1; sessionIndex < 4; sessionIndex++) {
			chain.nextBlock()
			expect(storage.currentIndex.get()).toBe(sessionIndex)
			expect(present()).toEqual(setOf(0n, [ALICE, alice]))
		}
		// The keys still in use belong to nobody: another may register them, with a proof for itself.
		expect(register(chain, CAROL, alice)).toBeUndefined()
		expect(plan(chain, CAROL)).toBeUndefined()
		chain.nextBlock()
		expect(present()).toEqual(setOf(1n, [CAROL, alice]))
	})

	test('CNS-6 remembers 168 sessions, its own included, and no more', () => {
		const chain = chainOf({ period: 1 })
		const proof = prove(({ grandpa: key }) => equalBytes(key, alice.grandpa.publicKey))!
		const indices = () => storage.history.entries(999).map(([index]) => index)
		chain.nextBlock(167)
		expect(storage.currentIndex.get()).toBe(167)
		expect(indices()).toHaveLength(168)
		expect(provenSession(proof)).toBeDefined()
		chain.nextBlock()
		expect(indices()).toHaveLength(168)
		expect(Math.min(...indices())).toBe(1)
		expect(provenSession(proof)).toBeUndefined()
		expect(provenSession({ ...proof, session: 1 })).toEqual(storage.history.get(1))
	})

	test('CNS-6 proves who is in the present session, and nobody else', () => {
		const chain = chainOf({ period: 1 })
		const owning = (pairs: SessionPairs) => prove(({ aura: key }) => equalBytes(key, pairs.aura.publicKey))
		expect(owning(bob)).toBeUndefined()
		const proof = owning(alice)!
		expect(proof).toEqual({ session: 0, validators: [{ account: ALICE, keys: keysOf(alice) }] })
		expect(provenSession(proof)).toEqual(storage.history.get(0))
		const forged = [
			{ ...proof, session: 1 },
			{ ...proof, validators: [] },
			{ ...proof, validators: [{ account: BOB, keys: keysOf(alice) }] },
			{ ...proof, validators: [{ account: ALICE, keys: { ...keysOf(alice), grandpa: bob.grandpa.publicKey } }] },
			{ ...proof, validators: [...proof.validators, ...proof.validators] },
		]
		for (const each of forged) expect(provenSession(each)).toBeUndefined()
		register(chain, BOB, bob)
		plan(chain, BOB)
		expect(owning(bob)).toBeUndefined()
		chain.nextBlock()
		expect([owning(alice), owning(bob)?.session]).toEqual([undefined, 1])
		expect(provenSession(proof)).toEqual(storage.history.get(0))
	})
})

describe('any sequence of operations', () => {
	const WHO = [ALICE, BOB, CAROL, DAVE]
	const PAIRS = [alice, bob, carol, dave, other, pairsOf('//sixth')]
	const PROOFS = WHO.map((who) => PAIRS.map((pairs) => proofFor(who, pairs)))
	const whoAt = fc.nat({ max: WHO.length - 1 })
	const pairsAt = fc.nat({ max: PAIRS.length - 1 })
	const step = fc.oneof(
		{ weight: 4, arbitrary: fc.record({ type: fc.constant('setKeys' as const), who: whoAt, pairs: pairsAt, forged: fc.nat({ max: 5 }) }) },
		{ weight: 1, arbitrary: fc.record({ type: fc.constant('purge' as const), who: whoAt }) },
		{ weight: 3, arbitrary: fc.record({ type: fc.constant('plan' as const), list: fc.array(whoAt, { maxLength: 4 }) }) },
		{ weight: 1, arbitrary: fc.record({ type: fc.constant('period' as const), blocks: fc.nat({ max: 4 }) }) },
		{ weight: 5, arbitrary: fc.record({ type: fc.constant('blocks' as const), count: fc.integer({ min: 1, max: 6 }) }) },
	)

	/** The pallet's rules once more, on plain data: who holds which pair of keys, and who validates with which. */
	const modelOf = () => ({
		keys: new Map<number, number>([[0, 0]]),
		deposits: new Set<number>(),
		planned: [0],
		set: [[0, 0]] as [who: number, pairs: number][],
		setId: 0n,
		period: 5,
		endsAt: 5,
		index: 0,
	})

	test(`CNS-1 the sets are what was planned with the keys registered, and the books of keys balance after each step (seed ${seed})`, () => {
		const property = fc.property(fc.array(step, { maxLength: 25 }), (steps) => {
			const chain = chainOf()
			const model = modelOf()
			/** What a call must give by the model; makes the model's change when it succeeds. */
			const expected = (each: (typeof steps)[number]): string | undefined => {
				switch (each.type) {
					case 'setKeys': {
						if (each.forged === 0) return 'InvalidProof'
						if ([...model.keys].some(([who, pairs]) => pairs === each.pairs && who !== each.who)) return 'DuplicatedKey'
						model.keys.set(each.who, each.pairs)
						model.deposits.add(each.who)
						return undefined
					}
					case 'purge':
						model.deposits.delete(each.who)
						return model.keys.delete(each.who) ? undefined : 'NoKeys'
					case 'plan':
						if (each.list.length === 0 || new Set(each.list).size < each.list.length) return 'BadValidators'
						if (!each.list.every((who) => model.keys.has(who))) return 'NoKeys'
						model.planned = each.list
						return undefined
					case 'period':
						if (each.blocks === 0) return 'BadPeriod'
						model.period = each.blocks
						return undefined
					case 'blocks':
						return undefined
				}
			}
			const endBlock = (number: number): void => {
				if (number !== model.endsAt) return
				const next = model.planned.flatMap((who): [number, number][] => (model.keys.has(who) ? [[who, model.keys.get(who)!]] : []))
				if (next.length > 0 && JSON.stringify(next) !== JSON.stringify(model.set)) {
					model.set = next
					model.setId++
				}
				model.index++
				model.endsAt = number + model.period
			}
			const run = (each: (typeof steps)[number]): string | undefined => {
				switch (each.type) {
					case 'setKeys':
						return register(
							chain,
							WHO[each.who],
							PAIRS[each.pairs],
							PROOFS[each.forged === 0 ? (each.who + 1) % WHO.length : each.who][each.pairs],
						)
					case 'purge':
						return chain.call(signed(WHO[each.who]), purgeKeys, {})
					case 'plan':
						return plan(chain, ...each.list.map((who) => WHO[who]))
					case 'period':
						return chain.call(ROOT, setPeriod, { blocks: each.blocks })
					case 'blocks':
						for (let i = 0; i < each.count; i++) {
							endBlock(chain.number)
							chain.nextBlock()
						}
						return undefined
				}
			}
			for (const each of steps) {
				expect(run(each)).toBe(expected(each))
				chain.check()
				expect(present()).toEqual(
					setOf(model.setId, ...model.set.map(([who, pairs]): [AccountId, SessionPairs] => [WHO[who], PAIRS[pairs]])),
				)
				expect([storage.currentIndex.get(), storage.endsAt.get()]).toEqual([model.index, model.endsAt])
				expect(WHO.map((who) => storage.nextKeys.get(who))).toEqual(
					WHO.map((_, i) => (model.keys.has(i) ? keysOf(PAIRS[model.keys.get(i)!]) : undefined)),
				)
				expect(WHO.map(depositOf)).toEqual(WHO.map((_, i) => (model.deposits.has(i) ? DEPOSIT : 0n)))
			}
		})
		fc.assert(property, { seed, numRuns: 120, verbose: true })
	})
})
