import type { Hash, TxStatus } from '../chain.ts'
import { blake2_256 } from '../crypto/hash.ts'
import { toHex } from '../crypto/hex.ts'
import { concatBytes, encodeBytes, ScaleReader } from '../scale/codec.ts'
import { unsubscribe } from './chain.ts'
import { type Context, type Handler, type Methods, type Session, type Subscription, unsafe } from './handler.ts'
import { callRuntime } from './json.ts'
import { invalidParam, type Params } from './params.ts'
import { ErrorCode, RpcError } from './protocol.ts'

const DEFAULT_FINALIZED_HOLD_MS = 400

/** `SessionKeys` runtime API (blake2b-64 of its name), as in `RuntimeVersion.apis`. */
const SESSION_KEYS_API = '0xab3c0572291feb8b'

const submitExtrinsic: Handler = (params, { node }) => node.pool.submit(params.bytes(0, 'extrinsic'))

/** A status as `author_extrinsicUpdate` has it: polkadot-sdk gives the block hash alone. */
function statusJson(status: TxStatus): unknown {
	if (typeof status === 'string') return status
	if ('inBlock' in status) return { inBlock: status.inBlock }
	if ('finalized' in status) return { finalized: status.finalized }
	return status
}

const isFinal = (status: TxStatus): boolean =>
	status === 'dropped' || status === 'invalid' || (typeof status === 'object' && ('finalized' in status || 'usurped' in status))

/** How often a held status looks whether its client has gone quiet. */
const HOLD_STEP_MS = 50

/**
 * Passes statuses on in order. The last one is held back after `inBlock`: for `holdMs` at least, and on until the client
 * has sent nothing for half of that (its look-up is over), eight times that at most. See `RpcNode.finalizedHoldMs`.
 */
function statusRelay(subscription: Subscription, session: Session, holdMs: number): (status: TxStatus) => void {
	let inBlockAt = Number.NEGATIVE_INFINITY
	let timer: NodeJS.Timeout | undefined
	subscription.onStop(() => clearTimeout(timer))
	const pass = (status: TxStatus) => {
		subscription.push(statusJson(status))
		if (isFinal(status)) subscription.close()
	}
	const hold = (status: TxStatus) => {
		const heldMs = performance.now() - inBlockAt
		if (heldMs >= 8 * holdMs || (heldMs >= holdMs && session.quietMs() >= holdMs / 2)) return pass(status)
		timer = setTimeout(hold, HOLD_STEP_MS, status)
	}
	return (status) => {
		if (typeof status === 'object' && 'inBlock' in status) inBlockAt = performance.now()
		if (isFinal(status)) hold(status)
		else pass(status)
	}
}

const submitAndWatchExtrinsic: Handler = async (params, context) => {
	const extrinsic = params.bytes(0, 'extrinsic')
	const subscription = context.open('author_extrinsicUpdate')
	try {
		const relay = statusRelay(subscription, context.session(), context.node.finalizedHoldMs ?? DEFAULT_FINALIZED_HOLD_MS)
		const { stop } = await context.node.pool.watch(extrinsic, relay)
		subscription.onStop(stop)
		return subscription.id
	} catch (error) {
		subscription.close()
		throw error
	}
}

/** Takes hashes, `{ hash }` and `{ extrinsic }`; gives the hashes that were in the pool. */
const removeExtrinsic: Handler = (params, { node }) => {
	const list = params.raw(0, 'bytesOrHash')
	const expected = 'a list of { "hash": 0x… } or { "extrinsic": 0x… }'
	if (!Array.isArray(list)) throw invalidParam(params.method, 'bytesOrHash', list, expected)
	const hashes = list.map((item: unknown): Hash => {
		if (typeof item === 'string') return params.fields({ hash: item }).hash(0, 'hash')
		if (typeof item !== 'object' || item === null) throw invalidParam(params.method, 'bytesOrHash', item, expected)
		const fields = params.fields(Object.fromEntries(Object.entries(item).map(([name, value]) => [name.toLowerCase(), value])))
		const extrinsic = fields.optionalBytes(0, 'extrinsic')
		return extrinsic ? toHex(blake2_256(extrinsic)) : fields.hash(0, 'hash')
	})
	return node.pool.remove(hashes)
}

function keyType(params: Params, index: number): string {
	const type = params.string(index, 'keyType')
	if (!/^[\x20-\x7e]{4}$/.test(type)) throw invalidParam(params.method, 'keyType', type, 'four ASCII characters, such as aura or gran')
	return type
}

const insertKey: Handler = (params, { node }) => {
	const [type, suri, publicKey] = [keyType(params, 0), params.string(1, 'suri'), params.bytes(2, 'publicKey')]
	try {
		node.keystore.insert(type, suri, publicKey)
	} catch (error) {
		// never the secret itself
		throw new RpcError(
			ErrorCode.invalidParams,
			`author_insertKey refused the ${type} key ${toHex(publicKey)}: ${error instanceof Error ? error.message.replaceAll(suri, '<suri>') : 'unknown reason'}`,
		)
	}
	return null
}

const hasKey: Handler = (params, { node }) => node.keystore.has(keyType(params, 1), params.bytes(0, 'publicKey'))

function sessionKeysVersion({ node: { chain } }: Context): number {
	const version = chain.runtimeVersion(chain.best().hash).apis.find(([id]) => id === SESSION_KEYS_API)?.[1]
	if (version === undefined) throw new RpcError(1040, '`SessionKeys` runtime api not present in the runtime')
	return version
}

interface GeneratedKeys {
	/** Public keys, joined. */
	keys: Hash
	/** Shows that they belong to the owner; a runtime before API version 2 makes none. */
	proof?: Hash
}

/** `Option<Vec<u8>>` without a seed: random keys. */
const NO_SEED = Uint8Array.of(0)

/** Makes session keys in the keystore. */
function generateKeys(context: Context, owner: Uint8Array): GeneratedKeys {
	const { chain, keystore } = context.node
	const generate = (input: Uint8Array) =>
		new ScaleReader(callRuntime(chain, undefined, 'SessionKeys_generate_session_keys', input, 1040, { keystore }))
	if (sessionKeysVersion(context) < 2) return { keys: toHex(generate(NO_SEED).vecU8()) }
	const made = generate(concatBytes(encodeBytes(owner), NO_SEED))
	return { keys: toHex(made.vecU8()), proof: toHex(made.vecU8()) }
}

const rotateKeys: Handler = (_, context) => generateKeys(context, new Uint8Array()).keys

/** `owner`: what the runtime checks the proof against, such as the account that will register the keys. */
const rotateKeysWithOwner: Handler = (params, context) => generateKeys(context, params.bytes(0, 'owner'))

/** True when the keystore has the secret of every key of a joined session key. */
const hasSessionKeys: Handler = (params, context) => {
	sessionKeysVersion(context)
	const input = encodeBytes(params.bytes(0, 'sessionKeys'))
	const reader = new ScaleReader(callRuntime(context.node.chain, undefined, 'SessionKeys_decode_session_keys', input, 1040))
	if (reader.u8() === 0) throw new RpcError(1040, 'Session keys are not encoded correctly')
	const keys = reader.vec(() => ({ publicKey: reader.vecU8(), type: Buffer.from(reader.take(4)).toString('latin1') }))
	return keys.every(({ type, publicKey }) => context.node.keystore.has(type, publicKey))
}

export const author: Methods = {
	author_submitExtrinsic: submitExtrinsic,
	author_submitAndWatchExtrinsic: submitAndWatchExtrinsic,
	author_unwatchExtrinsic: unsubscribe,
	author_pendingExtrinsics: (_, { node }) => node.pool.pending().map(toHex),
	author_removeExtrinsic: unsafe(removeExtrinsic),
	author_insertKey: unsafe(insertKey),
	author_hasKey: unsafe(hasKey),
	author_rotateKeys: unsafe(rotateKeys),
	author_rotateKeysWithOwner: unsafe(rotateKeysWithOwner),
	author_hasSessionKeys: unsafe(hasSessionKeys),
}
