import '@stkr/runtime-spec/frame/native/install.ts'
import { ETH, supplyOf } from '@stkr/runtime-spec/pallets/assets/index.ts'
import { escrow, storage } from '@stkr/runtime-spec/pallets/escrow/index.ts'
import { DEV_KEYS, developmentGenesis } from '@stkr/runtime-spec/runtime/presets.ts'
import { afterEach, beforeAll, describe, expect, test } from 'vitest'
import { builtRuntime } from './built.ts'
import { callOf } from './calls.ts'
import { type RunnableRuntime, type ToSign, TwinChain } from './chain.ts'
import { ethereumKey } from './ethereum-keys.ts'
import { attest, attestOutcome, ETHER, ethOf, feesOf, fund, lockOf, ORDER_LIFETIME_SLOTS, settle, signOrder } from './journeys.ts'

let runtime: RunnableRuntime
let chain: TwinChain

beforeAll(async () => {
	runtime = await builtRuntime()
})
afterEach(() => {
	expect(chain.twin.differences).toEqual([])
	expect(chain.defects).toEqual([])
})

describe('locks', () => {
	/** The development preset with a fourth witness, so that one of them may lie. */
	const fourWitnesses = (): TwinChain => {
		const genesis = developmentGenesis()
		const { witnesses } = genesis.escrow as { witnesses: object[] }
		witnesses.push({ account: DEV_KEYS.Ferdie.sr25519, ethereum: ethereumKey(4).address, weight: 1 })
		return new TwinChain(runtime, genesis)
	}

	test('ESC-1 mints with the vote that makes more than two thirds, once and for ever', () => {
		chain = fourWitnesses()
		const lock = lockOf(0n, 'Bob', 5n * ETHER)
		expect(chain.block([attest('Witness1', lock), attest('Witness2', lock), attest('Witness2', lock)])).toEqual([
			...['ok', 'ok', 'failed Escrow.AlreadyVoted'],
		])
		expect(ethOf(chain, 'Bob')).toBe(0n)
		expect(chain.block([attest('Witness3', lock), attest('Ferdie', lock)])).toEqual(['ok', 'failed Escrow.AlreadyMinted'])
		expect(chain.eventsOf('Escrow.LockMinted')).toMatchObject([{ nonce: 0n, amountWei: 5n * ETHER }])
		expect(feesOf(chain, 'Witness3')).toBe(0n)
		expect(feesOf(chain, 'Ferdie')).toBeGreaterThan(0n)
		// The nonce is spent whatever a later lock of it says.
		const other = lockOf(0n, 'Charlie', 9n * ETHER)
		expect(chain.block((['Witness1', 'Witness2', 'Witness3'] as const).map((by) => attest(by, other)))).toEqual([
			...['failed Escrow.AlreadyMinted', 'failed Escrow.AlreadyMinted', 'failed Escrow.AlreadyMinted'],
		])
		expect(ethOf(chain, 'Bob')).toBe(5n * ETHER)
		expect(chain.read(() => supplyOf(ETH))).toBe(5n * ETHER)
	})

	test('ESC-1 a lying witness neither mints nor stops the others, and saying two things is recorded and charged', () => {
		chain = fourWitnesses()
		const lock = lockOf(0n, 'Bob', 5n * ETHER)
		const lie = { ...lock, amountWei: 500n * ETHER }
		expect(chain.block([attest('Ferdie', lie), attest('Witness1', lock), attest('Ferdie', lock)])).toEqual(['ok', 'ok', 'ok'])
		expect(chain.eventsOf('Escrow.Equivocated')).toMatchObject([{ nonce: 0n, subject: { type: 'Lock' } }])
		expect(feesOf(chain, 'Ferdie')).toBeGreaterThan(0n)
		// The equivocation did not count: two honest votes and a lie are no quorum.
		expect(chain.block([attest('Witness2', lock)])).toEqual(['ok'])
		expect(ethOf(chain, 'Bob')).toBe(0n)
		expect(chain.block([attest('Witness3', lock)])).toEqual(['ok'])
		expect(ethOf(chain, 'Bob')).toBe(5n * ETHER)
	})

	test('ESC-1 refuses strangers, other assets, empty locks and nonces far ahead', () => {
		chain = new TwinChain(runtime)
		const lock = lockOf(0n, 'Bob', ETHER)
		expect(
			chain.block([
				attest('Bob', lock),
				attest('Witness1', { ...lock, asset: new Uint8Array(20).fill(3) }),
				attest('Witness1', { ...lock, amountWei: 0n }),
				attest('Witness1', { ...lock, nonce: 1024n }),
				attest('Witness1', { ...lock, nonce: 1023n }),
			]),
		).toEqual([
			...['failed Escrow.NotWitness', 'failed Escrow.UnsupportedAsset', 'failed Escrow.ZeroAmount', 'failed Escrow.NonceTooFar', 'ok'],
		])
	})
})

describe('orders', () => {
	const withdraw = (amountWei: bigint): ToSign => ({
		by: 'Bob',
		call: callOf(escrow, 'withdraw', { amountWei, recipient: new Uint8Array(20).fill(0xb0) }),
	})
	const start = (): void => {
		chain = new TwinChain(runtime)
		fund(chain, { Bob: 10n * ETHER })
		expect(chain.block([withdraw(4n * ETHER), withdraw(7n * ETHER), withdraw(1n)])).toEqual([
			...['ok', 'failed Assets.BalanceLow', 'failed Escrow.WithdrawalTooLow'],
		])
		expect(ethOf(chain, 'Bob')).toBe(6n * ETHER)
	}
	const totals = () => chain.read(() => storage.totals.get())

	test('ESC-2 collects real secp256k1 signatures, is ready at the threshold, and is closed when executed', () => {
		start()
		const good = [1, 2, 3].map((number) => signOrder(chain, number, 0n))
		const foreign = signOrder(chain, 2, 0n, 'Witness1')
		expect(chain.block([good[0], good[0], foreign, { ...good[1], by: 'Bob' }, good[1]])).toEqual([
			...['ok', 'failed Escrow.AlreadySigned', 'failed Escrow.InvalidSignature', 'failed Escrow.NotWitness', 'ok'],
		])
		expect(chain.eventsOf('Escrow.OrderReady')).toEqual([])
		expect(chain.block([good[2]])).toEqual(['ok'])
		expect(chain.eventsOf('Escrow.OrderReady')).toEqual([{ nonce: 0n }])
		expect(totals()).toMatchObject({ inFlightWei: 4n * ETHER, releasedWei: 0n })
		expect(settle(chain, 0n, 'Executed')).toEqual(['ok', 'ok', 'ok'])
		expect(totals()).toMatchObject({ inFlightWei: 0n, releasedWei: 4n * ETHER })
		expect(chain.block([good[2], attestOutcome('Witness1', 0n, 'Executed')])).toEqual([
			'failed Escrow.OrderClosed',
			'failed Escrow.OrderClosed',
		])
		chain.block([], ORDER_LIFETIME_SLOTS)
		expect(settle(chain, 0n, 'Expired')).toEqual(['failed Escrow.OrderClosed', 'failed Escrow.OrderClosed', 'failed Escrow.OrderClosed'])
		expect(ethOf(chain, 'Bob')).toBe(6n * ETHER)
	})

	test('ESC-2 refunds an expired order exactly once, not before its time, and never after', () => {
		start()
		const late = signOrder(chain, 1, 0n)
		expect(settle(chain, 0n, 'Expired')).toEqual(Array(3).fill('failed Escrow.OrderNotExpired'))
		chain.block([], ORDER_LIFETIME_SLOTS)
		expect(chain.block([late])).toEqual(['failed Escrow.OrderExpired'])
		expect(settle(chain, 0n, 'Expired')).toEqual(['ok', 'ok', 'ok'])
		expect(chain.eventsOf('Escrow.OrderRefunded')).toMatchObject([{ nonce: 0n, amountWei: 4n * ETHER }])
		expect(ethOf(chain, 'Bob')).toBe(10n * ETHER)
		for (const type of ['Expired', 'Executed'] as const) expect(settle(chain, 0n, type)).toEqual(Array(3).fill('failed Escrow.OrderClosed'))
		expect(ethOf(chain, 'Bob')).toBe(10n * ETHER)
		expect(totals()).toEqual({ mintedWei: 10n * ETHER, releasedWei: 0n, stakedWei: 0n, inFlightWei: 0n })
	})

	test('ESC-2 one witness that says two outcomes is recorded, and its second word does not count', () => {
		start()
		chain.block([], ORDER_LIFETIME_SLOTS)
		const outcomes = [
			attestOutcome('Witness1', 0n, 'Executed'),
			attestOutcome('Witness1', 0n, 'Expired'),
			attestOutcome('Witness2', 0n, 'Expired'),
			attestOutcome('Witness3', 0n, 'Expired'),
			attestOutcome('Witness1', 7n, 'Expired'),
		]
		expect(chain.block(outcomes)).toEqual(['ok', 'ok', 'ok', 'ok', 'failed Escrow.UnknownOrder'])
		expect(chain.eventsOf('Escrow.Equivocated')).toMatchObject([{ nonce: 0n, subject: { type: 'Outcome' } }])
		expect(chain.read(() => storage.orders.exists(0n))).toBe(true)
		expect(ethOf(chain, 'Bob')).toBe(6n * ETHER)
	})
})
