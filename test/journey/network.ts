import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { deployEscrow } from '@stkr/sidecar/contracts/deploy.ts'
import { type Address, createPublicClient, createWalletClient, defineChain, type Hex, http } from 'viem'
import { privateKeyToAccount } from 'viem/accounts'
import { type Ethereum, startEthereum } from '../ethereum/devnet.ts'
import { BadStart, ensureData, ensurePort } from './bad-start.ts'
import { type Part, startPart } from './process.ts'

export interface NetworkOptions {
	/** TCP ports on 127.0.0.1, 0 for any free one. */
	ports: { chain: number; ethereum: number; beacon: number; witness: number }
	/** Real time of an Ethereum slot, in ms; its chain time is a second. */
	slotMs: number
	/** New or empty directory; absent: a temporary one, removed at the end. */
	data?: string
	/** Hears one line for each thing that is up. */
	log: (line: string) => void
	/** Hears of a part that ended by itself. */
	onFailure: (error: Error) => void
}

export interface Network {
	chainUrl: string
	ethereum: Ethereum
	escrow: Address
	/** Status pages of the witnesses. */
	witnessUrls: string[]
	/** Where logs and data are. */
	data: string
	/** Read access to Ethereum, and a signer for dev account `index`. */
	publicClient: ReturnType<typeof readerOf>
	walletOf(index: number): ReturnType<typeof walletOf>
	close(): Promise<void>
}

/** Dev accounts of the mnemonic by number: 0 deploys, 1 to 3 are the witnesses (runtime-spec/runtime/presets.ts). */
const DEPLOYER = 0
const WITNESSES = [1, 2, 3]

const chainOf = (id: number, rpcUrl: string) =>
	defineChain({
		id,
		name: 'dev Ethereum',
		nativeCurrency: { name: 'Ether', symbol: 'ETH', decimals: 18 },
		rpcUrls: { default: { http: [rpcUrl] } },
	})
const readerOf = (id: number, rpcUrl: string) => createPublicClient({ chain: chainOf(id, rpcUrl), transport: http(), pollingInterval: 100 })
const walletOf = (id: number, rpcUrl: string, key: Hex) =>
	createWalletClient({ account: privateKeyToAccount(key), chain: chainOf(id, rpcUrl), transport: http() })

/** Brings up Ethereum, the chain, the escrow and three witnesses. Throws `BadStart` for what the user can mend. */
export const startNetwork = async ({ ports, slotMs, data: chosen, log, onFailure }: NetworkOptions): Promise<Network> => {
	await ensurePort(ports.chain, 'the Stkr node', '--chain-port')
	await ensurePort(ports.ethereum, 'the execution client', '--ethereum-port')
	await ensurePort(ports.beacon, 'the beacon chain', '--beacon-port')
	if (ports.witness > 0) for (const i of WITNESSES.keys()) await ensurePort(ports.witness + i, `witness ${i + 1}`, '--witness-port')
	const data = chosen ?? mkdtempSync(join(tmpdir(), 'stkr-'))
	ensureData(data)
	const logDir = join(data, 'logs')
	mkdirSync(logDir)

	const parts: { close(): Promise<void> }[] = []
	let closing: Promise<void> | undefined
	const close = (): Promise<void> => {
		closing ??= (async () => {
			for (const part of parts.splice(0).reverse()) await part.close()
			if (!chosen) rmSync(data, { recursive: true, force: true })
		})()
		return closing
	}
	const failed = (error: Error): void => {
		if (!closing) onFailure(error)
	}
	const keep = <T extends { close(): Promise<void> }>(part: T): T => {
		parts.push(part)
		return part
	}

	try {
		const [ethereum, node] = await Promise.all([
			startEthereum({
				dir: join(data, 'ethereum'),
				ports: { rpc: ports.ethereum, beacon: ports.beacon },
				secondsPerSlot: 1,
				slotPaceMs: slotMs,
				onFailure: failed,
			}).then(keep),
			startNode(ports.chain, join(data, 'stkr'), logDir, failed).then(keep),
		])
		log(`Ethereum is up: execution client ${ethereum.rpcUrl}, beacon chain ${ethereum.beaconUrl}`)
		log(`the Stkr chain is up: ${node.value}`)

		const { rpcUrl, chainId, accounts } = ethereum
		const publicClient = readerOf(chainId, rpcUrl)
		const wallet = (index: number) => walletOf(chainId, rpcUrl, accounts[index].privateKey)
		const escrow = await deployEscrow(wallet(DEPLOYER), publicClient, {
			witnesses: WITNESSES.map((index) => accounts[index].address),
			threshold: WITNESSES.length,
			depositContract: ethereum.depositContract,
			witnessSetId: 1n,
		})
		log(`the escrow is deployed at ${escrow}`)
		const witnesses = await Promise.all(
			WITNESSES.map((index, i) => {
				const port = ports.witness === 0 ? 0 : ports.witness + i
				return startWitness({
					number: i + 1,
					key: accounts[index].privateKey,
					port,
					chainUrl: node.value,
					ethereum,
					escrow,
					data,
					logDir,
					onExit: failed,
				}).then(keep)
			}),
		)
		log(`three witnesses are up: ${witnesses.map(({ value }) => value).join(' ')}`)
		return {
			chainUrl: node.value,
			ethereum,
			escrow,
			witnessUrls: witnesses.map(({ value }) => value),
			data,
			publicClient,
			walletOf: wallet,
			close,
		}
	} catch (error) {
		await close()
		throw error instanceof Error && /space|ENOSPC/.test(error.message) ? new BadStart(error.message) : error
	}
}

const startNode = (port: number, basePath: string, logDir: string, onExit: (error: Error) => void): Promise<Part & { value: string }> =>
	startPart({
		name: 'stkr-node',
		script: 'node/src/cli.ts',
		args: ['--chain', 'dev', '--base-path', basePath, '--rpc-port', String(port)],
		logDir,
		ready: (line) => line.match(/JSON-RPC\s+(ws:\S+)/)?.[1],
		onExit,
	})

interface WitnessOptions {
	number: number
	key: Hex
	port: number
	chainUrl: string
	ethereum: Ethereum
	escrow: Address
	data: string
	logDir: string
	onExit: (error: Error) => void
}

const startWitness = ({
	number,
	key,
	port,
	chainUrl,
	ethereum,
	escrow,
	data,
	logDir,
	onExit,
}: WitnessOptions): Promise<Part & { value: string }> => {
	const flags = {
		chain: chainUrl,
		ethereum: ethereum.rpcUrl,
		escrow,
		data: join(data, `witness-${number}`),
		account: `//Witness${number}`,
		'ethereum-key': 'env:STKR_WITNESS_KEY',
		'genesis-fork-version': ethereum.genesisForkVersion,
		port: String(port),
		'poll-ms': '500',
		'relay-stagger-ms': '6000',
	}
	return startPart({
		name: `witness-${number}`,
		script: 'sidecar/cli.ts',
		args: ['witness', ...Object.entries(flags).flatMap(([flag, value]) => [`--${flag}`, value])],
		env: { STKR_WITNESS_KEY: key },
		logDir,
		ready: (line) => (line.includes('service is listening') ? (JSON.parse(line) as { url: string }).url : undefined),
		onExit,
	})
}
