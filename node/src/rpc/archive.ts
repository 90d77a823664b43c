import type { Chain, Hash, StateReader } from '../chain.ts'
import { blake2_256 } from '../crypto/hash.ts'
import { toHex } from '../crypto/hex.ts'
import type { Handler, Methods, Subscription } from './handler.ts'
import { invalidParam, type Params } from './params.ts'
import { childTrie, storageItems, storageQueries } from './storage-query.ts'

/** Items sent before other work gets a turn. */
const BURST = 128
/** Most blocks between the two of `archive_v1_storageDiff`. */
const MAX_DIFF_BLOCKS = 10_000
/** Most prefixes of one `archive_v1_storageDiff`. */
const MAX_DIFF_ITEMS = 1000

const nextTurn = () => new Promise<void>((resolve) => setImmediate(resolve))

const body: Handler = (params, { node: { chain } }) => chain.body(params.hash(0, 'hash'))?.map(toHex) ?? null

const header: Handler = (params, { node: { chain } }) => {
	const encoded = chain.encodedHeader(params.hash(0, 'hash'))
	return encoded ? toHex(encoded) : null
}

const call: Handler = (params, { node: { chain } }) => {
	const [hash, method, input] = [params.hash(0, 'hash'), params.string(1, 'function'), params.bytes(2, 'callParameters')]
	if (!chain.state(hash)) return null
	try {
		return { success: true, value: toHex(chain.call(hash, method, input)) }
	} catch (error) {
		return { success: false, error: error instanceof Error ? error.message : String(error) }
	}
}

const hashByHeight: Handler = (params, { node: { chain } }) => {
	const hash = chain.hashOf(params.number(0, 'height'))
	return hash ? [hash] : []
}

/** Sends events in bursts until they end, the client stops, or reading fails; then the closing event. */
async function stream(subscription: Subscription, events: Iterable<object> | AsyncIterable<object>, name: string): Promise<void> {
	let open = true
	subscription.onStop(() => {
		open = false
	})
	try {
		let sent = 0
		for await (const event of events) {
			if (!open) return
			subscription.push(event)
			if (++sent % BURST === 0) await nextTurn()
		}
		if (open) subscription.push({ event: `${name}Done` })
	} catch (error) {
		if (open) subscription.push({ event: `${name}Error`, error: error instanceof Error ? error.message : String(error) })
	}
	subscription.close()
}

const storage: Handler = (params, context) => {
	const { chain } = context.node
	const hash = params.hash(0, 'hash')
	const queries = storageQueries(params, 1)
	const queried = childTrie(params, 2) ? [] : queries
	const subscription = context.open('archive_v1_storageEvent')
	context.afterReply(() => void stream(subscription, storageEvents(chain, hash, queried), 'storage'))
	return subscription.id
}

function* storageEvents(chain: Chain, hash: Hash, queries: ReturnType<typeof storageQueries>): Generator<object> {
	const state = chain.state(hash)
	if (!state) throw new Error(`no state of block ${hash}: the block is unknown or its state was discarded`)
	for (const item of storageItems(chain, hash, state, queries)) yield { event: 'storage', ...item }
}

interface DiffItem {
	prefix: Uint8Array
	whole: boolean
}

function diffItems(params: Params): DiffItem[] {
	if (params.raw(1, 'items') === undefined || params.raw(1, 'items') === null) return [{ prefix: new Uint8Array(), whole: true }]
	return params.objects(1, 'items', MAX_DIFF_ITEMS).flatMap((item) => {
		const returnType = item.string(0, 'returnType')
		if (returnType !== 'value' && returnType !== 'hash')
			throw invalidParam(params.method, 'items.returnType', returnType, '"value" or "hash"')
		const prefix = item.optionalBytes(0, 'key') ?? new Uint8Array()
		// no child tries on this chain: no differences in them
		return item.optionalBytes(0, 'childTrieKey') ? [] : [{ prefix, whole: returnType === 'value' }]
	})
}

const storageDiff: Handler = (params, context) => {
	const { chain } = context.node
	const hash = params.hash(0, 'hash')
	const items = diffItems(params)
	const previous = params.optionalHash(2, 'previousHash') ?? chain.header(hash)?.parentHash
	const subscription = context.open('archive_v1_storageDiffEvent')
	context.afterReply(() => void stream(subscription, diffEvents(chain, hash, previous, items), 'storageDiff'))
	return subscription.id
}

async function* diffEvents(chain: Chain, hash: Hash, previous: Hash | undefined, items: DiffItem[]): AsyncGenerator<object> {
	const [before, after] = [previous && chain.state(previous), chain.state(hash)]
	if (!before || !after) throw new Error(`no state of block ${after ? previous : hash}: the block is unknown or its state was discarded`)
	for (const key of await changedKeys(chain, hash, previous as Hash)) {
		const item = items.find(({ prefix }) => prefix.every((byte, i) => key[i] === byte))
		if (item) yield* difference(key, before, after, item.whole)
	}
}

function* difference(key: Uint8Array, before: StateReader, after: StateReader, whole: boolean): Generator<object> {
	const [old, now] = [before.get(key), after.get(key)]
	const shown = now ?? old
	if (shown === null || (old && now && Buffer.compare(old, now) === 0)) return
	const type = old === null ? 'added' : now === null ? 'deleted' : 'modified'
	yield { event: 'storageDiff', key: toHex(key), ...(whole ? { value: toHex(shown) } : { hash: toHex(blake2_256(shown)) }), type }
}

/** Keys written by the blocks after `previous` up to `hash`, each once. Throws when `previous` is no near ancestor. */
async function changedKeys(chain: Chain, hash: Hash, previous: Hash): Promise<Iterable<Uint8Array>> {
	const keys = new Map<string, Uint8Array>()
	let at = hash
	for (let blocks = 0; at !== previous; blocks++) {
		const found = chain.header(at)
		if (!found || found.number === 0) throw new Error(`previousHash ${previous} is not an ancestor of ${hash}`)
		if (blocks === MAX_DIFF_BLOCKS) throw new Error(`previousHash ${previous} is more than ${MAX_DIFF_BLOCKS} blocks below ${hash}`)
		for (const { key } of chain.changesOf(at) ?? []) keys.set(toHex(key), key)
		at = found.parentHash
		if (blocks % BURST === BURST - 1) await nextTurn()
	}
	return keys.values()
}

/** Ends a stream; nothing happens when it already ended. */
const stopStream: Handler = (params, context) => {
	context.session().unsubscribe(params.string(0, 'subscription'))
	return null
}

export const archive: Methods = {
	archive_v1_body: body,
	archive_v1_call: call,
	archive_v1_finalizedHeight: (_, { node }) => node.chain.finalized().number,
	archive_v1_genesisHash: (_, { node }) => node.chain.genesisHash,
	archive_v1_hashByHeight: hashByHeight,
	archive_v1_header: header,
	archive_v1_storage: storage,
	archive_v1_stopStorage: stopStream,
	archive_v1_storageDiff: storageDiff,
	archive_v1_stopStorageDiff: stopStream,
}
