import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { Hash } from '../chain.ts'
import { fromHex, toHex } from '../crypto/hex.ts'
import { concatBytes, encodeBytes, encodeCompact, encodeU64 } from '../scale/codec.ts'
import { type RpcServer, startRpc } from './server.ts'
import { TestClient } from './testing/client.ts'
import { type FakeNode, fakeNode, hex } from './testing/fake-node.ts'

const ALICE = '5GrwvaEF5zXb26Fz9rcQpDWS57CtERHpNehXCPcNoHGKutQY'

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

/** The value and the listeners' count once every message sent before was worked on. */
const settled = () => client.call('system_chain')

class PoolError extends Error {
	readonly code: number
	readonly data: unknown

	constructor(code: number, message: string, data: unknown) {
		super(message)
		this.code = code
		this.data = data
	}
}

describe('system', () => {
	it('tells name, version, chain, type and properties', async () => {
		const asked = [
			'system_name',
			'system_version',
			'system_chain',
			'system_chainType',
			'system_properties',
			'system_nodeRoles',
			'system_peers',
		]
		expect(await Promise.all(asked.map((method) => client.call(method)))).toEqual([
			'fake-node',
			'0.0.0',
			'Fake',
			'Development',
			{ tokenSymbol: 'STKR', tokenDecimals: 18 },
			['Authority'],
			[],
		])
	})

	it('gives the next nonce of an SS58 address and refuses anything else', async () => {
		node.pool.nonce = 7
		expect(await client.call('system_accountNextIndex', ALICE)).toBe(7)
		await expect(client.call('system_accountNextIndex', 'Alice')).rejects.toThrow(
			'parameter "account" must be an SS58 address, got "Alice"',
		)
	})

	it('dry-runs an extrinsic in the runtime', async () => {
		node.chain.calls.set('BlockBuilder_apply_extrinsic', (input) => concatBytes(Uint8Array.of(0, 0), input))
		expect(await client.call('system_dryRun', '0x0102')).toBe('0x00000102')
	})
})

describe('chain', () => {
	it('gives headers with SCALE digest items', async () => {
		const block = node.chain.make()
		expect(await client.call('chain_getHeader')).toEqual({
			parentHash: node.chain.genesisHash,
			number: '0x1',
			stateRoot: block.header.stateRoot,
			extrinsicsRoot: block.header.extrinsicsRoot,
			digest: { logs: ['0x0661757261080102', '0x05617572610403'] },
		})
		expect(await client.call('chain_getHeader', `0x${'ff'.repeat(32)}`)).toBeNull()
	})

	it('gives hashes of one number, of hex, of a list, and of none', async () => {
		const block = node.chain.make()
		expect(await client.call('chain_getBlockHash', 1)).toBe(block.hash)
		expect(await client.call('chain_getBlockHash', '0x1')).toBe(block.hash)
		expect(await client.call('chain_getBlockHash', [0, 9])).toEqual([node.chain.genesisHash, null])
		expect(await client.call('chain_getBlockHash')).toBe(block.hash)
		await expect(client.call('chain_getBlockHash', 1.5)).rejects.toMatchObject({ code: -32602 })
	})

	it('gives a block with its extrinsics and justifications', async () => {
		const block = node.chain.make({}, { body: [Uint8Array.of(1), Uint8Array.of(2)] })
		expect(await client.call('chain_getBlock', block.hash)).toMatchObject({ block: { extrinsics: ['0x01', '0x02'] }, justifications: null })
		node.chain.justified.set(block.hash, [['FRNK', Uint8Array.of(9)]])
		expect(await client.call('chain_getBlock', block.hash)).toMatchObject({ justifications: [[[70, 82, 78, 75], [9]]] })
	})

	it.each([
		['chain_subscribeNewHeads', 'chain_unsubscribeNewHeads', 'chain_newHead'],
		['chain_subscribeNewHead', 'chain_unsubscribeNewHead', 'chain_newHead'],
		['subscribe_newHead', 'unsubscribe_newHead', 'chain_newHead'],
		['chain_subscribeAllHeads', 'chain_unsubscribeAllHeads', 'chain_allHead'],
	])('%s sends the best header and each new one until %s', async (subscribe, unsubscribe, notification) => {
		const id = await client.text(subscribe)
		node.chain.make()
		expect(await client.take(id, 2)).toMatchObject([{ number: '0x0' }, { number: '0x1' }])
		expect(client.messages.find(({ method }) => method)?.method).toBe(notification)
		expect(await client.call(unsubscribe, id)).toBe(true)
		expect(await client.call(unsubscribe, id)).toBe(false)
		expect(node.chain.listenerCount).toBe(0)
	})

	it('chain_subscribeFinalizedHeads sends every block that becomes final', async () => {
		const id = await client.text('chain_subscribeFinalisedHeads')
		node.chain.make()
		node.chain.finalize(node.chain.make().hash)
		expect(await client.take(id, 3)).toMatchObject([{ number: '0x0' }, { number: '0x1' }, { number: '0x2' }])
	})
})

describe('state', () => {
	it('reads storage now and at a block', async () => {
		const { genesisHash } = node.chain
		node.chain.make({ a: 'new', b: null })
		expect(await client.call('state_getStorage', hex('a'))).toBe(hex('new'))
		expect(await client.call('state_getStorageAt', hex('a'), genesisHash)).toBe(hex('one'))
		expect(await client.call('state_getStorage', hex('b'))).toBeNull()
		expect(await client.call('state_getStorageSize', hex('a'))).toBe(3)
		expect(await client.call('state_getStorageHash', hex('b'), genesisHash)).toMatch(/^0x[0-9a-f]{64}$/)
	})

	it('refuses an unknown block with code 4003', async () => {
		const unknown = `0x${'ab'.repeat(32)}`
		await expect(client.call('state_getStorage', hex('a'), unknown)).rejects.toMatchObject({ code: 4003 })
		await expect(client.call('state_getRuntimeVersion', unknown)).rejects.toThrow('UnknownBlock')
		await expect(client.call('state_getMetadata', unknown)).rejects.toMatchObject({ code: 4003 })
	})

	it('pages keys strictly after the start key', async () => {
		expect(await client.call('state_getKeysPaged', hex('a'), 1)).toEqual([hex('a')])
		expect(await client.call('state_getKeysPaged', hex('a'), 10, hex('a'))).toEqual([hex('ab')])
		expect(await client.call('state_getKeysPaged', null, 10)).toEqual([hex('a'), hex('ab'), hex('b')])
		await expect(client.call('state_getKeysPaged', '0x', 1001)).rejects.toMatchObject({ code: 4002 })
	})

	it('gives pairs of a prefix', async () => {
		expect(await client.call('state_getPairs', hex('a'))).toEqual([
			[hex('a'), hex('one')],
			[hex('ab'), hex('two')],
		])
	})

	it('queries keys at a block, and their changes over a range', async () => {
		const first = node.chain.make({ a: '1' })
		node.chain.make({ b: '2' })
		const third = node.chain.make({ a: null })
		expect(await client.call('state_queryStorageAt', [hex('a')], first.hash)).toEqual([
			{ block: first.hash, changes: [[hex('a'), hex('1')]] },
		])
		expect(await client.call('state_queryStorage', [hex('a')], first.hash)).toEqual([
			{ block: first.hash, changes: [[hex('a'), hex('1')]] },
			{ block: third.hash, changes: [[hex('a'), null]] },
		])
		await expect(client.call('state_queryStorage', [hex('a')], third.hash, first.hash)).rejects.toMatchObject({ code: 4001 })
	})

	it('sends the values at once and then only changes of the asked keys', async () => {
		const id = await client.text('state_subscribeStorage', [hex('a'), hex('zz')])
		node.chain.make({ b: 'other' })
		const block = node.chain.make({ a: 'new' })
		expect(await client.take(id, 2)).toEqual([
			{
				block: node.chain.genesisHash,
				changes: [
					[hex('a'), hex('one')],
					[hex('zz'), null],
				],
			},
			{ block: block.hash, changes: [[hex('a'), hex('new')]] },
		])
	})

	it('CHN-5 tells a runtime upgrade to subscribers without a new connection', async () => {
		const id = await client.text('state_subscribeRuntimeVersion')
		node.chain.make()
		node.chain.make({ ':code': 'next' })
		expect(await client.take(id, 2)).toMatchObject([{ specVersion: 1, stateVersion: 1 }, { specVersion: 2 }])
		await settled()
		expect(client.notifications(id)).toHaveLength(2)
	})

	it('unwraps metadata and passes calls through', async () => {
		node.chain.calls.set('Metadata_metadata', () => encodeBytes(Uint8Array.of(1, 2, 3)))
		node.chain.calls.set('Core_echo', (input) => input)
		expect(await client.call('state_getMetadata')).toBe('0x010203')
		expect(await client.call('state_call', 'Core_echo', '0x0506')).toBe('0x0506')
		await expect(client.call('state_call', 'Core_nope', '0x')).rejects.toMatchObject({
			code: 4003,
			data: 'runtime has no function Core_nope',
		})
	})

	it('gives read proofs with the block they hold at', async () => {
		node.chain.proofOf = (keys) => keys
		expect(await client.call('state_getReadProof', [hex('a')])).toEqual({ at: node.chain.genesisHash, proof: [hex('a')] })
	})

	it('has empty child tries and refuses keys outside their space', async () => {
		expect(await client.call('childstate_getStorage', hex(':child_storage:default:x'), '0x00')).toBeNull()
		await expect(client.call('childstate_getKeys', '0x00', '0x')).rejects.toMatchObject({ code: -32602 })
	})
})

describe('author', () => {
	it('gives the hash of a submitted extrinsic', async () => {
		expect(await client.call('author_submitExtrinsic', '0x0102')).toMatch(/^0x[0-9a-f]{64}$/)
		expect(await client.call('author_pendingExtrinsics')).toEqual(['0x0102'])
	})

	it('passes refusals of the pool on with their code, message and data', async () => {
		node.pool.refusal = new PoolError(1010, 'Invalid Transaction', 'Transaction has a bad signature')
		const refused = { code: 1010, message: 'Invalid Transaction', data: 'Transaction has a bad signature' }
		await expect(client.call('author_submitExtrinsic', '0x01')).rejects.toMatchObject(refused)
		await expect(client.call('author_submitAndWatchExtrinsic', '0x01')).rejects.toMatchObject(refused)
	})

	it('sends statuses in order and ends the subscription with the last', async () => {
		const id = await client.text('author_submitAndWatchExtrinsic', '0x01')
		const { hash } = node.chain.make()
		node.pool.tell({ inBlock: hash, index: 1 })
		node.pool.tell({ finalized: hash, index: 1 })
		expect(await client.take(id, 3)).toEqual(['ready', { inBlock: hash }, { finalized: hash }])
		expect(await client.call('author_unwatchExtrinsic', id)).toBe(false)
		expect(node.pool.watched.size).toBe(0)
	})

	it('holds finalized back after inBlock, so that polkadot.js can look the block up', async () => {
		node.finalizedHoldMs = 3_600_000
		const id = await client.text('author_submitAndWatchExtrinsic', '0x01')
		const { hash } = node.chain.make()
		node.pool.tell({ inBlock: hash, index: 1 })
		node.pool.tell({ finalized: hash, index: 1 })
		await settled()
		expect(client.notifications(id)).toEqual(['ready', { inBlock: hash }])
		// unwatching clears the timer, or this test process would not end
		expect(await client.call('author_unwatchExtrinsic', id)).toBe(true)
	})

	it('CNS-1 tells when the block of an extrinsic is no longer on the best chain', async () => {
		const id = await client.text('author_submitAndWatchExtrinsic', '0x01')
		const { hash } = node.chain.make()
		node.pool.tell({ inBlock: hash, index: 1 })
		node.pool.tell({ retracted: hash })
		expect(await client.take(id, 3)).toEqual(['ready', { inBlock: hash }, { retracted: hash }])
	})

	it('lets finalized go once the client has gone quiet', async () => {
		node.finalizedHoldMs = 20
		const id = await client.text('author_submitAndWatchExtrinsic', '0x01')
		const { hash } = node.chain.make()
		node.pool.tell({ inBlock: hash, index: 1 })
		node.pool.tell({ finalized: hash, index: 1 })
		expect(await client.take(id, 3)).toEqual(['ready', { inBlock: hash }, { finalized: hash }])
	})

	it('stops watching when the client goes away', async () => {
		await client.call('author_submitAndWatchExtrinsic', '0x01')
		expect(node.pool.watched.size).toBe(1)
		await server.close()
		expect(node.pool.watched.size).toBe(0)
	})

	it('removes extrinsics by hash and by bytes', async () => {
		const hash = `0x${'01'.repeat(32)}`
		const removed = (await client.call('author_removeExtrinsic', [{ hash }, { extrinsic: '0x0102' }])) as string[]
		expect(removed[0]).toBe(hash)
		expect(removed).toHaveLength(2)
		await expect(client.call('author_removeExtrinsic', hash)).rejects.toMatchObject({ code: -32602 })
	})

	it('inserts and finds keys, and never shows the secret in an error', async () => {
		const publicKey = `0x${'02'.repeat(32)}`
		await client.call('author_insertKey', 'aura', '//Alice', publicKey)
		expect(await client.call('author_hasKey', publicKey, 'aura')).toBe(true)
		expect(await client.call('author_hasKey', publicKey, 'gran')).toBe(false)
		const refused = await client.call('author_insertKey', 'aura', '//Wrong', publicKey).catch((error: Error) => error.message)
		expect(refused).toContain('author_insertKey refused the aura key')
		expect(refused).not.toContain('//Wrong')
		await expect(client.call('author_insertKey', 'aur', '//Alice', publicKey)).rejects.toThrow('four ASCII characters')
	})

	it('CNS-5 makes session keys for an owner, with the proof where the runtime gives one', async () => {
		const keys = new Uint8Array(64).fill(3)
		const proof = new Uint8Array(128).fill(4)
		const asked: string[] = []
		node.chain.calls.set('SessionKeys_generate_session_keys', (input) => {
			asked.push(toHex(input))
			return node.chain.sessionKeysVersion === 2 ? concatBytes(encodeBytes(keys), encodeBytes(proof)) : encodeBytes(keys)
		})
		expect(await client.call('author_rotateKeysWithOwner', '0x0a0b')).toEqual({ keys: toHex(keys) })
		node.chain.sessionKeysVersion = 2
		expect(await client.call('author_rotateKeysWithOwner', '0x0a0b')).toEqual({ keys: toHex(keys), proof: toHex(proof) })
		expect(await client.call('author_rotateKeys')).toBe(toHex(keys))
		expect(asked).toEqual(['0x00', '0x080a0b00', '0x0000'])
		await expect(client.call('author_rotateKeysWithOwner')).rejects.toThrow('parameter "owner" must be 0x hex of whole bytes')
	})

	it('makes session keys in the runtime and checks that it has all of them', async () => {
		const [aura, gran] = [new Uint8Array(32).fill(3), new Uint8Array(32).fill(4)]
		node.chain.calls.set('SessionKeys_generate_session_keys', () => encodeBytes(concatBytes(aura, gran)))
		node.chain.calls.set('SessionKeys_decode_session_keys', () =>
			concatBytes(Uint8Array.of(1), encodeCompact(2), encodeBytes(aura), Buffer.from('aura'), encodeBytes(gran), Buffer.from('gran')),
		)
		const keys = await client.text('author_rotateKeys')
		expect(keys).toBe(toHex(concatBytes(aura, gran)))
		node.keys.add(`aura ${toHex(aura)}`)
		expect(await client.call('author_hasSessionKeys', keys)).toBe(false)
		node.keys.add(`gran ${toHex(gran)}`)
		expect(await client.call('author_hasSessionKeys', keys)).toBe(true)
	})
})

describe('payment', () => {
	it('gives weight, class and fee of an extrinsic', async () => {
		let asked = new Uint8Array()
		node.chain.calls.set('TransactionPaymentApi_query_info', (input) => {
			asked = new Uint8Array(input)
			return concatBytes(encodeCompact(1_000_000_000), encodeCompact(3593), Uint8Array.of(1), encodeU64(5n), encodeU64(1n))
		})
		expect(await client.call('payment_queryInfo', '0xaabbcc')).toEqual({
			weight: { ref_time: 1_000_000_000, proof_size: 3593 },
			class: 'operational',
			partialFee: (5n + (1n << 64n)).toString(),
		})
		expect(toHex(asked)).toBe('0xaabbcc03000000')
	})

	it('gives the parts of the fee, and none for what pays none', async () => {
		const u128 = (value: bigint) => concatBytes(encodeU64(value), encodeU64(0n))
		node.chain.calls.set('TransactionPaymentApi_query_fee_details', () =>
			concatBytes(Uint8Array.of(1), u128(10n), u128(20n), u128(30n), u128(0n)),
		)
		expect(await client.call('payment_queryFeeDetails', '0x00')).toEqual({
			inclusionFee: { baseFee: '0xa', lenFee: '0x14', adjustedWeightFee: '0x1e' },
		})
		node.chain.calls.set('TransactionPaymentApi_query_fee_details', () => concatBytes(Uint8Array.of(0), u128(0n)))
		expect(await client.call('payment_queryFeeDetails', '0x00')).toEqual({ inclusionFee: null })
	})
})

describe('grandpa', () => {
	const id = new Uint8Array(32).fill(7)
	const justification = concatBytes(encodeU64(5n), new Uint8Array(36), encodeCompact(1), new Uint8Array(36 + 64), id, encodeCompact(0))

	it('proves finality by the next justified block and the headers up to it', async () => {
		node.chain.make()
		const last = node.chain.make()
		node.chain.finalize(last.hash)
		node.chain.justified.set(last.hash, [['FRNK', justification]])
		expect(await client.call('grandpa_proveFinality', 1)).toBe(
			toHex(concatBytes(fromHex(last.hash), encodeBytes(justification), encodeCompact(1), Buffer.from('header 2'))),
		)
		await expect(client.call('grandpa_proveFinality', 3)).rejects.toThrow('Block not yet finalized: 3')
	})

	it('reports the round that finalized the head', async () => {
		await expect(client.call('grandpa_roundState')).rejects.toMatchObject({ code: 1 })
		node.chain.justified.set(node.chain.genesisHash, [['FRNK', justification]])
		node.chain.calls.set('GrandpaApi_grandpa_authorities', () =>
			concatBytes(encodeCompact(2), id, encodeU64(1), new Uint8Array(32), encodeU64(1)),
		)
		node.chain.calls.set('GrandpaApi_current_set_id', () => encodeU64(3n))
		expect(await client.call('grandpa_roundState')).toMatchObject({
			setId: 3,
			best: { round: 5, totalWeight: 2, thresholdWeight: 2, precommits: { currentWeight: 1, missing: [expect.any(String)] } },
		})
	})

	it('sends each justification of a new final block', async () => {
		const subscription = await client.text('grandpa_subscribeJustifications')
		const block = node.chain.make()
		node.chain.justified.set(block.hash, [['FRNK', Uint8Array.of(1)]])
		node.chain.finalize(block.hash)
		expect(await client.take(subscription, 1)).toEqual(['0x01'])
	})
})

describe('dev', () => {
	it('makes a block on demand', async () => {
		expect(await client.call('engine_createBlock', true, true)).toMatchObject({ hash: node.chain.hashOf(1), aux: { is_new_best: true } })
		await expect(client.call('engine_createBlock', true, true, node.chain.genesisHash)).rejects.toMatchObject({ code: -32602 })
		const [made, { seal }] = [node.chain.best(), node.author]
		node.author.seal = async () => made
		await expect(client.call('engine_createBlock', false, true)).rejects.toThrow('Transaction pool is empty')
		node.author.seal = seal
		expect(await client.call('dev_newBlock', { count: 2 })).toBe(node.chain.hashOf(3))
		await expect(client.call('dev_newBlock', { count: 0 })).rejects.toThrow('parameter "count" must be 1 to 1000')
	})
})

describe('chainSpec, archive', () => {
	it('tells the chain apart', async () => {
		const asked = ['chainSpec_v1_chainName', 'chainSpec_v1_genesisHash', 'archive_v1_genesisHash', 'archive_v1_finalizedHeight']
		expect(await Promise.all(asked.map((method) => client.call(method)))).toEqual([
			'Fake',
			node.chain.genesisHash,
			node.chain.genesisHash,
			0,
		])
	})

	it('gives bodies, headers and calls of any block, null for unknown ones', async () => {
		const { hash } = node.chain.make({}, { body: [Uint8Array.of(1)] })
		const unknown = `0x${'ab'.repeat(32)}`
		node.chain.calls.set('Core_echo', (input) => input)
		expect(await client.call('archive_v1_body', hash)).toEqual(['0x01'])
		expect(await client.call('archive_v1_header', hash)).toBe(hex('header 1'))
		expect(await client.call('archive_v1_call', hash, 'Core_echo', '0x01')).toEqual({ success: true, value: '0x01' })
		expect(await client.call('archive_v1_call', hash, 'Core_nope', '0x')).toEqual({
			success: false,
			error: 'runtime has no function Core_nope',
		})
		expect(await Promise.all(['body', 'header'].map((what) => client.call(`archive_v1_${what}`, unknown)))).toEqual([null, null])
		expect(await client.call('archive_v1_call', unknown, 'Core_echo', '0x')).toBeNull()
		expect(await client.call('archive_v1_hashByHeight', 1)).toEqual([hash])
		expect(await client.call('archive_v1_hashByHeight', 9)).toEqual([])
	})

	it('streams storage items and says when it is done', async () => {
		const items = [
			{ key: hex('a'), type: 'descendantsValues', paginationStartKey: hex('a') },
			{ key: hex('b'), type: 'value' },
			{ key: hex('nope'), type: 'value' },
		]
		const id = await client.text('archive_v1_storage', node.chain.genesisHash, items, null)
		expect(await client.take(id, 3)).toEqual([
			{ event: 'storage', key: hex('ab'), value: hex('two') },
			{ event: 'storage', key: hex('b'), value: hex('three') },
			{ event: 'storageDone' },
		])
	})

	it('tells an unknown block as an event', async () => {
		const id = await client.text('archive_v1_storage', `0x${'ab'.repeat(32)}`, [], null)
		expect(await client.take(id, 1)).toMatchObject([{ event: 'storageError' }])
	})

	it('compares storage with the parent and with an older block', async () => {
		node.chain.make({ a: 'changed', c: 'added' })
		const { hash } = node.chain.make({ b: null, a: 'one' })
		const withParent = await client.text('archive_v1_storageDiff', hash)
		expect(await client.take(withParent, 3)).toEqual([
			{ event: 'storageDiff', key: hex('b'), value: hex('three'), type: 'deleted' },
			{ event: 'storageDiff', key: hex('a'), value: hex('one'), type: 'modified' },
			{ event: 'storageDiffDone' },
		])
		// `a` went there and back
		const withGenesis = await client.text('archive_v1_storageDiff', hash, [{ returnType: 'value' }], node.chain.genesisHash as Hash)
		expect(await client.take(withGenesis, 3)).toMatchObject([
			{ key: hex('b') },
			{ key: hex('c'), type: 'added' },
			{ event: 'storageDiffDone' },
		])
		const notAncestor = await client.text('archive_v1_storageDiff', node.chain.genesisHash, null, hash)
		expect(await client.take(notAncestor, 1)).toMatchObject([{ event: 'storageDiffError' }])
	})
})
