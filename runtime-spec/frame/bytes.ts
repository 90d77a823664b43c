/** Byte strings: the few operations the runtime needs, without allocation where it can be helped. */

export const equalBytes = (a: Uint8Array, b: Uint8Array): boolean => {
	let i = a.length
	if (i !== b.length) return false
	while (i--) if (a[i] !== b[i]) return false
	return true
}

/** Lexical order: negative, zero or positive. */
export const compareBytes = (a: Uint8Array, b: Uint8Array): number => {
	const n = a.length < b.length ? a.length : b.length
	for (let i = 0; i < n; i++) if (a[i] !== b[i]) return a[i] - b[i]
	return a.length - b.length
}

export const startsWith = (bytes: Uint8Array, prefix: Uint8Array): boolean => {
	if (bytes.length < prefix.length) return false
	for (let i = 0; i < prefix.length; i++) if (bytes[i] !== prefix[i]) return false
	return true
}

export const concatBytes = (...parts: Uint8Array[]): Uint8Array => {
	let n = 0
	for (const part of parts) n += part.length
	const out = new Uint8Array(n)
	n = 0
	for (const part of parts) {
		out.set(part, n)
		n += part.length
	}
	return out
}

/** ASCII text to bytes. */
export const ascii = (text: string): Uint8Array => {
	const out = new Uint8Array(text.length)
	for (let i = 0; i < text.length; i++) out[i] = text.charCodeAt(i)
	return out
}

const DIGITS = '0123456789abcdef'

/** Bytes to `0x…`. */
export const toHex = (bytes: Uint8Array): string => {
	let out = '0x'
	for (let i = 0; i < bytes.length; i++) out += DIGITS[bytes[i] >> 4] + DIGITS[bytes[i] & 15]
	return out
}

const nibble = (code: number): number => {
	if (code >= 48 && code <= 57) return code - 48
	if (code >= 97 && code <= 102) return code - 87
	if (code >= 65 && code <= 70) return code - 55
	return -1
}

/** `0x…` to bytes; undefined when the text is not whole bytes of hexadecimal. */
export const fromHex = (text: string): Uint8Array | undefined => {
	if (text.length % 2 !== 0 || text[0] !== '0' || text[1] !== 'x') return undefined
	const out = new Uint8Array(text.length / 2 - 1)
	for (let i = 0; i < out.length; i++) {
		const high = nibble(text.charCodeAt(2 + 2 * i))
		const low = nibble(text.charCodeAt(3 + 2 * i))
		if (high < 0 || low < 0) return undefined
		out[i] = (high << 4) | low
	}
	return out
}
