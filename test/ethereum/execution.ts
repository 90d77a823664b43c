/** The execution client of the dev Ethereum: @ethereumjs/client as a child process on loopback, JSON-RPC and Engine API. */
import { randomBytes } from 'node:crypto'
import { mkdirSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { Child } from './child-process.ts'
import type { GethGenesis } from './genesis.ts'
import type { ListenReport } from './loopback.ts'

/** Labels of the client's two servers; loopback.ts binds both to 127.0.0.1 and reports them by these names. */
const RPC_SERVER = 'rpc.localhost'
const ENGINE_SERVER = 'engine.localhost'

const PRELOADS = ['./loopback.ts', './standard-rpc.ts', './fast-parameters.ts']

interface ExecutionOptions {
	/** An existing, empty directory. */
	dir: string
	genesis: GethGenesis
	/** TCP ports on 127.0.0.1; 0 takes any free one. */
	rpcPort: number
	enginePort: number
	/** Called once if the client dies after it had started. */
	onFailure: (error: Error) => void
}

export interface ExecutionClient {
	rpcUrl: string
	engineUrl: string
	/** The secret both sides of the Engine API sign their tokens with (32 bytes). */
	jwtSecret: Uint8Array
	pid: number
	close(): Promise<void>
}

/**
 * Starts the client and waits until its JSON-RPC answers.
 * @throws if a port is taken, or the client exits before it serves (with the end of its log).
 */
export async function startExecution(options: ExecutionOptions): Promise<ExecutionClient> {
	const { dir } = options
	const jwtSecret = new Uint8Array(randomBytes(32))
	const genesisFile = join(dir, 'genesis.json')
	const jwtFile = join(dir, 'jwt.hex')
	const dataDir = join(dir, 'execution')
	mkdirSync(dataDir)
	writeFileSync(genesisFile, JSON.stringify(options.genesis))
	writeFileSync(jwtFile, Buffer.from(jwtSecret).toString('hex'), { mode: 0o600 })

	const child = new Child<ListenReport, never>({
		name: 'execution client',
		// The package's main is its command line, so it is resolved and spawned, never imported: importing starts a mainnet node.
		args: [
			...PRELOADS.flatMap((preload) => ['--import', new URL(preload, import.meta.url).href]),
			createRequire(import.meta.url).resolve('@ethereumjs/client'),
			...['--gethGenesis', genesisFile, '--dataDir', dataDir, '--jwtSecret', jwtFile],
			...['--rpc', '--rpcAddr', RPC_SERVER, '--rpcPort', String(options.rpcPort)],
			...['--rpcEngine', '--rpcEngineAddr', ENGINE_SERVER, '--rpcEnginePort', String(options.enginePort)],
			...['--port', '0', '--extIP', '127.0.0.1', '--discDns=false', '--discV4=false', '--maxPeers', '0', '--isSingleNode'],
			...['--saveReceipts', '--no-logFile', '--logLevel', 'warn'],
		],
		logFile: join(dir, 'execution.log'),
	})
	try {
		const ports = await listeningPorts(child)
		const rpcUrl = `http://127.0.0.1:${ports.rpc}`
		await expectChainId(rpcUrl, Number(options.genesis.config.chainId))
		child.onUnexpectedExit(options.onFailure)
		return { rpcUrl, engineUrl: `http://127.0.0.1:${ports.engine}`, jwtSecret, pid: child.pid, close: () => child.close() }
	} catch (error) {
		await child.close()
		throw error
	}
}

function listeningPorts(child: Child<ListenReport, never>): Promise<{ rpc: number; engine: number }> {
	return new Promise((resolve, reject) => {
		const ports = new Map<string, number>()
		child.onUnexpectedExit(reject)
		child.onMessage((message) => {
			if (message.type === 'listenFailed') {
				const server = { [RPC_SERVER]: 'JSON-RPC', [ENGINE_SERVER]: 'Engine API' }[message.name] ?? 'peer-to-peer'
				reject(
					new Error(
						message.code === 'EADDRINUSE'
							? `The execution client cannot serve its ${server} on 127.0.0.1:${message.port}: the port is taken. Stop what uses it or choose another port.`
							: `The execution client cannot serve its ${server} on 127.0.0.1:${message.port}: ${message.code}.`,
					),
				)
				return
			}
			ports.set(message.name, message.port)
			const rpc = ports.get(RPC_SERVER)
			const engine = ports.get(ENGINE_SERVER)
			if (rpc !== undefined && engine !== undefined) resolve({ rpc, engine })
		})
	})
}

async function expectChainId(rpcUrl: string, chainId: number): Promise<void> {
	const response = await fetch(rpcUrl, {
		method: 'POST',
		headers: { 'content-type': 'application/json' },
		body: JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'eth_chainId', params: [] }),
	})
	const answer: unknown = await response.json()
	const result = typeof answer === 'object' && answer !== null && 'result' in answer ? answer.result : undefined
	if (Number(result) !== chainId)
		throw new Error(`The execution client at ${rpcUrl} answered eth_chainId with ${JSON.stringify(answer)}, expected ${chainId}.`)
}
