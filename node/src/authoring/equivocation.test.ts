import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Keyring } from '@polkadot/keyring'
import { afterEach, describe, expect, it } from 'vitest'
import { readHeader } from '../block/header.ts'
import type { RawChainSpec } from '../chain-spec.ts'
import { toHex } from '../crypto/hex.ts'
import type { Node } from '../node.ts'
import { concatBytes, encodeU64, ScaleReader } from '../scale/codec.ts'
import { blocksOf, FOUR_VOTERS, importInto, SLOT_MS, sealSlots, TestNodes, WaitingLog } from '../testing/nodes.ts'
import { extrinsic, testRuntime, testSpec } from '../testing/runtime.ts'
import { slotOf, unseal } from './aura.ts'

const nodes = new TestNodes()
const directories: string[] = []
afterEach(async () => {
	await nodes.close()
	for (const path of directories.splice(0)) rmSync(path, { recursive: true, force: true })
})

const SLOT = 1001
const alice = new Keyring({ type: 'sr25519' }).createFromUri('//Alice').publicKey
/** Where the test runtime keeps the report. */
const reportKey = concatBytes(Buffer.from('q'), alice, encodeU64(SLOT))
const reportIn = (node: Node) => node.chain.state(node.chain.best().hash)!.get(reportKey)

/** Blocks that `//Alice` made in these slots on a node of her own. */
const madeElsewhere = async (spec: RawChainSpec, ...slots: number[]) => {
	const twin = await nodes.start({ spec })
	await sealSlots(twin, ...slots)
	return blocksOf(twin)
}

/** A node with a block of `//Alice` in `SLOT`, and another one in the same slot to come. */
const twice = async (options: { spec?: RawChainSpec; basePath?: string } = {}) => {
	const { spec = await testSpec({ grandpa: FOUR_VOTERS }), basePath } = options
	const log = new WaitingLog()
	const node = await nodes.start({ spec, basePath, log })
	await node.pool.submit(extrinsic({ from: 'a', nonce: 0 }))
	await sealSlots(node, SLOT)
	return { node, log, spec, second: await madeElsewhere(spec, SLOT) }
}

/** The test runtime under another name of one of its functions. */
const without = async (name: string): Promise<RawChainSpec> => {
	const blob = Buffer.from(await testRuntime())
	const at = blob.indexOf(name)
	expect(at).toBeGreaterThan(0)
	blob.write('X', at)
	return testSpec({ grandpa: FOUR_VOTERS, state: { [toHex(Buffer.from(':code'))]: toHex(blob) } })
}

describe('two blocks of one Aura authority in one slot', () => {
	it('CNS-6 are reported with both sealed headers and the proof of the key, by an extrinsic of the node itself', async () => {
		const { node, log, second } = await twice()
		const first = node.chain.best()
		expect(await importInto(node, second)).toBe(1)
		await log.until('equivocation reported')
		expect(node.chain.best()).toEqual(first)
		expect(node.pool.pending().length).toBe(1)
		await sealSlots(node, SLOT + 1)
		const reader = new ScaleReader(reportIn(node)!)
		expect(readHeader(reader)).toEqual(node.chain.header(first.hash))
		expect(readHeader(reader)).toEqual(second[0].header)
		expect(reader.vecU8()).toEqual(alice)
		expect(reader.done).toBe(true)
		expect(node.pool.pending()).toEqual([])
	})

	it('CNS-6 are found when neither is on the best chain', async () => {
		const { node, log, spec, second } = await twice()
		await importInto(node, await madeElsewhere(spec, SLOT - 3, SLOT - 2, SLOT - 1))
		await importInto(node, second)
		await log.until('equivocation reported')
		expect(node.pool.pending().length).toBe(2)
	})

	it('CNS-6 are not reported when other authorities made them, or in other slots', async () => {
		const spec = await testSpec({ grandpa: FOUR_VOTERS })
		const log = new WaitingLog()
		const node = await nodes.start({ spec, log })
		await sealSlots(node, SLOT)
		await importInto(node, await madeElsewhere(spec, SLOT - 1, SLOT + 1))
		expect(log.lines.filter(({ level }) => level === 'warn')).toEqual([])
		expect(node.pool.pending()).toEqual([])
	})

	it('CNS-6 are none when they are one block with two seals', async () => {
		const spec = await testSpec({ grandpa: FOUR_VOTERS })
		const log = new WaitingLog()
		const node = await nodes.start({ spec, log })
		await sealSlots(node, SLOT)
		const again = await madeElsewhere(spec, SLOT)
		expect(unseal(again[0].header).unsealed).toEqual(unseal(node.chain.header(node.chain.best().hash)!).unsealed)
		expect(await importInto(node, again)).toBe(1)
		expect(log.lines.filter(({ level }) => level === 'warn')).toEqual([])
		expect(node.pool.pending()).toEqual([])
	})

	it('CNS-6 are not reported from more than 1,000 slots ago', async () => {
		const { node, log, second } = await twice()
		await sealSlots(node, SLOT + 1001)
		await importInto(node, second)
		expect(log.lines.filter(({ level }) => level === 'warn')).toEqual([])
		expect(node.pool.pending()).toEqual([])
	})

	it.each([
		['takes no reports', 'AuraEquivocationApi_submit_report', 'the runtime takes no reports'],
		['fails at one', 'AuraEquivocationApi_generate_key', 'equivocation not reported'],
	])('CNS-6 do not keep a block out when the runtime %s', async (_, name, message) => {
		const { node, log, second } = await twice({ spec: await without(name) })
		expect(await importInto(node, second)).toBe(1)
		await log.until(message)
		expect(node.pool.pending()).toEqual([])
		await sealSlots(node, SLOT + 1)
		expect(node.chain.best().number).toBe(2)
	})

	it('CNS-6 are reported after a restart, until the chain knows', async () => {
		const basePath = mkdtempSync(join(tmpdir(), 'stkr-test-'))
		directories.push(basePath)
		const { node, log, spec, second } = await twice({ basePath })
		await importInto(node, second)
		await log.until('equivocation reported')
		await nodes.close(node)

		const laterLog = new WaitingLog()
		const later = await nodes.start({ spec, basePath, log: laterLog })
		await laterLog.until('equivocation reported')
		await sealSlots(later, SLOT + 1)
		expect(reportIn(later)).not.toBeNull()
		await nodes.close(later)

		const lastLog = new WaitingLog()
		const last = await nodes.start({ spec, basePath, log: lastLog })
		expect(await lastLog.until('equivocation not reported')).toMatchObject({ slot: SLOT, reason: 'Invalid Transaction' })
		expect(last.pool.pending()).toEqual([])
	})

	it('CNS-6 are not made by this node after its branch was retired', async () => {
		const spec = await testSpec({ grandpa: FOUR_VOTERS })
		const node = await nodes.start({ spec })
		await sealSlots(node, SLOT)
		await importInto(node, await madeElsewhere(spec, SLOT - 2, SLOT - 1))
		expect(node.chain.best().number).toBe(2)
		await expect(node.author.seal({ timestampMs: SLOT * SLOT_MS })).rejects.toThrow(/slot 1001 .* a second one would be an offence/)
		await sealSlots(node, SLOT + 1)
		expect(node.chain.best().number).toBe(3)
	})

	it('CNS-6 are not made by this node when it chooses the slot', async () => {
		const spec = await testSpec({ grandpa: FOUR_VOTERS })
		const node = await nodes.start({ spec })
		// Ahead of the clock, so that the next slot is the parent's next.
		const ahead = 1_000_000_000
		await sealSlots(node, ahead)
		await importInto(node, await madeElsewhere(spec, ahead - 2, ahead - 1))
		const { hash } = await node.author.seal()
		expect(slotOf(node.chain.header(hash)!)).toBe(ahead + 1)
	})
})
