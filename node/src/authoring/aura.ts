import type { DigestItem, Hash, Header } from '../chain.ts'
import type { Client } from '../client.ts'
import { ScaleReader } from '../scale/codec.ts'

export const AURA_ENGINE = 'aura'
const NOTHING = new Uint8Array(0)

/** Milliseconds a slot lasts, as the runtime has it after block `hash`. */
export const slotDurationMs = (client: Client, hash: Hash): number =>
	Number(new ScaleReader(client.call(hash, 'AuraApi_slot_duration', NOTHING)).u64())

/** sr25519 keys that author the children of block `hash`, in slot order. */
export const authorities = (client: Client, hash: Hash): Uint8Array[] => {
	const reader = new ScaleReader(client.call(hash, 'AuraApi_authorities', NOTHING))
	return reader.vec(() => reader.take(32))
}

/** The slot in a header's pre-runtime digest; null in genesis. */
export const slotOf = (header: Header): number | null => {
	for (const item of header.digest)
		if (item.type === 'preRuntime' && item.engine === AURA_ENGINE) return Number(new ScaleReader(item.data).u64())
	return null
}

/** The authority whose slot a block has; null in genesis and when there are no authorities. */
export const authorOf = (client: Client, header: Header): Uint8Array | null => {
	const slot = slotOf(header)
	if (slot === null) return null
	const keys = authorities(client, header.parentHash)
	return keys[slot % keys.length] ?? null
}

/** Splits a header into what was signed and the seal, which must stand last. */
export const unseal = (header: Header): { unsealed: Header; seal: Uint8Array | null } => {
	const last: DigestItem | undefined = header.digest.at(-1)
	if (last?.type !== 'seal' || last.engine !== AURA_ENGINE) return { unsealed: header, seal: null }
	return { unsealed: { ...header, digest: header.digest.slice(0, -1) }, seal: last.data }
}
