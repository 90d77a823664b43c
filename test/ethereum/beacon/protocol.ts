/** Messages between the devnet (parent) and the beacon node (child), by structured clone over Node's IPC channel. */
import type { Address, Hex } from 'viem'

/** Everything the beacon node is started with. */
export interface BeaconOptions {
	/** TCP port of the REST API on 127.0.0.1; 0 takes any free one. */
	restPort: number
	rpcUrl: string
	engineUrl: string
	jwtSecret: Uint8Array
	chainId: number
	depositContract: Address
	/** Chain time between slots, a whole number of seconds. */
	secondsPerSlot: number
	/** Real time between slots; 0 runs slots as fast as they can be computed. */
	slotPaceMs: number
}

/** The chain as of one block, with what it has justified and finalized. */
export interface DevnetHead {
	slot: number
	epoch: number
	blockRoot: Hex
	blockNumber: bigint
	blockHash: Hex
	finalizedEpoch: number
	/** The newest finalized execution block; 0 until the first epoch is finalized. */
	finalizedBlockNumber: bigint
}

export type ToBeacon =
	| { type: 'start'; options: BeaconOptions }
	/** `secretKey`: a BLS12-381 secret key, 32 bytes big-endian. */
	| { type: 'addValidatorKey'; requestId: number; secretKey: Uint8Array }

export type FromBeacon =
	| { type: 'started'; restPort: number; genesisForkVersion: Hex; head: DevnetHead }
	/** Sent after the execution client follows this head, so its `latest`, `safe` and `finalized` tags are at least here. */
	| { type: 'head'; head: DevnetHead }
	| { type: 'validatorKeyAdded'; requestId: number }
	| { type: 'validatorKeyRefused'; requestId: number; reason: string }
	/** The node can't go on and exits. */
	| { type: 'failed'; reason: string }
