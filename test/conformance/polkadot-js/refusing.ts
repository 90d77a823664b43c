import { deepStrictEqual, ok, strictEqual } from 'node:assert'
import { hexToU8a, u8aToHex } from '@polkadot/util'
import type { Check } from '../report.ts'
import { pairOf } from '../signers.ts'
import { accountOf, type PolkadotJs, STKR } from './context.ts'

const payee = pairOf('Zoe').address

interface Refusal {
	code: number
	data: string
}

/** Sends bytes as they are, past polkadot.js's own checks, and gives the node's refusal. */
const refusalOf = async ({ provider }: PolkadotJs, hex: string): Promise<Refusal> => {
	try {
		await provider.send('author_submitExtrinsic', [hex])
	} catch (error) {
		const { code, data } = error as { code: number; data?: string }
		return { code, data: String(data) }
	}
	throw new Error('the node took it')
}

const sign = async ({ api }: PolkadotJs, by: 'Bob' | 'Charlie' | 'Yann', options: { nonce?: number; tip?: bigint; era?: number } = {}) =>
	api.tx.balances.transferKeepAlive(payee, STKR).signAsync(pairOf(by), { era: 0, ...options })

/** Wrong in one byte: the last of the signature, which begins after length, version, address and its own type. */
const withBadSignature = (hex: string): string => {
	const bytes = hexToU8a(hex)
	bytes[2 + 1 + 33 + 1 + 40] ^= 1
	return u8aToHex(bytes)
}

export const refusing: Check<PolkadotJs>[] = [
	{
		title: 'CHN-3 a bad signature is refused with 1010',
		run: async (context) => {
			const { code, data } = await refusalOf(context, withBadSignature((await sign(context, 'Bob')).toHex()))
			deepStrictEqual({ code, data }, { code: 1010, data: 'Transaction has a bad signature' })
		},
	},
	{
		title: 'CHN-3 an extrinsic signed for another chain or version is refused with 1010',
		run: async (context) => {
			const { api } = context
			const { nonce } = await accountOf(context, pairOf('Bob').address)
			const { genesisHash, runtimeVersion } = api
			const specVersion = runtimeVersion.specVersion.toNumber() + 1
			const later = api.registry.createType('RuntimeVersion', { ...runtimeVersion.toJSON(), specVersion })
			const right = { blockHash: genesisHash, genesisHash, nonce, runtimeVersion }
			for (const wrong of [
				{ ...right, genesisHash: `0x${'11'.repeat(32)}` },
				{ ...right, runtimeVersion: later },
			]) {
				const signed = api.tx.balances.transferKeepAlive(payee, STKR).sign(pairOf('Bob'), wrong)
				deepStrictEqual(await refusalOf(context, signed.toHex()), { code: 1010, data: 'Transaction has a bad signature' })
			}
		},
	},
	{
		title: 'CHN-3 truncated, overlong, empty and unreadable bytes are refused and name no internals',
		run: async (context) => {
			const bytes = hexToU8a((await sign(context, 'Bob')).toHex())
			const overlong = u8aToHex(Uint8Array.from([...bytes, 0]))
			for (const hex of [u8aToHex(bytes.slice(0, 60)), overlong, '0x', '0x00', '0x1004ffffff', `0x${'ff'.repeat(40)}`]) {
				const { code, data } = await refusalOf(context, hex)
				ok([1001, 1002, 1010, -32602].includes(code), `${hex.slice(0, 40)}: code ${code} ${data}`)
				ok(!/\bat \w+ \(/.test(data), `${hex.slice(0, 40)}: ${data}`)
			}
		},
	},
	{
		title: 'CHN-3 a used nonce is refused with 1010 outdated',
		run: async (context) => {
			const { api, dev } = context
			await api.rpc.author.submitExtrinsic(await sign(context, 'Bob', { nonce: -1 }))
			await dev.seal()
			const { nonce } = await accountOf(context, pairOf('Bob').address)
			const stale = await sign(context, 'Bob', { nonce: nonce - 1, tip: 1n })
			deepStrictEqual(await refusalOf(context, stale.toHex()), { code: 1010, data: 'Transaction is outdated' })
		},
	},
	{
		title: 'CHN-3 a future nonce waits: it is not in a block until the gap is filled',
		run: async (context) => {
			const { api, dev } = context
			const { nonce } = await accountOf(context, pairOf('Charlie').address)
			await api.rpc.author.submitExtrinsic(await sign(context, 'Charlie', { nonce: nonce + 1 }))
			strictEqual((await api.rpc.author.pendingExtrinsics()).length, 0)
			await dev.seal()
			strictEqual((await accountOf(context, pairOf('Charlie').address)).nonce, nonce)
			await api.rpc.author.submitExtrinsic(await sign(context, 'Charlie', { nonce }))
			await dev.seal()
			strictEqual((await accountOf(context, pairOf('Charlie').address)).nonce, nonce + 2)
		},
	},
	{
		title: 'CHN-3 an account that can’t pay the fee is refused with 1010',
		run: async (context) => {
			const poor = await sign(context, 'Yann')
			deepStrictEqual(await refusalOf(context, poor.toHex()), {
				code: 1010,
				data: 'Inability to pay some fees (e.g. account balance too low)',
			})
			const { freePlanck, nonce } = await accountOf(context, pairOf('Bob').address)
			const greedy = await sign(context, 'Bob', { nonce, tip: freePlanck })
			strictEqual((await refusalOf(context, greedy.toHex())).code, 1010)
		},
	},
	{
		title: 'CHN-1 a mortal extrinsic past its era is refused with 1010',
		run: async (context) => {
			const { api, dev } = context
			const { number, hash } = dev.node.chain.best()
			const era = api.registry.createType('ExtrinsicEra', { current: number, period: 4 })
			const { nonce } = await accountOf(context, pairOf('Bob').address)
			const mortal = await api.tx.balances.transferKeepAlive(payee, STKR).signAsync(pairOf('Bob'), { era, blockHash: hash, nonce })
			for (let i = 0; i < 6; i++) await dev.seal()
			const { code, data } = await refusalOf(context, mortal.toHex())
			strictEqual(code, 1010)
			// the era's numbers mean a later block by now, whose hash was not signed
			ok(/bad signature|ancient birth block/.test(data), data)
		},
	},
	{
		title: 'CHN-3 the same extrinsic twice is refused with 1013, one of the same nonce and no higher tip with 1014',
		run: async (context) => {
			const { api, dev } = context
			const { nonce } = await accountOf(context, pairOf('Bob').address)
			const first = await sign(context, 'Bob', { nonce, tip: 5n })
			await api.rpc.author.submitExtrinsic(first)
			strictEqual((await refusalOf(context, first.toHex())).code, 1013)
			strictEqual((await refusalOf(context, (await sign(context, 'Bob', { nonce, tip: 4n })).toHex())).code, 1014)
			await dev.seal()
		},
	},
	{
		title: 'CHN-3 unsigned calls and signed inherents are refused, and no refused one halts the next block',
		run: async (context) => {
			const { api, dev } = context
			const bare = api.tx.balances.transferKeepAlive(payee, STKR)
			ok([1010, 1011].includes((await refusalOf(context, bare.toHex())).code))
			const inherent = await api.tx.timestamp.set(1).signAsync(pairOf('Bob'), { era: 0 })
			strictEqual((await refusalOf(context, inherent.toHex())).code, 1010)
			const { number } = dev.node.chain.best()
			strictEqual((await dev.seal()).number, number + 1)
		},
	},
]
