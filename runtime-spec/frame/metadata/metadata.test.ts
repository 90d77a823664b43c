import { expandMetadata, Metadata, TypeRegistry } from '@polkadot/types'
import type { RuntimeVersion } from '@polkadot/types/interfaces'
import { getDynamicBuilder, getLookupFn } from '@polkadot-api/metadata-builders'
import { metadata as papiMetadata, unifyMetadata } from '@polkadot-api/substrate-bindings'
import { describe, expect, test } from 'vitest'
import { toHex } from '../bytes.ts'
import { type Call, runtimeCall } from '../call.ts'
import type { Errors } from '../errors.ts'
import { era } from '../extensions/era.ts'
import * as extensions from '../extensions/index.ts'
import { decodeCall, decodeExtrinsic, type Extension } from '../extrinsic.ts'
import { account, TestChain } from '../native/test-chain.ts'
import { pallet } from '../pallet.ts'
import { eventRecords } from '../runtime-types.ts'
import { Codec, struct, u8, u32 } from '../scale/index.ts'
import { value } from '../storage.ts'
import { VERSION } from '../system/version.ts'
import type { Docs } from './docs.ts'
import { buildMetadata, readDocs } from './index.ts'
import { apis, lending } from './sample/index.ts'
import { state, terms } from './sample/terms.ts'

const LENDING = 40
const { checkGenesis, checkMetadataHash, checkMortality, checkNonce, checkSpecVersion } = extensions
const signedExtensions = [checkSpecVersion, checkGenesis, checkMortality, checkNonce, checkMetadataHash] as Extension<never>[]
const docs: Docs = readDocs(['../system/index.ts', './sample/index.ts'].map((path) => new URL(path, import.meta.url).pathname))
const chain = new TestChain({ [LENDING]: lending })
const build = () => buildMetadata({ executive: chain.executive, extensions: signedExtensions, apis, docs })
const built = build()
const versions = [
	{ version: 14, bytes: built.v14() },
	{ version: 15, bytes: built.v15() },
] as const

const loanTerms = {
	ratePpm: 70_000,
	asset: new Uint8Array(20).fill(9),
	history: [[5n, -3n]] as [bigint, bigint][],
	label: Uint8Array.of(97, 98),
	outcome: { type: 'Err', value: { type: 'Short', value: { missingPlanck: 10n ** 30n } } } as const,
	code: Uint8Array.of(1, 2, 3, 4),
}
const takeLoan = (): Call => ({
	pallet: LENDING,
	definition: lending.parts.calls!.takeLoan,
	args: { loan: 3, amountPlanck: 10n ** 21n, from: { type: 'Id', value: account(4) }, terms: loanTerms },
})
const nested = (): Call => ({
	pallet: LENDING,
	definition: lending.parts.calls!.several,
	args: { calls: [takeLoan(), { pallet: LENDING, definition: lending.parts.calls!.repay, args: { loan: 8 } }] },
})
const { TooLate: tooLate } = lending.parts.errors as Errors<'TooLate'>
const dispatchInfo = { weight: { refTime: 2 ** 40, proofSize: 3 }, class: 'Operational', paysFee: false }
const records = () =>
	eventRecords.encode([
		{
			phase: { type: 'ApplyExtrinsic', value: 2 },
			event: { pallet: 'MicroLending', name: 'Lent', fields: { loan: 3, who: account(5), terms: loanTerms } },
			topics: [],
		},
		{
			phase: { type: 'ApplyExtrinsic', value: 3 },
			event: { pallet: 'System', name: 'ExtrinsicFailed', fields: { dispatchError: tooLate(), dispatchInfo } },
			topics: [],
		},
		{ phase: { type: 'Finalization' }, event: { pallet: 'System', name: 'CodeUpdated', fields: {} }, topics: [] },
	])

describe.each(versions)('polkadot.js, V$version', ({ version, bytes }) => {
	const registry = new TypeRegistry()
	const metadata = new Metadata(registry, toHex(bytes) as `0x${string}`)
	registry.setMetadata(metadata)
	const { tx, query, consts, errors, events } = expandMetadata(registry, metadata)

	test('CHN-2 knows every type, call, storage item, event, error and constant', () => {
		expect(metadata.version).toBe(version)
		metadata.getUniqTypes(true)
		expect(Object.keys(tx.microLending)).toEqual(['takeLoan', 'repay', 'several'])
		expect(Object.keys(query.microLending)).toEqual(['palletVersion', 'counterForLoans', 'loans', 'ratePpm', 'debts'])
		expect(Object.keys(events.microLending)).toEqual(['Lent', 'Repaid'])
		expect(Object.keys(errors.microLending)).toEqual(['NoSuchLoan', 'TooLate'])
		expect(consts.microLending.maxLoans.toString()).toBe('12')
		expect(consts.system.ss58Prefix.toString()).toBe('42')
		expect(Object.keys(query.system)).toEqual(['palletVersion', ...Object.keys(chain.executive.pallets[0].parts.storage!)])
		expect(Object.keys(tx.system)).toEqual(Object.keys(chain.executive.pallets[0].parts.calls!))
	})

	test('CHN-2 shows the doc comment of each', () => {
		const lines = (docs: Iterable<unknown>) => [...docs].map(String)
		expect(lines(tx.microLending.takeLoan.meta.docs)).toEqual(['Takes a loan. Signed. Emits `Lent`.'])
		expect(lines(tx.microLending.repay.meta.docs)).toEqual(['Pays a loan back. Signed.'])
		expect(lines(query.microLending.debts.meta.docs)).toEqual(['What an account owes for a loan,', 'in plancks.'])
		expect(lines(query.microLending.ratePpm.meta.docs)).toEqual(['Rate of new loans, in ppm.'])
		expect(lines(errors.microLending.NoSuchLoan.meta.docs)).toEqual(['There is no such loan.'])
		expect(lines(events.microLending.Repaid.meta.docs)).toEqual(['A loan was paid back.'])
		expect(metadata.asLatest.pallets[1].constants[0].docs.map(String)).toEqual(['Loans at most.'])
	})

	test('CHN-2 encodes a call that the runtime decodes, nested ones too', () => {
		const { args } = runtimeCall.decode(tx.microLending.takeLoan(3, 10n ** 21n, account(4), polkadotTerms).toU8a())
		expect(args).toEqual(takeLoan().args)
		const outer = tx.microLending.several([tx.microLending.takeLoan(3, 10n ** 21n, account(4), polkadotTerms), tx.microLending.repay(8)])
		expect(outer.toU8a()).toEqual(runtimeCall.encode(nested()))
	})

	test('CHN-2 decodes a call that the runtime encodes', () => {
		const call = registry.createType('Call', runtimeCall.encode(nested()))
		expect(`${call.section}.${call.method}`).toBe('microLending.several')
		expect(call.toU8a()).toEqual(runtimeCall.encode(nested()))
		expect(call.toHuman()).toMatchObject({
			args: {
				calls: [
					{ method: 'takeLoan', args: { loan: '3', terms: { ratePpm: '70,000' } } },
					{ method: 'repay', args: { loan: '8' } },
				],
			},
		})
	})

	test('CHN-2 decodes the event records of a block', () => {
		const decoded = registry.createType('Vec<EventRecord>', records())
		expect(decoded.toHuman()).toMatchObject([
			{
				phase: { ApplyExtrinsic: '2' },
				event: {
					section: 'microLending',
					method: 'Lent',
					data: { loan: '3', terms: { outcome: { Err: { Short: { missingPlanck: '1,000,000,000,000,000,000,000,000,000,000' } } } } },
				},
			},
			{
				event: {
					method: 'ExtrinsicFailed',
					data: {
						dispatchError: { Module: { index: '40', error: '0x01000000' } },
						dispatchInfo: { weight: { refTime: '1,099,511,627,776', proofSize: '3' }, class: 'Operational', paysFee: 'No' },
					},
				},
			},
			{ phase: 'Finalization', event: { section: 'system', method: 'CodeUpdated' } },
		])
	})

	test('CHN-2 names the error of a module error', () => {
		const { index, error } = { index: LENDING, error: [1, 0, 0, 0] }
		expect(registry.findMetaError(Uint8Array.of(index, ...error))).toMatchObject({ section: 'microLending', name: 'TooLate' })
	})

	test('CHN-2 finds storage where the runtime puts it, with the same default', () => {
		const debts = lending.parts.storage!.debts as unknown as { keyOf(who: Uint8Array, loan: number): Uint8Array }
		const key = (bytes: Uint8Array) => bytes.slice(bytes[0] & 1 ? 2 : 1)
		expect(key(query.microLending.debts(account(1), 6))).toEqual(debts.keyOf(account(1), 6))
		expect(key(query.microLending.loans(6))).toEqual(state.loans.keyOf(6))
		expect(key(query.microLending.counterForLoans())).toEqual(state.loans.counter.prefix)
		expect(query.microLending.debts.meta.modifier.toString()).toBe('Default')
		expect(query.microLending.debts.meta.fallback.toU8a(true)).toEqual(Uint8Array.of(7, ...new Uint8Array(15)))
		expect(query.microLending.loans.meta.modifier.toString()).toBe('Optional')
	})

	test('CHN-2 signs with the extensions of the metadata, and the runtime takes the extrinsic apart', () => {
		const extrinsic = registry.createType('Extrinsic', { method: tx.microLending.repay(8) }, { version: 4 })
		const era = registry.createType('ExtrinsicEra', { current: 100, period: 64 })
		const hash = new Uint8Array(32)
		const runtimeVersion = registry.createType<RuntimeVersion>('RuntimeVersion', { specVersion: 1, transactionVersion: 1 })
		extrinsic.signFake(account(6), { blockHash: hash, genesisHash: hash, era, nonce: 11, runtimeVersion })
		const taken = decodeExtrinsic(extrinsic.toU8a(), signedExtensions as unknown as readonly Extension<unknown>[])
		const { signature } = taken
		const call = decodeCall(taken)
		expect(signature?.who).toEqual(account(6))
		expect(signature?.extra).toEqual([undefined, undefined, { period: 64, phase: 36 }, 11, { type: 'Disabled', value: undefined }])
		expect(call.args).toEqual({ loan: 8 })
	})
})

/** Bytes, in hex, decoded and encoded again. */
const again = (codec: { enc(value: unknown): Uint8Array; dec(bytes: string): unknown }, bytes: string) => toHex(codec.enc(codec.dec(bytes)))

/** `loanTerms` as polkadot.js takes them. */
const polkadotTerms = { ...loanTerms, label: 'ab', code: '0x01020304', outcome: { Err: { Short: { missingPlanck: 10n ** 30n } } } }

describe.each(versions)('PAPI, V$version', ({ version, bytes }) => {
	const unified = unifyMetadata(papiMetadata.dec(bytes))
	const builder = getDynamicBuilder(getLookupFn(unified))

	test('CHN-2 knows every call, storage item, event, error, constant and runtime API', () => {
		expect(unified.version).toBe(version)
		expect(builder.ss58Prefix).toBe(42)
		expect(builder.buildCall('MicroLending', 'take_loan').location).toEqual([LENDING, 1])
		expect(builder.buildEvent('MicroLending', 'Repaid').location).toEqual([LENDING, 1])
		expect(builder.buildError('MicroLending', 'TooLate').location).toEqual([LENDING, 1])
		expect(builder.buildStorage('MicroLending', 'Loans').keys.enc(6)).toBe(toHex(state.loans.keyOf(6)))
		expect(builder.buildStorage('MicroLending', 'Debts').fallback).toBe(7n)
		const maxLoans = unified.pallets[1].constants[0]
		expect(builder.buildConstant('MicroLending', 'MaxLoans').dec(maxLoans.value)).toBe(12)
	})

	test('CHN-2 reads and writes calls, and reads events, as the runtime writes them', () => {
		const calls = builder.buildDefinition(getLookupFn(unified).call!)
		const bytes = runtimeCall.encode(nested())
		const decoded = calls.dec(bytes)
		expect(decoded).toMatchObject({
			type: 'MicroLending',
			value: { type: 'several', value: { calls: [{ value: { type: 'take_loan', value: { loan: 3 } } }, {}] } },
		})
		expect(calls.enc(decoded)).toEqual(bytes)
		const events = builder.buildStorage('System', 'Events').value
		expect(events.dec(records()).map(({ event }: { event: { type: string; value: object } }) => event)).toMatchObject([
			{
				type: 'MicroLending',
				value: { type: 'Lent', value: { loan: 3, terms: { history: [[5n, -3n]], outcome: { success: false, value: { type: 'Short' } } } } },
			},
			{
				type: 'System',
				value: {
					type: 'ExtrinsicFailed',
					value: {
						dispatch_error: { type: 'Module', value: { type: 'MicroLending', value: { type: 'TooLate' } } },
						dispatch_info: { weight: { ref_time: 2n ** 40n }, class: { type: 'Operational' }, pays_fee: { type: 'No' } },
					},
				},
			},
			{ type: 'System', value: { type: 'CodeUpdated' } },
		])
	})

	test('CHN-2 reads and writes every constant, default and era as the runtime does', () => {
		for (const { constants, storage } of unified.pallets) {
			for (const { type, value } of constants) expect(again(builder.buildDefinition(type), value)).toBe(value)
			for (const { type, modifier, fallback } of storage?.items ?? [])
				if (modifier === 1)
					expect(again(builder.buildDefinition(type.tag === 'plain' ? type.value : type.value.value), fallback)).toBe(fallback)
		}
		const { type } = unified.extrinsic.signedExtensions[0].find(({ identifier }) => identifier === 'CheckMortality')!
		for (const bytes of [era.encode({ period: 0, phase: 0 }), era.encode({ period: 64, phase: 36 })].map(toHex))
			expect(again(builder.buildDefinition(type), bytes)).toBe(bytes)
	})

	test('CHN-2 describes runtime APIs with their docs from V15 on', () => {
		if (version === 14) return expect(unified.apis).toEqual([])
		expect(unified.apis).toMatchObject([
			{
				name: 'LendingApi',
				docs: ['What lending tells clients.'],
				methods: [{ name: 'total_debt', docs: ['What an account owes, in plancks.'] }, { name: 'hello' }],
			},
		])
		const { args, value: output } = builder.buildRuntimeCall('LendingApi', 'total_debt')
		expect(args.enc(['5C4hrfjw9DjXZTzV3MwzrrAr9P1MJhSrvWGWqi1eSuyUpnhM', undefined]).length).toBe(33)
		expect(output.dec(new Uint8Array(16))).toBe(0n)
		expect(unified.pallets[1]).toMatchObject({
			docs: ['A pallet that says its parts in every way a pallet may: in place, by name, imported, spread.'],
		})
	})
})

describe('what is built', () => {
	test('CHN-2 the same runtime gives the same bytes', () => {
		const again = build()
		expect(again.v14()).toEqual(built.v14())
		expect(again.v15()).toEqual(built.v15())
	})

	test('CHN-2 both versions are magic, version, the one type registry and a tail', () => {
		const { types, tail14, tail15 } = built
		expect(built.v14()).toEqual(Uint8Array.of(0x6d, 0x65, 0x74, 0x61, 14, ...types, ...tail14))
		expect(built.v15()).toEqual(Uint8Array.of(0x6d, 0x65, 0x74, 0x61, 15, ...types, ...tail15))
	})

	test('CHN-2 System.Version says the version the blob is built with', () => {
		const version = { ...VERSION, specVersion: 77, apis: [[new Uint8Array(8), 5]] as [Uint8Array, number][] }
		const { v15 } = buildMetadata({ executive: chain.executive, extensions: signedExtensions, apis, docs, version })
		const unified = unifyMetadata(papiMetadata.dec(v15()))
		const constant = unified.pallets[0].constants.find(({ name }) => name === 'Version')!
		expect(getDynamicBuilder(getLookupFn(unified)).buildConstant('System', 'Version').dec(constant.value)).toMatchObject({
			spec_version: 77,
			apis: [['0x0000000000000000', 5]],
		})
	})

	test('CHN-2 everything without a doc comment is listed in one error', () => {
		const { repay: _, ...calls } = docs.pallets.MicroLending.calls
		const incomplete: Docs = { pallets: { ...docs.pallets, MicroLending: { ...docs.pallets.MicroLending, calls, docs: [] } }, apis: {} }
		expect(() => buildMetadata({ executive: chain.executive, extensions: [], apis, docs: incomplete })).toThrow(
			/4 parts .*\n {2}pallet MicroLending\n {2}pallet MicroLending, calls: repay\n {2}runtime API LendingApi: totalDebt\n {2}runtime API LendingApi: hello$/,
		)
	})
})

const withItem = (codec: Codec<unknown>) => {
	const odd = pallet('Odd', { storage: { item: value(codec) } })
	odd.place(41)
	const oddDocs = { docs: ['Odd.'], storage: { item: ['Item.'] }, events: {}, errors: {}, constants: {}, calls: {} }
	return () =>
		buildMetadata({
			executive: { pallets: [...chain.executive.pallets, odd] },
			extensions: [],
			apis,
			docs: { ...docs, pallets: { ...docs.pallets, Odd: oddDocs } },
		})
}

test('CHN-2 two different types of one name are refused', () => {
	expect(withItem(struct(terms.path, { other: u8 }))).toThrow(/two different types are called pallet_lending::Terms/)
})

test('CHN-2 a codec of an unknown class is refused by name', () => {
	class Odd extends Codec<number> {
		write = u32.write
		read = u32.read
	}
	expect(withItem(new Odd())).toThrow(/codecs of class Odd have no type/)
})
