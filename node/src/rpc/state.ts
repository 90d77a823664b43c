import type { Chain, Hash, StateReader } from '../chain.ts'
import { blake2_256 } from '../crypto/hash.ts'
import { toHex } from '../crypto/hex.ts'
import { ScaleReader } from '../scale/codec.ts'
import { unsubscribe } from './chain.ts'
import { type Handler, type Methods, unsafe } from './handler.ts'
import { callRuntime, knownBlock, runtimeVersionJson, stateAt, unknownBlock } from './json.ts'
import { invalidParam } from './params.ts'
import { RpcError } from './protocol.ts'

/** Most keys of one page, as polkadot-sdk. */
const MAX_PAGE = 1000
/** Most keys (or pairs) of the methods without pages. */
const MAX_UNPAGED = 10_000
/** Most keys of one query, proof or subscription. */
const MAX_KEYS = 10_000
/** Most blocks `state_queryStorage` walks. */
const MAX_RANGE = 10_000

type ChangeSet = { block: Hash; changes: [Hash, Hash | null][] }

const hexOrNull = (value: Uint8Array | null): Hash | null => (value === null ? null : toHex(value))

function changeSet(block: Hash, state: StateReader, keys: Uint8Array[]): ChangeSet {
	return { block, changes: keys.map((key) => [toHex(key), hexOrNull(state.get(key))]) }
}

const getStorage: Handler = (params, { node }) => {
	const key = params.bytes(0, 'key')
	return hexOrNull(stateAt(node.chain, params.optionalHash(1, 'at')).get(key))
}

const getStorageHash: Handler = (params, { node }) => {
	const value = stateAt(node.chain, params.optionalHash(1, 'at')).get(params.bytes(0, 'key'))
	return value === null ? null : toHex(blake2_256(value))
}

/** Bytes of the value, or of all values under the key as a prefix when the key has none itself (as polkadot-sdk). */
const getStorageSize: Handler = (params, { node }) => {
	const state = stateAt(node.chain, params.optionalHash(1, 'at'))
	const key = params.bytes(0, 'key')
	const value = state.get(key)
	if (value !== null) return value.length
	const sizes = limited(state.keys(key, MAX_UNPAGED + 1)).map((found) => state.get(found)?.length ?? 0)
	return sizes.length === 0 ? null : sizes.reduce((sum, size) => sum + size, 0)
}

/** Error 4002: more keys than a method without pages gives. */
function limited(keys: Uint8Array[]): Uint8Array[] {
	if (keys.length > MAX_UNPAGED) throw new RpcError(4002, `more than ${MAX_UNPAGED} keys have this prefix; read them by state_getKeysPaged`)
	return keys
}

const getKeys: Handler = (params, { node }) =>
	limited(stateAt(node.chain, params.optionalHash(1, 'at')).keys(params.bytes(0, 'prefix'), MAX_UNPAGED + 1)).map(toHex)

const getPairs: Handler = (params, { node }) => {
	const state = stateAt(node.chain, params.optionalHash(1, 'at'))
	return limited(state.keys(params.bytes(0, 'prefix'), MAX_UNPAGED + 1)).map((key) => [toHex(key), hexOrNull(state.get(key))])
}

const getKeysPaged: Handler = (params, { node }) => {
	const prefix = params.optionalBytes(0, 'prefix') ?? new Uint8Array()
	const count = params.number(1, 'count')
	if (count > MAX_PAGE) throw new RpcError(4002, `count exceeds maximum value. value: ${count}, max: ${MAX_PAGE}`)
	const startKey = params.optionalBytes(2, 'startKey')
	return stateAt(node.chain, params.optionalHash(3, 'at')).keys(prefix, count, startKey).map(toHex)
}

const queryStorageAt: Handler = (params, { node: { chain } }) => {
	const keys = params.bytesList(0, 'keys', MAX_KEYS)
	const block = params.optionalHash(1, 'at') ?? chain.best().hash
	return [changeSet(block, stateAt(chain, block), keys)]
}

/** Blocks of the canonical chain from one to another, both included. Error 4001 when there is no such range. */
function blockRange(chain: Chain, from: Hash, to: Hash): Hash[] {
	const refused = (details: string) => new RpcError(4001, `Cannot resolve a block range ['${from}' ... '${to}']. ${details}`)
	const [first, last] = [chain.header(from), chain.header(to)]
	if (!first) throw unknownBlock(from)
	if (!last) throw unknownBlock(to)
	if (first.number > last.number) throw refused(`from (${first.number}) is above to (${last.number})`)
	if (last.number - first.number >= MAX_RANGE) throw refused(`${last.number - first.number + 1} blocks, at most ${MAX_RANGE} at once`)
	const hashes: Hash[] = []
	for (let number = first.number; number <= last.number; number++) {
		const hash = chain.hashOf(number)
		if (hash) hashes.push(hash)
	}
	if (hashes[0] !== from || hashes.at(-1) !== to) throw refused('from and to are not on the canonical chain')
	return hashes
}

/** First the values at `from`, then each block's changes of the keys. */
const queryStorage: Handler = (params, { node: { chain } }) => {
	const keys = params.bytesList(0, 'keys', MAX_KEYS)
	const from = params.hash(1, 'fromBlock')
	const [first, ...later] = blockRange(chain, from, params.optionalHash(2, 'toBlock') ?? chain.best().hash)
	const wanted = new Set(keys.map(toHex))
	const sets = [changeSet(first, stateAt(chain, first), keys)]
	for (const block of later) {
		const changes = changesOf(chain.changesOf(block) ?? [], wanted)
		if (changes.length > 0) sets.push({ block, changes })
	}
	return sets
}

function changesOf(all: { key: Uint8Array; value: Uint8Array | null }[], wanted: Set<Hash>): ChangeSet['changes'] {
	const changes: ChangeSet['changes'] = []
	for (const { key, value } of all) {
		const hex = toHex(key)
		if (wanted.has(hex)) changes.push([hex, hexOrNull(value)])
	}
	return changes
}

const call: Handler = (params, { node }) =>
	toHex(callRuntime(node.chain, params.optionalHash(2, 'at'), params.string(0, 'method'), params.bytes(1, 'data'), 4003))

const getMetadata: Handler = (params, { node }) =>
	toHex(new ScaleReader(callRuntime(node.chain, params.optionalHash(0, 'at'), 'Metadata_metadata', new Uint8Array(), 4003)).vecU8())

const getRuntimeVersion: Handler = (params, { node: { chain } }) =>
	runtimeVersionJson(chain.runtimeVersion(knownBlock(chain, params.optionalHash(0, 'at'))))

const getReadProof: Handler = (params, { node: { chain } }) => {
	const keys = params.bytesList(0, 'keys', MAX_KEYS)
	const at = params.optionalHash(1, 'at') ?? chain.best().hash
	stateAt(chain, at)
	return { at, proof: chain.proof(at, keys).map(toHex) }
}

const subscribeRuntimeVersion: Handler = (_, context) => {
	const { chain } = context.node
	const subscription = context.open('state_runtimeVersion')
	const push = (block: Hash) => {
		try {
			subscription.push(runtimeVersionJson(chain.runtimeVersion(block)))
		} catch {
			// code that tells no version can't run a block either; listeners must not throw into block import
		}
	}
	push(chain.best().hash)
	subscription.onStop(chain.on('best', (block) => block.runtimeChanged && push(block.hash)))
	return subscription.id
}

/** The values at the best block, then each block's changes; without keys every change of the state, for trusted peers. */
const subscribeStorage: Handler = (params, context) => {
	const { chain } = context.node
	if (params.raw(0, 'keys') === undefined || params.raw(0, 'keys') === null) return unsafe(subscribeAllStorage)(params, context)
	const keys = params.bytesList(0, 'keys', MAX_KEYS)
	const subscription = context.open('state_storage')
	const { hash } = chain.best()
	subscription.push(changeSet(hash, stateAt(chain, hash), keys))
	const wanted = new Set(keys.map(toHex))
	subscription.onStop(
		chain.on('best', (block) => {
			const changes = changesOf(block.changes, wanted)
			if (changes.length > 0) subscription.push({ block: block.hash, changes })
		}),
	)
	return subscription.id
}

const subscribeAllStorage: Handler = (_, context) => {
	const subscription = context.open('state_storage')
	subscription.onStop(
		context.node.chain.on('best', ({ hash, changes }) =>
			subscription.push({ block: hash, changes: changes.map(({ key, value }) => [toHex(key), hexOrNull(value)]) }),
		),
	)
	return subscription.id
}

/** Child tries are not used by this chain: every child trie is empty. Keys must be of the `:child_storage:` space, as polkadot-sdk demands. */
function childState(answer: unknown): Handler {
	const prefix = Buffer.from(':child_storage:default:')
	return (params) => {
		const key = params.bytes(0, 'childStorageKey')
		if (!prefix.equals(key.subarray(0, prefix.length))) {
			throw invalidParam(params.method, 'childStorageKey', params.raw(0, 'childStorageKey'), `0x hex that starts with ${toHex(prefix)}`)
		}
		return answer
	}
}

export const childstate: Methods = {
	childstate_getKeys: childState([]),
	childstate_getKeysPaged: childState([]),
	childstate_getKeysPagedAt: childState([]),
	childstate_getStorage: childState(null),
	childstate_getStorageEntries: (params) => params.bytesList(1, 'keys', MAX_KEYS).map(() => null),
	childstate_getStorageHash: childState(null),
	childstate_getStorageSize: childState(null),
}

export const state: Methods = {
	state_call: call,
	state_callAt: call,
	state_getKeys: getKeys,
	state_getKeysPaged: getKeysPaged,
	state_getKeysPagedAt: getKeysPaged,
	state_getMetadata: getMetadata,
	state_getPairs: unsafe(getPairs),
	state_getReadProof: getReadProof,
	state_getRuntimeVersion: getRuntimeVersion,
	chain_getRuntimeVersion: getRuntimeVersion,
	state_getStorage: getStorage,
	state_getStorageAt: getStorage,
	state_getStorageHash: getStorageHash,
	state_getStorageHashAt: getStorageHash,
	state_getStorageSize: getStorageSize,
	state_getStorageSizeAt: getStorageSize,
	state_queryStorage: unsafe(queryStorage),
	state_queryStorageAt: queryStorageAt,
	state_subscribeRuntimeVersion: subscribeRuntimeVersion,
	state_unsubscribeRuntimeVersion: unsubscribe,
	chain_subscribeRuntimeVersion: subscribeRuntimeVersion,
	chain_unsubscribeRuntimeVersion: unsubscribe,
	state_subscribeStorage: subscribeStorage,
	state_unsubscribeStorage: unsubscribe,
}
