/**
 * Where things lie in the memory of the blob:
 *
 *     0 ─ engine's C stack ─ 1 MiB ─ engine's data ─ SHIM_BASE ─ shim's state ─ ARENA_BASE ─ arena ─ __heap_base ─ the host's heap
 */
export const PAGE_BYTES = 65_536

/** The C stack grows down from here; the engine's linker decided it. link.ts checks it. */
export const C_STACK_BYTES = 1 << 20

/** First byte after the engine's data, rounded up to a page: the 18 pages quickjs.wasm asks for at least (link.ts checks it). */
export const SHIM_BASE = 18 * PAGE_BYTES

/** The shim's state takes one page. */
export const ARENA_BASE = SHIM_BASE + PAGE_BYTES

/**
 * The JavaScript heap of one call. A full block is 5 MiB of extrinsics (not copied into the arena) decoded one by one, so a call
 * needs a few MiB; 32 leave room for whole-state sweeps (`try_state`, genesis) and, untouched, cost a host nothing: its pages are zero.
 */
export const ARENA_BYTES = 32 << 20

/**
 * JavaScript may nest until it has used this much of the C stack. Above it smoldot's interpreter runs out of its own stack first,
 * which is a trap no JavaScript can catch; at this limit the catchable RangeError comes first in every host.
 */
export const JS_STACK_BYTES = 64 << 10

/** Function table slots the strictest of our hosts allows. */
export const TABLE_LIMIT = 3072

/** Slots the shim keeps for API functions (shim/state.ts). */
export const API_LIMIT = 256
