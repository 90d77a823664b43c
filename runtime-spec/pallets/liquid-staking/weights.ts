import { MICROS, weightOf } from '../../frame/weight.ts'

/** Estimated worst cases (WGT-1), to be measured by `npm run bench:weights`. */
export const weights = { claim: weightOf(250 * MICROS) }
