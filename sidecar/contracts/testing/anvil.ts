/** A real EVM for tests: anvil on loopback, with the Beacon deposit contract and the EIP-7002 predeploy of a public network. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { hoodiGenesis } from '@ethereumjs/genesis/hoodi'
import type { Address, Hex } from 'viem'

export const DEPOSIT_CONTRACT: Address = '0x00000000219ab540356cBB839Cbe05303d7705Fa'

/** Predeploy of EIP-7002. */
export const WITHDRAWAL_REQUESTS: Address = '0x00000961Ef480Eb55e80D19ad83579A64c007002'

/** The well-known development mnemonic; its first twenty accounts hold 10,000 ETH each. */
export const MNEMONIC = 'test test test test test test test test test test test junk'

const CHAIN_ID = 31337

/** Genesis at a fixed time, so that expiries, and with them digests and gas, are the same on every run. */
export const GENESIS_TIMESTAMP = 1_800_000_000

interface Anvil {
	rpcUrl: string
	chainId: number
	close(): Promise<void>
}

/** anvil's npm package starts its binary through a wrapper process; the binary itself can be stopped reliably. */
function anvilBinary(): string {
	const require = createRequire(createRequire(import.meta.url).resolve('@foundry-rs/anvil/package.json'))
	const architecture = process.arch === 'x64' ? 'amd64' : process.arch
	const file = process.platform === 'win32' ? 'anvil.exe' : 'anvil'
	return require.resolve(`@foundry-rs/anvil-${process.platform}-${architecture}/bin/${file}`)
}

/** A contract as the genesis of hoodi has it. The deposit contract's storage holds the hashes of empty subtrees. */
function genesisContract(address: Address) {
	const account = hoodiGenesis[address.toLowerCase() as Address]
	if (!Array.isArray(account)) throw new Error(`the genesis state of hoodi has no contract at ${address}`)
	const [balance, code, storage] = account
	return { balance, code, storage: Object.fromEntries(storage as [Hex, Hex][]) }
}

function genesis() {
	return {
		config: { chainId: CHAIN_ID },
		difficulty: '0x0',
		gasLimit: '0x1c9c380',
		timestamp: `0x${GENESIS_TIMESTAMP.toString(16)}`,
		alloc: {
			[DEPOSIT_CONTRACT]: genesisContract(DEPOSIT_CONTRACT),
			// Without the inhibitor, which the first block's system call would lift on a network: anvil makes none.
			[WITHDRAWAL_REQUESTS]: { ...genesisContract(WITHDRAWAL_REQUESTS), storage: {} },
		},
	}
}

/**
 * Starts anvil with the Prague rules on an ephemeral port of 127.0.0.1; each transaction is mined at once.
 *
 * @throws Error with anvil's own words when it stops before it listens
 */
export async function startAnvil(): Promise<Anvil> {
	const directory = mkdtempSync(join(tmpdir(), 'stkr-anvil-'))
	const genesisFile = join(directory, 'genesis.json')
	writeFileSync(genesisFile, JSON.stringify(genesis()))
	const options = { '--host': '127.0.0.1', '--port': '0', '--hardfork': 'prague', '--init': genesisFile, '--chain-id': CHAIN_ID }
	const timestamp = { '--timestamp': GENESIS_TIMESTAMP, '--accounts': 20, '--mnemonic': MNEMONIC }
	const args = Object.entries({ ...options, ...timestamp }).flatMap(([option, value]) => [option, String(value)])
	const child = spawn(anvilBinary(), args, { stdio: ['ignore', 'pipe', 'pipe'] })
	const exited = once(child, 'exit')
	const kill = () => child.kill('SIGKILL')
	process.once('exit', kill)

	let complaint = ''
	child.stderr.setEncoding('utf8').on('data', (text: string) => {
		complaint += text
	})
	const listening = (async () => {
		for await (const line of createInterface({ input: child.stdout })) {
			const port = /^Listening on 127\.0\.0\.1:(\d+)$/.exec(line)?.[1]
			if (port) return port
		}
		await exited
		throw new Error(`anvil stopped before it listened:\n${complaint}`)
	})()
	const close = async () => {
		process.off('exit', kill)
		kill()
		await exited
		rmSync(directory, { recursive: true, force: true })
	}
	try {
		const port = await listening
		// Keep reading, or a full pipe would halt anvil.
		child.stdout.resume()
		return { rpcUrl: `http://127.0.0.1:${port}`, chainId: CHAIN_ID, close }
	} catch (error) {
		await close()
		throw error
	}
}
