// The part of the QuickJS-NG C API that calls into a blob need (module "engine": AssemblyScript names it after this file).
// A JSValue is NaN-boxed into 64 bits on wasm32: `tag << 32 | payload` for everything that is not a float.
export declare function JS_UpdateStackTop(runtime: u32): void
export declare function JS_FreeValue(context: u32, value: u64): void
export declare function JS_Call(context: u32, callee: u64, self: u64, argc: i32, argv: u32): u64
export declare function JS_GetUint8Array(context: u32, lengthAt: u32, value: u64): u32
export declare function JS_NewUint8Array(context: u32, data: u32, length: u32, free: u32, opaque: u32, shared: i32): u64
export declare function JS_NewUint8ArrayCopy(context: u32, data: u32, length: u32): u64
export declare function JS_ToInt32(context: u32, resultAt: u32, value: u64): i32
export declare function JS_ToCStringLen2(context: u32, lengthAt: u32, value: u64, cesu8: i32): u32
export declare function JS_FreeCString(context: u32, text: u32): void
export declare function JS_NewStringLen(context: u32, text: u32, length: u32): u64
export declare function JS_ThrowInternalError(context: u32, format: u32, args: u32): u64
export declare function JS_GetException(context: u32): u64
export declare function JS_GetPropertyStr(context: u32, object: u64, name: u32): u64

const TAG_BOOL: u32 = 1
const TAG_NULL: u32 = 2
const TAG_EXCEPTION: u32 = 6

export const FALSE: u64 = 1 << 32
export const NULL: u64 = 2 << 32
export const UNDEFINED: u64 = 3 << 32
export const EXCEPTION: u64 = 6 << 32

function tag(value: u64): u32 {
	return <u32>(value >> 32)
}

export function isException(value: u64): bool {
	return tag(value) === TAG_EXCEPTION
}

/** Null or undefined. */
export function isNullish(value: u64): bool {
	return value >> 33 === TAG_NULL >> 1
}

export function toBoolean(value: i32): u64 {
	return ((<u64>TAG_BOOL) << 32) | <u64>(value !== 0)
}
