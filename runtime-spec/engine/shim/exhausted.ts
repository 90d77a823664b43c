import { openReserve } from './allocator'
import { EXCEPTION, JS_ThrowInternalError } from './engine'

/** "out of memory", zero-terminated. */
const MESSAGE = <u32>memory.data<u8>([0x6f, 0x75, 0x74, 0x20, 0x6f, 0x66, 0x20, 0x6d, 0x65, 0x6d, 0x6f, 0x72, 0x79, 0])

/** Throws the engine's InternalError for an exhausted arena, made in the reserve. lower.ts puts it in the place of JS_ThrowOutOfMemory. */
export function throwOutOfMemory(context: u32): u64 {
	// Already making one: an allocation inside failed too.
	if (openReserve(true)) return EXCEPTION
	JS_ThrowInternalError(context, MESSAGE, 0)
	openReserve(false)
	return EXCEPTION
}
