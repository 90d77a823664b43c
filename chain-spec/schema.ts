import { z } from 'zod'

const hex = z.string().regex(/^0x([0-9a-f]{2})*$/, 'expected whole bytes of lower-case hexadecimal after 0x')

const head = {
	name: z.string().min(1, 'a chain needs a name to show'),
	id: z.string().regex(/^[a-z0-9_-]+$/, 'a chain id has small letters, digits, - and _ only: nodes name folders after it'),
	chainType: z.enum(['Development', 'Local', 'Live']),
	bootNodes: z
		.array(
			z
				.string()
				.regex(
					/^\/(ip4|ip6|dns|dns4|dns6)\/[^/]+\/tcp\/\d+(\/ws|\/wss)?\/p2p\/[A-Za-z0-9]+$/,
					'expected a multiaddress such as /ip4/10.0.0.1/tcp/30333/p2p/12D3…',
				),
		)
		.default([]),
	telemetryEndpoints: z.null().default(null),
	protocolId: z.string().min(1).default('stkr'),
	properties: z.object({
		tokenSymbol: z.string().regex(/^[A-Za-z0-9]{1,12}$/, 'a token symbol has 1 to 12 letters and digits'),
		tokenDecimals: z.literal(18, 'amounts on this chain have 18 decimals'),
		ss58Format: z.literal(42, 'must equal System.SS58Prefix of the runtime, which is 42'),
	}),
	codeSubstitutes: z.object({}).default({}),
}

/** A chain spec as people write it: the runtime's code and the genesis config of its pallets. */
export const plainSpec = z.strictObject({
	...head,
	genesis: z.strictObject({ runtimeGenesis: z.strictObject({ code: hex, config: z.record(z.string(), z.unknown()) }) }),
})
export type PlainSpec = z.infer<typeof plainSpec>

/** A chain spec as nodes take it: every key and value of the genesis state. */
export const rawSpec = z.strictObject({
	...head,
	genesis: z.strictObject({ raw: z.strictObject({ top: z.record(hex, hex), childrenDefault: z.strictObject({}).default({}) }) }),
})
export type RawSpec = z.infer<typeof rawSpec>

/** A chain spec that can't be used: says which field, what is wrong and what belongs there. */
export class ChainSpecError extends Error {}

/** Checks parsed JSON. Throws `ChainSpecError` naming every wrong field. */
export const checkSpec = <S extends typeof plainSpec | typeof rawSpec>(schema: S, value: unknown, from: string): z.infer<S> => {
	const result = schema.safeParse(value)
	if (result.success) return result.data as z.infer<S>
	const faults = result.error.issues.slice(0, 8).map(({ path, message }) => `  ${path.join('.') || '(top)'}: ${message}`)
	throw new ChainSpecError(`${from} is not a chain spec:\n${faults.join('\n')}`)
}
