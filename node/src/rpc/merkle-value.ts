import type { Hash } from '../chain.ts'
import { blake2_256 } from '../crypto/hash.ts'
import { toHex } from '../crypto/hex.ts'
import { ScaleReader } from '../scale/codec.ts'

/**
 * Merkle value of the trie node that is `key`'s own or, failing that, its closest descendant, found in a read proof of
 * `key`; undefined when no key of the state starts with `key`. A Merkle value is the node's encoding when that is under
 * 32 bytes, else its BLAKE2b-256 hash. Source: Polkadot specification, "Merkle value" and "node header".
 */
export function closestDescendantMerkleValue(proof: Uint8Array[], stateRoot: Hash | undefined, key: Uint8Array): Uint8Array | undefined {
	const nodes = new Map(proof.map((node) => [toHex(blake2_256(node)), node]))
	const root = stateRoot && nodes.get(stateRoot)
	if (!root) return undefined
	let rest = nibbles(key)
	let encoded = root
	// the root's Merkle value is a hash whatever its size
	let merkleValue = blake2_256(root)
	for (;;) {
		const node = readNode(encoded)
		const shared = commonPrefix(node.partial, rest)
		if (shared === rest.length) return merkleValue
		if (shared < node.partial.length) return undefined
		const child = node.children.get(rest[shared])
		if (!child) return undefined
		rest = rest.slice(shared + 1)
		merkleValue = child
		if (child.length < 32) encoded = child
		else {
			const next = nodes.get(toHex(child))
			// the proof ends where the look-up did: the key's path stops inside the child only if the child was read
			if (!next) return rest.length === 0 ? merkleValue : undefined
			encoded = next
		}
	}
}

function nibbles(bytes: Uint8Array): number[] {
	return Array.from(bytes, (byte) => [byte >> 4, byte & 15]).flat()
}

function commonPrefix(a: number[], b: number[]): number {
	let length = 0
	while (length < a.length && length < b.length && a[length] === b[length]) length++
	return length
}

interface TrieNode {
	partial: number[]
	/** Merkle values of the children by their nibble. */
	children: Map<number, Uint8Array>
}

/** Kinds of node by the leading bits of their header: how many bits, and what they hold. */
const NODE_KINDS = [
	{ mask: 0b1100_0000, bits: 0b0100_0000, branch: false, value: 'inline' },
	{ mask: 0b1100_0000, bits: 0b1000_0000, branch: true, value: 'none' },
	{ mask: 0b1100_0000, bits: 0b1100_0000, branch: true, value: 'inline' },
	{ mask: 0b1110_0000, bits: 0b0010_0000, branch: false, value: 'hashed' },
	{ mask: 0b1111_0000, bits: 0b0001_0000, branch: true, value: 'hashed' },
] as const

function readNode(encoded: Uint8Array): TrieNode {
	const reader = new ScaleReader(encoded)
	const header = reader.u8()
	if (header === 0) return { partial: [], children: new Map() }
	const kind = NODE_KINDS.find(({ mask, bits }) => (header & mask) === bits)
	if (!kind) throw new Error(`trie node with unknown header 0x${header.toString(16)}`)
	const partial = readPartial(reader, header, 0xff & ~kind.mask)
	const children = new Map<number, Uint8Array>()
	if (kind.branch) {
		const bitmap = reader.u8() | (reader.u8() << 8)
		if (kind.value === 'inline') reader.vecU8()
		if (kind.value === 'hashed') reader.take(32)
		for (let nibble = 0; nibble < 16; nibble++) if (bitmap & (1 << nibble)) children.set(nibble, reader.vecU8())
	}
	return { partial, children }
}

/** Partial key: its length in nibbles fills the header's low bits and goes on in bytes of 255; an odd one is padded in front. */
function readPartial(reader: ScaleReader, header: number, lengthMask: number): number[] {
	let length = header & lengthMask
	if (length === lengthMask) {
		for (;;) {
			const more = reader.u8()
			length += more
			if (more < 255) break
		}
	}
	return nibbles(reader.take(Math.ceil(length / 2))).slice(length % 2)
}
