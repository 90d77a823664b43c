import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { account } from '../../frame/native/test-chain.ts'
import { AETH, assets } from '../assets/index.ts'
import { balances, EXISTENTIAL_DEPOSIT, freeBalance, STKR } from '../balances/index.ts'
import { storage as escrowStorage } from '../escrow/index.ts'
import { alice, BridgeChain, bob, carol, dave, ETHER, eve, LIFETIME_MS, START_MS } from '../escrow/testing/bridge-chain.ts'
import { liquidStaking, liquidStakingAccount } from '../liquid-staking/index.ts'
import { insurancePoolAccount, rewardPoolAccount } from '../pots.ts'
import { microPool, poolAccount, storage } from './index.ts'
import { rewardShares, splitFees } from './shares.ts'

const calls = microPool.parts.calls!
const seed = Number(process.env.FC_SEED ?? 20261120)
const FP = 100n * STKR
const ENDS_AT_MS = START_MS + 86_400_000n
const depositData = (n: number) => ({
	pubkey: new Uint8Array(48).fill(n),
	signature: new Uint8Array(96).fill(n),
	depositDataRoot: new Uint8Array(32).fill(n),
})
const terms = (change: object = {}) => ({
	collateralWei: 16n * ETHER,
	endsAtMs: ENDS_AT_MS,
	fixedPricePlanck: FP,
	...depositData(1),
	...change,
})

const open = (bridge: BridgeChain, change: object = {}) => bridge.call(alice, calls.open, terms(change))
const join = (bridge: BridgeChain, who: Uint8Array, stakeWei: bigint) => bridge.call(who, calls.join, { pool: 0, stakeWei })
const exit = (bridge: BridgeChain, who: Uint8Array) => bridge.call(who, calls.exit, { pool: 0 })
const pool = () => storage.pools.get(0)!

/** A chain on which everybody has 100 ETH. */
const funded = (): BridgeChain => {
	const bridge = new BridgeChain()
	for (const who of [alice, bob, carol, dave]) bridge.lock(who, 100n * ETHER)
	return bridge
}
/** `funded`, with alice's pool of 16 ETH open. */
const opened = (change: object = {}): BridgeChain => {
	const bridge = funded()
	expect(open(bridge, change)).toBeUndefined()
	return bridge
}
/** `opened`, and launched by bob with 10 and carol with 6 ETH: order 0 is with the escrow. */
const launched = (): BridgeChain => {
	const bridge = opened()
	expect(join(bridge, bob, 10n * ETHER)).toBeUndefined()
	expect(join(bridge, carol, 6n * ETHER)).toBeUndefined()
	return bridge
}

describe('open', () => {
	test("POO-1 moves the collateral and an existential deposit into the pool's account", () => {
		const bridge = opened()
		expect(bridge.eth(alice)).toBe(84n * ETHER)
		expect(bridge.eth(poolAccount(0))).toBe(16n * ETHER)
		expect(freeBalance(poolAccount(0))).toBe(EXISTENTIAL_DEPOSIT)
		expect(pool()).toMatchObject({
			provider: alice,
			collateralWei: 16n * ETHER,
			stakedWei: 0n,
			status: { type: 'Open' },
			deposit: depositData(1),
		})
		expect(bridge.aethSupply).toBe(0n)
	})
	test('POO-1 refuses collateral under k or over 32 ETH, an end in the past, a key in use, and more than the provider has', () => {
		const bridge = funded()
		expect(open(bridge, { collateralWei: 16n * ETHER - 1n })).toBe('CollateralTooLow')
		expect(open(bridge, { collateralWei: 32n * ETHER + 1n })).toBe('CollateralTooHigh')
		expect(open(bridge, { endsAtMs: START_MS })).toBe('EndInPast')
		expect(bridge.call(eve, calls.open, terms())).toBe('NoAccount')
		expect(open(bridge)).toBeUndefined()
		expect(open(bridge)).toBe('ValidatorKeyInUse')
		expect(open(bridge, depositData(2))).toBeUndefined()
		expect(storage.nextPoolId.get()).toBe(2)
	})
	test('POO-3 a provider that brings all 32 ETH launches at once', () => {
		const bridge = opened({ collateralWei: 32n * ETHER })
		expect(pool().status).toEqual({ type: 'Launched', value: { order: 0n } })
		expect(freeBalance(alice)).toBe(1_000n * STKR)
		expect(bridge.eth(poolAccount(0))).toBe(0n)
	})
})

describe('addCollateral', () => {
	const add = (bridge: BridgeChain, amountWei: bigint, who = alice, id = 0) =>
		bridge.call(who, calls.addCollateral, { pool: id, amountWei })
	test('POO-1 the provider may add, at most what is missing, and launches with the last wei', () => {
		const bridge = opened()
		join(bridge, bob, 10n * ETHER)
		expect(add(bridge, ETHER)).toBeUndefined()
		expect(pool().collateralWei).toBe(17n * ETHER)
		expect(add(bridge, 50n * ETHER)).toBeUndefined()
		expect(pool()).toMatchObject({ collateralWei: 22n * ETHER, stakedWei: 10n * ETHER, status: { type: 'Launched' } })
		expect(bridge.eth(alice)).toBe(78n * ETHER)
	})
	test('POO-1 only the provider, only something, only before launch and end', () => {
		const bridge = opened()
		expect(add(bridge, ETHER, bob)).toBe('NotProvider')
		expect(add(bridge, 0n)).toBe('ZeroAmount')
		expect(add(bridge, ETHER, alice, 7)).toBe('UnknownPool')
		bridge.passTime(86_400_000)
		expect(add(bridge, ETHER)).toBe('PoolEnded')
		expect(add(launched(), ETHER)).toBe('AlreadyLaunched')
	})
})

describe('join', () => {
	test('POO-2 LST-1 a member pays its share of FP, puts its ETH in and has aETH at once', () => {
		const bridge = opened()
		expect(join(bridge, bob, 4n * ETHER)).toBeUndefined()
		expect([bridge.eth(bob), bridge.aeth(bob), bridge.aethSupply]).toEqual([96n * ETHER, 4n * ETHER, 4n * ETHER])
		expect(freeBalance(bob)).toBe(1_000n * STKR - (FP * 4n) / 32n)
		expect(pool()).toMatchObject({ stakedWei: 4n * ETHER, members: 1, feesPlanck: (FP * 4n) / 32n })
		expect(bridge.chain.eventsOf('MicroPool', 'Joined')).toEqual([{ pool: 0, who: bob, stakeWei: 4n * ETHER, feePlanck: (FP * 4n) / 32n }])
	})
	test('POO-2 0.01 ETH is the least', () => {
		const bridge = opened()
		expect(join(bridge, bob, ETHER / 100n - 1n)).toBe('StakeTooLow')
		expect(join(bridge, bob, ETHER / 100n)).toBeUndefined()
	})
	test('POO-2 the last join is capped, so that the total is exactly 32 even when less than 0.01 ETH is missing', () => {
		const bridge = opened()
		join(bridge, bob, 16n * ETHER - 7n)
		expect(join(bridge, carol, ETHER)).toBeUndefined()
		expect(storage.members.get(0, carol)).toEqual({ stakeWei: 7n, feePaidPlanck: (FP * 7n) / (32n * ETHER) })
		expect([bridge.eth(carol), bridge.aeth(carol)]).toEqual([100n * ETHER - 7n, 7n])
		expect(pool().status.type).toBe('Launched')
	})
	test('POO-2 joining in slices costs the same as at once', () => {
		const bridge = opened({ fixedPricePlanck: FP + 1n })
		const slices = [1n, 2n, 3n].map((n) => (n * ETHER) / 7n)
		for (const slice of slices) join(bridge, bob, slice)
		const stakeWei = slices[0] + slices[1] + slices[2]
		expect(storage.members.get(0, bob)).toEqual({ stakeWei, feePaidPlanck: ((FP + 1n) * stakeWei) / (32n * ETHER) })
		expect(pool().members).toBe(1)
	})
	test('POO-2 refuses unknown, ended and launched pools, and who has no ETH or too little STKR for the fee', () => {
		const bridge = opened({ fixedPricePlanck: 4_000n * STKR })
		expect(bridge.call(bob, calls.join, { pool: 9, stakeWei: ETHER })).toBe('UnknownPool')
		expect(join(bridge, eve, ETHER)).toBe('NoAccount')
		expect(join(bridge, bob, 8n * ETHER)).toBe('Token::NotExpendable')
		expect(bridge.aethSupply).toBe(0n)
		bridge.passTime(86_400_000)
		expect(join(bridge, bob, ETHER)).toBe('PoolEnded')
		expect(join(launched(), dave, ETHER)).toBe('AlreadyLaunched')
	})
	test('POO-2 a pool may be free of charge', () => {
		const bridge = opened({ fixedPricePlanck: 0n })
		expect(join(bridge, bob, 16n * ETHER)).toBeUndefined()
		expect(freeBalance(bob)).toBe(1_000n * STKR)
		expect(pool().status.type).toBe('Launched')
	})
})

describe('exit', () => {
	test('POO-2 before launch a member gets everything back and its aETH is burned', () => {
		const bridge = opened({ fixedPricePlanck: FP + 3n })
		join(bridge, bob, 3n * ETHER)
		join(bridge, bob, ETHER / 3n)
		expect(exit(bridge, bob)).toBeUndefined()
		expect([bridge.eth(bob), bridge.aeth(bob), freeBalance(bob)]).toEqual([100n * ETHER, 0n, 1_000n * STKR])
		expect(pool()).toMatchObject({ stakedWei: 0n, members: 0, feesPlanck: 0n })
		expect(exit(bridge, bob)).toBe('NotMember')
	})
	test('POO-2 members can leave a pool that ended without a launch', () => {
		const bridge = opened()
		join(bridge, bob, ETHER)
		bridge.passTime(86_400_000)
		expect(exit(bridge, bob)).toBeUndefined()
	})
	test('LST-1 who gave aETH away can leave only with as much again', () => {
		const bridge = opened()
		join(bridge, bob, 2n * ETHER)
		const send = (from: Uint8Array, to: Uint8Array, amount: bigint) =>
			bridge.call(from, assets.parts.calls!.transfer, { id: AETH, target: { type: 'Id', value: to }, amount })
		expect(send(bob, carol, 1n)).toBeUndefined()
		expect(exit(bridge, bob)).toBe('BalanceLow')
		expect(exit(bridge, carol)).toBe('NotMember')
		expect(send(carol, bob, 1n)).toBeUndefined()
		expect(exit(bridge, bob)).toBeUndefined()
	})
	test('POO-4 POO-1 no exit and no way to the collateral from launch on, whatever happens to the stake order', () => {
		const bridge = launched()
		const stuck = () => {
			for (const who of [alice, bob, carol]) expect(exit(bridge, who)).toBe('AlreadyLaunched')
		}
		stuck()
		bridge.passTime(LIFETIME_MS + 1000)
		bridge.settle(0n, 'Expired')
		stuck()
		bridge.call(alice, calls.setDepositData, { pool: 0, ...depositData(2) })
		bridge.settle(1n, 'Executed')
		stuck()
		expect(exit(bridge, dave)).toBe('AlreadyLaunched')
		expect(bridge.call(bob, calls.exit, { pool: 5 })).toBe('UnknownPool')
	})
})

describe('launch', () => {
	test('POO-3 at 32 ETH: a tenth of FP to the Reward Pool, the rest and the deposit to the provider, the ETH to a stake order', () => {
		const bridge = launched()
		const fees = FP / 2n
		expect(freeBalance(rewardPoolAccount)).toBe(EXISTENTIAL_DEPOSIT + fees / 10n)
		expect(freeBalance(alice)).toBe(1_000n * STKR + (fees * 9n) / 10n)
		expect([bridge.eth(poolAccount(0)), freeBalance(poolAccount(0))]).toEqual([0n, 0n])
		expect(bridge.ethSupply).toBe(400n * ETHER - 32n * ETHER)
		expect(escrowStorage.totals.get().inFlightWei).toBe(32n * ETHER)
		const { owner, amountWei, kind } = bridge.order(0n)
		expect({ owner, amountWei, kind }).toEqual({
			owner: poolAccount(0),
			amountWei: 32n * ETHER,
			kind: { type: 'Stake', value: { pool: 0, ...depositData(1) } },
		})
		expect(bridge.chain.eventsOf('MicroPool', 'Launched')).toEqual([
			{ pool: 0, order: 0n, providerPlanck: (fees * 9n) / 10n, rewardPoolPlanck: fees / 10n },
		])
		expect(bridge.aethSupply).toBe(16n * ETHER)
	})
	test('ESC-6 the witnesses can sign the stake order, and its execution makes the pool staked', () => {
		const bridge = launched()
		for (const i of [0, 1, 2]) expect(bridge.sign(i, 0n)).toBeUndefined()
		expect(bridge.chain.eventsOf('Escrow', 'OrderReady')).toEqual([{ nonce: 0n }])
		bridge.settle(0n, 'Executed')
		expect(pool().status.type).toBe('Staked')
		expect(escrowStorage.totals.get()).toMatchObject({ stakedWei: 32n * ETHER, inFlightWei: 0n })
	})
	test('ESC-6 an expired stake order returns the ETH to the pool, and new deposit data orders it again', () => {
		const bridge = launched()
		const renew = (who = alice, n = 2) => bridge.call(who, calls.setDepositData, { pool: 0, ...depositData(n) })
		expect(renew()).toBe('NotAwaitingDepositData')
		bridge.passTime(LIFETIME_MS + 1000)
		bridge.settle(0n, 'Expired')
		expect(pool().status.type).toBe('AwaitingDepositData')
		expect(bridge.eth(poolAccount(0))).toBe(32n * ETHER)
		expect(renew(bob)).toBe('NotProvider')
		expect(bridge.call(alice, calls.setDepositData, { pool: 3, ...depositData(2) })).toBe('UnknownPool')
		bridge.call(bob, calls.open, terms(depositData(5)))
		expect(renew(alice, 5)).toBe('ValidatorKeyInUse')
		expect(renew(alice, 1), 'the same data again').toBeUndefined()
		expect(pool().status).toEqual({ type: 'Launched', value: { order: 1n } })
		bridge.passTime(LIFETIME_MS + 1000)
		bridge.settle(1n, 'Expired')
		expect(renew()).toBeUndefined()
		expect(storage.validatorKeys.exists(depositData(1).pubkey)).toBe(false)
		bridge.settle(2n, 'Executed')
		expect(pool().status.type).toBe('Staked')
	})
	test('POO-3 a launch works when the collected FP is far below the existential deposit, and when the provider has no account left', () => {
		const bridge = opened({ collateralWei: 32n * ETHER - ETHER / 100n, fixedPricePlanck: 3_300n })
		const everything = { dest: { type: 'Id', value: eve }, keepAlive: false }
		bridge.call(alice, assets.parts.calls!.transferAll, { id: 1, dest: everything.dest, keepAlive: false })
		expect(bridge.call(alice, balances.parts.calls!.transferAll, everything)).toBeUndefined()
		expect(join(bridge, bob, ETHER)).toBeUndefined()
		expect(freeBalance(rewardPoolAccount)).toBe(EXISTENTIAL_DEPOSIT + 1n)
		expect(freeBalance(alice)).toBe(EXISTENTIAL_DEPOSIT)
	})
	test('CHN-3 a join that would launch fails whole when the escrow has no contract', () => {
		const bridge = opened()
		escrowStorage.contract.kill()
		expect(join(bridge, bob, 16n * ETHER)).toBe('ContractNotSet')
		expect([bridge.eth(bob), bridge.aeth(bob), freeBalance(bob)]).toEqual([100n * ETHER, 0n, 1_000n * STKR])
		expect(pool().stakedWei).toBe(0n)
	})
	test('POO-3 ETH and STKR sent to the pool by mistake do not hinder it', () => {
		const bridge = opened()
		const dest = { type: 'Id', value: poolAccount(0) }
		bridge.call(dave, balances.parts.calls!.transferKeepAlive, { dest, value: 5n })
		bridge.call(dave, assets.parts.calls!.transfer, { id: 1, target: dest, amount: 5n })
		expect(join(bridge, bob, 16n * ETHER)).toBeUndefined()
		expect(bridge.eth(poolAccount(0))).toBe(5n)
	})
})

describe('payRewards', () => {
	const pay = (bridge: BridgeChain, amountWei: bigint, who = dave, id = 0) => bridge.call(who, calls.payRewards, { pool: id, amountWei })
	test('POO-5 a tenth each to Insurance and Reward Pool, the rest to the provider and the aETH holders by stake', () => {
		const bridge = launched()
		const before = bridge.eth(alice)
		expect(pay(bridge, 10n * ETHER)).toBeUndefined()
		expect(bridge.eth(insurancePoolAccount)).toBe(ETHER)
		expect(bridge.eth(rewardPoolAccount)).toBe(ETHER)
		expect(bridge.eth(alice) - before).toBe(4n * ETHER)
		expect(bridge.eth(liquidStakingAccount)).toBe(4n * ETHER)
		for (const who of [bob, carol]) expect(bridge.call(who, liquidStaking.parts.calls!.claim, {})).toBeUndefined()
		expect([bridge.eth(bob), bridge.eth(carol)]).toEqual([90n * ETHER + (4n * ETHER * 10n) / 16n, 94n * ETHER + (4n * ETHER * 6n) / 16n])
		expect(bridge.eth(liquidStakingAccount)).toBe(0n)
	})
	test('POO-5 a provider that brought all 32 ETH gets all of the 80 %', () => {
		const bridge = opened({ collateralWei: 32n * ETHER })
		expect(pay(bridge, ETHER)).toBeUndefined()
		expect(bridge.eth(alice)).toBe(68n * ETHER + (ETHER * 8n) / 10n)
	})
	test('POO-5 a single wei is paid exactly, to the Reward Pool', () => {
		const bridge = launched()
		expect(pay(bridge, 1n)).toBeUndefined()
		expect(bridge.eth(rewardPoolAccount)).toBe(1n)
	})
	test('POO-5 refuses nothing, unknown pools, pools that have not launched, and more than the payer has', () => {
		expect(pay(opened(), ETHER)).toBe('NotRunning')
		const bridge = launched()
		expect(pay(bridge, 0n)).toBe('ZeroAmount')
		expect(pay(bridge, ETHER, dave, 4)).toBe('UnknownPool')
		expect(pay(bridge, 101n * ETHER)).toBe('BalanceLow')
		expect(pay(bridge, ETHER, account(99))).toBe('NoAccount')
	})
})

test(`POO-3 POO-5 every split sums exactly and its dust goes to the Reward Pool (seed ${seed})`, () => {
	const amounts = fc.bigInt(0n, 10n ** 30n)
	const property = fc.property(amounts, fc.bigInt(0n, 32n * ETHER), (amount, k) => {
		const { providerPlanck, rewardPoolPlanck } = splitFees(amount)
		expect(providerPlanck + rewardPoolPlanck).toBe(amount)
		expect(providerPlanck).toBe((amount * 9n) / 10n)
		const { insuranceWei, rewardPoolWei, providerWei, holdersWei } = rewardShares(amount, k, 32n * ETHER - k)
		expect(insuranceWei + rewardPoolWei + providerWei + holdersWei).toBe(amount)
		expect(rewardPoolWei - insuranceWei).toBeLessThan(4n)
		const dust = (wei: bigint, share: bigint) => amount * 8n * share - wei * 320n * ETHER
		for (const rest of [dust(providerWei, k), dust(holdersWei, 32n * ETHER - k)]) {
			expect(rest).toBeGreaterThanOrEqual(0n)
			expect(rest).toBeLessThan(320n * ETHER)
		}
	})
	fc.assert(property, { seed, numRuns: 500, verbose: true })
})

test(`POO-1 to POO-5 books are exact through any joins, exits, launches and rewards (seed ${seed})`, () => {
	const users = [alice, bob, carol, dave]
	const step = fc.record({
		kind: fc.constantFrom('join', 'join', 'join', 'exit', 'collateral', 'reward', 'settle', 'renew'),
		user: fc.nat(3),
		pool: fc.nat(2),
		amountWei: fc.bigInt(1n, 12n * ETHER),
		price: fc.bigInt(0n, FP),
	})
	const property = fc.property(fc.array(step, { minLength: 20, maxLength: 60 }), (steps) => {
		const bridge = funded()
		const holders = [...users, rewardPoolAccount, insurancePoolAccount, liquidStakingAccount, ...[0, 1, 2].map(poolAccount)]
		const stkr = () => holders.reduce((sum, who) => sum + freeBalance(who), 0n)
		const before = stkr()
		let keys = 10
		for (const { kind, user, pool: wanted, amountWei, price } of steps) {
			const who = users[user]
			const id = wanted % (storage.nextPoolId.get() + 1)
			const found = storage.pools.get(id)
			if (!found) {
				const collateralWei = 16n * ETHER + amountWei
				bridge.call(who, calls.open, terms({ collateralWei, fixedPricePlanck: price, ...depositData(keys++) }))
			} else if (kind === 'join') bridge.call(who, calls.join, { pool: id, stakeWei: amountWei })
			else if (kind === 'exit') {
				const member = storage.members.get(id, who)
				const had = [bridge.eth(who), bridge.aeth(who), freeBalance(who)]
				if (!bridge.call(who, calls.exit, { pool: id }))
					expect([bridge.eth(who), bridge.aeth(who), freeBalance(who)]).toEqual([
						had[0] + member.stakeWei,
						had[1] - member.stakeWei,
						had[2] + member.feePaidPlanck,
					])
			} else if (kind === 'collateral') bridge.call(who, calls.addCollateral, { pool: id, amountWei })
			else if (kind === 'reward') bridge.call(who, calls.payRewards, { pool: id, amountWei })
			else if (kind === 'renew') bridge.call(found.provider, calls.setDepositData, { pool: id, ...depositData(keys++) })
			else if (found.status.type === 'Launched') {
				if (user > 0) bridge.passTime(LIFETIME_MS + 1000)
				bridge.settle(found.status.value.order, user > 0 ? 'Expired' : 'Executed')
			}
			expect(stkr(), 'STKR only changes hands').toBe(before)
			expect(holders.reduce((sum, holder) => sum + bridge.eth(holder), 0n)).toBe(bridge.ethSupply)
			const { stakedWei, inFlightWei } = escrowStorage.totals.get()
			expect(bridge.ethSupply + stakedWei + inFlightWei).toBe(400n * ETHER)
		}
	})
	fc.assert(property, { seed, numRuns: 25, verbose: true })
}, 120_000)
