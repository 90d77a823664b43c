/** Both chains for real: anvil with the escrow, our node with the blob, and witnesses as processes of their own. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { ApiPromise, WsProvider } from '@polkadot/api'
import type { SubmittableExtrinsic } from '@polkadot/api/types'
import { Keyring } from '@polkadot/keyring'
import { u8aToHex } from '@polkadot/util'
import { cryptoWaitReady } from '@polkadot/util-crypto'
import { buildPreset, buildRaw } from '@stkr/chain-spec'
import { startNode } from '@stkr/node/src/node.ts'
import { startRpc } from '@stkr/node/src/rpc/index.ts'
import { type Address, type Hex, toHex } from 'viem'
import { GENESIS_TIMESTAMP } from '../../contracts/testing/anvil.ts'
import { GENESIS_FORK_VERSION, startEscrowTestbed, WITNESS_SET_ID, WITNESSES } from '../../contracts/testing/escrow.ts'
import type { CrashStep } from '../crash.ts'

const CLI = fileURLToPath(new URL('../../cli.ts', import.meta.url))
/** anvil's `finalized` block lies two epochs of 32 slots behind. */
const FINALITY_BLOCKS = 64
const WITNESS_NAMES = ['//Witness1', '//Witness2', '//Witness3']
const POLL_MS = 50
export const ORDER_LIFETIME_SECONDS = 86_400

const silent = { error: () => {}, warn: () => {}, info: () => {}, debug: () => {} }

interface WitnessRun {
	/** Where it dies by SIGKILL. */
	crashAt?: CrashStep
	relayStaggerMs?: number
	/** Instead of its own. */
	account?: string
}

export interface WitnessProcess {
	/** Resolves with the signal that ended it, or its exit code. */
	readonly ended: Promise<string | number>
	/** Base URL of its service, once it listens. */
	service(): Promise<string>
	/** All it logged. */
	log(): string
	/** SIGTERM, and waits for the end. */
	stop(): Promise<void>
}

export type Bridge = Awaited<ReturnType<typeof startBridge>>

/** Three witnesses, of whom all must sign. `close` it at the end. */
export async function startBridge() {
	await cryptoWaitReady()
	const directory = mkdtempSync(join(tmpdir(), 'stkr-bridge-'))
	const testbed = await startEscrowTestbed()
	const { evm, anvil } = testbed
	const escrow = await testbed.deploy({ witnessCount: 3, threshold: 3 })
	const finalize = () => evm.mine({ blocks: FINALITY_BLOCKS + 1 })
	await finalize()

	const keyring = new Keyring({ type: 'sr25519' })
	const witnessPairs = WITNESS_NAMES.map((name) => keyring.addFromUri(name))
	const spec = await buildPreset('dev')
	spec.genesis.runtimeGenesis.config.escrow = {
		chainId: anvil.chainId,
		contract: escrow.address.toLowerCase(),
		witnessSetId: Number(WITNESS_SET_ID),
		witnesses: witnessPairs.map(({ publicKey }, index) => ({
			account: u8aToHex(publicKey),
			ethereum: WITNESSES[index].address.toLowerCase(),
			weight: 1,
		})),
		threshold: 3,
		orderLifetimeMs: ORDER_LIFETIME_SECONDS * 1_000,
	}
	const node = await startNode({ spec: await buildRaw(spec), sealing: 'instant', authority: '//Alice', validationWorkers: 1, log: silent })
	// Both chains tell the same time: anvil's starts at a fixed one.
	await node.author.seal({ timestampMs: GENESIS_TIMESTAMP * 1_000 })
	const serve = (port: number) => startRpc({ ...node, name: 'stkr-node', version: '0.0.0' }, { port })
	let rpc = await serve(0)
	const chainUrl = `ws://127.0.0.1:${rpc.port}`
	const api = await ApiPromise.create({ provider: new WsProvider(chainUrl), noInitWarn: true })
	const processes = new Set<ChildProcess>()

	/** Runs witness `index` as a process; it keeps its data from one run to the next. */
	function witness(index: number, { crashAt, relayStaggerMs = 0, account = WITNESS_NAMES[index] }: WitnessRun = {}): WitnessProcess {
		const logFile = join(directory, `witness-${index}.log`)
		const output = openSync(logFile, 'a')
		const begin = readFileSync(logFile).length
		const key = WITNESSES[index].getHdKey().privateKey
		if (!key) throw new Error(`witness ${index} has no key`)
		const options = {
			'--chain': chainUrl,
			'--ethereum': anvil.rpcUrl,
			'--escrow': escrow.address,
			'--genesis-fork-version': GENESIS_FORK_VERSION,
			'--data': join(directory, `witness-${index}`),
			'--account': account,
			'--ethereum-key': 'env:WITNESS_KEY',
			'--relay-stagger-ms': relayStaggerMs,
			'--resend-ms': 1_000,
			'--poll-ms': 100,
			'--port': 0,
		}
		const args = Object.entries(options).flatMap(([name, value]) => [name, String(value)])
		const child = spawn(process.execPath, [CLI, 'witness', ...args], {
			env: { ...process.env, NODE_ENV: 'test', WITNESS_KEY: toHex(key), STKR_CRASH_AT: crashAt },
			stdio: ['ignore', output, output],
		})
		processes.add(child)
		const ended = once(child, 'exit').then(([code, signal]) => {
			processes.delete(child)
			return signal ?? code
		})
		const log = () => readFileSync(logFile, 'utf8').slice(begin)
		return {
			ended,
			log,
			service: () =>
				until('the witness to serve', async () => {
					if (child.exitCode !== null || child.signalCode !== null) throw new Error(`witness ${index} ended:\n${log()}`)
					return /"url":"([^"]+)"/.exec(log())?.[1]
				}),
			stop: async () => {
				child.kill('SIGTERM')
				await ended
			},
		}
	}

	/** Signs, submits, and waits for finality; throws with the dispatch error's name. */
	async function submit(suri: string, call: SubmittableExtrinsic<'promise'>): Promise<void> {
		const pair = keyring.addFromUri(suri)
		await new Promise<void>((resolve, reject) => {
			call
				.signAndSend(pair, { nonce: -1 }, ({ status, dispatchError }) => {
					if (!status.isFinalized) return
					if (!dispatchError) resolve()
					else reject(new Error(dispatchError.isModule ? api.registry.findMetaError(dispatchError.asModule).name : dispatchError.type))
				})
				.catch(reject)
		})
	}

	const storage = async (item: string, ...keys: unknown[]) => (await api.query.escrow[item](...keys)).toJSON()

	/** Wrapped ETH of an account, in wei. */
	const wrappedWei = async (publicKey: Hex | Uint8Array): Promise<bigint> => {
		const found = (await api.query.assets.account(1, publicKey)).toJSON() as { balance: number | string } | null
		return BigInt(found?.balance ?? 0)
	}

	/** Withdraws to Ethereum; returns the order's nonce. */
	async function withdraw(suri: string, amountWei: bigint, recipient: Address): Promise<bigint> {
		const nonce = BigInt(String(await storage('nextOrderNonce')))
		await submit(suri, api.tx.escrow.withdraw(amountWei, recipient))
		return nonce
	}

	/** Takes the chain's JSON-RPC away for as long as `during` takes; every connection breaks. */
	async function withoutChain(during: () => Promise<void>): Promise<void> {
		const { port } = rpc
		await rpc.close()
		await during()
		rpc = await serve(port)
	}

	async function close() {
		for (const child of processes) {
			const ended = once(child, 'exit')
			child.kill('SIGKILL')
			await ended
		}
		await api.disconnect()
		await rpc.close()
		await node.close()
		await testbed.close()
		rmSync(directory, { recursive: true, force: true })
	}

	return {
		testbed,
		evm,
		escrow,
		finalize,
		node,
		chainUrl,
		api,
		keyring,
		directory,
		witness,
		submit,
		withdraw,
		storage,
		wrappedWei,
		withoutChain,
		close,
	}
}

/** Asks again until there is an answer. The test's own time limit ends it. */
export async function until<T>(what: string, ask: () => Promise<T | undefined | false>, pollMs = POLL_MS): Promise<T> {
	const patience = AbortSignal.timeout(90_000)
	for (;;) {
		const answer = await ask()
		if (answer !== undefined && answer !== false) return answer
		if (patience.aborted) throw new Error(`waited in vain for ${what}`)
		await new Promise((resolve) => setTimeout(resolve, pollMs))
	}
}
