// The way from an exported entry point into the JavaScript function kept for it in the image.
import {
	isException,
	JS_Call,
	JS_FreeCString,
	JS_FreeValue,
	JS_GetException,
	JS_GetPropertyStr,
	JS_GetUint8Array,
	JS_NewUint8Array,
	JS_ToCStringLen2,
	JS_UpdateStackTop,
	UNDEFINED,
} from './engine'
import { log, span } from './host'
import { copy } from './memory'
import { ARGUMENT, apiFunction, context, LAST_RESULT, runtime, SCRATCH, scratch } from './state'

const LOG_ERROR: i32 = 0
const ERROR_TEXT_BYTES: u32 = 2048
const ERROR_TEXT = <u32>memory.data(2048, 8)
/** "stack", zero-terminated. */
const STACK = <u32>memory.data<u8>([0x73, 0x74, 0x61, 0x63, 0x6b, 0])

/** Appends the text of a JSValue to ERROR_TEXT, cut to what fits. Returns the new length. */
function appendText(context: u32, value: u64, length: u32): u32 {
	const text = JS_ToCStringLen2(context, SCRATCH, value, 0)
	if (!text) {
		JS_FreeValue(context, JS_GetException(context))
		return length
	}
	const fits = min<u32>(scratch(), ERROR_TEXT_BYTES - length)
	copy(ERROR_TEXT + length, text, fits)
	JS_FreeCString(context, text)
	return length + fits
}

/** Takes the pending exception and returns its message and stack as a span of text. */
export function shim_error(): u64 {
	const c = context()
	const error = JS_GetException(c)
	let length = appendText(c, error, 0)
	const stack = JS_GetPropertyStr(c, error, STACK)
	if (isException(stack)) JS_FreeValue(c, JS_GetException(c))
	else if (stack !== UNDEFINED && length < ERROR_TEXT_BYTES) {
		store<u8>(ERROR_TEXT + length, 10)
		length = appendText(c, stack, length + 1)
	}
	JS_FreeValue(c, stack)
	JS_FreeValue(c, error)
	return span(ERROR_TEXT, length)
}

function fail(): void {
	const text = shim_error()
	log(LOG_ERROR, <u32>text, <u32>(text >> 32))
	unreachable()
}

/** Calls API function `index` with the host's bytes (not copied) and returns its Uint8Array as a span. An uncaught error is logged and traps. */
export function dispatch(index: u32, data: u32, length: u32): u64 {
	const c = context()
	JS_UpdateStackTop(runtime())
	JS_FreeValue(c, load<u64>(LAST_RESULT))
	store<u64>(LAST_RESULT, UNDEFINED)
	// A host may pass 0 for no bytes, and the engine takes a null pointer for "detached".
	const argument = JS_NewUint8Array(c, length ? data : ERROR_TEXT, length, 0, 0, 0)
	if (isException(argument)) fail()
	store<u64>(ARGUMENT, argument)
	const result = JS_Call(c, apiFunction(index), UNDEFINED, 1, ARGUMENT)
	JS_FreeValue(c, argument)
	if (isException(result)) fail()
	const bytes = JS_GetUint8Array(c, SCRATCH, result)
	if (!bytes) fail()
	store<u64>(LAST_RESULT, result)
	return span(bytes, scratch())
}
