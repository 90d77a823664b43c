import '@stkr/runtime-spec/frame/native/install.ts'
import { MICROS } from '@stkr/runtime-spec/frame/weight.ts'
import { expect, test } from 'vitest'
import { type Entry, faultsOf } from './entries.ts'
import { declaredWeight } from './preparations.ts'
import { renderWeights } from './render.ts'

const declaredUs = declaredWeight('MicroPool', 'join', 0)!.refTime / MICROS
const join = (fixedUs: number): Entry => ({ pallet: 'MicroPool', name: 'join', lines: ['`join`: 1 µs.'], fixedUs, slopePs: 0 })

test('WGT-1 takes a weight within 2× of what was measured, either way', () => {
	expect(faultsOf([join(declaredUs), join(declaredUs * 1.9), join(declaredUs / 1.9)])).toEqual([])
	expect(faultsOf([join(declaredUs * 2.1)])).toEqual([expect.stringContaining('MicroPool: weights.join is 0.476 times')])
	expect(faultsOf([join(declaredUs / 2.1)])).toEqual([expect.stringContaining('MicroPool: weights.join is 2.10 times')])
})

test('WGT-1 names a weight that is missing', () => {
	expect(faultsOf([{ ...join(1), name: 'sprint' }])).toEqual(['MicroPool: weights.sprint is missing'])
})

test('WGT-1 writes fixed weights and lines by size, the same text every time', () => {
	const size = { name: 'calls', from: 0, to: 100 }
	const entries: Entry[] = [
		{ pallet: 'Utility', name: 'batch', lines: ['one', 'two'], fixedUs: 25, slopePs: 33_600_000, size },
		{ pallet: 'Utility', name: 'added', lines: ['three'], fixedUs: 22_400, slopePs: 0 },
	]
	const text = renderWeights('Utility', entries, '2026-11-20')
	expect(text).toBe(renderWeights('Utility', entries.toReversed(), '2026-11-20'))
	expect(text).toContain("import { MICROS, type Weight, weightOf } from '../../frame/weight.ts'")
	expect(text).toContain(
		'\t/**\n\t * one\n\t * two\n\t */\n\tbatch: (calls: number): Weight => weightOf(25 * MICROS + calls * 34 * MICROS),',
	)
	expect(text).toContain('\t/** three */\n\tadded: weightOf(22_400 * MICROS),\n}\n')
})
