import { deepStrictEqual, notStrictEqual, ok, strictEqual } from 'node:assert'
import type { Option, u64 } from '@polkadot/types'
import type { AccountInfo, Header } from '@polkadot/types/interfaces'
import { DEV_KEYS } from '@stkr/runtime-spec/runtime/presets.ts'
import type { Check } from '../report.ts'
import { pairOf } from '../signers.ts'
import { accountOf, include, type PolkadotJs, STKR } from './context.ts'

const PALLETS = [
	'System',
	'Timestamp',
	'Aura',
	'Grandpa',
	'Balances',
	'TransactionPayment',
	'Utility',
	'Sudo',
	'Assets',
	'Escrow',
	'MicroPool',
	'LiquidStaking',
	'Session',
	'Offences',
]

/** Resolves with the first notification that `wanted` accepts, and ends the subscription. */
const next = <T>(
	subscribe: (listener: (value: T) => void) => Promise<() => void>,
	wanted: (value: T) => boolean,
	then: () => Promise<unknown>,
): Promise<T> =>
	new Promise((resolve, reject) => {
		const found = Promise.withResolvers<T>()
		subscribe((value) => {
			if (wanted(value)) found.resolve(value)
		})
			.then(async (stop) => {
				await then()
				const value = await found.promise
				stop()
				resolve(value)
			})
			.catch(reject)
	})

export const reading: Check<PolkadotJs>[] = [
	{
		title: 'CHN-2 polkadot.js reads the metadata: pallets, and docs on every call, event, error and storage item',
		run: async ({ api }) => {
			const { pallets } = api.runtimeMetadata.asLatest
			deepStrictEqual(
				pallets.map(({ name }) => name.toString()),
				PALLETS,
			)
			const undocumented: string[] = []
			for (const { name, storage, calls, events, errors } of pallets) {
				const note = (item: string, docs: { length: number }) => docs.length === 0 && undocumented.push(`${name}.${item}`)
				for (const item of storage.unwrapOrDefault().items) note(item.name.toString(), item.docs)
				for (const part of [calls, events, errors] as Option<{ type: never } & never>[]) {
					if (part.isNone) continue
					const { type } = part.unwrap()
					for (const variant of api.registry.lookup.getSiType(type).def.asVariant.variants) note(variant.name.toString(), variant.docs)
				}
			}
			deepStrictEqual(undocumented, [])
		},
	},
	{
		title: 'CHN-2 the chain names itself, its properties and its version',
		run: async ({ api, dev }) => {
			strictEqual((await api.rpc.system.chain()).toString(), 'Stkr Development')
			const properties = await api.rpc.system.properties()
			strictEqual(properties.ss58Format.unwrap().toNumber(), api.consts.system.ss58Prefix.toNumber())
			strictEqual(properties.tokenDecimals.unwrap()[0].toNumber(), 18)
			strictEqual(properties.tokenSymbol.unwrap()[0].toString(), 'STKR')
			strictEqual(api.genesisHash.toHex(), dev.node.chain.genesisHash)
			strictEqual(api.runtimeVersion.specName.toString(), 'stkr')
		},
	},
	{
		title: 'CHN-2 storage is read by key, by several keys, by entries, by page, by size and at an old block; constants are typed',
		run: async (context) => {
			const { api } = context
			const [alice, bob] = [pairOf('Alice').address, pairOf('Bob').address]
			const old = (await api.rpc.chain.getHeader()).hash
			const before = (await accountOf(context, bob)).freePlanck
			await include(context, api.tx.balances.transferKeepAlive(bob, STKR), pairOf('Alice'))
			strictEqual((await accountOf(context, bob)).freePlanck, before + STKR)
			const then = await api.at(old)
			strictEqual(((await then.query.system.account(bob)) as unknown as AccountInfo).data.free.toBigInt(), before)
			const many = (await api.query.system.account.multi([alice, bob])) as unknown as AccountInfo[]
			strictEqual(many[1].data.free.toBigInt(), before + STKR)
			const entries = await api.query.system.account.entries()
			ok(entries.length >= Object.keys(DEV_KEYS).length)
			const page = await api.query.system.account.keysPaged({ args: [], pageSize: 3 })
			strictEqual(page.length, 3)
			const rest = await api.query.system.account.keysPaged({ args: [], pageSize: 1000, startKey: page[2].toHex() })
			strictEqual(page.length + rest.length, entries.length)
			ok((await api.query.system.account.size(bob)).toNumber() > 0)
			ok(api.consts.balances.existentialDeposit.toBigInt() > 0n)
			strictEqual((await api.query.timestamp.now.hash()).toHex().length, 66)
		},
	},
	{
		title: 'CHN-2 a storage subscription tells the present value and each change',
		run: async (context) => {
			const { api } = context
			const bob = pairOf('Bob').address
			const before = (await accountOf(context, bob)).freePlanck
			const changed = await next<AccountInfo>(
				async (listener) => (await api.query.system.account(bob, listener as never)) as unknown as () => void,
				({ data }) => data.free.toBigInt() === before + 7n,
				() => include(context, api.tx.balances.transferKeepAlive(bob, 7n), pairOf('Alice')),
			)
			strictEqual(changed.data.free.toBigInt(), before + 7n)
		},
	},
	{
		title: 'CHN-2 new and final heads arrive by subscription, and blocks with their events can be read',
		run: async ({ api, dev }) => {
			const best = (await api.rpc.chain.getHeader()).number.toNumber()
			const isNext = (header: Header) => header.number.toNumber() === best + 1
			const heads = next<Header>(
				(listener) => api.rpc.chain.subscribeNewHeads(listener),
				isNext,
				async () => {},
			)
			const finals = next<Header>(
				(listener) => api.rpc.chain.subscribeFinalizedHeads(listener),
				isNext,
				() => dev.seal(),
			)
			const [head, final] = await Promise.all([heads, finals])
			strictEqual(head.hash.toHex(), final.hash.toHex())
			const { block } = await api.rpc.chain.getBlock(head.hash)
			strictEqual(`${block.extrinsics[0].method.section}.${block.extrinsics[0].method.method}`, 'timestamp.set')
			strictEqual(block.header.hash.toHex(), head.hash.toHex())
			const at = await api.at(head.hash)
			ok(((await at.query.system.events()) as unknown as unknown[]).length > 0)
			notStrictEqual(((await at.query.timestamp.now()) as u64).toNumber(), 0)
		},
	},
	{
		title: 'CHN-2 storage proofs and runtime calls are served',
		run: async ({ api, dev }) => {
			const { hash } = dev.node.chain.best()
			const { at, proof } = await api.rpc.state.getReadProof([api.query.system.number.key()], hash)
			strictEqual(at.toHex(), hash)
			ok(proof.length > 0)
			const nonce = await api.call.accountNonceApi.accountNonce(pairOf('Alice').address)
			strictEqual(Number(nonce.toString()), (await api.rpc.system.accountNextIndex(pairOf('Alice').address)).toNumber())
		},
	},
]
