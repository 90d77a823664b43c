/**
 * The beacon node's process. Forked by the devnet with LODESTAR_PRESET=minimal, which Lodestar reads once when it is loaded; it
 * takes its options as the first message (protocol.ts), and exits when the channel closes.
 */
import { toHex } from '@lodestar/utils'
import type { Hex } from 'viem'
import { BeaconChain } from './chain.ts'
import { devnetChainConfig } from './config.ts'
import { EngineApi } from './engine-api.ts'
import { createGenesis, genesisSecretKeys } from './genesis-state.ts'
import { OperationPool } from './operation-pool.ts'
import type { BeaconOptions, FromBeacon, ToBeacon } from './protocol.ts'
import { startRestApi } from './rest/server.ts'
import { SlotLoop } from './slot-loop.ts'
import { ValidatorKeys } from './validator-keys.ts'

const keys = new ValidatorKeys(genesisSecretKeys())

function send(message: FromBeacon, then: () => void = () => {}): void {
	if (process.send === undefined) throw new Error('The beacon node is started by the devnet, not by itself: see test/ethereum/main.ts')
	process.send(message, undefined, undefined, then)
}

function fail(error: unknown): void {
	console.error(error)
	send({ type: 'failed', reason: reasonOf(error) }, () => process.exit(1))
}

function reasonOf(error: unknown): string {
	if (!(error instanceof Error)) return String(error)
	return error.cause === undefined ? error.message : `${error.message}: ${reasonOf(error.cause)}`
}

async function start(options: BeaconOptions): Promise<never> {
	const engine = new EngineApi(options)
	const { config, state } = createGenesis(devnetChainConfig(options), await engine.genesisBlock())
	const chain = new BeaconChain(config, state, engine)
	// Until it is told a head, the execution client takes no transactions.
	await engine.setForkchoice(chain.forkchoice())
	const sources = { chain, engine, keys, pool: new OperationPool() }
	const slots = new SlotLoop(sources, options.slotPaceMs)
	const restPort = await listen(() => startRestApi(sources, slots, options.restPort), options.restPort)
	chain.on('head', () => send({ type: 'head', head: chain.summary() }))
	send({ type: 'started', restPort, genesisForkVersion: toHex(config.GENESIS_FORK_VERSION) as Hex, head: chain.summary() })
	return slots.run()
}

async function listen(startServer: () => Promise<number>, port: number): Promise<number> {
	try {
		return await startServer()
	} catch (error) {
		if (error instanceof Error && 'code' in error && error.code === 'EADDRINUSE')
			throw new Error(
				`The beacon node cannot serve its REST API on 127.0.0.1:${port}: the port is taken. Stop what uses it or choose another port.`,
			)
		throw error
	}
}

function addValidatorKey(requestId: number, secretKey: Uint8Array): void {
	try {
		keys.add(secretKey)
		send({ type: 'validatorKeyAdded', requestId })
	} catch (error) {
		send({ type: 'validatorKeyRefused', requestId, reason: reasonOf(error) })
	}
}

process.on('disconnect', () => process.exit(0))
process.on('message', (message: ToBeacon) => {
	if (message.type === 'start') start(message.options).catch(fail)
	else addValidatorKey(message.requestId, message.secretKey)
})
