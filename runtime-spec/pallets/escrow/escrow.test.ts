import fc from 'fast-check'
import { bytesToHex, type Hex, hexToBytes } from 'viem'
import { describe, expect, test } from 'vitest'
import { type Origin, ROOT, signed } from '../../frame/call.ts'
import { account, TestChain } from '../../frame/native/test-chain.ts'
import { AETH, assets, ETH } from '../assets/index.ts'
import { balances } from '../balances/index.ts'
import { timestamp } from '../timestamp/index.ts'
import { orderDigest } from './eip712.ts'
import { escrow, orderStake, storage } from './index.ts'
import type { Order } from './orders.ts'
import {
	alice,
	BridgeChain,
	bob,
	CHAIN_ID,
	CONTRACT,
	carol,
	ETHER,
	LIFETIME_MS,
	referenceDigest,
	SENDER,
	START_MS,
	signDigest,
	WITNESS_SET_ID,
} from './testing/bridge-chain.ts'

const calls = escrow.parts.calls!
const seed = Number(process.env.FC_SEED ?? 20261120)
const RECIPIENT = new Uint8Array(20).fill(0x77)
const withdraw = (bridge: BridgeChain, who = alice, amountWei = ETHER) =>
	bridge.call(who, calls.withdraw, { amountWei, recipient: RECIPIENT })

/** A chain on which alice holds 10 ETH and order 0 releases one of them. */
const withOrder = (options?: ConstructorParameters<typeof BridgeChain>[0]): BridgeChain => {
	const bridge = new BridgeChain(options)
	bridge.lock(alice, 10n * ETHER)
	expect(withdraw(bridge)).toBeUndefined()
	return bridge
}

describe('attestLock', () => {
	test('ESC-1 mints in the very call that brings more than two thirds of the weight', () => {
		const bridge = new BridgeChain()
		const lock = bridge.lockFields(0n, alice, 3n * ETHER)
		expect(bridge.attest(0, lock)).toBeUndefined()
		expect(bridge.attest(1, lock)).toBeUndefined()
		expect(bridge.eth(alice)).toBe(0n)
		expect(bridge.attest(2, lock)).toBeUndefined()
		expect(bridge.eth(alice)).toBe(3n * ETHER)
		expect(bridge.chain.eventsOf('Escrow', 'LockMinted')).toEqual([{ nonce: 0n, recipient: alice, amountWei: 3n * ETHER, sender: SENDER }])
		expect(storage.lockVotes.entries(10)).toEqual([])
		expect(storage.mintedLocks.get(0n)).toEqual({ recipient: alice, amountWei: 3n * ETHER })
	})
	test('ESC-1 exactly two thirds of the weight are not enough', () => {
		const bridge = new BridgeChain({ weights: [1, 1, 1] })
		const lock = bridge.lockFields(0n, alice, ETHER)
		bridge.attest(0, lock)
		bridge.attest(1, lock)
		expect(bridge.ethSupply).toBe(0n)
		bridge.attest(2, lock)
		expect(bridge.ethSupply).toBe(ETHER)
	})
	test('ESC-1 counts weight, not heads', () => {
		const bridge = new BridgeChain({ weights: [10, 1, 1, 1] })
		const lock = bridge.lockFields(0n, alice, ETHER)
		for (const i of [1, 2, 3]) expect(bridge.attest(i, lock)).toBeUndefined()
		expect(bridge.ethSupply).toBe(0n)
		expect(bridge.attest(0, lock)).toBeUndefined()
		expect(bridge.ethSupply).toBe(ETHER)
	})
	test('ESC-1 a lock is minted once: later votes, the same or others, are refused', () => {
		const bridge = new BridgeChain()
		const nonce = bridge.lock(alice, ETHER)
		expect(bridge.attest(3, bridge.lockFields(nonce, alice, ETHER))).toBe('AlreadyMinted')
		expect(bridge.attest(0, bridge.lockFields(nonce, bob, ETHER))).toBe('AlreadyMinted')
		expect(bridge.ethSupply).toBe(ETHER)
	})
	test.each(['amountWei', 'recipient', 'sender', 'ethereumBlock'])(
		'ESC-1 a witness that lies on %s votes on a ballot of its own',
		(field) => {
			const bridge = new BridgeChain()
			const lock = bridge.lockFields(0n, alice, ETHER)
			const lies = { amountWei: 9n * ETHER, recipient: bob, sender: RECIPIENT, ethereumBlock: 5n }
			expect(bridge.attest(0, { ...lock, [field]: lies[field as keyof typeof lies] })).toBeUndefined()
			expect(bridge.attest(1, lock)).toBeUndefined()
			expect(bridge.attest(2, lock)).toBeUndefined()
			expect(bridge.ethSupply).toBe(0n)
			expect(bridge.attest(3, lock)).toBeUndefined()
			expect([bridge.eth(alice), bridge.eth(bob), bridge.ethSupply]).toEqual([ETHER, 0n, ETHER])
		},
	)
	test('ESC-1 a witness votes once: the same again is refused, another content is recorded as equivocation and not counted', () => {
		const bridge = new BridgeChain()
		const lock = bridge.lockFields(0n, alice, ETHER)
		const lie = bridge.lockFields(0n, bob, ETHER)
		bridge.attest(0, lock)
		expect(bridge.attest(0, lock)).toBe('AlreadyVoted')
		expect(bridge.attest(0, lie)).toBeUndefined()
		expect(bridge.chain.eventsOf('Escrow', 'Equivocated')).toMatchObject([
			{ witness: bridge.witnesses[0].account, subject: { type: 'Lock' }, nonce: 0n },
		])
		expect(storage.lockVotes.get(0n)).toHaveLength(1)
		bridge.attest(1, lie)
		bridge.attest(2, lie)
		expect(bridge.ethSupply).toBe(0n)
	})
	test('ESC-1 a vote that counts is free, an equivocation is charged', () => {
		const bridge = new BridgeChain()
		const witness = bridge.witnesses[0].account
		expect(bridge.dispatched(witness, calls.attestLock, bridge.lockFields(0n, alice, ETHER))).toEqual({ paysFee: false })
		expect(bridge.dispatched(witness, calls.attestLock, bridge.lockFields(0n, bob, ETHER))).toEqual({})
	})
	test('ESC-1 refuses strangers, other assets, nothing, and nonces far ahead', () => {
		const bridge = new BridgeChain()
		const lock = bridge.lockFields(0n, alice, ETHER)
		expect(bridge.call(alice, calls.attestLock, lock)).toBe('NotWitness')
		expect(bridge.chain.call(ROOT, calls.attestLock, lock)).toBe('BadOrigin')
		expect(bridge.attest(0, { ...lock, asset: RECIPIENT })).toBe('UnsupportedAsset')
		expect(bridge.attest(0, { ...lock, amountWei: 0n })).toBe('ZeroAmount')
		expect(bridge.attest(0, { ...lock, nonce: 1024n })).toBe('NonceTooFar')
		expect(bridge.attest(0, { ...lock, nonce: 1023n })).toBeUndefined()
		bridge.lock(alice, ETHER)
		expect(bridge.attest(0, { ...lock, nonce: 1024n })).toBeUndefined()
		expect(new BridgeChain({ contract: null }).attest(0, lock)).toBe('ContractNotSet')
	})
})

describe('withdraw', () => {
	test('ESC-2 burns at once and opens an order', () => {
		const bridge = withOrder()
		expect([bridge.eth(alice), bridge.ethSupply]).toEqual([9n * ETHER, 9n * ETHER])
		expect(bridge.order(0n)).toEqual({
			owner: alice,
			amountWei: ETHER,
			expirySeconds: (START_MS + BigInt(LIFETIME_MS)) / 1000n,
			witnessSetId: BigInt(WITNESS_SET_ID),
			kind: { type: 'Release', value: { asset: new Uint8Array(20), recipient: RECIPIENT } },
			signatures: [],
		})
		expect(storage.totals.get()).toEqual({ mintedWei: 10n * ETHER, releasedWei: 0n, stakedWei: 0n, inFlightWei: ETHER })
		expect(withdraw(bridge)).toBeUndefined()
		expect(storage.nextOrderNonce.get()).toBe(2n)
	})
	test('ESC-2 refuses too little, more than there is, the zero address, and a chain without a contract', () => {
		const bridge = new BridgeChain()
		bridge.lock(alice, ETHER)
		expect(withdraw(bridge, alice, 10n ** 15n - 1n)).toBe('WithdrawalTooLow')
		expect(withdraw(bridge, alice, ETHER + 1n)).toBe('BalanceLow')
		expect(withdraw(bridge, bob)).toBe('NoAccount')
		expect(bridge.call(alice, calls.withdraw, { amountWei: ETHER, recipient: new Uint8Array(20) })).toBe('ZeroAddress')
		expect(withdraw(new BridgeChain({ contract: null }))).toBe('ContractNotSet')
		expect(storage.nextOrderNonce.get()).toBe(0n)
	})
})

describe('signOrder', () => {
	const orders = fc
		.record({
			amountWei: fc.bigInt(0n, (1n << 128n) - 1n),
			expirySeconds: fc.bigInt(0n, (1n << 64n) - 1n),
			witnessSetId: fc.bigInt(0n, (1n << 64n) - 1n),
			address: fc.uint8Array({ minLength: 20, maxLength: 20 }),
			pubkey: fc.uint8Array({ minLength: 48, maxLength: 48 }),
			signature: fc.uint8Array({ minLength: 96, maxLength: 96 }),
			depositDataRoot: fc.uint8Array({ minLength: 32, maxLength: 32 }),
		})
		.map(({ address, pubkey, signature, depositDataRoot, ...rest }) => {
			const shared = { owner: alice, signatures: [], ...rest }
			const release: Order = { ...shared, kind: { type: 'Release', value: { asset: address, recipient: address.toReversed() } } }
			const stake: Order = { ...shared, kind: { type: 'Stake', value: { pool: 3, pubkey, signature, depositDataRoot } } }
			return [release, stake]
		})
	test(`ESC-2 ESC-6 digests are those of viem's EIP-712, for any order, chain and contract (seed ${seed})`, () => {
		new BridgeChain()
		const contracts = fc.uint8Array({ minLength: 20, maxLength: 20 })
		const property = fc.property(orders, contracts, fc.nat(), fc.bigInt(0n, (1n << 64n) - 1n), (pair, contract, chainId, nonce) => {
			for (const order of pair) {
				const digest = orderDigest({ chainId: BigInt(chainId), contract }, nonce, order)
				expect(bytesToHex(digest)).toBe(referenceDigest(chainId, bytesToHex(contract), nonce, order))
			}
		})
		fc.assert(property, { seed, numRuns: 200, verbose: true })
	})
	test('ESC-2 collects signatures in ascending order of their signers and says when there are enough', () => {
		const bridge = withOrder()
		for (const i of [3, 0]) expect(bridge.sign(i, 0n)).toBeUndefined()
		expect(bridge.chain.eventsOf('Escrow', 'OrderReady')).toEqual([])
		expect(bridge.sign(1, 0n)).toBeUndefined()
		expect(bridge.chain.eventsOf('Escrow', 'OrderReady')).toEqual([{ nonce: 0n }])
		expect(bridge.sign(2, 0n)).toBeUndefined()
		expect(bridge.chain.eventsOf('Escrow', 'OrderReady')).toHaveLength(1)
		const signers = bridge.order(0n).signatures.map(({ signer }) => bytesToHex(signer))
		expect(signers).toEqual(bridge.witnesses.map(({ ethereum }) => ethereum.toLowerCase()).sort())
	})
	test('ESC-2 signing is free', () => {
		const bridge = withOrder()
		const args = { nonce: 0n, signature: bridge.signature(0, 0n) }
		expect(bridge.dispatched(bridge.witnesses[0].account, calls.signOrder, args)).toEqual({ paysFee: false })
	})
	test('ESC-2 takes only signatures the contract takes', () => {
		const bridge = withOrder()
		const { privateKey } = bridge.witnesses[0]
		const good = bridge.signature(0, 0n)
		const order = bridge.order(0n)
		const of = (digest: Hex) => bridge.sign(0, 0n, signDigest(digest, privateKey))
		const changed = (change: (signature: Uint8Array) => void): string | undefined => {
			const signature = good.slice()
			change(signature)
			return bridge.sign(0, 0n, signature)
		}
		const highS = (signature: Uint8Array): void => {
			const N = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n
			const s = N - BigInt(bytesToHex(signature.subarray(32, 64)))
			signature.set(hexToBytes(`0x${s.toString(16).padStart(64, '0')}`), 32)
			signature[64] = signature[64] === 27 ? 28 : 27
		}
		const wrongV = (v: number) => (signature: Uint8Array) => {
			signature[64] = v
		}
		expect(bridge.sign(0, 0n, bridge.signature(1, 0n)), "another witness's").toBe('InvalidSignature')
		expect(changed(highS), 'high s').toBe('InvalidSignature')
		expect(changed(wrongV(good[64] - 27)), 'v of 0 or 1').toBe('InvalidSignature')
		expect(changed(wrongV(55 - good[64])), 'the other v').toBe('InvalidSignature')
		expect(
			changed((signature) => signature.fill(0, 0, 64)),
			'zeros',
		).toBe('InvalidSignature')
		expect(of(referenceDigest(1, CONTRACT, 0n, order)), 'another chain').toBe('InvalidSignature')
		expect(of(referenceDigest(CHAIN_ID, bytesToHex(SENDER), 0n, order)), 'another contract').toBe('InvalidSignature')
		expect(of(referenceDigest(CHAIN_ID, CONTRACT, 1n, order)), 'another nonce').toBe('InvalidSignature')
		expect(of(referenceDigest(CHAIN_ID, CONTRACT, 0n, { ...order, amountWei: 2n * ETHER })), 'another amount').toBe('InvalidSignature')
		expect(bridge.sign(0, 0n)).toBeUndefined()
	})
	test('ESC-2 refuses strangers, a second signature, unknown, expired and closed orders', () => {
		const bridge = withOrder()
		const signature = bridge.signature(0, 0n)
		expect(bridge.call(alice, calls.signOrder, { nonce: 0n, signature })).toBe('NotWitness')
		expect(bridge.sign(0, 1n, signature)).toBe('UnknownOrder')
		expect(bridge.sign(0, 0n)).toBeUndefined()
		expect(bridge.sign(0, 0n)).toBe('AlreadySigned')
		bridge.passTime(LIFETIME_MS)
		expect(bridge.sign(1, 0n), 'the last second').toBeUndefined()
		bridge.passTime(1000)
		expect(bridge.sign(2, 0n)).toBe('OrderExpired')
		bridge.settle(0n, 'Expired')
		expect(bridge.sign(2, 0n, signature)).toBe('OrderClosed')
	})
})

describe('attestOutcome', () => {
	test('ESC-2 an executed order is closed for good: nothing is refunded, not even after its expiry', () => {
		const bridge = withOrder()
		bridge.settle(0n, 'Executed')
		expect(storage.totals.get()).toEqual({ mintedWei: 10n * ETHER, releasedWei: ETHER, stakedWei: 0n, inFlightWei: 0n })
		bridge.passTime(LIFETIME_MS + 1000)
		for (const i of [0, 1, 2, 3]) expect(bridge.attestOutcome(i, 0n, 'Expired')).toBe('OrderClosed')
		expect(bridge.eth(alice)).toBe(9n * ETHER)
		expect(storage.outcomeVotes.entries(1)).toEqual([])
	})
	test('ESC-2 an expired order is refunded once, and can be executed no more', () => {
		const bridge = withOrder()
		bridge.passTime(LIFETIME_MS + 1000)
		bridge.settle(0n, 'Expired')
		expect(bridge.eth(alice)).toBe(10n * ETHER)
		expect(bridge.chain.eventsOf('Escrow', 'OrderRefunded')).toEqual([{ nonce: 0n, owner: alice, amountWei: ETHER }])
		expect(bridge.attestOutcome(3, 0n, 'Expired')).toBe('OrderClosed')
		expect(bridge.attestOutcome(3, 0n, 'Executed')).toBe('OrderClosed')
		expect(storage.totals.get()).toEqual({ mintedWei: 10n * ETHER, releasedWei: 0n, stakedWei: 0n, inFlightWei: 0n })
	})
	test('ESC-2 no refund before the time is over by this chain too', () => {
		const bridge = withOrder()
		bridge.passTime(LIFETIME_MS)
		expect(bridge.attestOutcome(0, 0n, 'Expired')).toBe('OrderNotExpired')
	})
	test('ESC-2 a minority can neither refund nor execute', () => {
		const bridge = withOrder({ weights: [1, 1, 1] })
		bridge.passTime(LIFETIME_MS + 1000)
		expect(bridge.attestOutcome(0, 0n, 'Expired')).toBeUndefined()
		expect(bridge.attestOutcome(1, 0n, 'Expired')).toBeUndefined()
		expect(bridge.attestOutcome(2, 0n, 'Executed')).toBeUndefined()
		expect(bridge.eth(alice)).toBe(9n * ETHER)
		expect(bridge.attestOutcome(1, 0n, 'Expired')).toBe('AlreadyVoted')
		expect(bridge.attestOutcome(1, 0n, 'Executed')).toBeUndefined()
		expect(bridge.chain.eventsOf('Escrow', 'Equivocated')).toMatchObject([{ subject: { type: 'Outcome' }, nonce: 0n }])
		expect(storage.orders.exists(0n)).toBe(true)
	})
	test('ESC-2 refuses strangers and unknown orders; a vote is free', () => {
		const bridge = withOrder()
		const executed = { nonce: 0n, outcome: { type: 'Executed' } }
		expect(bridge.call(alice, calls.attestOutcome, executed)).toBe('NotWitness')
		expect(bridge.attestOutcome(0, 1n, 'Executed')).toBe('UnknownOrder')
		expect(bridge.dispatched(bridge.witnesses[0].account, calls.attestOutcome, executed)).toEqual({ paysFee: false })
	})
})

describe('setContract', () => {
	const set = (bridge: BridgeChain, contract: Uint8Array = RECIPIENT, origin: Origin = ROOT) =>
		bridge.chain.call(origin, calls.setContract, { contract })
	test('ESC-1 root sets the contract until the first lock is minted', () => {
		const bridge = new BridgeChain({ contract: null })
		expect(set(bridge, RECIPIENT, signed(alice))).toBe('BadOrigin')
		expect(set(bridge, new Uint8Array(20))).toBe('ZeroAddress')
		expect(set(bridge)).toBeUndefined()
		expect(set(bridge, hexToBytes(CONTRACT))).toBeUndefined()
		bridge.lock(alice, ETHER)
		expect(set(bridge)).toBe('ContractInUse')
		expect(bytesToHex(storage.contract.get()!)).toBe(CONTRACT)
	})
})

describe('genesis', () => {
	const asset = { isSufficient: true, minBalance: 1, decimals: 18 }
	const witness = (n: number) => ({ account: bytesToHex(account(n)), ethereum: bytesToHex(new Uint8Array(20).fill(n)), weight: 1 })
	const config = { chainId: 1, contract: null, witnessSetId: 0, witnesses: [1, 2, 3, 4].map(witness), threshold: 3, orderLifetimeMs: 1000 }
	const build = (change: object) =>
		new TestChain(
			{ 1: timestamp, 4: balances, 8: assets, 9: escrow },
			{
				assets: { assets: [ETH, AETH].map((id) => ({ id, name: `${id}`, symbol: `${id}`, ...asset })) },
				escrow: { ...config, ...change },
			},
		)
	test('ESC-1 takes a witness set the contract would take', () => {
		build({})
		expect(storage.witnessSet.get().witnesses).toHaveLength(4)
	})
	test.each([
		['two thirds at most', { threshold: 2 }, 'escrow.threshold: 2 of 4 signatures: must be more than two thirds, at most all'],
		['more than all', { threshold: 5 }, 'escrow.threshold: 5 of 4 signatures'],
		['a witness twice', { witnesses: [1, 2, 3, 3].map(witness) }, 'escrow.witnesses[3]: this account is a witness already'],
		[
			'an address twice',
			{ witnesses: [witness(1), { ...witness(2), ethereum: witness(1).ethereum }] },
			'escrow.witnesses[1]: this Ethereum address is a witness already',
		],
		['the zero address', { witnesses: [{ ...witness(1), ethereum: `0x${'00'.repeat(20)}` }] }, 'escrow.witnesses[0]: the zero address'],
		['no weight', { witnesses: [{ ...witness(1), weight: 0 }] }, 'escrow.witnesses[0]: the weight of a witness must be above 0'],
		[
			'too many',
			{ witnesses: Array.from({ length: 65 }, (_, i) => witness(i + 1)), threshold: 65 },
			'escrow.witnesses: 65 witnesses where at most 64 fit',
		],
		['no lifetime', { orderLifetimeMs: 999 }, 'escrow.orderLifetimeMs: 999 ms: an order must live for a second at least'],
		['a short contract', { contract: '0x01' }, 'escrow.contract: expected 20 hex bytes'],
		['a typo', { witnesess: [] }, 'escrow: unknown field "witnesess"'],
	])('refuses %s', (_, change, message) => {
		expect(() => build(change)).toThrow(message)
	})
})

test(`ESC-1 ESC-2 books are exact through any locks, withdrawals and outcomes (seed ${seed})`, () => {
	const users = [alice, bob, carol]
	const step = fc.record({
		kind: fc.constantFrom('lock', 'withdraw', 'stake', 'sign', 'executed', 'expired', 'time', 'lie'),
		user: fc.nat(2),
		witness: fc.nat(3),
		order: fc.nat(6),
		amountWei: fc.bigInt(1n, 5n * ETHER),
	})
	const property = fc.property(fc.array(step, { minLength: 10, maxLength: 60 }), (steps) => {
		const bridge = new BridgeChain()
		const closed = new Map<bigint, string>()
		const amounts = new Map<bigint, bigint>()
		let minted = 0n
		for (const { kind, user, witness, order, amountWei } of steps) {
			const nonce = BigInt(order)
			if (kind === 'lock') {
				bridge.lock(users[user], amountWei)
				minted += amountWei
			} else if (kind === 'withdraw') {
				const next = storage.nextOrderNonce.get()
				if (!withdraw(bridge, users[user], amountWei)) amounts.set(next, amountWei)
			} else if (kind === 'stake') {
				if (bridge.eth(users[user]) < amountWei) continue
				const deposit = { pubkey: new Uint8Array(48), signature: new Uint8Array(96), depositDataRoot: new Uint8Array(32) }
				// Of no pool: in this test nobody settles it.
				amounts.set(orderStake(users[user], 99, deposit, amountWei), amountWei)
				bridge.chain.check()
			} else if (kind === 'sign') {
				if (storage.orders.exists(nonce)) bridge.sign(witness, nonce)
			} else if (kind === 'executed' || kind === 'expired') {
				const found = storage.orders.get(nonce)
				if (found?.kind.type === 'Stake') continue
				const outcome = kind === 'executed' ? 'Executed' : 'Expired'
				for (let i = 0; i <= witness; i++) {
					const open = storage.orders.exists(nonce)
					const failed = bridge.attestOutcome(i, nonce, outcome)
					expect(open ? [undefined, 'AlreadyVoted', 'OrderNotExpired'] : ['OrderClosed', 'UnknownOrder']).toContain(failed)
					if (!open || storage.orders.exists(nonce)) continue
					expect(closed.has(nonce)).toBe(false)
					closed.set(nonce, outcome)
				}
			} else if (kind === 'time') bridge.passTime(LIFETIME_MS / 2)
			else bridge.attest(witness, { ...bridge.lockFields(1000n, users[user], amountWei) })
			let out = 0n
			for (const [id, amount] of amounts) if (closed.get(id) !== 'Expired') out += amount
			expect(bridge.ethSupply).toBe(minted - out)
			expect(users.reduce((sum, who) => sum + bridge.eth(who), 0n)).toBe(bridge.ethSupply)
		}
	})
	fc.assert(property, { seed, numRuns: 25, verbose: true })
}, 120_000)
