import type { Hash } from '../chain.ts'
import { POOL_CODE, PoolError } from './validity.ts'

/** One extrinsic of the pool. Tags are byte strings. */
export interface Entry {
	hash: Hash
	bytes: Uint8Array
	priority: bigint
	requires: readonly string[]
	provides: readonly string[]
	/** Last block number it may be in. */
	validTill: number
	/** Order of arrival. */
	sequence: number
}

export interface Limits {
	/** Most ready extrinsics. */
	ready: number
	readyBytes: number
	/** Most extrinsics that wait for others. */
	future: number
	futureBytes: number
}

/** What an insertion did. */
export interface Insertion {
	place: 'ready' | 'future'
	/** Waiting extrinsics that became ready with it. */
	promoted: Entry[]
	/** Extrinsics it replaced. */
	replaced: Entry[]
	/** Extrinsics that gave way to the limits or lost what they depend on. */
	dropped: Entry[]
}

/** Better ones first: higher priority, then shorter life, then earlier arrival. */
const better = (a: Entry, b: Entry): boolean => {
	if (a.priority !== b.priority) return a.priority > b.priority
	if (a.validTill !== b.validTill) return a.validTill < b.validTill
	return a.sequence < b.sequence
}

/** Tags of the last blocks are remembered this many blocks: an extrinsic may have been validated before them. */
const REMEMBERED_BLOCKS = 2

/**
 * Extrinsics by the tags they provide and require: those whose requirements are met (by the chain or by others here) are ready,
 * the rest is future. Knows nothing of validation, time or listeners.
 */
export class PoolGraph {
	readonly #limits: Limits
	readonly #ready = new Map<Hash, Entry>()
	readonly #future = new Map<Hash, Entry>()
	/** Who of the ready provides a tag; no two provide the same. */
	readonly #providers = new Map<string, Entry>()
	/** Who of the future waits for a tag. */
	readonly #waiting = new Map<string, Set<Entry>>()
	#recent: Set<string>[] = []
	#readyBytes = 0
	#futureBytes = 0

	constructor(limits: Limits) {
		this.#limits = limits
	}

	get readyCount(): number {
		return this.#ready.size
	}

	get futureCount(): number {
		return this.#future.size
	}

	get(hash: Hash): Entry | undefined {
		return this.#ready.get(hash) ?? this.#future.get(hash)
	}

	provider(tag: string): Entry | undefined {
		return this.#providers.get(tag)
	}

	entries(): Entry[] {
		return [...this.#ready.values(), ...this.#future.values()]
	}

	#missing(entry: Entry): string[] {
		return entry.requires.filter((tag) => !this.#providers.has(tag) && !this.#recent.some((tags) => tags.has(tag)))
	}

	/** Throws `PoolError` when it may not replace what is here, or the pool is full of better ones. */
	insert(entry: Entry): Insertion {
		const result: Insertion = { place: 'ready', promoted: [], replaced: [], dropped: [] }
		if (entry.requires.some((tag) => entry.provides.includes(tag))) throw new PoolError(POOL_CODE.cycle, 'Cycle Detected')
		if (this.#missing(entry).length > 0) {
			result.place = 'future'
			this.#addFuture(entry)
			if (this.#future.size > this.#limits.future || this.#futureBytes > this.#limits.futureBytes) {
				this.#removeFuture(entry)
				throw full()
			}
			return result
		}
		this.#addReady(entry, result)
		this.#promote(entry.provides, result)
		while (this.#ready.size > this.#limits.ready || this.#readyBytes > this.#limits.readyBytes) {
			let worst = entry
			for (const one of this.#ready.values()) if (better(worst, one)) worst = one
			const gone = this.removeWithDependents(worst.hash)
			if (gone.includes(entry)) throw full()
			result.dropped.push(...gone)
		}
		return result
	}

	#addReady(entry: Entry, result: Insertion): void {
		const rivals = new Set<Entry>()
		for (const tag of entry.provides) {
			const rival = this.#providers.get(tag)
			if (rival) rivals.add(rival)
		}
		for (const rival of rivals)
			if (rival.priority >= entry.priority)
				throw new PoolError(
					POOL_CODE.priorityTooLow,
					`Priority is too low: (${rival.priority} vs ${entry.priority})`,
					'The transaction has too low priority to replace another transaction already in the pool.',
				)
		const lost: string[] = []
		for (const rival of rivals) {
			this.#removeReady(rival)
			result.replaced.push(rival)
			lost.push(...rival.provides.filter((tag) => !entry.provides.includes(tag)))
		}
		this.#ready.set(entry.hash, entry)
		this.#readyBytes += entry.bytes.length
		for (const tag of entry.provides) this.#providers.set(tag, entry)
		// Who depended on a tag that nobody provides any more waits again.
		for (const tag of lost)
			for (const dependent of this.#dependents(tag)) {
				result.dropped.push(...this.removeWithDependents(dependent.hash).filter((one) => one !== dependent))
				this.#addFuture(dependent)
			}
	}

	#dependents(tag: string): Entry[] {
		return [...this.#ready.values()].filter(({ requires }) => requires.includes(tag))
	}

	#removeReady(entry: Entry): void {
		if (!this.#ready.delete(entry.hash)) return
		this.#readyBytes -= entry.bytes.length
		for (const tag of entry.provides) if (this.#providers.get(tag) === entry) this.#providers.delete(tag)
	}

	#addFuture(entry: Entry): void {
		this.#future.set(entry.hash, entry)
		this.#futureBytes += entry.bytes.length
		for (const tag of entry.requires) {
			const set = this.#waiting.get(tag)
			if (set) set.add(entry)
			else this.#waiting.set(tag, new Set([entry]))
		}
	}

	#removeFuture(entry: Entry): void {
		if (!this.#future.delete(entry.hash)) return
		this.#futureBytes -= entry.bytes.length
		for (const tag of entry.requires) {
			const set = this.#waiting.get(tag)
			set?.delete(entry)
			if (set?.size === 0) this.#waiting.delete(tag)
		}
	}

	/** Moves future extrinsics whose last missing tag is among `tags` to the ready ones, and so on. */
	#promote(tags: readonly string[], result: Insertion): void {
		const queue = [...tags]
		for (let tag = queue.pop(); tag !== undefined; tag = queue.pop()) {
			for (const entry of [...(this.#waiting.get(tag) ?? [])]) {
				if (this.#missing(entry).length > 0) continue
				this.#removeFuture(entry)
				try {
					this.#addReady(entry, result)
				} catch {
					result.dropped.push(entry)
					continue
				}
				result.promoted.push(entry)
				queue.push(...entry.provides)
			}
		}
	}

	/** Removes one extrinsic and the ready ones that depend on it. */
	removeWithDependents(hash: Hash): Entry[] {
		const waiting = this.#future.get(hash)
		if (waiting) {
			this.#removeFuture(waiting)
			return [waiting]
		}
		const first = this.#ready.get(hash)
		if (!first) return []
		const gone = new Set([first])
		const tags = new Set(first.provides)
		// Few extrinsics are removed before their time; a sweep a level is cheap enough.
		for (let grew = true; grew; ) {
			grew = false
			for (const entry of this.#ready.values()) {
				if (gone.has(entry) || !entry.requires.some((tag) => tags.has(tag))) continue
				gone.add(entry)
				for (const tag of entry.provides) tags.add(tag)
				grew = true
			}
		}
		for (const entry of gone) this.#removeReady(entry)
		return [...gone]
	}

	/** A block met these tags: removes their providers and readies who waited. Returns the removed. */
	prune(tags: readonly string[]): { removed: Entry[]; change: Insertion } {
		this.#recent = [new Set(tags), ...this.#recent.slice(0, REMEMBERED_BLOCKS - 1)]
		const removed = new Set<Entry>()
		for (const tag of tags) {
			const entry = this.#providers.get(tag)
			if (entry) removed.add(entry)
		}
		for (const entry of removed) this.#removeReady(entry)
		for (const tag of tags)
			for (const entry of [...(this.#waiting.get(tag) ?? [])])
				if (entry.provides.some((one) => tags.includes(one))) {
					this.#removeFuture(entry)
					removed.add(entry)
				}
		const change: Insertion = { place: 'ready', promoted: [], replaced: [], dropped: [] }
		this.#promote(tags, change)
		return { removed: [...removed], change }
	}

	/** Empties the pool, and forgets what blocks met. Returns what was in it, in the order of arrival. */
	clear(): Entry[] {
		const all = this.entries().sort((a, b) => a.sequence - b.sequence)
		for (const map of [this.#ready, this.#future, this.#providers, this.#waiting]) map.clear()
		this.#recent = []
		this.#readyBytes = 0
		this.#futureBytes = 0
		return all
	}

	/** Ready extrinsics in the order of a block: the best first, none before what it requires. */
	order(): Entry[] {
		const blockers = new Map<Entry, number>()
		const followers = new Map<Entry, Entry[]>()
		const heap: Entry[] = []
		for (const entry of this.#ready.values()) {
			const needed = new Set<Entry>()
			for (const tag of entry.requires) {
				const provider = this.#providers.get(tag)
				if (provider) needed.add(provider)
			}
			if (needed.size === 0) push(heap, entry)
			else blockers.set(entry, needed.size)
			for (const provider of needed) {
				const list = followers.get(provider)
				if (list) list.push(entry)
				else followers.set(provider, [entry])
			}
		}
		const out: Entry[] = []
		for (let entry = pop(heap); entry; entry = pop(heap)) {
			out.push(entry)
			for (const follower of followers.get(entry) ?? []) {
				const left = blockers.get(follower)! - 1
				if (left === 0) push(heap, follower)
				else blockers.set(follower, left)
			}
		}
		return out
	}
}

const full = (): PoolError =>
	new PoolError(POOL_CODE.immediatelyDropped, 'Immediately Dropped', "The transaction couldn't enter the pool because of the limit")

/** Binary heap with the best entry on top. */
const push = (heap: Entry[], entry: Entry): void => {
	let at = heap.length
	heap.push(entry)
	while (at > 0) {
		const parent = (at - 1) >> 1
		if (!better(entry, heap[parent])) break
		heap[at] = heap[parent]
		at = parent
	}
	heap[at] = entry
}

const pop = (heap: Entry[]): Entry | undefined => {
	const top = heap[0]
	const last = heap.pop()
	if (last === undefined || heap.length === 0) return top
	let at = 0
	for (;;) {
		let child = 2 * at + 1
		if (child >= heap.length) break
		if (child + 1 < heap.length && better(heap[child + 1], heap[child])) child++
		if (!better(heap[child], last)) break
		heap[at] = heap[child]
		at = child
	}
	heap[at] = last
	return top
}
