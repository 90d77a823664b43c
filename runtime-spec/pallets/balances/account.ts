import { consumerRemaining, noProviders, tokenErrorOf } from '../../frame/errors.ts'
import type { AccountData, AccountInfo } from '../../frame/system/account.ts'

/** One STKR in plancks (18 decimals). */
export const STKR = 10n ** 18n

/** Least free balance of an account that exists by its STKR, in plancks: 0.001 STKR, so that leaving dust accounts behind costs something. */
export const EXISTENTIAL_DEPOSIT = STKR / 1_000n

/** True when `account` exists by nothing but the existential deposit and something needs it to exist. */
const depositRequired = ({ data, providers, consumers }: AccountInfo): boolean =>
	data.free >= EXISTENTIAL_DEPOSIT && providers === 1 && consumers > 0

/**
 * Plancks that may leave the free balance. A freeze covers the total balance, so what is reserved counts towards it; the
 * existential deposit stays when `keepAlive`, or when something needs the account.
 */
export const reducible = (account: AccountInfo, keepAlive: boolean): bigint => {
	const { free, reserved, frozen } = account.data
	let kept = frozen > reserved ? frozen - reserved : 0n
	if (kept < EXISTENTIAL_DEPOSIT && (keepAlive || depositRequired(account))) kept = EXISTENTIAL_DEPOSIT
	return free > kept ? free - kept : 0n
}

/** Throws `Token::FundsUnavailable`, `Token::Frozen` or `Token::NotExpendable` unless `amountPlanck` may leave the free balance. */
export const ensureWithdrawable = (account: AccountInfo, amountPlanck: bigint, keepAlive: boolean): void => {
	const rest = account.data.free - amountPlanck
	if (rest < 0n) throw tokenErrorOf('FundsUnavailable')
	if (amountPlanck > reducible(account, false)) throw tokenErrorOf('Frozen')
	if (keepAlive && rest < EXISTENTIAL_DEPOSIT) throw tokenErrorOf('NotExpendable')
}

export const provides = (data: AccountData): boolean => data.free >= EXISTENTIAL_DEPOSIT
export const consumes = (data: AccountData): boolean => data.reserved > 0n || data.frozen > 0n

/**
 * Makes the references follow the balances: the existential deposit provides for the account, reserved or frozen plancks
 * consume it. Throws `NoProviders` or `ConsumerRemaining` when that can't be.
 */
export const updateReferences = (account: AccountInfo, provided: boolean, consumed: boolean): void => {
	const provide = provides(account.data)
	const consume = consumes(account.data)
	if (provide && !provided) account.providers++
	if (consumed && !consume) account.consumers--
	if (consume && !consumed) {
		if (account.providers === 0) throw noProviders()
		account.consumers++
	}
	if (provided && !provide) {
		if (account.providers === 1 && account.consumers > 0) throw consumerRemaining()
		account.providers--
	}
}
