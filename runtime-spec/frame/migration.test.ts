import './native/install.ts'
import { expect, test } from 'vitest'
import { resetBlock } from './block.ts'
import { constructRuntime } from './construct.ts'
import { useHost } from './host.ts'
import { nativeHost } from './native/host.ts'
import { MemoryState } from './native/state.ts'
import { type Migration, pallet } from './pallet.ts'
import { struct, u8, u32, u64 } from './scale/index.ts'
import { identity, map } from './storage.ts'
import { storage, system } from './system/index.ts'
import { weightOf } from './weight.ts'

const oldThing = struct('', { size: u32 })
const newThing = struct('', { size: u64, colour: u8 })

const header = (number: number) => ({
	parentHash: new Uint8Array(32),
	number,
	stateRoot: new Uint8Array(32),
	extrinsicsRoot: new Uint8Array(32),
	digest: { logs: [] },
})

test('CHN-5 runs each pending migration once, in order, from a stored old state', () => {
	const state = new MemoryState()
	const logs: string[] = []
	useHost(nativeHost(state, { log: (_, message) => logs.push(message) }))

	// The old runtime, and the state it left.
	const before = map(identity, u32, oldThing)
	const first = constructRuntime({ 0: system, 1: pallet('Things', { storage: { things: before }, storageVersion: 1 }) }, [])
	resetBlock()
	first.noteGenesis()
	for (let i = 0; i < 3; i++) before.put(i, { size: i })

	// The new one: another layout, two versions on.
	const after = map(identity, u32, newThing)
	const ran: number[] = []
	const migrations: Migration[] = [
		{ from: 0, run: () => weightOf(ran.push(0)) },
		{
			from: 1,
			run() {
				ran.push(1)
				for (const [key, { size }] of before.entries(100)) after.put(key, { size: BigInt(size), colour: 0 })
				return weightOf(5)
			},
		},
		{
			from: 2,
			run() {
				ran.push(2)
				after.mutate(2, (thing) => thing && { ...thing, colour: 9 })
				return weightOf(7)
			},
		},
	]
	let upgrades = 0
	const hooks = { onRuntimeUpgrade: () => weightOf(++upgrades) }
	const second = constructRuntime(
		{ 0: system, 1: pallet('Things', { storage: { things: after }, storageVersion: 3, migrations, hooks }) },
		[],
	)
	storage.lastRuntimeUpgrade.put({ specVersion: 0, specName: 'stkr' })

	second.initializeBlock(header(1))
	expect(ran).toEqual([1, 2])
	expect(upgrades).toBe(1)
	expect(after.entries(9).map(([, thing]) => thing)).toEqual([
		{ size: 0n, colour: 0 },
		{ size: 1n, colour: 0 },
		{ size: 2n, colour: 9 },
	])
	expect(second.pallets[1].version.get()).toBe(3)

	second.finalizeBlock()
	second.initializeBlock(header(2))
	expect(ran).toEqual([1, 2])
	expect(upgrades).toBe(1)
	expect(logs).toContain('migrated Things from 2 to 3')
})

test('CHN-5 says so loudly when no migration leads to the version the code wants', () => {
	const logs: string[] = []
	useHost(nativeHost(new MemoryState(), { log: (_, message) => logs.push(message) }))
	const lost = constructRuntime({ 0: system, 1: pallet('Lost', { storageVersion: 2 }) }, [])
	resetBlock()
	lost.migrate()
	expect(logs).toContain('Lost: storage version 0, code wants 2, no migration leads there')
})

test('hooks run in index order, and idle time is what the block leaves', () => {
	useHost(nativeHost(new MemoryState()))
	const seen: string[] = []
	const hooked = (name: string) =>
		pallet(name, {
			hooks: {
				onInitialize: (n) => weightOf(seen.push(`${name} initialize ${n}`)),
				onIdle: (_, left) => weightOf(seen.push(`${name} idle ${left.refTime > 0}`)),
				onFinalize: (n) => void seen.push(`${name} finalize ${n}`),
			},
		})
	const runtime = constructRuntime({ 0: system, 3: hooked('A'), 7: hooked('B') }, [])
	runtime.noteGenesis()
	runtime.initializeBlock(header(1))
	runtime.finalizeBlock()
	expect(seen).toEqual(['A initialize 1', 'B initialize 1', 'A idle true', 'B idle true', 'A finalize 1', 'B finalize 1'])
})
