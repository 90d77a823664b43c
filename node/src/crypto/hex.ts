import type { Hash } from '../chain.ts'

export const toHex = (bytes: Uint8Array): Hash => `0x${Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('hex')}`

/** Throws a `TypeError` naming the text when it is not an even number of hex digits after `0x`. */
export const fromHex = (hex: string): Uint8Array => {
	const bytes = Buffer.from(hex.slice(2), 'hex')
	if (!hex.startsWith('0x') || bytes.length * 2 !== hex.length - 2)
		throw new TypeError(`not a hex string: ${hex.slice(0, 40)}; give 0x and an even number of hex digits`)
	return new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.length)
}

export const equalBytes = (a: Uint8Array, b: Uint8Array): boolean => {
	if (a.length !== b.length) return false
	for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false
	return true
}

/** Bytes as a string with one character a byte: a map key whose order is the byte order. */
export const byteString = (bytes: Uint8Array): string => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('latin1')

export const fromByteString = (text: string): Uint8Array => {
	const out = new Uint8Array(text.length)
	for (let i = 0; i < text.length; i++) out[i] = text.charCodeAt(i)
	return out
}
