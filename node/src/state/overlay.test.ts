import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { byteString, fromByteString } from '../crypto/hex.ts'
import { concatBytes, encodeCompact, encodeVec } from '../scale/codec.ts'
import { type BaseState, Overlay } from './overlay.ts'

const bytes = (text: string) => new TextEncoder().encode(text)

const baseOf = (entries: Record<string, string>): BaseState => {
	const keys = Object.keys(entries).sort()
	return {
		get: (key) => (byteString(key) in entries ? bytes(entries[byteString(key)]) : null),
		nextKey: (key) => {
			const next = keys.find((one) => one > byteString(key))
			return next === undefined ? null : fromByteString(next)
		},
	}
}

const name = fc.constantFrom('a', 'aa', 'ab', 'b', 'ba', 'c')
const operation = fc.oneof(
	fc.record({ do: fc.constant('set' as const), key: name, value: fc.constantFrom('1', '22', '') }),
	fc.record({ do: fc.constant('clear' as const), key: name }),
	fc.record({ do: fc.constant('append' as const), key: name }),
	fc.record({ do: fc.constant('clearPrefix' as const), key: fc.constantFrom('', 'a', 'b', 'z'), limit: fc.option(fc.nat(3)) }),
	fc.record({ do: fc.constantFrom('start' as const, 'commit' as const, 'rollback' as const) }),
)

describe('overlay', () => {
	it('behaves as a stack of whole maps', () => {
		fc.assert(
			fc.property(fc.dictionary(name, fc.constantFrom('x', 'yy')), fc.array(operation, { maxLength: 40 }), (start, operations) => {
				const overlay = new Overlay(baseOf(start))
				// The model copies everything on every start.
				let stack = [new Map<string, Uint8Array>(Object.entries(start).map(([key, value]) => [key, bytes(value)]))]
				const top = () => stack[stack.length - 1]
				for (const one of operations) {
					if (one.do === 'set') {
						overlay.set(one.key, bytes(one.value))
						top().set(one.key, bytes(one.value))
					} else if (one.do === 'clear') {
						overlay.clear(one.key)
						top().delete(one.key)
					} else if (one.do === 'append') {
						// Only lists are appended to; other values are replaced first.
						overlay.set(one.key, encodeVec([bytes('i')]))
						overlay.append(one.key, bytes('j'))
						top().set(one.key, encodeVec([bytes('i'), bytes('j')]))
					} else if (one.do === 'clearPrefix') {
						const inBase = Object.keys(start)
							.filter((key) => key.startsWith(one.key))
							.sort()
						const cleared = one.limit === null ? inBase : inBase.slice(0, one.limit)
						const result = overlay.clearPrefix(one.key, one.limit)
						expect(result).toEqual({ met: cleared.length, remaining: cleared.length < inBase.length })
						for (const key of [...top().keys()]) {
							if (!key.startsWith(one.key)) continue
							// Beyond the limit a key of the base keeps its base value only where nothing was written on it.
							const untouched = inBase.includes(key) && !cleared.includes(key) && overlay.get(key) !== null
							if (!untouched) top().delete(key)
						}
					} else if (one.do === 'start') {
						overlay.start()
						stack.push(new Map(top()))
					} else if (stack.length > 1) {
						const done = stack.pop()!
						if (one.do === 'commit') {
							overlay.commit()
							stack = [...stack.slice(0, -1), done]
						} else overlay.rollback()
					}
					for (const key of ['a', 'aa', 'ab', 'b', 'ba', 'c']) expect(overlay.get(key)).toEqual(top().get(key) ?? null)
					const sorted = [...top().keys()].sort()
					for (const key of ['', 'a', 'ab', 'b', 'c']) expect(overlay.nextKey(key)).toBe(sorted.find((one) => one > key) ?? null)
				}
				while (overlay.depth > 0) overlay.commit()
				const result = new Map<string, Uint8Array>(Object.entries(start).map(([key, value]) => [key, bytes(value)]))
				for (const { key, value } of overlay.changes()) value ? result.set(byteString(key), value) : result.delete(byteString(key))
				expect([...result].sort()).toEqual([...top()].sort())
			}),
			{ numRuns: 400, verbose: 1 },
		)
	})

	it('appends to a SCALE list across nested transactions and takes appends back', () => {
		const overlay = new Overlay(baseOf({}))
		overlay.append('log', bytes('a'))
		overlay.start()
		overlay.append('log', bytes('b'))
		overlay.start()
		overlay.append('log', bytes('c'))
		overlay.rollback()
		overlay.append('log', bytes('d'))
		overlay.commit()
		expect(overlay.get('log')).toEqual(encodeVec([bytes('a'), bytes('b'), bytes('d')]))
	})

	it('copies a linear number of bytes for a log that grows in transactions, some rolled back', () => {
		const overlay = new Overlay(baseOf({}))
		const item = new Uint8Array(40).fill(1)
		const count = 20_000
		for (let i = 0; i < count; i++) {
			overlay.start()
			overlay.append('log', item)
			overlay.start()
			overlay.append('log', item)
			overlay.rollback()
			overlay.commit()
		}
		expect(overlay.get('log')).toEqual(concatBytes(encodeCompact(count), new Uint8Array(count * 40).fill(1)))
	})

	it('leaves out of the changes what was made and deleted again', () => {
		const overlay = new Overlay(baseOf({ kept: 'x' }))
		overlay.set('temporary', bytes('1'))
		overlay.clear('temporary')
		overlay.clear('kept')
		expect(overlay.changes()).toEqual([{ key: bytes('kept'), value: null }])
	})

	it('refuses to end a transaction that is not open', () => {
		const overlay = new Overlay(baseOf({}))
		expect(() => overlay.commit()).toThrow(/none is open/)
		expect(() => overlay.rollback()).toThrow(/none is open/)
	})
})
