import { afterEach, describe, expect, it } from 'vitest'
import { RpcListenError } from './listen-error.ts'
import { type RpcOptions, type RpcServer, startRpc } from './server.ts'
import { TestClient } from './testing/client.ts'
import { type FakeNode, fakeNode, hex } from './testing/fake-node.ts'

const open: { close(): unknown }[] = []

afterEach(async () => {
	for (const thing of open.splice(0).reverse()) await thing.close()
})

async function serve(options: RpcOptions = {}, node: FakeNode = fakeNode()): Promise<RpcServer & { node: FakeNode }> {
	const server = await startRpc(node, { port: 0, ...options })
	open.push(server)
	return { ...server, node }
}

async function connect(server: RpcServer, headers?: Record<string, string>): Promise<TestClient> {
	const client = await TestClient.connect(server.port, headers)
	open.push(client)
	return client
}

function post(server: RpcServer, body: string, headers: Record<string, string> = {}): Promise<Response> {
	return fetch(`http://127.0.0.1:${server.port}`, { method: 'POST', body, headers: { 'content-type': 'application/json', ...headers } })
}

const request = (method: string, ...params: unknown[]) => JSON.stringify({ jsonrpc: '2.0', id: 1, method, params })

describe('messages', () => {
	it('answers a request over HTTP and over WebSocket', async () => {
		const server = await serve()
		const response = await post(server, request('system_chain'))
		expect(await response.json()).toEqual({ jsonrpc: '2.0', id: 1, result: 'Fake' })
		expect(await (await connect(server)).call('system_chain')).toBe('Fake')
	})

	it.each([
		['broken JSON', '{"jsonrpc":', -32700],
		['a number', '7', -32600],
		['another protocol version', '{"jsonrpc":"1.0","id":1,"method":"system_chain"}', -32600],
		['a method that is no string', '{"jsonrpc":"2.0","id":1,"method":7}', -32600],
		['params that are a string', '{"jsonrpc":"2.0","id":1,"method":"system_chain","params":"x"}', -32600],
		['an empty batch', '[]', -32600],
		['an unknown method', '{"jsonrpc":"2.0","id":1,"method":"system_nope"}', -32601],
		['a name of Object.prototype', '{"jsonrpc":"2.0","id":1,"method":"constructor"}', -32601],
	])('refuses %s with the standard code', async (_, body, code) => {
		const { error } = (await (await post(await serve(), body)).json()) as { error: { code: number } }
		expect(error.code).toBe(code)
	})

	it('names the parameter that is wrong and what it must be', async () => {
		const client = await connect(await serve())
		await expect(client.call('state_getStorage', 'abc')).rejects.toThrow('parameter "key" must be 0x hex of whole bytes, got "abc"')
		await expect(client.call('chain_getHeader', '0x12')).rejects.toMatchObject({ code: -32602 })
		await expect(client.call('chainHead_v1_follow')).rejects.toThrow('parameter "withRuntime" must be true or false, got nothing')
	})

	it('takes parameters by name as well', async () => {
		const server = await serve({}, fakeNode({ a: 'one' }))
		const response = await post(server, JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'state_getStorage', params: { key: hex('a') } }))
		expect(await response.json()).toMatchObject({ result: hex('one') })
	})

	it('answers a batch in order and leaves notifications out', async () => {
		const server = await serve()
		const batch = [
			{ jsonrpc: '2.0', id: 'a', method: 'system_chain' },
			{ jsonrpc: '2.0', method: 'system_chain' },
			{ jsonrpc: '2.0', id: 'b', method: 'nope' },
			5,
		]
		const answers = (await (await post(server, JSON.stringify(batch))).json()) as { id: unknown }[]
		expect(answers.map(({ id }) => id)).toEqual(['a', 'b', null])
	})

	it('says nothing to a batch of notifications only', async () => {
		const response = await post(await serve(), '[{"jsonrpc":"2.0","method":"system_chain"}]')
		expect([response.status, await response.text()]).toEqual([204, ''])
	})

	it('lists subscription methods in rpc_methods, which clients filter by', async () => {
		const { methods } = (await (await connect(await serve())).call('rpc_methods')) as { methods: string[] }
		expect(methods).toEqual(
			expect.arrayContaining(['author_submitAndWatchExtrinsic', 'chain_subscribeNewHeads', 'chainHead_v1_follow', 'rpc_methods']),
		)
	})

	it('serves GET /health', async () => {
		const { port } = await serve()
		expect(await (await fetch(`http://127.0.0.1:${port}/health`)).json()).toEqual({ peers: 0, isSyncing: false, shouldHavePeers: false })
	})
})

describe('limits', () => {
	it('refuses a batch over the limit', async () => {
		const batch = Array.from({ length: 3 }, (_, id) => ({ jsonrpc: '2.0', id, method: 'system_chain' }))
		const response = await post(await serve({ limits: { batch: 2 } }), JSON.stringify(batch))
		expect(await response.json()).toMatchObject({ id: null, error: { code: -32010 } })
	})

	it('refuses an answer over the limit instead of sending it', async () => {
		const server = await serve({ limits: { responseBytes: 300 } }, fakeNode({ big: 'x'.repeat(500) }))
		expect(await (await post(server, request('state_getStorage', hex('big')))).json()).toMatchObject({ id: 1, error: { code: -32008 } })
		expect(await (await post(server, request('system_chain'))).json()).toMatchObject({ result: 'Fake' })
	})

	it('refuses an HTTP request over the limit with 413', async () => {
		const response = await post(await serve({ limits: { requestBytes: 100 } }), request('state_getStorage', `0x${'00'.repeat(200)}`))
		expect([response.status, await response.json()]).toMatchObject([413, { error: { code: -32007 } }])
	})

	it('ends a WebSocket that sends a message over the limit', async () => {
		const client = await connect(await serve({ limits: { requestBytes: 100 } }))
		client.send(request('state_getStorage', `0x${'00'.repeat(200)}`))
		await client.closed()
		expect(client.messages).toEqual([])
	})

	it('refuses connections over the limit and lets new ones in when one goes', async () => {
		const server = await serve({ limits: { connections: 1 } })
		const first = await connect(server)
		await expect(connect(server)).rejects.toThrow('503')
		first.close()
		await first.closed()
		// the server learns of the end a moment later
		const second = await retry(() => connect(server))
		expect(await second.call('system_chain')).toBe('Fake')
	})

	it('refuses subscriptions over the limit and counts only open ones', async () => {
		const client = await connect(await serve({ limits: { subscriptions: 1 } }))
		const id = await client.text('chain_subscribeNewHeads')
		await expect(client.call('chain_subscribeNewHeads')).rejects.toMatchObject({ code: -32006 })
		expect(await client.call('chain_unsubscribeNewHeads', id)).toBe(true)
		await client.call('chain_subscribeNewHeads')
	})

	it('answers every request of a client that sends more at once than are worked on', async () => {
		const client = await connect(await serve({ limits: { inFlight: 2 } }))
		const answers = await Promise.all(Array.from({ length: 200 }, () => client.call('system_chain')))
		expect(answers.filter((answer) => answer === 'Fake')).toHaveLength(200)
	})

	it('cuts off a subscriber that reads nothing', async () => {
		const node = fakeNode()
		const server = await serve({ limits: { pendingBytes: 1 << 20 } }, node)
		const client = await connect(server)
		await client.call('state_subscribeStorage', null)
		const before = node.chain.listenerCount
		// all in one turn: nothing can reach the client meanwhile
		for (let i = 0; i < 12; i++) node.chain.make({ big: 'x'.repeat(1 << 20) })
		expect(node.chain.listenerCount).toBe(before - 1)
		await client.closed()
	})
})

async function retry<T>(attempt: () => Promise<T>): Promise<T> {
	for (let left = 50; ; left--) {
		try {
			return await attempt()
		} catch (error) {
			if (left === 0) throw error
		}
	}
}

describe('access', () => {
	it('refuses a Host name that is not its own (DNS rebinding)', async () => {
		const server = await serve()
		await expect(connect(server, { host: 'evil.example:80' })).rejects.toThrow('403')
		expect(await (await connect(server, { host: `localhost:${server.port}` })).call('system_chain')).toBe('Fake')
	})

	it('lets in a Host name the operator listed', async () => {
		const server = await serve({ hosts: ['node.example'] })
		expect(await (await connect(server, { host: 'node.example' })).call('system_chain')).toBe('Fake')
	})

	it('refuses pages of other origins, on both transports', async () => {
		const server = await serve()
		await expect(connect(server, { origin: 'https://evil.example' })).rejects.toThrow('403')
		expect((await post(server, request('system_chain'), { origin: 'https://evil.example' })).status).toBe(403)
		await connect(server, { origin: 'http://localhost:3000' })
	})

	it('answers the preflight of an origin that is let in', async () => {
		const { port } = await serve({ origins: ['https://app.example'] })
		const response = await fetch(`http://127.0.0.1:${port}`, { method: 'OPTIONS', headers: { origin: 'https://app.example' } })
		expect([response.status, response.headers.get('access-control-allow-origin')]).toEqual([204, 'https://app.example'])
	})

	it('refuses POST of a type that needs no preflight', async () => {
		expect((await post(await serve(), request('system_chain'), { 'content-type': 'text/plain' })).status).toBe(415)
	})

	it('serves unsafe methods to local peers, and not through a proxy', async () => {
		const server = await serve()
		expect(await (await connect(server)).call('state_getPairs', '0x')).toEqual([])
		const proxied = await connect(server, { 'x-forwarded-for': '203.0.113.9' })
		await expect(proxied.call('state_getPairs', '0x')).rejects.toMatchObject({
			code: -32601,
			message: 'RPC call is unsafe to be called externally',
		})
	})

	it('serves no unsafe methods at all with methods: safe', async () => {
		const client = await connect(await serve({ methods: 'safe' }))
		for (const method of [
			'author_insertKey',
			'author_rotateKeys',
			'author_rotateKeysWithOwner',
			'dev_newBlock',
			'engine_createBlock',
			'state_queryStorage',
			'author_removeExtrinsic',
		]) {
			await expect(client.call(method)).rejects.toMatchObject({ code: -32601 })
		}
	})

	it('does not listen beyond loopback unless told to', async () => {
		await expect(startRpc(fakeNode(), { host: '0.0.0.0', port: 0 })).rejects.toThrow('--unsafe-rpc-external')
	})
})

describe('life', () => {
	it('says which port is taken and how to choose another', async () => {
		const { port } = await serve()
		const second = startRpc(fakeNode(), { port })
		await expect(second).rejects.toThrow(RpcListenError)
		await expect(second).rejects.toThrow(`127.0.0.1:${port}: another program has the port; stop it, or choose another port with --rpc-port`)
	})

	it('ends clients and their chain listeners when it closes', async () => {
		const node = fakeNode()
		const server = await startRpc(node, { port: 0 })
		const client = await TestClient.connect(server.port)
		await client.call('chainHead_v1_follow', true)
		await client.call('chain_subscribeNewHeads')
		await server.close()
		await client.closed()
		expect(node.chain.listenerCount).toBe(0)
	})

	it('needs a WebSocket for subscriptions and says so', async () => {
		expect(await (await post(await serve(), request('chain_subscribeNewHeads'))).json()).toMatchObject({
			error: { code: -32601, data: 'subscriptions need a WebSocket: connect to the same port by ws://' },
		})
	})

	it('sends the answer with the subscription id before the first notification', async () => {
		const client = await connect(await serve())
		const id = await client.text('chain_subscribeNewHeads')
		await client.take(id, 1)
		expect(client.messages.map((message) => message.method ?? 'answer')).toEqual(['answer', 'chain_newHead'])
	})
})
