import type { CallExtensions } from '../chain.ts'
import type { Scheme } from '../crypto/signature.ts'
import type { Overlay } from '../state/overlay.ts'
import { Allocator } from './allocator.ts'
import { RuntimeTrap } from './errors.ts'

/** What one runtime call may use of the world. */
export interface CallContext extends CallExtensions {
	overlay: Overlay
	/** State root (version 1) of the overlay over its base. */
	root(): Uint8Array
	verify(scheme: Scheme, signature: Uint8Array, message: Uint8Array, publicKey: Uint8Array): boolean
	/** `level`: 0 error … 4 trace. */
	log(level: number, target: string, message: string): void
}

// A span is one i64: length in the high half, address in the low. Typed arrays split it several times faster than BigInt arithmetic.
const span64 = new BigInt64Array(1)
const span32 = new Uint32Array(span64.buffer)

/** The memory of a runtime as host functions see it: spans in, allocated results out. */
export class GuestMemory {
	#memory: WebAssembly.Memory | null = null
	#allocator: Allocator | null = null
	#bytes: Buffer = Buffer.alloc(0)
	#context: CallContext | null = null

	/** Host functions are made before the instance whose memory they use. */
	attach(memory: WebAssembly.Memory, heapBase: number): void {
		this.#memory = memory
		this.#allocator = new Allocator(memory, heapBase)
	}

	get allocator(): Allocator {
		if (!this.#allocator) throw new RuntimeTrap('a host function was called while the module started')
		return this.#allocator
	}

	get context(): CallContext {
		if (!this.#context) throw new RuntimeTrap('a host function was called outside a runtime call')
		return this.#context
	}

	enter(context: CallContext | null): void {
		this.#context = context
	}

	get bytes(): Buffer {
		// The buffer is another one after the memory has grown.
		const { buffer } = this.#memory!
		if (this.#bytes.buffer !== buffer) this.#bytes = Buffer.from(buffer)
		return this.#bytes
	}

	/** A view of the bytes, valid until the runtime runs on. */
	at(pointer: number, length: number): Buffer {
		const start = pointer >>> 0
		const { bytes } = this
		if (start + length > bytes.length) throw new RuntimeTrap(`${length} bytes at address ${start} lie outside its memory`)
		return bytes.subarray(start, start + length)
	}

	view(span: bigint): Buffer {
		span64[0] = span
		return this.at(span32[0], span32[1])
	}

	/** A copy of its own. */
	copy(span: bigint): Uint8Array {
		return new Uint8Array(this.view(span))
	}

	/** The bytes as a byte string. */
	key(span: bigint): string {
		span64[0] = span
		const start = span32[0]
		const end = start + span32[1]
		const { bytes } = this
		if (end > bytes.length) throw new RuntimeTrap(`${end - start} bytes at address ${start} lie outside its memory`)
		return bytes.toString('latin1', start, end)
	}

	text(span: bigint): string {
		return this.view(span).toString('utf8')
	}

	/** Allocates and writes; returns the address. */
	put(value: Uint8Array): number {
		const pointer = this.allocator.allocate(value.length)
		this.bytes.set(value, pointer)
		return pointer
	}

	putSpan(value: Uint8Array): bigint {
		return this.#span(this.put(value), value.length)
	}

	/** SCALE `Option<Vec<u8>>`. */
	putOption(value: Uint8Array | null): bigint {
		const length = value ? value.length : 0
		const head = value === null ? 1 : length < 1 << 6 ? 2 : length < 1 << 14 ? 3 : 5
		const pointer = this.allocator.allocate(head + length)
		const { bytes } = this
		bytes[pointer] = value === null ? 0 : 1
		if (value) {
			if (head === 2) bytes[pointer + 1] = length << 2
			else if (head === 3) bytes.writeUInt16LE((length << 2) | 1, pointer + 1)
			else bytes.writeUInt32LE(length * 4 + 2, pointer + 1)
			bytes.set(value, pointer + head)
		}
		return this.#span(pointer, head + length)
	}

	#span(pointer: number, length: number): bigint {
		span32[0] = pointer
		span32[1] = length
		return span64[0]
	}
}
