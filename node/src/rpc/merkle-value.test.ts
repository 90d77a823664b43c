import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { toHex } from '../crypto/hex.ts'
import { NodeStore } from '../trie/node-store.ts'
import { Trie } from '../trie/trie.ts'
import { closestDescendantMerkleValue } from './merkle-value.ts'

function trieOf(entries: Map<string, Uint8Array>): Trie {
	const store = new NodeStore({ read: () => undefined })
	const changes = [...entries].map(([key, value]) => ({ key: Buffer.from(key, 'hex'), value }))
	const { root, hash } = new Trie(store, null, new Uint8Array(32)).apply(changes.sort((a, b) => Buffer.compare(a.key, b.key)))
	return new Trie(store, root, hash)
}

const hexOf = (bytes: Uint8Array | null | undefined) => (bytes ? toHex(bytes) : undefined)

// few nibbles, so that keys share prefixes; values on both sides of the 32 bytes that stand inside a node
const key = fc.array(fc.constantFrom('00', '01', '10', '11', 'f0'), { maxLength: 4 }).map((bytes) => bytes.join(''))
const entries = fc
	.uniqueArray(fc.tuple(key, fc.uint8Array({ minLength: 1, maxLength: 40 })), { selector: ([k]) => k, maxLength: 30 })
	.map((list) => new Map(list))

describe('closestDescendantMerkleValue', () => {
	it('finds in a read proof what the trie itself gives, for keys that are there and keys that are not', () => {
		fc.assert(
			fc.property(entries, key, (state, asked) => {
				const trie = trieOf(state)
				const bytes = Buffer.from(asked, 'hex')
				const found = closestDescendantMerkleValue(trie.proof([bytes]), toHex(trie.hash), bytes)
				expect(hexOf(found)).toBe(hexOf(trie.closestMerkleValue(bytes)))
			}),
			{ numRuns: 500, verbose: 1 },
		)
	})

	it('is the state root for the empty key', () => {
		const trie = trieOf(new Map([['abcd', Uint8Array.of(1)]]))
		expect(hexOf(closestDescendantMerkleValue(trie.proof([new Uint8Array()]), toHex(trie.hash), new Uint8Array()))).toBe(toHex(trie.hash))
	})

	it('is nothing without a proof of the state', () => {
		expect(closestDescendantMerkleValue([], toHex(new Uint8Array(32)), Uint8Array.of(1))).toBeUndefined()
	})
})
