import { beforeEach, describe, expect, test } from 'vitest'
import { toHex } from './bytes.ts'
import { useHost } from './host.ts'
import { nativeHost } from './native/host.ts'
import { MemoryState } from './native/state.ts'
import { u32, u128 } from './scale/index.ts'
import { blake2_128Concat, countedMap, doubleMap, identity, map, transactional, twox64Concat, value } from './storage.ts'

let state: MemoryState

beforeEach(() => {
	state = new MemoryState()
	useHost(nativeHost(state))
})

const bound = <T extends { bind(pallet: string, name: string): void }>(item: T): T => {
	item.bind('Sample', 'Item')
	return item
}

describe('keys', () => {
	test('are those of FRAME', () => {
		const number = value(u32, () => 0)
		number.bind('System', 'Number')
		expect(toHex(number.prefix)).toBe('0x26aa394eea5630e07c48ae0c9558cef702a5c1b19ab7a04f536c519aca4983ac')
		const item = map(twox64Concat, u32, u32)
		item.bind('System', 'BlockHash')
		expect(toHex(item.keyOf(0))).toBe('0x26aa394eea5630e07c48ae0c9558cef7a44704b568d21667356a5a050c118746b4def25cfda6ef3a00000000')
		expect(bound(map(blake2_128Concat, u32, u32)).keyOf(7).length).toBe(32 + 16 + 4)
		expect(bound(map(identity, u32, u32)).keyOf(7).length).toBe(32 + 4)
	})
})

describe('values', () => {
	test('are absent, default, or what was put', () => {
		const plain = bound(value(u32))
		const withDefault = bound(value(u32, () => 5))
		expect(plain.get()).toBeUndefined()
		expect(withDefault.get()).toBe(5)
		expect(withDefault.mutate((n) => n + 1)).toBe(6)
		expect(plain.take()).toBe(6)
		expect(plain.exists()).toBe(false)
	})
})

describe('maps', () => {
	test('list entries in storage order, in bounded steps', () => {
		const item = bound(map(identity, u32, u128))
		for (let i = 0; i < 5; i++) item.put(i, BigInt(i * i))
		expect(item.entries(2)).toEqual([
			[0, 0n],
			[1, 1n],
		])
		expect(item.entries(10, 2)).toEqual([
			[3, 9n],
			[4, 16n],
		])
		item.mutate(3, () => undefined)
		expect(item.exists(3)).toBe(false)
		expect(item.take(4)).toBe(16n)
		expect(item.get(4)).toBeUndefined()
	})

	test('count what they hold, whatever is done to them', () => {
		const item = bound(countedMap(twox64Concat, u32, u32))
		item.put(1, 1)
		item.put(1, 2)
		item.mutate(2, () => 3)
		expect(item.count()).toBe(2)
		item.kill(9)
		item.kill(1)
		expect(item.take(2)).toBe(3)
		expect(item.take(2)).toBeUndefined()
		item.mutate(5, () => undefined)
		expect(item.count()).toBe(0)
	})

	test('keep the entries of one first key together', () => {
		const item = bound(doubleMap([identity, identity], [u32, u32], u32))
		for (const [a, b] of [
			[1, 1],
			[1, 2],
			[2, 1],
		])
			item.put(a, b, a * 10 + b)
		expect(item.entries(1, 10)).toEqual([
			[1, 11],
			[2, 12],
		])
		expect(item.entries(1, 10, 1)).toEqual([[2, 12]])
		expect(item.clear(1, 1)).toBe(false)
		expect(item.clear(1, 1)).toBe(true)
		expect(item.get(2, 1)).toBe(21)
		expect(item.take(2, 1)).toBe(21)
		expect(item.exists(2, 1)).toBe(false)
	})
})

describe('transactions', () => {
	test('CHN-3 nest: what throws is undone, what returns is kept with its surroundings', () => {
		const item = bound(map(identity, u32, u32))
		item.put(0, 0)
		expect(() =>
			transactional(() => {
				item.put(1, 1)
				transactional(() => item.put(2, 2))
				try {
					transactional(() => {
						item.put(3, 3)
						item.kill(0)
						throw new Error('inner')
					})
				} catch {
					expect(item.get(0)).toBe(0)
				}
				expect(item.entries(9).map(([key]) => key)).toEqual([0, 1, 2])
				throw new Error('outer')
			}),
		).toThrow('outer')
		expect(item.entries(9).map(([key]) => key)).toEqual([0])
		expect(state.depth).toBe(0)
	})
})
