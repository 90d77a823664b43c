// The engine's heap: one fixed arena inside the image. The blob never grows its memory (hosts place their own allocator
// behind `__heap_base`), so exhaustion comes at the same byte on every host and reaches JavaScript as an exception.
//
// The engine cuts small objects out of slabs of 4 KiB itself (and keeps reference counts in their headers), so what it asks for
// here is slabs, buffers and tables.
//
// A block is an 8-byte header, { u32 capacity, u32 address of its free list }, and its payload. Size classes: every 16 bytes
// up to SMALL_BYTES, then four to each power of two. Freed blocks wait in their class's list; new ones are cut from the gap.
// When the gap is used up, the largest free block becomes the next gap; only when there is none are free neighbours merged.
import { copy, fill } from './memory'

const HEADER_BYTES: u32 = 8
const SMALL_BYTES: u32 = 512
const SMALL_CLASSES: u32 = 33
const CLASSES: u32 = 128
/** The largest request; its class is well inside the table of lists. */
const LARGEST_BYTES: u32 = 1 << 28
/** In place of the list's address while neighbours are merged: the block is free. */
const FREE: u32 = 1

/**
 * The last bytes of the arena are kept for the errors that report its exhaustion: without an object to throw, the engine would
 * throw null. About two hundred such errors fit; what they free serves as ordinary memory.
 */
const RESERVE_BYTES: u32 = 65536

const LISTS = <u32>memory.data(512, 8)
const LISTS_END = LISTS + (CLASSES << 2)
const ARENA = <u32>memory.data(4, 4)
const ARENA_END = <u32>memory.data(4, 4)
const GAP = <u32>memory.data(4, 4)
const GAP_END = <u32>memory.data(4, 4)
const RESERVE = <u32>memory.data(4, 4)
const RESERVE_OPEN = <u32>memory.data(4, 4)

/** Gives the allocator its arena; once, before the engine starts. */
export function shim_arena(from: u32, to: u32): void {
	store<u32>(ARENA, from)
	store<u32>(ARENA_END, to)
	store<u32>(GAP, from)
	store<u32>(GAP_END, to - RESERVE_BYTES)
	store<u32>(RESERVE, to - RESERVE_BYTES)
}

/** First byte of the arena that was never handed out (while the image is made, the first gap is still in use). */
export function shim_gap(): u32 {
	return load<u32>(GAP)
}

/** Zeroes what freed blocks still hold, so that only live data enters the image. */
export function shim_scrub(): void {
	for (let list = LISTS; list < LISTS_END; list += 4) {
		for (let block = load<u32>(list); block; block = load<u32>(block)) {
			fill(block + 4, 0, load<u32>(block - 8) - 4)
		}
	}
	fill(load<u32>(GAP), 0, gapBytes())
}

/** Lets allocations use the reserve, or not; returns whether they could before. */
export function openReserve(open: bool): bool {
	const before = <bool>load<u32>(RESERVE_OPEN)
	store<u32>(RESERVE_OPEN, open)
	return before
}

/** Whether an address lies in the image rather than in memory of the host's allocator. */
export function inImage(address: u32): bool {
	return address < load<u32>(ARENA_END)
}

/** Index of the smallest class that holds `size` bytes (above SMALL_BYTES) and, in SMALL_CLASSES + 4 · (power − 9) + quarter, its shape. */
function largeClass(size: u32): u32 {
	const power = 31 - clz(size - 1)
	const quarter = (size - 1 - ((<u32>1) << power)) >> (power - 2)
	return SMALL_CLASSES + ((power - 9) << 2) + quarter
}

function largeCapacity(index: u32): u32 {
	const power = ((index - SMALL_CLASSES) >> 2) + 9
	const quarter = (index - SMALL_CLASSES) & 3
	return ((<u32>1) << power) + ((quarter + 1) << (power - 2))
}

function gapBytes(): u32 {
	return load<u32>(GAP_END) - load<u32>(GAP)
}

/** Cuts a new block off the free range that begins at the address in `range`. */
function cut(range: u32, capacity: u32, list: u32): u32 {
	const at = load<u32>(range)
	store<u32>(at, capacity)
	store<u32>(at, list, 4)
	store<u32>(range, at + HEADER_BYTES + capacity)
	return at + HEADER_BYTES
}

function push(block: u32): void {
	const list = load<u32>(block - 4)
	store<u32>(block, load<u32>(list))
	store<u32>(list, block)
}

function takeReserve(capacity: u32, list: u32): u32 {
	if (!load<u32>(RESERVE_OPEN) || load<u32>(ARENA_END) - load<u32>(RESERVE) < capacity + HEADER_BYTES) return 0
	return cut(RESERVE, capacity, list)
}

/** Turns the range into one free block of the largest class it can serve; too small for any, it only stays marked. */
function pushRange(at: u32, bytes: u32): void {
	const capacity = bytes - HEADER_BYTES
	store<u32>(at, capacity)
	if (capacity < 16) {
		store<u32>(at, FREE, 4)
		return
	}
	let index = capacity >> 4
	if (capacity > SMALL_BYTES) {
		index = largeClass(capacity)
		if (largeCapacity(index) > capacity) index--
	}
	store<u32>(at, LISTS + (index << 2), 4)
	push(at + HEADER_BYTES)
}

/** Merges marked neighbours from `at` to `end`, which blocks fill without a hole. */
function mergeRange(at: u32, end: u32): void {
	while (at < end) {
		let next = at
		while (next < end && load<u32>(next, 4) === FREE) next += HEADER_BYTES + load<u32>(next)
		if (next > at) pushRange(at, next - at)
		at = next
		while (at < end && load<u32>(at, 4) !== FREE) at += HEADER_BYTES + load<u32>(at)
	}
}

/** Closes the gap and merges all free neighbours: one walk over the arena, only made when an allocation would fail without it. */
function merge(): void {
	const left = gapBytes()
	if (left) {
		store<u32>(load<u32>(GAP), left - HEADER_BYTES)
		store<u32>(load<u32>(GAP), FREE, 4)
		store<u32>(GAP, load<u32>(GAP_END))
	}
	for (let list = LISTS; list < LISTS_END; list += 4) {
		for (let block = load<u32>(list); block; block = load<u32>(block)) store<u32>(block - 4, FREE)
		store<u32>(list, 0)
	}
	const reserve = load<u32>(ARENA_END) - RESERVE_BYTES
	mergeRange(load<u32>(ARENA), reserve)
	mergeRange(reserve, load<u32>(RESERVE))
}

/** Makes the largest free block of at least `bytes` (header included) the gap, and the rest of the old gap a free block. */
function refill(bytes: u32): bool {
	for (let list = LISTS_END - 4; list >= LISTS; list -= 4) {
		const block = load<u32>(list)
		if (!block) continue
		const capacity = load<u32>(block - 8)
		if (capacity + HEADER_BYTES < bytes) return false
		store<u32>(list, load<u32>(block))
		const left = gapBytes()
		if (left) pushRange(load<u32>(GAP), left)
		store<u32>(GAP, block - HEADER_BYTES)
		store<u32>(GAP_END, block + capacity)
		return true
	}
	return false
}

function takeNew(capacity: u32, list: u32): u32 {
	const bytes = capacity + HEADER_BYTES
	if (gapBytes() < bytes && !refill(bytes)) {
		merge()
		if (!refill(bytes)) return takeReserve(capacity, list)
	}
	return cut(GAP, capacity, list)
}

function take(capacity: u32, list: u32): u32 {
	const block = load<u32>(list)
	if (!block) return takeNew(capacity, list)
	store<u32>(list, load<u32>(block))
	return block
}

/** malloc: 8-byte aligned, 0 when the arena is exhausted. */
export function alloc(size: u32): u32 {
	if (size <= SMALL_BYTES) {
		const units = max<u32>((size + 15) >> 4, 1)
		return take(units << 4, LISTS + (units << 2))
	}
	if (size > LARGEST_BYTES) return 0
	const index = largeClass(size)
	return take(largeCapacity(index), LISTS + (index << 2))
}

export function release(block: u32): void {
	if (block) push(block)
}

export function allocZeroed(count: u32, size: u32): u32 {
	const total = <u64>count * <u64>size
	if (total > LARGEST_BYTES) return 0
	const block = alloc(<u32>total)
	if (block) fill(block, 0, <u32>total)
	return block
}

/** realloc; stays in place unless the block is too small or more than half empty. */
export function resize(block: u32, size: u32): u32 {
	if (!block) return alloc(size)
	if (!size) {
		push(block)
		return 0
	}
	const capacity = load<u32>(block - 8)
	if (size <= capacity && (capacity <= SMALL_BYTES || size << 1 >= capacity)) return block
	const next = alloc(size)
	// A smaller one is not needed to go on.
	if (!next) return size <= capacity ? block : 0
	copy(next, block, min(capacity, size))
	push(block)
	return next
}

export function usableSize(block: u32): u32 {
	return block ? load<u32>(block - 8) : 0
}

// The same, with the signatures of JSMallocFunctions (the first argument is its opaque pointer).
export function slot_malloc(_opaque: u32, size: u32): u32 {
	return alloc(size)
}
export function slot_calloc(_opaque: u32, count: u32, size: u32): u32 {
	return allocZeroed(count, size)
}
export function slot_free(_opaque: u32, block: u32): void {
	release(block)
}
export function slot_realloc(_opaque: u32, block: u32, size: u32): u32 {
	return resize(block, size)
}
export function slot_usableSize(block: u32): u32 {
	return usableSize(block)
}
