import type { Chain, Hash, StateReader } from '../chain.ts'
import { blake2_256 } from '../crypto/hash.ts'
import { toHex } from '../crypto/hex.ts'
import { closestDescendantMerkleValue } from './merkle-value.ts'
import { invalidParam, type Params } from './params.ts'

/** Storage look-ups of the new API (`chainHead_v1_storage`, `archive_v1_storage`). */
const QUERY_TYPES = ['value', 'hash', 'closestDescendantMerkleValue', 'descendantsValues', 'descendantsHashes'] as const

type QueryType = (typeof QUERY_TYPES)[number]

export interface StorageQuery {
	key: Uint8Array
	type: QueryType
	/** Only for descendants: go on strictly after this key. */
	startAfter?: Uint8Array
}

export interface StorageItem {
	key: Hash
	value?: Hash
	hash?: Hash
	closestDescendantMerkleValue?: Hash
}

/** Most items of one request. */
const MAX_ITEMS = 1000
/** Keys read from the state at a time. */
const PAGE = 128

/** Reads the `items` parameter. Throws -32602. */
export function storageQueries(params: Params, index: number): StorageQuery[] {
	return params.objects(index, 'items', MAX_ITEMS).map((item) => {
		const type = item.string(0, 'type')
		if (!isQueryType(type)) throw invalidParam(params.method, 'items.type', type, `one of ${QUERY_TYPES.join(', ')}`)
		return { key: item.bytes(0, 'key'), type, startAfter: item.optionalBytes(0, 'paginationStartKey') }
	})
}

function isQueryType(type: string): type is QueryType {
	return QUERY_TYPES.some((known) => known === type)
}

/** The `childTrie` parameter: this chain has no child tries, so a given one has no items. */
export function childTrie(params: Params, index: number): Uint8Array | undefined {
	return params.optionalBytes(index, 'childTrie')
}

/** What the queries find in the state after a block, one item at a time: a long answer can pause. */
export function* storageItems(chain: Chain, block: Hash, state: StateReader, queries: StorageQuery[]): Generator<StorageItem> {
	for (const { key, type, startAfter } of queries) {
		if (type === 'closestDescendantMerkleValue') {
			const value = closestDescendantMerkleValue(chain.proof(block, [key]), chain.header(block)?.stateRoot, key)
			if (value) yield { key: toHex(key), closestDescendantMerkleValue: toHex(value) }
		} else if (type === 'value' || type === 'hash') {
			const value = state.get(key)
			if (value !== null) yield itemOf(key, value, type === 'value')
		} else {
			yield* descendants(state, key, type === 'descendantsValues', startAfter)
		}
	}
}

function* descendants(state: StateReader, prefix: Uint8Array, values: boolean, startAfter: Uint8Array | undefined): Generator<StorageItem> {
	let last = startAfter
	for (;;) {
		const keys = state.keys(prefix, PAGE, last)
		for (const key of keys) {
			const value = state.get(key)
			if (value !== null) yield itemOf(key, value, values)
		}
		if (keys.length < PAGE) return
		last = keys[keys.length - 1]
	}
}

function itemOf(key: Uint8Array, value: Uint8Array, whole: boolean): StorageItem {
	return whole ? { key: toHex(key), value: toHex(value) } : { key: toHex(key), hash: toHex(blake2_256(value)) }
}

/** Size of an item in JSON, near enough to pace output. */
export function itemBytes(item: StorageItem): number {
	return item.key.length + (item.value ?? item.hash ?? item.closestDescendantMerkleValue ?? '').length + 32
}
