import { blake2b } from '@noble/hashes/blake2.js'
import { fromHex, toHex } from '../bytes.ts'

/**
 * Storage in memory with nested transactions, for native runs: a sorted map by hex key. It computes no real trie root
 * (the node does); `root` is a hash over all entries, enough to compare two states.
 */
export class MemoryState {
	private values = new Map<string, Uint8Array>()
	private readonly undo: Map<string, Uint8Array | undefined>[] = []
	private sorted: string[] | undefined

	get size(): number {
		return this.values.size
	}
	entries(): [string, Uint8Array][] {
		return this.keys().map((key) => [key, this.values.get(key)!])
	}
	private keys(): string[] {
		this.sorted ??= [...this.values.keys()].sort()
		return this.sorted
	}
	private remember(key: string): void {
		const layer = this.undo.at(-1)
		if (layer && !layer.has(key)) layer.set(key, this.values.get(key))
	}
	get(key: Uint8Array): Uint8Array | null {
		return this.values.get(toHex(key)) ?? null
	}
	set(key: Uint8Array, value: Uint8Array): void {
		this.write(toHex(key), value.slice())
	}
	private write(key: string, value: Uint8Array | undefined): void {
		this.remember(key)
		if (value === undefined) {
			if (this.values.delete(key)) this.sorted = undefined
			return
		}
		if (!this.values.has(key)) this.sorted = undefined
		this.values.set(key, value)
	}
	clear(key: Uint8Array): void {
		this.write(toHex(key), undefined)
	}
	nextKey(key: Uint8Array): Uint8Array | null {
		const keys = this.keys()
		const after = toHex(key)
		let low = 0
		let high = keys.length
		while (low < high) {
			const middle = (low + high) >> 1
			if (keys[middle] <= after) low = middle + 1
			else high = middle
		}
		return low < keys.length ? fromHex(keys[low])! : null
	}
	/** Keys removed, and whether any is left. */
	clearPrefix(prefix: Uint8Array, limit: number | null): { removed: number; left: boolean } {
		const text = toHex(prefix)
		const found = this.keys().filter((key) => key.startsWith(text))
		const gone = limit === null ? found : found.slice(0, limit)
		for (const key of gone) this.write(key, undefined)
		return { removed: gone.length, left: gone.length < found.length }
	}
	start(): void {
		this.undo.push(new Map())
	}
	commit(): void {
		const layer = this.undo.pop()
		if (!layer) throw new Error('no storage transaction to commit')
		const below = this.undo.at(-1)
		if (below) for (const [key, value] of layer) if (!below.has(key)) below.set(key, value)
	}
	rollback(): void {
		const layer = this.undo.pop()
		if (!layer) throw new Error('no storage transaction to roll back')
		for (const [key, value] of layer) {
			if (value === undefined) this.values.delete(key)
			else this.values.set(key, value)
		}
		this.sorted = undefined
	}
	get depth(): number {
		return this.undo.length
	}
	/** Drops every open transaction, as a host does when a call traps. */
	abort(depth: number): void {
		while (this.undo.length > depth) this.rollback()
	}
	clone(): MemoryState {
		const copy = new MemoryState()
		copy.values = new Map(this.values)
		return copy
	}
	root(): Uint8Array {
		const hash = blake2b.create({ dkLen: 32 })
		for (const [key, value] of this.entries()) hash.update(new TextEncoder().encode(key)).update(value)
		return hash.digest()
	}
}
