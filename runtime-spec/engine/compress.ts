import { compress, decompress, init } from '@bokuweb/zstd-wasm'

/** Marks a zstd-compressed code blob (sp-maybe-compressed-blob, `ZSTD_PREFIX`). */
const PREFIX = Uint8Array.of(0x52, 0xbc, 0x53, 0x76, 0x46, 0xdb, 0x8e, 0x05)

/** 19 is zstd's highest level that needs no larger window at the decoder. */
const LEVEL = 19

let started: Promise<void> | undefined
/** Starts zstd once: a second `init` would pull the memory from under the first. */
const start = (): Promise<void> => {
	started ??= init()
	return started
}

/** A blob as Substrate stores compressed code: prefix ‖ zstd frame. A WASM build of zstd, so the bytes are the same on every Node. */
export async function compressBlob(wasm: Uint8Array): Promise<Uint8Array> {
	await start()
	const frame = compress(wasm, LEVEL)
	const blob = new Uint8Array(PREFIX.length + frame.length)
	blob.set(PREFIX)
	blob.set(frame, PREFIX.length)
	return blob
}

/** Inverse of `compressBlob`; a blob without the prefix is returned as it is. */
export async function decompressBlob(blob: Uint8Array): Promise<Uint8Array> {
	if (PREFIX.some((byte, index) => blob[index] !== byte)) return blob
	await start()
	return decompress(blob.subarray(PREFIX.length))
}
