import { compareBytes, equalBytes } from '../../frame/bytes.ts'
import { type AccountId, call, ensureRoot, ensureSigned, type Origin } from '../../frame/call.ts'
import { errors } from '../../frame/errors.ts'
import { events } from '../../frame/events.ts'
import type { GenesisReader } from '../../frame/genesis.ts'
import { host } from '../../frame/host.ts'
import { constant, pallet } from '../../frame/pallet.ts'
import {
	accountId,
	compactU64,
	compactU128,
	enumeration,
	fixedBytes,
	h160,
	h256,
	struct,
	u32,
	u64,
	u128,
	unit,
	type Value,
} from '../../frame/scale/index.ts'
import { countedMap, map, twox64Concat, value } from '../../frame/storage.ts'
import { burnFrom, ETH, mintInto, supplyOf } from '../assets/index.ts'
import { nowMs } from '../timestamp/index.ts'
import { type Domain, orderDigest, recoverSigner } from './eip712.ts'
import { type DepositData, type Order, order, withSignature } from './orders.ts'
import { weights } from './weights.ts'
import {
	findVote,
	findWitness,
	isCarried,
	MAX_WITNESSES,
	noWitnesses,
	readWitnessSet,
	type Votes,
	votes,
	type Witness,
	type WitnessSet,
	witnessSet,
} from './witnesses.ts'

export { type DepositData, depositData, depositFields } from './orders.ts'

/** Least withdrawal, in wei: what the contract asks of a lock, for the same reason (less can't pay its way). */
const MIN_WITHDRAWAL_WEI = 10n ** 15n
/** Attested locks may run this far ahead of those minted: bounds what a witness can store with votes on locks that never were. */
const LOCK_WINDOW = 1024n
/** Ethereum's zero address stands for ETH. */
const ETH_ADDRESS = new Uint8Array(20)

const MAX_U64 = 0xffff_ffff_ffff_ffffn
/** A year: longer, and the wrapped ETH of an order nobody relays is gone for too long. */
const MAX_ORDER_LIFETIME_MS = 31_536_000_000n
const GENESIS_FIELDS = ['chainId', 'contract', 'witnessSetId', 'witnesses', 'threshold', 'orderLifetimeMs']
/** Entries `tryState` reads at most: all. */
const ALL = 0xffff_ffff

const mintedLock = struct('pallet_escrow::MintedLock', { recipient: accountId, amountWei: u128 })
const totals = struct('pallet_escrow::Totals', { mintedWei: u128, releasedWei: u128, stakedWei: u128, inFlightWei: u128 })
const outcomeType = enumeration('pallet_escrow::Outcome', { Executed: unit, Expired: unit })
const subjectType = enumeration('pallet_escrow::Subject', { Lock: unit, Outcome: unit })
/** All of a lock that a witness vouches for, and where it happened. */
const lockContent = struct('', {
	chainId: u64,
	contract: h160,
	nonce: u64,
	asset: h160,
	amountWei: u128,
	recipient: accountId,
	sender: h160,
	ethereumBlock: u64,
})

export const storage = {
	/** Chain id of the Ethereum network, part of every signed order. */
	ethereumChainId: value(u64, () => 0n),
	/** Address of the escrow contract there. */
	contract: value(h160),
	/** The witnesses. */
	witnessSet: value(witnessSet, noWitnesses),
	/** How long an order can be executed, in milliseconds. */
	orderLifetimeMs: value(u64, () => 0n),
	/** Locks of the contract that were minted here, by the contract's nonce: each once, for ever. */
	mintedLocks: countedMap(twox64Concat, u64, mintedLock),
	/** Votes on a lock that is not minted yet. */
	lockVotes: map(twox64Concat, u64, votes, (): Votes => []),
	/** Open orders by nonce, with the signatures collected so far. */
	orders: map(twox64Concat, u64, order),
	/** Votes on what became of an open order. */
	outcomeVotes: map(twox64Concat, u64, votes, (): Votes => []),
	/** Nonce of the next order; one space for releases and stakes. */
	nextOrderNonce: value(u64, () => 0n),
	/** Proof of reserve: minted = supply here + released + staked + in flight, all in wei. */
	totals: value(totals, (): Value<typeof totals> => ({ mintedWei: 0n, releasedWei: 0n, stakedWei: 0n, inFlightWei: 0n })),
}

export const event = events({
	/** The escrow contract's address was set. */
	ContractSet: { contract: h160 },
	/** A witness vouched for a lock. */
	LockAttested: { witness: accountId, nonce: u64 },
	/** A lock on Ethereum was minted as wrapped ETH. */
	LockMinted: { nonce: u64, recipient: accountId, amountWei: u128, sender: h160 },
	/** A witness said two different things of one lock or order; the second was not counted. */
	Equivocated: { witness: accountId, subject: subjectType, nonce: u64, first: h256, second: h256 },
	/** Wrapped ETH was burned for an order that witnesses are to sign. */
	OrderCreated: { nonce: u64, owner: accountId, amountWei: u128, expirySeconds: u64 },
	/** A witness signed an order. */
	OrderSigned: { nonce: u64, witness: accountId },
	/** An order has as many signatures as the contract asks for: anyone may relay it. */
	OrderReady: { nonce: u64 },
	/** The contract executed an order. */
	OrderExecuted: { nonce: u64 },
	/** An order expired unused and its owner got the wrapped ETH back. */
	OrderRefunded: { nonce: u64, owner: accountId, amountWei: u128 },
})

export const error = errors([
	/** The signer is no witness. */
	'NotWitness',
	/** The escrow contract's address is not set. */
	'ContractNotSet',
	/** The contract can't change: locks were minted or orders made with the present one. */
	'ContractInUse',
	/** The zero address can't be paid, nor be a contract. */
	'ZeroAddress',
	/** Only ETH, the zero address, is bridged. */
	'UnsupportedAsset',
	/** A lock holds more than nothing. */
	'ZeroAmount',
	/** The lock was minted. To a relayer: done. */
	'AlreadyMinted',
	/** The lock's nonce is too far ahead of the locks minted; attest the earlier ones first. */
	'NonceTooFar',
	/** The witness has said the same before. To a relayer: done. */
	'AlreadyVoted',
	/** Less than `MinWithdrawalWei`. */
	'WithdrawalTooLow',
	/** There is no such order. */
	'UnknownOrder',
	/** The order was executed or refunded. To a relayer: done. */
	'OrderClosed',
	/** The order's time is over: it can't be signed any more, only refunded. */
	'OrderExpired',
	/** The order's time is not over by this chain's clock. */
	'OrderNotExpired',
	/** The witness has signed this order before. To a relayer: done. */
	'AlreadySigned',
	/** Not an `r ‖ s ‖ v` the contract takes: v must be 27 or 28, s low, and the signer the witness's Ethereum address. */
	'InvalidSignature',
])

type StakeOutcome = 'Executed' | 'Expired'
type StakeListener = (pool: number, outcome: StakeOutcome) => void
const stakeListeners: StakeListener[] = []

/** Registers, at module level, what the pallet that makes stake orders does with their outcome. */
export const onStakeOutcome = (listener: StakeListener): void => {
	stakeListeners.push(listener)
}

const ensureWitness = (origin: Origin): { witness: Witness; set: WitnessSet } => {
	const who = ensureSigned(origin)
	const set = storage.witnessSet.get()
	const witness = findWitness(set, who)
	if (!witness) throw error.NotWitness()
	return { witness, set }
}

const domain = (): Domain => {
	const contract = storage.contract.get()
	if (!contract) throw error.ContractNotSet()
	return { chainId: storage.ethereumChainId.get(), contract }
}

const openOrder = (nonce: bigint): Order => {
	const found = storage.orders.get(nonce)
	if (found) return found
	throw nonce < storage.nextOrderNonce.get() ? error.OrderClosed() : error.UnknownOrder()
}

const nowSeconds = (): bigint => nowMs() / 1000n

/**
 * Adds a vote to those cast. Undefined when the witness voted otherwise before: that is recorded as an event, so the call must not
 * fail. Throws `AlreadyVoted`.
 */
const withVote = (
	subject: 'Lock' | 'Outcome',
	nonce: bigint,
	cast: Votes,
	{ account, weight }: Witness,
	content: Uint8Array,
): Votes | undefined => {
	const first = findVote(cast, account)
	if (!first) return [...cast, { witness: account, weight, content }]
	if (equalBytes(first, content)) throw error.AlreadyVoted()
	event.Equivocated({ witness: account, subject: { type: subject }, nonce, first, second: content })
	return undefined
}

const addTotals = (change: Partial<Value<typeof totals>>): void => {
	const now = storage.totals.get()
	storage.totals.put({
		mintedWei: now.mintedWei + (change.mintedWei ?? 0n),
		releasedWei: now.releasedWei + (change.releasedWei ?? 0n),
		stakedWei: now.stakedWei + (change.stakedWei ?? 0n),
		inFlightWei: now.inFlightWei + (change.inFlightWei ?? 0n),
	})
}

/** Burns the owner's wrapped ETH and opens the order it is for. */
const createOrder = (owner: AccountId, amountWei: bigint, kind: Order['kind']): bigint => {
	domain()
	burnFrom(ETH, owner, amountWei)
	addTotals({ inFlightWei: amountWei })
	const nonce = storage.nextOrderNonce.get()
	storage.nextOrderNonce.put(nonce + 1n)
	const expirySeconds = nowSeconds() + storage.orderLifetimeMs.get() / 1000n
	storage.orders.put(nonce, { owner, amountWei, expirySeconds, witnessSetId: storage.witnessSet.get().id, kind, signatures: [] })
	event.OrderCreated({ nonce, owner, amountWei, expirySeconds })
	return nonce
}

/** Closes an order for good: it leaves storage, so no second outcome can find it. */
const closeOrder = (nonce: bigint, { owner, amountWei, kind }: Order, outcome: StakeOutcome): void => {
	storage.orders.kill(nonce)
	storage.outcomeVotes.kill(nonce)
	if (outcome === 'Executed') {
		addTotals({ inFlightWei: -amountWei, [kind.type === 'Release' ? 'releasedWei' : 'stakedWei']: amountWei })
		event.OrderExecuted({ nonce })
	} else {
		addTotals({ inFlightWei: -amountWei })
		mintInto(ETH, owner, amountWei)
		event.OrderRefunded({ nonce, owner, amountWei })
	}
	if (kind.type === 'Stake') for (const listener of stakeListeners) listener(kind.value.pool, outcome)
}

/** The bridge to Ethereum (ESC-1, ESC-2, ESC-6): locks there become wrapped ETH here; burns here become orders to the contract. */
export const escrow = pallet('Escrow', {
	storage,
	events: event,
	errors: error,
	constants: {
		/** Least withdrawal, in wei. */
		minWithdrawalWei: constant(u128, MIN_WITHDRAWAL_WEI),
		/** How far ahead of the locks minted a lock's nonce may be. */
		lockWindow: constant(u64, LOCK_WINDOW),
		/** Most witnesses of a set. */
		maxWitnesses: constant(u32, MAX_WITNESSES),
	},
	calls: {
		/**
		 * A witness vouches for a lock that is final on Ethereum; with more than two thirds of the weight on the very same content the
		 * recipient's wrapped ETH is minted in this call, and the lock's nonce is spent for ever (ESC-1). Witnesses; free on success.
		 * Emits `LockAttested`, then `LockMinted`; or only `Equivocated` when the witness said something else before, which is charged.
		 * Fails with `NotWitness`, `ContractNotSet`, `UnsupportedAsset`, `ZeroAmount`, `AlreadyMinted`, `NonceTooFar`, `AlreadyVoted`.
		 */
		attestLock: call(
			0,
			{ nonce: compactU64, asset: h160, amountWei: compactU128, recipient: accountId, sender: h160, ethereumBlock: compactU64 },
			weights.attestLock,
			(origin, lock) => {
				const { witness, set } = ensureWitness(origin)
				const { nonce, asset, amountWei, recipient, sender } = lock
				const { chainId, contract } = domain()
				if (!equalBytes(asset, ETH_ADDRESS)) throw error.UnsupportedAsset()
				if (amountWei === 0n) throw error.ZeroAmount()
				if (storage.mintedLocks.exists(nonce)) throw error.AlreadyMinted()
				if (nonce >= BigInt(storage.mintedLocks.count()) + LOCK_WINDOW) throw error.NonceTooFar()
				const content = host.blake2_256(lockContent.encode({ chainId, contract, ...lock }))
				const cast = withVote('Lock', nonce, storage.lockVotes.get(nonce), witness, content)
				if (!cast) return
				event.LockAttested({ witness: witness.account, nonce })
				if (!isCarried(set, cast, content)) storage.lockVotes.put(nonce, cast)
				else {
					storage.lockVotes.kill(nonce)
					storage.mintedLocks.put(nonce, { recipient, amountWei })
					addTotals({ mintedWei: amountWei })
					mintInto(ETH, recipient, amountWei)
					event.LockMinted({ nonce, recipient, amountWei, sender })
				}
				return { paysFee: false }
			},
			{ class: 'Operational' },
		),
		/**
		 * Burns the signer's wrapped ETH and orders the contract to pay it out on Ethereum (ESC-2). Emits `OrderCreated`. Fails with
		 * `WithdrawalTooLow`, `ZeroAddress`, `ContractNotSet`, and the errors of Assets when the signer holds less.
		 */
		withdraw: call(1, { amountWei: compactU128, recipient: h160 }, weights.withdraw, (origin, { amountWei, recipient }) => {
			const who = ensureSigned(origin)
			if (amountWei < MIN_WITHDRAWAL_WEI) throw error.WithdrawalTooLow()
			if (equalBytes(recipient, ETH_ADDRESS)) throw error.ZeroAddress()
			createOrder(who, amountWei, { type: 'Release', value: { asset: ETH_ADDRESS, recipient } })
		}),
		/**
		 * A witness adds its EIP-712 signature of an order (ESC-2); it is checked here, so that all that is stored is good there.
		 * Witnesses; free on success. Emits `OrderSigned`, and `OrderReady` with the last signature needed. Fails with `NotWitness`,
		 * `UnknownOrder`, `OrderClosed`, `OrderExpired`, `InvalidSignature`, `AlreadySigned`.
		 */
		signOrder: call(
			2,
			{ nonce: compactU64, signature: fixedBytes(65) },
			weights.signOrder,
			(origin, { nonce, signature }) => {
				const { witness, set } = ensureWitness(origin)
				const open = openOrder(nonce)
				if (nowSeconds() > open.expirySeconds) throw error.OrderExpired()
				const signer = recoverSigner(orderDigest(domain(), nonce, open), signature)
				if (!signer || !equalBytes(signer, witness.ethereum)) throw error.InvalidSignature()
				const signatures = withSignature(open.signatures, signer, signature)
				if (!signatures) throw error.AlreadySigned()
				storage.orders.put(nonce, { ...open, signatures })
				event.OrderSigned({ nonce, witness: witness.account })
				if (signatures.length === set.threshold) event.OrderReady({ nonce })
				return { paysFee: false }
			},
			{ class: 'Operational' },
		),
		/**
		 * A witness says what became of an order, final on Ethereum: `Executed`, or `Expired`: its time is over and its nonce unused.
		 * More than two thirds of the weight close it: executed for good, or refunded in this call, once (ESC-2). Witnesses; free on
		 * success. Emits `OrderExecuted` or `OrderRefunded`; or only `Equivocated` when the witness said otherwise before, which is
		 * charged. Fails with `NotWitness`, `UnknownOrder`, `OrderClosed`, `OrderNotExpired`, `AlreadyVoted`.
		 */
		attestOutcome: call(
			3,
			{ nonce: compactU64, outcome: outcomeType },
			weights.attestOutcome,
			(origin, { nonce, outcome }) => {
				const { witness, set } = ensureWitness(origin)
				const open = openOrder(nonce)
				if (outcome.type === 'Expired' && nowSeconds() <= open.expirySeconds) throw error.OrderNotExpired()
				const content = host.blake2_256(outcomeType.encode(outcome))
				const cast = withVote('Outcome', nonce, storage.outcomeVotes.get(nonce), witness, content)
				if (!cast) return
				if (isCarried(set, cast, content)) closeOrder(nonce, open, outcome.type)
				else storage.outcomeVotes.put(nonce, cast)
				return { paysFee: false }
			},
			{ class: 'Operational' },
		),
		/**
		 * Sets the contract's address, which development networks learn after genesis. Root. Emits `ContractSet`. Fails with
		 * `ZeroAddress`, and with `ContractInUse` once a lock was minted or an order made.
		 */
		setContract: call(
			4,
			{ contract: h160 },
			weights.setContract,
			(origin, { contract }) => {
				ensureRoot(origin)
				if (equalBytes(contract, ETH_ADDRESS)) throw error.ZeroAddress()
				if (storage.mintedLocks.count() > 0 || storage.nextOrderNonce.get() > 0n) throw error.ContractInUse()
				storage.contract.put(contract)
				event.ContractSet({ contract })
			},
			{ class: 'Operational' },
		),
	},
	genesis(config) {
		if (config.absent) return
		const field = (name: string): GenesisReader => config.field(name, GENESIS_FIELDS)
		storage.ethereumChainId.put(field('chainId').integer(MAX_U64, 'a chain id'))
		const contract = field('contract')
		if (!contract.absent) storage.contract.put(contract.bytes(20))
		storage.witnessSet.put(readWitnessSet(field('witnessSetId'), field('threshold'), field('witnesses')))
		const lifetime = field('orderLifetimeMs')
		const lifetimeMs = lifetime.integer(MAX_ORDER_LIFETIME_MS, 'milliseconds')
		if (lifetimeMs < 1000n) lifetime.refuse(`${lifetimeMs} ms: an order must live for a second at least`)
		storage.orderLifetimeMs.put(lifetimeMs)
	},
	tryState() {
		const { mintedWei, releasedWei, stakedWei, inFlightWei } = storage.totals.get()
		const supply = supplyOf(ETH)
		const due = mintedWei - releasedWei - stakedWei - inFlightWei
		if (due !== supply) throw new Error(`minted − released − staked − in flight is ${due} wei, the supply of wrapped ETH ${supply}`)
		let minted = 0n
		for (const [, { amountWei }] of storage.mintedLocks.entries(ALL)) minted += amountWei
		if (minted !== mintedWei) throw new Error(`minted locks add up to ${minted} wei, the total is ${mintedWei}`)
		for (const [nonce] of storage.lockVotes.entries(ALL))
			if (storage.mintedLocks.exists(nonce)) throw new Error(`lock ${nonce} is minted and still voted on`)
		let inFlight = 0n
		const next = storage.nextOrderNonce.get()
		for (const [nonce, { amountWei, signatures }] of storage.orders.entries(ALL)) {
			inFlight += amountWei
			if (nonce >= next) throw new Error(`order ${nonce} exists, the next nonce is ${next}`)
			for (let i = 1; i < signatures.length; i++)
				if (compareBytes(signatures[i - 1].signer, signatures[i].signer) >= 0) throw new Error(`signatures of order ${nonce} do not ascend`)
		}
		if (inFlight !== inFlightWei) throw new Error(`open orders add up to ${inFlight} wei, the total is ${inFlightWei}`)
		for (const [nonce] of storage.outcomeVotes.entries(ALL))
			if (!storage.orders.exists(nonce)) throw new Error(`order ${nonce} is closed and still voted on`)
	},
	storageVersion: 1,
})

/** ESC-6: burns `amountWei` of the owner's wrapped ETH and orders the contract to deposit it for a validator. Returns the order's nonce. */
export const orderStake = (owner: AccountId, pool: number, deposit: DepositData, amountWei: bigint): bigint =>
	createOrder(owner, amountWei, { type: 'Stake', value: { pool, ...deposit } })
