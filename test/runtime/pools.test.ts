import '@stkr/runtime-spec/frame/native/install.ts'
import { AETH, assets, ETH, supplyOf } from '@stkr/runtime-spec/pallets/assets/index.ts'
import { STKR } from '@stkr/runtime-spec/pallets/balances/index.ts'
import { storage as escrow } from '@stkr/runtime-spec/pallets/escrow/index.ts'
import { storage as liquid, liquidStaking } from '@stkr/runtime-spec/pallets/liquid-staking/index.ts'
import { microPool, poolAccount, storage } from '@stkr/runtime-spec/pallets/micro-pool/index.ts'
import { insurancePoolAccount, rewardPoolAccount } from '@stkr/runtime-spec/pallets/pots.ts'
import type { DevName } from '@stkr/runtime-spec/runtime/presets.ts'
import { afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { builtRuntime } from './built.ts'
import { callOf } from './calls.ts'
import { type RunnableRuntime, type ToSign, TwinChain } from './chain.ts'
import {
	assetOf,
	depositData,
	ETHER,
	ethOf,
	exitPool,
	feesOf,
	freeOf,
	fund,
	idOf,
	joinPool,
	ORDER_LIFETIME_SLOTS,
	openPool,
	settle,
	signOrder,
} from './journeys.ts'

let runtime: RunnableRuntime
let chain: TwinChain

beforeAll(async () => {
	runtime = await builtRuntime()
})
/** Bob is the provider, Charlie and Dave join, Ferdie pays rewards. FP is no multiple of anything. */
const FP = 100n * STKR + 7n
beforeEach(() => {
	chain = new TwinChain(runtime)
	fund(chain, { Bob: 20n * ETHER, Charlie: 20n * ETHER, Dave: 20n * ETHER, Ferdie: 50n * ETHER })
})
afterEach(() => {
	expect(chain.twin.differences).toEqual([])
	expect(chain.defects).toEqual([])
})

const aethOf = (who: DevName): bigint => assetOf(chain, AETH, who)
const pool = () => chain.read(() => storage.pools.get(0))!
const add = (amountWei: bigint): ToSign => ({ by: 'Bob', call: callOf(microPool, 'addCollateral', { pool: 0, amountWei }) })
const reward = (by: DevName, amountWei: bigint): ToSign => ({ by, call: callOf(microPool, 'payRewards', { pool: 0, amountWei }) })
const claim = (by: DevName): ToSign => ({ by, call: callOf(liquidStaking, 'claim') })
const giveLiquid = (by: DevName, to: DevName, amount: bigint): ToSign => ({
	by,
	call: callOf(assets, 'transfer', { id: AETH, target: idOf(to), amount }),
})
/** Plancks a block took from an account beside fees. */
const spent = (who: DevName, work: () => void): bigint => {
	const before = freeOf(chain, who)
	work()
	return before - freeOf(chain, who) - feesOf(chain, who)
}
/** The pool is launched with 16 ETH of Bob's, 10 of Charlie's and 6 of Dave's. */
const launch = (): void => {
	expect(chain.block([openPool('Bob', 16n * ETHER, FP), joinPool('Charlie', 10n * ETHER), joinPool('Dave', 6n * ETHER)])).toEqual([
		...['ok', 'ok', 'ok'],
	])
}

describe('an open pool', () => {
	test('POO-1 takes collateral of k or more, more of it up to 32, and gives none back', () => {
		const outcomes = chain.block([
			openPool('Bob', 16n * ETHER - 1n, FP),
			openPool('Bob', 33n * ETHER, FP),
			openPool('Bob', 16n * ETHER, FP, 1, 1n),
			openPool('Bob', 16n * ETHER, FP),
			openPool('Charlie', 16n * ETHER, FP),
			add(2n * ETHER),
			add(0n),
			{ ...add(ETHER), by: 'Charlie' },
			exitPool('Bob'),
		])
		expect(outcomes).toEqual([
			...['failed MicroPool.CollateralTooLow', 'failed MicroPool.CollateralTooHigh', 'failed MicroPool.EndInPast', 'ok'],
			...['failed MicroPool.ValidatorKeyInUse', 'ok', 'failed MicroPool.ZeroAmount', 'failed MicroPool.NotProvider'],
			'failed MicroPool.NotMember',
		])
		expect(pool().collateralWei).toBe(18n * ETHER)
		expect(ethOf(chain, 'Bob')).toBe(2n * ETHER)
		expect(ethOf(chain, poolAccount(0))).toBe(18n * ETHER)
	})

	test('POO-2 takes FP by stake, caps the last join at 32 exactly, and gives everything back at an exit', () => {
		chain.block([openPool('Bob', 16n * ETHER, FP)])
		expect(chain.block([joinPool('Charlie', ETHER / 100n - 1n), joinPool('Charlie', ETHER, 4)])).toEqual([
			...['failed MicroPool.StakeTooLow', 'failed MicroPool.UnknownPool'],
		])
		const stakeWei = 10n * ETHER + 3n
		const fee = (FP * stakeWei) / (32n * ETHER)
		expect(spent('Charlie', () => expect(chain.block([joinPool('Charlie', stakeWei)])).toEqual(['ok']))).toBe(fee)
		expect([ethOf(chain, 'Charlie'), aethOf('Charlie')]).toEqual([20n * ETHER - stakeWei, stakeWei])
		expect(spent('Charlie', () => expect(chain.block([exitPool('Charlie'), exitPool('Charlie')])[0]).toBe('ok'))).toBe(-fee)
		expect([ethOf(chain, 'Charlie'), aethOf('Charlie'), pool().members]).toEqual([20n * ETHER, 0n, 0])

		expect(chain.block([joinPool('Charlie', stakeWei), joinPool('Dave', 20n * ETHER), joinPool('Ferdie', ETHER)])).toEqual([
			...['ok', 'ok', 'failed MicroPool.AlreadyLaunched'],
		])
		expect(pool().collateralWei + pool().stakedWei).toBe(32n * ETHER)
		expect(aethOf('Dave')).toBe(16n * ETHER - stakeWei)
		expect(pool().feesPlanck).toBe(fee + (FP * (16n * ETHER - stakeWei)) / (32n * ETHER))
	})

	test('POO-2 an exit needs the aETH back, and a pool past its end can only be left', () => {
		const ends = chain.nowMs + 10_000n
		chain.block([openPool('Bob', 16n * ETHER, FP, 1, ends), joinPool('Charlie', ETHER), giveLiquid('Charlie', 'Eve', 1n)])
		expect(chain.block([exitPool('Charlie')])).toEqual(['failed Assets.BalanceLow'])
		expect(chain.block([giveLiquid('Eve', 'Charlie', 1n), joinPool('Dave', ETHER), add(ETHER), exitPool('Charlie')], 60n)).toEqual([
			...['ok', 'failed MicroPool.PoolEnded', 'failed MicroPool.PoolEnded', 'ok'],
		])
		expect(ethOf(chain, 'Charlie')).toBe(20n * ETHER)
	})
})

describe('a launched pool', () => {
	test('POO-3 launches at 32 ETH in the same call: FP one to nine, and an order for the deposit', () => {
		chain.block([openPool('Bob', 16n * ETHER, FP), joinPool('Charlie', 10n * ETHER)])
		const rewardPool = freeOf(chain, rewardPoolAccount)
		const earned = -spent('Bob', () => expect(chain.block([joinPool('Dave', 6n * ETHER)])).toEqual(['ok']))
		const { feesPlanck } = pool()
		const [launched] = chain.eventsOf('MicroPool.Launched') as { order: bigint; providerPlanck: bigint; rewardPoolPlanck: bigint }[]
		expect(launched.providerPlanck + launched.rewardPoolPlanck).toBe(feesPlanck)
		expect(launched.providerPlanck).toBe((feesPlanck * 9n) / 10n)
		expect(freeOf(chain, rewardPoolAccount) - rewardPool).toBe(launched.rewardPoolPlanck)
		// With the existential deposit that opening the pool had taken.
		expect(earned).toBe(launched.providerPlanck + 10n ** 15n)
		expect([freeOf(chain, poolAccount(0)), ethOf(chain, poolAccount(0))]).toEqual([0n, 0n])
		expect(chain.read(() => escrow.totals.get())).toMatchObject({ inFlightWei: 32n * ETHER })
		const order = chain.read(() => escrow.orders.get(launched.order))
		expect(order).toMatchObject({ amountWei: 32n * ETHER, kind: { type: 'Stake', value: { pool: 0, ...depositData(1) } } })
	})

	test('ESC-6 is staked when the witnesses saw the deposit, and needs new deposit data when the order expired', () => {
		launch()
		expect(chain.block([1, 2, 3].map((number) => signOrder(chain, number, 0n)))).toEqual(['ok', 'ok', 'ok'])
		expect(chain.eventsOf('Escrow.OrderReady')).toEqual([{ nonce: 0n }])
		chain.block([], ORDER_LIFETIME_SLOTS)
		expect(settle(chain, 0n, 'Expired')).toEqual(['ok', 'ok', 'ok'])
		expect(pool().status.type).toBe('AwaitingDepositData')
		expect(ethOf(chain, poolAccount(0))).toBe(32n * ETHER)
		const renew = (by: DevName): ToSign => ({ by, call: callOf(microPool, 'setDepositData', { pool: 0, ...depositData(2) }) })
		expect(chain.block([renew('Charlie'), exitPool('Charlie'), renew('Bob'), renew('Bob')])).toEqual([
			...['failed MicroPool.NotProvider', 'failed MicroPool.AlreadyLaunched', 'ok', 'failed MicroPool.NotAwaitingDepositData'],
		])
		expect(settle(chain, 1n, 'Executed')).toEqual(['ok', 'ok', 'ok'])
		expect(pool().status.type).toBe('Staked')
		expect(chain.read(() => escrow.totals.get())).toMatchObject({ inFlightWei: 0n, stakedWei: 32n * ETHER })
		expect(chain.read(() => supplyOf(ETH))).toBe(110n * ETHER - 32n * ETHER)
	})

	test('POO-4 nobody leaves, joins or adds from launch on', () => {
		launch()
		const leaving = ['Charlie', 'Dave', 'Bob'].map((by) => exitPool(by as DevName))
		expect(chain.block([...leaving, joinPool('Ferdie', ETHER), add(ETHER)])).toEqual(Array(5).fill('failed MicroPool.AlreadyLaunched'))
	})

	test('POO-5 splits rewards exactly: a tenth, a tenth, and eight to the stake with the provider in it', () => {
		chain.block([openPool('Bob', 16n * ETHER, FP)])
		expect(chain.block([reward('Ferdie', ETHER)])).toEqual(['failed MicroPool.NotRunning'])
		chain.block([joinPool('Charlie', 10n * ETHER), joinPool('Dave', 6n * ETHER)])
		expect(chain.block([reward('Ferdie', 0n), reward('Eve', ETHER)])).toEqual(['failed MicroPool.ZeroAmount', 'failed Assets.NoAccount'])
		const holders = ['Bob', 'Charlie', 'Dave'] as const
		for (const amountWei of [ETHER + 7n, 1n, 9n, 10n, 12_345_678_901n]) {
			const before = [insurancePoolAccount, rewardPoolAccount, 'Bob' as const].map((who) => ethOf(chain, who))
			const earned = chain.read(() => liquid.liabilityWei.get())
			expect(chain.block([reward('Ferdie', amountWei)])).toEqual(['ok'])
			const [insurance, rewardPool, provider] = [insurancePoolAccount, rewardPoolAccount, 'Bob' as const].map(
				(who, i) => ethOf(chain, who) - before[i],
			)
			const members = chain.read(() => liquid.liabilityWei.get()) - earned
			const stakeShare = (amountWei * 8n * 16n) / (10n * 32n)
			expect([insurance, provider, members]).toEqual([amountWei / 10n, stakeShare, stakeShare])
			expect(insurance + rewardPool + provider + members).toBe(amountWei)
		}
		expect(holders.map(aethOf)).toEqual([0n, 10n * ETHER, 6n * ETHER])
	})

	test('LST-1 a transfer of aETH settles both sides, and each claim pays what was earned, once', () => {
		launch()
		/** What each holder's claim must come to, in 1/32 of its wei and exact: rewards are spread over 16 ETH of aETH. */
		const due = { Charlie: 0n, Dave: 0n, Eve: 0n }
		const pay = (amountWei: bigint, parts: Record<keyof typeof due, bigint>): void => {
			expect(chain.block([reward('Ferdie', amountWei)])).toEqual(['ok'])
			const members = (amountWei * 8n) / 20n
			for (const name of Object.keys(due) as (keyof typeof due)[]) due[name] += members * parts[name]
		}
		pay(ETHER + 1n, { Charlie: 10n, Dave: 6n, Eve: 0n })
		expect(chain.block([giveLiquid('Charlie', 'Eve', 4n * ETHER), giveLiquid('Dave', 'Eve', 7n * ETHER)])).toEqual([
			...['ok', 'failed Assets.BalanceLow'],
		])
		pay(3n * ETHER + 11n, { Charlie: 6n, Dave: 6n, Eve: 4n })
		expect(chain.block([giveLiquid('Dave', 'Charlie', 6n * ETHER)])).toEqual(['ok'])
		pay(77n, { Charlie: 12n, Dave: 0n, Eve: 4n })
		for (const name of ['Charlie', 'Dave', 'Eve'] as const) {
			const before = ethOf(chain, name)
			expect(chain.block([claim(name), claim(name)])).toEqual(['ok', 'failed LiquidStaking.NothingToClaim'])
			const got = ethOf(chain, name) - before
			const exact = due[name]
			expect(got * 16n <= exact && exact < (got + 1n) * 16n, `${name} got ${got} wei of ${exact}/16`).toBe(true)
		}
		expect(chain.block([claim('Bob')])).toEqual(['failed LiquidStaking.NothingToClaim'])
	})
})
