import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { builtMetadata } from '../testing/metadata.ts'
import { missingTypes, toModule } from './facade.ts'
import { generate } from './index.ts'

describe('generate', () => {
	it('CLI-1 writes the same bytes each time, and they are those in dist', async () => {
		const first = await generate(builtMetadata(15))
		expect(await generate(builtMetadata(15))).toEqual(first)
		for (const [name, source] of Object.entries(first))
			expect(
				readFileSync(new URL(`../dist/${name}`, import.meta.url), 'utf8'),
				`${name}: run \`node client/generate/index.ts\` after a build`,
			).toBe(source)
	})

	it('CLI-1 augments no module of @polkadot', async () => {
		for (const source of Object.values(await generate(builtMetadata(15)))) expect(source).not.toMatch(/declare module|types\/lookup'/)
	})
})

describe('toModule', () => {
	const written = `import '@polkadot/x';\nimport type { A, B } from '@polkadot/types/lookup';\n\ndeclare module '@polkadot/x' {\n  interface AugmentedTx {\n    a: A;\n  }\n} // declare module\n`

	it('CLI-1 turns an augmentation into a module', () => {
		const source = toModule(written, 'tx')
		expect(source).toContain(`import type { A, B } from './lookup.d.ts';`)
		expect(source).toContain('export interface StkrTx {\n  a: A;\n}')
	})

	it('CLI-1 finds the types a module names and nobody declares', () => {
		expect(missingTypes(toModule(written, 'tx'), 'export interface A extends Struct {}\nexport type C = Null\n')).toEqual(['B'])
	})

	it('CLI-1 says when typegen writes in another form', () => {
		expect(() => toModule('export {}', 'tx')).toThrow('typegen wrote tx in a form')
	})
})
