import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type Entry, type Limits, PoolGraph } from './graph.ts'

const LIMITS: Limits = { ready: 100, readyBytes: 10_000, future: 100, futureBytes: 10_000 }
let sequence = 0
/** An extrinsic of an account: nonce 0 is next on chain. */
const entry = (account: string, nonce: number, priority = 0, more: Partial<Entry> = {}): Entry => ({
	hash: `0x${account}${nonce}p${priority}`,
	bytes: new Uint8Array(100),
	priority: BigInt(priority),
	requires: nonce === 0 ? [] : [`${account}${nonce - 1}`],
	provides: [`${account}${nonce}`],
	validTill: 64,
	sequence: sequence++,
	...more,
})
const names = (entries: readonly Entry[]) => entries.map(({ hash }) => hash.slice(2))

describe('pool graph', () => {
	it('orders by priority, then by life, then by arrival, and never before what is required', () => {
		const graph = new PoolGraph(LIMITS)
		for (const one of [entry('a', 0, 1), entry('b', 0, 5), entry('a', 1, 9), entry('c', 0, 5, { validTill: 10 }), entry('d', 0, 5)])
			graph.insert(one)
		expect(names(graph.order())).toEqual(['c0p5', 'b0p5', 'd0p5', 'a0p1', 'a1p9'])
	})

	it('holds what waits for others, and readies a whole chain when the gap closes', () => {
		const graph = new PoolGraph(LIMITS)
		expect(graph.insert(entry('a', 2)).place).toBe('future')
		expect(graph.insert(entry('a', 1)).place).toBe('future')
		expect(graph.readyCount).toBe(0)
		const { place, promoted } = graph.insert(entry('a', 0))
		expect(place).toBe('ready')
		expect(names(promoted)).toEqual(['a1p0', 'a2p0'])
		expect(graph.futureCount).toBe(0)
	})

	it('replaces by a higher priority only, and keeps dependents', () => {
		const graph = new PoolGraph(LIMITS)
		graph.insert(entry('a', 0, 3))
		graph.insert(entry('a', 1, 3))
		expect(() => graph.insert(entry('a', 0, 3, { hash: '0xsame' as Entry['hash'] }))).toThrow(/Priority is too low: \(3 vs 3\)/)
		expect(names(graph.insert(entry('a', 0, 4)).replaced)).toEqual(['a0p3'])
		expect(names(graph.order())).toEqual(['a0p4', 'a1p3'])
	})

	it('sends dependents back to waiting when their provider is replaced by one that lacks the tag', () => {
		const graph = new PoolGraph(LIMITS)
		graph.insert(entry('a', 0, 1, { provides: ['a0', 'extra'] }))
		graph.insert(entry('b', 0, 1, { requires: ['extra'] }))
		graph.insert(entry('a', 0, 2))
		expect([graph.readyCount, graph.futureCount]).toEqual([1, 1])
	})

	it('CNS-1 gives back all it has in the order of arrival, and forgets what blocks met', () => {
		const graph = new PoolGraph({ ...LIMITS, readyBytes: 200 })
		graph.prune(['c0'])
		for (const one of [entry('a', 3), entry('b', 0, 9), entry('a', 0)]) graph.insert(one)
		expect(names(graph.clear())).toEqual(['a3p0', 'b0p9', 'a0p0'])
		expect([graph.readyCount, graph.futureCount, graph.order(), graph.provider('a0')]).toEqual([0, 0, [], undefined])
		expect(graph.insert(entry('c', 1)).place).toBe('future')
		expect([entry('d', 0), entry('d', 1)].map((one) => graph.insert(one).place)).toEqual(['ready', 'ready'])
	})

	it('drops the worst beyond the limits, with what depends on it', () => {
		const graph = new PoolGraph({ ...LIMITS, ready: 3 })
		for (const one of [entry('a', 0, 1), entry('a', 1, 9), entry('b', 0, 5)]) graph.insert(one)
		expect(names(graph.insert(entry('c', 0, 7)).dropped)).toEqual(['a0p1', 'a1p9'])
		graph.insert(entry('d', 0, 6))
		expect(() => graph.insert(entry('e', 0, 0))).toThrow(/Immediately Dropped/)
		const bytes = new PoolGraph({ ...LIMITS, readyBytes: 250 })
		for (const one of [entry('a', 0, 1), entry('b', 0, 2)]) bytes.insert(one)
		expect(names(bytes.insert(entry('c', 0, 3)).dropped)).toEqual(['a0p1'])
		const future = new PoolGraph({ ...LIMITS, future: 1 })
		future.insert(entry('a', 3))
		expect(() => future.insert(entry('b', 3))).toThrow(/Immediately Dropped/)
		expect(future.futureCount).toBe(1)
	})

	it('prunes what a block brought and counts its tags as met for a while', () => {
		const graph = new PoolGraph(LIMITS)
		for (const one of [entry('a', 0), entry('a', 1), entry('b', 2)]) graph.insert(one)
		expect(names(graph.prune(['a0']).removed)).toEqual(['a0p0'])
		expect(names(graph.order())).toEqual(['a1p0'])
		expect(names(graph.prune(['b0', 'b1']).change.promoted)).toEqual(['b2p0'])
		// Validated before the block that met b1.
		expect(graph.insert(entry('b', 2, 1)).place).toBe('ready')
		graph.prune([])
		graph.prune([])
		expect(graph.insert(entry('c', 1)).place).toBe('future')
	})

	it('refuses an extrinsic that requires its own tag', () => {
		expect(() => new PoolGraph(LIMITS).insert(entry('a', 0, 0, { requires: ['a0'] }))).toThrow(/Cycle/)
	})

	it('stays consistent under random use', () => {
		const step = fc.oneof(
			fc.record({ do: fc.constant('insert' as const), account: fc.constantFrom('a', 'b', 'c'), nonce: fc.nat(5), priority: fc.nat(5) }),
			fc.record({ do: fc.constant('remove' as const), account: fc.constantFrom('a', 'b', 'c'), nonce: fc.nat(5), priority: fc.nat(5) }),
			fc.record({ do: fc.constant('prune' as const), account: fc.constantFrom('a', 'b', 'c'), nonce: fc.nat(5) }),
		)
		fc.assert(
			fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
				const graph = new PoolGraph({ ready: 8, readyBytes: 700, future: 4, futureBytes: 10_000 })
				const met = new Set<string>()
				for (const one of steps) {
					if (one.do === 'insert') {
						const made = entry(one.account, one.nonce, one.priority)
						try {
							if (!graph.get(made.hash)) graph.insert(made)
						} catch {
							expect(graph.get(made.hash)).toBeUndefined()
						}
					} else if (one.do === 'remove') graph.removeWithDependents(entry(one.account, one.nonce, one.priority).hash)
					else {
						met.add(`${one.account}${one.nonce}`)
						graph.prune([`${one.account}${one.nonce}`])
					}
					const order = graph.order()
					expect(order.length).toBe(graph.readyCount)
					expect(graph.readyCount).toBeLessThanOrEqual(7)
					expect(graph.futureCount).toBeLessThanOrEqual(8)
					const provided = new Set<string>()
					for (const { requires, provides } of order) {
						for (const tag of requires) expect(provided.has(tag) || met.has(tag)).toBe(true)
						for (const tag of provides) {
							expect(provided.has(tag)).toBe(false)
							provided.add(tag)
						}
					}
				}
			}),
			{ numRuns: 500, verbose: 1 },
		)
	})
})
