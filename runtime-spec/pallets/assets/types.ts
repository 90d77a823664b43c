import { accountId, bool, boundedBytes, enumeration, struct, tuple, u8, u32, u128, unit } from '../../frame/scale/index.ts'

/** Longest name or symbol of an asset, in bytes. */
export const STRING_LIMIT = 50

/** pallet_assets' shape. This chain grants no team privileges: supply changes through the owner pallet alone, nobody freezes. */
const status = enumeration('pallet_assets::types::AssetStatus', { Live: unit, Frozen: unit, Destroying: unit, LiveAndNoPrivileges: unit })
export const assetDetails = struct('pallet_assets::types::AssetDetails', {
	owner: accountId,
	issuer: accountId,
	admin: accountId,
	freezer: accountId,
	/** Sum of all balances. */
	supply: u128,
	deposit: u128,
	/** Least balance an account of the asset may have. */
	minBalance: u128,
	/** A balance alone lets a System account exist. */
	isSufficient: bool,
	accounts: u32,
	sufficients: u32,
	approvals: u32,
	status,
})

const accountStatus = enumeration('pallet_assets::types::AccountStatus', { Liquid: unit, Frozen: unit, Blocked: unit })
/** How an account of the asset counts in System: it needs the account to exist, or lets it exist. */
const existenceReason = enumeration('pallet_assets::types::ExistenceReason', {
	Consumer: unit,
	Sufficient: unit,
	DepositHeld: u128,
	DepositRefunded: unit,
	DepositFrom: tuple(accountId, u128),
})
export const assetAccount = struct('pallet_assets::types::AssetAccount', {
	balance: u128,
	status: accountStatus,
	reason: existenceReason,
	extra: unit,
})

export const approval = struct('pallet_assets::types::Approval', { amount: u128, deposit: u128 })

const shortText = boundedBytes(STRING_LIMIT)
export const assetMetadata = struct('pallet_assets::types::AssetMetadata', {
	deposit: u128,
	name: shortText,
	symbol: shortText,
	decimals: u8,
	isFrozen: bool,
})
