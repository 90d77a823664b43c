import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { readDocs, runtimeSources } from './source-docs.ts'

let folder: string
beforeEach(() => {
	folder = mkdtempSync(join(tmpdir(), 'docs-'))
})
afterEach(() => rmSync(folder, { recursive: true }))

const file = (name: string, source: string): string => {
	const path = join(folder, name)
	writeFileSync(path, source)
	return path
}

test('CHN-2 finds parts in place, by name, imported, spread and defined elsewhere', () => {
	file(
		'more.ts',
		`export const more = {\n/** From\n * elsewhere. */\ncount: value(u32) }\n/** Leaves. */\nexport const leave = call(2, {}, w, () => {})`,
	)
	const path = file(
		'pallet.ts',
		`import { leave, more as others } from './more.ts'
		const storage = { /** One. */ one: value(u8), ...others } as const
		const shared = [/** Late. */ 'Late'] as const
		/** Not this one. */
		/** The pallet. */
		export const sample = pallet('Sample', {
			storage,
			events: events({ /** Went. */ Gone: { who } }),
			errors: errors([...shared, /** First on a line. */ 'A', /** Second. */ 'B', 'Bare']),
			calls: { leave, /** Joins. */ join: call(1, {}, w, () => {}), part: leave },
			tryState() {},
		})`,
	)
	expect(readDocs([path]).pallets).toEqual({
		Sample: {
			docs: ['The pallet.'],
			storage: { one: ['One.'], count: ['From', 'elsewhere.'] },
			events: { Gone: ['Went.'] },
			errors: { Late: ['Late.'], A: ['First on a line.'], B: ['Second.'], Bare: [] },
			constants: {},
			calls: { leave: ['Leaves.'], join: ['Joins.'], part: ['Leaves.'] },
		},
	})
})

test('CHN-2 finds runtime APIs and their methods', () => {
	const path = file(
		'apis.ts',
		`export const apis = [\n/** Core. */\nruntimeApi('Core', 5, { /** Says. */ version: method({}, u8, () => 1), bare: method() })]`,
	)
	expect(readDocs([path]).apis).toEqual({ Core: { docs: ['Core.'], methods: { version: ['Says.'], bare: [] } } })
})

test('CHN-2 refuses, with file and line, parts it cannot follow', () => {
	const path = file('odd.ts', `const x = 1\nexport const odd = pallet('Odd', { storage: make(x) })`)
	expect(() => readDocs([path])).toThrow(/odd\.ts:2: can't find the parts behind `make\(x\)`/)
})

test('CHN-2 refuses a file that is not there', () => {
	expect(() => readDocs([join(folder, 'none.ts')])).toThrow(/there is no file .*none\.ts/)
})

test('CHN-2 reads System, every pallet folder and the APIs of this runtime', () => {
	const sources = runtimeSources()
	expect(sources[0]).toMatch(/frame\/system\/index\.ts$/)
	expect(sources.at(-1)).toMatch(/runtime\/apis\.ts$/)
	expect(sources.some((path) => path.endsWith('pallets/timestamp/index.ts'))).toBe(true)
})
