import { MICROS, weightOf } from '../../frame/weight.ts'

/** Estimated worst cases (WGT-1), those that end in a launch included, to be measured by `npm run bench:weights`. */
export const weights = {
	open: weightOf(1_500 * MICROS),
	addCollateral: weightOf(1_000 * MICROS),
	join: weightOf(1_500 * MICROS),
	exit: weightOf(600 * MICROS),
	setDepositData: weightOf(500 * MICROS),
	payRewards: weightOf(700 * MICROS),
}
