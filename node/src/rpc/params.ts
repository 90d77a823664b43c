import type { Hash } from '../chain.ts'
import { fromHex } from '../crypto/hex.ts'
import { ErrorCode, type Request, RpcError } from './protocol.ts'

const HASH = /^0x[0-9a-fA-F]{64}$/

function shown(value: unknown): string {
	const text = JSON.stringify(value) ?? 'nothing'
	return text.length > 80 ? `${text.slice(0, 77)}…` : text
}

/** Error -32602 that names the method, the parameter, what came and what is expected. */
export function invalidParam(method: string, name: string, value: unknown, expected: string): RpcError {
	return new RpcError(ErrorCode.invalidParams, `Invalid params: ${method} parameter "${name}" must be ${expected}, got ${shown(value)}`)
}

/**
 * Parameters of one request, read by position and name (JSON-RPC allows both forms). Every reader throws -32602 that
 * names the parameter; the `optional…` readers take `null` and absence as undefined.
 */
export class Params {
	readonly method: string
	readonly #values: Request['params']

	constructor(method: string, values: Request['params']) {
		this.method = method
		this.#values = values
	}

	raw(index: number, name: string): unknown {
		return Array.isArray(this.#values) ? this.#values[index] : this.#values[name]
	}

	#optional<T>(index: number, name: string, read: (value: unknown) => T | undefined, expected: string): T | undefined {
		const value = this.raw(index, name)
		if (value === undefined || value === null) return undefined
		const result = read(value)
		if (result === undefined) throw invalidParam(this.method, name, value, expected)
		return result
	}

	#required<T>(index: number, name: string, read: (value: unknown) => T | undefined, expected: string): T {
		const result = this.#optional(index, name, read, expected)
		if (result === undefined) throw invalidParam(this.method, name, this.raw(index, name), expected)
		return result
	}

	string(index: number, name: string): string {
		return this.#required(index, name, readString, 'a string')
	}

	boolean(index: number, name: string): boolean {
		return this.#required(index, name, readBoolean, 'true or false')
	}

	optionalBoolean(index: number, name: string): boolean | undefined {
		return this.#optional(index, name, readBoolean, 'true or false')
	}

	/** A whole number, as JSON number or `0x` hex (polkadot-sdk takes both). */
	number(index: number, name: string): number {
		return this.#required(index, name, readNumber, 'a whole number or 0x hex')
	}

	optionalNumber(index: number, name: string): number | undefined {
		return this.#optional(index, name, readNumber, 'a whole number or 0x hex')
	}

	bytes(index: number, name: string): Uint8Array {
		return this.#required(index, name, readBytes, '0x hex of whole bytes')
	}

	optionalBytes(index: number, name: string): Uint8Array | undefined {
		return this.#optional(index, name, readBytes, '0x hex of whole bytes')
	}

	hash(index: number, name: string): Hash {
		return this.#required(index, name, readHash, '0x hex of 32 bytes')
	}

	optionalHash(index: number, name: string): Hash | undefined {
		return this.#optional(index, name, readHash, '0x hex of 32 bytes')
	}

	/** A list of at most `most` byte strings. */
	bytesList(index: number, name: string, most: number): Uint8Array[] {
		return this.#required(index, name, listOf(readBytes, most), `a list of at most ${most} 0x hex strings`)
	}

	/** One hash or a list of them. */
	hashes(index: number, name: string): Hash[] {
		const read = (value: unknown) => (Array.isArray(value) ? listOf(readHash, Number.POSITIVE_INFINITY)(value) : readHash(value))
		return [this.#required<Hash | Hash[]>(index, name, read, '0x hex of 32 bytes, or a list of them')].flat()
	}

	/** A list of at most `most` objects; their fields are read with `fields`. */
	objects(index: number, name: string, most: number): Params[] {
		const list = this.#required(index, name, listOf(readObject, most), `a list of at most ${most} objects`)
		return list.map((values) => this.fields(values))
	}

	/** Reader of an object found inside a parameter: only names count. */
	fields(values: Record<string, unknown>): Params {
		return new Params(this.method, values)
	}
}

function listOf<T>(read: (value: unknown) => T | undefined, most: number): (value: unknown) => T[] | undefined {
	return (value) => {
		if (!Array.isArray(value) || value.length > most) return undefined
		const items = value.map(read)
		return items.some((item) => item === undefined) ? undefined : (items as T[])
	}
}

const readString = (value: unknown) => (typeof value === 'string' ? value : undefined)
const readBoolean = (value: unknown) => (typeof value === 'boolean' ? value : undefined)

function readBytes(value: unknown): Uint8Array | undefined {
	// polkadot-api writes no bytes at all as an empty string, and polkadot-sdk takes it
	if (value === '') return new Uint8Array()
	try {
		return typeof value === 'string' ? fromHex(value) : undefined
	} catch {
		return undefined
	}
}

const readHash = (value: unknown) => (typeof value === 'string' && HASH.test(value) ? (value.toLowerCase() as Hash) : undefined)

function readObject(value: unknown): Record<string, unknown> | undefined {
	return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : undefined
}

export function readNumber(value: unknown): number | undefined {
	const number = typeof value === 'string' && /^0x[0-9a-fA-F]+$/.test(value) ? Number.parseInt(value, 16) : value
	return typeof number === 'number' && Number.isSafeInteger(number) && number >= 0 ? number : undefined
}
