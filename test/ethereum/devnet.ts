/** A whole Ethereum for tests and development on this machine: execution client and beacon chain, from a fresh genesis. */
import { mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import type { Address, Hex } from 'viem'
import type { DevnetHead } from './beacon/protocol.ts'
import { type BeaconNode, startBeacon } from './beacon-node.ts'
import { type ExecutionClient, startExecution } from './execution.ts'
import { buildGenesis, CHAIN_ID, DEPOSIT_CONTRACT, type DevAccount, devAccounts } from './genesis.ts'

const DEFAULT_SECONDS_PER_SLOT = 2

export interface EthereumOptions {
	/** Data directory, new or empty. Default: a temporary one, removed on close. */
	dir?: string
	/** TCP ports on 127.0.0.1; each defaults to any free one. */
	ports?: { rpc?: number; engine?: number; beacon?: number }
	/** Chain time between slots in whole seconds; default 2. */
	secondsPerSlot?: number
	/**
	 * Real time between slots in ms; default: the chain's own pace. With less, block timestamps run ahead of the clock;
	 * 0 makes slots as fast as they can be computed: a validator's whole life takes seconds then (`npm run bench:ethereum`).
	 */
	slotPaceMs?: number
	/** One line per event: started, finalized, failed. */
	log?: (line: string) => void
	/** Called once if a process of the network dies; everything else is then closed. */
	onFailure?: (error: Error) => void
}

export interface Ethereum {
	/** Execution client's JSON-RPC. */
	rpcUrl: string
	/** Standard Beacon API. */
	beaconUrl: string
	chainId: number
	/** 4 bytes; deposits are signed for it (with a zero genesis validators root). */
	genesisForkVersion: Hex
	/** Funded accounts with publicly known keys. */
	accounts: DevAccount[]
	depositContract: Address
	dir: string
	/** Operating-system processes, for tests that stop or kill one. */
	pids: { execution: number; beacon: number }
	head(): DevnetHead
	/** Resolves when the execution block is finalized and the execution client's `finalized` tag has reached it. */
	waitFinalized(blockNumber: bigint): Promise<void>
	/** Resolves with the first head for which the condition holds, the present one included. */
	waitHead(condition: (head: DevnetHead) => boolean): Promise<DevnetHead>
	/** Has the network perform the duties of the validator with this BLS secret key (32 bytes), as soon as it is active. */
	addValidatorKey(secretKey: Uint8Array): Promise<void>
	close(): Promise<void>
}

/**
 * Starts the network and returns once both APIs answer; blocks follow at the given pace.
 * @throws if an option is out of range, the directory holds other data, a port is taken, or a process dies while starting
 */
export async function startEthereum(options: EthereumOptions = {}): Promise<Ethereum> {
	const secondsPerSlot = options.secondsPerSlot ?? DEFAULT_SECONDS_PER_SLOT
	const slotPaceMs = options.slotPaceMs ?? secondsPerSlot * 1000
	const ports = { rpc: 0, engine: 0, beacon: 0, ...options.ports }
	if (!Number.isSafeInteger(secondsPerSlot) || secondsPerSlot < 1)
		throw new RangeError(`secondsPerSlot must be a whole number of at least 1, got ${secondsPerSlot}.`)
	if (!Number.isFinite(slotPaceMs) || slotPaceMs < 0) throw new RangeError(`slotPaceMs must be a number of at least 0, got ${slotPaceMs}.`)
	for (const [name, port] of Object.entries(ports))
		if (!Number.isInteger(port) || port < 0 || port > 65_535) throw new RangeError(`ports.${name} must be 0 to 65535, got ${port}.`)

	const log = options.log ?? (() => {})
	const dir = openDataDir(options.dir)
	let execution: ExecutionClient | undefined
	let beacon: BeaconNode | undefined
	let closing: Promise<void> | undefined

	const close = (): Promise<void> => {
		closing ??= (async () => {
			await beacon?.close()
			await execution?.close()
			if (options.dir === undefined) rmSync(dir, { recursive: true, force: true })
		})()
		return closing
	}
	const onFailure = (error: Error): void => {
		if (closing !== undefined) return
		log(`failed: ${error.message}`)
		beacon?.abort(error)
		void close().then(() => options.onFailure?.(error))
	}

	try {
		const genesis = buildGenesis(Math.floor(Date.now() / 1000))
		execution = await startExecution({ dir, genesis, rpcPort: ports.rpc, enginePort: ports.engine, onFailure })
		const { rpcUrl, engineUrl, jwtSecret } = execution
		const node = await startBeacon({
			logFile: join(dir, 'beacon.log'),
			options: {
				restPort: ports.beacon,
				rpcUrl,
				engineUrl,
				jwtSecret,
				chainId: CHAIN_ID,
				depositContract: DEPOSIT_CONTRACT,
				secondsPerSlot,
				slotPaceMs,
			},
			onFailure,
		})
		beacon = node
		log(`started: chain ${CHAIN_ID}, JSON-RPC ${rpcUrl}, Beacon API ${node.url}`)
		node.onFinalized((head) => log(`finalized: epoch ${head.finalizedEpoch}, block ${head.finalizedBlockNumber}`))
		return {
			rpcUrl,
			beaconUrl: node.url,
			chainId: CHAIN_ID,
			genesisForkVersion: node.genesisForkVersion,
			accounts: devAccounts(),
			depositContract: DEPOSIT_CONTRACT,
			dir,
			pids: { execution: execution.pid, beacon: node.pid },
			head: () => node.head(),
			waitFinalized: async (blockNumber) => {
				await node.waitHead((head) => head.finalizedEpoch > 0 && head.finalizedBlockNumber >= blockNumber)
			},
			waitHead: (condition) => node.waitHead(condition),
			addValidatorKey: (secretKey) => node.addValidatorKey(secretKey),
			close,
		}
	} catch (error) {
		await close()
		throw error
	}
}

/** An empty directory to run in. @throws if it holds anything: another chain's data would not fit the new genesis */
function openDataDir(requested: string | undefined): string {
	if (requested === undefined) return mkdtempSync(join(tmpdir(), 'stkr-ethereum-'))
	const dir = resolve(requested)
	try {
		mkdirSync(dir, { recursive: true })
	} catch (error) {
		throw new Error(`The data directory ${dir} cannot be created: ${error instanceof Error ? error.message : String(error)}.`, {
			cause: error,
		})
	}
	const entries = readdirSync(dir)
	if (entries.length > 0)
		throw new Error(
			`The data directory ${dir} is not empty (it holds ${entries.slice(0, 3).join(', ')}${entries.length > 3 ? ', …' : ''}). ` +
				'A dev Ethereum starts from a new genesis each time: delete the directory or choose another one.',
		)
	return dir
}
