import type { ApiPromise } from '@polkadot/api'
import type { SubmittableExtrinsic } from '@polkadot/api/types'
import type { Call, Extrinsic } from '@polkadot/types/interfaces'
import type { StkrConsts } from './dist/consts.d.ts'
import type { StkrErrors } from './dist/errors.d.ts'
import type { StkrEvents } from './dist/events.d.ts'
import type { StkrQueries } from './dist/query.d.ts'
import type { StkrCalls } from './dist/runtime.d.ts'
import type { StkrSubmittables } from './dist/tx.d.ts'

/** The members of `ApiPromise` whose types do not depend on the runtime. */
type ChainIndependent = Pick<
	ApiPromise,
	| 'registry'
	| 'createType'
	| 'genesisHash'
	| 'runtimeChain'
	| 'runtimeMetadata'
	| 'runtimeVersion'
	| 'extrinsicVersion'
	| 'hasSubscriptions'
	| 'isConnected'
	| 'on'
	| 'off'
	| 'once'
>

/** The sections of JSON-RPC a Stkr node serves. */
type StkrRpc = Pick<ApiPromise['rpc'], 'author' | 'chain' | 'grandpa' | 'payment' | 'rpc' | 'state' | 'system'>

/** What can be read at one block. */
export interface StkrApiAt extends Pick<ApiPromise, 'registry' | 'runtimeVersion'> {
	readonly call: StkrCalls<'promise'>
	readonly consts: StkrConsts<'promise'>
	readonly errors: StkrErrors<'promise'>
	readonly events: StkrEvents<'promise'>
	readonly query: StkrQueries<'promise'>
}

/** Makes any call that a pallet of this chain offers; called itself, makes one of an encoded call or extrinsic. */
export type StkrTx = StkrSubmittables<'promise'> & ((extrinsic: Call | Extrinsic | Uint8Array | string) => StkrExtrinsic)

/** A call that can be signed and sent. */
export type StkrExtrinsic = SubmittableExtrinsic<'promise'>

/**
 * @polkadot/api narrowed to this chain: exactly the pallets, calls, storage items, events, errors, constants and runtime APIs of the
 * metadata it was built with. Anything else is a compile error (CLI-1).
 */
export interface StkrApi extends ChainIndependent, StkrApiAt {
	readonly rpc: StkrRpc
	readonly tx: StkrTx
	/** The chain as of a block. */
	at(blockHash: Uint8Array | string): Promise<StkrApiAt>
}
