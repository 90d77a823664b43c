import '@stkr/runtime-spec/frame/native/install.ts'
import { storage, system } from '@stkr/runtime-spec/frame/system/index.ts'
import { STKR } from '@stkr/runtime-spec/pallets/balances/index.ts'
import { storage as escrow } from '@stkr/runtime-spec/pallets/escrow/index.ts'
import { beforeAll, describe, expect, test } from 'vitest'
import { builtRuntime } from './built.ts'
import { callOf } from './calls.ts'
import { type RunnableRuntime, TwinChain } from './chain.ts'
import { asRoot, pay } from './journeys.ts'

let runtime: RunnableRuntime
beforeAll(async () => {
	runtime = await builtRuntime()
})

/** What the scenarios and the fuzz rest on: a harness that sees nothing would find nothing. */
describe('the twin chain', () => {
	test('notices a native run that follows another rule', () => {
		const bundle = runtime.bundle.replace(/\.Transfer\(\{ from: (\w+), to: (\w+), amount/, '.Transfer({ from: $2, to: $1, amount')
		expect(bundle).not.toBe(runtime.bundle)
		const chain = new TwinChain({ ...runtime, bundle })
		chain.open()
		expect(chain.apply(pay('Bob', 'Charlie', STKR))).toBe('ok')
		expect(chain.twin.differences).toMatchObject([
			{ method: 'BlockBuilder_apply_extrinsic', what: expect.stringMatching(/^key 0x.* differs$/) },
		])
	})

	test('notices books out of balance', () => {
		const chain = new TwinChain(runtime)
		const wrong = escrow.totals.codec.encode({ mintedWei: 1n, releasedWei: 0n, stakedWei: 0n, inFlightWei: 0n })
		const write = asRoot(callOf(system, 'setStorage', { items: [[escrow.totals.prefix, wrong]] }))
		expect(() => chain.block([write])).toThrow('Escrow: minted − released − staked − in flight is 1 wei, the supply of wrapped ETH 0')
	})

	test('notices a block that does not execute to the state it was made with', () => {
		const chain = new TwinChain(runtime)
		chain.open()
		chain.apply(pay('Bob', 'Charlie', STKR))
		chain.twin.call('BlockBuilder_apply_extrinsic', chain.sign(pay('Bob', 'Charlie', STKR)))
		expect(() => chain.close()).toThrow(/block 1: Core_execute_block trapped: .*root mismatch/)
	})

	test('reads the state of the block being made', () => {
		const chain = new TwinChain(runtime)
		chain.open()
		expect(chain.read(() => storage.number.get())).toBe(1)
	})
})
