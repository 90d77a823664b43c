#!/usr/bin/env node
import { readFileSync } from 'node:fs'
import closeWithGrace from 'close-with-grace'
import { Command } from 'commander'
import { type Logger, pino } from 'pino'
import { keysCommand } from './keys/commands/index.ts'
import { FatalError, messageOf } from './relayer/errors.ts'

const VERSION: string = JSON.parse(readFileSync(new URL('./package.json', import.meta.url), 'utf8')).version

/** A configuration that must be changed before another start; anything else ends with 1. */
const EXIT_USAGE = 2

const EXAMPLES = `
Examples:
  # a witness of a development network
  $ STKR_KEY=0x… stkr-sidecar witness --chain ws://127.0.0.1:9944 --ethereum http://127.0.0.1:8545 \\
      --escrow 0x5FbDB2315678afecb367f032d93F642f64180aa3 --genesis-fork-version 0x00000001 \\
      --data ./witness-1 --account //Witness1 --ethereum-key env:STKR_KEY

  # keys from files that only their owner can read, the rest from a file
  $ stkr-sidecar witness --config witness.json --account account.suri --ethereum-key ethereum.key

  # how it is doing
  $ curl http://127.0.0.1:9615/status

Each witness needs a data directory and, on one machine, a port of its own. It may be stopped at any moment, by any
signal, and started again: it goes on where it was.`

const WATCH_EXAMPLES = `
Examples:
  # needs no key: alarms are log lines with the field "alarm", and metrics
  $ stkr-sidecar watch --chain ws://127.0.0.1:9944 --ethereum http://127.0.0.1:8545 \\
      --escrow 0x5FbDB2315678afecb367f032d93F642f64180aa3
  $ curl http://127.0.0.1:9616/metrics

  # stops the escrow together with another witness's watcher when ETH is missing
  $ stkr-sidecar watch --config watch.json --pause --ethereum-key ethereum.key --pause-peer http://127.0.0.1:9617

Run it on other nodes than the witnesses use: it is to notice when those are wrong.`

/** What the service shows, until a signal or an error ends it. */
interface Running {
	readonly stopped: Promise<void>
	close(): Promise<void>
}

async function witness({ config: file, ...flags }: Record<string, string | undefined>): Promise<void> {
	// Loaded here, so that --help does not wait for the chains' libraries.
	const { readConfig } = await import('./relayer/config.ts')
	const config = readConfig(flags, file)
	const [{ startWitness }, { startService }] = await Promise.all([import('./relayer/witness.ts'), import('./service/server.ts')])
	const log = pino({ level: config.log, base: { role: 'witness' } })
	const running = await startWitness(config, log, process.env)
	await serveUntilStopped(running, log, () => startService({ host: config.host, port: config.port, status: running.status }))
}

async function watch({ config: file, ...flags }: Record<string, unknown>): Promise<void> {
	const { readWatchConfig } = await import('./relayer/config.ts')
	const config = readWatchConfig(flags, file as string | undefined)
	const [{ startWatcher }, { startWatchService }] = await Promise.all([import('./relayer/watcher.ts'), import('./service/watch.ts')])
	const log = pino({ level: config.log, base: { role: 'watcher' } })
	const running = startWatcher(config, log, process.env)
	await serveUntilStopped(running, log, () => startWatchService(config.host, config.port, running.status))
}

async function serveUntilStopped(
	running: Running,
	log: Logger,
	serve: () => Promise<{ url: string; close(): Promise<void> }>,
): Promise<void> {
	const service = await serve().catch(async (error: unknown) => {
		await running.close()
		throw error
	})
	log.info({ url: service.url }, 'service is listening')
	const close = async () => {
		await service.close()
		await running.close()
	}
	const grace = closeWithGrace({ delay: 10_000, logger: false }, async ({ err, signal }) => {
		if (err) log.fatal({ err }, 'unexpected error')
		else log.info({ signal }, 'closing')
		await close()
	})
	try {
		await running.stopped
	} catch (error) {
		grace.uninstall()
		await close()
		throw error
	}
}

const program = new Command('stkr-sidecar').description('Services of a Stkr operator').version(VERSION)
program
	.command('witness')
	.description('carry locks, orders and their outcomes between Ethereum and the Stkr chain (ESC-1, ESC-2)')
	.option('--config <file>', 'JSON file with any of these options in camel case; flags win')
	.option('--chain <url>', 'JSON-RPC of a Stkr node, ws:// or wss://')
	.option('--ethereum <url>', 'JSON-RPC of an Ethereum execution client, http:// or https://')
	.option('--escrow <address>', 'the escrow contract')
	.option('--data <dir>', 'directory of this witness, kept across restarts')
	.option('--account <source>', "the witness's account: //Name (development), a key file of mode 0600, or env:NAME")
	.option('--ethereum-key <source>', 'key that signs orders and pays for relays: a file of mode 0600, or env:NAME')
	.option('--genesis-fork-version <hex>', 'of the Ethereum network, unless it is a public one')
	.option('--ethereum-start-block <number>', 'first block to read: the one the escrow was deployed in, or any before (default: 0)')
	.option('--log-range <blocks>', 'most blocks in one query for logs (default: 2000)')
	.option('--max-fee-gwei <gwei>', 'above this fee per gas nothing is relayed (default: 200)')
	.option('--relay-stagger-ms <ms>', 'how much later each next witness in line relays an order (default: 24000)')
	.option('--resend-ms <ms>', 'when to send again what has shown no effect (default: 30000)')
	.option('--poll-ms <ms>', 'how often the chains are read (default: 4000)')
	.option('--host <address>', 'where the service listens (default: 127.0.0.1)')
	.option('--port <number>', 'of the service; 0 takes any free one (default: 9615)')
	.option('--log <level>', 'error, warn, info or debug (default: info)')
	.addHelpText('after', EXAMPLES)
	.action(witness)

program
	.command('watch')
	.description('watch both chains apart from the witnesses: reserve, stuck orders, stalled finality (ESC-5)')
	.option('--config <file>', 'JSON file with any of these options in camel case; flags win')
	.option('--chain <url>', 'JSON-RPC of a Stkr node, ws:// or wss://')
	.option('--ethereum <url>', 'JSON-RPC of an Ethereum execution client, http:// or https://')
	.option('--escrow <address>', 'the escrow contract')
	.option('--chain-stall-ms <ms>', 'alarm when the chain finalizes nothing for so long (default: 120000)')
	.option('--ethereum-stall-ms <ms>', 'alarm when Ethereum finalizes nothing for so long (default: 1500000)')
	.option('--order-age-ms <ms>', 'alarm when an order is open for so long (default: 7200000)')
	.option('--confirm-ms <ms>', 'how long a shortage must last to count (default: 60000)')
	.option('--pause', 'sign a pause of the escrow when ETH is missing, and broadcast it once two watchers have')
	.option('--ethereum-key <source>', 'key of a witness that signs the pause: a file of mode 0600, or env:NAME')
	.option('--pause-peer <url...>', 'services of other watchers, asked for their signature of the pause')
	.option('--max-fee-gwei <gwei>', 'most a pause pays per gas (default: 200)')
	.option('--poll-ms <ms>', 'how often the chains are read (default: 4000)')
	.option('--host <address>', 'where the service listens (default: 127.0.0.1)')
	.option('--port <number>', 'of the service; 0 takes any free one (default: 9616)')
	.option('--log <level>', 'error, warn, info or debug (default: info)')
	.addHelpText('after', WATCH_EXAMPLES)
	.action(watch)

program.addCommand(keysCommand())

program.parseAsync().catch((error: unknown) => {
	process.stderr.write(`${messageOf(error)}\n`)
	process.exitCode = error instanceof FatalError ? EXIT_USAGE : 1
})
