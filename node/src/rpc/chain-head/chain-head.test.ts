import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type RpcServer, startRpc } from '../server.ts'
import { TestClient } from '../testing/client.ts'
import { type FakeNode, fakeNode, hex } from '../testing/fake-node.ts'

let node: FakeNode
let server: RpcServer
let client: TestClient

beforeEach(async () => {
	node = fakeNode({ a: 'one', ab: 'two', b: 'three' })
	server = await startRpc(node, { port: 0 })
	client = await TestClient.connect(server.port)
})

afterEach(async () => {
	client.close()
	await server.close()
})

type Event = { event: string } & Record<string, unknown>

/** The follow events with these names, in order. */
function events(id: string, ...names: string[]): Event[] {
	return (client.notifications(id) as Event[]).filter(({ event }) => names.includes(event))
}

async function nextEvent(id: string, name: string, operationId?: unknown): Promise<Event> {
	return client.until(() => events(id, name).find((event) => operationId === undefined || event.operationId === operationId))
}

const settled = () => client.call('system_chain')

describe('follow', () => {
	it('starts with the finalized blocks and their runtime, the blocks above, and the best one', async () => {
		node.chain.finalize(node.chain.make().hash)
		const unfinal = node.chain.make({ ':code': 'next' })
		const id = await client.text('chainHead_v1_follow', true)
		expect(await client.take(id, 3)).toEqual([
			{
				event: 'initialized',
				finalizedBlockHashes: [node.chain.genesisHash, node.chain.hashOf(1)],
				finalizedBlockRuntime: {
					type: 'valid',
					spec: expect.objectContaining({ specVersion: 1, apis: { '0xdf6acb689907609b': 5, '0xab3c0572291feb8b': 1 } }),
				},
			},
			{
				event: 'newBlock',
				blockHash: unfinal.hash,
				parentBlockHash: node.chain.hashOf(1),
				newRuntime: { type: 'valid', spec: expect.objectContaining({ specVersion: 2 }) },
			},
			{ event: 'bestBlockChanged', bestBlockHash: unfinal.hash },
		])
	})

	it('tells new, best and finalized blocks; nothing of runtimes when not asked', async () => {
		const id = await client.text('chainHead_v1_follow', false)
		const { hash } = node.chain.make({ ':code': 'next' })
		node.chain.finalize(hash)
		expect(await client.take(id, 5)).toEqual([
			{ event: 'initialized', finalizedBlockHashes: [node.chain.genesisHash] },
			{ event: 'bestBlockChanged', bestBlockHash: node.chain.genesisHash },
			{ event: 'newBlock', blockHash: hash, parentBlockHash: node.chain.genesisHash },
			{ event: 'bestBlockChanged', bestBlockHash: hash },
			{ event: 'finalized', finalizedBlockHashes: [hash], prunedBlockHashes: [] },
		])
	})

	it('CHN-5 tells a runtime upgrade with the block that made it', async () => {
		const id = await client.text('chainHead_v1_follow', true)
		node.chain.make()
		node.chain.make({ ':code': 'next' })
		await client.take(id, 6)
		expect(events(id, 'newBlock').map(({ newRuntime }) => newRuntime)).toEqual([
			null,
			{ type: 'valid', spec: expect.objectContaining({ specVersion: 2 }) },
		])
	})

	it('reports the blocks of another fork parents first, and prunes the fork that lost', async () => {
		const id = await client.text('chainHead_v1_follow', false)
		const lost = node.chain.make({}, { salt: 'lost' })
		const first = node.chain.make({}, { parent: node.chain.genesisHash, salt: 'won 1', quiet: true })
		const second = node.chain.make({}, { parent: first.hash, salt: 'won 2' })
		node.chain.finalize(first.hash)
		await nextEvent(id, 'finalized')
		expect(events(id, 'newBlock').map(({ blockHash }) => blockHash)).toEqual([lost.hash, first.hash, second.hash])
		expect(events(id, 'finalized')).toEqual([{ event: 'finalized', finalizedBlockHashes: [first.hash], prunedBlockHashes: [lost.hash] }])
	})

	it('names another best block before it prunes the best one', async () => {
		const id = await client.text('chainHead_v1_follow', false)
		const kept = node.chain.make({}, { salt: 'kept' })
		const best = node.chain.make({}, { parent: node.chain.genesisHash, salt: 'best' })
		node.chain.finalize(kept.hash)
		await nextEvent(id, 'finalized')
		expect(events(id, 'bestBlockChanged', 'finalized').slice(-2)).toEqual([
			{ event: 'bestBlockChanged', bestBlockHash: kept.hash },
			{ event: 'finalized', finalizedBlockHashes: [kept.hash], prunedBlockHashes: [best.hash] },
		])
	})

	it('stops when the client leaves too many final blocks pinned', async () => {
		const id = await client.text('chainHead_v1_follow', false)
		for (let i = 0; i < 513; i++) node.chain.finalize(node.chain.make().hash)
		await nextEvent(id, 'stop')
		node.chain.make()
		await settled()
		expect(events(id, 'stop', 'newBlock').at(-1)).toEqual({ event: 'stop' })
		expect(node.chain.listenerCount).toBe(0)
		expect(await client.call('chainHead_v1_header', id, node.chain.genesisHash)).toBeNull()
	})

	it('refuses follows over the limit with -32800, and unfollow frees one', async () => {
		const ids = await Promise.all([1, 2, 3, 4].map(() => client.text('chainHead_v1_follow', false)))
		await expect(client.call('chainHead_v1_follow', false)).rejects.toMatchObject({ code: -32800 })
		expect(await client.call('chainHead_v1_unfollow', ids[0])).toBeNull()
		await client.call('chainHead_v1_follow', false)
	})

	it('keeps the subscriptions of clients apart', async () => {
		const id = await client.text('chainHead_v1_follow', false)
		const other = await TestClient.connect(server.port)
		expect(await other.call('chainHead_v1_header', id, node.chain.genesisHash)).toBeNull()
		other.close()
	})
})

describe('pinning', () => {
	it('gives headers of pinned blocks only', async () => {
		const id = await client.text('chainHead_v1_follow', false)
		const { genesisHash } = node.chain
		expect(await client.call('chainHead_v1_header', id, genesisHash)).toBe(hex('header 0'))
		expect(await client.call('chainHead_v1_unpin', id, genesisHash)).toBeNull()
		for (const [method, ...more] of [
			['chainHead_v1_header'],
			['chainHead_v1_body'],
			['chainHead_v1_storage', []],
			['chainHead_v1_unpin'],
		] as [string, ...unknown[]][]) {
			await expect(client.call(method, id, genesisHash, ...more)).rejects.toMatchObject({ code: -32801 })
		}
	})

	it('unpins all of a list or nothing', async () => {
		const id = await client.text('chainHead_v1_follow', false)
		const { genesisHash } = node.chain
		await expect(client.call('chainHead_v1_unpin', id, [genesisHash, `0x${'ab'.repeat(32)}`])).rejects.toMatchObject({ code: -32801 })
		await expect(client.call('chainHead_v1_unpin', id, [genesisHash, genesisHash])).rejects.toMatchObject({ code: -32804 })
		expect(await client.call('chainHead_v1_header', id, genesisHash)).not.toBeNull()
	})

	it('ignores a subscription that is not there', async () => {
		expect(await client.call('chainHead_v1_unpin', 'gone', `0x${'ab'.repeat(32)}`)).toBeNull()
		expect(await client.call('chainHead_v1_unfollow', 'gone')).toBeNull()
		expect(await client.call('chainHead_v1_body', 'gone', `0x${'ab'.repeat(32)}`)).toEqual({ result: 'limitReached' })
	})
})

describe('operations', () => {
	it('answers with an id first, then sends the body', async () => {
		const { hash } = node.chain.make({}, { body: [Uint8Array.of(1), Uint8Array.of(2)] })
		const id = await client.text('chainHead_v1_follow', false)
		const { operationId } = (await client.call('chainHead_v1_body', id, hash)) as { operationId: string }
		expect(await nextEvent(id, 'operationBodyDone')).toEqual({ event: 'operationBodyDone', operationId, value: ['0x01', '0x02'] })
	})

	it('calls the runtime, and tells a trap as operationError', async () => {
		node.chain.calls.set('Core_echo', (input) => input)
		const id = await client.text('chainHead_v1_follow', true)
		const call = async (method: string) =>
			(await client.call('chainHead_v1_call', id, node.chain.genesisHash, method, '0x0102')) as { operationId: string }
		expect(await nextEvent(id, 'operationCallDone', (await call('Core_echo')).operationId)).toMatchObject({ output: '0x0102' })
		expect(await nextEvent(id, 'operationError', (await call('Core_nope')).operationId)).toMatchObject({
			error: 'runtime has no function Core_nope',
		})
	})

	it('refuses calls on a follow without runtime with -32802', async () => {
		const id = await client.text('chainHead_v1_follow', false)
		await expect(client.call('chainHead_v1_call', id, node.chain.genesisHash, 'Core_echo', '0x')).rejects.toMatchObject({ code: -32802 })
	})

	it('finds values, hashes and descendants', async () => {
		const id = await client.text('chainHead_v1_follow', false)
		const items = [
			{ key: hex('b'), type: 'value' },
			{ key: hex('b'), type: 'hash' },
			{ key: hex('a'), type: 'descendantsValues' },
			{ key: hex('nope'), type: 'value' },
		]
		const started = await client.call('chainHead_v1_storage', id, node.chain.genesisHash, items, null)
		expect(started).toMatchObject({ result: 'started', discardedItems: 0 })
		await nextEvent(id, 'operationStorageDone')
		expect(events(id, 'operationStorageItems')[0].items).toEqual([
			{ key: hex('b'), value: hex('three') },
			{ key: hex('b'), hash: expect.stringMatching(/^0x[0-9a-f]{64}$/) },
			{ key: hex('a'), value: hex('one') },
			{ key: hex('ab'), value: hex('two') },
		])
	})

	it('refuses an unknown item type', async () => {
		const id = await client.text('chainHead_v1_follow', false)
		const asked = client.call('chainHead_v1_storage', id, node.chain.genesisHash, [{ key: '0x', type: 'all' }], null)
		await expect(asked).rejects.toThrow('"items.type" must be one of value, hash')
	})

	it('pauses a long answer until the client continues, and forgets it when stopped', async () => {
		const many = Object.fromEntries(Array.from({ length: 300 }, (_, i) => [`m${String(i).padStart(3, '0')}`, 'x'.repeat(1000)]))
		node.chain.make(many)
		const id = await client.text('chainHead_v1_follow', false)
		const start = async () => {
			const items = [{ key: hex('m'), type: 'descendantsValues' }]
			return ((await client.call('chainHead_v1_storage', id, node.chain.best().hash, items, null)) as { operationId: string }).operationId
		}
		const first = await start()
		await nextEvent(id, 'operationWaitingForContinue', first)
		expect(events(id, 'operationStorageDone')).toEqual([])
		await client.call('chainHead_v1_continue', id, first)
		for (let waits = 2; ; waits++) {
			const last = await client.until(() => {
				const all = events(id, 'operationWaitingForContinue', 'operationStorageDone')
				return all.length >= waits ? all.at(-1) : undefined
			})
			if (last.event === 'operationStorageDone') break
			await client.call('chainHead_v1_continue', id, first)
		}
		const keys = events(id, 'operationStorageItems').flatMap(({ items }) => (items as { key: string }[]).map(({ key }) => key))
		expect(keys).toEqual(Object.keys(many).map(hex))

		const second = await start()
		await nextEvent(id, 'operationWaitingForContinue', second)
		await client.call('chainHead_v1_stopOperation', id, second)
		expect(await client.call('chainHead_v1_continue', id, second)).toBeNull()
		await settled()
		expect(events(id, 'operationStorageDone').filter(({ operationId }) => operationId === second)).toEqual([])
	})

	it('discards storage items over the limit and says how many', async () => {
		const id = await client.text('chainHead_v1_follow', false)
		const items = Array.from({ length: 70 }, () => ({ key: hex('a'), type: 'value' }))
		expect(await client.call('chainHead_v1_storage', id, node.chain.genesisHash, items, null)).toMatchObject({ discardedItems: 6 })
		await nextEvent(id, 'operationStorageDone')
	})
})

describe('transactions of the new API', () => {
	const statuses = (id: string) => client.notifications(id)

	it('broadcasts until the extrinsic is final: offered again while the pool refuses it', async () => {
		node.pool.refusal = new Error('nonce is ahead')
		const id = await client.text('transaction_v1_broadcast', '0x01')
		expect(node.pool.submitted).toHaveLength(0)
		node.pool.refusal = undefined
		node.chain.make()
		await settled()
		expect(node.pool.submitted).toHaveLength(1)
		node.chain.make()
		await settled()
		expect(node.pool.submitted).toHaveLength(1)
		node.pool.tell('dropped')
		node.chain.make()
		await settled()
		expect(node.pool.submitted).toHaveLength(2)
		node.pool.tell({ finalized: node.chain.best().hash, index: 0 })
		expect(node.chain.listenerCount).toBe(0)
		expect(await client.call('transaction_v1_stop', id)).toBeNull()
		await expect(client.call('transaction_v1_stop', id)).rejects.toThrow(`no broadcast "${id}" is under way`)
	})

	it('stops broadcasting when the client is gone', async () => {
		await client.text('transaction_v1_broadcast', '0x01')
		await server.close()
		expect(node.chain.listenerCount + node.pool.watched.size).toBe(0)
	})

	it('watches an extrinsic to its end', async () => {
		const id = await client.text('transactionWatch_v1_submitAndWatch', '0x01')
		const { hash } = node.chain.make()
		node.pool.tell({ inBlock: hash, index: 2 })
		node.pool.tell({ finalized: hash, index: 2 })
		expect(await client.take(id, 3)).toEqual([
			{ event: 'validated' },
			{ event: 'bestChainBlockIncluded', block: { hash, index: 2 } },
			{ event: 'finalized', block: { hash, index: 2 } },
		])
		await expect(client.call('transactionWatch_v1_unwatch', id)).rejects.toMatchObject({ code: -32602 })
	})

	it('CNS-1 tells when the block of an extrinsic is no longer on the best chain', async () => {
		const id = await client.text('transactionWatch_v1_submitAndWatch', '0x01')
		const { hash } = node.chain.make()
		node.pool.tell({ inBlock: hash, index: 2 })
		node.pool.tell({ retracted: hash })
		expect((await client.take(id, 3)).slice(1)).toEqual([
			{ event: 'bestChainBlockIncluded', block: { hash, index: 2 } },
			{ event: 'bestChainBlockIncluded', block: null },
		])
	})

	it('tells an invalid extrinsic as an event, not as an error', async () => {
		node.pool.refusal = Object.assign(new Error('Invalid Transaction'), { code: 1010, data: 'Transaction is outdated' })
		const id = await client.text('transactionWatch_v1_submitAndWatch', '0x01')
		await client.take(id, 1)
		expect(statuses(id)).toEqual([{ event: 'invalid', error: 'Invalid Transaction: Transaction is outdated' }])
	})
})
