import { afterEach, describe, expect, it } from 'vitest'
import type { TxStatus } from '../chain.ts'
import { blake2_256 } from '../crypto/hash.ts'
import { toHex } from '../crypto/hex.ts'
import { type Node, type NodeOptions, startNode } from '../node.ts'
import { account, extrinsic, quietLog, testSpec } from '../testing/runtime.ts'

const open: Node[] = []
const start = async (options: Partial<NodeOptions> = {}): Promise<Node> => {
	const node = await startNode({ spec: await testSpec(), sealing: 'manual', authority: '//Alice', log: quietLog, ...options })
	open.push(node)
	return node
}
afterEach(async () => {
	for (const node of open.splice(0)) await node.close()
})
/** Collects statuses; `last` resolves with them at the first that ends the watch. */
const watch = async (node: Node, bytes: Uint8Array) => {
	const seen: TxStatus[] = []
	let done: (statuses: TxStatus[]) => void
	const last = new Promise<TxStatus[]>((resolve) => {
		done = resolve
	})
	const { hash, stop } = await node.pool.watch(bytes, (status) => {
		seen.push(status)
		if (['dropped', 'invalid'].includes(status as string) || (typeof status === 'object' && ('finalized' in status || 'usurped' in status)))
			done(seen)
	})
	return { hash, stop, seen, last }
}

describe('transaction pool', () => {
	it('tells a watcher each step up to finality', async () => {
		const node = await start()
		const bytes = extrinsic({ from: 'a', nonce: 0 })
		const { hash, last } = await watch(node, bytes)
		expect(hash).toBe(toHex(blake2_256(bytes)))
		const block = await node.author.seal()
		expect(await last).toEqual(['ready', { inBlock: block.hash, index: 1 }, { finalized: block.hash, index: 1 }])
	})

	it('stops telling when asked', async () => {
		const node = await start()
		const { stop, seen } = await watch(node, extrinsic({ from: 'a', nonce: 0 }))
		stop()
		await node.author.seal()
		expect(seen).toEqual(['ready'])
	})

	it('holds a later nonce until the gap is closed, by the pool or by a block', async () => {
		const node = await start()
		const later = await watch(node, extrinsic({ from: 'a', nonce: 1 }))
		expect(later.seen).toEqual(['future'])
		expect(node.pool.pending()).toEqual([])
		expect(node.pool.nextNonce(account('a').publicKey)).toBe(0)
		await node.pool.submit(extrinsic({ from: 'a', nonce: 0 }))
		expect(later.seen).toEqual(['future', 'ready'])
		expect(node.pool.pending().length).toBe(2)
		expect(node.pool.nextNonce(account('a').publicKey)).toBe(2)
		const block = await node.author.seal()
		expect(node.chain.body(block.hash)!.length).toBe(3)
		expect(node.pool.nextNonce(account('a').publicKey)).toBe(2)
	})

	it('replaces by a higher tip and tells the replaced', async () => {
		const node = await start()
		const low = await watch(node, extrinsic({ from: 'a', nonce: 0, tip: 1 }))
		const high = await node.pool.submit(extrinsic({ from: 'a', nonce: 0, tip: 2 }))
		expect(await low.last).toEqual(['ready', { usurped: high }])
		await expect(node.pool.submit(extrinsic({ from: 'a', nonce: 0, tip: 1, operation: 'fail' }))).rejects.toMatchObject({ code: 1014 })
	})

	it.each([
		[
			'a bad signature',
			() => extrinsic({ from: 'a', nonce: 0, badSignature: true }),
			{ code: 1010, message: 'Invalid Transaction', data: 'Transaction has a bad signature' },
		],
		['what may not be sent', () => Uint8Array.of(4, 0), { code: 1010, data: 'Transaction call is not expected' }],
		['a wrong length', () => extrinsic({ from: 'a', nonce: 0 }).subarray(0, 50), { code: 1001 }],
		['nothing', () => new Uint8Array(0), { code: 1001 }],
	])('refuses %s with the code and words of polkadot-sdk', async (_, bytes, error) => {
		const node = await start()
		await expect(node.pool.submit(bytes())).rejects.toMatchObject(error)
		expect(node.pool.pending()).toEqual([])
	})

	it('refuses an outdated nonce, a double, and what was banned', async () => {
		const node = await start()
		const bytes = extrinsic({ from: 'a', nonce: 0 })
		const hash = await node.pool.submit(bytes)
		await expect(node.pool.submit(bytes)).rejects.toMatchObject({ code: 1013, data: `[${hash}]` })
		expect(node.pool.remove([hash])).toEqual([hash])
		await expect(node.pool.submit(bytes)).rejects.toMatchObject({ code: 1012 })
		await node.pool.submit(extrinsic({ from: 'a', nonce: 0, tip: 3 }))
		await node.author.seal()
		await expect(node.pool.submit(extrinsic({ from: 'a', nonce: 0, tip: 9 }))).rejects.toMatchObject({
			code: 1010,
			data: 'Transaction is outdated',
		})
	})

	it('drops an extrinsic whose life is over', async () => {
		const node = await start()
		const late = await watch(node, extrinsic({ from: 'a', nonce: 1, operation: 'shortLived', arguments: new Uint8Array(0) }))
		await node.author.seal()
		await node.author.seal()
		expect(await late.last).toEqual(['future', 'invalid'])
	})

	it('drops what a block made invalid, and tells its watcher', async () => {
		const node = await start()
		const file = Buffer.concat([
			...(await (async () => {
				const other = await start()
				await other.pool.submit(extrinsic({ from: 'a', nonce: 0, tip: 7 }))
				await other.author.seal()
				return other.exportBlocks()
			})()),
		])
		const beaten = await watch(node, extrinsic({ from: 'a', nonce: 0, tip: 1 }))
		const next = await watch(node, extrinsic({ from: 'a', nonce: 2 }))
		await node.pool.submit(extrinsic({ from: 'a', nonce: 1 }))
		await node.importBlocks([file])
		expect(await beaten.last).toEqual(['ready', 'invalid'])
		expect(next.seen).toEqual(['future', 'ready'])
		expect(node.pool.pending().length).toBe(2)
	})

	it('validates a flood in worker threads, with the same verdicts', async () => {
		const node = await start({ validationWorkers: 1 })
		const results = await Promise.allSettled(
			Array.from({ length: 120 }, (_, i) => node.pool.submit(extrinsic({ from: `f${i}`, nonce: 0, badSignature: i % 10 === 0 }))),
		)
		expect(results.filter(({ status }) => status === 'rejected').length).toBe(12)
		expect(node.pool.pending().length).toBe(108)
		const { hash } = await node.author.seal()
		expect(node.chain.body(hash)!.length).toBe(109)
		// The workers follow the chain.
		const again = await Promise.allSettled(
			Array.from({ length: 40 }, (_, i) => node.pool.submit(extrinsic({ from: `f${i}`, nonce: 0, tip: 1 }))),
		)
		expect(again.filter(({ status }) => status === 'fulfilled').length).toBe(4)
	})

	it('fails what waits for validation when the node closes', async () => {
		const node = await start({ validationWorkers: 1 })
		const sent = Promise.allSettled(Array.from({ length: 200 }, (_, i) => node.pool.submit(extrinsic({ from: `g${i}`, nonce: 0 }))))
		open.splice(open.indexOf(node), 1)
		await node.close()
		const reasons = (await sent).flatMap((one) => (one.status === 'rejected' ? [one.reason.code] : []))
		expect(new Set(reasons)).toEqual(new Set([1002]))
	})
})
