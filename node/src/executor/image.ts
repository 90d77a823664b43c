/** Below this a memory is searched for its last written byte in steps of this size. */
const BLOCK_BYTES = 64 * 1024
const ZEROS = Buffer.alloc(BLOCK_BYTES)

/** End of the last non-zero byte's block in `bytes[from, to)`; `from` when all is zero. */
const lastWritten = (bytes: Buffer, from: number, to: number): number => {
	let end = to
	while (end > from) {
		const start = Math.max(from, end - BLOCK_BYTES)
		if (bytes.compare(ZEROS, 0, end - start, start, end) !== 0) return end
		end = start
	}
	return from
}

/**
 * The memory of a fresh instance, to be written back before each call: that is 20 to 100 times cheaper than a new instance.
 * Only what can have been touched is written: [0, image end) by the image, [image end, touched end) by zeros.
 *
 * A blob with a large static heap below `__heap_base` tells how far it has written by exporting `__touched_end(): i32`;
 * without that the host has to look for the last written byte.
 */
export class MemoryImage {
	readonly #memory: WebAssembly.Memory
	readonly #heapBase: number
	readonly #start: number
	readonly #image: Uint8Array
	readonly #touchedEnd: (() => number) | null

	constructor(memory: WebAssembly.Memory, heapBase: number, touchedEnd: (() => number) | null) {
		const bytes = Buffer.from(memory.buffer)
		const end = lastWritten(bytes, 0, heapBase)
		let start = 0
		while (start < end && bytes[start] === 0) start++
		this.#memory = memory
		this.#heapBase = heapBase
		this.#touchedEnd = touchedEnd
		this.#start = start
		this.#image = new Uint8Array(bytes.subarray(start, end))
	}

	/** `heapTop`: end of what the host's allocator handed out. */
	restore(heapTop: number): void {
		const bytes = Buffer.from(this.#memory.buffer)
		const end = this.#start + this.#image.length
		// Asked before the memory is written: the answer is kept there.
		const touched = this.#touchedEnd ? Math.min(this.#touchedEnd() >>> 0, this.#heapBase) : lastWritten(bytes, end, this.#heapBase)
		bytes.fill(0, 0, this.#start)
		bytes.set(this.#image, this.#start)
		if (touched > end) bytes.fill(0, end, touched)
		if (heapTop > this.#heapBase) bytes.fill(0, this.#heapBase, heapTop)
	}
}
