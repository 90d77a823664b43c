import fc from 'fast-check'
import { beforeAll, describe, expect, it } from 'vitest'
import { dispatch } from './dispatch.ts'
import type { Context } from './handler.ts'
import { methods } from './methods.ts'
import { RpcError } from './protocol.ts'
import { fakeNode } from './testing/fake-node.ts'

const limits = { batch: 5, responseBytes: 1 << 20 }

const node = fakeNode({ a: 'one' })

function contextOf(afterReply: Context['afterReply']): Context {
	const noSession = () => {
		throw new RpcError(-32601, 'Method not found')
	}
	return { node, unsafeAllowed: true, session: noSession, open: noSession, afterReply }
}

interface Reply {
	jsonrpc: string
	id: unknown
	result?: unknown
	error?: { code: number; message: string }
}

async function reply(text: string): Promise<Reply | Reply[] | undefined> {
	const answer = await dispatch(text, methods, limits, contextOf)
	return answer.text === undefined ? undefined : JSON.parse(answer.text)
}

function expectReply(value: Reply): void {
	expect(value.jsonrpc).toBe('2.0')
	expect(value).toHaveProperty('id')
	expect('result' in value).not.toBe('error' in value)
	if (value.error) {
		expect(Number.isInteger(value.error.code)).toBe(true)
		expect(typeof value.error.message).toBe('string')
	}
}

describe('dispatch', () => {
	beforeAll(() => {
		// blocks on demand would only make the run long
		node.author.seal = async () => node.chain.best()
	})

	it('answers any text with well-formed JSON-RPC', async () => {
		await fc.assert(
			fc.asyncProperty(fc.oneof(fc.string(), fc.json()), async (text) => {
				const found = await reply(text)
				for (const value of found === undefined ? [] : [found].flat()) expectReply(value)
			}),
			{ numRuns: 500, verbose: 1 },
		)
	})

	it('answers every method with any parameters: a result, or an error that is not our own fault', async () => {
		const hex = fc.uint8Array({ maxLength: 40 }).map((bytes) => `0x${Buffer.from(bytes).toString('hex')}`)
		const param = fc.oneof(fc.constant(node.chain.genesisHash), hex, fc.jsonValue({ maxDepth: 2 }))
		await fc.assert(
			fc.asyncProperty(fc.constantFrom(...Object.keys(methods)), fc.array(param, { maxLength: 5 }), async (method, params) => {
				const found = (await reply(JSON.stringify({ jsonrpc: '2.0', id: 1, method, params }))) as Reply
				expectReply(found)
				// -32603 is for what the code did not foresee; the fake runtime has no functions, which is foreseen
				if (found.error?.code === -32603) expect(found.error.message).toContain('Execution failed')
			}),
			{ numRuns: 3000, verbose: 1 },
		)
	})

	it('gives one answer for each request of a batch, in order', async () => {
		const item = fc.oneof(
			fc.record({ jsonrpc: fc.constant('2.0'), id: fc.integer(), method: fc.constantFrom('system_chain', 'nope') }),
			fc.jsonValue(),
		)
		await fc.assert(
			fc.asyncProperty(fc.array(item, { minLength: 1, maxLength: 5 }), async (batch) => {
				const found = (await reply(JSON.stringify(batch))) as Reply[]
				expect(found).toHaveLength(batch.length)
				found.forEach(expectReply)
			}),
			{ numRuns: 200, verbose: 1 },
		)
	})
})
