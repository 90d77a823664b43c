import { resetBlock } from '../frame/block.ts'
import { GenesisReader } from '../frame/genesis.ts'
import { host } from '../frame/host.ts'
import { GenesisError, parseJson } from '../frame/json.ts'
import { type AssetName, asset } from './assets.ts'
import { executive } from './index.ts'

/** The presets this runtime ships, by the ids chain-spec tools use. */
const presets: Record<string, AssetName> = { development: 'presetDevelopment', local_testnet: 'presetLocal' }

export const presetNames = (): string[] => Object.keys(presets)

/** JSON of a preset; without a name the empty config. Undefined when there is no such preset. */
export const preset = (name: string | undefined): Uint8Array | undefined => {
	if (name === undefined) return host.utf8Encode('{}')
	return name in presets ? asset(presets[name]) : undefined
}

/** Writes genesis from JSON. Throws `GenesisError` naming what is wrong; the host drops the state then. */
export const buildState = (json: string): void => {
	resetBlock() // what pallets do in genesis depends on its being block 0
	const config = parseJson(json)
	if (typeof config !== 'object' || config === null || Array.isArray(config))
		throw new GenesisError('genesis: expected an object with a field for each pallet')
	const names: string[] = []
	for (const { name, parts } of executive.pallets) if (parts.genesis) names.push(configName(name))
	for (const key of Object.keys(config))
		if (names.indexOf(key) < 0) throw new GenesisError(`genesis: no pallet "${key}"; the pallets are ${names.join(', ')}`)
	for (const { name, parts } of executive.pallets) parts.genesis?.(new GenesisReader(configName(name), config[configName(name)]))
	executive.noteGenesis()
}

/** `MicroPool` is `microPool` in a genesis config. */
const configName = (name: string): string => name.slice(0, 1).toLowerCase() + name.slice(1)
