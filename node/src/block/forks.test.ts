import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { BlockRef, ImportedBlock } from '../chain.ts'
import type { Node } from '../node.ts'
import { justify } from '../testing/justification.ts'
import { blocksOf, FOUR_VOTERS, importInto, sealSlots, TestNodes } from '../testing/nodes.ts'
import type { SignedBlock } from './block.ts'
import { encodeHeader, hashHeader } from './header.ts'
import { routeBetween } from './route.ts'

const nodes = new TestNodes()
afterEach(() => nodes.close())

const refOf = ({ header }: SignedBlock): BlockRef => ({ hash: hashHeader(encodeHeader(header)), number: header.number })
const finalising = (block: SignedBlock): SignedBlock => {
	const ref = refOf(block)
	return {
		...block,
		justifications: [
			justify(
				ref,
				FOUR_VOTERS.map((suri) => [suri, ref]),
			),
		],
	}
}

describe('branches', () => {
	let node: Node
	/** The node's own branch of 5 blocks, and one of 6 that leaves it at genesis. */
	let own: SignedBlock[]
	let other: SignedBlock[]
	const bests: ImportedBlock[] = []
	beforeEach(async () => {
		node = await nodes.start()
		await sealSlots(node, 1001, 1003, 1005, 1007, 1009)
		own = await blocksOf(node)
		const elsewhere = await nodes.start()
		await sealSlots(elsewhere, 1002, 1004, 1006, 1008, 1010, 1012)
		other = await blocksOf(elsewhere)
		bests.length = 0
		node.chain.on('best', (block) => bests.push(block))
	})
	const canonical = () => Array.from({ length: node.chain.best().number }, (_, i) => node.chain.hashOf(i + 1))
	const hashes = (blocks: SignedBlock[]) => blocks.map((block) => refOf(block).hash)

	it('CNS-1 stay beside the best one until one is longer', async () => {
		await importInto(node, other.slice(0, 5))
		expect(node.chain.best()).toEqual(refOf(own[4]))
		expect(bests).toEqual([])
		await importInto(node, other.slice(5))
		expect(canonical()).toEqual(hashes(other))
		expect(bests.map(({ hash }) => hash)).toEqual(hashes(other.slice(5)))
	})

	it('CNS-1 have a way from one to the other', async () => {
		await importInto(node, other.slice(0, 3))
		const refs = (blocks: SignedBlock[]) => blocks.map(refOf)
		const route = (from: BlockRef, to: BlockRef) => routeBetween(node.chain, from, to)
		expect(route(refOf(own[1]), refOf(other[2]))).toEqual({ retired: refs(own.slice(0, 2)).reverse(), enacted: refs(other.slice(0, 3)) })
		expect(route(refOf(own[4]), refOf(other[0]))).toEqual({ retired: refs(own).reverse(), enacted: refs(other.slice(0, 1)) })
		expect(route(refOf(own[1]), refOf(own[3]))).toEqual({ retired: [], enacted: refs(own.slice(2, 4)) })
		expect(route(refOf(own[3]), refOf(own[3]))).toEqual({ retired: [], enacted: [] })
	})

	it('CNS-1 give way to the one that is final, however short it is', async () => {
		await importInto(node, [...other.slice(0, 1), finalising(other[1])])
		expect(node.chain.finalized()).toEqual(refOf(other[1]))
		expect(canonical()).toEqual(hashes(other.slice(0, 2)))
		expect(node.chain.hashOf(3)).toBeUndefined()
		expect(bests.map(({ hash }) => hash)).toEqual([refOf(other[1]).hash])
		node.verify()
	})

	it('CNS-1 go on from the highest descendant when a stored block becomes final', async () => {
		await importInto(node, other.slice(0, 4))
		await importInto(node, [finalising(other[1])])
		expect(node.chain.finalized()).toEqual(refOf(other[1]))
		expect(canonical()).toEqual(hashes(other.slice(0, 4)))
		expect(bests.map(({ hash }) => hash)).toEqual([refOf(other[3]).hash])
		expect(bests[0].changes).toEqual(node.chain.changesOf(refOf(other[3]).hash))
		node.verify()
		await sealSlots(node, 1011)
		expect(node.chain.header(node.chain.best().hash)?.parentHash).toBe(refOf(other[3]).hash)
	})

	it('CNS-1 that leave the chain below the finalized block are refused, also above its height', async () => {
		await importInto(node, other.slice(0, 4))
		await importInto(node, [finalising(own[2])])
		expect(node.chain.best()).toEqual(refOf(own[4]))
		await expect(importInto(node, other.slice(4))).rejects.toThrow(/does not descend from the finalized block 3/)
		await importInto(node, [finalising(other[3])])
		expect(node.chain.finalized()).toEqual(refOf(own[2]))
	})
})
