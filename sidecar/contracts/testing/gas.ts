#!/usr/bin/env node
/** Gas of each operation of the escrow, measured on a real EVM and kept in `gas.json`. */
import { readFileSync, writeFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { type Address, numberToHex, pad, parseEther, type TransactionReceipt } from 'viem'
import { privateKeyToAccount } from 'viem/accounts'
import { ETH_POLICY } from '../deploy.ts'
import { blsKeysOf, EXPIRY, STAKER, STKR_ACCOUNT, startEscrowTestbed, WITNESS_SET_ID, WITNESSES } from './escrow.ts'

const SNAPSHOT_FILE = new URL('../gas.json', import.meta.url)

/** Gas by operation. */
type GasSnapshot = Record<string, number>

export function readGasSnapshot(): GasSnapshot {
	return JSON.parse(readFileSync(SNAPSHOT_FILE, 'utf8')) as GasSnapshot
}

/** The sets measured, as threshold and members; the larger ones show where one aggregate signature becomes the cheaper way. */
const SETS = [
	[3, 3],
	[5, 7],
	[21, 31],
	[43, 64],
] as const

/**
 * Measures every operation. What counts is the number of signatures, so 3-of-4 costs the same as 3-of-3. Each set has a chain of its own
 * with fixed keys and times: the figures are exact and independent.
 */
export async function measureGas(): Promise<GasSnapshot> {
	const snapshot = await measureOperations()
	for (const [threshold, witnessCount] of SETS) Object.assign(snapshot, await measureSet(threshold, witnessCount))
	return snapshot
}

/** As many witnesses as are asked for, with fixed keys, ascending by address. */
function accountsOf(count: number) {
	return Array.from({ length: count }, (_, index) => privateKeyToAccount(numberToHex(0xabcdefn + BigInt(index), { size: 32 }))).sort(
		(a, b) => (BigInt(a.address) < BigInt(b.address) ? -1 : 1),
	)
}

/**
 * The steady state: an escrow that has locked before, a word of the nonce bitmap already in use, a recipient that exists, a day that has
 * begun, and the second deposit. A deposit's own gas depends on how many came before it.
 */
async function measureSet(threshold: number, witnessCount: number): Promise<GasSnapshot> {
	const testbed = await startEscrowTestbed()
	try {
		const accounts = accountsOf(witnessCount)
		const escrow = await testbed.deploy({ witnessCount, threshold, accounts, blsKeys: blsKeysOf(witnessCount) })
		await escrow.lock(parseEther('100'))
		const deposit = await escrow.depositData()
		await escrow.execute(escrow.release({ nonce: 0n }))
		const release = await escrow.execute(escrow.release({ nonce: 1n }))
		const aggregated = await escrow.relayAggregated(escrow.aggregate(escrow.release({ nonce: 2n })))
		await escrow.execute(escrow.stake(deposit, { nonce: 3n }))
		const stake = await escrow.execute(escrow.stake(deposit, { nonce: 4n }))
		const quorum = `${threshold}-of-${witnessCount}`
		return {
			[`release ${quorum}`]: gasOf('release', release),
			[`release aggregated ${quorum}`]: gasOf('an aggregated release', aggregated),
			[`stake ${quorum}`]: gasOf('stake', stake),
		}
	} finally {
		await testbed.close()
	}
}

/** What does not depend on the set, or is rare; orders are signed by three. */
async function measureOperations(): Promise<GasSnapshot> {
	const testbed = await startEscrowTestbed()
	try {
		const escrow = await testbed.deploy({ witnessCount: 3, threshold: 3 })
		const token = await testbed.deployContract('TestToken', [0n, STAKER.address])
		const aeth = await testbed.evm.readContract({ ...escrow.contract, functionName: 'aeth' })
		await testbed.relayer.writeContract({ ...token, functionName: 'approve', args: [escrow.address, parseEther('9')], account: STAKER })
		const lockAsset = async (asset: Address) => {
			const call = { ...escrow.contract, functionName: 'lock', args: [asset, parseEther('1'), STKR_ACCOUNT], account: STAKER } as const
			return testbed.evm.waitForTransactionReceipt({ hash: await testbed.relayer.writeContract(call) })
		}
		const receipts: Record<string, TransactionReceipt> = {}
		await escrow.lock(parseEther('200'))
		receipts.lock = await escrow.lock(parseEther('1'))
		receipts['list, second call'] = await escrow.establish(token.address, { nonce: 0n })
		await escrow.establish(aeth, { nonce: 1n })
		await lockAsset(token.address)
		receipts['lock token'] = await lockAsset(token.address)
		await escrow.execute(escrow.release({ nonce: 2n, asset: token.address, amount: 1n }))
		receipts['release token'] = await escrow.execute(escrow.release({ nonce: 3n, asset: token.address, amount: 1n }))
		await escrow.execute(escrow.release({ nonce: 4n, asset: aeth, amount: parseEther('1'), recipient: STAKER.address }))
		receipts['release aETH'] = await escrow.execute(
			escrow.release({ nonce: 5n, asset: aeth, amount: parseEther('1'), recipient: STAKER.address }),
		)
		receipts['lock aETH'] = await lockAsset(aeth)
		const large = escrow.release({ nonce: 6n, amount: ETH_POLICY.delayAbove + 1n })
		receipts['release large, first call'] = await escrow.execute(large)
		await testbed.passTime(86_400)
		receipts['release large, second call'] = await escrow.relay(large, [])
		await testbed.passTime(86_400)
		receipts['release as the first of a day'] = await escrow.execute(escrow.release({ nonce: 7n }))
		await testbed.evm.setBalance({ address: escrow.address, value: parseEther('300') })
		const sweep = await testbed.relayer.writeContract({ ...escrow.contract, functionName: 'sweep' })
		receipts.sweep = await testbed.evm.waitForTransactionReceipt({ hash: sweep })
		const exit = { nonce: 8n, pubkey: pad('0xab', { size: 48 }), amountGwei: 0n, expiry: EXPIRY, witnessSetId: WITNESS_SET_ID }
		const order = { primaryType: 'Exit', message: exit } as const
		receipts['request exit'] = await escrow.relay(order, await escrow.sign(order), undefined, 1n)
		receipts['rotate to seven'] = await escrow.execute(escrow.rotate(WITNESSES))
		return Object.fromEntries(Object.entries(receipts).map(([operation, receipt]) => [operation, gasOf(operation, receipt)]))
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
	const json = `${JSON.stringify(await measureGas(), null, 2)}\n`
	process.stdout.write(json)
	if (values.write) writeFileSync(SNAPSHOT_FILE, json)
}

if (import.meta.main) {
	main().catch((error: unknown) => {
		process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`)
		process.exitCode = 1
	})
}
