import { encodeAddress } from '@polkadot/util-crypto'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { fromHex, toHex } from '../crypto/hex.ts'
import { verify } from '../crypto/signature.ts'
import { type Node, startNode } from '../node.ts'
import { concatBytes, encodeU32 } from '../scale/codec.ts'
import { account, extrinsic, quietLog, setArguments, testRuntime, testSpec, userKey } from '../testing/runtime.ts'
import { type RpcServer, startRpc } from './server.ts'
import { CallError, TestClient } from './testing/client.ts'

/** JSON-RPC over the real chain, pool and author, with the small test runtime. */

let node: Node
let server: RpcServer
let client: TestClient

beforeEach(async () => {
	node = await startNode({ spec: await testSpec(), sealing: 'manual', authority: '//Alice', validationWorkers: 1, log: quietLog })
	server = await startRpc({ ...node, name: 'test', version: '0.0.0', finalizedHoldMs: 0 }, { port: 0 })
	client = await TestClient.connect(server.port)
})

afterEach(async () => {
	client.close()
	await server.close()
	await node.close()
})

type Event = { event: string } & Record<string, unknown>

/** The first follow event with this name (and operation). */
function event(id: string, name: string, operationId?: unknown): Promise<Event> {
	return client.until(() =>
		(client.notifications(id) as Event[]).find(
			(found) => found.event === name && (operationId === undefined || found.operationId === operationId),
		),
	)
}

const refusal = (work: Promise<unknown>): Promise<CallError | undefined> =>
	work.then(
		() => undefined,
		(error) => (error instanceof CallError ? error : undefined),
	)

describe('JSON-RPC over the node', { timeout: 60_000 }, () => {
	it('CHN-1 takes an extrinsic from submission to a finalized block', async () => {
		const id = await client.text(
			'author_submitAndWatchExtrinsic',
			toHex(extrinsic({ from: 'a', nonce: 0, arguments: setArguments('x', '1') })),
		)
		const made = (await client.call('engine_createBlock', false, true)) as { hash: string }
		expect(await client.take(id, 3)).toEqual(['ready', { inBlock: made.hash }, { finalized: made.hash }])
		expect(await client.call('state_getStorage', toHex(userKey('x')))).toBe('0x31')
		expect(await client.call('chain_getFinalizedHead')).toBe(made.hash)
		expect(await client.call('chain_getBlock', made.hash)).toMatchObject({ justifications: [[[70, 82, 78, 75], expect.any(Array)]] })
	})

	it('CHN-3 refuses bad signatures and old nonces with 1010 and why', async () => {
		const bad = extrinsic({ from: 'a', nonce: 0, badSignature: true })
		expect(await refusal(client.call('author_submitExtrinsic', toHex(bad)))).toMatchObject({ code: 1010, message: 'Invalid Transaction' })
		const good = toHex(extrinsic({ from: 'b', nonce: 0 }))
		await client.call('author_submitExtrinsic', good)
		expect(await refusal(client.call('author_submitExtrinsic', good))).toMatchObject({ code: 1013 })
		expect(await refusal(client.call('author_submitExtrinsic', '0x'))).toMatchObject({ code: expect.any(Number) })
	})

	it('counts the pool in the next nonce', async () => {
		const address = encodeAddress(account('a').publicKey)
		await client.call('author_submitExtrinsic', toHex(extrinsic({ from: 'a', nonce: 0 })))
		await client.call('author_submitExtrinsic', toHex(extrinsic({ from: 'a', nonce: 1 })))
		expect(await client.call('system_accountNextIndex', address)).toBe(2)
		expect(await client.call('state_call', 'AccountNonceApi_account_nonce', toHex(account('a').publicKey))).toBe(toHex(encodeU32(0)))
	})

	it('CNS-5 makes session keys that prove their owner, and makes none for a call from outside', async () => {
		const owner = account('a').publicKey
		const made = (await client.call('author_rotateKeysWithOwner', toHex(owner))) as { keys: string; proof: string }
		const [keys, proof] = [fromHex(made.keys), fromHex(made.proof)]
		const [aura, grandpa] = [keys.subarray(0, 32), keys.subarray(32)]
		const statement = concatBytes(Buffer.from('POP_'), owner)
		expect(verify('sr25519', proof.subarray(0, 64), statement, aura)).toBe(true)
		expect(verify('ed25519', proof.subarray(64), statement, grandpa)).toBe(true)
		expect(await client.call('author_hasKey', toHex(aura), 'aura')).toBe(true)
		expect(await client.call('author_hasKey', toHex(grandpa), 'gran')).toBe(true)
		expect(fromHex(await client.text('author_rotateKeys')).length).toBe(64)
		expect(await refusal(client.call('state_call', 'SessionKeys_generate_session_keys', '0x0000'))).toMatchObject({
			code: 4003,
			data: expect.stringContaining('asked for the keystore, which this call may not use'),
		})
	})

	it('tells a trap of the runtime with its own log', async () => {
		expect(await refusal(client.call('state_call', 'Test_trap', '0x'))).toMatchObject({
			code: 4003,
			data: expect.stringContaining('on purpose'),
		})
		const id = await client.text('chainHead_v1_follow', true)
		const call = (await client.call('chainHead_v1_call', id, node.chain.genesisHash, 'Test_trap', '0x')) as { operationId: string }
		expect(await event(id, 'operationError', call.operationId)).toMatchObject({ error: expect.stringContaining('on purpose') })
		expect(await client.call('archive_v1_call', node.chain.genesisHash, 'Test_trap', '0x')).toMatchObject({ success: false })
		await client.call('dev_newBlock')
	})

	it('follows blocks and their finality, and keeps old states readable', async () => {
		const id = await client.text('chainHead_v1_follow', true)
		await client.call('author_submitExtrinsic', toHex(extrinsic({ from: 'a', nonce: 0, arguments: setArguments('x', '1') })))
		const hash = await client.text('dev_newBlock')
		expect(await event(id, 'newBlock')).toMatchObject({ blockHash: hash, parentBlockHash: node.chain.genesisHash, newRuntime: null })
		expect(await event(id, 'finalized')).toMatchObject({ finalizedBlockHashes: [hash] })
		const items = [{ key: toHex(userKey('x')), type: 'value' }]
		const now = (await client.call('chainHead_v1_storage', id, hash, items, null)) as { operationId: string }
		await event(id, 'operationStorageDone', now.operationId)
		expect((await event(id, 'operationStorageItems', now.operationId)).items).toEqual([{ key: toHex(userKey('x')), value: '0x31' }])
		const before = (await client.call('chainHead_v1_storage', id, node.chain.genesisHash, items, null)) as { operationId: string }
		await event(id, 'operationStorageDone', before.operationId)
		expect(client.notifications(id)).not.toContainEqual(
			expect.objectContaining({ event: 'operationStorageItems', operationId: before.operationId }),
		)
	})

	it('changes the Merkle value of a prefix exactly when something under it changes', async () => {
		const id = await client.text('chainHead_v1_follow', true)
		const merkleValue = async (hash: string, prefix: Uint8Array) => {
			const items = [{ key: toHex(prefix), type: 'closestDescendantMerkleValue' }]
			const { operationId } = (await client.call('chainHead_v1_storage', id, hash, items, null)) as { operationId: string }
			await event(id, 'operationStorageDone', operationId)
			const found = (client.notifications(id) as Event[]).find(
				(each) => each.event === 'operationStorageItems' && each.operationId === operationId,
			)
			return (found?.items as { closestDescendantMerkleValue: string }[] | undefined)?.[0].closestDescendantMerkleValue
		}
		const block = async (nonce: number, key: string) => {
			await client.call('author_submitExtrinsic', toHex(extrinsic({ from: 'a', nonce, arguments: setArguments(key, `${nonce}`) })))
			return client.text('dev_newBlock')
		}
		// a sibling from the start: where a branch forks off is part of the nodes below it
		await block(0, 'q1')
		const [first, second, third] = [await block(1, 'p1'), await block(2, 'q2'), await block(3, 'p2')]
		const values = [await merkleValue(first, userKey('p')), await merkleValue(second, userKey('p')), await merkleValue(third, userKey('p'))]
		expect(values[0]).toMatch(/^0x/)
		expect(values[1]).toBe(values[0])
		expect(values[2]).not.toBe(values[0])
		expect(await merkleValue(first, userKey('nothing'))).toBeUndefined()
		expect(await merkleValue(first, new Uint8Array())).toBe(node.chain.header(first as `0x${string}`)?.stateRoot)
	})

	it('CHN-5 tells every kind of subscriber of new code at the block that set it', async () => {
		const versions = await client.text('state_subscribeRuntimeVersion')
		const code = await client.text('state_subscribeStorage', [toHex(Buffer.from(':code'))])
		const follow = await client.text('chainHead_v1_follow', true)
		const upgrade = extrinsic({ from: 'a', nonce: 0, operation: 'setCode', arguments: await testRuntime({ importMemory: true }) })
		await client.call('author_submitExtrinsic', toHex(upgrade))
		const hash = await client.text('dev_newBlock')
		expect(await event(follow, 'newBlock')).toMatchObject({ blockHash: hash, newRuntime: { type: 'valid', spec: { specVersion: 1 } } })
		expect(await client.take(versions, 2)).toMatchObject([{ specVersion: 1 }, { specVersion: 1 }])
		expect(await client.take(code, 2)).toMatchObject([{}, { block: hash }])
	})

	it('goes on when the new code is no runtime at all', async () => {
		const versions = await client.text('state_subscribeRuntimeVersion')
		const follow = await client.text('chainHead_v1_follow', true)
		await client.call(
			'author_submitExtrinsic',
			toHex(extrinsic({ from: 'a', nonce: 0, operation: 'setCode', arguments: Uint8Array.of(1, 2, 3) })),
		)
		const hash = await client.text('dev_newBlock')
		expect(await event(follow, 'newBlock')).toMatchObject({ blockHash: hash, newRuntime: { type: 'invalid', error: expect.any(String) } })
		expect(client.notifications(versions)).toHaveLength(1)
		expect(await refusal(client.call('state_getRuntimeVersion'))).toBeInstanceOf(CallError)
		expect(await client.call('chain_getFinalizedHead')).toBe(hash)
	})

	it('proves finality with the justification of the local voter', async () => {
		const subscription = await client.text('grandpa_subscribeJustifications')
		const hash = await client.text('dev_newBlock')
		const [justification] = await client.take(subscription, 1)
		expect(await client.call('grandpa_proveFinality', 1)).toContain(String(justification).slice(2))
		expect(await client.text('grandpa_proveFinality', 1)).toMatch(new RegExp(`^${hash}`))
		expect(await client.call('grandpa_roundState')).toMatchObject({
			best: { round: 1, totalWeight: 1, precommits: { currentWeight: 1, missing: [] } },
		})
	})

	it('offers a broadcast extrinsic again until its nonce is due', async () => {
		const id = await client.text(
			'transaction_v1_broadcast',
			toHex(extrinsic({ from: 'a', nonce: 1, arguments: setArguments('late', '1') })),
		)
		await client.call('dev_newBlock')
		await client.call('author_submitExtrinsic', toHex(extrinsic({ from: 'a', nonce: 0 })))
		await client.call('dev_newBlock', { count: 2 })
		expect(await client.call('state_getStorage', toHex(userKey('late')))).toBe('0x31')
		expect(await client.call('transaction_v1_stop', id)).toBeNull()
	})
})
