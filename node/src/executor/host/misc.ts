import { toHex } from '../../crypto/hex.ts'
import { embeddedVersion } from '../code.ts'
import type { GuestMemory } from '../guest.ts'

const DEBUG = 3
/** `LogLevelFilter` Info: a runtime compiled from Rust skips formatting what lies beyond. */
const MAX_LEVEL = 3

const readVersion = (code: Uint8Array): Uint8Array | null => {
	try {
		return embeddedVersion(code)
	} catch {
		return null
	}
}

export const miscFunctions = (guest: GuestMemory) => ({
	ext_allocator_malloc_version_1: (size: number) => guest.allocator.allocate(size >>> 0),
	ext_allocator_free_version_1: (pointer: number) => guest.allocator.release(pointer >>> 0),
	ext_logging_log_version_1: (level: number, target: bigint, message: bigint) =>
		guest.context.log(level, guest.text(target), guest.text(message)),
	ext_logging_max_level_version_1: () => MAX_LEVEL,
	ext_misc_print_num_version_1: (value: bigint) => guest.context.log(DEBUG, 'runtime', String(BigInt.asUintN(64, value))),
	ext_misc_print_utf8_version_1: (text: bigint) => guest.context.log(DEBUG, 'runtime', guest.text(text)),
	ext_misc_print_hex_version_1: (data: bigint) => guest.context.log(DEBUG, 'runtime', toHex(guest.view(data))),
	/** `Option<Vec<u8>>`: the SCALE `RuntimeVersion` a blob carries. */
	ext_misc_runtime_version_version_1: (code: bigint) => guest.putOption(readVersion(guest.copy(code))),
})
