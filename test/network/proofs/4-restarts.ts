import { deepStrictEqual, ok, strictEqual } from 'node:assert'
import { authorship } from '../headers.ts'
import type { Network } from '../network.ts'
import type { Proof } from '../proof.ts'
import type { Head } from '../rpc.ts'
import type { SubstrateNode } from '../substrate-node.ts'
import { until } from '../until.ts'

/** Blocks made while validators are away. */
const MISSED = 2
const RESUME_SECONDS = 120
/** Place of the third validator among the authorities. */
const THIRD = 2

/** What was final on a node must still be on its chain. */
const assertKept = async (network: Network, finalized: readonly Head[]): Promise<void> => {
	for (const { number, hash } of finalized) strictEqual((await network.agreed(number)).hash, hash, `block ${number} was final`)
}

/** Waits until a validator has made a block after `number` that is final; gives its number. */
const authorsAgain = (network: Network, index: number, after: number): Promise<number> => {
	let next = after + 1
	return until(
		`a final block of authority ${index} after ${after}`,
		async () => {
			const [{ rpc }] = network.authors()
			const { number } = await rpc.finalized()
			for (; next <= number; next++) {
				const header = await rpc.header((await rpc.hashAt(next))!)
				if (authorship(header, await rpc.authorities(header.parentHash)).sealedBy === index) return next
			}
			return undefined
		},
		RESUME_SECONDS,
	)
}

/** Waits until blocks stop becoming final on a node while new ones come, and gives the last final one. */
const stall = async (node: SubstrateNode): Promise<Head> => {
	let [final, since] = [await node.rpc.finalized(), await node.rpc.best()]
	return until(`finality to stand still on ${node.name}`, async () => {
		const [now, best] = [await node.rpc.finalized(), await node.rpc.best()]
		if (now.number !== final.number) [final, since] = [now, best]
		return best.number >= since.number + MISSED ? final : undefined
	})
}

/** CNS-1: validators die and come back; nothing that was final is undone. */
export const restarts: Proof = {
	title: 'a validator killed and restarted catches up; with two stopped finality waits, and goes on when they are back',
	async run({ network, steps }) {
		const [first, second, third] = network.authors()
		const before = await network.goesOn(1)

		await third.kill()
		steps.step(`${third.name} is killed (SIGKILL) at block ${before.number}`)
		await first.reaches((await first.rpc.best()).number + MISSED)
		const missed = await first.rpc.best()
		const took = await network.start(third)
		await third.reaches(missed.number)
		steps.step(`${third.name} is back: its RPC answered after ${took.toFixed(0)} ms, and it has block ${missed.number}`)
		await steps.check(`${third.name} has caught up with the blocks it missed, and makes blocks that become final`, async () => {
			const own = await authorsAgain(network, THIRD, missed.number)
			steps.step(`block ${own} is ${third.name}'s`)
			await assertKept(network, [before])
		})

		const kept = await network.goesOn(1)
		await Promise.all([second.stop(), third.stop()])
		const stalled = await stall(first)
		steps.step(`${second.name} and ${third.name} are stopped: final stays at ${stalled.number}, ${first.name} goes on alone`)
		const alone = await first.rpc.best()
		await steps.check(`${first.name} makes blocks alone, and none becomes final`, async () => {
			ok(alone.number >= stalled.number + MISSED, `best ${alone.number}, final ${stalled.number}`)
			deepStrictEqual(await first.rpc.finalized(), stalled)
		})
		await Promise.all([network.start(second), network.start(third)])
		const resumed = await network.isFinal(alone.number, RESUME_SECONDS)
		await steps.check(`all three finalise on, beyond block ${resumed.number}, the last one made alone`, () =>
			strictEqual(resumed.hash, alone.hash),
		)
		await steps.check('what was final before is final still, on all three', () => assertKept(network, [before, kept, stalled]))
	},
}
