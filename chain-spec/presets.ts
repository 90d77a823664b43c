import { developmentGenesis, localGenesis } from '@stkr/runtime-spec/runtime/presets.ts'
import type { PlainSpec } from './schema.ts'

const properties = { tokenSymbol: 'STKR', tokenDecimals: 18, ss58Format: 42 } as const

interface Preset {
	describe: string
	name: string
	id: string
	chainType: 'Development' | 'Local'
	config: () => Record<string, unknown>
}

export const PRESETS: Record<string, Preset> = {
	dev: {
		describe: 'one authority (Alice), one-second slots, sudo: development on one machine',
		name: 'Stkr Development',
		id: 'stkr_dev',
		chainType: 'Development',
		config: developmentGenesis,
	},
	local: {
		describe: 'three authorities (Alice, Bob, Charlie), six-second slots, sudo: a network on one machine',
		name: 'Stkr Local',
		id: 'stkr_local',
		chainType: 'Local',
		config: localGenesis,
	},
}

/** The plain spec of a preset around a runtime blob (hex). */
export const presetSpec = (preset: Preset, code: string): PlainSpec => ({
	name: preset.name,
	id: preset.id,
	chainType: preset.chainType,
	bootNodes: [],
	telemetryEndpoints: null,
	protocolId: 'stkr',
	properties,
	codeSubstitutes: {},
	genesis: { runtimeGenesis: { code, config: preset.config() } },
})
