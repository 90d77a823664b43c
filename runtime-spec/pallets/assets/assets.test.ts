import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { toHex } from '../../frame/bytes.ts'
import { ROOT, signed } from '../../frame/call.ts'
import { toDispatchError } from '../../frame/errors.ts'
import { account, TestChain } from '../../frame/native/test-chain.ts'
import { transactional } from '../../frame/storage.ts'
import { storage as system } from '../../frame/system/index.ts'
import { held, reason } from '../balances/holds.ts'
import { balances, freeBalance, STKR } from '../balances/index.ts'
import {
	AETH,
	APPROVAL_DEPOSIT,
	assets,
	balanceOf,
	burnFrom,
	ETH,
	mintInto,
	onBalanceChange,
	storage,
	supplyOf,
	transferAsset,
} from './index.ts'

const { forceCreate, forceSetMetadata, transfer, transferKeepAlive, transferAll, approveTransfer, cancelApproval, transferApproved } =
	assets.parts.calls!
const { transferAllowDeath } = balances.parts.calls!
const [ALICE, BOB, CAROL, DAVE] = [account(1), account(2), account(3), account(4)]
const id = (who: Uint8Array) => ({ type: 'Id' as const, value: who })
const APPROVAL = reason('asset/ap')
const WEI = 10n ** 18n
/** Not sufficient, with a minimum balance of 10. */
const BOND = 7
/** Sufficient, minimum 10, listened to. */
const WATCHED = 8

const heard: [string, bigint, bigint][] = []
onBalanceChange(WATCHED, (who, balanceBefore) => {
	heard.push([toHex(who).slice(2, 4), balanceBefore, balanceOf(WATCHED, who)])
})

const classOf = (assetId: number, isSufficient: boolean, minBalance: bigint) => ({
	id: assetId,
	owner: 'escrow',
	isSufficient,
	minBalance,
	name: `Asset ${assetId}`,
	symbol: `A${assetId}`,
	decimals: 18,
})
const CLASSES = [classOf(ETH, true, 1n), classOf(AETH, true, 1n), classOf(BOND, false, 10n), classOf(WATCHED, true, 10n)]
const genesisOf = (accounts: [number, Uint8Array, bigint][], classes: object[] = CLASSES) => ({
	balances: {
		balances: [
			[toHex(ALICE), 100n * STKR],
			[toHex(BOB), 10n * STKR],
		],
	},
	assets: { assets: classes, accounts: accounts.map(([asset, who, amount]) => [asset, toHex(who), amount]) },
})
/** Alice has 32 ETH, 100 bonds, 100 watched; Alice and Bob have STKR, Carol and Dave have nothing. */
const chainOf = (
	genesis: Record<string, unknown> = genesisOf([
		[ETH, ALICE, 32n * WEI],
		[BOND, ALICE, 100n],
		[WATCHED, ALICE, 100n],
	]),
) => {
	const chain = new TestChain({ 4: balances, 8: assets }, genesis)
	heard.length = 0
	return chain
}
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

describe('CHN-7 assets: balances', () => {
	it('CHN-7 a sufficient asset lets an account exist without STKR, and its end ends the account', () => {
		const chain = chainOf()
		expect(chain.call(signed(ALICE), transfer, { id: ETH, target: id(CAROL), amount: WEI })).toBeUndefined()
		expect(system.account.get(CAROL)).toMatchObject({ providers: 0, sufficients: 1, consumers: 0 })
		expect(chain.events().map(({ name }) => name)).toEqual(['NewAccount', 'Transferred'])
		expect(storage.asset.get(ETH)).toMatchObject({ supply: 32n * WEI, accounts: 2, sufficients: 2 })
		expect(chain.call(signed(CAROL), transferAll, { id: ETH, dest: id(ALICE), keepAlive: false })).toBeUndefined()
		expect([exists(CAROL), balanceOf(ETH, ALICE)]).toEqual([false, 32n * WEI])
		expect(storage.asset.get(ETH)).toMatchObject({ accounts: 1, sufficients: 1 })
	})

	it('CHN-7 an asset that is not sufficient needs an account that exists, and keeps it from being reaped', () => {
		const chain = chainOf()
		expect(chain.call(signed(ALICE), transfer, { id: BOND, target: id(CAROL), amount: 10n })).toBe('UnavailableConsumer')
		expect(chain.call(signed(ALICE), transfer, { id: BOND, target: id(BOB), amount: 10n })).toBeUndefined()
		expect(system.account.get(BOB).consumers).toBe(1)
		expect(chain.call(signed(BOB), transferAllowDeath, { dest: id(ALICE), value: 10n * STKR })).toBe('Token::Frozen')
		burnFrom(BOND, BOB, 10n)
		expect(chain.call(signed(BOB), transferAllowDeath, { dest: id(ALICE), value: 10n * STKR })).toBeUndefined()
		expect(exists(BOB)).toBe(false)
	})

	it('CHN-7 an account survives the end of its STKR while it holds a sufficient asset', () => {
		const chain = chainOf()
		transferAsset(ETH, ALICE, BOB, 1n)
		expect(chain.call(signed(BOB), transferAllowDeath, { dest: id(ALICE), value: 10n * STKR })).toBeUndefined()
		expect(system.account.get(BOB)).toMatchObject({ providers: 0, sufficients: 1 })
		expect(chain.call(signed(ALICE), transferAllowDeath, { dest: id(BOB), value: STKR })).toBeUndefined()
		expect(system.account.get(BOB)).toMatchObject({ providers: 1, sufficients: 1 })
	})

	it('CHN-7 mints and burns change supply by exactly the amount, in the owner pallets alone', () => {
		chainOf()
		mintInto(ETH, CAROL, 5n)
		expect([supplyOf(ETH), balanceOf(ETH, CAROL)]).toEqual([32n * WEI + 5n, 5n])
		burnFrom(ETH, CAROL, 2n)
		burnFrom(ETH, CAROL, 3n)
		expect([supplyOf(ETH), exists(CAROL)]).toEqual([32n * WEI, false])
		expect(Object.keys(assets.parts.calls!).filter((name) => name === 'mint' || name === 'burn')).toEqual([])
		expect(act(() => mintInto(99, CAROL, 1n))).toBe('Unknown')
		expect(act(() => burnFrom(ETH, CAROL, 1n))).toBe('NoAccount')
		expect(act(() => burnFrom(ETH, ALICE, 33n * WEI))).toBe('BalanceLow')
		expect(act(() => mintInto(BOND, BOB, 9n))).toBe('Token::BelowMinimum')
		expect(act(() => mintInto(ETH, ALICE, (1n << 128n) - 1n))).toBe('Arithmetic::Overflow')
		expect(act(() => mintInto(ETH, ALICE, -1n))).toBe('Arithmetic::Underflow')
		mintInto(ETH, BOB, 2n)
		expect(act(() => transferAsset(ETH, ALICE, BOB, -1n))).toBe('Arithmetic::Underflow')
	})

	it('CHN-7 no dust: an amount that leaves less than the minimum is refused, the whole balance goes', () => {
		const chain = chainOf()
		const send = (call: typeof transfer, amount: bigint) => chain.call(signed(ALICE), call, { id: BOND, target: id(BOB), amount })
		expect(send(transfer, 91n)).toBe('BalanceLow')
		expect(send(transferKeepAlive, 91n)).toBe('WouldDie')
		expect(send(transferKeepAlive, 100n)).toBe('WouldDie')
		expect(send(transfer, 9n)).toBe('Token::BelowMinimum')
		expect(chain.call(signed(ALICE), transferAll, { id: BOND, dest: id(BOB), keepAlive: true })).toBeUndefined()
		expect([balanceOf(BOND, ALICE), balanceOf(BOND, BOB)]).toEqual([10n, 90n])
		expect(send(transfer, 10n)).toBeUndefined()
		expect(storage.asset.get(BOND)).toMatchObject({ supply: 100n, accounts: 1, sufficients: 0 })
	})

	it('CHN-7 a transfer to oneself changes nothing and still needs the funds', () => {
		chainOf()
		expect(act(() => transferAsset(BOND, ALICE, ALICE, 100n))).toBeUndefined()
		expect(act(() => transferAsset(BOND, ALICE, ALICE, 101n))).toBe('BalanceLow')
		expect(act(() => transferAsset(BOND, BOB, BOB, 1n))).toBe('NoAccount')
		expect([balanceOf(BOND, ALICE), heard]).toEqual([100n, []])
	})

	it('CHN-3 a failed call says why and writes nothing', () => {
		const chain = chainOf()
		const before = chain.state.root()
		const refused: [Parameters<TestChain['call']>, string][] = [
			[[signed(ALICE), transfer, { id: 99, target: id(BOB), amount: 1n }], 'Unknown'],
			[[signed(BOB), transfer, { id: ETH, target: id(ALICE), amount: 1n }], 'NoAccount'],
			[[signed(ALICE), transfer, { id: ETH, target: id(BOB), amount: 33n * WEI }], 'BalanceLow'],
			[[signed(ALICE), transfer, { id: ETH, target: { type: 'Index', value: 0 }, amount: 1n }], 'CannotLookup'],
			[[signed(BOB), transferAll, { id: ETH, dest: id(ALICE), keepAlive: false }], 'NoAccount'],
			[[ROOT, transfer, { id: ETH, target: id(BOB), amount: 1n }], 'BadOrigin'],
			[[signed(ALICE), forceCreate, { id: 9, owner: id(ALICE), isSufficient: true, minBalance: 1n }], 'BadOrigin'],
			[[ROOT, forceCreate, { id: ETH, owner: id(ALICE), isSufficient: true, minBalance: 1n }], 'InUse'],
			[[ROOT, forceCreate, { id: 9, owner: id(ALICE), isSufficient: true, minBalance: 0n }], 'MinBalanceZero'],
			[[ROOT, forceSetMetadata, { id: 99, name: new Uint8Array(), symbol: new Uint8Array(), decimals: 0, isFrozen: false }], 'Unknown'],
			[
				[ROOT, forceSetMetadata, { id: ETH, name: new Uint8Array(51), symbol: new Uint8Array(), decimals: 0, isFrozen: false }],
				'BadMetadata',
			],
			[[signed(ALICE), cancelApproval, { id: ETH, delegate: id(BOB) }], 'Unknown'],
			[[signed(ALICE), approveTransfer, { id: 99, delegate: id(BOB), amount: 1n }], 'Unknown'],
			[[signed(CAROL), approveTransfer, { id: ETH, delegate: id(BOB), amount: 1n }], 'Token::FundsUnavailable'],
			[[signed(BOB), transferApproved, { id: ETH, owner: id(ALICE), destination: id(BOB), amount: 1n }], 'Unapproved'],
		]
		for (const [args, why] of refused) {
			expect(chain.call(...args)).toBe(why)
			expect(chain.state.root()).toEqual(before)
		}
	})
})

describe('CHN-7 assets: the owner pallet hears of changes first', () => {
	it('CHN-7 both sides of a transfer, before either balance has changed', () => {
		chainOf()
		transferAsset(WATCHED, ALICE, BOB, 40n)
		mintInto(WATCHED, CAROL, 10n)
		burnFrom(WATCHED, ALICE, 60n)
		expect(heard).toEqual([
			['01', 100n, 100n],
			['02', 0n, 0n],
			['03', 0n, 0n],
			['01', 60n, 60n],
		])
	})

	it('CHN-7 assets without a listener change unheard, and a second listener is refused', () => {
		chainOf()
		transferAsset(ETH, ALICE, BOB, 40n)
		expect(heard).toEqual([])
		expect(() => onBalanceChange(WATCHED, () => {})).toThrow('asset 8 has a balance listener already')
	})
})

describe('CHN-7 assets: approvals', () => {
	it('CHN-7 a delegate transfers up to what was approved; the deposit is held until the approval ends', () => {
		const chain = chainOf()
		const approve = (amount: bigint) => chain.call(signed(ALICE), approveTransfer, { id: ETH, delegate: id(BOB), amount })
		const spend = (amount: bigint) =>
			chain.call(signed(BOB), transferApproved, { id: ETH, owner: id(ALICE), destination: id(CAROL), amount })
		expect(approve(3n)).toBeUndefined()
		expect(approve(2n)).toBeUndefined()
		expect([held(APPROVAL, ALICE), freeBalance(ALICE)]).toEqual([APPROVAL_DEPOSIT, 100n * STKR - APPROVAL_DEPOSIT])
		expect(spend(6n)).toBe('Unapproved')
		expect(spend(4n)).toBeUndefined()
		expect(storage.approvals.get(ETH, [ALICE, BOB])?.amount).toBe(1n)
		expect(spend(1n)).toBeUndefined()
		expect([balanceOf(ETH, CAROL), held(APPROVAL, ALICE), storage.asset.get(ETH)?.approvals]).toEqual([5n, 0n, 0])
		expect(chain.eventsOf('Assets', 'TransferredApproved')).toHaveLength(2)
		expect(spend(1n)).toBe('Unapproved')
	})

	it('CHN-3 an approved transfer that fails leaves the approval as it was', () => {
		const chain = chainOf()
		chain.call(signed(ALICE), approveTransfer, { id: ETH, delegate: id(BOB), amount: 100n * WEI })
		const before = chain.state.root()
		expect(chain.call(signed(BOB), transferApproved, { id: ETH, owner: id(ALICE), destination: id(BOB), amount: 33n * WEI })).toBe(
			'BalanceLow',
		)
		expect(chain.state.root()).toEqual(before)
	})

	it('CHN-7 an owner takes an approval back', () => {
		const chain = chainOf()
		chain.call(signed(ALICE), approveTransfer, { id: ETH, delegate: id(BOB), amount: 1n })
		expect(chain.call(signed(ALICE), cancelApproval, { id: ETH, delegate: id(BOB) })).toBeUndefined()
		expect([held(APPROVAL, ALICE), storage.approvals.exists(ETH, [ALICE, BOB])]).toEqual([0n, false])
	})
})

describe('CHN-7 assets: classes', () => {
	it('CHN-7 root creates a class and names it', () => {
		const chain = chainOf()
		const [name, symbol] = [new TextEncoder().encode('Tranche A'), new TextEncoder().encode('TRA')]
		expect(chain.call(ROOT, forceCreate, { id: 9, owner: id(DAVE), isSufficient: false, minBalance: 2n })).toBeUndefined()
		expect(chain.call(ROOT, forceSetMetadata, { id: 9, name, symbol, decimals: 6, isFrozen: false })).toBeUndefined()
		expect(storage.asset.get(9)).toMatchObject({ owner: DAVE, supply: 0n, minBalance: 2n, isSufficient: false, status: { type: 'Live' } })
		expect(storage.metadata.get(9)).toEqual({ deposit: 0n, name, symbol, decimals: 6, isFrozen: false })
	})

	it('SPC-1 genesis gives classes, metadata and balances without events', () => {
		chainOf()
		expect(storage.metadata.get(ETH)).toMatchObject({ decimals: 18, symbol: new TextEncoder().encode('A1') })
		expect([supplyOf(ETH), supplyOf(AETH), balanceOf(BOND, ALICE)]).toEqual([32n * WEI, 0n, 100n])
		expect(storage.asset.get(ETH)?.owner).toEqual(Uint8Array.from({ length: 32 }, (_, i) => 'modlescrow'.charCodeAt(i) || 0))
	})

	it('SPC-1 genesis refuses what does not fit, naming the place', () => {
		const refused: [Record<string, unknown>, string][] = [
			[genesisOf([], [CLASSES[0], CLASSES[0]]), 'assets.assets[1].id: asset 1 is listed twice'],
			[genesisOf([], [{ ...CLASSES[0], minBalance: 0n }]), 'assets.assets[0].minBalance: 0 is no minimum balance'],
			[genesisOf([], [{ ...CLASSES[0], owner: 'liquidstaking' }]), 'assets.assets[0].owner: "liquidstaking" has 13 characters'],
			[genesisOf([], [{ ...CLASSES[0], name: 'x'.repeat(51) }]), 'assets.assets[0].name: 51 bytes are too long'],
			[genesisOf([], [{ ...CLASSES[0], decimals: 256 }]), 'assets.assets[0].decimals: expected an integer'],
			[genesisOf([[5, ALICE, 1n]]), 'assets.accounts[0][0]: asset 5 is not among the assets'],
			[genesisOf([[BOND, ALICE, 9n]]), 'assets.accounts[0][2]: 9 is below the minimum balance of 10'],
			[
				genesisOf([
					[ETH, ALICE, 1n],
					[ETH, ALICE, 1n],
				]),
				'assets.accounts[1][1]: account 0x0101',
			],
		]
		for (const [genesis, why] of refused) expect(() => chainOf(genesis)).toThrow(why)
	})

	it('CHN-7 try_state finds an amount that is not accounted for', () => {
		const chain = chainOf()
		storage.asset.put(ETH, { ...storage.asset.get(ETH)!, supply: 1n })
		expect(() => chain.check()).toThrow(`Assets: asset 1, supply: counted ${32n * WEI}, recorded 1`)
	})
})

describe('CHN-7 assets: any sequence of operations', () => {
	const seed = Number(process.env.FC_SEED ?? 20261120)
	const who = fc.integer({ min: 1, max: 4 }).map(account)
	const operation = fc.tuple(
		fc.integer({ min: 0, max: 9 }),
		fc.constantFrom(ETH, BOND, WATCHED),
		who,
		who,
		fc.bigInt({ min: 0n, max: 60n }),
		fc.boolean(),
	)

	it(`CHN-3 CHN-7 keeps every supply exact after each step, and failures leave no trace (seed ${seed})`, () => {
		const property = fc.property(fc.array(operation, { maxLength: 40 }), (operations) => {
			const chain = chainOf()
			for (const [kind, asset, from, to, amount, flag] of operations) {
				const before = chain.state.root()
				let expected = supplyOf(asset)
				let failure: string | undefined
				if (kind === 0) failure = chain.call(signed(from), transfer, { id: asset, target: id(to), amount })
				else if (kind === 1) failure = chain.call(signed(from), transferKeepAlive, { id: asset, target: id(to), amount })
				else if (kind === 2) failure = chain.call(signed(from), transferAll, { id: asset, dest: id(to), keepAlive: flag })
				else if (kind === 3) failure = chain.call(signed(from), approveTransfer, { id: asset, delegate: id(to), amount })
				else if (kind === 4) failure = chain.call(signed(from), cancelApproval, { id: asset, delegate: id(to) })
				else if (kind === 5)
					failure = chain.call(signed(to), transferApproved, { id: asset, owner: id(from), destination: id(account(1)), amount })
				else if (kind === 6) failure = chain.call(signed(from), transferAllowDeath, { dest: id(to), value: amount * STKR })
				else {
					failure = act(() => {
						if (kind === 7) mintInto(asset, from, amount)
						else if (kind === 8) burnFrom(asset, from, amount)
						else transferAsset(asset, from, to, amount, flag)
					})
					if (failure === undefined && kind === 7) expected += amount
					if (failure === undefined && kind === 8) expected -= amount
				}
				chain.check()
				expect(supplyOf(asset)).toBe(expected)
				if (failure !== undefined) expect(chain.state.root()).toEqual(before)
			}
			for (const [, before, current] of heard) expect(current).toBe(before)
		})
		fc.assert(property, { seed, numRuns: 150 })
	})
})
