import { MICROS, weightOf } from '../../frame/weight.ts'

export const weights = {
	onInitialize: weightOf(25 * MICROS),
	rotate: weightOf(5000 * MICROS),
	setKeys: weightOf(1000 * MICROS),
	purgeKeys: weightOf(500 * MICROS),
	setValidators: weightOf(2000 * MICROS),
	setPeriod: weightOf(50 * MICROS),
}
