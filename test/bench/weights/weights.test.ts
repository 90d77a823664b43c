import { compileRuntime } from '@stkr/node/src/executor/runtime.ts'
import { type Call, call, infoOf } from '@stkr/runtime-spec/frame/call.ts'
import { pallet } from '@stkr/runtime-spec/frame/pallet.ts'
import type { StorageValue } from '@stkr/runtime-spec/frame/storage.ts'
import { LIMITS } from '@stkr/runtime-spec/frame/system/index.ts'
import { NO_WEIGHT } from '@stkr/runtime-spec/frame/weight.ts'
import { storage as grandpa } from '@stkr/runtime-spec/pallets/grandpa/index.ts'
import { storage as session } from '@stkr/runtime-spec/pallets/session/index.ts'
import { beforeAll, describe, expect, test } from 'vitest'
import { builtRuntime } from '../../runtime/built.ts'
import { BlobBlocks } from './blocks.ts'
import { endSession, registerOthers } from './chain-moves.ts'
import { callPlan, emptyPlan } from './plans.ts'
import { declaredWeight, measuredCalls } from './preparations.ts'
import { World } from './world.ts'

let blocks: BlobBlocks
let world: World

beforeAll(async () => {
	const { code } = await builtRuntime()
	blocks = new BlobBlocks(compileRuntime(code), { signatures: true })
	world = new World()
})

const innerCalls = ({ args }: Call): Call[] => {
	const { call: one, calls = [] } = args as { call?: Call; calls?: Call[] }
	return one ? [one] : calls
}

describe('CHN-4 WGT-1 the worst case of', () => {
	test.each(measuredCalls().map((found) => [`${found.pallet.name}.${found.definition.name}`, found] as const))(
		'%s succeeds in the blob, and its weight fits a block',
		(_, found) => {
			const { pallet, definition, preparation, weight: entry } = found
			const { size, by, emits = [] } = preparation
			for (const at of size ? [size.from, size.to] : [0]) {
				const plan = callPlan(world, found, at)
				const middle = blocks.begin(plan)
				const events = plan.signed ? blocks.events(middle, plan.signed.measured) : []
				expect(events.map((event) => `${event.pallet}.${event.name}`)).toEqual(expect.arrayContaining([...emits]))
				const bySudo = events.filter(({ name }) => name === 'Sudid' || name === 'SudoAsDone')
				for (const { fields } of bySudo) expect(fields.sudoResult).toBeUndefined()
				expect(bySudo.length > 0).toBe(by === 'Root' || definition.name.startsWith('sudo'))

				const { weight, class: kind } = infoOf(plan.call)
				expect(weight.refTime).toBeGreaterThan(0)
				expect(weight.refTime).toBeLessThanOrEqual((LIMITS.perClass[kind].maxExtrinsic ?? LIMITS.maxBlock).refTime)
				if (entry === null) continue
				const inner = innerCalls(plan.call).reduce((sum, each) => sum + infoOf(each).weight.refTime, 0)
				expect(declaredWeight(pallet.name, entry, at)?.refTime).toBe(weight.refTime - inner)
			}
		},
	)
})

test('CHN-4 WGT-1 the end of a session replaces all validators in the blob, and its weight fits a block', () => {
	const middle = blocks.begin({ ...emptyPlan(world), trie: world.with(endSession).trie })
	const before = world.with(() => [session.currentIndex.get(), grandpa.currentSetId.get()] as const).made
	const after = blocks.closed(middle)
	const read = <T>(item: StorageValue<T, T>): T => item.codec.decode(after.get(item.prefix)!)
	expect([read(session.currentIndex), read(grandpa.currentSetId)]).toEqual([before[0] + 1, before[1] + 1n])
	expect(read(session.validators)).toEqual(world.with(registerOthers).made)
	const { refTime } = declaredWeight('Session', 'rotate', 0)!
	expect(refTime).toBeLessThan(LIMITS.maxBlock.refTime / 10)
})

test('WGT-1 a call without a preparation is an error that names it', () => {
	const added = pallet('Added', { calls: { sprint: call(0, {}, NO_WEIGHT, () => {}) } })
	expect(() => measuredCalls([added])).toThrow('Added.sprint has no preparation')
})
