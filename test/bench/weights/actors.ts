import { Keyring } from '@polkadot/keyring'
import { cryptoWaitReady } from '@polkadot/util-crypto'
import { blake2_256 } from '@stkr/node/src/crypto/hash.ts'
import { pairsOf } from '@stkr/runtime-spec/pallets/session/testing/session-keys.ts'
import { type Hex, hexToBytes } from 'viem'
import { privateKeyToAddress } from 'viem/accounts'

await cryptoWaitReady()
const keyring = new Keyring({ type: 'sr25519' })

/** The sudo key of the world. */
export const sudoer = keyring.addFromUri('//Alice')
/** Makes the extrinsic that opens every measured block. */
export const bystander = keyring.addFromUri('//Bob')
export const user = keyring.addFromUri('//Charlie')
export const provider = keyring.addFromUri('//Dave')
/** Users of the other signature schemes. */
export const ed25519User = new Keyring({ type: 'ed25519' }).addFromUri('//Ed')
export const ecdsaUser = new Keyring({ type: 'ecdsa' }).addFromUri('//Eve')
/** The last of the 64 witnesses, whose vote or signature decides. */
export const lastWitness = keyring.addFromUri('//Witness1')
export const LAST_WITNESS_KEY: Hex = `0x${'5a'.repeat(32)}`
export const lastWitnessAddress = hexToBytes(privateKeyToAddress(LAST_WITNESS_KEY))

/** Session keys of the last of the 100 validators. */
export const lastValidator = pairsOf('//Last validator')

/** 32 bytes that look random and are the same on every run. */
export const hashOf = (label: string): Uint8Array => blake2_256(new TextEncoder().encode(label))
/** An account that no one has met before. */
export const newcomer = hashOf('newcomer')
