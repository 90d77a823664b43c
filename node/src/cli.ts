#!/usr/bin/env node
import { enableCompileCache } from 'node:module'
import { Command, InvalidArgumentError, Option } from 'commander'
import { checkBlocks, exportChain, importChain, verifyData } from './cli/blocks.ts'
import { type ChainOptions, defaultBasePath } from './cli/chain.ts'
import { CliError, EXIT, fail } from './cli/failure.ts'
import { LEVELS } from './cli/log.ts'
import { purgeChain } from './cli/purge.ts'
import { type RunOptions, run, VERSION } from './cli/run.ts'
import { DEFAULT_LIMITS } from './rpc/limits.ts'

const DEV_AUTHORITIES = ['alice', 'bob', 'charlie', 'dave', 'eve', 'ferdie']

function wholeNumber(least: number, most: number): (text: string) => number {
	return (text) => {
		const value = Number(text)
		if (!/^\d+$/.test(text) || value < least || value > most)
			throw new InvalidArgumentError(`It must be a whole number from ${least} to ${most}.`)
		return value
	}
}

const list = (text: string): string[] => text.split(',').map((item) => item.trim())

const chainOption = () => new Option('--chain <name|file>', 'dev, local, or the path of a chain spec (JSON)').default('dev')
const basePathOption = () => new Option('--base-path <dir>', `where chain and keys are kept (default: ${defaultBasePath()})`)

function program(): Command {
	const command = new Command('stkr-node')
		.description('Stkr node: runs the chain, makes and finalises its blocks, and serves JSON-RPC over WebSocket and HTTP.')
		.version(VERSION)
		.enablePositionalOptions()
		.addOption(chainOption())
		.addOption(basePathOption())
		.addOption(new Option('--tmp', 'keep everything in a temporary directory, deleted at the end').conflicts('basePath'))
		.addOption(
			new Option('--sealing <mode>', 'interval: a block each block time; instant: a block for each extrinsic; manual: on request')
				.choices(['interval', 'instant', 'manual'])
				.default('interval'),
		)
		.addOption(
			new Option('--block-time <ms>', "time between blocks (default: the runtime's slot duration)").argParser(wholeNumber(1, 3_600_000)),
		)
		.addOption(new Option('--authority <suri>', 'secret URI of the block author and finality voter (default on dev chains: //Alice)'))
	for (const name of DEV_AUTHORITIES) {
		const suri = `//${name[0].toUpperCase()}${name.slice(1)}`
		command.addOption(new Option(`--${name}`, `same as --authority ${suri}`).implies({ authority: suri }).conflicts('authority'))
	}
	command
		.addOption(new Option('--rpc-port <port>', 'port of JSON-RPC, 0 for a free one').default(9944).argParser(wholeNumber(0, 65_535)))
		.addOption(
			new Option('--rpc-host <address>', 'address to listen on; other than loopback needs --unsafe-rpc-external').default('127.0.0.1'),
		)
		.addOption(
			new Option('--rpc-methods <set>', 'auto: unsafe methods for this machine only').choices(['auto', 'safe', 'unsafe']).default('auto'),
		)
		.addOption(
			new Option('--rpc-cors <origins>', 'browser origins let in, by comma; all for any (default: this machine, polkadot.js)').argParser(
				list,
			),
		)
		.addOption(new Option('--rpc-allow-host <names>', 'further host names of this node, by comma (DNS rebinding guard)').argParser(list))
		.addOption(new Option('--unsafe-rpc-external', 'serve JSON-RPC to other machines'))
		.addOption(
			new Option('--max-connections <count>', 'most JSON-RPC clients at once')
				.default(DEFAULT_LIMITS.connections)
				.argParser(wholeNumber(1, 100_000)),
		)
		.addOption(new Option('--log <level>', 'how much to log').choices(LEVELS).default('info'))
		.addHelpText('after', HELP)
		.action((options: RunOptions) => run(options))
	command
		.command('purge-chain')
		.description("delete a chain's blocks and state; its keys stay")
		.addOption(chainOption())
		.addOption(basePathOption())
		.option('-y, --yes', 'do not ask')
		.action((options: ChainOptions & { yes?: boolean }) => purgeChain(options))
	command
		.command('check-block')
		.description('execute stored blocks again and compare every root')
		.argument('[from]', 'first block number', wholeNumber(1, 0xffff_ffff))
		.argument('[to]', 'last block number (default: the first, or the best block when none is given)', wholeNumber(1, 0xffff_ffff))
		.addOption(chainOption())
		.addOption(basePathOption())
		.action((from: number | undefined, to: number | undefined, options: ChainOptions) => checkBlocks(from, to, options))
	command
		.command('verify')
		.description('check the checksum of every stored record')
		.addOption(chainOption())
		.addOption(basePathOption())
		.action((options: ChainOptions) => verifyData(options))
	command
		.command('export-blocks')
		.description('write blocks in the binary form of polkadot-sdk, oldest first')
		.argument('[file]', 'where to (default: standard output)')
		.addOption(new Option('--from <block>', 'first block').default(1).argParser(wholeNumber(1, 0xffff_ffff)))
		.addOption(new Option('--to <block>', 'last block (default: the best)').argParser(wholeNumber(1, 0xffff_ffff)))
		.addOption(chainOption())
		.addOption(basePathOption())
		.action((file: string | undefined, options: ChainOptions & { from: number; to?: number }) => exportChain(file, options))
	command
		.command('import-blocks')
		.description('execute and store blocks written by export-blocks')
		.argument('[file]', 'where from (default: standard input)')
		.addOption(chainOption())
		.addOption(basePathOption())
		.action((file: string | undefined, options: ChainOptions) => importChain(file, options))
	command.hook('preSubcommand', (_, subcommand) => {
		const misplaced = command.options.find((option) => command.getOptionValueSource(option.attributeName()) === 'cli')
		if (misplaced)
			throw new CliError(EXIT.usage, `put ${misplaced.long} after ${subcommand.name()}: before it, it belongs to running the node`)
	})
	for (const each of [command, ...command.commands]) each.exitOverride((error) => process.exit(error.exitCode === 0 ? 0 : EXIT.usage))
	return command
}

const HELP = `
Examples:
  $ stkr-node --tmp                                  a fresh dev chain, gone at the end
  $ stkr-node --chain dev --sealing instant          a block at once for each extrinsic
  $ stkr-node --block-time 1000 --rpc-port 9955      fast blocks, another port
  $ stkr-node --chain ./my-raw.json --base-path ./data --authority //Bob
  $ stkr-node purge-chain --chain dev -y             start over
  $ stkr-node export-blocks blocks.bin --to 1000     blocks 1 to 1000 into a file
  $ stkr-node check-block 1 100                      execute blocks 1 to 100 again

Exit codes: 0 stopped, 1 failure, 2 wrong usage, 3 chain spec, 4 data directory, 5 no disk space, 6 port.`

// half of a start is compiling modules
enableCompileCache()
process.on('uncaughtException', fail)
await program().parseAsync().catch(fail)
