import { deepStrictEqual, ok, strictEqual } from 'node:assert'
import { type Authorship, authorship } from '../headers.ts'
import { finalityLag, type Lag } from '../live-heads.ts'
import type { Proof } from '../proof.ts'
import { SESSION_BLOCKS } from '../spec.ts'
import { votersAt } from '../voters.ts'

/** Two sessions end meanwhile. */
const BLOCKS = 24
const MOST_BEHIND = 2
/** Turns a validator may miss on a busy machine. */
const MISSED_TURNS = 1

/** `1 ×20, 2 ×4`: how often finality was how many blocks behind. */
const spread = (lags: readonly Lag[]): string => {
	const counts = Map.groupBy(lags, ({ blocks }) => blocks)
	return [...counts]
		.sort(([a], [b]) => a - b)
		.map(([blocks, { length }]) => `${blocks} ×${length}`)
		.join(', ')
}

/** CNS-1: blocks by turns, finality close behind, and the same state on the embedded node. */
export const turns: Proof = {
	title: 'three validators of one raw spec take turns, finality follows, and the embedded node gets the same state',
	async run({ network, steps }) {
		const names = [...network.validators.keys()]
		steps.step(`following ${BLOCKS} heads live on ${names.join(', ')}`)
		const lags = await Promise.all(network.authors().map(({ rpc }) => finalityLag(rpc.ws, BLOCKS)))
		for (const [i, seen] of lags.entries())
			await steps.check(`${names[i]}: finality is within ${MOST_BEHIND} blocks of each head (${spread(seen)})`, () =>
				deepStrictEqual(
					seen.filter(({ blocks }) => blocks > MOST_BEHIND),
					[],
				),
			)

		const [from, to] = [lags[0][0].head, lags[0].at(-1)!.head]
		const { rpc } = network.validator('Alice')
		await network.isFinal(to)
		const authored: Authorship[] = []
		for (let number = from; number <= to; number++) {
			const header = await rpc.header((await network.agreed(number)).hash)
			authored.push(authorship(header, await rpc.authorities(header.parentHash)))
		}
		await steps.check(`blocks ${from} to ${to}: all three have the same, each sealed by authority slot mod 3`, () =>
			deepStrictEqual(
				authored.map(({ sealedBy }) => sealedBy),
				authored.map(({ slot }) => slot % 3),
			),
		)
		const counts = names.map((_, i) => authored.filter(({ sealedBy }) => sealedBy === i).length)
		const slots = authored.at(-1)!.slot - authored[0].slot + 1
		await steps.check(`each made its share of ${authored.length} blocks in ${slots} slots: ${counts.join(', ')}`, () =>
			ok(Math.min(...counts) >= Math.floor(authored.length / names.length) - MISSED_TURNS),
		)

		const { finalized, embedded } = await network.mirror()
		await steps.check(
			`the embedded node executes blocks 1 to ${finalized.number} as exported by a Substrate node, each to the state root of its header`,
			() => deepStrictEqual(embedded.best, finalized),
		)
		await steps.check(`and has the same hash at each of ${finalized.number} numbers`, async () =>
			deepStrictEqual(await network.embeddedHashes(finalized.number), await rpc.hashes(finalized.number)),
		)
		await steps.check(`sessions of ${SESSION_BLOCKS} blocks ended meanwhile and left the same voters, set 0`, async () =>
			strictEqual((await votersAt(rpc, finalized.hash)).setId, 0n),
		)
	},
}
