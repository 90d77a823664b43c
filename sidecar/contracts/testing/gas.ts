#!/usr/bin/env node
/** Gas of each operation of the escrow, measured on a real EVM and kept in `gas.json`. */
import { readFileSync, writeFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { parseEther, type TransactionReceipt } from 'viem'
import type { EscrowOrder } from '../eip712.ts'
import { startEscrowTestbed } from './escrow.ts'

const SNAPSHOT_FILE = new URL('../gas.json', import.meta.url)

/** Gas by operation. */
type GasSnapshot = Record<string, number>

export function readGasSnapshot(): GasSnapshot {
	return JSON.parse(readFileSync(SNAPSHOT_FILE, 'utf8')) as GasSnapshot
}

/**
 * Measures every operation with 3-of-3 and 5-of-7 witnesses; what counts is the number of signatures, so 3-of-4 costs the
 * same as 3-of-3. Each set has a chain of its own with fixed keys and times: the figures are exact and independent.
 */
export async function measureGas(): Promise<GasSnapshot> {
	return {
		...(await measureSet(3, 3)),
		...(await measureSet(5, 7)),
	}
}

/**
 * The steady state: an escrow that has locked before, a word of the nonce bitmap already in use, a recipient that exists,
 * and the second deposit. A deposit's own gas depends on how many came before it.
 */
async function measureSet(threshold: number, witnessCount: number): Promise<GasSnapshot> {
	const testbed = await startEscrowTestbed()
	try {
		const escrow = await testbed.deploy({ witnessCount, threshold })
		await escrow.lock(parseEther('100'))
		const lock = await escrow.lock(parseEther('1'))
		const deposit = await escrow.depositData()
		const relaySigned = async (order: EscrowOrder) => escrow.relay(order, await escrow.sign(order))
		await relaySigned(escrow.release({ nonce: 0n }))
		const release = await relaySigned(escrow.release({ nonce: 1n }))
		await relaySigned(escrow.stake(deposit, { nonce: 2n }))
		const stake = await relaySigned(escrow.stake(deposit, { nonce: 3n }))
		return {
			lock: gasOf('lock', lock),
			[`release ${threshold}-of-${witnessCount}`]: gasOf('release', release),
			[`stake ${threshold}-of-${witnessCount}`]: gasOf('stake', stake),
		}
	} finally {
		await testbed.close()
	}
}

function gasOf(operation: string, { status, gasUsed }: TransactionReceipt): number {
	if (status !== 'success') throw new Error(`the gas of ${operation} cannot be measured: its transaction reverted`)
	return Number(gasUsed)
}

const USAGE = `usage: node sidecar/contracts/testing/gas.ts [--write]

Measures the gas of the escrow's operations and prints it.

  --write  also write it to sidecar/contracts/gas.json
  --help   print this text
`

async function main(): Promise<void> {
	const { values } = parseArgs({ options: { write: { type: 'boolean' }, help: { type: 'boolean' } } })
	if (values.help) {
		process.stdout.write(USAGE)
		return
	}
	const json = `${JSON.stringify(await measureGas(), null, '\t')}\n`
	process.stdout.write(json)
	if (values.write) writeFileSync(SNAPSHOT_FILE, json)
}

if (import.meta.main) {
	main().catch((error: unknown) => {
		process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`)
		process.exitCode = 1
	})
}
