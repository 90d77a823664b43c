import { concatBytes, startsWith } from './bytes.ts'
import { host } from './host.ts'
import { type Codec, Reader, u32, writer } from './scale/index.ts'

/** How a map key becomes part of a storage key; the `Concat` ones keep the key readable, so that maps can be iterated. */
export class Hasher {
	readonly name: 'Blake2_128Concat' | 'Twox64Concat' | 'Identity'
	readonly hashLength: number
	constructor(name: Hasher['name'], hashLength: number) {
		this.name = name
		this.hashLength = hashLength
	}
	hash(key: Uint8Array): Uint8Array | undefined {
		return this.hashLength === 16 ? host.blake2_128(key) : this.hashLength === 8 ? host.twox64(key) : undefined
	}
}
export const blake2_128Concat = new Hasher('Blake2_128Concat', 16)
export const twox64Concat = new Hasher('Twox64Concat', 8)
export const identity = new Hasher('Identity', 0)

/** `twox128(pallet) ‖ twox128(item)`, the prefix of every storage item. */
export const itemPrefix = (pallet: string, item: string): Uint8Array =>
	concatBytes(host.twox128(host.utf8Encode(pallet)), host.twox128(host.utf8Encode(item)))

/** Prefixes lie together, as an `ArrayBuffer` for each would make the image some KB larger. */
const POOL_BYTES = 2048
let pool = new Uint8Array()
let pooledTo = 0
const pooled = (prefix: Uint8Array): Uint8Array => {
	if (pooledTo + prefix.length > pool.length) {
		pool = new Uint8Array(POOL_BYTES)
		pooledTo = 0
	}
	const at = pooledTo
	pool.set(prefix, at)
	pooledTo += prefix.length
	return pool.subarray(at, pooledTo)
}

/** What every kind of item shares: its place in storage, known once the pallet has its name. */
export abstract class StorageItem {
	prefix: Uint8Array = new Uint8Array()
	bind(pallet: string, name: string): void {
		this.prefix = pooled(itemPrefix(pallet, name))
	}
}

const decodeAt = <T>(codec: Codec<T>, raw: Uint8Array): T => codec.read(new Reader(raw))

const put = <T>(key: Uint8Array, codec: Codec<T>, value: T): void => {
	const mark = writer.at
	codec.write(writer, value)
	host.set(key, writer.since(mark))
	writer.at = mark
}

/** One value. `Q` is what `get` gives when it is absent: the default's type, or undefined. */
export class StorageValue<T, Q> extends StorageItem {
	readonly codec: Codec<T>
	readonly default: (() => T) | undefined
	constructor(codec: Codec<T>, init: (() => T) | undefined) {
		super()
		this.codec = codec
		this.default = init
	}
	get(): T | Q {
		const raw = host.get(this.prefix)
		return raw === null ? (this.default?.() as T | Q) : decodeAt(this.codec, raw)
	}
	put(value: T): void {
		put(this.prefix, this.codec, value)
	}
	exists(): boolean {
		return host.exists(this.prefix)
	}
	kill(): void {
		host.clear(this.prefix)
	}
	take(): T | Q {
		const value = this.get()
		this.kill()
		return value
	}
	/** Reads, lets `change` return the new value, and writes it. */
	mutate(change: (value: T | Q) => T): T {
		const value = change(this.get())
		this.put(value)
		return value
	}
}

/** Keys to values. A key is hashed once per access; iteration is bounded by the caller. */
export class StorageMap<K, V, Q> extends StorageItem {
	readonly hasher: Hasher
	readonly key: Codec<K>
	readonly codec: Codec<V>
	readonly default: (() => V) | undefined
	constructor(hasher: Hasher, key: Codec<K>, codec: Codec<V>, init: (() => V) | undefined) {
		super()
		this.hasher = hasher
		this.key = key
		this.codec = codec
		this.default = init
	}
	/** The full storage key of `key`. */
	keyOf(key: K): Uint8Array {
		const mark = writer.at
		this.key.write(writer, key)
		const encoded = writer.since(mark)
		const hash = this.hasher.hash(encoded)
		const { prefix } = this
		const start = prefix.length
		const middle = start + this.hasher.hashLength
		const out = new Uint8Array(middle + encoded.length)
		out.set(prefix)
		if (hash) out.set(hash, start)
		out.set(encoded, middle)
		writer.at = mark
		return out
	}
	getAt(storageKey: Uint8Array): V | Q {
		const raw = host.get(storageKey)
		return raw === null ? (this.default?.() as V | Q) : decodeAt(this.codec, raw)
	}
	get(key: K): V | Q {
		return this.getAt(this.keyOf(key))
	}
	putAt(storageKey: Uint8Array, value: V): void {
		put(storageKey, this.codec, value)
	}
	put(key: K, value: V): void {
		this.putAt(this.keyOf(key), value)
	}
	exists(key: K): boolean {
		return host.exists(this.keyOf(key))
	}
	kill(key: K): void {
		host.clear(this.keyOf(key))
	}
	take(key: K): V | Q {
		const at = this.keyOf(key)
		const value = this.getAt(at)
		host.clear(at)
		return value
	}
	/** Reads, lets `change` return the new value (undefined removes the entry), and writes it. */
	mutate(key: K, change: (value: V | Q) => V | undefined): void {
		const at = this.keyOf(key)
		const value = change(this.getAt(at))
		if (value === undefined) host.clear(at)
		else this.putAt(at, value)
	}
	/** At most `limit` entries in storage order, strictly after `after`. */
	entries(limit: number, after?: K): [K, V][] {
		const out: [K, V][] = []
		let at: Uint8Array | null = after === undefined ? this.prefix : this.keyOf(after)
		while (out.length < limit) {
			at = host.nextKey(at)
			if (at === null || !startsWith(at, this.prefix)) break
			const raw = host.get(at)
			if (raw === null) continue
			out.push([this.key.read(new Reader(at, this.prefix.length + this.hasher.hashLength)), decodeAt(this.codec, raw)])
		}
		return out
	}
}

/** Two keys to a value; entries of one first key lie together. */
export class StorageDoubleMap<K1, K2, V, Q> extends StorageItem {
	readonly hashers: readonly [Hasher, Hasher]
	readonly keys: readonly [Codec<K1>, Codec<K2>]
	readonly codec: Codec<V>
	readonly default: (() => V) | undefined
	constructor(hashers: readonly [Hasher, Hasher], keys: readonly [Codec<K1>, Codec<K2>], codec: Codec<V>, init: (() => V) | undefined) {
		super()
		this.hashers = hashers
		this.keys = keys
		this.codec = codec
		this.default = init
	}
	/** The storage prefix of everything under `first`. */
	prefixOf(first: K1): Uint8Array {
		const encoded = this.keys[0].encode(first)
		const hash = this.hashers[0].hash(encoded)
		return hash ? concatBytes(this.prefix, hash, encoded) : concatBytes(this.prefix, encoded)
	}
	keyOf(first: K1, second: K2): Uint8Array {
		const encoded = this.keys[1].encode(second)
		const hash = this.hashers[1].hash(encoded)
		return hash ? concatBytes(this.prefixOf(first), hash, encoded) : concatBytes(this.prefixOf(first), encoded)
	}
	get(first: K1, second: K2): V | Q {
		const raw = host.get(this.keyOf(first, second))
		return raw === null ? (this.default?.() as V | Q) : decodeAt(this.codec, raw)
	}
	put(first: K1, second: K2, value: V): void {
		put(this.keyOf(first, second), this.codec, value)
	}
	exists(first: K1, second: K2): boolean {
		return host.exists(this.keyOf(first, second))
	}
	kill(first: K1, second: K2): void {
		host.clear(this.keyOf(first, second))
	}
	take(first: K1, second: K2): V | Q {
		const value = this.get(first, second)
		this.kill(first, second)
		return value
	}
	/** Reads, lets `change` return the new value (undefined removes the entry), and writes it. */
	mutate(first: K1, second: K2, change: (value: V | Q) => V | undefined): void {
		const at = this.keyOf(first, second)
		const raw = host.get(at)
		const value = change(raw === null ? (this.default?.() as V | Q) : decodeAt(this.codec, raw))
		if (value === undefined) host.clear(at)
		else put(at, this.codec, value)
	}
	/** At most `limit` entries of `first` in storage order, strictly after `after`. */
	entries(first: K1, limit: number, after?: K2): [K2, V][] {
		const out: [K2, V][] = []
		const prefix = this.prefixOf(first)
		let at: Uint8Array | null = after === undefined ? prefix : this.keyOf(first, after)
		while (out.length < limit) {
			at = host.nextKey(at)
			if (at === null || !startsWith(at, prefix)) break
			const raw = host.get(at)
			if (raw === null) continue
			out.push([this.keys[1].read(new Reader(at, prefix.length + this.hashers[1].hashLength)), decodeAt(this.codec, raw)])
		}
		return out
	}
	/** Removes at most `limit` entries of `first`; true when none is left. */
	clear(first: K1, limit: number): boolean {
		return host.clearPrefix(this.prefixOf(first), limit)[0] === 0
	}
}

/** A map that knows how many entries it has, in `CounterFor<Name>`. Entries change through `put`, `take` and `kill` alone. */
export class CountedStorageMap<K, V, Q> extends StorageMap<K, V, Q> {
	readonly counter = new StorageValue<number, number>(u32, () => 0)
	override bind(pallet: string, name: string): void {
		super.bind(pallet, name)
		this.counter.bind(pallet, `CounterFor${name}`)
	}
	count(): number {
		return this.counter.get()
	}
	override putAt(storageKey: Uint8Array, value: V): void {
		if (!host.exists(storageKey)) this.counter.put(this.count() + 1)
		super.putAt(storageKey, value)
	}
	private drop(storageKey: Uint8Array): void {
		if (!host.exists(storageKey)) return
		this.counter.put(this.count() - 1)
		host.clear(storageKey)
	}
	override kill(key: K): void {
		this.drop(this.keyOf(key))
	}
	override take(key: K): V | Q {
		const at = this.keyOf(key)
		const value = this.getAt(at)
		this.drop(at)
		return value
	}
	override mutate(key: K, change: (value: V | Q) => V | undefined): void {
		const at = this.keyOf(key)
		const value = change(this.getAt(at))
		if (value === undefined) this.drop(at)
		else this.putAt(at, value)
	}
}

export function value<T>(codec: Codec<T>): StorageValue<T, undefined>
export function value<T>(codec: Codec<T>, init: () => T): StorageValue<T, T>
export function value<T>(codec: Codec<T>, init?: () => T): StorageValue<T, T | undefined> {
	return new StorageValue(codec, init)
}

export function map<K, V>(hasher: Hasher, key: Codec<K>, codec: Codec<V>): StorageMap<K, V, undefined>
export function map<K, V>(hasher: Hasher, key: Codec<K>, codec: Codec<V>, init: () => V): StorageMap<K, V, V>
export function map<K, V>(hasher: Hasher, key: Codec<K>, codec: Codec<V>, init?: () => V): StorageMap<K, V, V | undefined> {
	return new StorageMap(hasher, key, codec, init)
}

export function countedMap<K, V>(hasher: Hasher, key: Codec<K>, codec: Codec<V>): CountedStorageMap<K, V, undefined> {
	return new CountedStorageMap<K, V, undefined>(hasher, key, codec, undefined)
}

export function doubleMap<K1, K2, V>(
	hashers: readonly [Hasher, Hasher],
	keys: readonly [Codec<K1>, Codec<K2>],
	codec: Codec<V>,
): StorageDoubleMap<K1, K2, V, undefined>
export function doubleMap<K1, K2, V>(
	hashers: readonly [Hasher, Hasher],
	keys: readonly [Codec<K1>, Codec<K2>],
	codec: Codec<V>,
	init: () => V,
): StorageDoubleMap<K1, K2, V, V>
export function doubleMap<K1, K2, V>(
	hashers: readonly [Hasher, Hasher],
	keys: readonly [Codec<K1>, Codec<K2>],
	codec: Codec<V>,
	init?: () => V,
): StorageDoubleMap<K1, K2, V, V | undefined> {
	return new StorageDoubleMap(hashers, keys, codec, init)
}

/** Runs `body` in a nested storage transaction: kept when it returns, undone when it throws. */
export const transactional = <R>(body: () => R): R => {
	host.startTransaction()
	let result: R
	try {
		result = body()
	} catch (error) {
		host.rollbackTransaction()
		throw error
	}
	host.commitTransaction()
	return result
}
