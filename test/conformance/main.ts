import '@stkr/runtime-spec/frame/native/install.ts'
import { parseArgs } from 'node:util'
import { Report } from './report.ts'

/** Loaded one by one: each part brings clients that take a while. */
const PARTS: Record<string, { about: string; run: (report: Report) => Promise<void> }> = {
	chopsticks: {
		about: 'signed calls of every pallet on our node and in chopsticks, state equal key by key, and an upgrade',
		run: async (report) => (await import('./chopsticks/index.ts')).chopsticks(report),
	},
	'polkadot-js': {
		about: 'an unmodified @polkadot/api on our node: metadata, storage, sending, refusals, fees, an upgrade',
		run: async (report) => (await import('./polkadot-js/index.ts')).polkadotJs(report),
	},
	papi: {
		about: 'a stock polkadot-api client on our node: metadata, storage, sending, refusals, archive, an upgrade',
		run: async (report) => (await import('./papi/index.ts')).papi(report),
	},
	roots: {
		about: 'genesis by the smoldot light client; state roots, extrinsics roots and whole blocks by smoldot’s executor',
		run: async (report) => (await import('./roots.ts')).roots(report),
	},
	genesis: {
		about: 'the blob’s GenesisBuilder and metadata against what the build says, and the same bytes by another build',
		run: async (report) => (await import('./genesis.ts')).genesis(report),
	},
}

const help = (): string =>
	[
		'npm run conformance [-- --only <part>]',
		'',
		'Runs what others wrote against this chain: its blob on another executor, stock clients on its node, its roots by other code.',
		'One line a check; exit code 0 when all hold. Build first (npm run build; npm run conformance does).',
		'',
		'Parts:',
		...Object.entries(PARTS).map(([name, { about }]) => `  ${name.padEnd(12)} ${about}`),
	].join('\n')

const main = async (): Promise<number> => {
	const { values } = parseArgs({ options: { help: { type: 'boolean', short: 'h' }, only: { type: 'string', multiple: true } } })
	if (values.help) {
		console.log(help())
		return 0
	}
	const names = values.only ?? Object.keys(PARTS)
	for (const name of names) {
		if (name in PARTS) continue
		console.error(`conformance: there is no part "${name}"; the parts are ${Object.keys(PARTS).join(', ')}`)
		return 2
	}
	const report = new Report()
	for (const name of names) await PARTS[name].run(report)
	return report.summary()
}

// clients keep sockets and workers open behind their backs
process.exit(await main())
