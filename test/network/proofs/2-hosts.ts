import { deepStrictEqual, strictEqual } from 'node:assert'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Hash } from '@stkr/node/src/chain.ts'
import { fromHex, toHex } from '@stkr/node/src/crypto/hex.ts'
import { signExtrinsic } from '@stkr/runtime-spec/frame/native/sign.ts'
import { balances, STKR } from '@stkr/runtime-spec/pallets/balances/index.ts'
import { pairOf } from '../../conformance/signers.ts'
import { callOf } from '../../runtime/calls.ts'
import { EmbeddedNode } from '../embedded-node.ts'
import type { Context, Proof } from '../proof.ts'
import type { Rpc } from '../rpc.ts'
import { singleSpec } from '../spec.ts'
import { SubstrateNode } from '../substrate-node.ts'
import { until } from '../until.ts'

const SEALED = 40
const AUTHORED = 5
const TRANSFERS_PER_BLOCK = 3
const SLOT_MS = 1000
/** Sealed blocks are of the past: the Rust client refuses those of a slot that has not come yet. */
const AGE_MS = 10 * 60_000

interface Hosts {
	embedded: EmbeddedNode
	substrate: SubstrateNode
	dir: string
}

const open = async ({ binary, dir, onFailure }: Context): Promise<Hosts> => {
	const spec = join(dir, 'single.json')
	await writeFile(spec, JSON.stringify(await singleSpec()))
	return {
		dir,
		embedded: await EmbeddedNode.create({ name: 'single-embedded', dir, spec, onExit: onFailure }),
		substrate: await SubstrateNode.create({
			binary,
			name: 'single-substrate',
			dir,
			spec,
			role: ['--alice', '--validator'],
			onExit: onFailure,
		}),
	}
}

/** Seals `count` blocks with transfers on the embedded node, one slot after the other from `startMs`, none before its time. */
const seal = async (rpc: Rpc, count: number, startMs: number): Promise<void> => {
	const genesisHash = fromHex((await rpc.hashAt(0))!)
	const bob = pairOf('Bob')
	let nonce = await rpc.call<number>('system_accountNextIndex', bob.address)
	for (let i = 0; i < count; i++) {
		for (let n = 0; n < TRANSFERS_PER_BLOCK; n++) {
			const dest = { type: 'Id', value: new Uint8Array(32).fill(100 + i) }
			const extrinsic = signExtrinsic(bob, callOf(balances, 'transferKeepAlive', { dest, value: STKR }), { nonce: nonce++, genesisHash })
			await rpc.call('author_submitExtrinsic', toHex(extrinsic))
		}
		const timestamp = startMs + i * SLOT_MS
		await until(`the slot of block ${i + 1}`, () => (Date.now() >= timestamp ? timestamp : undefined))
		await rpc.call('dev_newBlock', { count: 1, timestamp })
	}
}

/** Takes blocks `from` to `to` from one host to the other, both of which stand still. */
const carry = async (dir: string, source: SubstrateNode | EmbeddedNode, target: SubstrateNode | EmbeddedNode, from: number, to: number) => {
	const file = join(dir, 'carried.bin')
	await source.exportBlocks(file, from, to)
	await target.importBlocks(file)
}

/** What a host has while it runs: hashes of all blocks, and the number of the last final one. */
const chainOf = async ({ rpc }: SubstrateNode | EmbeddedNode): Promise<{ hashes: Hash[]; final: number }> => {
	const { number } = await rpc.best()
	return { hashes: await rpc.hashes(number), final: (await rpc.finalized()).number }
}

/** CNS-1: one chain goes from host to host, each carrying it on, with the same blocks on both. */
export const hosts: Proof = {
	title: 'blocks of the embedded node import into the Substrate node, and the other way round, hash by hash',
	async run(context) {
		const { steps } = context
		const { embedded, substrate, dir } = await open(context)
		try {
			steps.step(`the embedded node seals ${SEALED} blocks of ${TRANSFERS_PER_BLOCK} transfers, ${AGE_MS / 60_000} minutes old`)
			await embedded.start('//Alice')
			await seal(embedded.rpc, SEALED, Date.now() - AGE_MS)
			const sealed = await chainOf(embedded)
			await embedded.stop()
			await carry(dir, embedded, substrate, 1, SEALED)
			// Of justifications that come with blocks, the client looks at the first and then at one in 512.
			await steps.check('the Substrate node takes the first justification of the embedded node: block 1 is final', async () =>
				strictEqual(await substrate.storedFinality(), 1),
			)
			await substrate.start()
			const taken = await substrate.rpc.hashes(SEALED)
			await steps.check(`it has imported all blocks: all ${SEALED} hashes equal`, () => {
				strictEqual(sealed.hashes.length, SEALED)
				deepStrictEqual(taken, sealed.hashes)
			})

			const last = SEALED + AUTHORED
			await substrate.finalizes(last)
			steps.step(`the Substrate node carries the chain on to block ${last} and finalises it`)
			const authored = await substrate.rpc.hashes(last)
			await substrate.stop()
			await carry(dir, substrate, embedded, SEALED + 1, last)

			await embedded.start('//Alice')
			await steps.check(`the embedded node imports those: all ${last} hashes equal`, async () =>
				deepStrictEqual(await embedded.rpc.hashes(last), authored),
			)
			await seal(embedded.rpc, AUTHORED, Math.ceil(Date.now() / SLOT_MS) * SLOT_MS)
			const again = await chainOf(embedded)
			await steps.check(`it seals and finalises ${AUTHORED} blocks on top`, () =>
				deepStrictEqual([again.hashes.length, again.final], [last + AUTHORED, last + AUTHORED]),
			)
			await embedded.stop()
			await carry(dir, embedded, substrate, last + 1, last + AUTHORED)
			await substrate.start()
			await steps.check(`and the Substrate node takes them back: all ${last + AUTHORED} hashes equal`, async () =>
				deepStrictEqual(await substrate.rpc.hashes(last + AUTHORED), again.hashes),
			)
		} finally {
			await Promise.all([embedded.stop(), substrate.stop()])
		}
	},
}
