#!/usr/bin/env node
/** Compiles the Solidity sources with solcjs, offline, and keeps the result until a source or the compiler changes. */
import { createHash } from 'node:crypto'
import { mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import type { Abi, Hex } from 'viem'

export interface CompiledContract {
	abi: Abi
	/** Creation code without constructor arguments. */
	bytecode: Hex
	/** Runtime code with its immutables still zero. */
	deployedBytecode: Hex
}

interface SolcMessage {
	severity: 'error' | 'warning' | 'info'
	formattedMessage: string
	sourceLocation?: { file: string }
}

interface SolcOutput {
	errors?: SolcMessage[]
	contracts?: Record<string, Record<string, { abi: Abi; evm: { bytecode: { object: string }; deployedBytecode: { object: string } } }>>
}

const HERE = dirname(fileURLToPath(import.meta.url))
const CACHE_FILE = join(HERE, 'dist', 'contracts.json')
const require = createRequire(import.meta.url)

/** More runs would save about 30 gas an order and take the escrow beyond EIP-170's limit. */
const SETTINGS = {
	evmVersion: 'prague',
	optimizer: { enabled: true, runs: 200 },
	outputSelection: { '*': { '*': ['abi', 'evm.bytecode.object', 'evm.deployedBytecode.object'] } },
}

/** Line ends are unified because the sources' hash is part of the bytecode. */
function readSource(file: string): string {
	return readFileSync(file, 'utf8').replaceAll('\r\n', '\n')
}

/** Our sources by path relative to this folder, with forward slashes on every system. */
function readSources(): Record<string, { content: string }> {
	const paths = readdirSync(join(HERE, 'src'), { recursive: true, encoding: 'utf8' })
		.filter((path) => path.endsWith('.sol'))
		.map((path) => `src/${path.replaceAll('\\', '/')}`)
		.sort()
	return Object.fromEntries(paths.map((path) => [path, { content: readSource(join(HERE, path)) }]))
}

function packageVersion(name: string): string {
	return (require(`${name}/package.json`) as { version: string }).version
}

/** solcjs is loaded only when something has to be compiled: it takes a second and 200 MB. */
async function runSolc(sources: Record<string, { content: string }>): Promise<SolcOutput> {
	const { default: solc } = await import('solc')
	const readImport = (path: string) => {
		try {
			return { contents: readSource(require.resolve(path)) }
		} catch {
			return { error: `cannot find the imported file ${path}: it is neither in src nor in an installed package` }
		}
	}
	const input = { language: 'Solidity', sources, settings: SETTINGS }
	return JSON.parse(solc.compile(JSON.stringify(input), { import: readImport })) as SolcOutput
}

/** Other processes may read or write the cache at the same time, so it appears in one step. */
function writeCache(hash: string, contracts: Record<string, CompiledContract>): void {
	mkdirSync(dirname(CACHE_FILE), { recursive: true })
	const draft = `${CACHE_FILE}.${process.pid}`
	writeFileSync(draft, JSON.stringify({ hash, contracts }))
	renameSync(draft, CACHE_FILE)
}

function readCache(hash: string): Record<string, CompiledContract> | undefined {
	try {
		const cache = JSON.parse(readFileSync(CACHE_FILE, 'utf8')) as { hash: string; contracts: Record<string, CompiledContract> }
		return cache.hash === hash ? cache.contracts : undefined
	} catch {
		// No cache, or one that was damaged: compiling again replaces it.
		return undefined
	}
}

/**
 * Compiles every contract under `src`, or takes it from the cache.
 *
 * @returns the contracts by name
 * @throws Error with the compiler's messages when a source does not compile, or one of ours has a warning
 */
export async function compileContracts(): Promise<Record<string, CompiledContract>> {
	const sources = readSources()
	const versions = { solc: packageVersion('solc'), openzeppelin: packageVersion('@openzeppelin/contracts') }
	const hash = createHash('sha256')
		.update(JSON.stringify({ versions, settings: SETTINGS, sources }))
		.digest('hex')
	const cached = readCache(hash)
	if (cached) return cached

	const output = await runSolc(sources)
	// Warnings count in our sources only: a library's are not ours to mend.
	const messages = (output.errors ?? []).filter(
		({ severity, sourceLocation }) => severity === 'error' || (severity === 'warning' && sourceLocation?.file.startsWith('src/')),
	)
	if (messages.length > 0) {
		throw new Error(`solc ${versions.solc} refused the contracts:\n${messages.map((message) => message.formattedMessage).join('\n')}`)
	}
	const contracts: Record<string, CompiledContract> = {}
	for (const path of Object.keys(sources)) {
		for (const [name, { abi, evm }] of Object.entries(output.contracts?.[path] ?? {})) {
			contracts[name] = { abi, bytecode: `0x${evm.bytecode.object}`, deployedBytecode: `0x${evm.deployedBytecode.object}` }
		}
	}
	writeCache(hash, contracts)
	return contracts
}

/** JSON as a TypeScript literal in this repository's format. */
function literal(value: unknown, indent = ''): string {
	const inner = `${indent}\t`
	if (Array.isArray(value)) {
		if (value.length === 0) return '[]'
		return `[\n${value.map((item) => `${inner}${literal(item, inner)},\n`).join('')}${indent}]`
	}
	if (typeof value === 'object' && value !== null) {
		const fields = Object.entries(value).map(([key, field]) => `${inner}${key}: ${literal(field, inner)},\n`)
		return `{\n${fields.join('')}${indent}}`
	}
	return typeof value === 'string' ? `'${value}'` : String(value)
}

/** The text of `abi.ts`: the escrow's ABI as a constant, from which viem takes its types. */
export function renderAbiModule(contracts: Record<string, CompiledContract>): string {
	return [
		'// Generated by `node sidecar/contracts/compile.ts --write` from src; do not edit.',
		`export const escrowAbi = ${literal(contracts.Escrow.abi)} as const\n`,
	].join('\n')
}

const USAGE = `usage: node sidecar/contracts/compile.ts [--write]

Compiles the contracts into sidecar/contracts/dist and prints their sizes.

  --write  also write the escrow's ABI to sidecar/contracts/abi.ts
  --help   print this text
`

async function main(): Promise<void> {
	const { values } = parseArgs({ options: { write: { type: 'boolean' }, help: { type: 'boolean' } } })
	if (values.help) {
		process.stdout.write(USAGE)
		return
	}
	const contracts = await compileContracts()
	for (const [name, { deployedBytecode }] of Object.entries(contracts)) {
		process.stdout.write(`${name}: ${(deployedBytecode.length - 2) / 2} bytes\n`)
	}
	if (values.write) writeFileSync(join(HERE, 'abi.ts'), renderAbiModule(contracts))
}

if (import.meta.main) {
	main().catch((error: unknown) => {
		process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`)
		process.exitCode = 1
	})
}
