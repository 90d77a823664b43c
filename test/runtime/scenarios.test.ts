import '@stkr/runtime-spec/frame/native/install.ts'
import { Keyring } from '@polkadot/keyring'
import { type Call, runtimeCall } from '@stkr/runtime-spec/frame/call.ts'
import { bytes } from '@stkr/runtime-spec/frame/scale/index.ts'
import { LIMITS, storage, system } from '@stkr/runtime-spec/frame/system/index.ts'
import { AETH, assets, ETH, supplyOf } from '@stkr/runtime-spec/pallets/assets/index.ts'
import { balances, storage as balancesStorage, EXISTENTIAL_DEPOSIT, STKR } from '@stkr/runtime-spec/pallets/balances/index.ts'
import { escrow } from '@stkr/runtime-spec/pallets/escrow/index.ts'
import { liquidStaking } from '@stkr/runtime-spec/pallets/liquid-staking/index.ts'
import { microPool } from '@stkr/runtime-spec/pallets/micro-pool/index.ts'
import { offences } from '@stkr/runtime-spec/pallets/offences/index.ts'
import { grandpaEquivocationOf } from '@stkr/runtime-spec/pallets/offences/testing/equivocations.ts'
import { treasuryAccount } from '@stkr/runtime-spec/pallets/pots.ts'
import { prove, session } from '@stkr/runtime-spec/pallets/session/index.ts'
import { keysOf, pairsOf } from '@stkr/runtime-spec/pallets/session/testing/session-keys.ts'
import { sudo } from '@stkr/runtime-spec/pallets/sudo/index.ts'
import { timestamp } from '@stkr/runtime-spec/pallets/timestamp/index.ts'
import { utility } from '@stkr/runtime-spec/pallets/utility/index.ts'
import type { DevName } from '@stkr/runtime-spec/runtime/presets.ts'
import { afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { builtRuntime } from './built.ts'
import { callOf } from './calls.ts'
import { accountOf, type RunnableRuntime, type ToSign, TwinChain } from './chain.ts'
import { asRoot, assetOf, attest, ETHER, ethOf, feesOf, freeOf, fund, idOf, lockOf, pay, sudone } from './journeys.ts'

let runtime: RunnableRuntime
let chain: TwinChain

beforeAll(async () => {
	runtime = await builtRuntime()
})
beforeEach(() => {
	chain = new TwinChain(runtime)
})
afterEach(() => {
	expect(chain.twin.differences).toEqual([])
	expect(chain.defects).toEqual([])
})

describe('signed extrinsics', () => {
	test.each(['sr25519', 'ed25519', 'ecdsa'] as const)('CHN-1 takes signatures of type %s from an account of that type', (type) => {
		const pair = new Keyring({ type }).addFromUri('//Somebody')
		expect(chain.block([pay('Alice', accountOf(pair), 10n * STKR)])).toEqual(['ok'])
		expect(chain.block([pay(pair, 'Bob', STKR), pay(pair, 'Bob', STKR)])).toEqual(['ok', 'ok'])
		expect(freeOf(chain, pair)).toBe(8n * STKR - feesOf(chain, pair))
		expect(freeOf(chain, 'Bob')).toBe(1_000_002n * STKR)
		expect(chain.nonce(accountOf(pair))).toBe(2)
		const spoilt = chain.sign(pay(pair, 'Bob', STKR))
		spoilt[spoilt.length - 1] ^= 1
		expect(chain.block([spoilt])).toEqual(['refused Invalid.BadProof'])
	})

	test('CHN-1 takes a mortal extrinsic within its era alone', () => {
		for (let i = 0; i < 5; i++) chain.block()
		const birthHash = chain.read(() => storage.blockHash.get(4))
		const mortal = chain.sign(pay('Bob', 'Charlie', STKR, { era: { period: 4, phase: 0 }, birthHash }))
		expect(chain.validate(mortal)).toMatchObject({ longevity: 2n })
		const early = chain.sign(pay('Bob', 'Charlie', STKR, { era: { period: 64, phase: 60 }, birthHash }))
		expect(chain.block([early, mortal])).toEqual(['refused Invalid.AncientBirthBlock', 'ok'])
		const late = chain.sign(pay('Bob', 'Charlie', STKR, { era: { period: 4, phase: 0 }, birthHash }))
		for (let i = 0; i < 2; i++) chain.block()
		expect(chain.block([late])).toEqual(['refused Invalid.BadProof'])
	})

	test('CHN-1 splits fees between author and Treasury, gives the author the tip, and takes nonces in order', () => {
		chain.block([pay('Bob', treasuryAccount, STKR)])
		const before = { author: freeOf(chain, 'Alice'), treasury: freeOf(chain, treasuryAccount), issuance: issuance() }
		const nonce = chain.nonce(accountOf('Bob'))
		const outcomes = chain.block([
			pay('Bob', 'Charlie', STKR, { tipPlanck: 3n * STKR, nonce }),
			pay('Bob', 'Charlie', STKR, { nonce }),
			pay('Bob', 'Charlie', STKR, { nonce: nonce + 2 }),
			pay('Bob', 'Charlie', STKR, { tipPlanck: 10n ** 30n }),
		])
		expect(outcomes).toEqual(['ok', 'refused Invalid.Stale', 'refused Invalid.Future', 'refused Invalid.Payment'])
		const fee = feesOf(chain, 'Bob') - 3n * STKR
		const authorShare = (fee * 200_000n) / 1_000_000n
		expect(freeOf(chain, 'Alice') - before.author).toBe(authorShare + 3n * STKR)
		expect(freeOf(chain, treasuryAccount) - before.treasury).toBe(fee - authorShare)
		expect(issuance()).toBe(before.issuance)
	})
})
const issuance = (): bigint => chain.read(() => balancesStorage.totalIssuance.get())

describe('failures', () => {
	test('CHN-3 a failing call of each pallet undoes all it wrote and costs its fee alone', () => {
		fund(chain, { Bob: ETHER })
		const failing: [Call, string][] = [
			[callOf(system, 'setCode', { code: new Uint8Array(9) }), 'BadOrigin'],
			[callOf(balances, 'transferKeepAlive', { dest: idOf('Charlie'), value: 10n ** 30n }), 'Token.FundsUnavailable'],
			[callOf(balances, 'transferKeepAlive', { dest: { type: 'Index', value: 3 }, value: STKR }), 'CannotLookup'],
			[callOf(balances, 'transferKeepAlive', { dest: idOf(new Uint8Array(32).fill(9)), value: 1n }), 'Token.BelowMinimum'],
			[callOf(sudo, 'setKey', { new: idOf('Bob') }), 'Sudo.RequireSudo'],
			[callOf(assets, 'transfer', { id: ETH, target: idOf('Charlie'), amount: 2n * ETHER }), 'Assets.BalanceLow'],
			[callOf(assets, 'transfer', { id: 77, target: idOf('Charlie'), amount: 1n }), 'Assets.Unknown'],
			[callOf(escrow, 'attestLock', lockOf(1n, 'Bob', ETHER)), 'Escrow.NotWitness'],
			[callOf(escrow, 'withdraw', { amountWei: 2n * ETHER, recipient: new Uint8Array(20).fill(1) }), 'Assets.BalanceLow'],
			[callOf(microPool, 'join', { pool: 5, stakeWei: ETHER }), 'MicroPool.UnknownPool'],
			[callOf(liquidStaking, 'claim'), 'LiquidStaking.NothingToClaim'],
			[callOf(session, 'purgeKeys'), 'Session.NoKeys'],
			[callOf(session, 'setKeys', { keys: keysOf(pairsOf('//Bob')), proof: new Uint8Array(128) }), 'Session.InvalidProof'],
			[
				callOf(offences, 'reportGrandpaEquivocation', {
					proof: grandpaEquivocationOf(pairsOf('//Bob').grandpa, { type: 'Prevote', round: 1n, setId: 0n }),
					membership: chain.read(() => prove(() => true))!,
				}),
				'Offences.InvalidKeyOwnershipProof',
			],
			[callOf(utility, 'withWeight', { call: callOf(liquidStaking, 'claim'), weight: { refTime: 1, proofSize: 0 } }), 'BadOrigin'],
			[
				callOf(utility, 'batchAll', {
					calls: [
						callOf(assets, 'transfer', { id: ETH, target: idOf('Charlie'), amount: ETHER }),
						callOf(balances, 'transferAllowDeath', { dest: idOf('Charlie'), value: STKR }),
						callOf(microPool, 'exit', { pool: 0 }),
					],
				}),
				'MicroPool.UnknownPool',
			],
		]
		const before = freeOf(chain, 'Bob')
		expect(chain.block(failing.map(([call]) => ({ by: 'Bob', call })))).toEqual(failing.map(([, why]) => `failed ${why}`))
		expect(freeOf(chain, 'Bob')).toBe(before - feesOf(chain, 'Bob'))
		expect(freeOf(chain, 'Charlie')).toBe(1_000_000n * STKR)
		expect(ethOf(chain, 'Bob')).toBe(ETHER)
		expect(chain.eventsOf('System.ExtrinsicFailed')).toHaveLength(failing.length)
		expect(chain.nonce(accountOf('Bob'))).toBe(failing.length)
	})

	test('CHN-3 refuses what is malformed, in the pool and in a block, and the block goes on', () => {
		const good = chain.sign(pay('Bob', 'Charlie', STKR))
		const body = good.subarray(2)
		const nested = (depth: number): Uint8Array => {
			// Batches of one call each, as bytes: deeper than any codec of ours would write.
			const inner = runtimeCall.encode(callOf(system, 'remark', { remark: new Uint8Array() }))
			const batch = [utility.index, 0, 4]
			return Uint8Array.from([...Array.from({ length: depth }, () => batch).flat(), ...inner])
		}
		const bare = (call: Uint8Array): Uint8Array => bytes.encode(Uint8Array.of(4, ...call))
		const signedCall = (call: Uint8Array): Uint8Array => chain.sign({ by: 'Bob', call })
		// A vector that claims 2^30 items, one of 2^32, text that is no UTF-8, and calls too deep.
		const calls = [
			Uint8Array.of(99, 0),
			Uint8Array.of(utility.index, 0, 2, 0, 0, 0, 1),
			Uint8Array.of(utility.index, 0, 3, 0xff, 0xff, 0xff, 0xff),
			Uint8Array.of(system.index, 0, 3, 0xff, 0xff, 0xff, 0xff, 1, 2, 3),
			Uint8Array.of(system.index, 4, 2, 0, 0, 0x80),
			nested(7),
			nested(20_000),
		]
		const malformed: Uint8Array[] = [
			new Uint8Array(),
			Uint8Array.of(0),
			Uint8Array.of(4, 4),
			Uint8Array.of(8, 0x84, 0),
			Uint8Array.of(0xff, 0xff, 0xff, 0xff, 0xff),
			bare(Uint8Array.of(99, 0)),
			bytes.encode(Uint8Array.of(0x85, ...body.subarray(1))),
			...calls.map(signedCall),
			...Array.from({ length: good.length }, (_, length) => good.subarray(0, length)),
		]
		for (const raw of malformed.slice(0, 14)) expect(chain.validate(raw)).toBe('refused Invalid.Call')
		// Bytes behind a signed call were not signed; calls that nobody may make unsigned are not even decoded.
		const unsigned = calls.slice(1).map(bare)
		for (const raw of unsigned) expect(chain.validate(raw)).toBe('refused Unknown.NoUnsignedValidator')
		const longer = bytes.encode(Uint8Array.of(...body, 0))
		expect(chain.validate(longer)).toBe('refused Invalid.BadProof')
		const outcomes = chain.block([...malformed, ...unsigned, longer, good])
		const expected = [...malformed.map(() => 'refused Invalid.Call'), ...unsigned.map(() => 'refused Unknown.NoUnsignedValidator')]
		expect(outcomes).toEqual([...expected, 'refused Invalid.BadProof', 'ok'])
	})

	test('CHN-3 refuses every extrinsic with a flipped bit, and writes nothing for it', () => {
		const good = chain.sign(pay('Bob', 'Charlie', STKR))
		const flipped = Array.from({ length: good.length }, (_, at) => {
			const raw = good.slice()
			raw[at] ^= 1 << (at % 8)
			return raw
		})
		const outcomes = chain.block([...flipped, good])
		expect(outcomes.pop()).toBe('ok')
		for (const outcome of outcomes)
			expect(outcome).toMatch(/^refused (Invalid\.(Call|BadProof|Payment|AncientBirthBlock)|Unknown\.CannotLookup)$/)
	})

	test('CHN-3 refuses inherents from outside before it charges for them, and unsigned calls', () => {
		const bare = (call: Call): Uint8Array => bytes.encode(Uint8Array.of(4, ...runtimeCall.encode(call)))
		const set = callOf(timestamp, 'set', { now: chain.nowMs })
		expect(chain.validate(chain.sign({ by: 'Bob', call: set }))).toBe('refused Invalid.Call')
		const outcomes = chain.block([{ by: 'Bob', call: set }, bare(set), bare(callOf(system, 'remark', { remark: new Uint8Array() }))])
		expect(outcomes).toEqual(['refused Invalid.BadMandatory', 'refused Invalid.BadMandatory', 'refused Unknown.NoUnsignedValidator'])
		expect(freeOf(chain, 'Bob')).toBe(1_000_000n * STKR)
		expect(chain.nonce(accountOf('Bob'))).toBe(0)
	})
})

describe('block limits', () => {
	const heavy = (refTime: number, proofSize = 0): ToSign =>
		asRoot(callOf(utility, 'withWeight', { call: callOf(system, 'remark', { remark: new Uint8Array() }), weight: { refTime, proofSize } }))

	test('CHN-4 fills three quarters of a block with normal calls and keeps a quarter for witnesses', () => {
		const third = LIMITS.perClass.Normal.maxTotal!.refTime / 3
		const outcomes = chain.block([
			...[heavy(third - 10 ** 9), heavy(third - 10 ** 9), heavy(third - 10 ** 9), heavy(10 ** 10)],
			attest('Witness1', lockOf(0n, 'Bob', ETHER)),
		])
		expect(outcomes).toEqual(['ok', 'ok', 'ok', 'refused Invalid.ExhaustsResources', 'ok'])
		const { Normal, Operational } = chain.read(() => storage.blockWeight.get())
		expect(Normal.refTime).toBeLessThanOrEqual(LIMITS.perClass.Normal.maxTotal!.refTime)
		expect(Operational.refTime).toBeGreaterThan(0)
		expect(chain.block([heavy(10 ** 10)])).toEqual(['ok'])
	})

	test('CHN-4 refuses a call heavier than a block, whoever makes it', () => {
		// By what it computes or by what it proves: what the pool takes and no block can hold, authors never get rid of.
		for (const over of [heavy(LIMITS.maxBlock.refTime), heavy(1, LIMITS.maxBlock.proofSize)]) {
			expect(chain.validate(chain.sign(over))).toBe('refused Invalid.ExhaustsResources')
			expect(chain.block([over])).toEqual(['refused Invalid.ExhaustsResources'])
		}
	})

	test('CHN-4 bounds the bytes of a block and of an extrinsic', () => {
		const remark = (by: DevName, megabytes: number): ToSign => ({
			by,
			call: callOf(system, 'remark', { remark: new Uint8Array(megabytes * 2 ** 20) }),
		})
		const full = 'refused Invalid.ExhaustsResources'
		expect(chain.block([remark('Bob', 4), remark('Bob', 2), remark('Bob', 1), remark('Bob', 1), pay('Bob', 'Eve', STKR)])).toEqual([
			...[full, 'ok', 'ok', full, 'ok'],
		])
	})
})

describe('assets', () => {
	test('CHN-7 moves an asset by transfer and by approval, keeps supply exact, and lets ETH alone keep an account', () => {
		fund(chain, { Bob: 10n * ETHER })
		const stranger = new Uint8Array(32).fill(0x55)
		const held = chain.read(() => storage.account.get(accountOf('Bob')).data.reserved)
		expect(
			chain.block([
				{ by: 'Bob', call: callOf(assets, 'transfer', { id: ETH, target: idOf(stranger), amount: 3n * ETHER }) },
				{ by: 'Bob', call: callOf(assets, 'approveTransfer', { id: ETH, delegate: idOf('Charlie'), amount: 2n * ETHER }) },
				{
					by: 'Charlie',
					call: callOf(assets, 'transferApproved', { id: ETH, owner: idOf('Bob'), destination: idOf('Dave'), amount: ETHER }),
				},
				{ by: 'Dave', call: callOf(assets, 'transferApproved', { id: ETH, owner: idOf('Bob'), destination: idOf('Dave'), amount: 1n }) },
				{
					by: 'Charlie',
					call: callOf(assets, 'transferApproved', { id: ETH, owner: idOf('Bob'), destination: idOf('Dave'), amount: 2n * ETHER }),
				},
				{ by: 'Bob', call: callOf(assets, 'transferKeepAlive', { id: ETH, target: idOf('Dave'), amount: 6n * ETHER }) },
			]),
		).toEqual(['ok', 'ok', 'ok', 'failed Assets.Unapproved', 'failed Assets.Unapproved', 'failed Assets.WouldDie'])
		expect([ethOf(chain, 'Bob'), ethOf(chain, 'Dave'), ethOf(chain, stranger)]).toEqual([6n * ETHER, ETHER, 3n * ETHER])
		expect(chain.read(() => supplyOf(ETH))).toBe(10n * ETHER)
		expect(chain.read(() => storage.account.get(stranger))).toMatchObject({ sufficients: 1, providers: 0 })
		expect(chain.block([{ by: 'Bob', call: callOf(assets, 'cancelApproval', { id: ETH, delegate: idOf('Charlie') }) }])).toEqual(['ok'])
		expect(chain.read(() => storage.account.get(accountOf('Bob')).data.reserved)).toBe(held)
	})

	test('CHN-7 gives nobody but the owning pallet a way to issue or burn', () => {
		const names = Object.keys(assets.parts.calls!)
		expect(names.filter((name) => /mint|burn|issue/i.test(name))).toEqual([])
		chain.block([asRoot(callOf(assets, 'forceCreate', { id: ETH, owner: idOf('Alice'), isSufficient: true, minBalance: 1n }))])
		expect(sudone(chain)).toEqual(['Assets.InUse'])
		expect(chain.read(() => [supplyOf(ETH), supplyOf(AETH)])).toEqual([0n, 0n])
	})

	test('CHN-7 keeps the existential deposit of STKR', () => {
		const fresh = new Uint8Array(32).fill(0x66)
		const { length } = chain.block([pay('Bob', fresh, EXISTENTIAL_DEPOSIT), pay('Bob', new Uint8Array(32), EXISTENTIAL_DEPOSIT - 1n)])
		expect(length).toBe(2)
		expect(freeOf(chain, fresh)).toBe(EXISTENTIAL_DEPOSIT)
		expect(freeOf(chain, new Uint8Array(32))).toBe(0n)
		expect(assetOf(chain, ETH, fresh)).toBe(0n)
	})
})
