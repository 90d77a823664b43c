import { Keyring } from '@polkadot/keyring'
import { Metadata, TypeRegistry } from '@polkadot/types'
import { decorateExtrinsics } from '@polkadot/types/metadata/decorate'
import { stringCamelCase } from '@polkadot/util'
import { cryptoWaitReady } from '@polkadot/util-crypto'
import fc from 'fast-check'
import { beforeAll, describe, expect, it } from 'vitest'
import { type CallArguments, type CallName, OfflineError, offline } from './offline.ts'
import { arbitraryOf } from './testing/arbitrary-arguments.ts'
import { builtMetadata } from './testing/metadata.ts'

const SEED = Number(process.env.FC_SEED ?? 20_261_120)
const RUNS_PER_CALL = 3
const GENESIS = `0x${'11'.repeat(32)}` as const
const BLOCK = `0x${'22'.repeat(32)}` as const

const metadata = builtMetadata(14)
const chain = offline(metadata, { genesisHash: GENESIS })

const registry = new TypeRegistry()
registry.setMetadata(new Metadata(registry, metadata))
/** @polkadot's own way to the same bytes. */
const tx = decorateExtrinsics(registry, registry.metadata, 14)

const calls = registry.metadata.pallets.flatMap(({ name: pallet, calls: own }) =>
	own.isNone
		? []
		: registry.lookup.getSiType(own.unwrap().type).def.asVariant.variants.map(({ name: call, fields }) => {
				const [section, method] = [stringCamelCase(pallet), stringCamelCase(call)]
				return { name: `${section}.${method}` as CallName, pallet: section, method, fields: [...fields] }
			}),
)

const argumentsOf = (fields: (typeof calls)[number]['fields'], depth: number): fc.Arbitrary<unknown[]> =>
	fc.tuple(...fields.map(({ type }) => arbitraryOf(registry, type, callWithin, depth)))

const callWithin = (depth: number): fc.Arbitrary<unknown> =>
	fc
		.constantFrom(...calls)
		.chain(({ pallet, method, fields }) => argumentsOf(fields, depth).map((args) => tx[pallet][method](...args).toHex()))

let pair: ReturnType<Keyring['addFromUri']>
beforeAll(async () => {
	await cryptoWaitReady()
	// ed25519 signs the same bytes the same way each time
	pair = new Keyring({ type: 'ed25519' }).addFromUri('//Alice')
})

describe(`offline, seed ${SEED}`, () => {
	it('CLI-1 knows the calls of all pallets', () => {
		expect(calls.length).toBeGreaterThan(40)
	})

	it.each(calls)('CLI-1 builds, signs and decodes $name as @polkadot/api does', ({ name, pallet, method, fields }) => {
		const moment = fc.record({
			nonce: fc.nat(0xffff_ffff),
			tipPlanck: fc.bigInt({ min: 0n, max: 2n ** 100n }),
			blockNumber: fc.nat(0xffff_fff),
			mortality: fc.constantFrom<(number | 'immortal')[]>(4, 64, 4096, 'immortal'),
		})
		fc.assert(
			fc.property(argumentsOf(fields, 0), moment, (args, { nonce, tipPlanck, blockNumber, mortality }) => {
				const given = args as CallArguments<CallName>
				const unsigned = chain.construct(name, given, { address: pair.address, nonce, tipPlanck, blockHash: BLOCK, blockNumber, mortality })
				const signed = chain.sign(unsigned, pair)

				const call = tx[pallet][method](...args)
				const theirs = registry.createType('Extrinsic', call, { version: 4 })
				theirs.sign(pair, {
					blockHash: mortality === 'immortal' ? GENESIS : BLOCK,
					era: registry.createType('ExtrinsicEra', mortality === 'immortal' ? '0x00' : { current: blockNumber, period: mortality }),
					genesisHash: GENESIS,
					nonce,
					tip: tipPlanck,
					runtimeVersion: registry.createType('RuntimeVersion', {
						specVersion: chain.specVersion,
						transactionVersion: chain.transactionVersion,
					}),
					signedExtensions: registry.signedExtensions,
				})
				expect(signed).toBe(theirs.toHex())
				expect(chain.hash(signed)).toBe(theirs.hash.toHex())

				const decoded = chain.decode(signed)
				expect(decoded).toMatchObject({
					address: pair.address,
					nonce,
					tipPlanck,
					mortalBlocks: mortality === 'immortal' ? undefined : mortality,
					call: name,
				})
				expect(decoded.encodedCall).toBe(call.toHex())
				// calls within are told by index and arguments, to be read by people
				if (!JSON.stringify(decoded.args).includes('callIndex'))
					expect(tx[pallet][method](...Object.values(decoded.args)).toHex()).toBe(call.toHex())
			}),
			{ seed: SEED, numRuns: RUNS_PER_CALL, endOnFailure: true },
		)
	})
})

describe('offline', () => {
	const moment = () => ({ address: pair.address, nonce: 0, blockHash: BLOCK, blockNumber: 7 }) as const
	const codeOf = (work: () => unknown): unknown => {
		try {
			work()
		} catch (error) {
			return error instanceof OfflineError ? error.code : error
		}
	}

	it('CLI-1 takes the versions from the metadata, of version 14 or 15 alike', () => {
		const other = offline(builtMetadata(15), { genesisHash: GENESIS })
		expect([other.specVersion, other.transactionVersion]).toEqual([chain.specVersion, chain.transactionVersion])
		const args = [pair.address, 5n] as const
		const [ours, theirs] = [chain, other].map((each) => each.sign(each.construct('balances.transferKeepAlive', [...args], moment()), pair))
		expect(ours).toBe(theirs)
	})

	it('CLI-1 puts calls into a batch', () => {
		const inner = chain.encodeCall('balances.transferKeepAlive', [pair.address, 10n ** 30n])
		const signed = chain.sign(chain.construct('utility.batchAll', [[inner, inner]], moment()), pair)
		expect(registry.createType('Extrinsic', signed).method.toHex()).toBe(tx.utility.batchAll([inner, inner]).toHex())
	})

	it('CLI-1 refuses an unknown call, a wrong number of arguments, a mortality no era has, and the key of another', () => {
		const other = new Keyring({ type: 'ed25519' }).addFromUri('//Bob')
		const unknown = 'staking.bond' as CallName
		expect(codeOf(() => chain.construct(unknown, [] as never, moment()))).toBe('unknown-call')
		expect(codeOf(() => chain.construct('balances.transferKeepAlive', [pair.address] as never, moment()))).toBe('wrong-arguments')
		expect(codeOf(() => chain.construct('liquidStaking.claim', [], { ...moment(), mortality: 100 }))).toBe('wrong-mortality')
		expect(codeOf(() => chain.sign(chain.construct('liquidStaking.claim', [], moment()), other))).toBe('wrong-signer')
	})
})
