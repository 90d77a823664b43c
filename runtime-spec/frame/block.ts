import { NO_WEIGHT, type Weight } from './weight.ts'

/**
 * The block under execution, as the running runtime call sees it. Every entry point calls `begin` first, which puts it back
 * to what storage says, so that nothing lives here from one call to the next.
 */
export interface BlockContext {
	number: number
	/** Index of the extrinsic being applied; undefined outside of one. */
	extrinsicIndex: number | undefined
	phase: 'ApplyExtrinsic' | 'Finalization' | 'Initialization'
	/** Weight used so far, by class. */
	used: { Normal: Weight; Operational: Weight; Mandatory: Weight }
	/** Encoded length of all extrinsics so far, in bytes. */
	length: number
	/** Fees collected in this block so far and not yet handed out, in plancks. */
	fees: bigint
	/** Tips, likewise; they go to the author whole. */
	tips: bigint
	/** What was read or hashed already in this runtime call: the last account asked for, its storage key, the genesis hash. */
	sender: Uint8Array | undefined
	senderKey: Uint8Array
	genesisHash: Uint8Array | undefined
}

export const block: BlockContext = {
	number: 0,
	extrinsicIndex: undefined,
	phase: 'Initialization',
	used: { Normal: NO_WEIGHT, Operational: NO_WEIGHT, Mandatory: NO_WEIGHT },
	length: 0,
	fees: 0n,
	tips: 0n,
	sender: undefined,
	senderKey: new Uint8Array(),
	genesisHash: undefined,
}

export const resetBlock = (): void => {
	block.number = 0
	block.extrinsicIndex = undefined
	block.phase = 'Initialization'
	block.used = { Normal: NO_WEIGHT, Operational: NO_WEIGHT, Mandatory: NO_WEIGHT }
	block.length = 0
	block.fees = 0n
	block.tips = 0n
	block.sender = undefined
	block.genesisHash = undefined
}
