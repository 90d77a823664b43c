import { cpus } from 'node:os'
import { MICROS } from '@stkr/runtime-spec/frame/weight.ts'
import { type Entry, SAFETY_FACTOR } from './entries.ts'
import { measuredPallets } from './preparations.ts'

/** A whole number as the sources write it: groups of three digits, from five digits on. */
const literal = (value: number): string => (value < 10_000 ? String(value) : String(value).replace(/\B(?=(\d{3})+$)/g, '_'))

const doc = (lines: readonly string[], indent: string): string =>
	lines.length === 1
		? `${indent}/** ${lines[0]} */`
		: [`${indent}/**`, ...lines.map((line) => `${indent} * ${line}`), `${indent} */`].join('\n')

const rendered = ({ fixedUs, slopePs, size }: Entry): string => {
	const fixed = `${literal(fixedUs)} * MICROS`
	if (!size) return `weightOf(${fixed})`
	const slope = slopePs < MICROS ? literal(slopePs) : `${literal(Math.ceil(slopePs / MICROS))} * MICROS`
	return `(${size.name}: number): Weight => weightOf(${fixed} + ${size.name} * ${slope})`
}

/** The source of a pallet's `weights.ts`, formatted as biome does. `day` is when it was measured, as YYYY-MM-DD. */
export const renderWeights = (pallet: string, entries: readonly Entry[], day: string): string => {
	const { declared, folder } = measuredPallets[pallet]
	const own = entries.filter((entry) => entry.pallet === pallet)
	const order = Object.keys(declared)
	const place = ({ name }: Entry): number => (order.includes(name) ? order.indexOf(name) : order.length)
	const sorted = [...own].sort((a, b) => place(a) - place(b))
	const type = own.some(({ size }) => size) ? 'type Weight, ' : ''
	const header = [
		`Worst cases, measured (WGT-1) and written by \`npm run bench:weights -- --write\`: change the bench, not this file.`,
		'',
		`Reference machine: ${cpus().length} shared cores of an ${cpus()[0].model}, Node ${process.version}, ${day}. The figures are lower deciles of`,
		'applying the call and closing its block in the blob in V8, less the same for an empty remark: the roots of what a call writes are',
		`contained. Weights are ${SAFETY_FACTOR} times as much, for garbage collection, cold caches, and tries larger and slower than the bench's.`,
		'`proofSize` is 0: a solo chain sends no storage proofs.',
	]
	return [
		`import { MICROS, ${type}weightOf } from '${folder.startsWith('frame/') ? '../weight.ts' : '../../frame/weight.ts'}'`,
		'',
		doc(header, '').replaceAll(' * \n', ' *\n'),
		'export const weights = {',
		...sorted.flatMap((entry) => [doc(entry.lines, '\t'), `\t${entry.name}: ${rendered(entry)},`]),
		'}',
		'',
	].join('\n')
}
