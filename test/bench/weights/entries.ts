import { MICROS } from '@stkr/runtime-spec/frame/weight.ts'
import type { Measurement } from './measure.ts'
import { declaredWeight, measuredPallets } from './preparations.ts'
import { VALIDATORS } from './world.ts'

/** For what the bench can't show: garbage collection, caches gone cold, a state that has to come from disk, tries of millions of keys. */
export const SAFETY_FACTOR = 1.3
/** Less than this, in microseconds, is not told from noise: such a weight is written as this much. */
const FLOOR_US = 25
/** Least picoseconds a byte or item is written with. */
const LEAST_SLOPE_PS = 100
/** How far a weight may be from the measured one, either way (WGT-1). */
const TOLERANCE = 2
/** Two runs on a busy machine differ by up to this many microseconds: a weight no further off is not called wrong. */
const NOISE_US = 60

/** One entry of a pallet's `weights`, as measured. */
export interface Entry {
	pallet: string
	name: string
	/** A line on each call it covers: the worst case and what was measured. */
	lines: string[]
	/** Microseconds at no size, and for each unit of the size; with the safety factor. */
	fixedUs: number
	slopePs: number
	size?: { name: string; from: number; to: number }
}

const shown = (us: number): string => `${Number(us.toPrecision(3)).toLocaleString('en-US', { maximumFractionDigits: 3 })} µs`

/** Rounds up to three digits, a whole number at least: a weight says no more than was measured. */
const roundUp = (value: number): number => {
	const step = 10 ** Math.max(0, Math.floor(Math.log10(Math.max(1, value))) - 2)
	return Math.ceil(value / step) * step
}

const fixedEntry = (pallet: string, name: string, worst: string, us: number): Entry => ({
	...{ pallet, name, slopePs: 0, fixedUs: roundUp(Math.max(FLOOR_US, us * SAFETY_FACTOR)) },
	lines: [`${worst}: ${shown(us)}.`],
})

/** What each entry of each `weights.ts` should be. An entry that several calls share covers the dearest. */
export const entriesOf = ({ baseBlockUs, baseExtrinsicUs, auraUs, sessionUs, rotateUs, calls }: Measurement): Entry[] => {
	const entries = [
		fixedEntry('System', 'baseBlock', 'An empty block with its roots', baseBlockUs),
		fixedEntry(
			'System',
			'baseExtrinsic',
			'An empty remark, signed with sr25519 or ed25519, whichever is dearer',
			Math.max(baseExtrinsicUs.sr25519, baseExtrinsicUs.ed25519),
		),
		fixedEntry(
			'System',
			'ecdsaRecovery',
			'The same remark signed with ecdsa, beyond that',
			baseExtrinsicUs.ecdsa - Math.max(baseExtrinsicUs.sr25519, baseExtrinsicUs.ed25519),
		),
		fixedEntry('Aura', 'onInitialize', 'A slot', auraUs),
		fixedEntry('Session', 'onInitialize', 'A look at the end of the session', sessionUs),
		fixedEntry('Session', 'rotate', `The end of a session, ${VALIDATORS} others take over`, rotateUs),
	]
	for (const [pallet] of Object.entries(measuredPallets)) {
		const own = calls.filter((call) => call.pallet.name === pallet)
		for (const name of new Set(own.map(({ weight }) => weight!))) {
			const covered = own.filter(({ weight }) => weight === name)
			const { size } = covered[0].preparation
			const fromUs = Math.max(...covered.map((call) => call.fromUs))
			const toUs = Math.max(...covered.map((call) => call.toUs))
			const slopeUs = size ? Math.max(0, toUs - fromUs) / (size.to - size.from) : 0
			entries.push({
				...{ pallet, name, size },
				lines: covered.map(({ definition, preparation, ...cost }) => {
					const figures = size
						? `${shown(cost.fromUs)} for ${size.from}, ${shown(cost.toUs)} for ${size.to} (${size.name})`
						: shown(cost.toUs)
					return `\`${definition.name}\`, ${preparation.worst}: ${figures}.`
				}),
				fixedUs: roundUp(Math.max(FLOOR_US, (fromUs - slopeUs * (size?.from ?? 0)) * SAFETY_FACTOR)),
				slopePs: size ? roundUp(Math.max(LEAST_SLOPE_PS, slopeUs * SAFETY_FACTOR * MICROS)) : 0,
			})
		}
	}
	return entries
}

/** Declared by measured, with the safety factor, where a size makes the entry dearest. Undefined when nothing is declared. */
export const ratioOf = (entry: Entry): number | undefined => {
	const declared = declaredPs(entry)
	return declared && declared / measuredPs(entry)
}
const measuredPs = ({ size, fixedUs, slopePs }: Entry): number => fixedUs * MICROS + slopePs * (size?.to ?? 0)
const declaredPs = ({ pallet, name, size }: Entry): number | undefined => declaredWeight(pallet, name, size?.to ?? 0)?.refTime

/** What is wrong with the declared weights: a sentence on each entry that is missing or too far off. */
export const faultsOf = (entries: readonly Entry[]): string[] =>
	entries.flatMap((entry) => {
		const ratio = ratioOf(entry)
		const what = `${entry.pallet}: weights.${entry.name}`
		if (ratio === undefined) return [`${what} is missing`]
		if (Math.abs(declaredPs(entry)! - measuredPs(entry)) <= NOISE_US * MICROS) return []
		if (ratio > TOLERANCE || ratio < 1 / TOLERANCE) return [`${what} is ${ratio.toPrecision(3)} times what was measured`]
		return []
	})
