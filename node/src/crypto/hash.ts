import { keccak256 as keccakWasm, sha256, twox, waitReady } from '@polkadot/wasm-crypto'
import { createBLAKE2b } from 'hash-wasm'

// hash-wasm takes 0.4 µs for the 112 bytes of a trie leaf, wasm-crypto 0.8, noble 3.7; node:crypto has no 32-byte BLAKE2b.
await waitReady()
const blake256 = await createBLAKE2b(256)
const blake128 = await createBLAKE2b(128)

export const blake2_256 = (data: Uint8Array): Uint8Array => blake256.init().update(data).digest('binary')
export const blake2_128 = (data: Uint8Array): Uint8Array => blake128.init().update(data).digest('binary')
export const twox64 = (data: Uint8Array): Uint8Array => twox(data, 1)
export const twox128 = (data: Uint8Array): Uint8Array => twox(data, 2)
export const twox256 = (data: Uint8Array): Uint8Array => twox(data, 4)
export const keccak256 = (data: Uint8Array): Uint8Array => keccakWasm(data)
export const sha2_256 = (data: Uint8Array): Uint8Array => sha256(data)
