import type { Host } from '../../frame/host.ts'

/** An argument as a host method saw it. */
export type Argument = Uint8Array | number | string | null

export interface EchoHost extends Host {
	/** Each call since the last `reset`, with its arguments. */
	calls: [method: string, ...args: Argument[]][]
	reset(): void
}

/** A host whose answers depend on the method and on every byte of its arguments, and that writes each call down. Sizes are those of the real functions. */
export function echoHost(): EchoHost {
	const calls: EchoHost['calls'] = []
	const seen = (method: string, ...args: Argument[]): number => {
		calls.push([method, ...args])
		let sum = method.length
		for (const arg of args) {
			if (arg instanceof Uint8Array) for (const byte of arg) sum = (Math.imul(sum, 31) + byte) >>> 0
			else sum = (Math.imul(sum, 17) + (typeof arg === 'number' ? arg : (arg?.length ?? 7))) >>> 0
		}
		return sum
	}
	const fixed = (length: number, sum: number): Uint8Array => Uint8Array.from({ length }, (_, i) => Math.imul(sum + i, 0x9e3779b1) >>> 24)
	/** Null, empty, short, and long enough for every SCALE length form. */
	const optional = (sum: number): Uint8Array | null => {
		const length = [undefined, 0, 1, 63, 64, 300, 16_384][sum % 7]
		return length === undefined ? null : fixed(length, sum)
	}
	return {
		calls,
		reset: () => {
			calls.length = 0
		},
		get: (key) => optional(seen('get', key)),
		set: (key, value) => void seen('set', key, value),
		append: (key, item) => void seen('append', key, item),
		clear: (key) => void seen('clear', key),
		exists: (key) => seen('exists', key) % 2 === 1,
		nextKey: (key) => optional(seen('nextKey', key)),
		clearPrefix: (prefix, limit) => fixed(5, seen('clearPrefix', prefix, limit)),
		root: () => fixed(32, seen('root')),
		startTransaction: () => void seen('startTransaction'),
		commitTransaction: () => void seen('commitTransaction'),
		rollbackTransaction: () => void seen('rollbackTransaction'),
		orderedRoot: (items) => fixed(32, seen('orderedRoot', items)),
		twox64: (data) => fixed(8, seen('twox64', data)),
		twox128: (data) => fixed(16, seen('twox128', data)),
		blake2_128: (data) => fixed(16, seen('blake2_128', data)),
		blake2_256: (data) => fixed(32, seen('blake2_256', data)),
		keccak256: (data) => fixed(32, seen('keccak256', data)),
		sr25519Verify: (signature, message, key) => seen('sr25519Verify', signature, message, key) % 2 === 1,
		ed25519Verify: (signature, message, key) => seen('ed25519Verify', signature, message, key) % 2 === 1,
		ecdsaRecover: (signature, digest) => {
			const sum = seen('ecdsaRecover', signature, digest)
			return sum % 3 ? fixed(64, sum) : null
		},
		ecdsaRecoverCompressed: (signature, digest) => {
			const sum = seen('ecdsaRecoverCompressed', signature, digest)
			return sum % 3 ? fixed(33, sum) : null
		},
		sr25519Generate: (keyType, seed) => fixed(32, seen('sr25519Generate', keyType, seed)),
		ed25519Generate: (keyType, seed) => fixed(32, seen('ed25519Generate', keyType, seed)),
		sr25519Sign: (keyType, publicKey, message) => {
			const sum = seen('sr25519Sign', keyType, publicKey, message)
			return sum % 3 ? fixed(64, sum) : null
		},
		ed25519Sign: (keyType, publicKey, message) => {
			const sum = seen('ed25519Sign', keyType, publicKey, message)
			return sum % 3 ? fixed(64, sum) : null
		},
		submitTransaction: (extrinsic) => seen('submitTransaction', extrinsic) % 2 === 1,
		runtimeVersionOf: (code) => optional(seen('runtimeVersionOf', code)),
		log: (level, message) => void seen('log', level, message),
		utf8Encode: (text) => new TextEncoder().encode(text),
		utf8Decode: (bytes) => new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes),
	}
}
