import { call, ensureSigned } from '../../call.ts'
import { events } from '../../events.ts'
import {
	accountId,
	boundedBytes,
	enumeration,
	fixedBytes,
	h160,
	i128,
	option,
	result,
	struct,
	tuple,
	u8,
	u16,
	u32,
	u64,
	u128,
	unit,
	vec,
} from '../../scale/index.ts'
import { countedMap, twox64Concat, value } from '../../storage.ts'
import { weightOf } from '../../weight.ts'

/** A type of each kind there is. */
export const terms = struct('pallet_lending::Terms', {
	ratePpm: u32,
	asset: h160,
	history: vec(tuple(u64, i128)),
	label: boundedBytes(32),
	outcome: result(
		u128,
		enumeration('pallet_lending::Refusal', { Late: unit, Short: struct('', { missingPlanck: u128 }), Pair: tuple(u8, u16) }, [2, 5, 7]),
	),
	code: option(fixedBytes(4)),
})

export const state = {
	/** Loans by number. */
	loans: countedMap(twox64Concat, u32, terms),
	/** Rate of new loans, in ppm. */
	ratePpm: value(u32, () => 50_000),
}

export const event = events({
	/** A loan was taken. */
	Lent: { loan: u32, who: accountId, terms },
	/** A loan was paid back. */
	Repaid: { loan: u32 },
})

/** Pays a loan back. Signed. */
export const repay = call(3, { loan: u32 }, weightOf(1), (origin, { loan }) => {
	ensureSigned(origin)
	state.loans.kill(loan)
	event.Repaid({ loan })
})
