// UTF-8 as the WHATWG Encoding standard defines it, so that text is the same here and in a native V8 run: the engine itself
// keeps lone surrogates and counts broken sequences in its own way.

/** Turns each lone surrogate (ED A0..BF xx, as the engine writes them) into U+FFFD (EF BF BD), in place. */
export function replaceSurrogates(text: u32, length: u32): void {
	const end = text + length
	for (let at = text; at + 2 < end; at++) {
		if (load<u8>(at) !== 0xed || load<u8>(at, 1) < 0xa0) continue
		store<u8>(at, 0xef)
		store<u8>(at, 0xbf, 1)
		store<u8>(at, 0xbd, 2)
	}
}

/** Copies `length` bytes to `to` (room for three times as many), each maximal broken sequence as one U+FFFD. Returns the bytes written. */
export function decodeUtf8(to: u32, from: u32, length: u32): u32 {
	const start = to
	const end = from + length
	while (from < end) {
		const lead = <u32>load<u8>(from)
		if (lead < 0x80) {
			store<u8>(to, lead)
			to++
			from++
			continue
		}
		let needed: u32 = 0
		let low: u32 = 0x80
		let high: u32 = 0xbf
		if (lead >= 0xc2 && lead <= 0xdf) needed = 1
		else if (lead >= 0xe0 && lead <= 0xef) {
			needed = 2
			if (lead === 0xe0) low = 0xa0
			else if (lead === 0xed) high = 0x9f
		} else if (lead >= 0xf0 && lead <= 0xf4) {
			needed = 3
			if (lead === 0xf0) low = 0x90
			else if (lead === 0xf4) high = 0x8f
		}
		let seen: u32 = 1
		while (seen <= needed && from + seen < end) {
			const next = <u32>load<u8>(from + seen)
			if (next < low || next > high) break
			low = 0x80
			high = 0xbf
			seen++
		}
		if (needed && seen > needed) {
			for (let i: u32 = 0; i < seen; i++) store<u8>(to + i, load<u8>(from + i))
			to += seen
		} else {
			store<u8>(to, 0xef)
			store<u8>(to, 0xbf, 1)
			store<u8>(to, 0xbd, 2)
			to += 3
		}
		from += seen
	}
	return to - start
}
