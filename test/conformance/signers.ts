import { Keyring } from '@polkadot/keyring'
import type { KeyringPair } from '@polkadot/keyring/types'
import { cryptoWaitReady } from '@polkadot/util-crypto'
import type { DevName } from '@stkr/runtime-spec/runtime/presets.ts'

await cryptoWaitReady()
const keyring = new Keyring({ type: 'sr25519', ss58Format: 42 })

/** The sr25519 pair of a development account. */
export const pairOf = (name: DevName | 'Zoe' | 'Yann'): KeyringPair => keyring.addFromUri(`//${name}`)

/** A pair of another key type. */
export const pairOfType = (suri: string, type: 'ed25519' | 'ecdsa'): KeyringPair => keyring.addFromUri(suri, {}, type)
