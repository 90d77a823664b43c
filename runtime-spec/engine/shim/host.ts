// The methods of `globalThis.__host` (frame/host.ts): C functions (context, this, argc, argv) -> JSValue in the engine's
// function table. link.ts collects them by the prefix `method_`.
import { alloc, inImage, release } from './allocator'
import {
	EXCEPTION,
	FALSE,
	isNullish,
	JS_FreeCString,
	JS_GetUint8Array,
	JS_NewStringLen,
	JS_NewUint8Array,
	JS_NewUint8ArrayCopy,
	JS_ToCStringLen2,
	JS_ToInt32,
	NULL,
	toBoolean,
	UNDEFINED,
} from './engine'
import {
	ext_allocator_free_version_1,
	ext_crypto_ed25519_generate_version_1,
	ext_crypto_ed25519_sign_version_1,
	ext_crypto_ed25519_verify_version_1,
	ext_crypto_secp256k1_ecdsa_recover_compressed_version_2,
	ext_crypto_secp256k1_ecdsa_recover_version_2,
	ext_crypto_sr25519_generate_version_1,
	ext_crypto_sr25519_sign_version_1,
	ext_crypto_sr25519_verify_version_2,
	ext_hashing_blake2_128_version_1,
	ext_hashing_blake2_256_version_1,
	ext_hashing_keccak_256_version_1,
	ext_hashing_twox_64_version_1,
	ext_hashing_twox_128_version_1,
	ext_logging_log_version_1,
	ext_misc_runtime_version_version_1,
	ext_offchain_submit_transaction_version_1,
	ext_storage_append_version_1,
	ext_storage_clear_prefix_version_2,
	ext_storage_clear_version_1,
	ext_storage_commit_transaction_version_1,
	ext_storage_exists_version_1,
	ext_storage_get_version_1,
	ext_storage_next_key_version_1,
	ext_storage_rollback_transaction_version_1,
	ext_storage_root_version_2,
	ext_storage_set_version_1,
	ext_storage_start_transaction_version_1,
	ext_trie_blake2_256_ordered_root_version_2,
} from './env'
import { throwOutOfMemory } from './exhausted'
import { copy } from './memory'
import { hostFreeSlot, SCRATCH, scratch } from './state'
import { decodeUtf8, replaceSurrogates } from './utf8'

/** Of the state's trie. */
const STATE_VERSION: i32 = 1
/** Of the extrinsics' trie, as clients read the runtime's system version 1 (sp_version, `extrinsics_root_state_version`). */
const EXTRINSICS_STATE_VERSION: i32 = 0
/** The log target, "runtime". */
const TARGET = <u32>memory.data<u8>([0x72, 0x75, 0x6e, 0x74, 0x69, 0x6d, 0x65])
const TARGET_LENGTH: u32 = 7

export function span(pointer: u32, length: u32): u64 {
	return <u64>pointer | ((<u64>length) << 32)
}

function argument(argv: u32, index: u32): u64 {
	return load<u64>(argv + (index << 3))
}

/** The bytes of argument `index`, or 0 with a pending TypeError; their length is in SCRATCH. */
function bytes(context: u32, argv: u32, index: u32): u32 {
	return JS_GetUint8Array(context, SCRATCH, argument(argv, index))
}

/** The bytes of argument `index` as a span, or 0 with a pending TypeError. */
function input(context: u32, argv: u32, index: u32): u64 {
	const pointer = bytes(context, argv, index)
	return pointer ? span(pointer, scratch()) : 0
}

/** The bytes of argument `index` when there are exactly `length`, else 0. */
function exact(context: u32, argv: u32, index: u32, length: u32): u32 {
	const pointer = bytes(context, argv, index)
	return pointer && scratch() === length ? pointer : 0
}

/**
 * The engine's callback for buffers it does not own: a size of 0 frees. It never resizes one, for nothing in the realm can
 * (realm-rules.ts).
 */
export function slot_hostFree(_runtime: u32, block: u32, _data: u32, size: u32): u32 {
	if (!size) giveBack(block)
	return 0
}

/** What the host returned while the bundle was loaded lies in the image (boot-host.ts), and belongs to our own allocator. */
function giveBack(block: u32): void {
	if (inImage(block)) release(block)
	else ext_allocator_free_version_1(block)
}

/** Wraps part of a buffer of the host as a Uint8Array, without a copy. */
function wrap(context: u32, block: u32, data: u32, length: u32): u64 {
	return JS_NewUint8Array(context, data, length, hostFreeSlot(), block, 0)
}

function wrapFixed(context: u32, block: u32, length: u32): u64 {
	return wrap(context, block, block, length)
}

function wrapSpan(context: u32, result: u64): u64 {
	return wrap(context, <u32>result, <u32>result, <u32>(result >> 32))
}

/** SCALE `Option<Vec<u8>>` to Uint8Array or null. */
function wrapOption(context: u32, result: u64): u64 {
	const block = <u32>result
	if (!load<u8>(block)) {
		giveBack(block)
		return NULL
	}
	const mode = load<u8>(block, 1) & 3
	if (mode === 0) return wrap(context, block, block + 2, load<u8>(block, 1) >> 2)
	if (mode === 1) return wrap(context, block, block + 3, load<u16>(block, 1) >> 2)
	return wrap(context, block, block + 5, load<u32>(block, 1) >> 2)
}

/** First byte of a SCALE `Result` that is `Ok`, and of an `Option` that is `Some`. */
const OK: u8 = 0
const SOME: u8 = 1

/** `length` bytes behind the tag `wanted` to Uint8Array, or null under another tag. */
function wrapTagged(context: u32, result: u64, wanted: u8, length: u32): u64 {
	const block = <u32>result
	if (load<u8>(block) === wanted) return wrap(context, block, block + 1, length)
	giveBack(block)
	return NULL
}

// ---- storage
export function method_get(context: u32, _self: u64, _argc: i32, argv: u32): u64 {
	const key = input(context, argv, 0)
	return key ? wrapOption(context, ext_storage_get_version_1(key)) : EXCEPTION
}
export function method_set(context: u32, _self: u64, _argc: i32, argv: u32): u64 {
	const key = input(context, argv, 0)
	if (!key) return EXCEPTION
	const value = input(context, argv, 1)
	if (!value) return EXCEPTION
	ext_storage_set_version_1(key, value)
	return UNDEFINED
}
export function method_append(context: u32, _self: u64, _argc: i32, argv: u32): u64 {
	const key = input(context, argv, 0)
	if (!key) return EXCEPTION
	const item = input(context, argv, 1)
	if (!item) return EXCEPTION
	ext_storage_append_version_1(key, item)
	return UNDEFINED
}
export function method_clear(context: u32, _self: u64, _argc: i32, argv: u32): u64 {
	const key = input(context, argv, 0)
	if (!key) return EXCEPTION
	ext_storage_clear_version_1(key)
	return UNDEFINED
}
export function method_exists(context: u32, _self: u64, _argc: i32, argv: u32): u64 {
	const key = input(context, argv, 0)
	return key ? toBoolean(ext_storage_exists_version_1(key)) : EXCEPTION
}
export function method_nextKey(context: u32, _self: u64, _argc: i32, argv: u32): u64 {
	const key = input(context, argv, 0)
	return key ? wrapOption(context, ext_storage_next_key_version_1(key)) : EXCEPTION
}
export function method_clearPrefix(context: u32, _self: u64, _argc: i32, argv: u32): u64 {
	const limit = argument(argv, 1)
	// SCALE Option<u32>, in a scratch block of its own: SCRATCH is written again by `input`.
	const option = alloc(5)
	if (!option) return throwOutOfMemory(context)
	let length: u32 = 1
	store<u8>(option, 0)
	if (!isNullish(limit)) {
		if (JS_ToInt32(context, SCRATCH, limit)) {
			release(option)
			return EXCEPTION
		}
		store<u8>(option, 1)
		store<u32>(option, scratch(), 1)
		length = 5
	}
	const prefix = input(context, argv, 0)
	const result = prefix ? wrapSpan(context, ext_storage_clear_prefix_version_2(prefix, span(option, length))) : EXCEPTION
	release(option)
	return result
}
export function method_root(context: u32, _self: u64, _argc: i32, _argv: u32): u64 {
	return wrapSpan(context, ext_storage_root_version_2(STATE_VERSION))
}
export function method_startTransaction(_context: u32, _self: u64, _argc: i32, _argv: u32): u64 {
	ext_storage_start_transaction_version_1()
	return UNDEFINED
}
export function method_commitTransaction(_context: u32, _self: u64, _argc: i32, _argv: u32): u64 {
	ext_storage_commit_transaction_version_1()
	return UNDEFINED
}
export function method_rollbackTransaction(_context: u32, _self: u64, _argc: i32, _argv: u32): u64 {
	ext_storage_rollback_transaction_version_1()
	return UNDEFINED
}

// ---- hashing
export function method_orderedRoot(context: u32, _self: u64, _argc: i32, argv: u32): u64 {
	const items = input(context, argv, 0)
	return items ? wrapFixed(context, ext_trie_blake2_256_ordered_root_version_2(items, EXTRINSICS_STATE_VERSION), 32) : EXCEPTION
}
export function method_twox64(context: u32, _self: u64, _argc: i32, argv: u32): u64 {
	const data = input(context, argv, 0)
	return data ? wrapFixed(context, ext_hashing_twox_64_version_1(data), 8) : EXCEPTION
}
export function method_twox128(context: u32, _self: u64, _argc: i32, argv: u32): u64 {
	const data = input(context, argv, 0)
	return data ? wrapFixed(context, ext_hashing_twox_128_version_1(data), 16) : EXCEPTION
}
export function method_blake2_128(context: u32, _self: u64, _argc: i32, argv: u32): u64 {
	const data = input(context, argv, 0)
	return data ? wrapFixed(context, ext_hashing_blake2_128_version_1(data), 16) : EXCEPTION
}
export function method_blake2_256(context: u32, _self: u64, _argc: i32, argv: u32): u64 {
	const data = input(context, argv, 0)
	return data ? wrapFixed(context, ext_hashing_blake2_256_version_1(data), 32) : EXCEPTION
}
export function method_keccak256(context: u32, _self: u64, _argc: i32, argv: u32): u64 {
	const data = input(context, argv, 0)
	return data ? wrapFixed(context, ext_hashing_keccak_256_version_1(data), 32) : EXCEPTION
}

// ---- crypto
export function method_sr25519Verify(context: u32, _self: u64, _argc: i32, argv: u32): u64 {
	const signature = bytes(context, argv, 0)
	if (!signature) return EXCEPTION
	const fits = scratch() === 64
	const message = input(context, argv, 1)
	if (!message) return EXCEPTION
	const publicKey = bytes(context, argv, 2)
	if (!publicKey) return EXCEPTION
	if (!fits || scratch() !== 32) return FALSE
	return toBoolean(ext_crypto_sr25519_verify_version_2(signature, message, publicKey))
}
export function method_ed25519Verify(context: u32, _self: u64, _argc: i32, argv: u32): u64 {
	const signature = bytes(context, argv, 0)
	if (!signature) return EXCEPTION
	const fits = scratch() === 64
	const message = input(context, argv, 1)
	if (!message) return EXCEPTION
	const publicKey = bytes(context, argv, 2)
	if (!publicKey) return EXCEPTION
	if (!fits || scratch() !== 32) return FALSE
	return toBoolean(ext_crypto_ed25519_verify_version_1(signature, message, publicKey))
}
export function method_ecdsaRecover(context: u32, _self: u64, _argc: i32, argv: u32): u64 {
	const signature = bytes(context, argv, 0)
	if (!signature) return EXCEPTION
	const fits = scratch() === 65
	const digest = bytes(context, argv, 1)
	if (!digest) return EXCEPTION
	if (!fits || scratch() !== 32) return NULL
	return wrapTagged(context, ext_crypto_secp256k1_ecdsa_recover_version_2(signature, digest), OK, 64)
}
export function method_ecdsaRecoverCompressed(context: u32, _self: u64, _argc: i32, argv: u32): u64 {
	const signature = bytes(context, argv, 0)
	if (!signature) return EXCEPTION
	const fits = scratch() === 65
	const digest = bytes(context, argv, 1)
	if (!digest) return EXCEPTION
	if (!fits || scratch() !== 32) return NULL
	return wrapTagged(context, ext_crypto_secp256k1_ecdsa_recover_compressed_version_2(signature, digest), OK, 33)
}

/** SCALE `Option<Vec<u8>>` of a nullable argument, in a block to be released; 0 with a pending exception. */
function option(context: u32, argv: u32, index: u32): u64 {
	if (isNullish(argument(argv, index))) {
		const none = alloc(1)
		if (!none) {
			throwOutOfMemory(context)
			return 0
		}
		store<u8>(none, 0)
		return span(none, 1)
	}
	const data = bytes(context, argv, index)
	if (!data) return 0
	const length = scratch()
	const some = alloc(5 + length)
	if (!some) {
		throwOutOfMemory(context)
		return 0
	}
	store<u8>(some, 1)
	let header: u32 = 5
	if (length < 1 << 6) {
		store<u8>(some, length << 2, 1)
		header = 2
	} else if (length < 1 << 14) {
		store<u16>(some, (length << 2) | 1, 1)
		header = 3
	} else store<u32>(some, (length << 2) | 2, 1)
	copy(some + header, data, length)
	return span(some, header + length)
}
export function method_sr25519Generate(context: u32, _self: u64, _argc: i32, argv: u32): u64 {
	const seed = option(context, argv, 1)
	if (!seed) return EXCEPTION
	const keyType = exact(context, argv, 0, 4)
	const result = keyType ? wrapFixed(context, ext_crypto_sr25519_generate_version_1(keyType, seed), 32) : wrongKeyType(context)
	release(<u32>seed)
	return result
}
export function method_ed25519Generate(context: u32, _self: u64, _argc: i32, argv: u32): u64 {
	const seed = option(context, argv, 1)
	if (!seed) return EXCEPTION
	const keyType = exact(context, argv, 0, 4)
	const result = keyType ? wrapFixed(context, ext_crypto_ed25519_generate_version_1(keyType, seed), 32) : wrongKeyType(context)
	release(<u32>seed)
	return result
}
export function method_sr25519Sign(context: u32, _self: u64, _argc: i32, argv: u32): u64 {
	const message = input(context, argv, 2)
	if (!message) return EXCEPTION
	const keyType = exact(context, argv, 0, 4)
	const publicKey = exact(context, argv, 1, 32)
	if (!keyType || !publicKey) return wrongKeyType(context)
	return wrapTagged(context, ext_crypto_sr25519_sign_version_1(keyType, publicKey, message), SOME, 64)
}
export function method_ed25519Sign(context: u32, _self: u64, _argc: i32, argv: u32): u64 {
	const message = input(context, argv, 2)
	if (!message) return EXCEPTION
	const keyType = exact(context, argv, 0, 4)
	const publicKey = exact(context, argv, 1, 32)
	if (!keyType || !publicKey) return wrongKeyType(context)
	return wrapTagged(context, ext_crypto_ed25519_sign_version_1(keyType, publicKey, message), SOME, 64)
}
/** Asking for the bytes of `undefined` leaves the TypeError the engine itself would raise. */
function wrongKeyType(context: u32): u64 {
	JS_GetUint8Array(context, SCRATCH, UNDEFINED)
	return EXCEPTION
}
export function method_runtimeVersionOf(context: u32, _self: u64, _argc: i32, argv: u32): u64 {
	const code = input(context, argv, 0)
	return code ? wrapOption(context, ext_misc_runtime_version_version_1(code)) : EXCEPTION
}

export function method_submitTransaction(context: u32, _self: u64, _argc: i32, argv: u32): u64 {
	const extrinsic = input(context, argv, 0)
	if (!extrinsic) return EXCEPTION
	const block = <u32>ext_offchain_submit_transaction_version_1(extrinsic)
	const accepted = load<u8>(block) === OK
	giveBack(block)
	return toBoolean(accepted)
}

// ---- text
export function log(level: i32, text: u32, length: u32): void {
	ext_logging_log_version_1(level, span(TARGET, TARGET_LENGTH), span(text, length))
}
export function method_log(context: u32, _self: u64, _argc: i32, argv: u32): u64 {
	if (JS_ToInt32(context, SCRATCH, argument(argv, 0))) return EXCEPTION
	const level = <i32>scratch()
	const text = JS_ToCStringLen2(context, SCRATCH, argument(argv, 1), 0)
	if (!text) return EXCEPTION
	const length = scratch()
	replaceSurrogates(text, length)
	log(level, text, length)
	JS_FreeCString(context, text)
	return UNDEFINED
}
export function method_utf8Encode(context: u32, _self: u64, _argc: i32, argv: u32): u64 {
	const text = JS_ToCStringLen2(context, SCRATCH, argument(argv, 0), 0)
	if (!text) return EXCEPTION
	const length = scratch()
	replaceSurrogates(text, length)
	const result = JS_NewUint8ArrayCopy(context, text, length)
	JS_FreeCString(context, text)
	return result
}
export function method_utf8Decode(context: u32, _self: u64, _argc: i32, argv: u32): u64 {
	const data = bytes(context, argv, 0)
	if (!data) return EXCEPTION
	const length = scratch()
	const text = alloc(length * 3 + 1)
	if (!text) return throwOutOfMemory(context)
	const result = JS_NewStringLen(context, text, decodeUtf8(text, data, length))
	release(text)
	return result
}
