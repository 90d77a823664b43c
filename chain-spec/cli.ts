#!/usr/bin/env node
import { readFile, writeFile } from 'node:fs/promises'
import { Command } from 'commander'
import { buildPreset, buildRaw, ChainSpecError, loadChainSpec, PRESETS, readSpec } from './index.ts'

const emit = async (value: unknown, out: string | undefined): Promise<void> => {
	const text = `${JSON.stringify(value, null, 2)}\n`
	if (!out) process.stdout.write(text)
	else {
		await writeFile(out, text)
		console.error(`wrote ${out}`)
	}
}

const codeOf = async (path: string | undefined): Promise<string | undefined> =>
	path ? `0x${(await readFile(path)).toString('hex')}` : undefined

const program = new Command('stkr-chain-spec').description('Builds and checks chain specs of Stkr.').addHelpText(
	'after',
	`
Examples:
  stkr-chain-spec build --chain dev --raw --out dev.json    a spec any Substrate node takes
  stkr-chain-spec build --chain local > local.json          a spec to edit: keys, balances, witnesses
  stkr-chain-spec raw local.json --out local-raw.json       the edited spec, ready for nodes
  stkr-chain-spec check local-raw.json`,
)

program
	.command('presets')
	.description('lists the presets')
	.action(() => {
		for (const [name, { describe }] of Object.entries(PRESETS)) console.log(`${name.padEnd(8)}${describe}`)
	})

program
	.command('build')
	.description('writes the spec of a preset')
	.requiredOption('--chain <preset>', `one of ${Object.keys(PRESETS).join(', ')}`)
	.option('--raw', 'as raw genesis state, for nodes')
	.option('--code <file>', 'runtime blob (default: the one `npm run build` made)')
	.option('--out <file>', 'write there instead of standard output')
	.action(async ({ chain, raw, code, out }: { chain: string; raw?: boolean; code?: string; out?: string }) => {
		const plain = await buildPreset(chain, await codeOf(code))
		await emit(raw ? await buildRaw(plain) : plain, out)
	})

program
	.command('raw <spec>')
	.description('turns a plain spec into a raw one')
	.option('--out <file>', 'write there instead of standard output')
	.action(async (spec: string, { out }: { out?: string }) => emit(await loadChainSpec(spec), out))

program
	.command('check <spec>')
	.description('checks a spec, plain or raw; a plain one by building its genesis')
	.action(async (spec: string) => {
		const { name, id } = await readSpec(spec)
		const keys = Object.keys((await loadChainSpec(spec)).genesis.raw.top).length
		console.log(`${spec}: ${name} (${id}), ${keys} keys in genesis`)
	})

try {
	await program.parseAsync()
} catch (thrown) {
	if (!(thrown instanceof ChainSpecError) && !(thrown as NodeJS.ErrnoException).code) throw thrown
	console.error(`stkr-chain-spec: ${(thrown as Error).message}`)
	process.exitCode = 1
}
