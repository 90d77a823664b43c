import { notStrictEqual, strictEqual } from 'node:assert'
import type { RuntimeVersion } from '@polkadot/types/interfaces'
import { buildRuntime } from '@stkr/runtime-spec/engine/build.ts'
import { VERSION } from '@stkr/runtime-spec/frame/system/version.ts'
import type { Check } from '../report.ts'
import { pairOf } from '../signers.ts'
import { accountOf, include, type PolkadotJs, STKR } from './context.ts'

export const upgrading: Check<PolkadotJs>[] = [
	{
		title:
			'CHN-5 set_code upgrades the chain under a connected polkadot.js: its subscription fires, it takes the new metadata, and sends on',
		slow: true,
		run: async (context) => {
			const { api, dev } = context
			const next = VERSION.specVersion + 1
			const { compressed } = await buildRuntime(next)
			const before = api.runtimeMetadata
			const seen = Promise.withResolvers<void>()
			const stop = await api.rpc.state.subscribeRuntimeVersion((version: RuntimeVersion) => {
				if (version.specVersion.toNumber() === next) seen.resolve()
			})
			let disconnected = 0
			api.on('disconnected', () => disconnected++)
			const call = api.tx.system.setCode(`0x${Buffer.from(compressed).toString('hex')}`)
			const taken = new Promise<void>((resolve) => api.once('decorated', () => resolve()))
			strictEqual((await include(context, api.tx.sudo.sudo(call), pairOf('Alice'))).dispatchError, undefined)
			await dev.seal()
			await Promise.all([seen.promise, taken])
			stop()
			strictEqual(api.runtimeVersion.specVersion.toNumber(), next)
			notStrictEqual(api.runtimeMetadata, before)
			strictEqual((api.consts.system.version as unknown as RuntimeVersion).specVersion.toNumber(), next)
			const payee = pairOf('Zoe').address
			const { freePlanck } = await accountOf(context, payee)
			strictEqual((await include(context, api.tx.balances.transferKeepAlive(payee, STKR), pairOf('Bob'))).dispatchError, undefined)
			strictEqual((await accountOf(context, payee)).freePlanck, freePlanck + STKR)
			strictEqual(disconnected, 0)
		},
	},
]
