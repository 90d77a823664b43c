import '@stkr/runtime-spec/frame/native/install.ts'
import { arithmeticError } from '@stkr/runtime-spec/frame/errors.ts'
import { exp, ln, ONE, pow } from '@stkr/runtime-spec/frame/math/fixed.ts'
import { ArithmeticError } from '@stkr/runtime-spec/frame/math/integer.ts'
import { bytes, i128, option, result, text, unit, vec } from '@stkr/runtime-spec/frame/scale/index.ts'
import { DEV_KEYS, developmentGenesis, type GenesisConfig, localGenesis } from '@stkr/runtime-spec/runtime/presets.ts'
import { beforeAll, describe, expect, test } from 'vitest'
import { builtRuntime } from './built.ts'
import { type RunnableRuntime, TwinChain } from './chain.ts'
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
		const wrong: [unknown, RegExp][] = [
			['', /genesis JSON, byte 0/],
			['{"aura": 1.5}', /only integers/],
			['[1, 2]', /expected an object with a field for each pallet/],
			[`${'['.repeat(40)}`, /nested deeper/],
			[{ nonesuch: {} }, /no pallet "nonesuch"; the pallets are/],
			[{ aura: { authorities: ['0x12'] } }, /aura\.authorities/],
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
