// A small Substrate runtime in AssemblyScript for the tests of the node: every runtime API the node calls, a signed
// extrinsic with a few operations, and entry points that misbehave on purpose. No heap: static buffers and host memory.
//
// Storage: one letter (and what it is followed by) a key.
//   n number · p parent hash · d digest · t time · x extrinsic count · i<u32> extrinsic · e events · V version
//   A Aura authorities · G GRANDPA authorities · s set id · D slot duration · a<account> nonce · k<key> user data
//   q<offender, slot> report of an equivocation
//
// Extrinsic: compact length, then [0, u64 time] or
//   [1, account 32, signature 64, u32 nonce, u64 tip, operation, arguments]; signed is everything from the nonce on; or
//   [2, offender 32, u64 slot, two headers, ownership proof]: the report of an equivocation, not from outside.

@external("env", "ext_allocator_malloc_version_1") declare function malloc(size: u32): u32
@external("env", "ext_logging_log_version_1") declare function ext_log(level: i32, target: u64, message: u64): void
@external("env", "ext_storage_get_version_1") declare function ext_get(key: u64): u64
@external("env", "ext_storage_set_version_1") declare function ext_set(key: u64, value: u64): void
@external("env", "ext_storage_clear_version_1") declare function ext_clear(key: u64): void
@external("env", "ext_storage_append_version_1") declare function ext_append(key: u64, value: u64): void
@external("env", "ext_storage_next_key_version_1") declare function ext_next_key(key: u64): u64
@external("env", "ext_storage_clear_prefix_version_2") declare function ext_clear_prefix(key: u64, limit: u64): u64
@external("env", "ext_storage_read_version_1") declare function ext_read(key: u64, out: u64, offset: u32): u64
@external("env", "ext_storage_root_version_2") declare function ext_root(version: i32): u64
@external("env", "ext_storage_start_transaction_version_1") declare function start(): void
@external("env", "ext_storage_commit_transaction_version_1") declare function commit(): void
@external("env", "ext_storage_rollback_transaction_version_1") declare function rollback(): void
@external("env", "ext_trie_blake2_256_ordered_root_version_2") declare function ordered_root(items: u64, version: i32): u32
@external("env", "ext_crypto_sr25519_verify_version_2") declare function sr25519_verify(signature: u32, message: u64, key: u32): i32
@external("env", "ext_crypto_sr25519_generate_version_1") declare function sr25519_generate(id: u32, seed: u64): u32
@external("env", "ext_crypto_sr25519_sign_version_1") declare function sr25519_sign(id: u32, key: u32, message: u64): u64
@external("env", "ext_crypto_ed25519_generate_version_1") declare function ed25519_generate(id: u32, seed: u64): u32
@external("env", "ext_crypto_ed25519_sign_version_1") declare function ed25519_sign(id: u32, key: u32, message: u64): u64
@external("env", "ext_offchain_submit_transaction_version_1") declare function submit_transaction(extrinsic: u64): u64
@external("env", "ext_misc_runtime_version_version_1") declare function runtime_version(code: u64): u64
@external("env", "ext_hashing_blake2_256_version_1") declare function blake2_256(data: u64): u32
@external("env", "ext_no_such_function_version_1") declare function no_such_function(): void

export const __heap_base: i32 = 262144

const KEY = <u32>memory.data(4096)
const CELL = <u32>memory.data(16)
const EMPTY: u32 = 0

@inline function span(at: u32, length: u32): u64 { return (<u64>length << 32) | at }
@inline function at(s: u64): u32 { return <u32>s }
@inline function length(s: u64): u32 { return <u32>(s >> 32) }

function key(letter: u32, more: u32 = 0, n: u32 = 0): u64 {
	store<u8>(KEY, letter)
	memory.copy(KEY + 1, more, n)
	return span(KEY, n + 1)
}

function compactSize(p: u32): u32 {
	const mode = load<u8>(p) & 3
	return mode == 0 ? 1 : mode == 1 ? 2 : mode == 2 ? 4 : 5
}
function compact(p: u32): u32 {
	const mode = load<u8>(p) & 3
	return mode == 0 ? load<u8>(p) >> 2 : mode == 1 ? load<u16>(p) >> 2 : mode == 2 ? load<u32>(p) >> 2 : load<u32>(p, 1)
}
function putCompact(p: u32, n: u32): u32 {
	if (n < 64) { store<u8>(p, n << 2); return p + 1 }
	if (n < 16384) { store<u16>(p, (n << 2) | 1); return p + 2 }
	store<u32>(p, (n << 2) | 2)
	return p + 4
}

/** The value, or an empty span at address 0. */
function get(k: u64): u64 {
	const r = at(ext_get(k))
	if (!load<u8>(r)) return 0
	return span(r + 1 + compactSize(r + 1), compact(r + 1))
}
function getU32(k: u64): u32 {
	const v = get(k)
	return v ? load<u32>(at(v)) : 0
}
function setU32(k: u64, value: u32): void {
	store<u32>(CELL, value)
	ext_set(k, span(CELL, 4))
}

function fail(message: string): void {
	// Strings are UTF-16 in static memory: send every second byte.
	const p = changetype<u32>(message)
	const n = <u32>message.length
	const out = malloc(n)
	for (let i: u32 = 0; i < n; i++) store<u8>(out + i, load<u8>(p + 2 * i))
	ext_log(0, span(out, 4), span(out, n))
	unreachable()
}

function result(a: u32, b: u32, c: u32, n: u32): u64 {
	const out = malloc(4)
	store<u8>(out, a); store<u8>(out + 1, b); store<u8>(out + 2, c)
	return span(out, n)
}
function invalid(variant: u32): u64 { return result(1, 0, variant, 3) }

// ---- Core
export function Core_version(p: u32, l: u32): u64 { return get(key(0x56)) }

/** Length of the header at `p`. */
function headerLength(p: u32): u32 {
	let q = p + 32
	q += compactSize(q) + 64
	let items = compact(q)
	q += compactSize(q)
	for (; items > 0; items--) {
		const variant = load<u8>(q)
		q += 1
		if (variant == 8) continue
		if (variant != 0) q += 4
		q += compactSize(q) + compact(q)
	}
	return q - p
}

export function Core_initialize_block(p: u32, l: u32): u64 {
	const number = compact(p + 32)
	const digest = p + 32 + compactSize(p + 32) + 64
	ext_set(key(0x70), span(p, 32))
	setU32(key(0x6e), number)
	ext_set(key(0x64), span(digest, p + l - digest))
	setU32(key(0x78), 0)
	ext_clear(key(0x65))
	return result(0, 0, 0, 1)
}

export function Core_execute_block(p: u32, l: u32): u64 {
	const head = headerLength(p)
	Core_initialize_block(p, head)
	let q = p + head
	let count = compact(q)
	q += compactSize(q)
	for (; count > 0; count--) {
		const n = compactSize(q) + compact(q)
		if (load<u8>(at(BlockBuilder_apply_extrinsic(q, n)))) fail('an extrinsic of the block is invalid')
		q += n
	}
	const made = BlockBuilder_finalize_block(0, 0)
	const roots = p + 32 + compactSize(p + 32)
	if (memory.compare(at(made) + (roots - p), roots, 64) != 0) fail('roots differ')
	return 0
}

// ---- BlockBuilder
export function BlockBuilder_apply_extrinsic(p: u32, l: u32): u64 {
	const body = p + compactSize(p)
	const end = p + l
	if (load<u8>(body) == 0) {
		const before = get(key(0x74))
		if (before && load<u64>(body, 1) <= load<u64>(at(before))) fail('time must rise')
		ext_set(key(0x74), span(body + 1, 8))
	} else if (load<u8>(body) == 2) {
		if (get(key(0x71, body + 1, 40))) return invalid(3)
		ext_set(key(0x71, body + 1, 40), span(body + 41, end - body - 41))
	} else {
		const verdict = check(body, end)
		if (verdict) return invalid(verdict)
		const operation = load<u8>(body + 1 + 32 + 64 + 12)
		if (operation == 4) return invalid(6)
		setU32(key(0x61, body + 1, 32), load<u32>(body + 1 + 32 + 64) + 1)
		start()
		if (!dispatch(operation, body + 1 + 32 + 64 + 13, end)) {
			rollback()
			note(p, l)
			return result(0, 1, 2, 3)
		}
		commit()
	}
	note(p, l)
	return result(0, 0, 0, 2)
}

function note(p: u32, l: u32): void {
	const index = getU32(key(0x78))
	store<u32>(CELL, bswap<u32>(index))
	ext_set(key(0x69, CELL, 4), span(p, l))
	setU32(key(0x78), index + 1)
	store<u8>(CELL, <u8>index)
	const event = malloc(1)
	store<u8>(event, <u8>index)
	ext_append(key(0x65), span(event, 1))
}

/** 0, or the variant of InvalidTransaction. */
function check(body: u32, end: u32): u32 {
	const signed = body + 1 + 32 + 64
	if (!sr25519_verify(body + 33, span(signed, end - signed), body + 1)) return 4
	const nonce = load<u32>(signed), next = getU32(key(0x61, body + 1, 32))
	return nonce < next ? 3 : nonce > next ? 2 : 0
}

function dispatch(operation: u32, p: u32, end: u32): bool {
	switch (operation) {
		case 0: { // set: key length, key, value
			const n = <u32>load<u8>(p)
			ext_set(key(0x6b, p + 1, n), span(p + 1 + n, end - p - 1 - n))
			return true
		}
		case 1: // write, then fail
			ext_set(key(0x6b, p, 1), span(p, 1))
			return false
		case 2:
			fail('the extrinsic asked for a trap')
		case 3:
			store<u32>(KEY, 0x646f633a); store<u8>(KEY + 4, 0x65) // :code
			ext_set(span(KEY, 5), span(p, end - p))
			return true
		case 6: // new GRANDPA authorities
			ext_set(key(0x47), span(p, end - p))
			store<u64>(CELL, load<u64>(at(get(key(0x73)))) + 1)
			ext_set(key(0x73), span(CELL, 8))
			return true
		default:
			return true
	}
}

export function BlockBuilder_finalize_block(p: u32, l: u32): u64 {
	const count = getU32(key(0x78))
	let size: u32 = 8
	for (let i: u32 = 0; i < count; i++) { store<u32>(CELL, bswap<u32>(i)); size += length(get(key(0x69, CELL, 4))) + 4 }
	const items = malloc(size)
	let q = putCompact(items, count)
	for (let i: u32 = 0; i < count; i++) {
		store<u32>(CELL, bswap<u32>(i))
		const xt = get(key(0x69, CELL, 4))
		q = putCompact(q, length(xt))
		memory.copy(q, at(xt), length(xt))
		q += length(xt)
		store<u32>(CELL, bswap<u32>(i))
		ext_clear(key(0x69, CELL, 4))
	}
	const xtRoot = ordered_root(span(items, q - items), 0)
	const digest = get(key(0x64))
	const out = malloc(32 + 5 + 64 + length(digest))
	memory.copy(out, at(get(key(0x70))), 32)
	q = putCompact(out + 32, getU32(key(0x6e)))
	memory.copy(q, at(ext_root(1)), 32)
	memory.copy(q + 32, xtRoot, 32)
	memory.copy(q + 64, at(digest), length(digest))
	return span(out, q + 64 + length(digest) - out)
}

export function BlockBuilder_inherent_extrinsics(p: u32, l: u32): u64 {
	let count = compact(p), q = p + compactSize(p)
	for (; count > 0; count--) {
		const n = compact(q + 8), data = q + 8 + compactSize(q + 8)
		if (load<u64>(q) == 0x3070617473_6d6974) { // "timstap0"
			const out = malloc(11)
			store<u8>(out, 4); store<u8>(out + 1, 9 << 2); store<u8>(out + 2, 0); store<u64>(out + 3, load<u64>(data))
			return span(out, 11)
		}
		q = data + n
	}
	fail('no time in the inherent data')
	return 0
}

// ---- TaggedTransactionQueue
export function TaggedTransactionQueue_validate_transaction(p: u32, l: u32): u64 {
	const xt = p + 1, body = xt + compactSize(xt), end = body + compact(xt)
	if (load<u8>(body) == 2) return validReport(load<u8>(p), body)
	if (load<u8>(body) != 1) return invalid(0)
	const verdict = check(body, end)
	if (verdict && verdict != 2) return invalid(verdict)
	const nonce = load<u32>(body + 97)
	const out = malloc(128)
	store<u8>(out, 0)
	store<u64>(out + 1, load<u64>(body + 101))
	let q = out + 9
	if (verdict == 2) { store<u8>(q, 4); q = tag(q + 1, body + 1, nonce - 1) } else { store<u8>(q, 0); q += 1 }
	store<u8>(q, 4)
	q = tag(q + 1, body + 1, nonce)
	store<u64>(q, load<u8>(body + 109) == 5 ? 2 : 64)
	store<u8>(q + 8, 1)
	return span(out, q + 9 - out)
}
/** A report is taken from a block and from the node itself, not from outside. */
function validReport(source: u32, body: u32): u64 {
	if (source == 2) return invalid(0)
	if (get(key(0x71, body + 1, 40))) return invalid(3)
	const out = malloc(64)
	store<u8>(out, 0)
	store<u64>(out + 1, <u64>1 << 60)
	store<u8>(out + 9, 0)
	store<u8>(out + 10, 4)
	const q = tag(out + 11, body + 1, load<u32>(body + 33))
	store<u64>(q, 64)
	store<u8>(q + 8, 0)
	return span(out, q + 9 - out)
}
function tag(q: u32, account: u32, nonce: u32): u32 {
	store<u8>(q, 36 << 2)
	memory.copy(q + 1, account, 32)
	store<u32>(q + 33, nonce)
	return q + 37
}

// ---- consensus and accounts
export function AuraApi_slot_duration(p: u32, l: u32): u64 { return get(key(0x44)) }
export function AuraApi_authorities(p: u32, l: u32): u64 { return get(key(0x41)) }
export function GrandpaApi_grandpa_authorities(p: u32, l: u32): u64 { return get(key(0x47)) }
export function GrandpaApi_current_set_id(p: u32, l: u32): u64 { return get(key(0x73)) }
export function AccountNonceApi_account_nonce(p: u32, l: u32): u64 {
	const out = malloc(4)
	store<u32>(out, getU32(key(0x61, p, 32)))
	return span(out, 4)
}

// ---- session keys, API version 2
/** Input: owner Vec<u8>, seed Option<Vec<u8>>. Output: keys and proof, each a Vec<u8>. */
export function SessionKeys_generate_session_keys(p: u32, l: u32): u64 {
	const owner = p + compactSize(p), seed = owner + compact(p)
	const seedSpan = span(seed, p + l - seed)
	const aura = malloc(4), gran = malloc(4)
	store<u32>(aura, 0x61727561)
	store<u32>(gran, 0x6e617267)
	const auraKey = sr25519_generate(aura, seedSpan), granKey = ed25519_generate(gran, seedSpan)
	const message = malloc(4 + compact(p))
	store<u32>(message, 0x5f504f50) // POP_
	memory.copy(message + 4, owner, compact(p))
	const signed = span(message, 4 + compact(p))
	const auraSignature = at(sr25519_sign(aura, auraKey, signed)), granSignature = at(ed25519_sign(gran, granKey, signed))
	if (!load<u8>(auraSignature) || !load<u8>(granSignature)) fail('no signature')
	const out = malloc(2 + 64 + 2 + 128)
	let q = putCompact(out, 64)
	memory.copy(q, auraKey, 32)
	memory.copy(q + 32, granKey, 32)
	q = putCompact(q + 64, 128)
	memory.copy(q, auraSignature + 1, 64)
	memory.copy(q + 64, granSignature + 1, 64)
	return span(out, q + 128 - out)
}

// ---- reports of equivocations
/** Input: slot u64, authority 32. Output: Option<Vec<u8>>: the authority, when it is one. */
export function AuraEquivocationApi_generate_key_ownership_proof(p: u32, l: u32): u64 {
	const list = get(key(0x41)), first = at(list) + compactSize(at(list))
	for (let i: u32 = 0; i < compact(at(list)); i++)
		if (memory.compare(first + 32 * i, p + 8, 32) == 0) {
			const out = malloc(2 + 32)
			store<u8>(out, 1)
			store<u8>(out + 1, 32 << 2)
			memory.copy(out + 2, p + 8, 32)
			return span(out, 34)
		}
	return result(0, 0, 0, 1)
}
/** Input: offender 32, slot u64, two headers, ownership Vec<u8>. Output: Option<()>. */
export function AuraEquivocationApi_submit_report_equivocation_unsigned_extrinsic(p: u32, l: u32): u64 {
	const xt = malloc(l + 6)
	const body = putCompact(xt, l + 1)
	store<u8>(body, 2)
	memory.copy(body + 1, p, l)
	return result(load<u8>(at(submit_transaction(span(xt, body + 1 + l - xt)))) == 0 ? 1 : 0, 0, 0, 1)
}

// ---- for the executor's tests
/** How often this instance was called; a call must always be the first. */
export function Test_calls(p: u32, l: u32): u64 {
	store<u32>(200000, load<u32>(200000) + 1)
	const out = malloc(8)
	store<u32>(out, load<u32>(200000))
	store<u32>(out + 4, load<u32>(out + 1024)) // above what was handed out: zero unless an earlier call is still seen
	store<u32>(out + 1024, 0xffffffff)
	malloc(4096)
	return span(out, 8)
}
export function Test_trap(p: u32, l: u32): u64 { store<u32>(200000, 77); fail('on purpose'); return 0 }
export function Test_open_transaction(p: u32, l: u32): u64 { start(); ext_set(key(0x6b), span(p, l)); return 0 }
export function Test_commit_too_much(p: u32, l: u32): u64 { commit(); commit(); return 0 }
export function Test_malloc(p: u32, l: u32): u64 { const n = load<u32>(p); const q = malloc(n); store<u8>(q + n - 1, 1); return result(0, 0, 0, 1) }
export function Test_exhaust(p: u32, l: u32): u64 { for (;;) malloc(1 << 20); return 0 }
export function Test_out_of_bounds(p: u32, l: u32): u64 { return span(0xfffffff0, 64) }
export function Test_missing_function(p: u32, l: u32): u64 { no_such_function(); return 0 }
export function Test_next_key(p: u32, l: u32): u64 { return ext_next_key(span(p, l)) }
/** Input: limit byte (255: none), prefix. */
export function Test_clear_prefix(p: u32, l: u32): u64 {
	const limit = malloc(5)
	store<u8>(limit, load<u8>(p) == 255 ? 0 : 1)
	store<u32>(limit + 1, load<u8>(p))
	return ext_clear_prefix(span(p + 1, l - 1), span(limit, load<u8>(p) == 255 ? 1 : 5))
}
/** Input: offset byte, size byte, key. Output: what is in a buffer of that size after a read, then the Option<u32>. */
export function Test_read(p: u32, l: u32): u64 {
	const n = <u32>load<u8>(p + 1), out = malloc(n + 5)
	memory.fill(out, 0xee, n)
	const r = ext_read(span(p + 2, l - 2), span(out, n), load<u8>(p))
	memory.copy(out + n, at(r), length(r))
	return span(out, n + length(r))
}
export function Test_generate(p: u32, l: u32): u64 { return span(sr25519_generate(p, span(p + 4, l - 4)), 32) }
/** Input: key type 4, key 32, message. */
export function Test_sr25519_sign(p: u32, l: u32): u64 { return sr25519_sign(p, p + 4, span(p + 36, l - 36)) }
export function Test_ed25519_sign(p: u32, l: u32): u64 { return ed25519_sign(p, p + 4, span(p + 36, l - 36)) }
export function Test_submit(p: u32, l: u32): u64 { return submit_transaction(span(p, l)) }
export function Test_runtime_version(p: u32, l: u32): u64 { return runtime_version(span(p, l)) }
export function Test_hash(p: u32, l: u32): u64 { return span(blake2_256(span(p, l)), 32) }
