/**
 * `npm run bench:weights`: measures every call in its worst case and holds the declared weights to it (WGT-1); one JSON line a figure.
 * Exits with 1 when a weight is missing or off by more than 2×. `--write` writes the `weights.ts` files instead.
 */
import '@stkr/runtime-spec/frame/native/install.ts'
import { writeFile } from 'node:fs/promises'
import { parseArgs } from 'node:util'
import { MICROS } from '@stkr/runtime-spec/frame/weight.ts'
import { builtRuntime } from '../../runtime/built.ts'
import { figure, machine } from '../figures.ts'
import { entriesOf, faultsOf, ratioOf } from './entries.ts'
import { measure } from './measure.ts'
import { declaredWeight, measuredPallets } from './preparations.ts'
import { renderWeights } from './render.ts'

const { values } = parseArgs({ options: { write: { type: 'boolean', default: false } } })

machine()
const { code } = await builtRuntime()
const measurement = measure(code)
const { calls, startUs, baseBlockUs, baseExtrinsicUs, auraUs, sessionUs, rotateUs } = measurement
figure('start of a call, contained in both bases', startUs, 'us')
figure('base block, measured', baseBlockUs, 'us')
for (const [scheme, us] of Object.entries(baseExtrinsicUs)) figure(`base extrinsic with ${scheme}, measured`, us, 'us')
figure('Aura opens a block, measured', auraUs, 'us')
figure('Session opens a block, measured', sessionUs, 'us')
figure('Session ends and all validators change, measured', rotateUs, 'us')
for (const { pallet, definition, preparation, weight, fromUs, toUs } of calls) {
	const { size } = preparation
	const name = `${pallet.name}.${definition.name}`
	if (size) figure(`${name} with ${size.from} ${size.name}, measured`, fromUs, 'us')
	figure(`${name}${size ? ` with ${size.to} ${size.name}` : ''}, measured`, toUs, 'us')
	figure(
		`${name}${size ? ` with ${size.to} ${size.name}` : ''}, declared`,
		(declaredWeight(pallet.name, weight!, size?.to ?? 0)?.refTime ?? 0) / MICROS,
		'us',
	)
}
const entries = entriesOf(measurement)
for (const entry of entries)
	figure(`${entry.pallet} weights.${entry.name}, declared by measured with safety factor`, ratioOf(entry) ?? 0, 'ratio')

if (values.write) {
	const day = new Date().toISOString().slice(0, 10)
	for (const [pallet, { folder }] of Object.entries(measuredPallets)) {
		const file = new URL(`../../../runtime-spec/${folder}/weights.ts`, import.meta.url)
		await writeFile(file, renderWeights(pallet, entries, day))
	}
	console.error('weights.ts of every pallet is written: run `npm run build`, then the tests.')
} else {
	const faults = faultsOf(entries)
	for (const fault of faults) console.error(fault)
	if (faults.length > 0) {
		console.error(
			`${faults.length} weights do not hold (WGT-1): look why, or run \`npm run bench:weights -- --write\` on the reference machine.`,
		)
		process.exitCode = 1
	}
}
