import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { SignedBlock } from '../block/block.ts'
import { encodeHeader, hashHeader } from '../block/header.ts'
import type { BlockRef, Hash } from '../chain.ts'
import type { Node } from '../node.ts'
import { justify, type Vote } from '../testing/justification.ts'
import { blocksOf, FOUR_VOTERS, importInto, sealSlots, TestNodes } from '../testing/nodes.ts'
import { extrinsic, grandpaAuthorities, testSpec } from '../testing/runtime.ts'
import { decodeJustification, JustificationError, verifyJustification } from './justification.ts'

const nodes = new TestNodes()
afterEach(() => nodes.close())

const refOf = ({ header }: SignedBlock): BlockRef => ({ hash: hashHeader(encodeHeader(header)), number: header.number })
const justified = (block: SignedBlock, justification: SignedBlock['justifications'][number]): SignedBlock => ({
	...block,
	justifications: [justification],
})
const votesFor = (block: BlockRef, suris: string[]): Vote[] => suris.map((suri) => [suri, block])
const THREE = FOUR_VOTERS.slice(0, 3)

describe('justifications of a GRANDPA network', () => {
	/** Blocks 1 … 5 of an authority that cannot finalise alone; `refs[n]` is block n. */
	let blocks: SignedBlock[]
	let refs: BlockRef[]
	let into: Node
	beforeEach(async () => {
		const author = await nodes.start()
		await sealSlots(author, 1001, 1002, 1003, 1004, 1005)
		blocks = await blocksOf(author)
		refs = [{ hash: author.chain.genesisHash, number: 0 }, ...blocks.map(refOf)]
		into = await nodes.start({ authority: undefined })
	})
	const headers = (...numbers: number[]) => numbers.map((number) => blocks[number - 1].header)
	const withProof = (number: number, proof: SignedBlock['justifications'][number]) =>
		blocks.map((block) => (block.header.number === number ? justified(block, proof) : block))

	it('CNS-1 make a block and all its ancestors final, when only some blocks carry one', async () => {
		const finalized: BlockRef[] = []
		const seen = new Promise<void>((resolve) =>
			into.chain.on('finalized', (ref) => {
				finalized.push(ref)
				if (ref.number === 3) resolve()
			}),
		)
		expect(await importInto(into, withProof(3, justify(refs[3], votesFor(refs[3], THREE), { round: 7n })))).toBe(5)
		await seen
		expect(finalized).toEqual(refs.slice(1, 4))
		expect(into.chain.finalized()).toEqual(refs[3])
		expect(into.chain.best()).toEqual(refs[5])
		expect([1, 2, 3].map((number) => into.chain.justifications(refs[number].hash).length)).toEqual([0, 0, 1])
	})

	it('CNS-1 count votes for descendants, by headers of blocks that are not here yet', async () => {
		const votes: Vote[] = [
			['//Alice', refs[4]],
			['//Bob', refs[3]],
			['//Charlie', refs[2]],
		]
		await importInto(into, withProof(2, justify(refs[2], votes, { ancestries: headers(3, 4) })).slice(0, 2))
		expect(into.chain.finalized()).toEqual(refs[2])
		expect(into.chain.best()).toEqual(refs[2])
	})

	it('CNS-1 count a voter who contradicts himself for every block, and foreign keys for none', async () => {
		const votes: Vote[] = [...votesFor(refs[2], ['//Alice', '//Bob']), ['//Dave', refs[1]], ['//Dave', refs[0]]]
		const proof = justify(refs[2], [...votes, ['//Eve', refs[2]]], { ancestries: headers(1, 2) })
		await importInto(into, withProof(2, proof))
		expect(into.chain.finalized()).toEqual(refs[2])
	})

	it('CNS-1 finalise a block that is known already', async () => {
		await importInto(into, blocks)
		expect(into.chain.finalized().number).toBe(0)
		const proof = justify(refs[4], votesFor(refs[4], THREE))
		expect(await importInto(into, withProof(4, proof))).toBe(0)
		expect(into.chain.finalized()).toEqual(refs[4])
		expect(into.chain.justifications(refs[4].hash)).toEqual([proof])
	})

	it.each<[string, RegExp, () => SignedBlock['justifications'][number]]>([
		['too few votes', /weight 2 are fewer than the 3/, () => justify(refs[2], votesFor(refs[2], ['//Alice', '//Bob']))],
		[
			'votes for an ancestor only',
			/weight 2 are fewer than the 3/,
			() => justify(refs[2], [...votesFor(refs[2], ['//Alice', '//Bob']), ['//Charlie', refs[1]]], { ancestries: headers(2) }),
		],
		[
			'one voter twice for the same',
			/weight 2 are fewer than the 3/,
			() => justify(refs[2], votesFor(refs[2], ['//Alice', '//Bob', '//Bob'])),
		],
		[
			'three blocks of one voter',
			/votes for more than 2 blocks/,
			() =>
				justify(
					refs[2],
					[2, 3, 4].map((number): Vote => ['//Bob', refs[number]]),
					{ ancestries: headers(3, 4) },
				),
		],
		['a descendant not shown', /not shown to descend from 2/, () => justify(refs[2], votesFor(refs[4], THREE), { ancestries: headers(4) })],
		['headers of no use', /headers that no vote needs/, () => justify(refs[2], votesFor(refs[2], THREE), { ancestries: headers(3) })],
		['keys of no voter', /weight 0 are fewer than the 3/, () => justify(refs[2], votesFor(refs[2], ['//Eve', '//Ferdie', '//George']))],
		['votes of another set', /signature .* is wrong \(round 1, set 0\)/, () => justify(refs[2], votesFor(refs[2], THREE), { setId: 1n })],
	])('CNS-1 are refused with %s', async (_, message, make) => {
		await expect(importInto(into, withProof(2, make()))).rejects.toThrow(message)
		expect(into.chain.best().number).toBe(1)
		expect(into.chain.finalized().number).toBe(0)
		const proof = decodeJustification(make()[1])
		const voters = grandpaVoters()
		expect(() => verifyJustification(proof, refs[2], { setId: 0n, voters })).toThrow(JustificationError)
	})
})

const grandpaVoters = () => FOUR_VOTERS.map((suri) => ({ key: grandpaAuthorities([suri]).subarray(1, 33), weight: 1n }))

describe('a change of the GRANDPA set', () => {
	/** Set 0 is Alice; block 1 hands over to Bob, set 1; blocks 2 and 3 follow. */
	const handedOver = async () => {
		const author = await nodes.start({ spec: await testSpec() })
		await author.pool.submit(extrinsic({ from: 'a', nonce: 0, operation: 'setGrandpa', arguments: grandpaAuthorities(['//Bob']) }))
		await sealSlots(author, 1001, 1002, 1003)
		expect(author.chain.finalized().number).toBe(1)
		return { author, blocks: await blocksOf(author), into: await nodes.start({ spec: await testSpec(), authority: undefined }) }
	}

	it('CNS-1 leaves the old set the block that makes it, and nothing after', async () => {
		const { blocks, into } = await handedOver()
		const second = refOf(blocks[1])
		expect(await importInto(into, blocks.slice(0, 1))).toBe(1)
		expect(into.chain.finalized()).toEqual(refOf(blocks[0]))
		const byOld = (setId: bigint) => [justified(blocks[1], justify(second, [['//Alice', second]], { round: 2n, setId }))]
		await expect(importInto(into, byOld(0n))).rejects.toThrow(/signature .* is wrong \(round 2, set 1\)/)
		await expect(importInto(into, byOld(1n))).rejects.toThrow(/weight 0 are fewer than the 1 that finalise in set 1/)
		expect(into.chain.best().number).toBe(1)
		const byNew = justify(second, [['//Bob', second]], { setId: 1n })
		await importInto(into, [justified(blocks[1], byNew)])
		expect(into.chain.finalized()).toEqual(second)
	})

	it('CNS-1 starts the rounds of the new set at 1 and goes on from the round that a network has reached', async () => {
		const { author, blocks, into } = await handedOver()
		const bob = grandpaAuthorities(['//Bob']).subarray(1, 33)
		const proofOf = (node: Node, hash: Hash) => decodeJustification(node.chain.justifications(hash)[0][1])
		const [first, second, third] = blocks.map(refOf)
		expect(proofOf(author, first.hash).round).toBe(1n)
		author.keystore.insert('gran', '//Bob', bob)
		await author.finalize(third.hash)
		const made = [second, third].map(({ hash }) => proofOf(author, hash))
		expect(made.map(({ round }) => round)).toEqual([1n, 2n])
		const voters = [{ key: bob, weight: 1n }]
		verifyJustification(made[0], second, { setId: 1n, voters })
		expect(() => verifyJustification(made[0], second, { setId: 0n, voters })).toThrow(/signature .* is wrong/)

		await importInto(into, [blocks[0], justified(blocks[1], justify(second, [['//Bob', second]], { round: 40n, setId: 1n })), blocks[2]])
		into.keystore.insert('gran', '//Bob', bob)
		await into.finalize(third.hash)
		expect(proofOf(into, third.hash).round).toBe(41n)
	})
})
