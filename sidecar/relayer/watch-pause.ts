/** How a watcher stops the escrow: it signs the pause with a witness's key, and broadcasts once another watcher has signed too (ESC-5). */
import { type Address, createWalletClient, type Hex, http, isHex, publicActions, recoverAddress } from 'viem'
import type { LocalAccount } from 'viem/accounts'
import { z } from 'zod'
import { escrowAbi } from '../contracts/abi.ts'
import { type EscrowMessage, escrowDomain, escrowOrderDigest, signEscrowOrder } from '../contracts/eip712.ts'
import { FatalError, messageOf } from './errors.ts'
import { reading, shortMessage } from './escrow-contract.ts'

/** A signature of the pause with this number; harmless until a second witness signs. */
export interface PauseSignature {
	/** u64, as a decimal string. */
	number: string
	/** 65 bytes. */
	signature: Hex
}

interface PauserOptions {
	url: string
	escrow: Address
	/** A present witness's. Pays for the transaction. */
	account: LocalAccount
	maxFeePerGasWei: bigint
	/** Base URLs of other watchers' services. */
	peers: readonly string[]
	info: (message: string, details: Record<string, unknown>) => void
}

export interface Pauser {
	/** @throws FatalError `set-up` when the key is no present witness's */
	check(): Promise<void>
	/**
	 * Signs the next pause and broadcasts it when there are enough signatures; does nothing when the escrow is paused.
	 *
	 * @returns this watcher's signature; undefined when the escrow is paused
	 * @throws RetryableError when Ethereum cannot be reached
	 */
	pause(): Promise<PauseSignature | undefined>
}

const PEER_TIMEOUT_MS = 5_000
/** A transaction that was not mined by then is followed by another. */
const BROADCAST_EVERY_MS = 60_000
const peerStatus = z.object({
	pause: z.object({
		number: z.string(),
		signature: z.custom<Hex>((value) => isHex(value) && value.length === 132, 'expected 65 bytes in hexadecimal'),
	}),
})

export function createPauser({ url, escrow, account, maxFeePerGasWei, peers, info }: PauserOptions): Pauser {
	const client = createWalletClient({ account, transport: http(url, { retryCount: 1 }), cacheTime: 0 }).extend(publicActions)
	const contract = { address: escrow, abi: escrowAbi } as const
	const isWitness = (address: Address) =>
		reading('whether a signer is a witness', () => client.readContract({ ...contract, functionName: 'isWitness', args: [address] }))
	let announced: Hex | undefined
	let broadcastAtMs = Number.NEGATIVE_INFINITY

	/** Undefined for a peer that does not answer, or has not signed this pause. */
	const askPeer = async (peer: string, number: bigint): Promise<Hex | undefined> => {
		try {
			const response = await fetch(new URL('/status', peer), { signal: AbortSignal.timeout(PEER_TIMEOUT_MS) })
			const { pause } = peerStatus.parse(await response.json())
			return pause.number === String(number) ? pause.signature : undefined
		} catch (error) {
			info('a peer gives no signature of the pause', { peer, reason: messageOf(error) })
			return undefined
		}
	}

	/** Those by present witnesses, by signer in ascending order; a peer may give anything. */
	const valid = async (digest: Hex, signatures: readonly Hex[]): Promise<Hex[]> => {
		const bySigner = new Map<Address, Hex>()
		for (const signature of signatures) {
			const signer = await recoverAddress({ hash: digest, signature }).catch(() => undefined)
			if (signer && (await isWitness(signer))) bySigner.set(signer, signature)
		}
		return [...bySigner].sort(([a], [b]) => (BigInt(a) < BigInt(b) ? -1 : 1)).map(([, signature]) => signature)
	}

	/** Should it fail, the next round tries again; the signature stands either way. */
	const broadcast = async (number: bigint, signatures: Hex[]): Promise<void> => {
		if (Date.now() - broadcastAtMs < BROADCAST_EVERY_MS) return
		try {
			const { maxFeePerGas, maxPriorityFeePerGas } = await client.estimateFeesPerGas()
			// A pause is worth whatever may be paid: it bids at the cap when the market is above.
			const fees = { maxFeePerGas: maxFeePerGas < maxFeePerGasWei ? maxFeePerGas : maxFeePerGasWei, maxPriorityFeePerGas }
			const args = [number, signatures] as const
			const { request } = await client.simulateContract({ ...contract, functionName: 'pause', args, account, ...fees })
			broadcastAtMs = Date.now()
			info('the pause was broadcast', { number: String(number), hash: await client.writeContract({ ...request, chain: null }) })
		} catch (error) {
			info('the pause could not be broadcast', { number: String(number), reason: shortMessage(error) })
		}
	}

	return {
		async check() {
			if (await isWitness(account.address)) return
			throw new FatalError(
				'set-up',
				`--ethereum-key is the key of ${account.address}, which is no present witness of the contract ${escrow}: it cannot sign a pause.`,
			)
		},
		async pause() {
			const [chainId, paused, number, threshold] = await reading('the state of the pause', () =>
				Promise.all([
					client.getChainId(),
					client.readContract({ ...contract, functionName: 'paused' }),
					client.readContract({ ...contract, functionName: 'pauseNumber' }),
					client.readContract({ ...contract, functionName: 'threshold' }),
				]),
			)
			if (paused) return undefined
			const order: EscrowMessage = { primaryType: 'Pause', message: { number } }
			const domain = escrowDomain(chainId, escrow)
			const own = await signEscrowOrder(account, domain, order)
			if (own !== announced)
				info('the pause is signed; any present witness can add the second signature', { number: String(number), signature: own })
			announced = own
			const others = await Promise.all(peers.map((peer) => askPeer(peer, number)))
			const given = [own, ...others.filter((signature) => signature !== undefined)]
			const signatures = await valid(escrowOrderDigest(domain, order), given)
			// The contract asks for two, or its threshold if that is less.
			const required = threshold < 2n ? Number(threshold) : 2
			if (signatures.length >= required) await broadcast(number, signatures.slice(0, required))
			return { number: String(number), signature: own }
		},
	}
}
