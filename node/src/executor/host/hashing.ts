import { blake2_128, blake2_256, keccak256, sha2_256, twox64, twox128, twox256 } from '../../crypto/hash.ts'
import type { GuestMemory } from '../guest.ts'

export const hashingFunctions = (guest: GuestMemory) => {
	const hashing = (hash: (data: Uint8Array) => Uint8Array) => (data: bigint) => guest.put(hash(guest.view(data)))
	return {
		ext_hashing_twox_64_version_1: hashing(twox64),
		ext_hashing_twox_128_version_1: hashing(twox128),
		ext_hashing_twox_256_version_1: hashing(twox256),
		ext_hashing_blake2_128_version_1: hashing(blake2_128),
		ext_hashing_blake2_256_version_1: hashing(blake2_256),
		ext_hashing_keccak_256_version_1: hashing(keccak256),
		ext_hashing_sha2_256_version_1: hashing(sha2_256),
	}
}
