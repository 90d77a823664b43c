import '@stkr/runtime-spec/frame/native/install.ts'
import { concatBytes } from '@stkr/runtime-spec/frame/bytes.ts'
import { arithmeticError } from '@stkr/runtime-spec/frame/errors.ts'
import { exp, ln, ONE, pow } from '@stkr/runtime-spec/frame/math/fixed.ts'
import { ArithmeticError } from '@stkr/runtime-spec/frame/math/integer.ts'
import { bytes, i128, option, result, text, tuple, u64, unit, vec } from '@stkr/runtime-spec/frame/scale/index.ts'
import { auraEquivocation, grandpaEquivocation } from '@stkr/runtime-spec/pallets/offences/equivocation.ts'
import { auraEquivocationOf, grandpaEquivocationOf } from '@stkr/runtime-spec/pallets/offences/testing/equivocations.ts'
import { membershipProof, session } from '@stkr/runtime-spec/pallets/session/index.ts'
import { generatedKeys, keyTypeId, sessionKeys } from '@stkr/runtime-spec/pallets/session/keys.ts'
import { keysOf, pairsOf } from '@stkr/runtime-spec/pallets/session/testing/session-keys.ts'
import { DEV_KEYS, developmentGenesis, type GenesisConfig, localGenesis } from '@stkr/runtime-spec/runtime/presets.ts'
import { beforeAll, describe, expect, test } from 'vitest'
import { builtRuntime } from './built.ts'
import { callOf } from './calls.ts'
import { accountOf, type RunnableRuntime, TwinChain } from './chain.ts'
import { Random } from './random.ts'
import { blobMachine, emptyTrie, nativeMachine, Twin } from './twin.ts'

let runtime: RunnableRuntime
beforeAll(async () => {
	runtime = await builtRuntime()
})
const fresh = (): Twin => new Twin(nativeMachine(runtime.bundle, runtime.assets, emptyTrie()), blobMachine(runtime.code, emptyTrie()))

describe('FixedPointApi', () => {
	const SEED = 20_261_120
	const answer = result(i128, arithmeticError)
	/** The source's own answer, in the API's terms. */
	const expected = (compute: () => bigint): unknown => {
		try {
			return { type: 'Ok', value: compute() }
		} catch (thrown) {
			if (thrown instanceof ArithmeticError) return { type: 'Err', value: { type: thrown.kind } }
			throw thrown
		}
	}

	test(`PRC-2 gives the same bits in the blob, natively and in the source, inside the domain and out (seed ${SEED})`, () => {
		const random = new Random(SEED)
		const twin = fresh()
		const edges = [0n, 1n, -1n, ONE, -ONE, ONE - 1n, ONE + 1n, ONE << 64n, (ONE << 64n) + 1n, (1n << 127n) - 1n, -(1n << 127n)]
		const any = (): bigint => {
			const size = BigInt(random.below(1 << 30)) * BigInt(1 + random.below(1 << 30)) ** BigInt(random.below(3))
			return random.oneIn(3) ? -size : size
		}
		const numbers = [...edges, ...Array.from({ length: 40 }, any)]
		numbers.forEach((x, i) => {
			const y = random.oneIn(2) ? any() / ONE : numbers[(i * 7) % numbers.length]
			const ask = (method: string, input: Uint8Array) => answer.decode(twin.call(`FixedPointApi_${method}`, input)!)
			expect(ask('ln', i128.encode(x))).toEqual(expected(() => ln(x)))
			expect(ask('exp', i128.encode(x))).toEqual(expected(() => exp(x)))
			expect(ask('pow', Uint8Array.of(...i128.encode(x), ...i128.encode(y)))).toEqual(expected(() => pow(x, y)))
		})
		expect(twin.differences).toEqual([])
	})
})

describe('SessionKeys', () => {
	const owner = accountOf('Bob')
	const textBytes = (value: string) => new TextEncoder().encode(value)
	const decoded = option(vec(tuple(bytes, keyTypeId)))
	const make = (chain: TwinChain, uri: string) =>
		generatedKeys.decode(
			chain.ask('SessionKeys_generate_session_keys', concatBytes(bytes.encode(owner), option(bytes).encode(textBytes(uri))))!,
		)

	test('CNS-1 makes keys in the keystore of the node, with a proof for their owner that the chain takes', () => {
		const chain = new TwinChain(runtime)
		const { keys, proof } = make(chain, '//Bob//session')
		const pairs = pairsOf('//Bob//session')
		expect(sessionKeys.decode(keys)).toEqual(keysOf(pairs))
		expect(chain.keystore.has('aura', pairs.aura.publicKey) && chain.keystore.has('gran', pairs.grandpa.publicKey)).toBe(true)
		const message = concatBytes(textBytes('POP_'), owner)
		expect(pairs.aura.verify(message, proof.slice(0, 64), pairs.aura.publicKey)).toBe(true)
		expect(pairs.grandpa.verify(message, proof.slice(64), pairs.grandpa.publicKey)).toBe(true)
		const setKeys = callOf(session, 'setKeys', { keys: sessionKeys.decode(keys), proof })
		expect(
			chain.block([
				{ by: 'Charlie', call: setKeys },
				{ by: 'Bob', call: setKeys },
			]),
		).toEqual(['failed Session.InvalidProof', 'ok'])
		expect(chain.twin.differences).toEqual([])
	})

	test('CNS-1 takes encoded keys apart by type, and refuses other lengths', () => {
		const chain = new TwinChain(runtime)
		const { keys } = make(chain, '//one')
		const ask = (encoded: Uint8Array) => decoded.decode(chain.ask('SessionKeys_decode_session_keys', bytes.encode(encoded))!)
		expect(ask(keys)).toEqual([
			[keys.slice(0, 32), textBytes('aura')],
			[keys.slice(32), textBytes('gran')],
		])
		for (const wrong of [new Uint8Array(), keys.slice(1), concatBytes(keys, Uint8Array.of(0))]) expect(ask(wrong)).toBeUndefined()
		expect(chain.twin.differences).toEqual([])
	})
})

describe('GrandpaApi and AuraEquivocationApi', () => {
	const alice = pairsOf('//Alice')
	const bob = pairsOf('//Bob')
	const ownership = {
		aura: (chain: TwinChain, slot: bigint, authority: Uint8Array) =>
			option(bytes).decode(chain.ask('AuraEquivocationApi_generate_key_ownership_proof', concatBytes(u64.encode(slot), authority))!),
		grandpa: (chain: TwinChain, setId: bigint, authority: Uint8Array) =>
			option(bytes).decode(chain.ask('GrandpaApi_generate_key_ownership_proof', concatBytes(u64.encode(setId), authority))!),
	}
	const submit = (chain: TwinChain, api: string, evidence: Uint8Array, membership: Uint8Array) =>
		option(tuple()).decode(
			chain.ask(`${api}_submit_report_equivocation_unsigned_extrinsic`, concatBytes(evidence, bytes.encode(membership)))!,
		)

	test('CNS-6 prove who is in the present session by key, and nobody else', () => {
		const chain = new TwinChain(runtime)
		const present = { session: 0, validators: [{ account: accountOf('Alice'), keys: keysOf(alice) }] }
		expect(membershipProof.decode(ownership.aura(chain, chain.slot, alice.aura.publicKey)!)).toEqual(present)
		expect(membershipProof.decode(ownership.grandpa(chain, 0n, alice.grandpa.publicKey)!)).toEqual(present)
		expect(ownership.aura(chain, chain.slot, bob.aura.publicKey)).toBeUndefined()
		expect(ownership.aura(chain, chain.slot, alice.grandpa.publicKey)).toBeUndefined()
		expect(ownership.grandpa(chain, 0n, bob.grandpa.publicKey)).toBeUndefined()
		expect(ownership.grandpa(chain, 1n, alice.grandpa.publicKey)).toBeUndefined()
		expect(chain.twin.differences).toEqual([])
	})

	test('CNS-6 put a report into the pool of the node, the same natively and in the blob, which its own blocks take', () => {
		const chain = new TwinChain(runtime)
		chain.block()
		const blocks = auraEquivocation.encode(auraEquivocationOf(alice.aura, chain.slot))
		const votes = grandpaEquivocation.encode(grandpaEquivocationOf(alice.grandpa, { type: 'Prevote', round: 5n, setId: 0n }))
		const membership = ownership.aura(chain, chain.slot, alice.aura.publicKey)!
		expect(submit(chain, 'AuraEquivocationApi', blocks, membership)).toEqual([])
		expect(submit(chain, 'GrandpaApi', votes, membership)).toEqual([])
		const { native, blob } = chain.submitted
		expect(native).toHaveLength(2)
		expect(blob).toEqual(native)
		for (const report of native) {
			expect(chain.validate(report, 'Local')).toMatchObject({ priority: 0xffff_ffff_ffff_ffffn, longevity: 1000n, propagate: false })
			expect(chain.validate(report, 'InBlock')).toMatchObject({ requires: [], propagate: false })
			expect(chain.validate(report)).toBe('refused Invalid.Call')
		}
		expect(chain.block(native)).toEqual(['ok', 'ok'])
		expect(chain.eventsOf('Offences.Offence')).toMatchObject([
			{ kind: { type: 'AuraEquivocation' }, offender: accountOf('Alice'), session: 0, at: chain.slot - 1n },
			{ kind: { type: 'GrandpaEquivocation' }, offender: accountOf('Alice'), session: 0, at: 5n },
		])
		for (const report of native) expect(chain.validate(report, 'Local')).toBe('refused Invalid.Stale')
		expect(submit(chain, 'GrandpaApi', votes, membership.slice(1))).toBeUndefined()
		expect(blob).toHaveLength(2)
		expect(chain.twin.differences).toEqual([])
		expect(chain.defects).toEqual([])
	})

	test('CNS-6 find no pool where a call may use none', () => {
		const twin = fresh()
		twin.call('GenesisBuilder_build_state', bytes.encode(new TextEncoder().encode(JSON.stringify(developmentGenesis()))))
		const votes = grandpaEquivocation.encode(grandpaEquivocationOf(alice.grandpa, { type: 'Prevote', round: 5n, setId: 0n }))
		const membership = bytes.encode(membershipProof.encode({ session: 0, validators: [] }))
		const answer = twin.call('GrandpaApi_submit_report_equivocation_unsigned_extrinsic', concatBytes(votes, membership))
		expect(answer).toEqual(Uint8Array.of(0))
		expect(twin.differences).toEqual([])
	})
})

describe('GenesisBuilder', () => {
	const json = (config: unknown): Uint8Array =>
		bytes.encode(new TextEncoder().encode(typeof config === 'string' ? config : JSON.stringify(config)))
	const outcome = result(unit, text)
	const build = (config: unknown): string | undefined => {
		const twin = fresh()
		const built = outcome.decode(twin.call('GenesisBuilder_build_state', json(config))!)
		expect(twin.differences).toEqual([])
		return built.type === 'Err' ? (built.value as string) : undefined
	}

	test('SPC-1 the blob names its presets and builds each to the same state as the native run', () => {
		const twin = fresh()
		expect(vec(text).decode(twin.call('GenesisBuilder_preset_names', new Uint8Array())!)).toEqual(['development', 'local_testnet'])
		const preset = (name: string | undefined): string | undefined => {
			const found = option(bytes).decode(twin.call('GenesisBuilder_get_preset', option(text).encode(name))!)
			return found && new TextDecoder().decode(found)
		}
		expect(JSON.parse(preset('development')!)).toEqual(developmentGenesis())
		expect(JSON.parse(preset('local_testnet')!)).toEqual(localGenesis())
		expect(preset('nonesuch')).toBeUndefined()
		expect(preset(undefined)).toBe('{}')
		expect(twin.differences).toEqual([])
		for (const config of [developmentGenesis(), localGenesis()]) {
			const chain = new TwinChain(runtime, config)
			chain.block()
			expect(chain.twin.differences).toEqual([])
		}
	})

	test('SPC-1 the blob says what is wrong with a genesis, and where', () => {
		const changed = (change: (config: Record<string, Record<string, unknown>>) => void): GenesisConfig => {
			const config = developmentGenesis() as Record<string, Record<string, unknown>>
			change(config)
			return config
		}
		const { sr25519 } = DEV_KEYS.Bob
		const alice = () => ({ account: DEV_KEYS.Alice.sr25519, aura: DEV_KEYS.Alice.sr25519, grandpa: DEV_KEYS.Alice.ed25519 })
		const alices = (validators: unknown) => (validators as Record<string, string>[])[0]
		const wrong: [unknown, RegExp][] = [
			['', /genesis JSON, byte 0/],
			['{"aura": 1.5}', /only integers/],
			['[1, 2]', /expected an object with a field for each pallet/],
			[`${'['.repeat(40)}`, /nested deeper/],
			[{ nonesuch: {} }, /no pallet "nonesuch"; the pallets are/],
			[{ aura: { authorities: ['0x12'] } }, /aura: unknown field "authorities"; the fields are slotDuration/],
			[{}, /session\.validators: expected 1 to 100 validators, got 0/],
			[changed(({ session }) => (session.validators = [])), /session\.validators: expected 1 to 100/],
			[changed(({ session }) => (session.period = 0)), /session\.period: a session must last 1 to 604800 blocks, got 0/],
			[changed(({ session: { validators } }) => (validators as object[]).push(alice())), /session\.validators\[1\]: this account is in/],
			[
				changed(({ session: { validators } }) => (alices(validators).grandpa = alice().aura)),
				/validators\[0\]: aura and grandpa must be two/,
			],
			[changed(({ session: { validators } }) => (alices(validators).aura = '0x12')), /session\.validators\[0\]\.aura: expected 32/],
			[changed(({ balances }) => (balances.balances = [[sr25519, '1']])), /balances/],
			[changed(({ balances }) => (balances.balances = [...Array(2)].map(() => [sr25519, '1000000000000000000']))), /balances/],
			[changed(({ escrow }) => (escrow.threshold = 1)), /escrow\.threshold.*more than two thirds/],
			[changed(({ escrow }) => (escrow.orderLifetimeMs = 5)), /escrow\.orderLifetimeMs.*a second at least/],
			[changed(({ escrow }) => (escrow.contrct = null)), /unknown field "contrct"/],
			[changed(({ assets }) => (assets.accounts = [[9, sr25519, 5]])), /asset 9 is not among the assets/],
		]
		for (const [config, message] of wrong) expect(build(config)).toMatch(message)
		expect(build(developmentGenesis())).toBeUndefined()
	})
})
