import { buildPreset, buildRaw, type RawSpec } from '@stkr/chain-spec'

/**
 * Chopsticks asks the runtime for the slot duration without giving it a state, where ours keeps it, and so falls back to its default
 * of 12 seconds: the one block time at which it can make blocks of this chain.
 */
export const SLOT_MS = 12_000n
/** So that sessions end in the middle of the scenario, the first one with its third block. */
const SESSION_BLOCKS = 4
/** `Timestamp.Now`. Without it chopsticks starts from the machine's clock. */
const NOW_KEY = '0xf0c365c3cf59d671eb72da0e7a4113c49f1f0515f462cdcf84e0f1d6045dfcbb'
const START_MS = 1_700_000_400_000n

/** SCALE u64, as hex. */
export const u64Hex = (value: bigint): `0x${string}` => {
	const bytes = Buffer.alloc(8)
	bytes.writeBigUInt64LE(value)
	return `0x${bytes.toString('hex')}`
}

/** The raw dev spec with 12-second slots, short sessions and a clock that starts at a fixed time. */
export const chopsticksSpec = async (): Promise<RawSpec> => {
	const plain = await buildPreset('dev')
	const { config } = plain.genesis.runtimeGenesis
	config.aura = { ...(config.aura as object), slotDuration: Number(SLOT_MS) }
	config.session = { ...(config.session as object), period: SESSION_BLOCKS }
	const { genesis, ...head } = await buildRaw(plain)
	const entries = [...Object.entries(genesis.raw.top), [NOW_KEY, u64Hex(START_MS)]].sort(([a], [b]) => (a < b ? -1 : 1))
	return { ...head, genesis: { raw: { top: Object.fromEntries(entries), childrenDefault: {} } } }
}
