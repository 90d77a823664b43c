import type { KeyringPair } from '@polkadot/keyring/types'

/** A measured length or count: the weight is a line through two sizes. */
export interface Size {
	/** Name of the argument of the weight function. */
	name: string
	from: number
	to: number
}

/** What makes one call as dear as it can get. */
export interface Preparation {
	/** The worst case in words, for the doc line of the weight. */
	worst: string
	/** Entry of the pallet's `weights` that covers the call, when it is not named as the call; null when the caller declares the weight. */
	weight?: string | null
	/** Who makes the call. Root goes through sudo; None is an inherent. */
	by: KeyringPair | 'Root' | 'None'
	/** Events that prove the worst case was met, as `Pallet.Event`. */
	emits?: readonly string[]
	size?: Size
	/** The call itself verifies sr25519 or ed25519 signatures: it is measured with them, and so is what its cost is counted from. */
	signatures?: boolean
	/** Writes what the call meets, natively on a copy of the world's state, and gives the call's arguments. */
	make(size: number): object
}

/** Preparations of a pallet by call name. */
export type Preparations = Record<string, Preparation>
