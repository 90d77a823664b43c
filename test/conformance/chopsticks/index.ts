import { deepStrictEqual, ok, strictEqual } from 'node:assert'
import type { ApiPromise } from '@polkadot/api'
import { buildRuntime } from '@stkr/runtime-spec/engine/build.ts'
import { VERSION } from '@stkr/runtime-spec/frame/system/version.ts'
import { pairsOf } from '@stkr/runtime-spec/pallets/session/testing/session-keys.ts'
import { builtRuntime } from '../../runtime/built.ts'
import type { Report } from '../report.ts'
import { afterUpgrade, NEXT_KEYS, scenario, upgrade } from './scenario.ts'
import { chopsticksSpec } from './spec.ts'
import { type Step, step } from './steps.ts'
import { TwinChains } from './twin-chains.ts'

const hexOf = (bytes: Uint8Array): `0x${string}` => `0x${Buffer.from(bytes).toString('hex')}`

/** Inherents are made by the block's author, in every block; nobody can sign them. */
const INHERENTS = ['timestamp.set']

const allCalls = (api: ApiPromise): string[] =>
	Object.entries(api.tx).flatMap(([section, calls]) => Object.keys(calls).map((method) => `${section}.${method}`))

/** The same calls on our node and in chopsticks (smoldot's executor), compared block by block. */
export const chopsticks = async (report: Report): Promise<void> => {
	report.part('chopsticks', 'the same signed calls on our node and in chopsticks, on smoldot’s executor')
	const chains = await TwinChains.open(await chopsticksSpec())
	try {
		const { aura, grandpa } = pairsOf(NEXT_KEYS)
		chains.ours.node.keystore.insert('aura', NEXT_KEYS, aura.publicKey)
		chains.ours.node.keystore.insert('gran', NEXT_KEYS, grandpa.publicKey)
		const called = new Set<string>()
		const run = async (blocks: Step[][]): Promise<void> => {
			for (const steps of blocks) {
				const { number, keys, differences, steps: results } = await chains.block(steps)
				for (const { title, calls, expected, ours, theirs } of results) {
					for (const call of calls) called.add(call)
					await report.check(`${title}: ${expected}`, () =>
						deepStrictEqual({ ours, chopsticks: theirs }, { ours: expected, chopsticks: expected }),
					)
				}
				await report.check(
					`block ${number}: ${keys} keys of the state equal, events among them (but hashes of blocks, which chopsticks makes up)`,
					() => ok(differences.length === 0, `${differences.length} keys differ:\n${differences.slice(0, 8).join('\n')}`),
				)
			}
		}
		await run(scenario())
		const { code } = await builtRuntime()
		const next = await buildRuntime(VERSION.specVersion + 1)
		await run(upgrade(hexOf(next.compressed), hexOf(code)))
		await chains.reconnect()
		await report.check(`set_code: spec version ${VERSION.specVersion} became ${VERSION.specVersion + 1}`, () =>
			strictEqual(chains.api.runtimeVersion.specVersion.toNumber(), VERSION.specVersion + 1),
		)
		await run(afterUpgrade())
		await report.check('the authorities changed at the end of a session', async () =>
			deepStrictEqual((await chains.api.query.aura.authorities()).toJSON(), [hexOf(aura.publicKey)]),
		)
		await report.check('a signed inherent is refused alike', async () => {
			const { ours, theirs } = await chains.refusals(step('Bob', 'timestamp.set', [1]))
			strictEqual(ours, theirs)
			ok(/invalid/i.test(ours), `our node takes it: ${ours}`)
		})
		await report.check('every call of every pallet was made', () =>
			deepStrictEqual(
				allCalls(chains.api).filter((call) => !called.has(call) && !INHERENTS.includes(call)),
				[],
			),
		)
	} finally {
		await chains.close()
	}
}
