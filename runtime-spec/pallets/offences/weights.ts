import { MICROS, weightOf } from '../../frame/weight.ts'

export const weights = {
	reportAuraEquivocation: weightOf(3000 * MICROS),
	reportGrandpaEquivocation: weightOf(3000 * MICROS),
}
