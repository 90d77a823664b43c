// memcpy, memmove and memset in MVP instructions, eight bytes a step. lower.ts also puts them in the place of the engine's
// own memory.copy and memory.fill, which binaryen would lower to loops of single bytes.

/** Copies `length` bytes; the two ranges may overlap. */
export function copy(to: u32, from: u32, length: u32): void {
	if (to - from >= length) {
		while (length >= 32) {
			const a = load<u64>(from)
			const b = load<u64>(from, 8)
			const c = load<u64>(from, 16)
			const d = load<u64>(from, 24)
			store<u64>(to, a)
			store<u64>(to, b, 8)
			store<u64>(to, c, 16)
			store<u64>(to, d, 24)
			to += 32
			from += 32
			length -= 32
		}
		while (length >= 8) {
			store<u64>(to, load<u64>(from))
			to += 8
			from += 8
			length -= 8
		}
		while (length) {
			store<u8>(to, load<u8>(from))
			to++
			from++
			length--
		}
		return
	}
	while (length >= 8) {
		length -= 8
		store<u64>(to + length, load<u64>(from + length))
	}
	while (length) {
		length--
		store<u8>(to + length, load<u8>(from + length))
	}
}

/** Sets `length` bytes to the low byte of `value`. */
export function fill(to: u32, value: i32, length: u32): void {
	const byte = <u32>value & 0xff
	const pair = byte | (byte << 8)
	const half = pair | (pair << 16)
	const word = <u64>half | ((<u64>half) << 32)
	while (length >= 8) {
		store<u64>(to, word)
		to += 8
		length -= 8
	}
	while (length) {
		store<u8>(to, value)
		to++
		length--
	}
}
