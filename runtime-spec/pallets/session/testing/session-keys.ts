import { Keyring } from '@polkadot/keyring'
import type { KeyringPair } from '@polkadot/keyring/types'
import { cryptoWaitReady } from '@polkadot/util-crypto'
import { ascii, concatBytes, toHex } from '../../../frame/bytes.ts'
import type { AccountId } from '../../../frame/call.ts'
import type { SessionKeys } from '../keys.ts'

await cryptoWaitReady()
const sr25519 = new Keyring({ type: 'sr25519' })
const ed25519 = new Keyring({ type: 'ed25519' })

/** What signs with a validator's session keys. */
export interface SessionPairs {
	aura: KeyringPair
	grandpa: KeyringPair
}

/** The session keys of a secret URI such as `//Alice`, as a node started with it has them. */
export const pairsOf = (uri: string): SessionPairs => ({ aura: sr25519.createFromUri(uri), grandpa: ed25519.createFromUri(uri) })

export const keysOf = ({ aura, grandpa }: SessionPairs): SessionKeys => ({ aura: aura.publicKey, grandpa: grandpa.publicKey })

/** The proof that keys belong to `owner`: each signs `POP_` and the owner's account id. */
export const proofFor = (owner: AccountId, { aura, grandpa }: SessionPairs): Uint8Array => {
	const message = concatBytes(ascii('POP_'), owner)
	return concatBytes(aura.sign(message), grandpa.sign(message))
}

/** A validator as genesis names it. */
export const genesisValidator = (account: AccountId, { aura, grandpa }: SessionPairs) => ({
	account: toHex(account),
	aura: toHex(aura.publicKey),
	grandpa: toHex(grandpa.publicKey),
})
