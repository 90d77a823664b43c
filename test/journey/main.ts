/** `npm start`: the whole system on this machine, and the first stake through it, step by step. */
import { parseArgs } from 'node:util'
import { BadStart } from './bad-start.ts'
import { runJourney } from './journey.ts'
import { type Network, startNetwork } from './network.ts'

const HELP = `Brings up a dev Ethereum (execution client, beacon chain, the real deposit contract), the Stkr chain, the
escrow and three witnesses, and carries the first stake through them: lock, mint, pool, deposit, aETH, withdrawal.
Then it stays up until Ctrl-C.

  npm start -- [options]

  --once                  end after the journey, with 0 when all of it held
  --data <dir>            keep data and logs in this new or empty directory (default: a temporary one)
  --slot-ms <ms>          real time of an Ethereum slot (default: 1000; with --once 250)
  --chain-port <port>     JSON-RPC of the Stkr node (default: 9944)
  --ethereum-port <port>  JSON-RPC of the execution client (default: 8545)
  --beacon-port <port>    Beacon API (default: 5052)
  --witness-port <port>   status pages of the witnesses, this port and the two after it (default: 9615)
  --help                  this text

A port of 0 takes any free one; with --once that is the default.`

const numberOf = (text: string, name: string, least: number, most: number): number => {
	const value = Number(text)
	if (!/^\d+$/.test(text) || value < least || value > most)
		throw new BadStart(`--${name} ${text}: give a whole number from ${least} to ${most}`)
	return value
}

const OPTIONS = {
	once: { type: 'boolean', default: false },
	data: { type: 'string' },
	'slot-ms': { type: 'string' },
	'chain-port': { type: 'string' },
	'ethereum-port': { type: 'string' },
	'beacon-port': { type: 'string' },
	'witness-port': { type: 'string' },
	help: { type: 'boolean', default: false },
} as const

const parse = () => {
	try {
		return parseArgs({ options: OPTIONS }).values
	} catch (error) {
		throw new BadStart(`${(error as Error).message}\nSee npm start -- --help.`)
	}
}

const main = async (): Promise<number> => {
	const values = parse()
	if (values.help) {
		console.log(HELP)
		return 0
	}
	const port = (name: 'chain-port' | 'ethereum-port' | 'beacon-port' | 'witness-port', usual: number): number =>
		numberOf(values[name] ?? String(values.once ? 0 : usual), name, 0, 65_533)
	const started = performance.now()
	const seconds = (): string => `${((performance.now() - started) / 1000).toFixed(1).padStart(6)} s`
	const log = (line: string): void => console.log(`${seconds()}  ${line}`)

	let network: Network | undefined
	let stop: (code: number) => void = () => {}
	const stopped = new Promise<number>((resolve) => {
		stop = resolve
	})
	let failure: Error | undefined
	const onFailure = (error: Error): void => {
		failure ??= error
		stop(1)
	}
	for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => stop(130))

	const run = async (): Promise<number> => {
		network = await startNetwork({
			ports: {
				chain: port('chain-port', 9944),
				ethereum: port('ethereum-port', 8545),
				beacon: port('beacon-port', 5052),
				witness: port('witness-port', 9615),
			},
			slotMs: numberOf(values['slot-ms'] ?? (values.once ? '250' : '1000'), 'slot-ms', 0, 60_000),
			data: values.data,
			log,
			onFailure,
		})
		await runJourney(network, log)
		if (values.once) return 0
		const { chainUrl, ethereum, escrow, witnessUrls, data } = network
		console.log(`
The network stays up until Ctrl-C:
  Stkr node         ${chainUrl}   https://polkadot.js.org/apps/?rpc=${encodeURIComponent(chainUrl)}
  execution client  ${ethereum.rpcUrl}   chain ${ethereum.chainId}
  beacon chain      ${ethereum.beaconUrl}
  escrow            ${escrow}
  witnesses         ${witnessUrls.map((url) => `${url}/status`).join('  ')}
  logs and data     ${data}`)
		return stopped
	}

	try {
		const code = await Promise.race([run(), stopped])
		if (failure) throw failure
		return code
	} finally {
		await network?.close()
	}
}

try {
	process.exit(await main())
} catch (error) {
	console.error(error instanceof BadStart ? `npm start: ${error.message}` : error)
	process.exit(1)
}
