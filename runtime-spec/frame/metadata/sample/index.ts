import { method, runtimeApi } from '../../api.ts'
import { call, multiAddress, runtimeCall } from '../../call.ts'
import { errors } from '../../errors.ts'
import { constant, pallet } from '../../pallet.ts'
import { accountId, compactU128, option, text, u32, u128, vec } from '../../scale/index.ts'
import { blake2_128Concat, doubleMap, twox64Concat } from '../../storage.ts'
import { weightOf } from '../../weight.ts'
import { event, repay, state, terms } from './terms.ts'

/** A pallet that says its parts in every way a pallet may: in place, by name, imported, spread. */
export const lending = pallet('MicroLending', {
	storage: {
		...state,
		/**
		 * What an account owes for a loan,
		 * in plancks.
		 */
		debts: doubleMap([blake2_128Concat, twox64Concat], [accountId, u32], u128, () => 7n),
	},
	events: event,
	errors: errors([
		/** There is no such loan. */ 'NoSuchLoan',
		/** The loan is late; pay a | b. */
		'TooLate',
	]),
	constants: {
		/** Loans at most. */
		maxLoans: constant(u32, 12),
	},
	calls: {
		/** Takes a loan. Signed. Emits `Lent`. */
		takeLoan: call(1, { loan: u32, amountPlanck: compactU128, from: multiAddress, terms }, weightOf(1), () => {}),
		repay,
		/** Makes calls in order. */
		several: call(9, { calls: vec(runtimeCall, 10) }, weightOf(1), () => {}),
	},
})

export const apis = [
	/** What lending tells clients. */
	runtimeApi('LendingApi', 2, {
		/** What an account owes, in plancks. */
		totalDebt: method({ account: accountId, untilLoan: option(u32) }, u128, () => 0n),
		/** A greeting. */
		hello: method({}, text, () => 'hello'),
	}),
]
