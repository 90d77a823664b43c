import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { blake2_256 } from '../crypto/hash.ts'
import { fromHex, toHex } from '../crypto/hex.ts'
import { encodeCompact } from '../scale/codec.ts'
import { EMPTY_ROOT } from './node.ts'
import { NodeStore } from './node-store.ts'
import { orderedRoot } from './ordered-root.ts'
import type { Trie } from './trie.ts'
import type { Change } from './update.ts'

const bytes = (text: string) => new TextEncoder().encode(text)
const byKey = (a: Change, b: Change) => Buffer.compare(a.key, b.key)

/** A store in memory that counts what is read, with a cache so small that nodes are read again and again. */
const memoryStore = (cacheBytes = 4096) => {
	const records = new Map<number, Uint8Array>()
	let reads = 0
	let next = 1
	const store = new NodeStore(
		{
			read: (id) => {
				reads++
				return records.get(id)
			},
		},
		cacheBytes,
	)
	const commit = (trie: Trie, changes: Change[]): Trie => {
		const pending = trie.apply([...changes].sort(byKey))
		next = store.persist(pending, next, (id, record) => void records.set(id, Uint8Array.from(record)))
		return store.open(pending.root?.id ?? 0, pending.hash)
	}
	return { store, commit, records, empty: store.open(0, EMPTY_ROOT), reads: () => reads, written: () => next - 1 }
}

/**
 * The root of a whole map, straight from the definition (Polkadot specification, Merkle proofs, state version 1), without nodes:
 * an independent second opinion, slow and simple.
 */
const naiveRoot = (map: Map<string, Uint8Array>): Uint8Array => {
	const entries = [...map].map(([key, value]): [string, Uint8Array] => [key, value]).sort(([a], [b]) => (a < b ? -1 : 1))
	if (entries.length === 0) return blake2_256(Uint8Array.of(0))
	const header = (prefix: number, bits: number, length: number): number[] => {
		const room = 2 ** bits - 1
		if (length < room) return [prefix + length]
		const out = [prefix + room]
		let rest = length - room
		for (; rest >= 255; rest -= 255) out.push(255)
		return [...out, rest]
	}
	const encode = (part: [string, Uint8Array][], depth: number): number[] => {
		const first = part[0][0]
		const last = part[part.length - 1][0]
		let end = depth
		while (end < first.length && first[end] === last[end]) end++
		const partial = first.slice(depth, end)
		const value = first.length === end ? part[0][1] : null
		const below = value ? part.slice(1) : part
		const hashed = value !== null && value.length > 32
		const kind: [number, number] = below.length
			? value === null
				? [0x80, 6]
				: hashed
					? [0x10, 4]
					: [0xc0, 6]
			: hashed
				? [0x20, 5]
				: [0x40, 6]
		const out = header(...kind, partial.length)
		const padded = partial.length % 2 ? `0${partial}` : partial
		out.push(...Buffer.from(padded, 'hex'))
		const children: number[][] = []
		let bitmap = 0
		if (below.length) {
			for (let nibble = 0; nibble < 16; nibble++) {
				const some = below.filter(([key]) => key[end] === nibble.toString(16))
				if (some.length === 0) continue
				bitmap |= 1 << nibble
				const child = encode(some, end + 1)
				const merkle = child.length < 32 ? child : [...blake2_256(Uint8Array.from(child))]
				children.push([...encodeCompact(merkle.length), ...merkle])
			}
			out.push(bitmap & 255, bitmap >> 8)
		}
		if (value) out.push(...(hashed ? blake2_256(value) : [...encodeCompact(value.length), ...value]))
		for (const child of children) out.push(...child)
		return out
	}
	return blake2_256(Uint8Array.from(encode(entries, 0)))
}

const hexOf = (key: Uint8Array) => toHex(key).slice(2)

/** Short keys over few bytes, so that they are prefixes of one another often. */
const key = fc.array(fc.constantFrom(0, 1, 0x10, 0x11, 0xff), { maxLength: 5 }).map((parts) => Uint8Array.from(parts))
const value = fc.oneof(
	fc.uint8Array({ minLength: 0, maxLength: 4 }),
	fc.uint8Array({ minLength: 31, maxLength: 34 }),
	fc.uint8Array({ minLength: 100, maxLength: 300 }),
)
const batch = fc.array(fc.record({ key, value: fc.option(value, { nil: null }) }), { minLength: 1, maxLength: 25 })

const unique = (changes: Change[]): Change[] => [...new Map(changes.map((change) => [hexOf(change.key), change])).values()].sort(byKey)

describe('state trie', () => {
	it('has the root of the empty trie that Substrate has', () => {
		const root = '0x03170a2e7597b7b7e3d84c05391d139a62b157e78786d8c082f29dcf4c111314'
		expect(toHex(memoryStore().empty.hash)).toBe(root)
		expect(toHex(orderedRoot([], 1))).toBe(root)
	})

	it('agrees with the definition after every batch of writes, and stays readable', () => {
		fc.assert(
			fc.property(fc.array(batch, { minLength: 1, maxLength: 6 }), (batches) => {
				const { empty, commit } = memoryStore()
				const model = new Map<string, Uint8Array>()
				let trie = empty
				for (const changes of batches) {
					const before = trie
					const old = new Map(model)
					for (const { key, value } of unique(changes)) value === null ? model.delete(hexOf(key)) : model.set(hexOf(key), value)
					trie = commit(trie, unique(changes))
					expect(toHex(trie.hash)).toBe(toHex(naiveRoot(model)))
					const sorted = [...model.keys()].sort()
					expect(trie.keys(new Uint8Array(0), 1000).map(hexOf)).toEqual(sorted)
					for (const [hex, value] of model) expect(toHex(trie.get(Buffer.from(hex, 'hex'))!)).toBe(toHex(value))
					for (const { key } of changes) {
						expect(trie.get(key) === null).toBe(!model.has(hexOf(key)))
						const next = trie.nextKey(key)
						expect(next && hexOf(next)).toBe(sorted.find((one) => one > hexOf(key)) ?? null)
						expect(trie.keys(key, 3).map(hexOf)).toEqual(sorted.filter((one) => one.startsWith(hexOf(key))).slice(0, 3))
					}
					const diff = new Map(trie.changesSince(before).map(({ key, value }) => [hexOf(key), value && toHex(value)]))
					const expected = new Map<string, string | null>()
					for (const hex of new Set([...old.keys(), ...model.keys()])) {
						const [a, b] = [old.get(hex), model.get(hex)]
						if ((a && toHex(a)) !== (b && toHex(b))) expected.set(hex, b ? toHex(b) : null)
					}
					expect([...diff].sort()).toEqual([...expected].sort())
				}
			}),
			{ numRuns: 300, verbose: 1 },
		)
	})

	it('keeps older versions readable', () => {
		const { empty, commit } = memoryStore()
		const first = commit(empty, [{ key: bytes('a'), value: bytes('1') }])
		const second = commit(first, [{ key: bytes('a'), value: null }])
		expect(first.get(bytes('a'))).toEqual(bytes('1'))
		expect(second.get(bytes('a'))).toBeNull()
		expect(second.hash).toEqual(EMPTY_ROOT)
	})

	it('writes nothing when a batch changes nothing', () => {
		const { empty, commit, written } = memoryStore()
		const trie = commit(
			empty,
			['a', 'ab', 'b'].map((text) => ({ key: bytes(text), value: bytes(text) })),
		)
		const before = written()
		const same = commit(trie, [
			{ key: bytes('ab'), value: bytes('ab') },
			{ key: bytes('abc'), value: null },
			{ key: bytes('c'), value: null },
		])
		expect(same.hash).toEqual(trie.hash)
		expect(written()).toBe(before)
	})

	it('reads and writes nodes in proportion to the keys touched, not to the state', () => {
		const accounts = (count: number) =>
			Array.from({ length: count }, (_, i) => ({ key: blake2_256(encodeCompact(i)), value: new Uint8Array(80).fill(i) }))
		const cost = (count: number) => {
			const { empty, commit, records, written } = memoryStore(2 ** 30)
			const warm = commit(empty, accounts(count).sort(byKey))
			let reads = 0
			const cold = new NodeStore({
				read: (id) => {
					reads++
					return records.get(id)
				},
			})
			const before = written()
			const changes = [{ key: blake2_256(encodeCompact(count >> 1)), value: new Uint8Array(80).fill(7) }]
			commit(cold.open(warm.root!.id, warm.hash), changes)
			return { written: written() - before, reads }
		}
		const small = cost(200)
		const large = cost(20_000)
		// log16(20,000 / 200) is less than two levels more.
		expect(large.written - small.written).toBeLessThanOrEqual(2)
		expect(large.reads - small.reads).toBeLessThanOrEqual(2)
	})

	it('proves values and absence: the proof alone leads to the root', () => {
		const { empty, commit } = memoryStore()
		const long = new Uint8Array(200).fill(9)
		const trie = commit(empty, [
			...Array.from({ length: 60 }, (_, i) => ({ key: blake2_256(encodeCompact(i)), value: new Uint8Array(40).fill(i) })),
			{ key: bytes('long'), value: long },
		])
		const proof = trie.proof([bytes('long'), bytes('absent')])
		const hashes = new Set(proof.map((item) => toHex(blake2_256(item))))
		expect(hashes.has(toHex(trie.hash))).toBe(true)
		expect(proof.some((item) => toHex(item) === toHex(long))).toBe(true)
		// Every hash but the root's is named by another item.
		for (const item of proof) {
			const name = toHex(blake2_256(item)).slice(2)
			if (`0x${name}` !== toHex(trie.hash)) expect(proof.some((other) => toHex(other).includes(name))).toBe(true)
		}
	})

	it('tells a damaged record and a missing one', () => {
		const { empty, commit, records } = memoryStore()
		const trie = commit(empty, [
			{ key: bytes('a'), value: new Uint8Array(50) },
			{ key: bytes('b'), value: new Uint8Array(50).fill(1) },
		])
		const id = trie.root!.id
		const record = Uint8Array.from(records.get(id)!)
		record[10] ^= 1
		records.set(id, record)
		const fresh = () => new NodeStore({ read: (place) => records.get(place) })
		expect(() => fresh().open(id, trie.hash)).toThrow(/fails its checksum/)
		records.delete(id)
		expect(() => fresh().open(id, trie.hash)).toThrow(/is missing/)
	})

	it('computes ordered roots of both state versions', () => {
		// Independent: each item under its compact index, by the definition.
		const items = Array.from({ length: 70 }, (_, i) => new Uint8Array(i % 3 === 0 ? 40 : 3).fill(i))
		const map = new Map(items.map((item, i) => [hexOf(encodeCompact(i)), item]))
		expect(toHex(orderedRoot(items, 1))).toBe(toHex(naiveRoot(map)))
		expect(orderedRoot(items, 0)).not.toEqual(orderedRoot(items, 1))
	})
})

describe('hex', () => {
	it('refuses what is no hex', () => {
		expect(() => fromHex('0x123')).toThrow(/not a hex string/)
		expect(() => fromHex('zz')).toThrow(TypeError)
	})
})
