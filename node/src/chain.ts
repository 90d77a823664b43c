/**
 * The face of the node's chain and pool: what JSON-RPC, the author and tests see of them.
 * Hashes are `0x` hex strings (map keys, JSON); keys, values, extrinsics and call data are bytes.
 */
import type { Scheme } from './crypto/signature.ts'

export type Hash = `0x${string}`

export interface BlockRef {
	hash: Hash
	number: number
}

/** A digest item: engine id is 4 ASCII characters, e.g. `aura`. */
export type DigestItem =
	| { type: 'preRuntime' | 'consensus' | 'seal'; engine: string; data: Uint8Array }
	| { type: 'other'; data: Uint8Array }
	| { type: 'runtimeEnvironmentUpdated' }

export interface Header {
	parentHash: Hash
	number: number
	stateRoot: Hash
	extrinsicsRoot: Hash
	digest: DigestItem[]
}

/** Result of `Core_version`, decoded. `apis` are pairs of 8-byte id (hex) and version. */
export interface RuntimeVersion {
	specName: string
	implName: string
	authoringVersion: number
	specVersion: number
	implVersion: number
	apis: [Hash, number][]
	transactionVersion: number
	systemVersion: number
}

export type StorageChange = { key: Uint8Array; value: Uint8Array | null }

/** State after one block. Reads are synchronous; a block whose state is gone (pruned or unknown) has none. */
export interface StateReader {
	get(key: Uint8Array): Uint8Array | null
	/** At most `count` keys with `prefix`, in order, strictly after `startAfter`. */
	keys(prefix: Uint8Array, count: number, startAfter?: Uint8Array): Uint8Array[]
}

export interface ImportedBlock extends BlockRef {
	header: Header
	/** Storage written by this block, each key once, in key order. */
	changes: StorageChange[]
	/** True when `:code` changed with this block. */
	runtimeChanged: boolean
}

export interface ChainEvents {
	/** A block was stored, on the best chain or beside it. Told after `best`. */
	imported: (block: ImportedBlock) => void
	/** A block is the new best block: a child of the one before or, when the best branch changes, a block of another branch. */
	best: (block: ImportedBlock) => void
	/** Every block newly final, oldest first. */
	finalized: (block: BlockRef) => void
}

/** What one runtime call may use besides state. As in polkadot-sdk, a call has it only when its caller gives it. */
export interface CallExtensions {
	/** The node's keys, for runtime functions that make session keys or sign with them. */
	keystore?: Keystore
	/** Takes the extrinsics that the runtime wants in the node's own pool. */
	submit?: (extrinsic: Uint8Array) => void
}

export interface Chain {
	readonly name: string
	readonly id: string
	readonly chainType: 'Development' | 'Local' | 'Live'
	readonly properties: Record<string, unknown>
	readonly genesisHash: Hash
	best(): BlockRef
	finalized(): BlockRef
	hashOf(number: number): Hash | undefined
	header(hash: Hash): Header | undefined
	/** The SCALE bytes of the header, as hashed. */
	encodedHeader(hash: Hash): Uint8Array | undefined
	body(hash: Hash): Uint8Array[] | undefined
	/** Pairs of engine id and SCALE justification. */
	justifications(hash: Hash): [string, Uint8Array][]
	state(hash: Hash): StateReader | undefined
	/** Storage written by a known block (diff against its parent). */
	changesOf(hash: Hash): StorageChange[] | undefined
	/** Runs a runtime API on the state after `hash`; writes are dropped. Throws `RuntimeCallError` with the runtime's own log when it traps. */
	call(hash: Hash, method: string, input: Uint8Array, extensions?: CallExtensions): Uint8Array
	runtimeVersion(hash: Hash): RuntimeVersion
	/** SCALE trie proof of `keys` in the state after `hash`. */
	proof(hash: Hash, keys: Uint8Array[]): Uint8Array[]
	on<E extends keyof ChainEvents>(event: E, listener: ChainEvents[E]): () => void
}

/** Status of a watched extrinsic, as JSON-RPC `author_extrinsicUpdate` spells it. */
export type TxStatus =
	| 'future'
	| 'ready'
	| { broadcast: string[] }
	| { inBlock: Hash; index: number }
	| { retracted: Hash }
	| { finalized: Hash; index: number }
	| { usurped: Hash }
	| 'dropped'
	| 'invalid'

export interface Pool {
	/** Validates what came from outside and queues it. Throws `PoolError` (with the JSON-RPC code polkadot.js expects: 1010 invalid, 1012 temporarily banned, 1013 already imported, 1014 priority too low). */
	submit(extrinsic: Uint8Array): Promise<Hash>
	/** As `submit`; `listener` hears every later status, ending with finalized, usurped, dropped or invalid. Returns hash and a stop function. */
	watch(extrinsic: Uint8Array, listener: (status: TxStatus) => void): Promise<{ hash: Hash; stop: () => void }>
	/** Ready extrinsics, in block order. */
	pending(): Uint8Array[]
	remove(hashes: Hash[]): Hash[]
	/** Next nonce of an account counting ready extrinsics of the pool. */
	nextNonce(account: Uint8Array): number
}

/** Authoring on demand (`--sealing manual` and the dev RPC). */
export interface Author {
	/** Makes, imports and (unless told not to) finalises one block now. */
	seal(options?: { timestampMs?: number; finalize?: boolean; allowEmpty?: boolean }): Promise<BlockRef>
}

/** The node's session and finality keys (`author_insertKey`, `author_hasKey`, `author_rotateKeys`). A key type is four characters. */
export interface Keystore {
	insert(keyType: string, suri: string, publicKey: Uint8Array): void
	has(keyType: string, publicKey: Uint8Array): boolean
	/** Makes a key, random when `suri` is null, and returns its public key. */
	generate(scheme: Scheme, keyType: string, suri: string | null): Uint8Array
	publicKeys(scheme: Scheme, keyType: string): Uint8Array[]
	/** 64-byte signature by a key of the store. Throws when it has no such key. */
	sign(keyType: string, publicKey: Uint8Array, message: Uint8Array): Uint8Array
}
