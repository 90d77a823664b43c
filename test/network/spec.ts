import { buildPreset, buildRaw, type RawSpec } from '@stkr/chain-spec'

/** Short enough for a run of minutes, long enough for three nodes on two cores. */
export const SLOT_MS = 2000
/** Blocks of a session: an authority set changes at the end of one. */
export const SESSION_BLOCKS = 12

/** The raw spec of the network: the preset `local` (Alice, Bob and Charlie validate) with short slots and sessions. */
export const networkSpec = async (): Promise<RawSpec> => {
	const plain = await buildPreset('local')
	const { config } = plain.genesis.runtimeGenesis
	config.aura = { ...(config.aura as object), slotDuration: SLOT_MS }
	config.session = { ...(config.session as object), period: SESSION_BLOCKS }
	return buildRaw({ ...plain, name: 'Stkr Network Proof', id: 'stkr_network_proof' })
}

/** The raw spec of a chain with one authority, Alice, which either host can carry on alone. */
export const singleSpec = async (): Promise<RawSpec> => buildRaw(await buildPreset('dev'))
