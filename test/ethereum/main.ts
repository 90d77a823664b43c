/** Command line: runs a dev Ethereum by itself until interrupted. */
import { parseArgs } from 'node:util'
import { type Ethereum, type EthereumOptions, startEthereum } from './devnet.ts'

const HELP = `Runs a dev Ethereum on this machine: an execution client with the real deposit contract, and a beacon chain that finalizes it.

Usage: node test/ethereum/main.ts [options]

  --dir <path>              data directory, new or empty (default: a temporary one, removed at the end)
  --rpc-port <port>         execution JSON-RPC (default 8545; 0 = any free port)
  --engine-port <port>      Engine API (default 8551)
  --beacon-port <port>      Beacon API (default 5052)
  --seconds-per-slot <n>    chain time between slots in whole seconds (default 2)
  --slot-pace-ms <ms>       real time between slots (default: seconds-per-slot; 0 = as fast as they can be computed)
  --help                    this text

The funded accounts and the genesis validators have publicly known keys. All ports listen on 127.0.0.1 only.`

function parseOptions(args: string[]): EthereumOptions | 'help' {
	const text = { type: 'string' } as const
	const { values } = parseArgs({
		args,
		options: {
			dir: text,
			'rpc-port': { ...text, default: '8545' },
			'engine-port': { ...text, default: '8551' },
			'beacon-port': { ...text, default: '5052' },
			'seconds-per-slot': text,
			'slot-pace-ms': text,
			help: { type: 'boolean', short: 'h' },
		},
	})
	if (values.help) return 'help'
	const secondsPerSlot = values['seconds-per-slot']
	const slotPaceMs = values['slot-pace-ms']
	return {
		...(values.dir === undefined ? {} : { dir: values.dir }),
		ports: {
			rpc: parseNumber('--rpc-port', values['rpc-port']),
			engine: parseNumber('--engine-port', values['engine-port']),
			beacon: parseNumber('--beacon-port', values['beacon-port']),
		},
		...(secondsPerSlot === undefined ? {} : { secondsPerSlot: parseNumber('--seconds-per-slot', secondsPerSlot) }),
		...(slotPaceMs === undefined ? {} : { slotPaceMs: parseNumber('--slot-pace-ms', slotPaceMs) }),
	}
}

function parseNumber(option: string, value: string): number {
	if (!/^\d+$/.test(value)) throw new Error(`${option} takes a whole number of at least 0, got "${value}".`)
	return Number(value)
}

async function main(): Promise<void> {
	const options = parseOptions(process.argv.slice(2))
	if (options === 'help') {
		console.log(HELP)
		return
	}
	let starting: Promise<Ethereum> | undefined
	const stop = (): void => {
		Promise.resolve(starting)
			.then((ethereum) => ethereum?.close())
			.then(() => process.exit(0))
			// What made the start fail is told below.
			.catch(() => process.exit(1))
	}
	process.once('SIGINT', stop)
	process.once('SIGTERM', stop)
	console.log('Starting the execution client and the beacon chain …')
	starting = startEthereum({
		...options,
		log: (line) => console.log(line),
		onFailure: () => process.exit(1),
	})
	const ethereum = await starting
	console.log(`
  JSON-RPC             ${ethereum.rpcUrl}
  Beacon API           ${ethereum.beaconUrl}
  chain id             ${ethereum.chainId}
  genesis fork version ${ethereum.genesisForkVersion}
  deposit contract     ${ethereum.depositContract}
  data and logs        ${ethereum.dir}

  funded accounts (publicly known keys)`)
	for (const { address, privateKey } of ethereum.accounts) console.log(`  ${address}  ${privateKey}`)
	console.log('\nCtrl-C ends it.\n')
}

main().catch((error: unknown) => {
	console.error(error instanceof Error ? error.message : error)
	process.exitCode = 1
})
