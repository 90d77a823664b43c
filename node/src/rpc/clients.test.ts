import { ApiPromise, WsProvider } from '@polkadot/api'
import type { SubmittableExtrinsic } from '@polkadot/api/types'
import { Keyring } from '@polkadot/keyring'
import { loadChainSpec } from '@stkr/chain-spec'
import { createClient, type PolkadotClient } from 'polkadot-api'
import { getPolkadotSigner } from 'polkadot-api/signer'
import { getWsProvider } from 'polkadot-api/ws'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Node, startNode } from '../node.ts'
import { quietLog } from '../testing/runtime.ts'
import { type RpcServer, startRpc } from './server.ts'

/** CHN-2: stock clients, unmodified, against the node running the built blob. */

let node: Node
let server: RpcServer
let url: string

const keyring = new Keyring({ type: 'sr25519' })
const STKR = 10n ** 18n

beforeAll(async () => {
	const spec = await loadChainSpec('dev')
	// instant: a block for what is sent, finalised at once, which is the hardest order of events for clients
	node = await startNode({ spec, sealing: 'instant', authority: '//Alice', validationWorkers: 1, log: quietLog })
	server = await startRpc({ ...node, name: 'stkr-node', version: '0.0.0' }, { port: 0 })
	url = `ws://127.0.0.1:${server.port}`
}, 60_000)

afterAll(async () => {
	await server.close()
	await node.close()
})

const account = (name: string) => keyring.addFromUri(`//${name}`)

describe('@polkadot/api', { timeout: 60_000 }, () => {
	let api: ApiPromise

	beforeAll(async () => {
		api = await ApiPromise.create({ provider: new WsProvider(url), noInitWarn: true, throwOnConnect: true })
	}, 60_000)

	afterAll(() => api.disconnect())

	/** Every status of an extrinsic to its end, and the names of its events. */
	function outcome(
		extrinsic: SubmittableExtrinsic<'promise'>,
		signer: string,
		options = {},
	): Promise<{ statuses: string[]; events: string[] }> {
		const statuses: string[] = []
		return new Promise((resolve, reject) => {
			extrinsic
				.signAndSend(account(signer), { nonce: -1, ...options }, ({ status, events }) => {
					statuses.push(status.type)
					if (status.isFinalized) resolve({ statuses, events: events.map(({ event }) => `${event.section}.${event.method}`) })
				})
				.catch(reject)
		})
	}

	it('CHN-2 reads metadata, constants, storage and the chain', async () => {
		expect(api.runtimeVersion.specName.toString()).toBe('stkr')
		expect((await api.query.system.account.entries()).length).toBeGreaterThan(0)
		expect(api.consts.balances.existentialDeposit.toHex()).toMatch(/^0x/)
		expect((await api.rpc.system.health()).peers.toNumber()).toBe(0)
		expect((await api.derive.chain.bestNumber()).toNumber()).toBe(node.chain.best().number)
	})

	it.each([
		['mortal', {}],
		['immortal', { era: 0 }],
		['tipped', { tip: 1000 }],
	])('CHN-1 sends a %s extrinsic and hears of it in a block before it hears that it is final', async (_, options) => {
		const { statuses, events } = await outcome(api.tx.balances.transferKeepAlive(account('Bob').address, STKR), 'Alice', options)
		expect(statuses).toEqual(['Ready', 'InBlock', 'Finalized'])
		expect(events).toEqual(expect.arrayContaining(['balances.Transfer', 'system.ExtrinsicSuccess']))
	})

	it('CHN-3 sees a failed call as ExtrinsicFailed', async () => {
		const { events } = await outcome(api.tx.balances.transferKeepAlive(account('Bob').address, 10n ** 30n), 'Alice')
		expect(events).toContain('system.ExtrinsicFailed')
	})

	it('CHN-3 hears why the pool refuses an extrinsic', async () => {
		const stale = await api.tx.system.remark('0x00').signAsync(account('Alice'), { nonce: 0 })
		await expect(api.rpc.author.submitExtrinsic(stale)).rejects.toThrow('1010: Invalid Transaction: Transaction is outdated')
	})

	it('estimates fees and reads proofs and old states', async () => {
		const { partialFee } = await api.tx.system.remark('0x00').paymentInfo(account('Alice'))
		expect(partialFee.toBigInt()).toBeGreaterThan(0n)
		expect((await api.rpc.state.getReadProof([api.query.system.number.key()])).proof.length).toBeGreaterThan(0)
		const first = await api.at(await api.rpc.chain.getBlockHash(1))
		expect((await first.query.system.number()).toString()).toBe('1')
	})

	it('follows storage and heads', async () => {
		const numbers: string[] = []
		const heads: number[] = []
		const unsubscribe = await Promise.all([
			api.query.system.number((value: { toString(): string }) => {
				numbers.push(value.toString())
			}),
			api.rpc.chain.subscribeFinalizedHeads((head) => {
				heads.push(head.number.toNumber())
			}),
		])
		const before = node.chain.best().number
		await outcome(api.tx.system.remark('0x00'), 'Alice')
		expect(numbers).toEqual([`${before}`, `${before + 1}`])
		expect(heads).toEqual([before, before + 1])
		for (const stop of unsubscribe) stop()
	})
})

describe('polkadot-api', { timeout: 60_000 }, () => {
	let client: PolkadotClient

	beforeAll(() => {
		client = createClient(getWsProvider(url))
	})

	afterAll(() => client.destroy())

	const signer = () => getPolkadotSigner(account('Bob').publicKey, 'Sr25519', (message) => account('Bob').sign(message))

	it('CHN-2 reads the chain, storage and constants', async () => {
		expect(await client.getChainSpecData()).toMatchObject({ genesisHash: node.chain.genesisHash, properties: { tokenSymbol: 'STKR' } })
		const api = client.getUnsafeApi()
		expect(await api.query.System.Account.getValue(account('Bob').address)).toMatchObject({ nonce: 0 })
		expect((await api.query.System.Account.getEntries()).length).toBeGreaterThan(0)
		expect(await api.constants.System.Version()).toMatchObject({ spec_name: 'stkr' })
	})

	it('CHN-1 signs, broadcasts and sees a transaction final', async () => {
		const transaction = client.getUnsafeApi().tx.System.remark_with_event({ remark: Uint8Array.of(1) })
		expect(await transaction.getEstimatedFees(account('Bob').address)).toBeGreaterThan(0n)
		const { ok, events, block } = await transaction.signAndSubmit(signer())
		expect([ok, events.some(({ type }) => type === 'System')]).toEqual([true, true])
		expect((await client.getBlockBody(block.hash)).length).toBe(block.index + 1)
		expect((await client.getBlockHeader(block.hash)).number).toBe(block.number)
	})

	it('hears of changes under a prefix, by its Merkle value', async () => {
		const api = client.getUnsafeApi()
		const changed = new Promise<number>((resolve, reject) => {
			let seen = 0
			const watching = api.query.System.Account.watchEntries().subscribe({
				next: ({ deltas }: { deltas: { upserted: unknown[] } | null }) => {
					if (seen++ === 0) {
						api.tx.System.remark_with_event({ remark: Uint8Array.of(2) })
							.signAndSubmit(signer())
							.catch(reject)
						return
					}
					watching.unsubscribe()
					resolve(deltas?.upserted.length ?? 0)
				},
				error: reject,
			})
		})
		expect(await changed).toBeGreaterThan(0)
	})

	it('reads the archive', async () => {
		const api = client.getUnsafeApi()
		const first = node.chain.hashOf(1) ?? ''
		expect(await api.query.System.Number.getValue({ at: first })).toBe(1)
	})
})
