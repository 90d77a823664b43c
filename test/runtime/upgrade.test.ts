import '@stkr/runtime-spec/frame/native/install.ts'
import { buildRuntime } from '@stkr/runtime-spec/engine/build.ts'
import { Reader } from '@stkr/runtime-spec/frame/scale/index.ts'
import { storage, system } from '@stkr/runtime-spec/frame/system/index.ts'
import { runtimeVersion, VERSION } from '@stkr/runtime-spec/frame/system/version.ts'
import { STKR } from '@stkr/runtime-spec/pallets/balances/index.ts'
import { expect, test } from 'vitest'
import { builtRuntime } from './built.ts'
import { callOf } from './calls.ts'
import { TwinChain } from './chain.ts'
import { asRoot, pay, sudone } from './journeys.ts'

test('CHN-5 takes a real runtime of a higher spec version, raw or compressed, and goes on with it', async () => {
	const runtime = await builtRuntime()
	const next = await buildRuntime(VERSION.specVersion + 1)
	const setCode = (code: Uint8Array) => asRoot(callOf(system, 'setCode', { code }))
	for (const code of [next.wasm, next.compressed]) {
		const chain = new TwinChain(runtime)
		chain.block([setCode(runtime.code), setCode(code.slice(0, 1000)), setCode(Uint8Array.of(1, 2, 3))])
		const notRead = 'System.FailedToExtractRuntimeVersion'
		expect(sudone(chain)).toEqual(['System.SpecVersionNeedsToIncrease', notRead, notRead])
		expect(chain.block([{ by: 'Bob', call: callOf(system, 'setCode', { code }) }])).toEqual(['failed BadOrigin'])
		chain.block([setCode(code)])
		expect(sudone(chain)).toEqual(['ok'])
		expect(chain.eventsOf('System.CodeUpdated')).toHaveLength(1)
		expect(chain.native.trie().get(new TextEncoder().encode(':code'))).toEqual(code)

		chain.useRuntime({ ...next, code })
		const { specVersion } = VERSION
		expect(chain.block([pay('Bob', 'Charlie', STKR), pay('Bob', 'Charlie', STKR, { specVersion: specVersion + 1 })])).toEqual([
			...['refused Invalid.BadProof', 'ok'],
		])
		expect(chain.read(() => storage.lastRuntimeUpgrade.get())?.specVersion).toBe(specVersion + 1)
		const version = runtimeVersion.read(new Reader(chain.twin.call('Core_version', new Uint8Array())!))
		expect(version.specVersion).toBe(specVersion + 1)
		chain.block([{ ...setCode(runtime.code), options: { specVersion: specVersion + 1 } }])
		expect(sudone(chain)).toEqual(['System.SpecVersionNeedsToIncrease'])
		expect(chain.twin.differences).toEqual([])
		expect(chain.defects).toEqual([])
	}
}, 300_000)
