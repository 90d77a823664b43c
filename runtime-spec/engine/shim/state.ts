// The few words the entry points need. They are memory, not globals: the snapshot of memory is the whole state.

/** Scratch word for results by reference (lengths, integers). */
export const SCRATCH = <u32>memory.data(8, 8)
const RUNTIME = <u32>memory.data(4, 4)
const CONTEXT = <u32>memory.data(4, 4)
const HOST_FREE = <u32>memory.data(4, 4)
/** The JSValue returned by the last call; the caller still reads its bytes, so it is freed when the next call begins. */
export const LAST_RESULT = <u32>memory.data(8, 8)
export const ARGUMENT = <u32>memory.data(8, 8)
/** JSValues of the API functions, in the order of the pack's `apis` (at most 256). */
const FUNCTIONS = <u32>memory.data(2048, 8)

/** `hostFree` is the table slot of `slot_hostFree`. */
export function shim_realm(runtime: u32, context: u32, hostFree: u32): void {
	store<u32>(RUNTIME, runtime)
	store<u32>(CONTEXT, context)
	store<u32>(HOST_FREE, hostFree)
	store<u64>(LAST_RESULT, 3 << 32)
}
export function shim_function(index: u32, value: u64): void {
	store<u64>(FUNCTIONS + (index << 3), value)
}
export function runtime(): u32 {
	return load<u32>(RUNTIME)
}
export function context(): u32 {
	return load<u32>(CONTEXT)
}
export function hostFreeSlot(): u32 {
	return load<u32>(HOST_FREE)
}
export function apiFunction(index: u32): u64 {
	return load<u64>(FUNCTIONS + (index << 3))
}
/** The length (or integer) the last C API call left in SCRATCH. */
export function scratch(): u32 {
	return load<u32>(SCRATCH)
}
