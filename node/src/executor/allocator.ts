import { RuntimeTrap } from './errors.ts'

/** 8-byte header: next free block, or the block's order with the mark that it is in use. */
const HEADER_BYTES = 8
const SMALLEST_ORDER = 3
const ORDERS = 23
/** Larger requests trap, as in every Substrate host. */
const LARGEST_BYTES = 32 << 20
const NONE = 0xffff_ffff
const IN_USE = 1
const PAGE_BYTES = 65_536
/** A runtime may grow by this much over its initial memory. */
const HEAP_PAGES = 2048

/**
 * The host's allocator in a runtime's memory, above `__heap_base`: powers of two from 8 bytes to 32 MiB, one free list each,
 * fresh blocks from a bump pointer. Same layout as Substrate's freeing-bump allocator.
 */
export class Allocator {
	readonly #memory: WebAssembly.Memory
	readonly #start: number
	readonly #limitBytes: number
	readonly #free = new Uint32Array(ORDERS)
	#words: Uint32Array
	#top: number

	constructor(memory: WebAssembly.Memory, heapBase: number) {
		this.#memory = memory
		this.#start = (heapBase + 7) & ~7
		this.#limitBytes = memory.buffer.byteLength + HEAP_PAGES * PAGE_BYTES
		this.#words = new Uint32Array(memory.buffer)
		this.#top = this.#start
		this.#free.fill(NONE)
	}

	/** End of what was ever handed out since the last reset. */
	get top(): number {
		return this.#top
	}

	reset(): void {
		this.#top = this.#start
		this.#free.fill(NONE)
	}

	allocate(size: number): number {
		if (size > LARGEST_BYTES) throw new RuntimeTrap(`it asked for ${size} bytes at once; the most is ${LARGEST_BYTES}`)
		const order = size <= 8 ? 0 : 32 - Math.clz32(size - 1) - SMALLEST_ORDER
		const bytes = 8 << order
		let header = this.#free[order]
		if (header !== NONE) this.#free[order] = this.#view()[header >> 2]
		else {
			header = this.#top
			const end = header + HEADER_BYTES + bytes
			if (end > this.#memory.buffer.byteLength) this.#grow(end)
			this.#top = end
		}
		const words = this.#view()
		words[header >> 2] = order
		words[(header >> 2) + 1] = IN_USE
		return header + HEADER_BYTES
	}

	release(pointer: number): void {
		const header = pointer - HEADER_BYTES
		const words = this.#view()
		const order = words[header >> 2]
		if (header < this.#start || pointer > this.#top || pointer & 7 || words[(header >> 2) + 1] !== IN_USE || order >= ORDERS)
			throw new RuntimeTrap(`it freed address ${pointer}, which is not allocated`)
		words[header >> 2] = this.#free[order]
		words[(header >> 2) + 1] = 0
		this.#free[order] = header
	}

	#view(): Uint32Array {
		if (this.#words.buffer !== this.#memory.buffer) this.#words = new Uint32Array(this.#memory.buffer)
		return this.#words
	}

	#grow(end: number): void {
		const now = this.#memory.buffer.byteLength
		if (end > this.#limitBytes) throw new RuntimeTrap(`its heap of ${HEAP_PAGES * PAGE_BYTES} bytes is exhausted`)
		const target = Math.min(Math.max(end, now * 2), this.#limitBytes)
		try {
			this.#memory.grow(Math.ceil((target - now) / PAGE_BYTES))
		} catch {
			throw new RuntimeTrap(`its memory cannot grow to ${target} bytes: the module or the machine allows no more`)
		}
	}
}
