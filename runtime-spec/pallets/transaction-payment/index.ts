import { block } from '../../frame/block.ts'
import { call, ensureRoot } from '../../frame/call.ts'
import { errors, invalidTransaction } from '../../frame/errors.ts'
import { events } from '../../frame/events.ts'
import { extension, type SignedTx } from '../../frame/extrinsic.ts'
import { mulPpm } from '../../frame/math/integer.ts'
import { constant, pallet } from '../../frame/pallet.ts'
import { accountId, compactU128, option, struct, u8, u32, u128, unit } from '../../frame/scale/index.ts'
import { value } from '../../frame/storage.ts'
import { LIMITS } from '../../frame/system/index.ts'
import { type DispatchInfo, dispatchClass, type Weight, weight } from '../../frame/weight.ts'
import { deposit, reducible, resolve } from '../balances/index.ts'
import { treasuryAccount } from '../pots.ts'
import { blockAuthor } from '../session/index.ts'
import { weights } from './weights.ts'

/** Part of every fee: what an extrinsic costs a node before its call is looked at (signature, event, storage of the body), 0.001 STKR. */
const BASE_FEE_PLANCK = 10n ** 15n
/** Per byte of the encoded extrinsic, kept by every archive for ever: 0.00001 STKR. */
const BYTE_FEE_PLANCK = 10n ** 13n
/** Per picosecond of reference time: a full second costs 1 STKR. */
const FEE_PER_PICOSECOND = 10n ** 6n
/** An operational call competes as if its fee were this many times as high. */
const OPERATIONAL_FEE_MULTIPLIER = 5

const PPM = 1_000_000

export const storage = {
	/** Share of the block's fees that goes to its author, in ppm; the rest goes to the Treasury. Tips go to the author whole. */
	authorSharePpm: value(u32, () => 200_000),
}

export const event = events({
	/** `who` paid `actualFee`, of which `tip` is a tip, in plancks. */
	TransactionFeePaid: { who: accountId, actualFee: u128, tip: u128 },
	/** The share of fees that goes to block authors changed. */
	AuthorShareSet: { ppm: u32 },
})

export const error = errors([
	/** A share is at most 1,000,000 ppm. */
	'ShareTooLarge',
])

/** Splits the fees of a block, in plancks: the author's part rounds down, the Treasury gets the rest. */
const payOut = (): void => {
	const { fees, tips } = block
	block.fees = 0n
	block.tips = 0n
	if (fees + tips === 0n) return
	const author = blockAuthor()
	const share = author ? mulPpm(fees, storage.authorSharePpm.get()) + tips : 0n
	if (author) resolve(author, share)
	resolve(treasuryAccount, fees + tips - share)
}

/** Fees for what an extrinsic costs the network (pallet_transaction_payment, CHN-1). */
export const transactionPayment = pallet('TransactionPayment', {
	storage,
	events: event,
	errors: error,
	constants: {
		/** An operational call competes as if its fee were this many times as high. */
		operationalFeeMultiplier: constant(u8, OPERATIONAL_FEE_MULTIPLIER),
		/** Part of every fee, in plancks. */
		baseFee: constant(u128, BASE_FEE_PLANCK),
		/** Fee per byte of the encoded extrinsic, in plancks. */
		byteFee: constant(u128, BYTE_FEE_PLANCK),
	},
	calls: {
		/** Sets the authors' share of fees, in ppm. Root. Emits `AuthorShareSet`. */
		setAuthorShare: call(0, { ppm: u32 }, weights.setAuthorShare, (origin, { ppm }) => {
			ensureRoot(origin)
			if (ppm > PPM) throw error.ShareTooLarge()
			storage.authorSharePpm.put(ppm)
			event.AuthorShareSet({ ppm })
		}),
	},
	hooks: { onFinalize: payOut },
})

export const weightFee = ({ refTime }: Weight): bigint => BigInt(refTime) * FEE_PER_PICOSECOND
export const lengthFee = (length: number): bigint => BigInt(length) * BYTE_FEE_PLANCK

/** Fee of an extrinsic without its tip, in plancks. Mandatory calls (inherents) pay none. */
export const feeOf = ({ weight, class: kind, paysFee }: DispatchInfo, length: number): bigint => {
	if (!paysFee || kind === 'Mandatory') return 0n
	return BASE_FEE_PLANCK + lengthFee(length) + weightFee(weight)
}

const U63 = 0x7fff_ffff_ffff_ffffn
/** Pool priority: what is offered per microsecond of block time, tips foremost. */
const priorityOf = ({ info, length }: SignedTx, tip: bigint): bigint => {
	const offered = tip + (info.class === 'Operational' ? feeOf(info, length) * BigInt(OPERATIONAL_FEE_MULTIPLIER) : 0n)
	const micros = BigInt(info.weight.refTime + LIMITS.perClass[info.class].baseExtrinsic.refTime) / 1_000_000n + 1n
	const priority = offered / micros
	return (priority > U63 ? U63 : priority) + 1n
}

/** Takes the fee, and an optional tip in plancks, from the sender before the call; gives back what was not used. */
export const chargeTransactionPayment = extension<bigint>({
	identifier: 'ChargeTransactionPayment',
	extra: compactU128,
	implicit: unit,
	implicitOf: () => undefined,
	validate(tx, tip) {
		if (reducible(tx.account, true) < feeOf(tx.info, tx.length) + tip) throw invalidTransaction.payment()
		return { priority: priorityOf(tx, tip) }
	},
	prepare({ account, info, length }, tip) {
		const fee = feeOf(info, length) + tip
		if (reducible(account, true) < fee) throw invalidTransaction.payment()
		account.data.free -= fee
		block.fees += fee - tip
		block.tips += tip
	},
	finish({ who, info, length }, tip, { weight: used, paysFee }) {
		const taken = feeOf(info, length)
		const due = feeOf({ weight: used, class: info.class, paysFee }, length)
		let actualFee = due
		// A payer that the call emptied can't be given anything back: what was taken is its fee then.
		if (due < taken && deposit(who, taken - due)) block.fees -= taken - due
		else actualFee = taken
		event.TransactionFeePaid({ who, actualFee: actualFee + tip, tip })
	},
})

export const inclusionFee = struct('pallet_transaction_payment::types::InclusionFee', {
	baseFee: u128,
	lenFee: u128,
	adjustedWeightFee: u128,
})
export const feeDetails = struct('pallet_transaction_payment::types::FeeDetails', { inclusionFee: option(inclusionFee) })
export const runtimeDispatchInfo = struct('pallet_transaction_payment::types::RuntimeDispatchInfo', {
	weight,
	class: dispatchClass,
	partialFee: u128,
})

/** What the fee APIs say of a call of this info and encoded length. */
export const describeFee = (info: DispatchInfo, length: number) => {
	const free = !info.paysFee || info.class === 'Mandatory'
	return {
		info: { weight: info.weight, class: { type: info.class }, partialFee: feeOf(info, length) },
		details: {
			inclusionFee: free ? undefined : { baseFee: BASE_FEE_PLANCK, lenFee: lengthFee(length), adjustedWeightFee: weightFee(info.weight) },
		},
	}
}
