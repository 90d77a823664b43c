/**
 * Turns what typegen writes, augmentations of the modules of @polkadot/api, into plain modules. An augmentation adds to the types of
 * the stock Substrate runtime, so that pallets this chain does not have would type-check; a module of our own has ours alone.
 */

/** The stock type names are an interface each in here; ours are in the module beside. */
const STOCK_LOOKUP = `'@polkadot/types/lookup'`
const OWN_LOOKUP = `'./lookup.d.ts'`

const HEADER = '// Generated from the built metadata by client/generate. Do not edit.\n'

const importsOf = (source: string): string[] =>
	source
		.split('\n')
		.filter((line) => line.startsWith('import type '))
		.map((line) => line.replace(STOCK_LOOKUP, OWN_LOOKUP))

/**
 * The outer call of the runtime is the one type that typegen names (in runtime APIs) and never writes: to @polkadot it is just `Call`,
 * as it says itself for the runtimes it knows by name.
 */
const outerCall = (source: string): string[] => {
	const name = source.match(/\b\w+RuntimeRuntimeCall\b/)?.[0]
	return name ? [`import type { Call as ${name} } from '@polkadot/types/interfaces/runtime';`] : []
}

/** The lines within the one `declare module` block of an augmentation, without their indent. */
const declared = (source: string, what: string): string[] => {
	const lines = source.split('\n')
	const start = lines.findIndex((line) => line.startsWith('declare module '))
	const end = lines.findIndex((line) => line.startsWith('} // declare module'))
	if (start < 0 || end < 0)
		throw new Error(`typegen wrote ${what} in a form this generator does not know: there is no declare module block`)
	return lines.slice(start + 1, end).map((line) => line.replace(/^ {2}/, ''))
}

const exported = (line: string): string =>
	line.replace(/^(interface|type) (Augmented)?/, (_, kind, stock) => `export ${kind} ${stock ? 'Stkr' : ''}`)

/** A module that exports every interface which `source` would have merged into a stock module. */
export const toModule = (source: string, what: string): string =>
	[HEADER, ...importsOf(source), ...outerCall(source), '', ...declared(source, what).map(exported), ''].join('\n')

/** The names of types that `source` imports from the lookup module and `lookup` does not declare. */
export const missingTypes = (source: string, lookup: string): string[] => {
	const line = source.split('\n').find((each) => each.includes(`from ${OWN_LOOKUP}`))
	const names =
		line
			?.match(/\{(.*)\}/)?.[1]
			.split(',')
			.map((name) => name.trim()) ?? []
	return names.filter((name) => !new RegExp(`^export (interface|type) ${name} `, 'm').test(lookup))
}
