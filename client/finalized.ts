import type { Event } from '@polkadot/types/interfaces'

/** An extrinsic in a finalized block. */
export interface Finalized {
	blockHash: string
	blockNumber: number
	extrinsicHash: string
	/** Place in the block. */
	extrinsicIndex: number
	/** What it caused, in order; test them with `client.api.events.<pallet>.<Event>.is`. */
	events: Event[]
	/** Fee paid, tip included; 0 for calls that are free. */
	feePlanck: bigint
}
