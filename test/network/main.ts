/** `npm run network`: proves on this machine that the Rust client and the embedded node run the same chain, as a network. */
import '@stkr/runtime-spec/frame/native/install.ts'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { buildSubstrateNode, CargoError } from './cargo.ts'
import { endAll } from './daemon.ts'
import { Network } from './network.ts'
import type { Proof } from './proof.ts'
import { Steps } from './steps.ts'

/** Loaded one by one: each brings clients that take a while. */
const PROOFS: { about: string; load: () => Promise<Proof> }[] = [
	{
		about: 'three validators take turns, finality follows, the embedded node gets the same state',
		load: async () => (await import('./proofs/1-turns.ts')).turns,
	},
	{
		about: 'blocks of the embedded node on the Substrate node and back, hash by hash',
		load: async () => (await import('./proofs/2-hosts.ts')).hosts,
	},
	{
		about: 'signed calls of every pallet through the RPC of all three, and no node diverges',
		load: async () => (await import('./proofs/3-calls.ts')).calls,
	},
	{
		about: 'a validator killed and restarted; two stopped; nothing final is undone',
		load: async () => (await import('./proofs/4-restarts.ts')).restarts,
	},
	{
		about: 'one validator out and one in, for block production and finality',
		load: async () => (await import('./proofs/5-authorities.ts')).authorities,
	},
	{
		about: 'a forkless upgrade of the runtime, and transfers after it',
		load: async () => (await import('./proofs/6-upgrade.ts')).upgrade,
	},
	{
		about: 'a validator that runs twice is found out, reported and recorded',
		load: async () => (await import('./proofs/7-equivocation.ts')).equivocation,
	},
	{
		about: 'smoldot follows as a light client',
		load: async () => (await import('./proofs/8-light-client.ts')).lightClient,
	},
	{
		about: 'figures: transfers, memory, start-up, one JSON line each',
		load: async () => (await import('./figures.ts')).figures,
	},
]

const HELP = `Starts a network of Rust nodes (polkadot-sdk's client) with our runtime on loopback and proves, step by step:

${PROOFS.map(({ about }, i) => `  ${i + 1}  ${about}`).join('\n')}

  npm run network -- [options]

  --only <list>    these alone, e.g. --only 1,4; a later one takes the network as the ones before have left it
  --calls <count>  signed calls of proof 3 (default: 2000)
  --keep           keep chain data and logs (kept too when something fails)
  --help           this text

The first run builds the Rust node with cargo (node/substrate), which takes long; CARGO_TARGET_DIR says where to.
Exit code 0 when everything held, 1 when something did not, 2 for wrong usage, 130 when interrupted.`

class UsageError extends Error {}

interface Options {
	only: Set<number>
	calls: number
	keep: boolean
}

const OPTIONS = {
	only: { type: 'string' },
	calls: { type: 'string', default: '2000' },
	keep: { type: 'boolean', default: false },
	help: { type: 'boolean', short: 'h', default: false },
} as const

const wholeNumber = (text: string, option: string, least: number, most: number): number => {
	const value = Number(text)
	if (!/^\d+$/.test(text) || value < least || value > most)
		throw new UsageError(`--${option} ${text}: give whole numbers from ${least} to ${most}`)
	return value
}

const parse = (): Options | undefined => {
	let values: ReturnType<typeof parseArgs<{ options: typeof OPTIONS }>>['values']
	try {
		values = parseArgs({ options: OPTIONS }).values
	} catch (error) {
		throw new UsageError((error as Error).message)
	}
	if (values.help) return undefined
	const all = PROOFS.map((_, i) => i + 1)
	return {
		only: new Set(values.only === undefined ? all : values.only.split(',').map((text) => wholeNumber(text.trim(), 'only', 1, all.length))),
		calls: wholeNumber(values.calls, 'calls', 200, 100_000),
		keep: values.keep,
	}
}

/** Carries out what was asked for; gives the exit code. Ends all nodes, whatever happens. */
const prove = async ({ only, calls, keep }: Options): Promise<number> => {
	const steps = new Steps()
	const interruption = new AbortController()
	for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => interruption.abort())
	// of a client's own doing, or because nobody reads our output any more
	process.on('uncaughtException', (error) => {
		endAll().finally(() => {
			console.error(error)
			process.exit(1)
		})
	})
	const interrupted = new Promise<void>((resolve) => {
		interruption.signal.addEventListener('abort', () => resolve())
	})
	const dir = await mkdtemp(join(tmpdir(), 'stkr-network-'))

	const run = async (): Promise<void> => {
		steps.part('building the Substrate node')
		const binary = await buildSubstrateNode((line) => steps.step(line), interruption.signal)
		const onFailure = (error: Error): void => steps.fail('a node ended', error)
		steps.part('starting a network: Alice, Bob and Charlie validate, an observer follows')
		const network = await Network.open({ binary, dir, onFailure })
		for (const [i, { load }] of PROOFS.entries()) {
			if (!only.has(i + 1)) continue
			const { title, run } = await load()
			steps.part(`${i + 1}  ${title}`)
			try {
				await network.restore()
				await run({ network, steps, binary, dir, calls, onFailure })
			} catch (thrown) {
				steps.fail(`proof ${i + 1} came to no end`, thrown)
			}
		}
	}

	let holds = false
	try {
		await Promise.race([run(), interrupted])
		holds = steps.failures.length === 0 && !interruption.signal.aborted
	} catch (thrown) {
		if (thrown instanceof CargoError) steps.fail('the Substrate node could not be built', thrown.message)
		else steps.fail('the network did not start', thrown)
	} finally {
		await endAll()
	}
	if (holds && !keep) await rm(dir, { recursive: true })
	else console.log(`\nchain data and logs are in ${dir}`)
	console.log(`\n${steps.checks} checks, ${steps.failures.length} failed, ${Math.round(steps.seconds)} s`)
	for (const title of steps.failures) console.log(`  FAILED ${title}`)
	if (interruption.signal.aborted) return 130
	return holds ? 0 : 1
}

try {
	const options = parse()
	if (!options) console.log(HELP)
	process.exit(options ? await prove(options) : 0)
} catch (thrown) {
	if (!(thrown instanceof UsageError)) throw thrown
	console.error(`npm run network: ${thrown.message}\nSee npm run network -- --help.`)
	process.exit(2)
}
