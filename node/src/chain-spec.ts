import type { Chain } from './chain.ts'
import { fromHex } from './crypto/hex.ts'
import { ChainSpecError } from './errors.ts'
import type { Change } from './trie/update.ts'

/** A raw chain spec, as JSON. */
export interface RawChainSpec {
	name: string
	id: string
	chainType: Chain['chainType']
	properties?: Record<string, unknown> | null
	bootNodes?: string[]
	genesis: { raw: { top: Record<string, string>; childrenDefault?: Record<string, unknown> } }
}

/** The genesis state of a raw chain spec, in key order. Throws `ChainSpecError`. */
export const genesisState = (spec: RawChainSpec): Change[] => {
	const top = spec.genesis?.raw?.top
	if (!top || typeof top !== 'object') throw new ChainSpecError('the chain spec has no genesis.raw.top: build the raw form of it first')
	if (Object.keys(spec.genesis.raw.childrenDefault ?? {}).length > 0)
		throw new ChainSpecError('the chain spec has child tries in genesis.raw.childrenDefault; this node keeps none')
	const bytes = (hex: string, field: string): Uint8Array => {
		try {
			return fromHex(hex)
		} catch (error) {
			throw new ChainSpecError(`${field} of the chain spec is wrong: ${(error as Error).message}`)
		}
	}
	const changes = Object.entries(top).map(([key, value]) => ({
		key: bytes(key, 'a key in genesis.raw.top'),
		value: bytes(value, `genesis.raw.top["${key.slice(0, 70)}"]`),
	}))
	changes.sort((a, b) => Buffer.compare(a.key, b.key))
	if (!changes.some(({ key }) => Buffer.compare(key, Buffer.from(':code')) === 0))
		throw new ChainSpecError('the chain spec has no runtime: genesis.raw.top lacks the key 0x3a636f6465 (:code)')
	return changes
}
