// The engine's heap: one fixed arena inside the image. The blob never grows its memory (hosts place their own allocator
// behind `__heap_base`), so exhaustion comes at the same byte on every host and reaches JavaScript as an exception.
//
// A block is an 8-byte header and its payload. The header is shared with the engine, which keeps its own marks there:
//     u16 size class | u8 unused | u8 the engine's kind and marks | u32 the engine's reference count
// Size classes: every 8 bytes up to SMALL_BYTES, then four to each power of two. Freed blocks wait in their class's list; new ones
// are cut from the gap. When that is used up, the largest free block becomes the next gap; only when there is none that serves are
// free neighbours merged.
import { copy, fill } from './memory'

const HEADER_BYTES: u32 = 8
const SMALL_BYTES: u32 = 512
/** First class above SMALL_BYTES; class 0 is a hole too small for a payload. */
const LARGE: u32 = 65
const CLASSES: u32 = 160
/** The largest request; its class is well inside the table of lists. */
const LARGEST_BYTES: u32 = 1 << 28
/** Added to the class of a free block while neighbours are merged. */
const FREE: u32 = 1 << 15

/**
 * The last bytes of the arena are kept for the errors that report its exhaustion: without an object to throw, the engine would
 * throw null. About two hundred such errors fit; what they free serves as ordinary memory.
 */
const RESERVE_BYTES: u32 = 65536

const LISTS = <u32>memory.data(640, 8)
const LISTS_END = LISTS + (CLASSES << 2)
const ARENA = <u32>memory.data(4, 4)
const ARENA_END = <u32>memory.data(4, 4)
const GAP = <u32>memory.data(4, 4)
const GAP_END = <u32>memory.data(4, 4)
const RESERVE = <u32>memory.data(4, 4)
const RESERVE_OPEN = <u32>memory.data(4, 4)
/** Set once the gap has been anywhere but at the end of all blocks. */
const REFILLED = <u32>memory.data(4, 4)

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

/**
 * First byte that can not have been written since the image was made: a host that reuses the instance clears up to here. The gap
 * only moves up, past what is cut from it, until it is refilled for the first time; from then on (the reserve is not used before)
 * it may be anywhere.
 */
export function __touched_end(): u32 {
	return load<u32>(REFILLED) ? load<u32>(ARENA_END) : load<u32>(GAP)
}

/** Zeroes what freed blocks still hold, so that only live data enters the image. */
export function shim_scrub(): void {
	for (let list = LISTS; list < LISTS_END; list += 4) {
		for (let block = load<u32>(list); block; block = load<u32>(block)) {
			fill(block + 4, 0, capacityOf(classOf(block)) - 4)
			fill(block - 6, 0, 6)
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

/** The smallest class that holds `size` bytes, more than SMALL_BYTES. */
function largeClass(size: u32): u32 {
	const power = 31 - clz(size - 1)
	const quarter = (size - 1 - ((<u32>1) << power)) >> (power - 2)
	return LARGE + ((power - 9) << 2) + quarter
}

function capacityOf(index: u32): u32 {
	if (index < LARGE) return index << 3
	const power = ((index - LARGE) >> 2) + 9
	const quarter = (index - LARGE) & 3
	return ((<u32>1) << power) + ((quarter + 1) << (power - 2))
}

/** The largest class with a capacity of at most `bytes`. */
function classWithin(bytes: u32): u32 {
	if (bytes <= SMALL_BYTES) return bytes >> 3
	const index = largeClass(bytes)
	return capacityOf(index) > bytes ? index - 1 : index
}

function classOf(block: u32): u32 {
	return load<u16>(block - HEADER_BYTES)
}

function gapBytes(): u32 {
	return load<u32>(GAP_END) - load<u32>(GAP)
}

/** Cuts a new block off the free range that begins at the address in `range`. */
function cut(range: u32, index: u32): u32 {
	const at = load<u32>(range)
	store<u16>(at, index)
	store<u32>(range, at + HEADER_BYTES + capacityOf(index))
	return at + HEADER_BYTES
}

function push(block: u32): void {
	const list = LISTS + (classOf(block) << 2)
	store<u32>(block, load<u32>(list))
	store<u32>(list, block)
}

function takeReserve(index: u32): u32 {
	if (!load<u32>(RESERVE_OPEN) || load<u32>(ARENA_END) - load<u32>(RESERVE) < HEADER_BYTES + capacityOf(index)) return 0
	return cut(RESERVE, index)
}

/** Divides the range into free blocks, the largest first; what can hold no payload stays as a hole. */
function pushRange(at: u32, end: u32): void {
	while (at < end) {
		const index = classWithin(end - at - HEADER_BYTES)
		store<u16>(at, index || FREE)
		if (index) push(at + HEADER_BYTES)
		at += HEADER_BYTES + capacityOf(index)
	}
}

/** Merges marked neighbours, and the gap, from `at` to `end`, which blocks and the gap fill without a hole. */
function mergeRange(at: u32, end: u32, gap: u32): void {
	let free: u32 = 0
	while (at < end) {
		const index = <u32>load<u16>(at)
		if (at === gap || index & FREE) {
			if (!free) free = at
		} else if (free) {
			pushRange(free, at)
			free = 0
		}
		at = at === gap ? load<u32>(GAP_END) : at + HEADER_BYTES + capacityOf(index & (FREE - 1))
	}
	if (free) pushRange(free, end)
}

/** Merges all free neighbours and the gap: one walk over the arena, only made when an allocation would fail without it. */
function merge(): void {
	for (let list = LISTS; list < LISTS_END; list += 4) {
		for (let block = load<u32>(list); block; block = load<u32>(block)) store<u16>(block - HEADER_BYTES, classOf(block) | FREE)
		store<u32>(list, 0)
	}
	const reserve = load<u32>(ARENA_END) - RESERVE_BYTES
	mergeRange(load<u32>(ARENA), reserve, gapBytes() ? load<u32>(GAP) : 0)
	mergeRange(reserve, load<u32>(RESERVE), 0)
	store<u32>(GAP_END, load<u32>(GAP))
}

/** Makes the largest free block the gap, and the rest of the old gap free blocks. False when none has the capacity of class `index`. */
function refill(index: u32): bool {
	store<u32>(REFILLED, 1)
	const wanted = LISTS + (index << 2)
	for (let list = LISTS_END - 4; list >= wanted; list -= 4) {
		const block = load<u32>(list)
		if (!block) continue
		store<u32>(list, load<u32>(block))
		pushRange(load<u32>(GAP), load<u32>(GAP_END))
		store<u32>(GAP, block - HEADER_BYTES)
		store<u32>(GAP_END, block + capacityOf(classOf(block)))
		return true
	}
	return false
}

function takeNew(index: u32): u32 {
	if (gapBytes() < HEADER_BYTES + capacityOf(index) && !refill(index)) {
		merge()
		if (!refill(index)) return takeReserve(index)
	}
	return cut(GAP, index)
}

/** malloc: 8-byte aligned, 0 when the arena is exhausted. */
export function alloc(size: u32): u32 {
	if (size > LARGEST_BYTES) return 0
	const index = size > SMALL_BYTES ? largeClass(size) : max<u32>((size + 7) >> 3, 1)
	const list = LISTS + (index << 2)
	const block = load<u32>(list)
	if (!block) return takeNew(index)
	store<u32>(list, load<u32>(block))
	return block
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

/** realloc; stays in place unless the block is too small or more than half empty. The engine's marks move along. */
export function resize(block: u32, size: u32): u32 {
	if (!size) {
		release(block)
		return 0
	}
	if (!block) return alloc(size)
	const capacity = capacityOf(classOf(block))
	if (size <= capacity && (capacity <= SMALL_BYTES || size << 1 >= capacity)) return block
	const next = alloc(size)
	// A smaller one is not needed to go on.
	if (!next) return size <= capacity ? block : 0
	store<u8>(next - 5, load<u8>(block - 5))
	store<u32>(next - 4, load<u32>(block - 4))
	copy(next, block, min(capacity, size))
	push(block)
	return next
}

export function usableSize(block: u32): u32 {
	return block ? capacityOf(classOf(block)) : 0
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
