export type { Fixed } from './fixed.ts'
export { divFixed, exp, fixedFromRatio, fixedToString, ln, mulFixed, ONE, pow } from './fixed.ts'
export type { ArithmeticKind, Split } from './integer.ts'
export {
	ARITHMETIC_KINDS,
	ArithmeticError,
	addU32,
	addU128,
	isqrt,
	mulDivFloor,
	mulPpm,
	mulU128,
	saturatingAdd,
	saturatingMul,
	saturatingSub,
	splitByWeight,
	splitPpm,
	subU32,
	subU128,
	U32_MAX,
	U128_MAX,
} from './integer.ts'
