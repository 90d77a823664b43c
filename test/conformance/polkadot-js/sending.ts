import { deepStrictEqual, ok, strictEqual } from 'node:assert'
import type { SignerOptions } from '@polkadot/api/types'
import type { DispatchError } from '@polkadot/types/interfaces'
import { nameOf } from '../chopsticks/outcome.ts'
import type { Check } from '../report.ts'
import { pairOf, pairOfType } from '../signers.ts'
import { accountOf, eventsOf, feeOf, include, type PolkadotJs, STKR } from './context.ts'

const payee = pairOf('Zoe').address
const fails = 10n ** 30n

const errorName = ({ api }: PolkadotJs, error: DispatchError | undefined): string => (error ? nameOf(api, error) : 'ok')

export const sending: Check<PolkadotJs>[] = [
	{
		title: 'CHN-1 extrinsics signed with sr25519, ed25519 and ecdsa keys pay and are paid',
		run: async (context) => {
			const { api } = context
			for (const pair of [pairOf('Bob'), pairOfType('//Bob', 'ed25519'), pairOfType('//Bob', 'ecdsa')]) {
				await include(context, api.tx.balances.transferKeepAlive(pair.address, 10n * STKR), pairOf('Alice'))
				const before = await accountOf(context, payee)
				const { dispatchError } = await include(context, api.tx.balances.transferKeepAlive(payee, STKR), pair)
				strictEqual(dispatchError, undefined, pair.type)
				strictEqual((await accountOf(context, payee)).freePlanck, before.freePlanck + STKR, pair.type)
			}
		},
	},
	{
		title: 'CHN-1 mortal and immortal extrinsics are taken',
		run: async (context) => {
			const { api } = context
			const transfer = () => api.tx.balances.transferKeepAlive(payee, STKR)
			for (const options of [{ era: 0 }, { tip: 0 }, { era: 8 }, { era: 4096 }] as Partial<SignerOptions>[])
				strictEqual((await include(context, transfer(), pairOf('Bob'), options)).dispatchError, undefined)
		},
	},
	{
		title: 'CHN-1 fees: what paymentInfo and queryFeeDetails say is what is charged, and the tip is on top',
		run: async (context) => {
			const { api } = context
			const bob = pairOf('Bob')
			for (const [make, tip] of [
				[() => api.tx.system.remark('0x00'), 0n],
				[() => api.tx.balances.transferKeepAlive(payee, STKR), 5n * 10n ** 9n],
				[() => api.tx.utility.batchAll([api.tx.system.remark(`0x${'11'.repeat(2000)}`), api.tx.system.remarkWithEvent('0x01')]), 0n],
			] as const) {
				const info = await make().paymentInfo(bob, { tip })
				const signed = await make().signAsync(bob, { tip })
				const details = await api.rpc.payment.queryFeeDetails(signed.toHex())
				const { baseFee, lenFee, adjustedWeightFee } = details.inclusionFee.unwrap()
				strictEqual(baseFee.toBigInt() + lenFee.toBigInt() + adjustedWeightFee.toBigInt(), info.partialFee.toBigInt())
				const before = (await accountOf(context, bob.address)).freePlanck
				const result = await include(context, make(), bob, { tip })
				const { feePlanck, tipPlanck } = feeOf(result)
				strictEqual(tipPlanck, tip)
				strictEqual(feePlanck, info.partialFee.toBigInt() + tip)
				const sent = eventsOf(result).includes('balances.Transfer') ? STKR : 0n
				strictEqual((await accountOf(context, bob.address)).freePlanck, before - feePlanck - sent)
			}
		},
	},
	{
		title: 'CHN-6 batch, batchAll and forceBatch stop, undo and go on as in FRAME',
		run: async (context) => {
			const { api } = context
			const pay = (amount: bigint) => api.tx.balances.transferKeepAlive(payee, amount)
			const paid = async (kind: 'batch' | 'batchAll' | 'forceBatch') => {
				const before = (await accountOf(context, payee)).freePlanck
				const result = await include(context, api.tx.utility[kind]([pay(1n), pay(fails), pay(2n)]), pairOf('Bob'))
				const events = eventsOf(result).filter((event) => event.startsWith('utility.'))
				return { error: errorName(context, result.dispatchError), events, paid: (await accountOf(context, payee)).freePlanck - before }
			}
			deepStrictEqual(await paid('batch'), { error: 'ok', events: ['utility.ItemCompleted', 'utility.BatchInterrupted'], paid: 1n })
			deepStrictEqual(await paid('batchAll'), { error: 'Token.FundsUnavailable', events: [], paid: 0n })
			deepStrictEqual(await paid('forceBatch'), {
				error: 'ok',
				events: ['utility.ItemCompleted', 'utility.ItemFailed', 'utility.ItemCompleted', 'utility.BatchCompletedWithErrors'],
				paid: 3n,
			})
		},
	},
	{
		title: 'CHN-3 a failing call is included, names its error, changes nothing and pays its fee',
		run: async (context) => {
			const { api } = context
			const bob = pairOf('Bob')
			for (const [call, expected] of [
				[api.tx.balances.transferKeepAlive(payee, fails), 'Token.FundsUnavailable'],
				[api.tx.sudo.sudo(api.tx.system.remark('0x00')), 'sudo.RequireSudo'],
				[api.tx.microPool.join(77, STKR), 'microPool.UnknownPool'],
				[api.tx.system.setCode('0x00'), 'BadOrigin'],
			] as const) {
				const before = await accountOf(context, bob.address)
				const result = await include(context, call, bob)
				strictEqual(errorName(context, result.dispatchError), expected)
				ok(eventsOf(result).includes('system.ExtrinsicFailed'))
				deepStrictEqual(await accountOf(context, bob.address), {
					nonce: before.nonce + 1,
					freePlanck: before.freePlanck - feeOf(result).feePlanck,
				})
			}
		},
	},
	{
		title: 'CHN-1 extrinsics go out back to back with the nonces of accountNextIndex, and one block takes them all',
		run: async (context) => {
			const { api, dev } = context
			const charlie = pairOf('Charlie')
			const hashes: string[] = []
			for (let i = 0; i < 5; i++) {
				const nonce = await api.rpc.system.accountNextIndex(charlie.address)
				hashes.push((await api.tx.balances.transferKeepAlive(payee, BigInt(i + 1)).signAndSend(charlie, { nonce })).toHex())
			}
			const pending = await api.rpc.author.pendingExtrinsics()
			deepStrictEqual(
				pending.map(({ hash }) => hash.toHex()),
				hashes,
			)
			const { hash } = await dev.seal()
			const { block } = await api.rpc.chain.getBlock(hash)
			deepStrictEqual(
				block.extrinsics.slice(1).map((extrinsic) => extrinsic.hash.toHex()),
				hashes,
			)
			strictEqual((await api.rpc.author.pendingExtrinsics()).length, 0)
		},
	},
	{
		// polkadot.js 16 asks the runtime (AccountNonceApi) for it, which knows nothing of a pool, so it serves one extrinsic a block
		title: 'CHN-1 nonce -1 is the account’s nonce in the best block',
		run: async (context) => {
			const { api } = context
			const dave = pairOf('Dave')
			for (let i = 0; i < 3; i++) {
				const { nonce } = await accountOf(context, dave.address)
				const signed = await api.tx.system.remark('0x01').signAsync(dave, { nonce: -1 })
				strictEqual(signed.nonce.toNumber(), nonce)
				strictEqual((await include(context, api.tx.system.remark('0x02'), dave, { nonce: -1 })).dispatchError, undefined)
			}
		},
	},
	{
		title: 'CHN-1 an extrinsic of the same nonce with a higher tip takes the place of the first, which ends as usurped',
		run: async ({ api, dev }) => {
			const dave = pairOf('Dave')
			const nonce = (await api.rpc.system.accountNextIndex(dave.address)).toNumber()
			const ended = Promise.withResolvers<string>()
			await api.tx.balances.transferKeepAlive(payee, 1n).signAndSend(dave, { nonce, tip: 0n }, ({ status }) => {
				if (status.isUsurped) ended.resolve(status.asUsurped.toHex())
			})
			const second = await api.tx.balances.transferKeepAlive(payee, 2n).signAsync(dave, { nonce, tip: 10n ** 15n })
			await api.rpc.author.submitExtrinsic(second)
			strictEqual(await ended.promise, second.hash.toHex())
			const { hash } = await dev.seal()
			const { block } = await api.rpc.chain.getBlock(hash)
			deepStrictEqual(
				block.extrinsics.slice(1).map((extrinsic) => extrinsic.hash.toHex()),
				[second.hash.toHex()],
			)
		},
	},
	{
		title: 'CHN-1 higher tips come first in a block',
		run: async ({ api, dev }) => {
			const signers = (['Bob', 'Charlie', 'Dave'] as const).map(pairOf)
			const tips = [10n ** 12n, 10n ** 15n, 0n]
			for (const [i, pair] of signers.entries())
				await api.tx.balances.transferKeepAlive(payee, 1n).signAndSend(pair, { nonce: -1, tip: tips[i] })
			const { hash } = await dev.seal()
			const { block } = await api.rpc.chain.getBlock(hash)
			deepStrictEqual(
				block.extrinsics.slice(1).map((extrinsic) => extrinsic.tip.toBigInt()),
				[10n ** 15n, 10n ** 12n, 0n],
			)
		},
	},
]
