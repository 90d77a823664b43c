import { ascii, equalBytes, toHex } from '../../frame/bytes.ts'
import { type AccountId, call, ensureRoot, ensureSigned, lookup, multiAddress } from '../../frame/call.ts'
import { errors, tokenErrorOf } from '../../frame/errors.ts'
import { events } from '../../frame/events.ts'
import type { GenesisReader } from '../../frame/genesis.ts'
import { host } from '../../frame/host.ts'
import { addU128, U128_MAX } from '../../frame/math/integer.ts'
import { constant, pallet } from '../../frame/pallet.ts'
import { accountId, bool, bytes, compactU32, compactU128, tuple, u8, u32, u128, type Value } from '../../frame/scale/index.ts'
import { blake2_128Concat, doubleMap, map } from '../../frame/storage.ts'
import { mutateAccount } from '../../frame/system/index.ts'
import { hold, reason, release } from '../balances/holds.ts'
import { STKR } from '../balances/index.ts'
import { beforeChange } from './listeners.ts'
import { tryState } from './try-state.ts'
import { approval, assetAccount, assetDetails, assetMetadata, STRING_LIMIT } from './types.ts'
import { weights } from './weights.ts'

export { AETH, ETH } from './ids.ts'
export { onBalanceChange } from './listeners.ts'

/** Held while an approval is stored, in plancks: pays for the space, comes back with its end. */
export const APPROVAL_DEPOSIT = STKR / 100n
const APPROVAL = reason('asset/ap')

const ownerAndDelegate = tuple(accountId, accountId)

export const storage = {
	/** Asset classes: supply, rules, counts. */
	asset: map(blake2_128Concat, u32, assetDetails),
	/** Balances by asset and account. */
	account: doubleMap([blake2_128Concat, blake2_128Concat], [u32, accountId], assetAccount),
	/** What a delegate may still transfer for an owner, by asset and (owner, delegate). */
	approvals: doubleMap([blake2_128Concat, blake2_128Concat], [u32, ownerAndDelegate], approval),
	/** Names, symbols and decimals of assets. */
	metadata: map(blake2_128Concat, u32, assetMetadata, () => ({
		deposit: 0n,
		name: new Uint8Array(),
		symbol: new Uint8Array(),
		decimals: 0,
		isFrozen: false,
	})),
}

export const event = events({
	/** The owner pallet issued an amount to an account. */
	Issued: { assetId: u32, owner: accountId, amount: u128 },
	/** An amount moved from one account to another. */
	Transferred: { assetId: u32, from: accountId, to: accountId, amount: u128 },
	/** The owner pallet took an amount of an account out of supply. */
	Burned: { assetId: u32, owner: accountId, balance: u128 },
	/** Root created an asset class. */
	ForceCreated: { assetId: u32, owner: accountId },
	/** Root set an asset's metadata. */
	MetadataSet: { assetId: u32, name: bytes, symbol: bytes, decimals: u8, isFrozen: bool },
	/** An owner let a delegate transfer `amount` more. */
	ApprovedTransfer: { assetId: u32, source: accountId, delegate: accountId, amount: u128 },
	/** An owner took an approval back. */
	ApprovalCancelled: { assetId: u32, owner: accountId, delegate: accountId },
	/** A delegate transferred an amount of an owner. */
	TransferredApproved: { assetId: u32, owner: accountId, delegate: accountId, destination: accountId, amount: u128 },
})

export const error = errors([
	/** The balance is less than the amount, or would be left between zero and the asset's minimum. */
	'BalanceLow',
	/** The account has none of the asset. */
	'NoAccount',
	/** There is no such asset, or no such approval. */
	'Unknown',
	/** The asset id is taken. */
	'InUse',
	/** The minimum balance of an asset must be above zero. */
	'MinBalanceZero',
	/** An account can hold an asset that is not sufficient only when it exists by other means, e.g. STKR. */
	'UnavailableConsumer',
	/** Name and symbol have 50 bytes at most. */
	'BadMetadata',
	/** The owner approved less than the amount, or nothing. */
	'Unapproved',
	/** The account must stay above the asset's minimum balance and would not. */
	'WouldDie',
])

type Details = Value<typeof assetDetails>
type Account = Value<typeof assetAccount>

const detailsOf = (id: number): Details => {
	const details = storage.asset.get(id)
	if (!details) throw error.Unknown()
	return details
}

/** Reads a balance about to change and lets the owner pallet settle it first. */
const open = (id: number, who: AccountId): Account | undefined => {
	const found = storage.account.get(id, who)
	beforeChange(id, who, found?.balance ?? 0n)
	return found
}

/** Adds to a balance; `details` is written by the caller when `accounts` changed. True when the account of the asset is new. */
const credit = (id: number, details: Details, who: AccountId, found: Account | undefined, amount: bigint): boolean => {
	if (found) {
		storage.account.put(id, who, { ...found, balance: found.balance + amount })
		return false
	}
	if (amount < details.minBalance) throw tokenErrorOf('BelowMinimum')
	details.accounts++
	if (details.isSufficient) {
		details.sufficients++
		mutateAccount(who, (account) => {
			account.sufficients++
		})
	} else {
		mutateAccount(who, (account) => {
			if (account.providers === 0) throw error.UnavailableConsumer()
			account.consumers++
		})
	}
	storage.account.put(id, who, {
		balance: amount,
		status: { type: 'Liquid' },
		reason: { type: details.isSufficient ? 'Sufficient' : 'Consumer' },
		extra: undefined,
	})
	return true
}

/** Takes exactly `amount` from a balance; `details` is written by the caller when `accounts` changed. True when the account of the asset is gone. */
const debit = (id: number, details: Details, who: AccountId, found: Account | undefined, amount: bigint, keepAlive: boolean): boolean => {
	if (!found) throw error.NoAccount()
	const rest = withdrawable(found.balance, amount, details.minBalance, keepAlive)
	if (rest !== 0n) {
		storage.account.put(id, who, { ...found, balance: rest })
		return false
	}
	storage.account.kill(id, who)
	details.accounts--
	const sufficient = found.reason.type === 'Sufficient'
	if (sufficient) details.sufficients--
	mutateAccount(who, (account) => {
		if (sufficient) account.sufficients--
		else account.consumers--
	})
	return true
}

/** What stays of `balance`. No dust: an amount that would leave less than the minimum is refused, never rounded. */
const withdrawable = (balance: bigint, amount: bigint, minBalance: bigint, keepAlive: boolean): bigint => {
	const rest = balance - amount
	if (rest < 0n) throw error.BalanceLow()
	if (rest < minBalance) {
		if (keepAlive) throw error.WouldDie()
		if (rest !== 0n) throw error.BalanceLow()
	}
	return rest
}

/** Issues to an account; for the pallet that owns the asset (CHN-7). Emits `Issued`. Throws `Unknown`, `UnavailableConsumer`, `Token::BelowMinimum`, `Arithmetic::Overflow`. */
export const mintInto = (id: number, who: AccountId, amount: bigint): void => {
	const details = detailsOf(id)
	if (amount !== 0n) {
		credit(id, details, who, open(id, who), amount)
		details.supply = addU128(details.supply, amount)
		storage.asset.put(id, details)
	}
	event.Issued({ assetId: id, owner: who, amount })
}

/** Takes an account's amount out of supply; for the pallet that owns the asset (CHN-7). Emits `Burned`. Throws `Unknown`, `NoAccount`, `BalanceLow`. */
export const burnFrom = (id: number, who: AccountId, amount: bigint): void => {
	const details = detailsOf(id)
	if (amount !== 0n) {
		debit(id, details, who, open(id, who), amount, false)
		details.supply -= amount
		storage.asset.put(id, details)
	}
	event.Burned({ assetId: id, owner: who, balance: amount })
}

/**
 * Moves exactly `amount`. `keepAlive` keeps the sender at or above the minimum balance. Emits `Transferred`. Throws `Unknown`,
 * `NoAccount`, `BalanceLow`, `WouldDie`, `UnavailableConsumer`, `Token::BelowMinimum`.
 */
export const transferAsset = (id: number, from: AccountId, to: AccountId, amount: bigint, keepAlive = false): void => {
	const details = detailsOf(id)
	if (equalBytes(from, to)) {
		const found = storage.account.get(id, from)
		if (!found) throw error.NoAccount()
		withdrawable(found.balance, amount, details.minBalance, keepAlive)
	} else if (amount !== 0n) {
		const sender = open(id, from)
		const receiver = open(id, to)
		const gone = debit(id, details, from, sender, amount, keepAlive)
		const born = credit(id, details, to, receiver, amount)
		if (gone || born) storage.asset.put(id, details)
	}
	event.Transferred({ assetId: id, from, to, amount })
}

/** Balance of an account, in the asset's smallest unit. */
export const balanceOf = (id: number, who: AccountId): bigint => storage.account.get(id, who)?.balance ?? 0n

/** Sum of all balances of an asset, in its smallest unit. Throws `Unknown`. */
export const supplyOf = (id: number): bigint => detailsOf(id).supply

const create = (id: number, owner: AccountId, isSufficient: boolean, minBalance: bigint): void => {
	if (storage.asset.exists(id)) throw error.InUse()
	if (minBalance === 0n) throw error.MinBalanceZero()
	storage.asset.put(id, {
		owner,
		issuer: owner,
		admin: owner,
		freezer: owner,
		supply: 0n,
		deposit: 0n,
		minBalance,
		isSufficient,
		accounts: 0,
		sufficients: 0,
		approvals: 0,
		status: { type: 'Live' },
	})
}

const setMetadata = (id: number, name: Uint8Array, symbol: Uint8Array, decimals: number, isFrozen: boolean): void => {
	if (name.length > STRING_LIMIT || symbol.length > STRING_LIMIT) throw error.BadMetadata()
	storage.metadata.put(id, { deposit: 0n, name, symbol, decimals, isFrozen })
}

/** Ends an approval and gives its deposit back. */
const endApproval = (id: number, details: Details, owner: AccountId, delegate: AccountId, depositPlanck: bigint): void => {
	storage.approvals.kill(id, [owner, delegate])
	release(APPROVAL, owner, depositPlanck)
	details.approvals--
	storage.asset.put(id, details)
}

/** Account of the pallet that owns an asset, as FRAME derives pallet accounts: "modl", its name, zeros. */
const palletAccount = (name: string): AccountId => {
	const account = new Uint8Array(32)
	account.set(ascii(`modl${name}`))
	return account
}

const FIELDS = ['id', 'owner', 'isSufficient', 'minBalance', 'name', 'symbol', 'decimals']

/**
 * `{ assets: [{ id, owner?, isSufficient, minBalance, name, symbol, decimals }], accounts: [[id, account, amount], …] }`; `owner`
 * is the owning pallet's name of at most 8 characters.
 */
const genesis = (config: GenesisReader): void => {
	const parts = ['assets', 'accounts']
	for (const entry of config.field('assets', parts).items()) {
		const field = (name: string): GenesisReader => entry.field(name, FIELDS)
		const short = (name: string): Uint8Array => {
			const text = host.utf8Encode(field(name).text())
			if (text.length > STRING_LIMIT) field(name).refuse(`${text.length} bytes are too long: give at most ${STRING_LIMIT}`)
			return text
		}
		const id = field('id').number()
		const minBalance = field('minBalance').integer(U128_MAX, 'an amount in the smallest unit')
		const owner = field('owner').absent ? 'assets' : field('owner').text()
		if (owner.length > 8) field('owner').refuse(`"${owner}" has ${owner.length} characters: give at most 8`)
		if (storage.asset.exists(id)) field('id').refuse(`asset ${id} is listed twice: give each asset its own id`)
		if (minBalance === 0n) field('minBalance').refuse('0 is no minimum balance: give 1 or more')
		create(id, palletAccount(owner), field('isSufficient').bool(), minBalance)
		setMetadata(id, short('name'), short('symbol'), field('decimals').number(255), false)
	}
	for (const entry of config.field('accounts', parts).items()) {
		const [asset, account, balance] = entry.tuple(3)
		const id = asset.number()
		const who = account.bytes(32)
		const amount = balance.integer(U128_MAX, 'an amount in the smallest unit')
		const details = storage.asset.get(id) ?? asset.refuse(`asset ${id} is not among the assets`)
		if (amount < details.minBalance) balance.refuse(`${amount} is below the minimum balance of ${details.minBalance} of asset ${id}`)
		if (storage.account.exists(id, who))
			account.refuse(`account ${toHex(who)} is listed twice for asset ${id}: add its amounts up in one entry`)
		mintInto(id, who, amount)
	}
}

const transferArgs = { id: compactU32, target: multiAddress, amount: compactU128 }

/** Every other token: wrapped ETH, staked ETH and those to come, issued by their own pallets alone (pallet_assets, CHN-7). */
export const assets = pallet('Assets', {
	storage,
	events: event,
	errors: error,
	constants: {
		/** Plancks held while an approval is stored. */
		approvalDeposit: constant(u128, APPROVAL_DEPOSIT),
		/** Longest name or symbol, in bytes. */
		stringLimit: constant(u32, STRING_LIMIT),
	},
	calls: {
		/** Creates an asset class of no supply. Root. Emits `ForceCreated`. Fails with `InUse`, `MinBalanceZero`. */
		forceCreate: call(
			1,
			{ id: compactU32, owner: multiAddress, isSufficient: bool, minBalance: compactU128 },
			weights.forceCreate,
			(origin, { id, owner: address, isSufficient, minBalance }) => {
				ensureRoot(origin)
				const owner = lookup(address)
				create(id, owner, isSufficient, minBalance)
				event.ForceCreated({ assetId: id, owner })
			},
		),
		/** Sends `amount` to `target`; fails with `BalanceLow` rather than leave less than the minimum balance. Signed. Emits `Transferred` (CHN-7). */
		transfer: call(8, transferArgs, weights.transfer, (origin, { id, target, amount }) => {
			transferAsset(id, ensureSigned(origin), lookup(target), amount, false)
		}),
		/** Sends `amount` to `target` and keeps at least the minimum balance (`WouldDie`). Signed. Emits `Transferred`. */
		transferKeepAlive: call(9, transferArgs, weights.transfer, (origin, { id, target, amount }) => {
			transferAsset(id, ensureSigned(origin), lookup(target), amount, true)
		}),
		/** Sets name, symbol and decimals of an asset. Root. Emits `MetadataSet`. Fails with `Unknown`, `BadMetadata`. */
		forceSetMetadata: call(
			19,
			{ id: compactU32, name: bytes, symbol: bytes, decimals: u8, isFrozen: bool },
			({ name, symbol }) => weights.forceSetMetadata(name.length + symbol.length),
			(origin, { id, name, symbol, decimals, isFrozen }) => {
				ensureRoot(origin)
				if (!storage.asset.exists(id)) throw error.Unknown()
				setMetadata(id, name, symbol, decimals, isFrozen)
				event.MetadataSet({ assetId: id, name, symbol, decimals, isFrozen })
			},
		),
		/** Lets `delegate` transfer `amount` more of the sender's; the first time holds the deposit. Signed. Emits `ApprovedTransfer`. */
		approveTransfer: call(
			22,
			{ id: compactU32, delegate: multiAddress, amount: compactU128 },
			weights.approveTransfer,
			(origin, { id, delegate: address, amount }) => {
				const owner = ensureSigned(origin)
				const delegate = lookup(address)
				const details = detailsOf(id)
				const key: [AccountId, AccountId] = [owner, delegate]
				const approved = storage.approvals.get(id, key)
				if (!approved) {
					hold(APPROVAL, owner, APPROVAL_DEPOSIT)
					details.approvals++
					storage.asset.put(id, details)
				}
				storage.approvals.put(id, key, { amount: (approved?.amount ?? 0n) + amount, deposit: approved?.deposit ?? APPROVAL_DEPOSIT })
				event.ApprovedTransfer({ assetId: id, source: owner, delegate, amount })
			},
		),
		/** Takes the approval of `delegate` back and its deposit with it. Signed. Emits `ApprovalCancelled`. Fails with `Unknown`. */
		cancelApproval: call(23, { id: compactU32, delegate: multiAddress }, weights.cancelApproval, (origin, { id, delegate: address }) => {
			const owner = ensureSigned(origin)
			const delegate = lookup(address)
			const details = detailsOf(id)
			const approved = storage.approvals.get(id, [owner, delegate])
			if (!approved) throw error.Unknown()
			endApproval(id, details, owner, delegate, approved.deposit)
			event.ApprovalCancelled({ assetId: id, owner, delegate })
		}),
		/** Sends `amount` of `owner`, who approved it to the sender, to `destination`. Signed. Emits `Transferred`, `TransferredApproved`. Fails with `Unapproved`. */
		transferApproved: call(
			25,
			{ id: compactU32, owner: multiAddress, destination: multiAddress, amount: compactU128 },
			weights.transferApproved,
			(origin, { id, owner: ownerAddress, destination: destinationAddress, amount }) => {
				const delegate = ensureSigned(origin)
				const owner = lookup(ownerAddress)
				const destination = lookup(destinationAddress)
				const approved = storage.approvals.get(id, [owner, delegate])
				if (!approved || approved.amount < amount) throw error.Unapproved()
				const left = approved.amount - amount
				transferAsset(id, owner, destination, amount, false)
				if (left === 0n) endApproval(id, detailsOf(id), owner, delegate, approved.deposit)
				else storage.approvals.put(id, [owner, delegate], { ...approved, amount: left })
				event.TransferredApproved({ assetId: id, owner, delegate, destination, amount })
			},
		),
		/** Sends the whole balance, but the minimum balance when `keepAlive`. Signed. Emits `Transferred`. Fails with `NoAccount`. */
		transferAll: call(32, { id: compactU32, dest: multiAddress, keepAlive: bool }, weights.transfer, (origin, { id, dest, keepAlive }) => {
			const who = ensureSigned(origin)
			const { minBalance } = detailsOf(id)
			const found = storage.account.get(id, who)
			if (!found) throw error.NoAccount()
			transferAsset(id, who, lookup(dest), keepAlive ? found.balance - minBalance : found.balance, keepAlive)
		}),
	},
	genesis,
	tryState: () => tryState(storage),
	storageVersion: 1,
})
