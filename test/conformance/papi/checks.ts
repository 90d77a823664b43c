import { deepStrictEqual, ok, rejects, strictEqual } from 'node:assert'
import { buildRuntime } from '@stkr/runtime-spec/engine/build.ts'
import { VERSION } from '@stkr/runtime-spec/frame/system/version.ts'
import { Enum, InvalidTxError, type Transaction } from 'polkadot-api'
import type { Check } from '../report.ts'
import { pairOf } from '../signers.ts'
import { type Finalized, include, type Papi, signerOf } from './context.ts'

const STKR = 10n ** 18n
const [alice, bob, charlie, zoe] = (['Alice', 'Bob', 'Charlie', 'Zoe'] as const).map(pairOf)

interface Account {
	nonce: number
	data: { free: bigint }
}

const accountOf = async ({ api }: Papi, address: string): Promise<Account> =>
	(await api.query.System.Account.getValue(address, { at: 'best' })) as Account

const pay = ({ api }: Papi, value: bigint): Transaction => api.tx.Balances.transfer_keep_alive({ dest: Enum('Id', zoe.address), value })

/** `Pallet.Error` of a failed extrinsic, `ok` of another. */
const errorOf = ({ dispatchError }: Finalized): string => {
	if (!dispatchError) return 'ok'
	const names = [dispatchError.type]
	for (
		let inner = dispatchError.value;
		typeof inner === 'object' && inner !== null && 'type' in inner;
		inner = (inner as { value?: unknown }).value
	)
		names.push(String(inner.type))
	return names.join('.')
}

/** What PAPI says of an extrinsic the node refuses. */
const invalidity = async (submit: () => Promise<unknown>): Promise<string> => {
	try {
		await submit()
	} catch (error) {
		if (error instanceof InvalidTxError) return JSON.stringify(error.error)
		throw error
	}
	throw new Error('the node took it')
}

export const papiChecks: Check<Papi>[] = [
	{
		title: 'CHN-2 PAPI reads the metadata, chain data and constants',
		run: async ({ api, client, dev }) => {
			const { hash } = await client.getFinalizedBlock()
			const metadata = await client.getMetadata(hash)
			ok(metadata.length > 10_000)
			const { name, genesisHash, properties } = await client.getChainSpecData()
			deepStrictEqual([name, genesisHash], ['Stkr Development', dev.node.chain.genesisHash])
			strictEqual(properties.ss58Format, await api.constants.System.SS58Prefix())
			ok(((await api.constants.Balances.ExistentialDeposit()) as bigint) > 0n)
			const version = (await api.constants.System.Version()) as { spec_name: string; spec_version: number }
			deepStrictEqual([version.spec_name, version.spec_version], ['stkr', VERSION.specVersion])
		},
	},
	{
		title: 'CHN-2 PAPI reads storage: a value, a default, an absent one, several, entries and raw keys',
		run: async (context) => {
			const { api, client } = context
			ok((await accountOf(context, alice.address)).data.free > 0n)
			strictEqual((await accountOf(context, pairOf('Yann').address)).data.free, 0n)
			strictEqual(await api.query.Assets.Asset.getValue(99), undefined)
			const values = (await api.query.System.Account.getValues([[alice.address], [bob.address]])) as Account[]
			ok(values.every(({ data }) => data.free > 0n))
			const entries = await api.query.System.Account.getEntries()
			ok(entries.some(({ keyArgs }) => keyArgs[0] === bob.address))
			const key = await api.query.System.Account.getKey(bob.address)
			strictEqual(typeof (await client.rawQuery(key, { at: 'best' })), 'string')
		},
	},
	{
		title: 'CHN-2 PAPI calls the runtime: version, nonce, fees, fixed-point numbers',
		run: async (context) => {
			const { api } = context
			strictEqual(((await api.apis.Core.version()) as { spec_version: number }).spec_version, VERSION.specVersion)
			strictEqual(await api.apis.AccountNonceApi.account_nonce(bob.address), (await accountOf(context, bob.address)).nonce)
			ok((await pay(context, STKR).getEstimatedFees(bob.address)) > 0n)
			deepStrictEqual(await api.apis.FixedPointApi.exp(0n), { success: true, value: 10n ** 18n })
		},
	},
	{
		title: 'CHN-1 PAPI signs and submits: signed, broadcasted, in a best block, final; the account is paid and the fee is as estimated',
		run: async (context) => {
			const before = [await accountOf(context, bob.address), await accountOf(context, zoe.address)]
			const fee = await pay(context, STKR).getEstimatedFees(bob.address)
			const { told, result } = await include(pay(context, STKR), signerOf(bob))
			deepStrictEqual([...new Set(told)], ['signed', 'broadcasted', 'txBestBlocksState', 'finalized'])
			strictEqual(errorOf(result), 'ok')
			ok(result.events.some(({ type, value }) => type === 'Balances' && value.type === 'Transfer'))
			const after = [await accountOf(context, bob.address), await accountOf(context, zoe.address)]
			strictEqual(after[1].data.free, before[1].data.free + STKR)
			strictEqual(after[0].data.free, before[0].data.free - STKR - fee)
		},
	},
	{
		title: 'CHN-1 PAPI sends mortal and immortal extrinsics, tips and explicit nonces',
		run: async (context) => {
			const { nonce } = await accountOf(context, charlie.address)
			const options = [
				{ mortality: { mortal: true as const, period: 16 } },
				{ mortality: { mortal: false as const } },
				{ tip: STKR / 1000n },
				{ nonce: nonce + 3 },
			]
			for (const option of options) strictEqual(errorOf((await include(pay(context, 1n), signerOf(charlie), option)).result), 'ok')
		},
	},
	{
		title: 'CHN-2 PAPI watches storage, best blocks and final blocks',
		run: async (context) => {
			const { api, client, dev } = context
			const { free } = (await accountOf(context, zoe.address)).data
			const changed = Promise.withResolvers<bigint>()
			const watching = api.query.System.Account.watchValue(zoe.address, { at: 'best' }).subscribe(({ value }) => {
				if ((value as Account).data.free === free + 5n) changed.resolve((value as Account).data.free)
			})
			const target = dev.node.chain.best().number + 1
			const [best, final] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
			const following = [
				client.bestBlocks$.subscribe((blocks) => blocks[0].number >= target && best.resolve()),
				client.finalizedBlock$.subscribe(({ number }) => number >= target && final.resolve()),
			]
			await include(pay(context, 5n), signerOf(bob))
			await Promise.all([changed.promise, best.promise, final.promise])
			for (const subscription of [watching, ...following]) subscription.unsubscribe()
		},
	},
	{
		title: 'CHN-2 PAPI reads headers and bodies of pinned blocks and decodes their calls',
		run: async (context) => {
			const { client, dev, api } = context
			const { result } = await include(pay(context, 9n), signerOf(bob))
			const header = await client.getBlockHeader(result.block.hash)
			strictEqual(header.stateRoot, dev.node.chain.header(result.block.hash as `0x${string}`)!.stateRoot)
			strictEqual((await client.getBlockBody(result.block.hash)).length, 2)
			const callData = await pay(context, 9n).getEncodedData()
			const { decodedCall } = await api.txFromCallData(callData)
			deepStrictEqual([decodedCall.type, decodedCall.value.type, decodedCall.value.value.value], ['Balances', 'transfer_keep_alive', 9n])
		},
	},
	{
		title: 'CHN-6 PAPI sends batches',
		run: async (context) => {
			const { api } = context
			const calls = [pay(context, 1n), pay(context, 2n)].map(({ decodedCall }) => decodedCall)
			const { free } = (await accountOf(context, zoe.address)).data
			const { result } = await include(api.tx.Utility.batch_all({ calls }), signerOf(bob))
			strictEqual(errorOf(result), 'ok')
			strictEqual((await accountOf(context, zoe.address)).data.free, free + 3n)
		},
	},
	{
		title: 'CHN-3 PAPI names the error of a failing call',
		run: async (context) => {
			const { api } = context
			strictEqual(errorOf((await include(pay(context, 10n ** 30n), signerOf(bob))).result), 'Token.FundsUnavailable')
			const join = api.tx.MicroPool.join({ pool: 77, stake_wei: STKR })
			strictEqual(errorOf((await include(join, signerOf(bob))).result), 'Module.MicroPool.UnknownPool')
			const sudo = api.tx.Sudo.sudo({ call: pay(context, 1n).decodedCall })
			strictEqual(errorOf((await include(sudo, signerOf(bob))).result), 'Module.Sudo.RequireSudo')
		},
	},
	{
		title: 'CHN-3 PAPI reports invalid extrinsics: used nonce, no funds, bad signature, unreadable bytes',
		run: async (context) => {
			const { client } = context
			const { nonce } = await accountOf(context, bob.address)
			ok(/Stale/.test(await invalidity(() => pay(context, 1n).signAndSubmit(signerOf(bob), { nonce: nonce - 1 }))))
			ok(/Payment/.test(await invalidity(() => pay(context, 1n).signAndSubmit(signerOf(pairOf('Yann'))))))
			const signed = await pay(context, 1n).sign(signerOf(bob))
			signed[80] ^= 1
			ok(/BadProof/.test(await invalidity(() => client.submit(signed))))
			await rejects(client.submit(signed.slice(0, 50)))
		},
	},
	{
		title: 'CHN-2 archive methods serve old blocks, storage and calls by the standard',
		run: async ({ client, dev, api }) => {
			const { number } = dev.node.chain.best()
			const hashes = await client._request<string[]>('archive_v1_hashByHeight', [number - 1])
			deepStrictEqual(hashes, [dev.node.chain.hashOf(number - 1)])
			ok((await client._request<string[]>('archive_v1_body', [hashes[0]])).length > 0)
			strictEqual(await client._request<string>('archive_v1_genesisHash', []), dev.node.chain.genesisHash)
			const called = await client._request<{ success: boolean; value: string }>('archive_v1_call', [hashes[0], 'Core_version', '0x'])
			ok(called.success)
			const old = (await api.query.System.Number.getValue({ at: 'best' })) as number
			strictEqual(old, number)
		},
	},
	{
		title: 'CHN-5 set_code upgrades the chain under a connected PAPI: it takes the new metadata and sends on',
		slow: true,
		run: async (context) => {
			const { api, dev } = context
			const next = VERSION.specVersion + 1
			const { compressed } = await buildRuntime(next)
			const upgrade = api.tx.System.set_code({ code: compressed })
			const { result } = await include(api.tx.Sudo.sudo({ call: upgrade.decodedCall }), signerOf(alice))
			strictEqual(errorOf(result), 'ok')
			await dev.seal()
			strictEqual(errorOf((await include(pay(context, 1n), signerOf(bob))).result), 'ok')
			const version = (await api.constants.System.Version({ at: 'finalized' })) as { spec_version: number }
			strictEqual(version.spec_version, next)
		},
	},
]
