import { signed } from '@stkr/runtime-spec/frame/call.ts'
import { assets } from '@stkr/runtime-spec/pallets/assets/index.ts'
import { mint, STKR } from '@stkr/runtime-spec/pallets/balances/index.ts'
import { microPool } from '@stkr/runtime-spec/pallets/micro-pool/index.ts'
import { hashOf, newcomer, provider, user } from '../actors.ts'
import { callNatively, depositOf, ETHER, holdEther, joinPool, launchPool, opening, openPool, refundOrder } from '../chain-moves.ts'
import type { Preparations } from '../preparation.ts'
import { expiredContent } from './bridge.ts'

const member = hashOf('member')
const COLLATERAL_WEI = 16n * ETHER

/** A pool that lacks one ether of 32; a member has paid FP to it. */
const nearlyFullPool = (): number => {
	mint(member, 1000n * STKR)
	const pool = openPool(COLLATERAL_WEI)
	joinPool(pool, member, 15n * ETHER)
	return pool
}

/** A pool that has launched, of the provider and two members. */
const launchedPool = (): number => {
	const pool = nearlyFullPool()
	joinPool(pool, user.publicKey, ETHER)
	return pool
}

export const microPoolCalls: Preparations = {
	open: {
		worst: 'all 32 ETH are collateral, so that the pool launches at once',
		by: provider,
		emits: ['MicroPool.Launched', 'System.NewAccount'],
		make() {
			holdEther(provider.publicKey, 32n * ETHER)
			return opening(32n * ETHER)
		},
	},
	addCollateral: {
		worst: 'the last ETH launches the pool, FP is paid out',
		by: provider,
		emits: ['MicroPool.Launched', 'System.KilledAccount'],
		make() {
			const pool = nearlyFullPool()
			holdEther(provider.publicKey, ETHER)
			return { pool, amountWei: ETHER }
		},
	},
	join: {
		worst: 'a new member brings the last ETH and launches the pool, FP is paid out',
		by: user,
		emits: ['MicroPool.Launched', 'System.KilledAccount'],
		make() {
			const pool = nearlyFullPool()
			holdEther(user.publicKey, ETHER)
			return { pool, stakeWei: ETHER }
		},
	},
	exit: {
		worst: 'a member with all its aETH, and no ETH yet',
		by: user,
		emits: ['MicroPool.Exited'],
		make() {
			const pool = openPool(COLLATERAL_WEI)
			joinPool(pool, user.publicKey, ETHER)
			return { pool }
		},
	},
	setDepositData: {
		worst: 'another validator key',
		by: provider,
		emits: ['MicroPool.Relaunched'],
		make() {
			const { pool, nonce } = launchPool()
			refundOrder(nonce, expiredContent())
			return { pool, ...depositOf('another validator') }
		},
	},
	payRewards: {
		worst: 'all ETH of the payer; every receiver gets its first',
		by: user,
		emits: ['LiquidStaking.RewardsDistributed', 'System.NewAccount'],
		make() {
			const pool = launchedPool()
			holdEther(user.publicKey, ETHER + 1n)
			return { pool, amountWei: ETHER + 1n }
		},
	},
}

export const liquidStakingCalls: Preparations = {
	claim: {
		worst: 'an account that has given all its aETH away and gets its first ETH',
		by: user,
		emits: ['LiquidStaking.RewardsClaimed'],
		make() {
			const pool = launchedPool()
			holdEther(member, ETHER + 1n)
			callNatively(signed(member), microPool, 'payRewards', { pool, amountWei: ETHER + 1n })
			const all = { id: 2, dest: { type: 'Id', value: newcomer }, keepAlive: false }
			callNatively(signed(user.publicKey), assets, 'transferAll', all)
			return {}
		},
	},
}
