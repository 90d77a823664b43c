import { block } from '../block.ts'
import { equalBytes } from '../bytes.ts'
import { type AccountId, call, ensureRoot, ensureSigned } from '../call.ts'
import { consumerRemaining, encodedDispatchError, errors } from '../errors.ts'
import { events } from '../events.ts'
import { host } from '../host.ts'
import { constant, pallet } from '../pallet.ts'
import { eventRecords } from '../runtime-types.ts'
import {
	accountId,
	bytes,
	compactU32,
	DecodeError,
	h256,
	Reader,
	struct,
	text,
	tuple,
	u16,
	u32,
	u64,
	type Value,
	vec,
} from '../scale/index.ts'
import { blake2_128Concat, map, twox64Concat, value } from '../storage.ts'
import { dispatchInfo, NO_WEIGHT } from '../weight.ts'
import { type AccountInfo, accountInfo, emptyAccount } from './account.ts'
import { type DigestItem, digest } from './digest.ts'
import { BLOCK_LENGTH, BLOCK_WEIGHTS, blockLengthCodec, blockWeightsCodec, consumedWeight, runtimeDbWeight } from './limits.ts'
import { runtimeVersion, VERSION } from './version.ts'
import { weights } from './weights.ts'

/** Block hashes kept: mortal extrinsics can name any of them as their birth block. */
export const BLOCK_HASH_COUNT = 4096
/** Address format of this chain: generic Substrate, so that every wallet shows the same address in dev and live. */
export const SS58_PREFIX = 42
export const LIMITS = BLOCK_WEIGHTS(weights.baseBlock, weights.baseExtrinsic)

const lastRuntimeUpgradeInfo = struct('frame_system::LastRuntimeUpgradeInfo', { specVersion: compactU32, specName: text })

export const storage = {
	/** Everything known of an account: nonce, references, balances. */
	account: map(blake2_128Concat, accountId, accountInfo, emptyAccount),
	/** Extrinsics in the current block. */
	extrinsicCount: value(u32),
	/** Weight used by the current block, by class. */
	blockWeight: value(consumedWeight, () => ({ Normal: NO_WEIGHT, Operational: NO_WEIGHT, Mandatory: NO_WEIGHT })),
	/** Encoded length of the current block's extrinsics, in bytes. */
	allExtrinsicsLen: value(u32),
	/** Hashes of the last 4,096 blocks, and of genesis while it is among them. */
	blockHash: map(twox64Concat, u32, h256, () => new Uint8Array(32)),
	/** Number of the current block. */
	number: value(u32, () => 0),
	/** Hash of the parent block. */
	parentHash: value(h256, () => new Uint8Array(32)),
	/** Digest of the current block. */
	digest: value(digest, () => ({ logs: [] as DigestItem[] })),
	/** Events of the current block. */
	events: value(eventRecords, () => []),
	/** Runtime the migrations last ran for. */
	lastRuntimeUpgrade: value(lastRuntimeUpgradeInfo),
}

export const event = events({
	/** An extrinsic ran and its call succeeded. */
	ExtrinsicSuccess: { dispatchInfo },
	/** An extrinsic ran and its call failed; all it wrote was undone, its fee stays. */
	ExtrinsicFailed: { dispatchError: encodedDispatchError, dispatchInfo },
	/** `:code` was replaced; the new runtime runs from the next block on. */
	CodeUpdated: {},
	/** An account came into being. */
	NewAccount: { account: accountId },
	/** An account was reaped. */
	KilledAccount: { account: accountId },
	/** A remark was made; `hash` is the BLAKE2b-256 of its bytes. */
	Remarked: { sender: accountId, hash: h256 },
})

export const error = errors([
	/** The new runtime's spec name is not this chain's. */
	'InvalidSpecName',
	/** The new runtime's spec version does not rise. */
	'SpecVersionNeedsToIncrease',
	/** No runtime version could be read from the code. */
	'FailedToExtractRuntimeVersion',
])

const CODE = new Uint8Array([58, 99, 111, 100, 101]) // ":code"
const HEAP_PAGES = new Uint8Array([58, 104, 101, 97, 112, 112, 97, 103, 101, 115]) // ":heappages"
const keyValue = tuple(bytes, bytes)

const setCode = (code: Uint8Array): void => {
	const found = host.runtimeVersionOf(code)
	if (!found) throw error.FailedToExtractRuntimeVersion()
	let next: Value<typeof runtimeVersion>
	try {
		next = runtimeVersion.read(new Reader(found))
	} catch (thrown) {
		if (thrown instanceof DecodeError) throw error.FailedToExtractRuntimeVersion()
		throw thrown
	}
	if (next.specName !== VERSION.specName) throw error.InvalidSpecName()
	if (next.specVersion <= VERSION.specVersion) throw error.SpecVersionNeedsToIncrease()
	setCodeUnchecked(code)
}

const setCodeUnchecked = (code: Uint8Array): void => {
	host.set(CODE, code)
	depositLog({ type: 'RuntimeEnvironmentUpdated' })
	event.CodeUpdated({})
}

/** What every other pallet builds on: accounts, blocks, digests, events, and the runtime's own code (frame_system). */
export const system = pallet('System', {
	storage,
	events: event,
	errors: error,
	constants: {
		/** Weight limits of a block, by class. */
		blockWeights: constant(blockWeightsCodec, LIMITS as never),
		/** Length limits of a block, by class. */
		blockLength: constant(blockLengthCodec, BLOCK_LENGTH),
		/** Block hashes kept. */
		blockHashCount: constant(u32, BLOCK_HASH_COUNT),
		/** Cost of one read and one write, already contained in measured weights. */
		dbWeight: constant(runtimeDbWeight, { read: 0, write: 0 }),
		/** Version of this runtime. */
		version: constant(runtimeVersion, VERSION),
		/** Address prefix. */
		ss58Prefix: constant(u16, SS58_PREFIX),
	},
	calls: {
		/** Puts bytes on the chain without effect. Anyone. */
		remark: call(
			0,
			{ remark: bytes },
			({ remark }) => weights.remark(remark.length),
			() => {},
		),
		/** Sets the WASM heap pages of the host. Root. */
		setHeapPages: call(
			1,
			{ pages: u64 },
			weights.setHeapPages,
			(origin, { pages }) => {
				ensureRoot(origin)
				host.set(HEAP_PAGES, u64.encode(pages))
				depositLog({ type: 'RuntimeEnvironmentUpdated' })
			},
			{ class: 'Operational' },
		),
		/** Replaces the runtime (CHN-5). Root. The code must hold the same spec name and a higher spec version. Emits `CodeUpdated`. */
		setCode: call(
			2,
			{ code: bytes },
			weights.setCode,
			(origin, { code }) => {
				ensureRoot(origin)
				setCode(code)
			},
			{ class: 'Operational' },
		),
		/** Replaces the runtime without looking at its version. Root. Emits `CodeUpdated`. */
		setCodeWithoutChecks: call(
			3,
			{ code: bytes },
			weights.setCode,
			(origin, { code }) => {
				ensureRoot(origin)
				setCodeUnchecked(code)
			},
			{ class: 'Operational' },
		),
		/** Writes raw storage. Root. */
		setStorage: call(
			4,
			{ items: vec(keyValue) },
			({ items }) => weights.setStorage(items.length),
			(origin, { items }) => {
				ensureRoot(origin)
				for (const [key, item] of items) host.set(key, item)
			},
			{ class: 'Operational' },
		),
		/** Deletes raw storage. Root. */
		killStorage: call(
			5,
			{ keys: vec(bytes) },
			({ keys }) => weights.killStorage(keys.length),
			(origin, { keys }) => {
				ensureRoot(origin)
				for (const key of keys) host.clear(key)
			},
			{ class: 'Operational' },
		),
		/** Deletes at most `subkeys` keys of raw storage with `prefix`. Root. */
		killPrefix: call(
			6,
			{ prefix: bytes, subkeys: u32 },
			({ subkeys }) => weights.killPrefix(subkeys),
			(origin, { prefix, subkeys }) => {
				ensureRoot(origin)
				host.clearPrefix(prefix, subkeys)
			},
			{ class: 'Operational' },
		),
		/** As `remark`, and emits `Remarked`. Signed. */
		remarkWithEvent: call(
			7,
			{ remark: bytes },
			({ remark }) => weights.remark(remark.length),
			(origin, { remark }) => {
				const sender = ensureSigned(origin)
				event.Remarked({ sender, hash: host.blake2_256(remark) })
			},
		),
	},
})

/** Adds to the digest of the block under execution. */
export const depositLog = (item: DigestItem): void => {
	const { logs } = storage.digest.get()
	logs.push(item)
	storage.digest.put({ logs })
}

/** Storage key of an account. A sender's is asked for by identity again and again while its extrinsic runs: it is hashed once. */
export const accountKey = (who: AccountId): Uint8Array => {
	if (who !== block.sender) {
		block.sender = who
		block.senderKey = storage.account.keyOf(who)
	}
	return block.senderKey
}

/** This chain's genesis hash, read once a runtime call. */
export const genesisHash = (): Uint8Array => {
	block.genesisHash ??= storage.blockHash.get(0)
	return block.genesisHash
}

/** Reads, changes and writes an account; a change to nothing (no reference left) removes it. */
export const mutateAccount = (who: AccountId, change: (account: AccountInfo) => void): void => {
	const key = accountKey(who)
	const account = storage.account.getAt(key)
	const existed = account.providers + account.sufficients > 0
	change(account)
	const exists = account.providers + account.sufficients > 0
	if (exists) {
		storage.account.putAt(key, account)
		if (!existed) event.NewAccount({ account: who })
	} else if (existed) {
		if (account.consumers > 0) throw consumerRemaining()
		host.clear(key)
		event.KilledAccount({ account: who })
	} else storage.account.putAt(key, account)
}

/** The digest item of engine `id` (4 ASCII characters) put before the runtime ran. */
export const preRuntimeDigest = (id: Uint8Array): Uint8Array | undefined => {
	for (const item of storage.digest.get().logs) if (item.type === 'PreRuntime' && equalBytes(item.value[0], id)) return item.value[1]
	return undefined
}
