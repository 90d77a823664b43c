import '../frame/native/install.ts'
import { Keyring } from '@polkadot/keyring'
import { cryptoWaitReady } from '@polkadot/util-crypto'
import { beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { ascii, toHex } from '../frame/bytes.ts'
import { runtimeCall } from '../frame/call.ts'
import { type SignOptions, signExtrinsic } from '../frame/native/sign.ts'
import { SUCCESS, TestBlocks } from '../frame/native/test-blocks.ts'
import { u32, vec } from '../frame/scale/index.ts'
import { LIMITS, storage, system } from '../frame/system/index.ts'
import { runtimeVersion, VERSION } from '../frame/system/version.ts'
import { aura, auraId } from '../pallets/aura/index.ts'
import { balances, EXISTENTIAL_DEPOSIT, STKR } from '../pallets/balances/index.ts'
import { authorityList, grandpa, storage as grandpaStorage } from '../pallets/grandpa/index.ts'
import { treasuryAccount } from '../pallets/pots.ts'
import { session } from '../pallets/session/index.ts'
import { genesisValidator, keysOf, pairsOf, proofFor } from '../pallets/session/testing/session-keys.ts'
import { sudo } from '../pallets/sudo/index.ts'
import { timestamp } from '../pallets/timestamp/index.ts'
import { transactionPayment } from '../pallets/transaction-payment/index.ts'
import { utility } from '../pallets/utility/index.ts'
import { extensions } from './index.ts'

const pallets = { 0: system, 1: timestamp, 2: aura, 3: grandpa, 4: balances, 5: transactionPayment, 6: utility, 7: sudo, 12: session }
const { transferKeepAlive, transferAllowDeath } = balances.parts.calls!
const PERIOD = 3
const invalid = (index: number) => Uint8Array.of(1, 0, index)

let chain: TestBlocks
let alice: ReturnType<Keyring['addFromUri']>
let bob: typeof alice
let carol: typeof alice
let ed: typeof alice
let ecdsa: typeof alice

beforeAll(async () => {
	await cryptoWaitReady()
	alice = new Keyring({ type: 'sr25519' }).addFromUri('//Alice')
	bob = new Keyring({ type: 'sr25519' }).addFromUri('//Bob')
	carol = new Keyring({ type: 'sr25519' }).addFromUri('//Carol')
	ed = new Keyring({ type: 'ed25519' }).addFromUri('//Ed')
	ecdsa = new Keyring({ type: 'ecdsa' }).addFromUri('//Eve')
})

beforeEach(() => {
	const found = runtimeVersion.encode({ ...VERSION, specVersion: VERSION.specVersion + 1 })
	chain = new TestBlocks(
		pallets,
		extensions,
		{
			aura: { slotDuration: 6000 },
			session: { period: PERIOD, validators: [genesisValidator(alice.publicKey, pairsOf('//Alice'))] },
			balances: {
				balances: [alice, bob, ed]
					.map((pair) => [toHex(pair.publicKey), String(1000n * STKR)])
					.concat([[toHex(ecdsa.addressRaw), String(1000n * STKR)]]),
			},
			sudo: { key: toHex(alice.publicKey) },
		},
		{ runtimeVersionOf: (code) => (code[0] === 1 ? found : code[0] === 2 ? runtimeVersion.encode(VERSION) : null) },
	)
})

const sign = (pair: typeof alice, call: Parameters<typeof chain.callOf>, options: Partial<SignOptions> = {}): Uint8Array =>
	signExtrinsic(pair, runtimeCall.encode(chain.callOf(...call)), { nonce: 0, genesisHash: chain.genesisHash, ...options })
const transfer = (to: typeof alice, value: bigint): Parameters<typeof chain.callOf> => [
	transferKeepAlive,
	{ dest: { type: 'Id', value: to.addressRaw }, value },
]
const free = (pair: { addressRaw: Uint8Array }): bigint => storage.account.get(pair.addressRaw).data.free
const names = () => chain.events().map(({ pallet, name }) => `${pallet}.${name}`)

describe('signed extrinsics', () => {
	test.each(['sr25519', 'ed25519', 'ecdsa'] as const)('CHN-1 takes signatures of type %s', (type) => {
		const pair = { sr25519: alice, ed25519: ed, ecdsa }[type]
		const { results } = chain.block([sign(pair, transfer(bob, STKR))])
		expect(results).toEqual([SUCCESS])
		expect(free(bob)).toBe(1001n * STKR)
	})

	test('CHN-1 refuses a signature over other bytes', () => {
		const extrinsic = sign(alice, transfer(bob, STKR))
		extrinsic[extrinsic.length - 1] ^= 1
		expect(chain.block([extrinsic]).results).toEqual([invalid(4)])
		expect(chain.block([sign(alice, transfer(bob, STKR), { genesisHash: new Uint8Array(32) })]).results).toEqual([invalid(4)])
		expect(chain.block([sign(alice, transfer(bob, STKR), { specVersion: 99 })]).results).toEqual([invalid(4)])
		expect(free(bob)).toBe(1000n * STKR)
	})

	test('CHN-1 takes each nonce once and in order', () => {
		const first = sign(alice, transfer(bob, STKR))
		const second = sign(alice, transfer(bob, STKR), { nonce: 1 })
		expect(chain.block([second, first, first, second]).results).toEqual([invalid(2), SUCCESS, invalid(3), SUCCESS])
		expect(storage.account.get(alice.publicKey).nonce).toBe(2)
	})

	test('CHN-1 lets a mortal extrinsic in during its era and never after', () => {
		const birthHash = chain.genesisHash
		const mortal = () => sign(alice, transfer(bob, STKR), { era: { period: 4, phase: 0 }, birthHash })
		expect(chain.block([mortal()]).results).toEqual([SUCCESS])
		for (let i = 0; i < 4; i++) chain.block()
		const late = sign(alice, transfer(bob, STKR), { nonce: 1, era: { period: 4, phase: 0 }, birthHash })
		expect(chain.block([late]).results).toEqual([invalid(4)])
	})

	test('CHN-1 splits the fee of a block between author and Treasury and gives the author the tip', () => {
		const before = free(alice)
		const { results } = chain.block([sign(bob, transfer(carol, STKR), { tipPlanck: 5n * STKR })])
		expect(results).toEqual([SUCCESS])
		const paid = chain.events().find(({ name }) => name === 'TransactionFeePaid')!.fields as { actualFee: bigint; tip: bigint }
		const fee = paid.actualFee - paid.tip
		const author = (fee * 200_000n) / 1_000_000n
		expect(paid.tip).toBe(5n * STKR)
		expect(free(alice) - before).toBe(author + paid.tip)
		expect(free({ addressRaw: treasuryAccount })).toBe(fee - author)
		expect(free(bob)).toBe(1000n * STKR - STKR - paid.actualFee)
	})

	test('CHN-1 refuses a sender that cannot pay the fee', () => {
		expect(chain.block([sign(carol, transfer(bob, 1n))]).results).toEqual([invalid(1)])
	})

	test('CHN-1 validates for the pool as the next block would', () => {
		chain.block()
		const check = (extrinsic: Uint8Array) => {
			chain.state.start()
			const result = chain.executive.validateTransaction('External', extrinsic, chain.parentHash)
			chain.state.rollback()
			return result
		}
		const ready = check(sign(alice, transfer(bob, STKR)))
		expect(ready[0]).toBe(0)
		const future = check(sign(alice, transfer(bob, STKR), { nonce: 2 }))
		expect(future[0]).toBe(0)
		expect(future.length).toBeGreaterThan(ready.length) // it requires nonce 1
		const mortal = sign(alice, transfer(bob, STKR), { era: { period: 4, phase: 1 }, birthHash: chain.parentHash })
		expect(check(mortal)[0]).toBe(0)
		chain.block([sign(alice, transfer(bob, STKR))])
		expect(check(sign(alice, transfer(bob, STKR)))).toEqual(invalid(3))
		expect(check(sign(carol, transfer(bob, STKR)))).toEqual(invalid(1))
	})
})

describe('failures', () => {
	test('CHN-3 undoes a failed call, keeps its fee and reports the error', () => {
		const before = free(alice)
		const { results } = chain.block([
			sign(bob, [transferAllowDeath, { dest: { type: 'Id', value: carol.addressRaw }, value: EXISTENTIAL_DEPOSIT - 1n }]),
		])
		expect(results[0].slice(0, 2)).toEqual(Uint8Array.of(0, 1))
		expect(free(carol)).toBe(0n)
		expect(free(bob)).toBeLessThan(1000n * STKR)
		expect(free(alice)).toBeGreaterThan(before)
		expect(names()).toContain('System.ExtrinsicFailed')
		expect(names()).not.toContain('Balances.Transfer')
	})

	test('CHN-3 refuses malformed extrinsics and goes on', () => {
		const good = sign(alice, transfer(bob, STKR))
		const malformed = [
			new Uint8Array(),
			Uint8Array.of(0),
			Uint8Array.of(4, 4),
			Uint8Array.of(8, 0x84, 0),
			good.slice(0, 40),
			good.slice(1),
			Uint8Array.of(...good, 0),
			Uint8Array.of(12, 4, 99, 0),
		]
		const { results } = chain.block([...malformed, good])
		expect(results.slice(0, -1)).toEqual(malformed.map(() => invalid(0)))
		expect(results.at(-1)).toEqual(SUCCESS)
	})

	test('CHN-3 refuses an inherent from outside and a bare call', () => {
		const bare = (call: Parameters<typeof chain.callOf>) => {
			const body = runtimeCall.encode(chain.callOf(...call))
			return Uint8Array.of((body.length + 1) << 2, 4, ...body)
		}
		const { results } = chain.block([bare(transfer(bob, STKR)), bare([timestamp.parts.calls!.set, { now: 1n }])])
		expect(results).toEqual([Uint8Array.of(1, 1, 1), invalid(8)])
	})

	test('CHN-3 bounds how deep calls may hold calls', () => {
		let call = chain.callOf(system.parts.calls!.remark, { remark: Uint8Array.of(1) })
		for (let i = 0; i < 5; i++) call = chain.callOf(utility.parts.calls!.batch, { calls: [call] })
		const shallow = signExtrinsic(alice, runtimeCall.encode(call), { nonce: 0, genesisHash: chain.genesisHash })
		const deep = signExtrinsic(alice, runtimeCall.encode(chain.callOf(utility.parts.calls!.batch, { calls: [call] })), {
			nonce: 1,
			genesisHash: chain.genesisHash,
		})
		expect(chain.block([shallow, deep]).results).toEqual([SUCCESS, invalid(0)])
	})

	test('CHN-6 batch stops at a failure, batchAll undoes all, forceBatch goes on', () => {
		const good = chain.callOf(...transfer(carol, STKR))
		const bad = chain.callOf(...transfer(carol, 10n ** 30n))
		const { batch, batchAll, forceBatch } = utility.parts.calls!
		chain.block([sign(alice, [batch, { calls: [good, bad, good] }])])
		expect(free(carol)).toBe(STKR)
		expect(names()).toContain('Utility.BatchInterrupted')
		const { results } = chain.block([sign(alice, [batchAll, { calls: [good, bad] }], { nonce: 1 })])
		expect(results[0].slice(0, 2)).toEqual(Uint8Array.of(0, 1))
		expect(free(carol)).toBe(STKR)
		chain.block([sign(alice, [forceBatch, { calls: [good, bad, good] }], { nonce: 2 })])
		expect(free(carol)).toBe(3n * STKR)
	})
})

describe('limits', () => {
	const sudoWeight = (refTime: number) =>
		[
			sudo.parts.calls!.sudo,
			{
				call: chain.callOf(utility.parts.calls!.withWeight, {
					call: chain.callOf(system.parts.calls!.remark, { remark: new Uint8Array() }),
					weight: { refTime, proofSize: 0 },
				}),
			},
		] as Parameters<typeof chain.callOf>

	test('CHN-4 fills a block to its weight limit and no further', () => {
		const third = LIMITS.perClass.Normal.maxTotal!.refTime / 3
		const extrinsics = [0, 1, 2].map((nonce) => sign(alice, sudoWeight(third - 10 ** 9), { nonce }))
		expect(chain.block([...extrinsics, sign(alice, sudoWeight(10 ** 10), { nonce: 3 })]).results).toEqual([
			SUCCESS,
			SUCCESS,
			SUCCESS,
			invalid(6),
		])
		expect(chain.block([sign(alice, sudoWeight(10 ** 10), { nonce: 3 })]).results).toEqual([SUCCESS])
	})

	test('CHN-4 refuses an extrinsic larger than a block', () => {
		const remark = new Uint8Array(4 * 1024 * 1024)
		expect(chain.block([sign(alice, [system.parts.calls!.remark, { remark }])]).results).toEqual([invalid(6)])
	})

	test('CHN-4 records the weight of a block', () => {
		chain.block([sign(alice, transfer(bob, STKR))])
		const { Normal, Mandatory } = storage.blockWeight.get()
		expect(Normal.refTime).toBeGreaterThan(LIMITS.perClass.Normal.baseExtrinsic.refTime)
		expect(Mandatory.refTime).toBeGreaterThan(LIMITS.baseBlock.refTime)
	})
})

describe('blocks', () => {
	test('CHN-5 takes a runtime of a higher spec version only, by root only', () => {
		const { setCode } = system.parts.calls!
		const asRoot = (code: Uint8Array): Parameters<typeof chain.callOf> => [
			sudo.parts.calls!.sudo,
			{ call: chain.callOf(setCode, { code }) },
		]
		const outcome = () => chain.events().find(({ name }) => name === 'Sudid')!.fields.sudoResult
		chain.block([sign(bob, [setCode, { code: Uint8Array.of(1) }])])
		expect(names()).toContain('System.ExtrinsicFailed')
		chain.block([sign(alice, asRoot(Uint8Array.of(2)))])
		expect(outcome()).toMatchObject({ message: 'Module' })
		chain.block([sign(alice, asRoot(Uint8Array.of(3)), { nonce: 1 })])
		expect(names()).not.toContain('System.CodeUpdated')
		const { header } = chain.block([sign(alice, asRoot(Uint8Array.of(1, 7)), { nonce: 2 })])
		expect(outcome()).toBeUndefined()
		expect(names()).toContain('System.CodeUpdated')
		expect(header.digest.logs.at(-1)).toMatchObject({ type: 'RuntimeEnvironmentUpdated' })
		expect(chain.state.get(new TextEncoder().encode(':code'))).toEqual(Uint8Array.of(1, 7))
	})

	test('CNS-1 refuses a block out of its slot, with wrong roots, without time or with inherents late', () => {
		const before = chain.state.clone()
		const { header, body } = chain.block([sign(alice, transfer(bob, STKR))])
		const refused =
			(head: typeof header, extrinsics = body) =>
			() =>
				chain.execute(before.clone(), head, extrinsics)
		expect(refused(header)).not.toThrow()
		expect(refused({ ...header, stateRoot: new Uint8Array(32) })).toThrow('storage root mismatch')
		expect(refused({ ...header, extrinsicsRoot: new Uint8Array(32) })).toThrow('extrinsics root mismatch')
		expect(refused({ ...header, digest: { logs: [] } })).toThrow('extrinsic 0 is invalid')
		expect(refused(header, body.slice(1))).toThrow('Timestamp must be updated')
		expect(refused(header, [...body].reverse())).toThrow('inherents come first')
		expect(refused(header, [...body, sign(bob, transfer(alice, STKR), { nonce: 7 })])).toThrow('invalid')
		expect(() => chain.execute(chain.state.clone(), header, body)).toThrow('Slot must increase')
	})

	test('CNS-1 announces the next authorities in the last header of a session, and refuses a block that does not', () => {
		const bobs = pairsOf('//Bob')
		const validators = [bob.publicKey, alice.publicKey]
		const { results } = chain.block([
			sign(bob, [session.parts.calls!.setKeys, { keys: keysOf(bobs), proof: proofFor(bob.publicKey, bobs) }]),
			sign(alice, [sudo.parts.calls!.sudo, { call: chain.callOf(session.parts.calls!.setValidators, { validators }) }]),
		])
		expect(results).toEqual([SUCCESS, SUCCESS])
		chain.block()
		expect(names()).not.toContain('Session.NewSession')
		const before = chain.state.clone()
		const { header, body } = chain.block()
		expect(names()).toEqual(expect.arrayContaining(['Session.NewSession', 'Grandpa.NewAuthorities']))
		const alices = pairsOf('//Alice')
		const voters = authorityList.encode([bobs, alices].map(({ grandpa: pair }) => [pair.publicKey, 1n]))
		const [claim, ...announced] = header.digest.logs
		expect(announced).toEqual([
			{ type: 'Consensus', value: [ascii('aura'), Uint8Array.of(1, ...vec(auraId).encode(validators))] },
			{ type: 'Consensus', value: [ascii('FRNK'), Uint8Array.of(1, ...voters, ...u32.encode(0))] },
		])
		expect(grandpaStorage.currentSetId.get()).toBe(1n)
		for (const logs of [[claim], [claim, announced[0]], [claim, announced[1], announced[0]]])
			expect(() => chain.execute(before.clone(), { ...header, digest: { logs } }, body)).toThrow('digest mismatch')
	})
})
