/** A witness at work: two loops, one a chain, over one outbox (SDC-2). */
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { u8aToHex } from '@polkadot/util'
import type { Logger } from 'pino'
import { backoffMs } from './backoff.ts'
import { genesisForkVersion, type WitnessConfig } from './config.ts'
import { DEFAULT_POLICY, type WitnessContext } from './context.ts'
import { crashHook } from './crash.ts'
import { FatalError, messageOf, RetryableError } from './errors.ts'
import { connectEscrow } from './escrow-contract.ts'
import { followChain } from './follow-chain.ts'
import { Outbox, type Side } from './outbox.ts'
import { checkSetUp } from './preflight.ts'
import { relayOrders } from './relay-orders.ts'
import { scanEthereum } from './scan-ethereum.ts'
import { ethereumAccount, witnessAccount } from './secrets.ts'
import { orderSigner } from './sign-order.ts'
import { connectStkr, type StkrConnection } from './stkr-chain.ts'
import type { EscrowTotals } from './stkr-storage.ts'
import { submitCalls } from './submit-calls.ts'
import { Waker } from './waker.ts'

/** Alarms kept for `/status`. */
const ALARMS_KEPT = 20

interface SideStatus {
	/** The last finalized block read; null before the first. */
	block: number | null
	/** When the side was last read without an error, in Unix milliseconds; null before the first time. */
	readAtMs: number | null
	/** Why it can't be read now. */
	problem: string | null
}

export interface WitnessStatus {
	phase: 'starting' | 'running'
	account: string
	ethereumAccount: string
	escrow: string
	sides: Record<Side, SideStatus>
	duties: { kind: string; state: string; count: number }[]
	openOrders: number
	alarms: { atMs: number; code: string; message: string }[]
	alarmCount: number
	/** Of the accounts that pay fees; null when not known. In planck and wei, as decimal strings. */
	balances: { planck: string | null; wei: string | null }
	/** ETH by both books in wei, as decimal strings: what the contract accounts for, and the chain's totals. Only what was read. */
	books: { [Name in keyof EscrowTotals | 'accountedWei']?: string }
	/** Read since start: ETH that came home from validators, and exits asked of them. */
	validators: { returns: number; returnedWei: string; exitRequests: number }
	/** Of the contract, ascending: the last is the present one, the others are in their grace. */
	witnessSets?: string[]
}

interface Witness {
	status(): WitnessStatus
	/** Settles when the witness stops: rejects with a `FatalError` when its set-up is wrong. */
	readonly stopped: Promise<void>
	close(): Promise<void>
}

/**
 * Starts a witness and returns at once; it waits for both chains as long as it takes.
 *
 * @throws FatalError when a key or the data directory can't be used
 */
export async function startWitness(config: WitnessConfig, log: Logger, env: NodeJS.ProcessEnv): Promise<Witness> {
	const pair = await witnessAccount(config.account, env)
	const ethereumKey = ethereumAccount(config.ethereumKey, env)
	const reached = crashHook(env)
	try {
		mkdirSync(config.data, { recursive: true, mode: 0o700 })
	} catch (error) {
		throw new FatalError('data', `The data directory ${config.data} cannot be used: ${messageOf(error)}. Give another --data.`)
	}
	const stop = new AbortController()
	const { signal } = stop
	const account = u8aToHex(pair.publicKey)
	const ethereum = connectEscrow({
		url: config.ethereum,
		escrow: config.escrow,
		account: ethereumKey,
		maxFeePerGasWei: BigInt(config.maxFeeGwei) * 10n ** 9n,
	})
	const sides: Record<Side, Omit<SideStatus, 'block'>> = {
		ethereum: { readAtMs: null, problem: null },
		chain: { readAtMs: null, problem: null },
	}
	const alarms: WitnessStatus['alarms'] = []
	let alarmCount = 0
	const balances: WitnessStatus['balances'] = { planck: null, wei: null }
	let books: Partial<EscrowTotals & { accountedWei: bigint }> = {}
	let ctx: WitnessContext | undefined
	let chain: StkrConnection | undefined
	const wakers: Record<Side, Waker> = { ethereum: new Waker(), chain: new Waker() }

	const alarm = (code: string, message: string) => {
		log.error({ alarm: code }, message)
		alarmCount++
		alarms.push({ atMs: Date.now(), code, message })
		if (alarms.length > ALARMS_KEPT) alarms.shift()
	}

	/** Repeats `work` until the end; what fails is tried again, with back-off. */
	const loop = async (side: Side, work: () => Promise<void>, until: () => boolean) => {
		for (let failures = 0; !signal.aborted && !until(); ) {
			try {
				await work()
				failures = 0
				sides[side] = { readAtMs: Date.now(), problem: null }
				if (!until()) await wakers[side].pause(config.pollMs)
			} catch (error) {
				if (signal.aborted) return
				failures++
				const code = error instanceof RetryableError || error instanceof FatalError ? error.code : 'defect'
				if (error instanceof FatalError && !ctx) throw error
				sides[side].problem = messageOf(error)
				if (error instanceof RetryableError) log.warn({ side, code, failures }, error.message)
				else alarm(code, messageOf(error))
				if (!(error instanceof RetryableError) && !(error instanceof FatalError)) log.error({ err: error }, 'unexpected error')
				await wakers[side].pause(backoffMs(DEFAULT_POLICY.backoff, failures, Math.random()))
			}
		}
	}

	const connect = async () => {
		chain ??= await connectStkr(config.chain, pair, ethereumKey.address, signal)
		const contract = await ethereum.constants()
		const bridge = await chain.bridge(await chain.finalized())
		const witnessSets = [await ethereum.witnessSet()]
		const place = checkSetUp(bridge, contract, witnessSets[0], { escrow: config.escrow, account, ethereumAccount: ethereumKey.address })
		const rules = {
			contract,
			escrow: config.escrow,
			witnessSets: () => ctx?.witnessSets ?? witnessSets,
			genesisForkVersion: genesisForkVersion(contract.chainId, config.genesisForkVersion),
		}
		const outbox = new Outbox(join(config.data, 'outbox.sqlite'), {
			stkrGenesis: chain.genesis,
			witness: account,
			ethereumChainId: contract.chainId,
			escrow: config.escrow,
			ethereumAccount: ethereumKey.address,
		})
		const revived = outbox.reviveFailed()
		if (revived > 0) log.info({ duties: revived }, 'failed duties are tried again')
		ctx = {
			outbox,
			chain,
			ethereum,
			witnessSets,
			place,
			signOrder: orderSigner(ethereumKey, rules),
			policy: {
				...DEFAULT_POLICY,
				logRangeBlocks: config.logRange,
				ethereumStartBlock: config.ethereumStartBlock,
				relayStaggerMs: config.relayStaggerMs,
				resendMs: config.resendMs,
			},
			now: Date.now,
			random: Math.random,
			reached,
			alarm,
			info: (message, details) => log.info(details, message),
			view: {},
			tally: { returns: 0, returnedWei: 0n, exitRequests: 0 },
			sentMs: new Map(),
		}
		await chain.onFinalized(() => wakers.chain.wake())
		log.info({ account, escrow: config.escrow, place }, 'witness is running')
	}

	const workOnChain = async (ctx: WitnessContext, stkr: StkrConnection) => {
		await followChain(ctx)
		await submitCalls(ctx)
		balances.planck = String(await stkr.balancePlanck())
		if (ctx.view.chain) books = { ...books, ...(await stkr.totals(ctx.view.chain.head)) }
	}

	const workOnEthereum = async (ctx: WitnessContext) => {
		while ((await scanEthereum(ctx)) && !signal.aborted) wakers.chain.wake()
		wakers.chain.wake()
		await relayOrders(ctx)
		balances.wei = String(await ethereum.balanceWei())
		if (ctx.view.ethereum) books = { ...books, accountedWei: await ethereum.accountedWei(ctx.view.ethereum.number) }
	}

	const run = async () => {
		await loop('chain', connect, () => ctx !== undefined)
		const [running, stkr] = [ctx, chain]
		if (!running || !stkr) return
		const never = () => false
		await Promise.all([loop('chain', () => workOnChain(running, stkr), never), loop('ethereum', () => workOnEthereum(running), never)])
	}
	const stopped = run().finally(async () => {
		await chain?.close()
		ctx?.outbox.close()
	})
	// Whoever is interested awaits it; a rejection before that is not unhandled.
	stopped.catch(() => {})

	const status = (): WitnessStatus => {
		// At the end the outbox is closed.
		const outbox = signal.aborted ? undefined : ctx?.outbox
		return {
			phase: outbox ? 'running' : 'starting',
			account: pair.address,
			ethereumAccount: ethereumKey.address,
			escrow: config.escrow,
			sides: {
				ethereum: { ...sides.ethereum, block: outbox?.cursor('ethereum') ?? null },
				chain: { ...sides.chain, block: outbox?.cursor('chain') ?? null },
			},
			duties: outbox?.counts() ?? [],
			openOrders: ctx?.view.chain?.orders.length ?? 0,
			alarms,
			alarmCount,
			balances,
			books: Object.fromEntries(Object.entries(books).map(([name, wei]) => [name, String(wei)])),
			validators: ctx ? { ...ctx.tally, returnedWei: String(ctx.tally.returnedWei) } : { returns: 0, returnedWei: '0', exitRequests: 0 },
			witnessSets: ctx?.witnessSets.map(({ id }) => String(id)),
		}
	}

	return {
		stopped,
		status,
		close: async () => {
			stop.abort()
			wakers.ethereum.wake()
			wakers.chain.wake()
			await stopped.catch(() => {})
		},
	}
}
