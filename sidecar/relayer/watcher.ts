/**
 * A watcher apart from the witnesses (ESC-5): at the finalized heads of both chains it compares what the contract holds with what the
 * chain issued, looks for orders that are stuck, and for finality that has stopped. It reads alone, unless it was told to pause.
 */
import type { Logger } from 'pino'
import type { WatchConfig } from './config.ts'
import { FatalError, RetryableError } from './errors.ts'
import { readEscrow } from './escrow-contract.ts'
import type { Side } from './outbox.ts'
import { ethereumAccount } from './secrets.ts'
import { openStkr, readFinalized, reading, readOpenOrders } from './stkr-chain.ts'
import { parseBridge, parseTotals } from './stkr-storage.ts'
import { Waker } from './waker.ts'
import { type ChainView, checkOrders, checkReserve, checkStall, type EthereumView, type Finding, outstandingWei } from './watch-checks.ts'
import { createPauser, type PauseSignature } from './watch-pause.ts'

/** Wait of a large order on Ethereum, `DELAY_SECONDS` of the contract. */
const DELAY_SECONDS = 86_400n

export interface WatcherStatus {
	phase: 'starting' | 'running'
	escrow: string
	sides: Record<
		Side,
		{
			/** The last finalized block seen; null before the first. */
			block: number | null
			/** When it was first seen, or the start, in Unix milliseconds. */
			movedAtMs: number
			/** Why the side can't be read now. */
			problem: string | null
		}
	>
	/** In wei, as decimal strings; null before the first reading of both sides. */
	reserve: Record<'accountedWei' | 'outstandingWei' | 'mintedWei' | 'releasedWei' | 'stakedWei' | 'inFlightWei', string> | null
	openOrders: number
	/** At Ethereum's finalized block; null before the first. */
	isPaused: boolean | null
	/** What is wrong now. */
	findings: (Finding & { sinceMs: number })[]
	/** Alarms raised since start. */
	alarmCount: number
	/** This watcher's signature of the next pause, once there was reason for one. */
	pause: PauseSignature | null
}

interface Watcher {
	status(): WatcherStatus
	/** Settles when the watcher stops: rejects with a `FatalError` when its set-up is wrong. */
	readonly stopped: Promise<void>
	close(): Promise<void>
}

/**
 * Starts a watcher and returns at once; it waits for both chains as long as it takes, and tells when that is too long.
 *
 * @throws FatalError when the key can't be used
 */
export function startWatcher(config: WatchConfig, log: Logger, env: NodeJS.ProcessEnv): Watcher {
	const stop = new AbortController()
	const { signal } = stop
	const waker = new Waker()
	const ethereum = readEscrow({ url: config.ethereum, escrow: config.escrow })
	const pauser =
		config.ethereumKey === undefined
			? undefined
			: createPauser({
					url: config.ethereum,
					escrow: config.escrow,
					account: ethereumAccount(config.ethereumKey, env),
					maxFeePerGasWei: BigInt(config.maxFeeGwei) * 10n ** 9n,
					peers: config.pausePeer,
					info: (message, details) => log.info(details, message),
				})
	const sides: WatcherStatus['sides'] = {
		ethereum: { block: null, movedAtMs: Date.now(), problem: null },
		chain: { block: null, movedAtMs: Date.now(), problem: null },
	}
	let phase: WatcherStatus['phase'] = 'starting'
	let stkr: Awaited<ReturnType<typeof openStkr>> | undefined
	let view: { chain: ChainView; ethereum: EthereumView } | undefined
	let pause: PauseSignature | null = null
	/** By code and subject: what is wrong, since when, and whether the alarm was raised. */
	const open = new Map<string, { finding: Finding; sinceMs: number; isRaised: boolean }>()
	let alarmCount = 0

	/** Takes in what was found by a round; what was not found again has passed. */
	const judge = (findings: readonly Finding[]) => {
		const keys = new Set(findings.map(keyOf))
		for (const [key, { finding, isRaised }] of open) {
			if (keys.has(key)) continue
			open.delete(key)
			if (isRaised) log.info({ code: finding.code, subject: finding.subject }, 'the finding has passed')
		}
		for (const finding of findings) {
			const entry = open.get(keyOf(finding)) ?? { finding, sinceMs: Date.now(), isRaised: false }
			entry.finding = finding
			open.set(keyOf(finding), entry)
			const isDue = finding.code !== 'reserve-short' || Date.now() - entry.sinceMs >= config.confirmMs
			if (!isDue || entry.isRaised) continue
			entry.isRaised = true
			alarmCount++
			log.error({ alarm: finding.code, subject: finding.subject }, finding.message)
		}
	}

	/** @returns what was read, undefined when the side can't be read now */
	const attempt = async <T>(side: Side, read: () => Promise<T>): Promise<T | undefined> => {
		try {
			const value = await read()
			sides[side].problem = null
			return value
		} catch (error) {
			if (!(error instanceof RetryableError)) throw error
			if (sides[side].problem === null) log.warn({ side, code: error.code }, error.message)
			sides[side].problem = error.message
			return undefined
		}
	}

	const moveTo = (side: Side, block: number) => {
		if (block > (sides[side].block ?? -1)) sides[side] = { ...sides[side], block, movedAtMs: Date.now() }
	}

	const stalls = (): Finding[] => [
		...checkStall('chain', sides.chain.block ?? undefined, Date.now() - sides.chain.movedAtMs, config.chainStallMs),
		...checkStall('ethereum', sides.ethereum.block ?? undefined, Date.now() - sides.ethereum.movedAtMs, config.ethereumStallMs),
	]

	/** @returns whether both sides were read whole */
	const readBoth = async (): Promise<boolean> => {
		const block = await attempt('ethereum', () => ethereum.finalized())
		if (block) moveTo('ethereum', block.number)
		const chain = await attempt('chain', () => readChain(stkr as NonNullable<typeof stkr>))
		if (chain) moveTo('chain', chain.head.number)
		if (!block || !chain) return false
		const nonces = chain.orders.map(({ order }) => order.message.nonce)
		const seen = await attempt('ethereum', () =>
			Promise.all([
				ethereum.accountedWei(block.number),
				ethereum.isPaused(block.number),
				Promise.all(nonces.map(async (nonce) => [nonce, await ethereum.orderState(nonce, block.number)] as const)),
			]),
		)
		if (!seen) return false
		const [accountedWei, isPaused, states] = seen
		view = { chain, ethereum: { block, accountedWei, isPaused, orders: new Map(states) } }
		return true
	}

	/** Waits for both sides and checks that they belong together. */
	const connect = async () => {
		const { chainId } = await ethereum.constants()
		stkr ??= await openStkr(config.chain, signal)
		const { api } = stkr
		const bridge = await reading('the escrow pallet', async () => {
			const { escrow } = (await api.at((await readFinalized(api)).hash)).query
			const [chainId, contract, witnessSet] = await Promise.all([escrow.ethereumChainId(), escrow.contract(), escrow.witnessSet()])
			return parseBridge({ chainId: chainId.toJSON(), contract: contract.toJSON(), witnessSet: witnessSet.toJSON() })
		})
		if (bridge.chainId !== BigInt(chainId) || bridge.contract?.toLowerCase() !== config.escrow.toLowerCase()) {
			throw new FatalError(
				'set-up',
				`The Stkr chain bridges to ${bridge.contract} on Ethereum chain ${bridge.chainId}, but --escrow is ${config.escrow} on chain ${chainId}. Check --chain, --ethereum and --escrow.`,
			)
		}
		await pauser?.check()
		phase = 'running'
		log.info({ escrow: config.escrow }, 'watcher is running')
	}

	const inspect = (chain: ChainView, ethereum: EthereumView): Finding[] => [
		...checkReserve(chain, ethereum),
		...checkOrders(chain, ethereum, BigInt(Math.round(config.orderAgeMs / 1_000)), DELAY_SECONDS),
	]

	/** What was raised and needs both sides to be refuted. A shortage that is not confirmed yet does not ripen unseen. */
	const standing = (): Finding[] =>
		[...open.values()]
			.filter(({ finding, isRaised }) => isRaised && (finding.code === 'reserve-short' || finding.code === 'order-stuck'))
			.map(({ finding }) => finding)

	const round = async () => {
		if (phase === 'starting') await connect()
		const isFresh = await readBoth()
		judge([...(isFresh && view ? inspect(view.chain, view.ethereum) : standing()), ...stalls()])
		const isShort = standing().some(({ code }) => code === 'reserve-short')
		pause = isShort && pauser ? ((await pauser.pause()) ?? null) : null
	}

	const run = async () => {
		while (!signal.aborted) {
			try {
				await round()
			} catch (error) {
				if (signal.aborted) return
				if (error instanceof FatalError) throw error
				if (error instanceof RetryableError) log.warn({ code: error.code }, error.message)
				else log.error({ err: error }, 'unexpected error')
				if (phase === 'starting') judge(stalls())
			}
			await waker.pause(config.pollMs)
		}
	}
	const stopped = run().finally(() => stkr?.api.disconnect())
	// Whoever is interested awaits it; a rejection before that is not unhandled.
	stopped.catch(() => {})

	const status = (): WatcherStatus => ({
		phase,
		escrow: config.escrow,
		sides,
		reserve: view
			? {
					accountedWei: String(view.ethereum.accountedWei),
					outstandingWei: String(outstandingWei(view.chain, view.ethereum)),
					mintedWei: String(view.chain.totals.mintedWei),
					releasedWei: String(view.chain.totals.releasedWei),
					stakedWei: String(view.chain.totals.stakedWei),
					inFlightWei: String(view.chain.totals.inFlightWei),
				}
			: null,
		openOrders: view?.chain.orders.length ?? 0,
		isPaused: view?.ethereum.isPaused ?? null,
		findings: [...open.values()].filter(({ isRaised }) => isRaised).map(({ finding, sinceMs }) => ({ ...finding, sinceMs })),
		alarmCount,
		pause,
	})

	return {
		status,
		stopped,
		close: async () => {
			stop.abort()
			waker.wake()
			await stopped.catch(() => {})
		},
	}
}

function keyOf({ code, subject }: Finding): string {
	return `${code} ${subject}`
}

/** One finalized head, whole. */
function readChain({ api }: Awaited<ReturnType<typeof openStkr>>): Promise<ChainView> {
	return reading('the escrow at its finalized head', async () => {
		const head = await readFinalized(api)
		const { escrow, timestamp } = (await api.at(head.hash)).query
		const [totals, orders, now, lifetimeMs] = await Promise.all([
			escrow.totals(),
			readOpenOrders(api, head),
			timestamp.now(),
			escrow.orderLifetimeMs(),
		])
		return {
			head,
			totals: parseTotals(totals.toJSON()),
			orders,
			seconds: BigInt(now.toString()) / 1_000n,
			orderLifetimeSeconds: BigInt(lifetimeMs.toString()) / 1_000n,
		}
	})
}
