import type { BlockRef, Chain, Hash, ImportedBlock } from '../../chain.ts'
import type { Subscription } from '../handler.ts'
import { runtimeSpecJson } from '../json.ts'
import { Operations } from './operations.ts'

/** Finalized blocks named (and pinned) at the start: about a minute of 6 s blocks, as the specification suggests. */
const INITIAL_FINALIZED = 10
/** Most finalized or pruned blocks a client may leave pinned; non-final ones do not count, the client can't help those. */
const MAX_PINNED = 512

/** Key `:code`: its change is a runtime upgrade. */
const CODE = Buffer.from(':code')

interface Pinned {
	number: number
	parent: Hash
	final: boolean
}

/** One `chainHead_v1_follow` subscription: what it has told its client, which blocks that client has pinned, its operations. */
export class Follow {
	readonly withRuntime: boolean
	readonly operations: Operations
	readonly #chain: Chain
	readonly #subscription: Subscription
	readonly #pinned = new Map<Hash, Pinned>()
	/** Reported blocks that are neither final nor pruned, and the finalized block: where new blocks may attach. */
	readonly #live = new Map<Hash, { number: number; parent: Hash }>()
	#finalized: BlockRef
	#best: Hash

	constructor(chain: Chain, subscription: Subscription, withRuntime: boolean) {
		this.#chain = chain
		this.#subscription = subscription
		this.withRuntime = withRuntime
		this.operations = new Operations(chain, (event) => subscription.push(event))
		this.#finalized = chain.finalized()
		this.#best = this.#finalized.hash
		this.#initialize()
		subscription.onStop(chain.on('best', (block) => this.#onBest(block)))
		subscription.onStop(chain.on('finalized', (block) => this.#onFinalized(block)))
		subscription.onStop(() => this.operations.stopAll())
	}

	get id(): string {
		return this.#subscription.id
	}

	pinned(hash: Hash): boolean {
		return this.#pinned.has(hash)
	}

	unpin(hashes: Hash[]): void {
		for (const hash of hashes) this.#pinned.delete(hash)
	}

	#initialize(): void {
		const hashes: Hash[] = []
		for (let number = Math.max(0, this.#finalized.number - INITIAL_FINALIZED + 1); number <= this.#finalized.number; number++) {
			const hash = this.#chain.hashOf(number)
			const header = hash && this.#chain.header(hash)
			if (!hash || !header) continue
			hashes.push(hash)
			this.#pinned.set(hash, { number, parent: header.parentHash, final: true })
		}
		this.#live.set(this.#finalized.hash, { number: this.#finalized.number, parent: this.#finalized.hash })
		this.#subscription.push({
			event: 'initialized',
			finalizedBlockHashes: hashes,
			...(this.withRuntime ? { finalizedBlockRuntime: this.#runtime(this.#finalized.hash) } : {}),
		})
		for (let number = this.#finalized.number + 1; number <= this.#chain.best().number; number++) {
			const hash = this.#chain.hashOf(number)
			if (hash) this.#report(hash, this.#codeChanged(hash))
		}
		this.#best = this.#chain.best().hash
		this.#subscription.push({ event: 'bestBlockChanged', bestBlockHash: this.#best })
	}

	#runtime(hash: Hash): unknown {
		try {
			return { type: 'valid', spec: runtimeSpecJson(this.#chain.runtimeVersion(hash)) }
		} catch (error) {
			return { type: 'invalid', error: error instanceof Error ? error.message : String(error) }
		}
	}

	#codeChanged(hash: Hash): boolean {
		return this.#chain.changesOf(hash)?.some(({ key }) => CODE.equals(key)) ?? false
	}

	/** Tells of a block and pins it. False when its parent was never reported, or it was. */
	#report(hash: Hash, runtimeChanged: boolean): boolean {
		const header = this.#chain.header(hash)
		if (!header || this.#live.has(hash) || !this.#live.has(header.parentHash)) return false
		this.#live.set(hash, { number: header.number, parent: header.parentHash })
		this.#pinned.set(hash, { number: header.number, parent: header.parentHash, final: false })
		this.#subscription.push({
			event: 'newBlock',
			blockHash: hash,
			parentBlockHash: header.parentHash,
			...(this.withRuntime ? { newRuntime: runtimeChanged ? this.#runtime(hash) : null } : {}),
		})
		return true
	}

	#onBest(block: ImportedBlock): void {
		for (const hash of this.#unreportedAncestors(block.header.parentHash)) this.#report(hash, this.#codeChanged(hash))
		this.#report(block.hash, block.runtimeChanged)
		if (!this.#live.has(block.hash)) {
			this.#stop()
			return
		}
		this.#best = block.hash
		this.#subscription.push({ event: 'bestBlockChanged', bestBlockHash: block.hash })
	}

	/** Blocks from the newest reported one down to `hash`, oldest first (a switch to another fork brings several at once). */
	#unreportedAncestors(hash: Hash): Hash[] {
		const path: Hash[] = []
		for (let at = hash; !this.#live.has(at); ) {
			const header = this.#chain.header(at)
			if (!header || header.number <= this.#finalized.number) break
			path.unshift(at)
			at = header.parentHash
		}
		return path
	}

	#onFinalized(block: BlockRef): void {
		if (block.number <= this.#finalized.number) return
		if (!this.#live.has(block.hash)) {
			for (const hash of this.#unreportedAncestors(block.hash)) this.#report(hash, this.#codeChanged(hash))
			// a gap in what we were told: the client must start again
			if (!this.#live.has(block.hash)) {
				this.#stop()
				return
			}
		}
		const finalized = this.#pathTo(block.hash)
		const kept = this.#descendantsOf(block.hash)
		const pruned = [...this.#live.keys()].filter((hash) => !kept.has(hash) && !finalized.includes(hash) && hash !== this.#finalized.hash)
		if (pruned.includes(this.#best) || finalized.slice(0, -1).includes(this.#best)) {
			const best = this.#chain.best().hash
			this.#best = kept.has(best) ? best : block.hash
			this.#subscription.push({ event: 'bestBlockChanged', bestBlockHash: this.#best })
		}
		for (const hash of this.#live.keys()) if (!kept.has(hash)) this.#live.delete(hash)
		for (const hash of [...finalized, ...pruned]) {
			const pin = this.#pinned.get(hash)
			if (pin) pin.final = true
		}
		this.#finalized = block
		this.#subscription.push({ event: 'finalized', finalizedBlockHashes: finalized, prunedBlockHashes: pruned })
		let pins = 0
		for (const pin of this.#pinned.values()) if (pin.final) pins++
		if (pins > MAX_PINNED) this.#stop()
	}

	/** Newly final blocks up to `hash`, oldest first. */
	#pathTo(hash: Hash): Hash[] {
		const path: Hash[] = []
		for (let at = hash; at !== this.#finalized.hash; ) {
			path.unshift(at)
			const block = this.#live.get(at)
			if (!block) break
			at = block.parent
		}
		return path
	}

	/** `hash` and every live block above it. Blocks were reported parents first. */
	#descendantsOf(hash: Hash): Set<Hash> {
		const found = new Set([hash])
		for (const [child, { parent }] of this.#live) if (found.has(parent)) found.add(child)
		return found
	}

	#stop(): void {
		this.#subscription.push({ event: 'stop' })
		this.#subscription.close()
	}
}
