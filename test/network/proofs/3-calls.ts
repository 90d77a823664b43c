import { deepStrictEqual, strictEqual } from 'node:assert'
import { ApiPromise, WsProvider } from '@polkadot/api'
import { DEV_KEYS } from '@stkr/runtime-spec/runtime/presets.ts'
import { scenario } from '../../conformance/chopsticks/scenario.ts'
import { root } from '../../conformance/chopsticks/steps.ts'
import { consensusSteps } from '../calls/consensus-steps.ts'
import { Ledger } from '../calls/ledger.ts'
import { makeRandom } from '../calls/random.ts'
import { makeScripted } from '../calls/scripted.ts'
import { tally } from '../calls/tally.ts'
import type { Proof } from '../proof.ts'

const SEED = 20_261_120
const PROGRESS_CALLS = 500
const MOST_LISTED = 8
/** The script leaves Ferdie with nothing to pay fees with. */
const RICH_PLANCK = 10n ** 24n

/** Their calls are inherents, or they have none. */
const WITHOUT_SIGNED_CALLS = ['timestamp']
/** The scenario's own calls of these are for a chain of one authority; `consensusSteps` has those for this network. */
const LEFT_OUT = /^(session|offences)\./

/** CHN-1, CNS-1: signed calls of every pallet through all nodes, and all nodes agree on all of it. */
export const calls: Proof = {
	title: 'signed calls of every pallet through the RPC of all three, and no node diverges',
	async run({ network, steps, calls }) {
		const validators = [...network.validators.keys()]
		const rpcs = network.authors().map(({ rpc }) => rpc)
		const provider = new WsProvider(rpcs[0].ws)
		const api = await ApiPromise.create({ provider, noInitWarn: true })
		try {
			const { number: before } = await rpcs[0].best()
			const ledger = new Ledger(rpcs, api, before)
			await makeScripted(ledger, api, scenario(), (names) => names.some((name) => LEFT_OUT.test(name)))
			await makeScripted(ledger, api, [
				...consensusSteps(validators, rpcs[0]),
				[root('balances.forceSetBalance', [DEV_KEYS.Ferdie.sr25519, RICH_PLANCK])],
			])
			const scripted = ledger.size
			steps.step(`${scripted} calls of a script are in blocks ${before + 1} to ${(await rpcs[0].best()).number}`)

			const started = performance.now()
			const refused = await makeRandom(ledger, {
				rpc: rpcs[0],
				seed: SEED,
				count: Math.max(0, calls - scripted),
				notBy: ['Alice', ...validators],
				progress: (taken) => {
					if (taken % PROGRESS_CALLS === 0) steps.step(`${taken} random calls taken (seed ${SEED})`)
				},
			})
			const taken = ledger.size - scripted
			const submitted = performance.now()
			const last = await ledger.included()
			await network.isFinal(last)
			const perSecond = (until: number) => (taken / ((until - started) / 1000)).toFixed(0)
			steps.step(
				`${taken} random calls: ${perSecond(submitted)}/s into the pools, ${perSecond(performance.now())}/s from the first submission to all final; ${refused} more were refused by the pools`,
			)

			const fates = await ledger.fates(before + 1, last)
			for (const line of tally(fates)) steps.step(line)
			const wrong = fates.filter(({ blocks, verdicts }) => blocks !== 1 || verdicts !== 1)
			await steps.check(`each of ${fates.length} signed calls is in one final block, and has one event that says how it ended`, () =>
				deepStrictEqual(wrong.slice(0, MOST_LISTED), []),
			)
			await steps.check(`the ${scripted} scripted calls came out as they must`, () =>
				deepStrictEqual(
					fates.filter(({ expected, outcome }) => expected !== undefined && expected !== outcome),
					[],
				),
			)
			await steps.check('every pallet that has signed calls was called', () => {
				const called = new Set(fates.flatMap(({ names }) => names.map((name) => name.split('.')[0])))
				deepStrictEqual(
					Object.keys(api.tx).filter((section) => !called.has(section) && !WITHOUT_SIGNED_CALLS.includes(section)),
					[],
				)
			})
			await steps.check(`all three have the same ${last} blocks and state roots`, async () => {
				const [first, ...others] = await Promise.all(rpcs.map((rpc) => rpc.hashes(last)))
				for (const other of others) deepStrictEqual(other, first)
				const roots = await Promise.all(rpcs.map(async (rpc) => (await rpc.header(first.at(-1)!)).stateRoot))
				strictEqual(new Set(roots).size, 1, `state roots of block ${last}: ${roots.join(', ')}`)
			})
		} finally {
			await api.disconnect()
		}
		const { finalized, embedded } = await network.mirror()
		await steps.check(`the embedded node executes the same blocks, ${finalized.number} by now, to the same state roots`, () =>
			deepStrictEqual(embedded.best, finalized),
		)
	},
}
