/** The Stkr chain over JSON-RPC, read at finalized blocks alone. */
import { ApiPromise, WsProvider } from '@polkadot/api'
import type { SubmittableExtrinsic } from '@polkadot/api/types'
import type { KeyringPair } from '@polkadot/keyring/types'
import type { Vec } from '@polkadot/types'
import type { AccountInfo, DispatchError, EventRecord } from '@polkadot/types/interfaces'
import { u8aToHex } from '@polkadot/util'
import type { Address, Hex } from 'viem'
import { ZodError, z } from 'zod'
import type { AttestLock, ChainDuty } from './duty.ts'
import type { BlockRef, CallResult, Effect, EscrowCall, OpenOrder, SendResult, SignedCall, StkrChain } from './edges.ts'
import { FatalError, messageOf, RetryableError } from './errors.ts'
import {
	type ChainOrder,
	type EscrowTotals,
	parseBridge,
	parseMintedLock,
	parseOrder,
	parseTotals,
	parseVoters,
	type StkrBridge,
	toOpenOrder,
} from './stkr-storage.ts'

/** Blocks that may include a call after the finalized one it was signed at: a power of two. 6.4 minutes at six seconds a block. */
const MORTAL_BLOCKS = 64

/** JSON-RPC error codes of the pool. */
const POOL_INVALID = 1010
/** Was here lately and left: into a block, or for good. */
const POOL_BANNED = 1012
const POOL_KNOWN = 1013

export interface StkrConnection extends StkrChain {
	readonly genesis: Hex
	/** What the escrow pallet was told of Ethereum and its witnesses. */
	bridge(at: BlockRef): Promise<StkrBridge>
	/** The escrow pallet's books. */
	totals(at: BlockRef): Promise<EscrowTotals>
	/** Free balance of the witness's account, in planck. */
	balancePlanck(): Promise<bigint>
	/** Calls back on each finalized head, also after a reconnect. */
	onFinalized(listener: () => void): Promise<void>
	close(): Promise<void>
}

/**
 * Connects, waiting as long as it takes.
 *
 * @param ethereumAccount the address by which the witness's signatures of orders are known
 * @throws FatalError `set-up` when the chain has no escrow, RetryableError `chain-unreachable` when `signal` ends the wait
 */
export async function connectStkr(url: string, pair: KeyringPair, ethereumAccount: Address, signal: AbortSignal): Promise<StkrConnection> {
	const { api, provider } = await openStkr(url, signal)
	return new Connection(api, provider, pair, ethereumAccount)
}

/**
 * Connects for reading alone, as `connectStkr` does.
 *
 * @throws FatalError `set-up`, RetryableError `chain-unreachable`
 */
export async function openStkr(url: string, signal: AbortSignal): Promise<{ api: ApiPromise; provider: WsProvider }> {
	const provider = new WsProvider(url)
	const api = new ApiPromise({ provider, noInitWarn: true })
	const aborted = new Promise<never>((_, reject) => {
		const abort = () => reject(new RetryableError('chain-unreachable', `The chain at ${url} was not reached before the end.`))
		if (signal.aborted) abort()
		else signal.addEventListener('abort', abort, { once: true })
	})
	try {
		await Promise.race([api.isReady, aborted])
		if (!api.query.escrow) {
			throw new FatalError(
				'set-up',
				`The chain at ${url} (${api.runtimeChain}) has no escrow pallet. Give --chain a node of the Stkr chain.`,
			)
		}
	} catch (error) {
		await api.disconnect()
		throw error
	}
	return { api, provider }
}

/** The finalized head. */
export async function readFinalized(api: ApiPromise): Promise<BlockRef> {
	const hash = await api.rpc.chain.getFinalizedHead()
	const header = await api.rpc.chain.getHeader(hash)
	return { number: header.number.toNumber(), hash: hash.toHex() }
}

/** Orders that are neither executed nor refunded, by nonce. */
export async function readOpenOrders(api: ApiPromise, at: BlockRef): Promise<OpenOrder[]> {
	const entries = await (await api.at(at.hash)).query.escrow.orders.entries()
	return entries
		.map(([key, value]) => toOpenOrder(BigInt(key.args[0].toString()), parseOrder(value.toJSON()) as ChainOrder))
		.sort((a, b) => (a.order.message.nonce < b.order.message.nonce ? -1 : 1))
}

class Connection implements StkrConnection {
	readonly #api: ApiPromise
	readonly #provider: WsProvider
	readonly #pair: KeyringPair
	readonly #account: Hex
	readonly #ethereumAccount: string
	readonly genesis: Hex

	constructor(api: ApiPromise, provider: WsProvider, pair: KeyringPair, ethereumAccount: Address) {
		this.#api = api
		this.#provider = provider
		this.#pair = pair
		this.#account = u8aToHex(pair.publicKey)
		this.#ethereumAccount = ethereumAccount.toLowerCase()
		this.genesis = api.genesisHash.toHex()
	}

	finalized(): Promise<BlockRef> {
		return reading('the finalized head', () => readFinalized(this.#api))
	}

	bridge(at: BlockRef): Promise<StkrBridge> {
		return reading('the escrow pallet', async () => {
			const { escrow } = (await this.#api.at(at.hash)).query
			const [chainId, contract, witnessSet] = await Promise.all([escrow.ethereumChainId(), escrow.contract(), escrow.witnessSet()])
			return parseBridge({ chainId: chainId.toJSON(), contract: contract.toJSON(), witnessSet: witnessSet.toJSON() })
		})
	}

	totals(at: BlockRef): Promise<EscrowTotals> {
		return reading('its books', async () => parseTotals((await (await this.#api.at(at.hash)).query.escrow.totals()).toJSON()))
	}

	openOrders(at: BlockRef) {
		return reading('open orders', () => readOpenOrders(this.#api, at))
	}

	effects(at: BlockRef, duties: readonly ChainDuty[]): Promise<Effect[]> {
		return reading('what became of calls', async () => {
			const { escrow } = (await this.#api.at(at.hash)).query
			const many = async (item: string, ofLocks: boolean) => {
				const nonces = duties.filter(({ kind }) => (kind === 'attestLock') === ofLocks).map(({ nonce }) => nonce)
				const values = nonces.length > 0 ? await escrow[item].multi(nonces) : []
				return new Map(nonces.map((nonce, index) => [nonce, values[index].toJSON()]))
			}
			const [minted, lockVotes, orders, outcomeVotes, next] = await Promise.all([
				many('mintedLocks', true),
				many('lockVotes', true),
				many('orders', false),
				many('outcomeVotes', false),
				escrow.nextOrderNonce(),
			])
			const effectOnOrder = (duty: Exclude<ChainDuty, AttestLock>): Effect => {
				const order = parseOrder(orders.get(duty.nonce))
				// A nonce that was never given is no closed order: this node may not have caught up.
				if (!order) return duty.nonce < BigInt(next.toString()) ? PRESENT : ABSENT
				if (duty.kind === 'attestOutcome') return parseVoters(outcomeVotes.get(duty.nonce)).includes(this.#account) ? PRESENT : ABSENT
				return order.signatures.some(({ signer }) => signer.toLowerCase() === this.#ethereumAccount) ? PRESENT : ABSENT
			}
			return duties.map((duty) => {
				if (duty.kind !== 'attestLock') return effectOnOrder(duty)
				const known = parseMintedLock(minted.get(duty.nonce))
				if (!known) return parseVoters(lockVotes.get(duty.nonce)).includes(this.#account) ? PRESENT : ABSENT
				const { recipient, amountWei } = duty.lock
				if (known.recipient === recipient.toLowerCase() && known.amountWei === amountWei) return PRESENT
				return {
					state: 'conflict',
					message: `lock ${duty.nonce} was minted as ${known.amountWei} wei to ${known.recipient}, but on Ethereum it is ${amountWei} wei to ${recipient}`,
				}
			})
		})
	}

	results(from: number, to: number, extrinsics: readonly Hex[]): Promise<Map<Hex, CallResult>> {
		return reading(`blocks ${from} to ${to}`, async () => {
			const found = new Map<Hex, CallResult>()
			for (let number = from; number <= to && found.size < extrinsics.length; number++) {
				const hash = await this.#api.rpc.chain.getBlockHash(number)
				const { block } = await this.#api.rpc.chain.getBlock(hash)
				const hashes = block.extrinsics.map((extrinsic) => extrinsic.hash.toHex())
				if (!hashes.some((each) => extrinsics.includes(each))) continue
				const events = await (await this.#api.at(hash)).query.system.events<Vec<EventRecord>>()
				hashes.forEach((extrinsic, index) => {
					if (!extrinsics.includes(extrinsic)) return
					const own = events.filter(({ phase }) => phase.isApplyExtrinsic && phase.asApplyExtrinsic.eqn(index)).map(({ event }) => event)
					found.set(extrinsic, this.#resultOf(own))
				})
			}
			return found
		})
	}

	#resultOf(events: EventRecord['event'][]): CallResult {
		const failure = events.find(({ section, method }) => section === 'system' && method === 'ExtrinsicFailed')
		if (failure) return { success: false, error: this.#dispatchErrorName(failure.data[0] as DispatchError) }
		// The chain records it as an event, so the call itself succeeds.
		if (events.some(({ section, method }) => section === 'escrow' && method === 'Equivocated'))
			return { success: false, error: 'escrow.Equivocated' }
		return { success: true }
	}

	#dispatchErrorName(error: DispatchError): string {
		if (!error.isModule) return error.type
		const { section, name } = this.#api.registry.findMetaError(error.asModule)
		return `${section}.${name}`
	}

	sign(calls: readonly EscrowCall[], birth: BlockRef): Promise<SignedCall[]> {
		return reading('the next nonce', async () => {
			const first = await this.#nextNonce()
			const { genesisHash, registry, runtimeVersion } = this.#api
			const era = registry.createType('ExtrinsicEra', { current: birth.number, period: MORTAL_BLOCKS })
			const lastBlock = era.asMortalEra.death(birth.number) - 1
			return calls.map((call, index) => {
				const nonce = first + index
				const extrinsic = this.#call(call).sign(this.#pair, {
					blockHash: birth.hash,
					era,
					genesisHash,
					nonce,
					runtimeVersion,
					signedExtensions: registry.signedExtensions,
				})
				return { hash: extrinsic.hash.toHex(), raw: extrinsic.toHex(), nonce, lastBlock }
			})
		})
	}

	/** Counting blocks and the pool. */
	async #nextNonce(): Promise<number> {
		return (await this.#api.rpc.system.accountNextIndex(this.#pair.address)).toNumber()
	}

	#call(call: EscrowCall): SubmittableExtrinsic<'promise'> {
		const { escrow } = this.#api.tx
		if (call.kind === 'signOrder') return escrow.signOrder(call.nonce, call.signature)
		if (call.kind === 'attestOutcome') return escrow.attestOutcome(call.nonce, call.outcome)
		const { asset, amountWei, recipient, sender, ethereumBlock } = call.lock
		return escrow.attestLock(call.nonce, asset, amountWei, recipient, sender, ethereumBlock)
	}

	async send(raw: Hex, nonce: number): Promise<SendResult> {
		try {
			await this.#provider.send('author_submitExtrinsic', [raw])
			return { state: 'pending' }
		} catch (error) {
			const code = error instanceof Error && 'code' in error ? Number(error.code) : 0
			const reason = `${messageOf(error)}${error instanceof Error && 'data' in error ? ` ${String(error.data)}` : ''}`
			// Outdated: an extrinsic with this nonce is in a block, most likely this one.
			if (code === POOL_KNOWN || (code === POOL_INVALID && /outdated|stale/i.test(reason))) return { state: 'pending' }
			if (code === POOL_BANNED && (await reading('the next nonce', () => this.#nextNonce())) > nonce) return { state: 'pending' }
			if (code >= 1000 && code < 2000) return { state: 'refused', reason }
			throw new RetryableError('chain-unreachable', `A call could not be sent to the chain: ${reason}`, { cause: error })
		}
	}

	balancePlanck(): Promise<bigint> {
		return reading('the balance of the witness', async () => {
			const { data } = await this.#api.query.system.account<AccountInfo>(this.#pair.address)
			return data.free.toBigInt()
		})
	}

	async onFinalized(listener: () => void): Promise<void> {
		await reading('finalized heads', () => this.#api.rpc.chain.subscribeFinalizedHeads(listener))
	}

	close(): Promise<void> {
		return this.#api.disconnect()
	}
}

const PRESENT: Effect = { state: 'present' }
const ABSENT: Effect = { state: 'absent' }

/** Whatever keeps the chain from being read passes or is for a person to see in the log; nothing is done in between. */
export async function reading<T>(what: string, read: () => Promise<T>): Promise<T> {
	try {
		return await read()
	} catch (error) {
		if (error instanceof ZodError) {
			throw new FatalError(
				'runtime-unknown',
				`The chain stores ${what} in a form this relayer does not know: ${z.prettifyError(error)}. Use a version made for the runtime.`,
				{ cause: error },
			)
		}
		throw new RetryableError('chain-unreachable', `The chain could not give ${what}: ${messageOf(error)}`, { cause: error })
	}
}
