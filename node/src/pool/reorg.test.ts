import { Keyring } from '@polkadot/keyring'
import { afterEach, describe, expect, it } from 'vitest'
import type { Hash, TxStatus } from '../chain.ts'
import type { Node } from '../node.ts'
import { concatBytes, encodeCompact, encodeU64 } from '../scale/codec.ts'
import { blocksOf, importInto, sealSlots, TestNodes, WaitingLog } from '../testing/nodes.ts'
import { extrinsic } from '../testing/runtime.ts'
import type { ExtrinsicPool } from './pool.ts'

const nodes = new TestNodes()
afterEach(() => nodes.close())

/** Statuses of an extrinsic, which can be waited for. */
const watch = async (node: Node, bytes: Uint8Array) => {
	const seen: TxStatus[] = []
	const wakers = new Set<() => void>()
	const { hash } = await node.pool.watch(bytes, (status) => {
		seen.push(status)
		for (const wake of wakers) wake()
	})
	const until = async (count: number): Promise<TxStatus[]> => {
		while (seen.length < count)
			await new Promise<void>((resolve) => {
				const wake = () => {
					wakers.delete(wake)
					resolve()
				}
				wakers.add(wake)
			})
		return seen
	}
	return { hash, until }
}

/** Blocks of another branch in these slots, the first with these extrinsics. */
const branch = async (slots: number[], extrinsics: Uint8Array[] = []) => {
	const node = await nodes.start()
	for (const one of extrinsics) await node.pool.submit(one)
	await sealSlots(node, ...slots)
	return blocksOf(node)
}

/** The unsigned report of the test runtime, of a slot. */
const report = (slot: number): Uint8Array => {
	const offender = new Keyring({ type: 'sr25519' }).createFromUri('//Bob').publicKey
	const body = concatBytes(Uint8Array.of(2), offender, encodeU64(slot), Uint8Array.of(1))
	return concatBytes(encodeCompact(body.length), body)
}
const poolOf = (node: Node) => node.pool as ExtrinsicPool
const reportedKeys = (node: Node, block: Hash) => node.chain.state(block)!.keys(Buffer.from('q'), 100).length

describe('the pool when the best branch changes', () => {
	it('CNS-1 takes back what the new branch lacks, and keeps what waited', async () => {
		const node = await nodes.start()
		const shared = extrinsic({ from: 'b', nonce: 0 })
		const [lost, both, waiting] = await Promise.all([
			watch(node, extrinsic({ from: 'a', nonce: 0 })),
			watch(node, shared),
			watch(node, extrinsic({ from: 'a', nonce: 2 })),
		])
		await sealSlots(node, 1001)
		const retired = node.chain.best().hash
		const next = await watch(node, extrinsic({ from: 'a', nonce: 1 }))
		expect(await waiting.until(2)).toEqual(['future', 'ready'])
		const blocks = await branch([1002, 1004], [shared])
		await importInto(node, blocks)
		const enacted = node.chain.hashOf(1)!
		expect(enacted).not.toBe(retired)
		expect(await lost.until(4)).toEqual(['ready', { inBlock: retired, index: 1 }, { retracted: retired }, 'ready'])
		expect(await both.until(4)).toEqual(['ready', { inBlock: retired, index: 2 }, { retracted: retired }, { inBlock: enacted, index: 1 }])
		await next.until(2)
		await waiting.until(3)
		expect(node.pool.pending().length).toBe(3)
		await sealSlots(node, 1005)
		expect(node.chain.body(node.chain.best().hash)!.length).toBe(1 + 3)
	})

	it('CNS-1 drops what the new branch made invalid', async () => {
		const node = await nodes.start()
		const beaten = await watch(node, extrinsic({ from: 'a', nonce: 0, tip: 1 }))
		await sealSlots(node, 1001)
		const retired = node.chain.best().hash
		await importInto(node, await branch([1002, 1003], [extrinsic({ from: 'a', nonce: 0, tip: 2 })]))
		expect(await beaten.until(4)).toEqual(['ready', { inBlock: retired, index: 1 }, { retracted: retired }, 'invalid'])
		expect(node.pool.pending()).toEqual([])
	})

	it('CNS-1 asks again what was being validated on the branch before', async () => {
		const node = await nodes.start()
		await sealSlots(node, 1001)
		const blocks = await branch([1002, 1003], [extrinsic({ from: 'a', nonce: 0, tip: 1 })])
		const beaten = extrinsic({ from: 'a', nonce: 0, tip: 2 })
		// More than is validated at once: a worker thread has to start for them.
		const others = Array.from({ length: 30 }, (_, i) => extrinsic({ from: `o${i}`, nonce: 0 }))
		const sent = Promise.allSettled([...others, beaten].map((bytes) => node.pool.submit(bytes)))
		await importInto(node, blocks)
		await sent
		expect(node.pool.pending()).not.toContainEqual(beaten)
	})

	it('CNS-1 takes back a flood, in worker threads', async () => {
		const node = await nodes.start()
		const flood = Array.from({ length: 100 }, (_, i) => extrinsic({ from: `f${i % 20}`, nonce: Math.floor(i / 20) }))
		await Promise.all(flood.map((bytes) => node.pool.submit(bytes)))
		await sealSlots(node, 1001)
		expect(node.pool.pending().length).toBe(0)
		const last = await watch(node, extrinsic({ from: 'last', nonce: 0 }))
		await importInto(node, await branch([1002, 1003]))
		// Validated after all that was retired.
		await last.until(2)
		expect(node.pool.pending().length).toBe(101)
		await sealSlots(node, 1004)
		expect(node.chain.body(node.chain.best().hash)!.length).toBe(1 + 101)
	})
})

describe('the source of an extrinsic', () => {
	it('CNS-6 is outside for what is submitted, and this node for what it made itself', async () => {
		const node = await nodes.start()
		await expect(node.pool.submit(report(1))).rejects.toMatchObject({ code: 1010, data: 'Transaction call is not expected' })
		await poolOf(node).submitLocal(report(2))
		expect(node.pool.pending()).toEqual([report(2)])
	})

	it('CNS-6 stays what it was when a block makes the pool look again, and when its block is retired', async () => {
		const log = new WaitingLog()
		const node = await nodes.start({ log })
		await poolOf(node).submitLocal(report(1))
		const foreign = await branch([1001])
		await importInto(node, foreign)
		// A later look at another extrinsic: the one before is done.
		await node.pool.submit(extrinsic({ from: 'a', nonce: 0 }))
		expect(node.pool.pending().length).toBe(2)
		await sealSlots(node, 1002)
		expect(reportedKeys(node, node.chain.best().hash)).toBe(1)
		const kept = await watch(node, extrinsic({ from: 'b', nonce: 0 }))
		await importInto(node, await branch([1003, 1004, 1005]))
		await kept.until(2)
		expect(node.pool.pending().length).toBe(3)
		await sealSlots(node, 1006)
		expect(reportedKeys(node, node.chain.best().hash)).toBe(1)
	})

	it('CNS-6 is a block for what came with one: its tags are taken', async () => {
		const author = await nodes.start()
		await poolOf(author).submitLocal(report(7))
		await sealSlots(author, 1001)
		const node = await nodes.start()
		// Of the same offence, with other bytes.
		const own = report(7)
		own[own.length - 1] = 2
		await poolOf(node).submitLocal(own)
		const pending = new Promise<Uint8Array[]>((resolve) => node.chain.on('best', () => resolve(node.pool.pending())))
		await importInto(node, await blocksOf(author))
		expect(await pending).toEqual([])
	})

	it('CNS-6 is told in worker threads too', async () => {
		const node = await nodes.start()
		const reports = Array.from({ length: 40 }, (_, slot) => report(slot))
		await Promise.all(reports.map((bytes) => poolOf(node).submitLocal(bytes)))
		expect(node.pool.pending().length).toBe(40)
		const outside = Array.from({ length: 40 }, (_, slot) => report(100 + slot))
		const refused = await Promise.allSettled(outside.map((bytes) => node.pool.submit(bytes)))
		expect(refused.every(({ status }) => status === 'rejected')).toBe(true)
	})
})
