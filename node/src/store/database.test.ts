import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { Hash } from '../chain.ts'
import { Client } from '../client.ts'
import { toHex } from '../crypto/hex.ts'
import { verify } from '../crypto/signature.ts'
import { DatabaseError } from '../errors.ts'
import type { HostServices } from '../executor/execution.ts'
import { encodeCompact, encodeU64 } from '../scale/codec.ts'
import { testSpec } from '../testing/runtime.ts'
import { ChainDatabase, type DatabaseWriter, type Tips } from './database.ts'

const hash = (n: number): Hash => toHex(new Uint8Array(32).fill(n))
const tips: Tips = {
	genesis: hash(0),
	best: { hash: hash(1), number: 1 },
	finalized: { hash: hash(0), number: 0 },
	nextNode: 5,
	round: 2n,
	setId: 3n,
}
const services: HostServices = { verify, log: () => {} }

let directory: string
let path: string
let database: ChainDatabase
beforeEach(() => {
	directory = mkdtempSync(join(tmpdir(), 'stkr-test-'))
	path = join(directory, 'chain.lmdb')
	database = ChainDatabase.open(path)
})
afterEach(async () => {
	await database.close()
	rmSync(directory, { recursive: true, force: true })
})

describe('chain database', () => {
	it('is empty at first and returns what was written, also when opened again', async () => {
		expect(database.tips()).toBeNull()
		expect(database.header(hash(1))).toBeNull()
		expect(database.hashOf(0)).toBeNull()
		expect(database.hashOf(-1)).toBeNull()
		const body = [Uint8Array.from([...encodeCompact(2), 7, 8])]
		await database.commit((writer) => {
			writer.block(hash(1), { header: Uint8Array.of(1, 2, 3), body, rootNode: 2 ** 40 })
			writer.justifications(hash(1), [['FRNK', Uint8Array.of(9)]])
			writer.number(1, hash(1))
			writer.tips(tips)
		})
		await database.close()
		database = ChainDatabase.open(path)
		expect(database.tips()).toEqual(tips)
		expect(database.header(hash(1))).toEqual(Uint8Array.of(1, 2, 3))
		expect(database.body(hash(1))).toEqual(body)
		expect(database.rootNode(hash(1))).toBe(2 ** 40)
		expect(database.justifications(hash(1))).toEqual([['FRNK', Uint8Array.of(9)]])
		expect(database.justifications(hash(2))).toEqual([])
		expect(database.hashOf(1)).toBe(hash(1))
	})

	it('CNS-6 finds the blocks of slots, several in one, in slot order', async () => {
		const stored = { header: Uint8Array.of(1), body: [], rootNode: 0 }
		await database.commit((writer) => {
			for (const [n, slot] of [
				[1, 2 ** 40],
				[2, 7],
				[3, 7],
				[4, 255],
				[5, 256],
			]) {
				writer.block(hash(n), stored)
				writer.slot(slot, hash(n))
			}
		})
		const found = (from: number, to?: number) => [...database.blocksBySlot(from, to)].map((one) => one.hash)
		expect(found(7, 7)).toEqual([hash(2), hash(3)])
		expect(found(8, 256)).toEqual([hash(4), hash(5)])
		expect(found(256)).toEqual([hash(5), hash(1)])
		expect([...database.blocksBySlot(2 ** 40)]).toEqual([{ slot: 2 ** 40, hash: hash(1) }])
		expect(found(8, 254)).toEqual([])
		await database.commit((writer) => writer.slot(9, hash(6)))
		expect(() => database.verify()).toThrow(/block 0x0606.* of the slot index is missing/)
	})

	it('stores all of a transaction or nothing', async () => {
		const failing = database.commit((writer) => {
			writer.number(1, hash(1))
			throw new Error('on the way')
		})
		await expect(failing).rejects.toThrow(DatabaseError)
		await expect(failing).rejects.toThrow(/on the way; the last block is not stored/)
		expect(database.hashOf(1)).toBeNull()
	})
})

describe('client on a failing database', () => {
	/** Passes transactions on to the database, or fails them after all writes were made, as a full disk does. */
	const failing = () => {
		let fails = 0
		const commit = database.commit.bind(database)
		database.commit = (write: (writer: DatabaseWriter) => void) =>
			commit((writer) => {
				write(writer)
				if (fails-- > 0) throw new Error('no space left on device')
			})
		return {
			failNext: () => {
				fails = 1
			},
		}
	}

	const block = (client: Client, time: number) => {
		const parent = client.best()
		const execution = client.execution(parent.hash)
		const header = { parentHash: parent.hash, number: parent.number + 1, stateRoot: hash(0), extrinsicsRoot: hash(0), digest: [] }
		const key = new TextEncoder().encode('t')
		const state = execution.trie.apply([{ key, value: encodeU64(time) }])
		return {
			header: { ...header, stateRoot: toHex(state.hash) },
			body: [],
			changes: [{ key, value: encodeU64(time) }],
			state,
			justifications: [],
		}
	}

	it('refuses the block, keeps its tips, and stores the next one rightly', async () => {
		const disk = failing()
		const client = await Client.open(await testSpec(), database, services)
		disk.failNext()
		await expect(client.insert(block(client, 1), null)).rejects.toThrow(/no space left/)
		expect(client.best().number).toBe(0)
		const { hash: stored } = await client.insert(block(client, 2), null)
		const reopened = await Client.open(await testSpec(), database, services)
		expect(reopened.best()).toEqual({ hash: stored, number: 1 })
		for (const one of [client, reopened]) expect(one.state(stored)!.get(new TextEncoder().encode('t'))).toEqual(encodeU64(2))
		database.verify()
	})

	it('goes on when a listener fails', async () => {
		const client = await Client.open(await testSpec(), database, services)
		const heard: number[] = []
		client.on('best', () => {
			throw new Error('a bad listener')
		})
		client.on('best', ({ number }) => heard.push(number))
		await client.insert(block(client, 1), null)
		expect(heard).toEqual([1])
	})

	it('follows the longer branch', async () => {
		const client = await Client.open(await testSpec(), database, services)
		const first = block(client, 1)
		const rival = block(client, 2)
		const { hash: a } = await client.insert(first, null)
		const { hash: b } = await client.insert(rival, null)
		expect(client.best().hash).toBe(a)
		const parent = { hash: b, number: 1 }
		const { hash: c } = await client.insert({ ...block(client, 3), header: { ...block(client, 3).header, parentHash: b, number: 2 } }, null)
		expect(client.best()).toEqual({ hash: c, number: 2 })
		expect([client.hashOf(1), client.hashOf(2)]).toEqual([parent.hash, c])
		const finality = {
			target: { hash: a, number: 1 },
			justification: ['FRNK', new Uint8Array(0)] as [string, Uint8Array],
			round: 1n,
			setId: 0n,
		}
		await client.finalize({ ...finality, target: { hash: b, number: 1 } })
		expect(client.finalized()).toEqual({ hash: b, number: 1 })
		await client.finalize(finality)
		expect(client.finalized()).toEqual({ hash: b, number: 1 })
	})
})
