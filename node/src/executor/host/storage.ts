import { fromByteString } from '../../crypto/hex.ts'
import { concatBytes, encodeU32, ScaleReader } from '../../scale/codec.ts'
import { orderedRoot } from '../../trie/ordered-root.ts'
import { RuntimeTrap } from '../errors.ts'
import type { GuestMemory } from '../guest.ts'

/** Child tries live under this prefix of the top trie; a runtime may not write there directly, and this node keeps none. */
const CHILD_STORAGE = ':child_storage:'
const ALL_REMOVED = 0
const SOME_REMAIN = 1

const stateVersion = (version: number): 0 | 1 => {
	if (version !== 0 && version !== 1) throw new RuntimeTrap(`state version ${version} is unknown`)
	return version
}

export const storageFunctions = (guest: GuestMemory) => {
	const overlay = () => guest.context.overlay
	const refused = (key: string): boolean => {
		if (!key.startsWith(CHILD_STORAGE)) return false
		guest.context.log(1, 'storage', 'refused to write under :child_storage: directly')
		return true
	}
	const clearPrefix = (prefix: string, limit: number | null): bigint => {
		if (prefix.startsWith(CHILD_STORAGE) || CHILD_STORAGE.startsWith(prefix)) {
			guest.context.log(1, 'storage', 'refused to clear a prefix that holds :child_storage:')
			return guest.putSpan(concatBytes(Uint8Array.of(ALL_REMOVED), encodeU32(0)))
		}
		const { met, remaining } = overlay().clearPrefix(prefix, limit)
		return guest.putSpan(concatBytes(Uint8Array.of(remaining ? SOME_REMAIN : ALL_REMOVED), encodeU32(met)))
	}
	return {
		ext_storage_get_version_1: (key: bigint) => guest.putOption(overlay().get(guest.key(key))),
		/** Copies from `offset` into `out`; returns `Option<u32>`: how many bytes lie behind `offset`. */
		ext_storage_read_version_1: (key: bigint, out: bigint, offset: number) => {
			const value = overlay().get(guest.key(key))
			if (value === null) return guest.putSpan(Uint8Array.of(0))
			const rest = value.subarray(Math.min(offset >>> 0, value.length))
			const target = guest.view(out)
			target.set(rest.subarray(0, target.length))
			return guest.putSpan(concatBytes(Uint8Array.of(1), encodeU32(rest.length)))
		},
		ext_storage_set_version_1: (key: bigint, value: bigint) => {
			const name = guest.key(key)
			if (!refused(name)) overlay().set(name, guest.copy(value))
		},
		ext_storage_clear_version_1: (key: bigint) => {
			const name = guest.key(key)
			if (!refused(name)) overlay().clear(name)
		},
		ext_storage_exists_version_1: (key: bigint) => (overlay().get(guest.key(key)) === null ? 0 : 1),
		ext_storage_append_version_1: (key: bigint, item: bigint) => {
			const name = guest.key(key)
			if (!refused(name)) overlay().append(name, guest.view(item))
		},
		ext_storage_next_key_version_1: (key: bigint) => {
			const next = overlay().nextKey(guest.key(key))
			return guest.putOption(next === null ? null : fromByteString(next))
		},
		ext_storage_clear_prefix_version_1: (prefix: bigint) => {
			clearPrefix(guest.key(prefix), null)
		},
		/** `limit` is an `Option<u32>`; returns a `KillStorageResult`. */
		ext_storage_clear_prefix_version_2: (prefix: bigint, limit: bigint) => {
			const reader = new ScaleReader(guest.copy(limit))
			return clearPrefix(guest.key(prefix), reader.u8() === 1 ? reader.u32() : null)
		},
		ext_storage_root_version_2: (version: number) => {
			if (stateVersion(version) !== 1) throw new RuntimeTrap('it asked for a state root of version 0; this node keeps state version 1')
			return guest.putSpan(guest.context.root())
		},
		ext_storage_start_transaction_version_1: () => overlay().start(),
		ext_storage_commit_transaction_version_1: () => overlay().commit(),
		ext_storage_rollback_transaction_version_1: () => overlay().rollback(),
		ext_trie_blake2_256_ordered_root_version_2: (items: bigint, version: number) => {
			const reader = new ScaleReader(guest.view(items))
			return guest.put(
				orderedRoot(
					reader.vec(() => reader.vecU8()),
					stateVersion(version),
				),
			)
		},
	}
}
