import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { block } from '../../frame/block.ts'
import { toHex } from '../../frame/bytes.ts'
import { NONE, ROOT, signed } from '../../frame/call.ts'
import { toDispatchError } from '../../frame/errors.ts'
import { account, TestChain } from '../../frame/native/test-chain.ts'
import { transactional } from '../../frame/storage.ts'
import { mutateAccount, storage as system } from '../../frame/system/index.ts'
import { freeze, frozen } from './freezes.ts'
import { held, hold, reason, release, slashHeld, transferOnHold } from './holds.ts'
import {
	balances,
	burn,
	EXISTENTIAL_DEPOSIT,
	freeBalance,
	mint,
	repatriateReserved,
	reserve,
	resolve,
	STKR,
	slashReserved,
	storage,
	transfer,
	unreserve,
} from './index.ts'

const ED = EXISTENTIAL_DEPOSIT
const {
	transferAllowDeath,
	forceTransfer,
	transferKeepAlive,
	transferAll,
	forceUnreserve,
	forceSetBalance,
	burn: burnCall,
} = balances.parts.calls!
const [ALICE, BOB, CAROL] = [account(1), account(2), account(3)]
const id = (who: Uint8Array) => ({ type: 'Id' as const, value: who })
const LEASE = reason('test/one')
const STAKE = reason('test/two')

/** Alice has 100 STKR, Bob 10. */
const chainOf = (
	entries: [Uint8Array, bigint][] = [
		[ALICE, 100n * STKR],
		[BOB, 10n * STKR],
	],
) => new TestChain({ 4: balances }, { balances: { balances: entries.map(([who, amount]) => [toHex(who), amount]) } })
const data = (who: Uint8Array) => system.account.get(who).data
const exists = (who: Uint8Array) => system.account.exists(who)
/** Runs a function for other pallets as a call would. */
const act = (body: () => void): string | undefined => {
	try {
		transactional(body)
		return undefined
	} catch (thrown) {
		const { error, defect } = toDispatchError(thrown)
		if (defect) throw thrown
		return error.message
	}
}

describe('CHN-7 balances: transfers', () => {
	it('CHN-7 moves plancks and emits Transfer only between existing accounts', () => {
		const chain = chainOf()
		expect(chain.call(signed(ALICE), transferAllowDeath, { dest: id(BOB), value: STKR })).toBeUndefined()
		expect([freeBalance(ALICE), freeBalance(BOB)]).toEqual([99n * STKR, 11n * STKR])
		expect(chain.events().map(({ name }) => name)).toEqual(['Transfer'])
		expect(chain.eventsOf('Balances', 'Transfer')).toEqual([{ from: ALICE, to: BOB, amount: STKR }])
	})

	it('CHN-7 touches each account once: two reads and two writes besides the event', () => {
		const chain = chainOf()
		const { state } = chain
		const touched: string[] = []
		const { get, set } = state
		state.get = (key) => {
			touched.push(`get ${toHex(key).slice(0, 66)}`)
			return get.call(state, key)
		}
		state.set = (key, value) => {
			touched.push(`set ${toHex(key).slice(0, 66)}`)
			set.call(state, key, value)
		}
		transfer(ALICE, BOB, STKR, true)
		const accounts = toHex(system.account.prefix)
		expect(touched.filter((entry) => entry === `get ${accounts}`)).toHaveLength(2)
		expect(touched.filter((entry) => entry === `set ${accounts}`)).toHaveLength(2)
		expect(touched).toHaveLength(6) // and the event list once
	})

	it('CHN-7 creates the receiver with NewAccount and Endowed', () => {
		const chain = chainOf()
		expect(chain.call(signed(ALICE), transferKeepAlive, { dest: id(CAROL), value: ED })).toBeUndefined()
		expect(chain.events().map(({ name }) => name)).toEqual(['NewAccount', 'Endowed', 'Transfer'])
		expect(system.account.get(CAROL)).toMatchObject({ nonce: 0, providers: 1, consumers: 0, sufficients: 0 })
	})

	it('CHN-7 reaps a sender left below the existential deposit and burns its dust exactly', () => {
		const chain = chainOf()
		const issuance = storage.totalIssuance.get()
		expect(chain.call(signed(BOB), transferAllowDeath, { dest: id(ALICE), value: 10n * STKR - ED + 1n })).toBeUndefined()
		expect(exists(BOB)).toBe(false)
		expect(chain.eventsOf('Balances', 'DustLost')).toEqual([{ account: BOB, amount: ED - 1n }])
		expect(chain.eventsOf('System', 'KilledAccount')).toEqual([{ account: BOB }])
		expect(storage.totalIssuance.get()).toBe(issuance - ED + 1n)
	})

	it('CHN-3 a failed transfer says why and writes nothing', () => {
		const chain = chainOf()
		const before = chain.state.root()
		const refused: [Parameters<TestChain['call']>, string][] = [
			[[signed(BOB), transferAllowDeath, { dest: id(ALICE), value: 10n * STKR + 1n }], 'Token::FundsUnavailable'],
			[[signed(BOB), transferKeepAlive, { dest: id(ALICE), value: 10n * STKR - ED + 1n }], 'Token::NotExpendable'],
			[[signed(BOB), transferAllowDeath, { dest: id(CAROL), value: ED - 1n }], 'Token::BelowMinimum'],
			[[signed(BOB), transferAllowDeath, { dest: { type: 'Index', value: 1 }, value: 1n }], 'CannotLookup'],
			[[signed(CAROL), transferAllowDeath, { dest: id(BOB), value: 1n }], 'Token::FundsUnavailable'],
			[[signed(CAROL), burnCall, { value: 1n, keepAlive: false }], 'Token::FundsUnavailable'],
			[[signed(BOB), burnCall, { value: 10n * STKR - ED + 1n, keepAlive: true }], 'Token::FundsUnavailable'],
			[[ROOT, transferAllowDeath, { dest: id(BOB), value: 1n }], 'BadOrigin'],
			[[NONE, transferKeepAlive, { dest: id(BOB), value: 1n }], 'BadOrigin'],
			[[signed(ALICE), forceTransfer, { source: id(BOB), dest: id(ALICE), value: 1n }], 'BadOrigin'],
			[[signed(ALICE), forceUnreserve, { who: id(BOB), amount: 1n }], 'BadOrigin'],
			[[signed(ALICE), forceSetBalance, { who: id(BOB), newFree: 1n }], 'BadOrigin'],
		]
		for (const [args, why] of refused) {
			expect(chain.call(...args)).toBe(why)
			expect(chain.state.root()).toEqual(before)
		}
	})

	it('CHN-7 a transfer to oneself changes nothing and still needs the funds', () => {
		const chain = chainOf()
		const before = chain.state.root()
		expect(chain.call(signed(BOB), transferKeepAlive, { dest: id(BOB), value: STKR })).toBeUndefined()
		expect(chain.call(signed(BOB), transferKeepAlive, { dest: id(BOB), value: 10n * STKR })).toBe('Token::NotExpendable')
		expect(chain.state.root()).toEqual(before)
	})

	it('CHN-7 a transfer of nothing creates nobody', () => {
		const chain = chainOf()
		expect(chain.call(signed(ALICE), transferAllowDeath, { dest: id(CAROL), value: 0n })).toBeUndefined()
		expect(exists(CAROL)).toBe(false)
	})

	it('CHN-7 transfer_all empties the account, or leaves the existential deposit', () => {
		const chain = chainOf()
		expect(chain.call(signed(ALICE), transferAll, { dest: id(BOB), keepAlive: true })).toBeUndefined()
		expect(freeBalance(ALICE)).toBe(ED)
		expect(chain.call(signed(BOB), transferAll, { dest: id(ALICE), keepAlive: false })).toBeUndefined()
		expect([exists(BOB), freeBalance(ALICE)]).toEqual([false, 110n * STKR])
	})
})

describe('CHN-7 balances: issuance', () => {
	it('CHN-7 mint and burn move issuance by exactly the amount', () => {
		chainOf()
		mint(CAROL, ED)
		expect(storage.totalIssuance.get()).toBe(110n * STKR + ED)
		burn(ALICE, 3n, true)
		expect(storage.totalIssuance.get()).toBe(110n * STKR + ED - 3n)
		expect(act(() => mint(account(9), ED - 1n))).toBe('Token::BelowMinimum')
		expect(act(() => mint(ALICE, 1n << 127n))).toBeUndefined()
		expect(act(() => mint(BOB, 1n << 127n))).toBe('Arithmetic::Overflow')
		expect(act(() => mint(ALICE, -1n))).toBe('Arithmetic::Underflow')
	})

	it('CHN-7 root sets a balance and issuance follows, below the existential deposit to zero', () => {
		const chain = chainOf()
		expect(chain.call(ROOT, forceSetBalance, { who: id(BOB), newFree: ED - 1n })).toBeUndefined()
		expect([exists(BOB), storage.totalIssuance.get()]).toEqual([false, 100n * STKR])
		expect(chain.call(ROOT, forceSetBalance, { who: id(CAROL), newFree: STKR })).toBeUndefined()
		expect(storage.totalIssuance.get()).toBe(101n * STKR)
		expect(chain.call(ROOT, forceSetBalance, { who: id(BOB), newFree: 0n })).toBeUndefined()
		expect(exists(BOB)).toBe(false)
		hold(LEASE, ALICE, STKR)
		expect(chain.call(ROOT, forceSetBalance, { who: id(ALICE), newFree: 0n })).toBe('ConsumerRemaining')
	})

	it('CHN-1 fees in transit stay in issuance until they are paid or rescinded', () => {
		const chain = chainOf()
		const fee = ED / 2n
		mutateAccount(ALICE, ({ data }) => {
			data.free -= 2n * fee
		})
		block.fees += 2n * fee
		chain.check()
		block.fees -= fee
		expect(resolve(BOB, fee)).toBe(fee)
		chain.check()
		block.fees -= fee
		expect(resolve(CAROL, fee)).toBe(0n)
		chain.check()
		expect([exists(CAROL), storage.totalIssuance.get()]).toEqual([false, 110n * STKR - fee])
		expect(chain.eventsOf('Balances', 'Rescinded')).toEqual([{ amount: fee }])
	})

	it('CHN-7 try_state finds a planck that is not accounted for', () => {
		const chain = chainOf()
		storage.totalIssuance.put(110n * STKR + 1n)
		expect(() => chain.check()).toThrow(`accounts and fees add up to ${110n * STKR} plancks, total issuance is ${110n * STKR + 1n}`)
	})
})

describe('CHN-7 balances: reserves, holds, freezes', () => {
	it('CHN-7 reserves keep the existential deposit free and come back, are slashed or go to another', () => {
		const chain = chainOf()
		expect(act(() => reserve(BOB, 10n * STKR - ED + 1n))).toBe('InsufficientBalance')
		reserve(BOB, 5n * STKR)
		expect(data(BOB)).toMatchObject({ free: 5n * STKR, reserved: 5n * STKR })
		expect(system.account.get(BOB).consumers).toBe(1)
		expect(unreserve(BOB, STKR)).toBe(0n)
		expect(slashReserved(BOB, STKR)).toBe(0n)
		expect(storage.totalIssuance.get()).toBe(109n * STKR)
		expect(act(() => repatriateReserved(BOB, CAROL, STKR))).toBe('DeadAccount')
		expect(repatriateReserved(BOB, ALICE, 2n * STKR)).toBe(0n)
		expect(freeBalance(ALICE)).toBe(102n * STKR)
		expect(chain.call(ROOT, forceUnreserve, { who: id(BOB), amount: 7n * STKR })).toBeUndefined()
		expect(data(BOB)).toMatchObject({ free: 7n * STKR, reserved: 0n })
		expect(system.account.get(BOB).consumers).toBe(0)
		expect([unreserve(BOB, 1n), slashReserved(CAROL, 2n), repatriateReserved(BOB, ALICE, 3n)]).toEqual([1n, 2n, 3n])
	})

	it('CHN-7 reserved plancks keep their account from being reaped', () => {
		const chain = chainOf()
		reserve(BOB, STKR)
		expect(chain.call(signed(BOB), transferAllowDeath, { dest: id(ALICE), value: 9n * STKR })).toBe('Token::Frozen')
		expect(chain.call(signed(BOB), transferAll, { dest: id(ALICE), keepAlive: false })).toBeUndefined()
		expect(data(BOB)).toMatchObject({ free: ED, reserved: STKR })
	})

	it('CHN-7 holds are separate by reason, and force_unreserve leaves them', () => {
		const chain = chainOf()
		hold(LEASE, BOB, 2n * STKR)
		hold(STAKE, BOB, 3n * STKR)
		hold(STAKE, BOB, STKR)
		reserve(BOB, STKR)
		expect(chain.call(ROOT, forceUnreserve, { who: id(BOB), amount: 10n * STKR })).toBeUndefined()
		expect([held(LEASE, BOB), held(STAKE, BOB), data(BOB).reserved]).toEqual([2n * STKR, 4n * STKR, 6n * STKR])
		expect(act(() => release(LEASE, BOB, 2n * STKR + 1n))).toBe('Token::FundsUnavailable')
		release(LEASE, BOB, 2n * STKR)
		transferOnHold(STAKE, BOB, CAROL, STKR)
		expect(freeBalance(CAROL)).toBe(STKR)
		slashHeld(STAKE, BOB, STKR)
		transferOnHold(STAKE, BOB, BOB, 2n * STKR)
		chain.check()
		expect([data(BOB).free, data(BOB).reserved, storage.holds.exists(BOB)]).toEqual([8n * STKR, 0n, false])
		expect(storage.totalIssuance.get()).toBe(109n * STKR)
		expect(act(() => hold(LEASE, BOB, 8n * STKR - ED + 1n))).toBe('Token::FundsUnavailable')
		expect(act(() => transferOnHold(LEASE, BOB, CAROL, 1n))).toBe('Token::FundsUnavailable')
		expect(act(() => slashHeld(LEASE, BOB, 1n))).toBe('Token::FundsUnavailable')
	})

	it('CHN-7 an account is held and frozen for 8 reasons at most', () => {
		const chain = chainOf()
		for (let i = 0; i < 8; i++) {
			hold(reason(`test/00${i}`), ALICE, 1n)
			freeze(reason(`test/00${i}`), ALICE, BigInt(i + 1))
		}
		expect(act(() => hold(LEASE, ALICE, 1n))).toBe('TooManyHolds')
		expect(act(() => freeze(LEASE, ALICE, 1n))).toBe('TooManyFreezes')
		expect(() => reason('short')).toThrow('exactly 8')
		chain.check()
	})

	it('CHN-7 a freeze covers the total balance: what is held counts towards it', () => {
		const chain = chainOf()
		freeze(LEASE, BOB, 6n * STKR)
		freeze(STAKE, BOB, 4n * STKR)
		expect([data(BOB).frozen, frozen(STAKE, BOB)]).toEqual([6n * STKR, 4n * STKR])
		expect(chain.call(signed(BOB), transferKeepAlive, { dest: id(ALICE), value: 4n * STKR + 1n })).toBe('Token::Frozen')
		hold(LEASE, BOB, 5n * STKR)
		expect(chain.call(signed(BOB), transferKeepAlive, { dest: id(ALICE), value: 4n * STKR })).toBeUndefined()
		expect(act(() => transferOnHold(LEASE, BOB, ALICE, 1n))).toBe('Token::Frozen')
		freeze(LEASE, BOB, 0n)
		expect(data(BOB).frozen).toBe(4n * STKR)
		freeze(STAKE, BOB, 0n)
		expect(storage.freezes.exists(BOB)).toBe(false)
		expect(chain.eventsOf('Balances', 'Thawed')).toEqual([
			{ who: BOB, amount: 2n * STKR },
			{ who: BOB, amount: 4n * STKR },
		])
		expect(act(() => freeze(LEASE, CAROL, 1n))).toBe('NoProviders')
		freeze(LEASE, CAROL, 0n)
		expect(exists(CAROL)).toBe(false)
		chain.check()
	})
})

describe('SPC-1 balances: genesis', () => {
	it('SPC-1 leaves balances, issuance and no events', () => {
		chainOf()
		expect(storage.totalIssuance.get()).toBe(110n * STKR)
		expect(system.account.get(ALICE).providers).toBe(1)
	})

	it('SPC-1 refuses dust, duplicates, more than u128 and unknown fields, naming the place', () => {
		expect(() => chainOf([[ALICE, ED - 1n]])).toThrow('balances.balances[0][1]: 999999999999999 plancks is below the existential deposit')
		expect(() =>
			chainOf([
				[ALICE, ED],
				[ALICE, ED],
			]),
		).toThrow('balances.balances[1][0]: account 0x0101')
		expect(() =>
			chainOf([
				[ALICE, (1n << 128n) - 1n],
				[BOB, ED],
			]),
		).toThrow('more than a u128 holds')
		expect(() => new TestChain({ 4: balances }, { balances: { accounts: [] } })).toThrow('unknown field "accounts"')
	})
})

describe('CHN-7 balances: any sequence of operations', () => {
	const seed = Number(process.env.FC_SEED ?? 20261120)
	const amount = fc.oneof(fc.bigInt({ min: 0n, max: 3n * ED }), fc.bigInt({ min: 0n, max: 20n * STKR }))
	const who = fc.integer({ min: 1, max: 4 }).map(account)
	const operation = fc.tuple(fc.integer({ min: 0, max: 15 }), who, who, amount, fc.boolean(), fc.constantFrom(LEASE, STAKE), fc.boolean())

	it(`CHN-3 CHN-7 keeps issuance exact after each step, and failures leave no trace (seed ${seed})`, () => {
		const property = fc.property(fc.array(operation, { maxLength: 40 }), (operations) => {
			const chain = chainOf()
			for (const [kind, from, to, chosen, flag, why, fromTop] of operations) {
				// Half of the amounts are counted down from the balance, so that accounts end at and around the existential deposit.
				const free = freeBalance(from)
				const planck = fromTop && free > chosen ? free - chosen : chosen
				const before = chain.state.root()
				const issuance = storage.totalIssuance.get()
				let failure: string | undefined
				let minted: bigint | undefined
				if (kind === 0) failure = chain.call(signed(from), transferAllowDeath, { dest: id(to), value: planck })
				else if (kind === 1) failure = chain.call(signed(from), transferKeepAlive, { dest: id(to), value: planck })
				else if (kind === 2) failure = chain.call(signed(from), transferAll, { dest: id(to), keepAlive: flag })
				else if (kind === 3) failure = chain.call(signed(from), burnCall, { value: planck, keepAlive: flag })
				else if (kind === 4) failure = chain.call(ROOT, forceTransfer, { source: id(from), dest: id(to), value: planck })
				else if (kind === 5) failure = chain.call(ROOT, forceUnreserve, { who: id(from), amount: planck })
				else if (kind === 6) failure = chain.call(ROOT, forceSetBalance, { who: id(from), newFree: planck })
				else
					failure = act(() => {
						if (kind === 7) mint(from, planck)
						else if (kind === 8) reserve(from, planck)
						else if (kind === 9) slashReserved(from, planck)
						else if (kind === 10) repatriateReserved(from, to, planck)
						else if (kind === 11) hold(why, from, planck)
						else if (kind === 12) release(why, from, planck)
						else if (kind === 13) transferOnHold(why, from, to, planck)
						else if (kind === 14) slashHeld(why, from, planck)
						else freeze(why, from, flag ? planck : 0n)
						if (kind === 7) minted = planck
					})
				chain.check()
				if (failure !== undefined) expect(chain.state.root()).toEqual(before)
				else if (minted !== undefined) expect(storage.totalIssuance.get()).toBe(issuance + minted)
			}
		})
		fc.assert(property, { seed, numRuns: 150 })
	})
})
