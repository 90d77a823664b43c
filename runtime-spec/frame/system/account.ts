import { type Reader, Struct, struct, u32, u128, type Writer } from '../scale/index.ts'

/** Balances of one account, in plancks. Bit 127 of `flags` says the account keeps FRAME's current reference logic. */
export interface AccountData {
	free: bigint
	reserved: bigint
	frozen: bigint
	flags: bigint
}

export interface AccountInfo {
	nonce: number
	/** Pallets that need this account to exist. */
	consumers: number
	/** Reasons this account exists: it may be removed when providers and sufficients are 0. */
	providers: number
	/** Reasons that hold without a deposit, e.g. a balance of a sufficient asset. */
	sufficients: number
	data: AccountData
}

export const NEW_LOGIC = 1n << 127n
export const emptyAccount = (): AccountInfo => ({
	nonce: 0,
	consumers: 0,
	providers: 0,
	sufficients: 0,
	data: { free: 0n, reserved: 0n, frozen: 0n, flags: NEW_LOGIC },
})

const accountData = struct('pallet_balances::types::AccountData', { free: u128, reserved: u128, frozen: u128, flags: u128 })

/** The hottest type of the chain (every transfer reads and writes two): written out by hand, the shape is the struct's. */
class AccountInfoCodec extends Struct<AccountInfo> {
	constructor() {
		super('frame_system::AccountInfo', { nonce: u32, consumers: u32, providers: u32, sufficients: u32, data: accountData })
	}
	override write(w: Writer, a: AccountInfo): void {
		w.u32(a.nonce)
		w.u32(a.consumers)
		w.u32(a.providers)
		w.u32(a.sufficients)
		const { data } = a
		w.u128(data.free)
		w.u128(data.reserved)
		w.u128(data.frozen)
		w.u128(data.flags)
	}
	override read(r: Reader): AccountInfo {
		return {
			nonce: r.u32(),
			consumers: r.u32(),
			providers: r.u32(),
			sufficients: r.u32(),
			data: { free: r.u128(), reserved: r.u128(), frozen: r.u128(), flags: r.u128() },
		}
	}
}
export const accountInfo = new AccountInfoCodec()
