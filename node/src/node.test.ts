import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { zstdCompressSync } from 'node:zlib'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { encodeSignedBlock, type SignedBlock } from './block/block.ts'
import { readBlocks } from './block/blocks-file.ts'
import { decodeHeader, encodeHeader, hashHeader } from './block/header.ts'
import type { Hash, Header, ImportedBlock } from './chain.ts'
import { blake2_256 } from './crypto/hash.ts'
import { toHex } from './crypto/hex.ts'
import { verify } from './crypto/signature.ts'
import { DatabaseError, DataMismatchError } from './errors.ts'
import { decodeJustification, precommitPayload, verifyJustification } from './finality/justification.ts'
import { type Node, type NodeOptions, startNode } from './node.ts'
import { concatBytes, encodeU64, ScaleReader } from './scale/codec.ts'
import { extrinsic, grandpaAuthorities, quietLog, setArguments, testRuntime, testSpec, userKey } from './testing/runtime.ts'

const bytes = (text: string) => new Uint8Array(Buffer.from(text))
const open: Node[] = []
const directories: string[] = []

const start = async (options: Partial<NodeOptions> = {}): Promise<Node> => {
	const node = await startNode({ spec: await testSpec(), sealing: 'manual', authority: '//Alice', log: quietLog, ...options })
	open.push(node)
	return node
}
const stop = async (node: Node) => {
	open.splice(open.indexOf(node), 1)
	await node.close()
}
const directory = () => {
	const path = mkdtempSync(join(tmpdir(), 'stkr-test-'))
	directories.push(path)
	return path
}
const collect = (parts: Iterable<Uint8Array>) => Buffer.concat([...parts])
const stateOf = (node: Node, hash: Hash) => {
	const state = node.chain.state(hash)!
	return state.keys(new Uint8Array(0), 1000).map((key) => [toHex(key), toHex(state.get(key)!)])
}

afterEach(async () => {
	for (const node of open.splice(0)) await node.close()
	for (const path of directories.splice(0)) rmSync(path, { recursive: true, force: true })
})

describe('authoring', () => {
	it('starts from genesis and seals blocks whose header, body and state fit together', async () => {
		const node = await start()
		expect(node.chain.best()).toEqual({ hash: node.chain.genesisHash, number: 0 })
		await node.pool.submit(extrinsic({ from: 'a', nonce: 0, arguments: setArguments('x', 'one') }))
		const ref = await node.author.seal()
		expect(ref.number).toBe(1)
		const header = node.chain.header(ref.hash)!
		expect(header.parentHash).toBe(node.chain.genesisHash)
		expect(hashHeader(node.chain.encodedHeader(ref.hash)!)).toBe(ref.hash)
		expect(decodeHeader(encodeHeader(header))).toEqual(header)
		expect(header.digest.map(({ type }) => type)).toEqual(['preRuntime', 'seal'])
		expect(node.chain.body(ref.hash)!.length).toBe(2)
		expect(node.chain.hashOf(1)).toBe(ref.hash)
		expect(node.chain.state(ref.hash)!.get(userKey('x'))).toEqual(bytes('one'))
		expect(node.chain.state(node.chain.genesisHash)!.get(userKey('x'))).toBeNull()
		expect(node.chain.proof(ref.hash, [userKey('x')]).map((item) => toHex(blake2_256(item)))).toContain(header.stateRoot)
	})

	it('raises the slot by one at least and keeps the time on it', async () => {
		const node = await start()
		const slots: number[] = []
		for (let i = 0; i < 3; i++) {
			const { hash } = await node.author.seal()
			const [digest] = node.chain.header(hash)!.digest
			slots.push(Number(new ScaleReader(digest.type === 'preRuntime' ? digest.data : new Uint8Array(8)).u64()))
			const time = new ScaleReader(node.chain.state(hash)!.get(bytes('t'))!).u64()
			expect(Number(time)).toBe(slots[i] * 6000)
		}
		expect(slots[1]).toBe(slots[0] + 1)
		expect(slots[2]).toBe(slots[1] + 1)
		await expect(node.author.seal({ timestampMs: slots[0] * 6000 })).rejects.toThrow(/next block's slot is/)
		const later = (slots[2] + 5) * 6000 + 17
		const { hash } = await node.author.seal({ timestampMs: later })
		expect(Number(new ScaleReader(node.chain.state(hash)!.get(bytes('t'))!).u64())).toBe(later)
	})

	it('applies the pool in order, drops what the runtime refuses or traps on, and keeps what does not fit', async () => {
		const node = await start()
		await node.pool.submit(extrinsic({ from: 'a', nonce: 0, operation: 'trap' }))
		await node.pool.submit(extrinsic({ from: 'b', nonce: 0, operation: 'exhaust', arguments: new Uint8Array(0) }))
		await node.pool.submit(extrinsic({ from: 'c', nonce: 0, operation: 'fail', arguments: bytes('f') }))
		await node.pool.submit(extrinsic({ from: 'd', nonce: 0, tip: 5, arguments: setArguments('x', 'd') }))
		await node.pool.submit(extrinsic({ from: 'e', nonce: 0, tip: 9, arguments: setArguments('x', 'e') }))
		const { hash } = await node.author.seal()
		// e before d by tip, so d's write stands; the failed extrinsic is in the block without its write.
		expect(node.chain.body(hash)!.length).toBe(1 + 3)
		expect(Buffer.from(node.chain.state(hash)!.get(userKey('x'))!).toString()).toBe('d')
		expect(node.chain.state(hash)!.get(userKey('f'))).toBeNull()
		expect(node.pool.pending().length).toBe(1)
	})

	it('makes no block without the authority key, and says so', async () => {
		const node = await start({ authority: '//Bob' })
		await expect(node.author.seal()).rejects.toThrow(/none of the 1 Aura authorities .* --authority/)
	})

	it('seals a block for each batch in instant mode', async () => {
		const node = await start({ sealing: 'instant' })
		const best = new Promise<ImportedBlock>((resolve) => void node.chain.on('best', resolve))
		await node.pool.submit(extrinsic({ from: 'a', nonce: 0 }))
		expect((await best).number).toBe(1)
	})

	it('follows set_code: the next block runs the new runtime, and subscribers learn of it', async () => {
		const node = await start()
		const blocks: ImportedBlock[] = []
		node.chain.on('best', (block) => blocks.push(block))
		// Compressed, the same code has another hash.
		const code = concatBytes(Uint8Array.of(0x52, 0xbc, 0x53, 0x76, 0x46, 0xdb, 0x8e, 0x05), zstdCompressSync(await testRuntime()))
		await node.pool.submit(extrinsic({ from: 'a', nonce: 0, operation: 'setCode', arguments: code }))
		await node.author.seal()
		const { hash } = await node.author.seal()
		expect(blocks.map(({ runtimeChanged }) => runtimeChanged)).toEqual([true, false])
		expect(node.chain.state(hash)!.get(bytes(':code'))).toEqual(code)
		expect(node.chain.runtimeVersion(hash).specName).toBe('test-runtime')
	})

	it('tells the writes of a block, live and from the tries', async () => {
		const node = await start()
		const blocks: ImportedBlock[] = []
		node.chain.on('best', (block) => blocks.push(block))
		await node.pool.submit(extrinsic({ from: 'a', nonce: 0, arguments: setArguments('x', 'one') }))
		const { hash } = await node.author.seal()
		const plain = (changes: { key: Uint8Array; value: Uint8Array | null }[]) =>
			changes.map(({ key, value }) => [toHex(key), value && toHex(value)])
		expect(plain(blocks[0].changes)).toContainEqual([toHex(userKey('x')), toHex(bytes('one'))])
		expect(plain(node.chain.changesOf(hash)!)).toEqual(plain(blocks[0].changes))
	})
})

describe('finality', () => {
	it('finalises each block with a justification that verifies', async () => {
		const node = await start()
		const finalized: number[] = []
		const seen = new Promise<void>((resolve) =>
			node.chain.on('finalized', ({ number }) => {
				finalized.push(number)
				if (number === 2) resolve()
			}),
		)
		await node.author.seal()
		const { hash } = await node.author.seal()
		await seen
		expect(finalized).toEqual([1, 2])
		expect(node.chain.finalized()).toEqual(node.chain.best())
		const [[engine, data]] = node.chain.justifications(hash)
		expect(engine).toBe('FRNK')
		const proof = decodeJustification(data)
		expect(proof).toMatchObject({ round: 2n, hash, number: 2, ancestries: [] })
		const [vote] = proof.precommits
		expect(verify('ed25519', vote.signature, precommitPayload({ hash, number: 2 }, 2n, 0n), vote.key)).toBe(true)
		const set = { setId: 0n, voters: [{ key: vote.key, weight: 1n }] }
		verifyJustification(proof, { hash, number: 2 }, set)
		expect(() => verifyJustification(proof, { hash, number: 2 }, { ...set, setId: 1n })).toThrow(/signature .* is wrong/)
		expect(() => verifyJustification(proof, { hash: node.chain.genesisHash, number: 2 }, set)).toThrow(/not for 2/)
		expect(() => verifyJustification({ ...proof, precommits: [] }, { hash, number: 2 }, set)).toThrow(/fewer than the 1/)
		const other = { key: new Uint8Array(32), weight: 3n }
		expect(() => verifyJustification(proof, { hash, number: 2 }, { setId: 0n, voters: [...set.voters, other] })).toThrow(/weight 1 .* 3/)
	})

	it('can leave blocks unfinalised and finalises them with a later one', async () => {
		const node = await start()
		await node.author.seal({ finalize: false })
		await node.author.seal({ finalize: false })
		expect(node.chain.finalized().number).toBe(0)
		expect(await node.finalize(node.chain.hashOf(1)!)).toEqual({ hash: node.chain.hashOf(1), number: 1 })
		await node.author.seal()
		expect(node.chain.finalized().number).toBe(3)
	})

	it('does not finalise alone when others have a third of the votes', async () => {
		const node = await start({ spec: await testSpec({ grandpa: ['//Alice', '//Bob', '//Charlie'] }) })
		await node.author.seal()
		expect(node.chain.finalized().number).toBe(0)
	})

	it('lets the old set finalise the block that changes the set, and the new one the next', async () => {
		const node = await start()
		await node.pool.submit(extrinsic({ from: 'a', nonce: 0, operation: 'setGrandpa', arguments: grandpaAuthorities(['//Bob']) }))
		await node.author.seal()
		expect(node.chain.finalized().number).toBe(1)
		await node.author.seal()
		expect(node.chain.finalized().number).toBe(1)
		node.keystore.insert('gran', '//Bob', grandpaAuthorities(['//Bob']).subarray(1, 33))
		await node.author.seal()
		expect(node.chain.finalized().number).toBe(3)
		const proof = decodeJustification(node.chain.justifications(node.chain.hashOf(2)!)[0][1])
		expect(proof.round).toBe(1n)
	})
})

describe('import and export', () => {
	const made = async () => {
		const node = await start()
		for (let i = 0; i < 4; i++) {
			await node.pool.submit(extrinsic({ from: 'a', nonce: i, arguments: setArguments(`k${i}`, 'v'.repeat(i * 20)) }))
			await node.author.seal({ finalize: i !== 2 })
		}
		return node
	}

	it('gives another node the same chain, state and finality', async () => {
		const from = await made()
		const file = collect(from.exportBlocks())
		expect(file.readBigUInt64LE(0)).toBe(4n)
		const into = await start({ authority: undefined })
		// In pieces that cut blocks anywhere.
		const pieces = Array.from({ length: Math.ceil(file.length / 97) }, (_, i) => file.subarray(i * 97, i * 97 + 97))
		expect(await into.importBlocks(pieces)).toBe(4)
		expect(into.chain.best()).toEqual(from.chain.best())
		expect(into.chain.finalized()).toEqual(from.chain.finalized())
		expect(stateOf(into, into.chain.best().hash)).toEqual(stateOf(from, from.chain.best().hash))
		expect(collect(into.exportBlocks())).toEqual(file)
		expect(await into.importBlocks([file])).toBe(0)
		into.verify()
	})

	it('exports a range and refuses one the chain lacks', async () => {
		const node = await made()
		expect(collect(node.exportBlocks(2, 3)).readBigUInt64LE(0)).toBe(2n)
		expect(() => collect(node.exportBlocks(3, 9))).toThrow(/blocks 1 to 4/)
	})

	it('refuses a file that is cut off, too long or no blocks, after importing what is whole', async () => {
		const file = collect((await made()).exportBlocks())
		const into = await start({ authority: undefined })
		await expect(into.importBlocks([file.subarray(0, -30)])).rejects.toThrow(/after 3 of 4 blocks/)
		expect(into.chain.best().number).toBe(3)
		await expect(into.importBlocks([file, bytes('xx')])).rejects.toThrow(/2 bytes follow/)
		await expect(into.importBlocks([bytes('abc')])).rejects.toThrow(/holds no blocks/)
	})

	const first = async (): Promise<SignedBlock> => {
		for await (const block of readBlocks([collect((await made()).exportBlocks(1, 1))])) return block
		throw new Error('no block')
	}
	const other: Hash = `0x${'11'.repeat(32)}`

	it.each<[string, (block: SignedBlock) => SignedBlock, RegExp]>([
		['a wrong seal', (block) => withSeal(block, new Uint8Array(64)), /seal is not a signature/],
		['no seal', (block) => withHeader(block, { digest: block.header.digest.slice(0, 1) }), /no Aura seal/],
		['no slot', (block) => withHeader(block, { digest: block.header.digest.slice(1) }), /no Aura slot/],
		['another state root', (block) => withHeader(block, { stateRoot: other }), /seal is not a signature/],
		['a changed body', (block) => ({ ...block, body: block.body.slice(0, 1) }), /roots differ/],
		['an unknown parent', (block) => withHeader(block, { parentHash: other }), /parent .* unknown/],
		['a wrong number', (block) => withHeader(block, { number: 7 }), /parent has number 0/],
		[
			'a wrong justification',
			(block) => ({ ...block, justifications: [[block.justifications[0][0], new Uint8Array(46)]] }),
			/is for block 0/,
		],
		['half a justification', (block) => ({ ...block, justifications: [[block.justifications[0][0], new Uint8Array(4)]] }), /ended early/],
	])('refuses a block with %s', async (_, change, message) => {
		const block = change(await first())
		const into = await start({ authority: undefined })
		await expect(into.importBlocks([encodeU64(1), encodeSignedBlock(block)])).rejects.toThrow(message)
		expect(into.chain.best().number).toBe(0)
	})
})

const withHeader = (block: SignedBlock, change: Partial<Header>): SignedBlock => ({ ...block, header: { ...block.header, ...change } })
const withSeal = (block: SignedBlock, data: Uint8Array): SignedBlock =>
	withHeader(block, { digest: [block.header.digest[0], { type: 'seal', engine: 'aura', data }] })

describe('the data directory', () => {
	it('holds the same chain after a restart', async () => {
		const basePath = directory()
		const first = await start({ basePath })
		await first.pool.submit(extrinsic({ from: 'a', nonce: 0 }))
		await first.author.seal()
		const best = first.chain.best()
		const state = stateOf(first, best.hash)
		await stop(first)
		const second = await start({ basePath })
		expect(second.chain.best()).toEqual(best)
		expect(second.chain.finalized()).toEqual(best)
		expect(stateOf(second, best.hash)).toEqual(state)
		await second.author.seal()
		expect(second.chain.best().number).toBe(2)
		second.verify()
	})

	it('is refused to a second process, naming the first', async () => {
		const basePath = directory()
		await start({ basePath })
		await expect(start({ basePath })).rejects.toThrow(new RegExp(`in use by process ${process.pid}`))
	})

	it('is taken over from a process that is gone', async () => {
		const basePath = directory()
		await stop(await start({ basePath }))
		const lock = join(basePath, 'chains', 'test', 'node.lock')
		writeFileSync(lock, JSON.stringify({ pid: 2 ** 22 + 1, startedAt: '1', token: 'gone' }))
		await stop(await start({ basePath }))
		writeFileSync(lock, JSON.stringify({ pid: process.pid, startedAt: 'another start', token: 'reused pid' }))
		await stop(await start({ basePath }))
		expect(existsSync(lock)).toBe(false)
	})

	it('of another genesis is refused with both hashes and what to do', async () => {
		const basePath = directory()
		const first = await start({ basePath })
		const { genesisHash } = first.chain
		await stop(first)
		const spec = await testSpec({ slotDurationMs: 1000 })
		const error = await start({ basePath, spec }).catch((reason) => reason)
		expect(error).toBeInstanceOf(DataMismatchError)
		expect(error.found).toBe(genesisHash)
		expect(error.message).toContain(error.expected)
		expect(error.message).toMatch(/choose another base path, or purge/)
	})

	const damaged = async (damage: (file: string) => void) => {
		const basePath = directory()
		const node = await start({ basePath })
		for (let i = 0; i < 40; i++) {
			await node.pool.submit(extrinsic({ from: 'a', nonce: i, arguments: setArguments(`k${i}`, 'v'.repeat(200)) }))
			await node.author.seal()
		}
		await stop(node)
		const file = join(basePath, 'chains', 'test', 'chain.lmdb')
		damage(file)
		return [basePath, file] as const
	}

	it('with a truncated database is refused, and left as it was', async () => {
		const [basePath, file] = await damaged((path) => truncateSync(path, Math.floor(statSync(path).size / 2 / 4096) * 4096))
		const { size } = statSync(file)
		await expect(start({ basePath })).rejects.toThrow(/is cut off: it has \d+ bytes of \d+ .* restore it from a copy/s)
		expect(statSync(file).size).toBe(size)
	})

	it('with a database that is something else is refused', async () => {
		const [basePath] = await damaged((path) => writeFileSync(path, 'not a database'.repeat(1000)))
		await expect(start({ basePath })).rejects.toThrow(/no chain database or its first pages are damaged/)
	})

	it('with flipped bits in a record is found by verify', async () => {
		const [basePath] = await damaged((path) => {
			const contents = readFileSync(path)
			const value = Buffer.from('v'.repeat(100))
			// Pages that were written anew leave old copies behind: one of these is the live one.
			for (let at = contents.indexOf(value); at >= 0; at = contents.indexOf(value, at + value.length)) contents[at + 50] ^= 1
			writeFileSync(path, contents)
		})
		const node = await start({ basePath }).catch((reason) => reason)
		if (node instanceof Error) expect(node).toBeInstanceOf(DatabaseError)
		else expect(() => node.verify()).toThrow(/fails its checksum/)
	})

	it('that cannot be made is refused with the path', async () => {
		const file = join(directory(), 'file')
		writeFileSync(file, '')
		await expect(start({ basePath: join(file, 'below') })).rejects.toThrow(/cannot use .*below as base path/)
	})

	it('is deleted after a temporary run', async () => {
		// A folder of its own for temporary data: other tests run nodes at the same time.
		const folder = directory()
		vi.stubEnv('TMPDIR', folder)
		const node = await start()
		vi.unstubAllEnvs()
		expect(readdirSync(folder)).toHaveLength(1)
		await stop(node)
		expect(readdirSync(folder)).toEqual([])
	})

	it('keeps inserted keys, readable by the owner only', async () => {
		const basePath = directory()
		const node = await start({ basePath, authority: undefined })
		const key = grandpaAuthorities(['//Dave']).subarray(1, 33)
		node.keystore.insert('gran', '//Dave', key)
		expect(() => node.keystore.insert('gran', '//Eve', key)).toThrow(/does not give the public key/)
		expect(() => node.keystore.insert('gran', 'words that are no phrase and longer than a raw seed', key)).toThrow(
			/secret URI is not understood/,
		)
		await stop(node)
		const again = await start({ basePath, authority: undefined })
		expect(again.keystore.has('gran', key)).toBe(true)
		expect(again.keystore.has('aura', key)).toBe(false)
		const folder = join(basePath, 'chains', 'test', 'keystore')
		expect(statSync(join(folder, readdirSync(folder)[0])).mode & 0o777).toBe(0o600)
	})
})
