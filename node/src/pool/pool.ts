import { routeBetween } from '../block/route.ts'
import type { BlockRef, Hash, Pool, TxStatus } from '../chain.ts'
import type { Client } from '../client.ts'
import { blake2_256 } from '../crypto/hash.ts'
import { byteString, toHex } from '../crypto/hex.ts'
import { concatBytes, encodeU32, ScaleError, ScaleReader } from '../scale/codec.ts'
import { type Entry, type Insertion, type Limits, PoolGraph } from './graph.ts'
import type { Validator } from './validator.ts'
import { decodeValidity, POOL_CODE, PoolError, SOURCE, type TransactionSource, type ValidTransaction } from './validity.ts'

/** polkadot-sdk's defaults: 8,192 extrinsics or 20 MiB ready, a tenth of it waiting. */
const DEFAULT_LIMITS: Limits = { ready: 8192, readyBytes: 20 * 2 ** 20, future: 819, futureBytes: 2 * 2 ** 20 }
/** As polkadot-sdk: what was found invalid is not looked at again for half an hour. */
const BAN_MS = 30 * 60_000
const MOST_BANS = 16_384
/** Ready extrinsics that are validated anew after a block, oldest check first. */
const REVALIDATED_PER_BLOCK = 64
/** As many as the pool holds. */
const MOST_LOCAL = DEFAULT_LIMITS.ready

export type ReadyExtrinsic = Pick<Entry, 'hash' | 'bytes'>
type Listener = (status: TxStatus) => void

/** The extrinsics that wait for a block. Nothing of it is stored. */
export class ExtrinsicPool implements Pool {
	readonly #client: Client
	readonly #validator: Validator
	readonly #graph: PoolGraph
	readonly #bans = new Map<Hash, number>()
	readonly #listeners = new Map<Hash, Set<Listener>>()
	/** Watched extrinsics by the block they are in, until it is final. */
	readonly #inBlocks = new Map<Hash, { hash: Hash; index: number }[]>()
	readonly #onReady = new Set<() => void>()
	/** Being validated before they enter; a block that has one takes it out. */
	readonly #validating = new Set<Hash>()
	/** Extrinsics this node made itself, in the pool or in blocks that may yet be retired. */
	readonly #local = new Set<Hash>()
	#best: BlockRef
	/** Counts changes of the best branch: a verdict from another branch is void. */
	#branch = 0
	#sequence = 0
	#revalidation: Hash[] = []
	readonly #stop: (() => void)[]

	constructor(client: Client, validator: Validator, limits: Partial<Limits> = {}) {
		this.#client = client
		this.#validator = validator
		this.#graph = new PoolGraph({ ...DEFAULT_LIMITS, ...limits })
		this.#best = client.best()
		this.#stop = [client.on('best', (block) => this.#onBest(block)), client.on('finalized', ({ hash }) => this.#onFinal(hash))]
	}

	get readyCount(): number {
		return this.#graph.readyCount
	}

	get futureCount(): number {
		return this.#graph.futureCount
	}

	/** Calls `listener` whenever extrinsics became ready. */
	onReady(listener: () => void): () => void {
		this.#onReady.add(listener)
		return () => this.#onReady.delete(listener)
	}

	/** Ready extrinsics in block order, as of now. */
	ready(): ReadyExtrinsic[] {
		return this.#graph.order()
	}

	pending(): Uint8Array[] {
		return this.#graph.order().map(({ bytes }) => bytes)
	}

	async submit(extrinsic: Uint8Array): Promise<Hash> {
		const hash = checkedHash(extrinsic)
		await this.#submit(hash, extrinsic)
		return hash
	}

	/** As `submit`, for an extrinsic this node made itself: the runtime may take from it what it refuses from outside. */
	async submitLocal(extrinsic: Uint8Array): Promise<Hash> {
		const hash = checkedHash(extrinsic)
		this.#local.add(hash)
		if (this.#local.size > MOST_LOCAL) this.#local.delete(this.#local.keys().next().value!)
		await this.#submit(hash, extrinsic)
		return hash
	}

	async watch(extrinsic: Uint8Array, listener: Listener): Promise<{ hash: Hash; stop: () => void }> {
		const hash = checkedHash(extrinsic)
		const stop = () => {
			const listeners = this.#listeners.get(hash)
			listeners?.delete(listener)
			if (listeners?.size === 0) this.#listeners.delete(hash)
		}
		const listeners = this.#listeners.get(hash) ?? new Set()
		this.#listeners.set(hash, listeners.add(listener))
		try {
			await this.#submit(hash, extrinsic)
		} catch (error) {
			stop()
			throw error
		}
		return { hash, stop }
	}

	async #submit(hash: Hash, bytes: Uint8Array): Promise<void> {
		const banned = this.#bans.get(hash)
		if (banned !== undefined && banned > Date.now()) throw new PoolError(POOL_CODE.banned, 'Transaction is temporarily banned')
		if (this.#validating.has(hash) || this.#graph.get(hash))
			throw new PoolError(POOL_CODE.alreadyImported, 'Transaction Already Imported', `[${hash}]`)
		await this.#admit(hash, bytes)
	}

	async #admit(hash: Hash, bytes: Uint8Array): Promise<void> {
		this.#validating.add(hash)
		try {
			const validity = await this.#validate(hash, bytes)
			if (this.#validating.has(hash)) this.#insert(hash, bytes, validity)
		} catch (error) {
			// What a block has taken meanwhile is rightly outdated.
			if (this.#validating.has(hash)) throw error
		} finally {
			this.#validating.delete(hash)
		}
	}

	#insert(hash: Hash, bytes: Uint8Array, { priority, requires, provides, longevity }: ValidTransaction): void {
		const validTill = this.#client.best().number + longevity
		const entry: Entry = { hash, bytes, priority, requires, provides, validTill, sequence: this.#sequence++ }
		const change = this.#graph.insert(entry)
		this.#report(change, hash)
		if (change.place === 'future') {
			this.#tell(hash, 'future')
			return
		}
		this.#tell(hash, 'ready')
		for (const { hash } of change.promoted) this.#tell(hash, 'ready')
		for (const listener of this.#onReady) listener()
	}

	/** By the state of the best branch. Rejects with `PoolError`. */
	async #validate(hash: Hash, bytes: Uint8Array): Promise<ValidTransaction> {
		for (;;) {
			const branch = this.#branch
			try {
				const validity = decodeValidity(await this.#validator.validate(bytes, this.#sourceOf(hash)))
				if (branch === this.#branch) return validity
			} catch (error) {
				if (branch === this.#branch) throw error
			}
		}
	}

	#sourceOf(hash: Hash): TransactionSource {
		return this.#local.has(hash) ? SOURCE.local : SOURCE.external
	}

	#report({ replaced, dropped }: Insertion, by: Hash): void {
		for (const { hash } of replaced) this.#tell(hash, { usurped: by })
		for (const { hash } of dropped) this.#tell(hash, 'dropped')
	}

	#tell(hash: Hash, status: TxStatus): void {
		const listeners = this.#listeners.get(hash)
		if (!listeners) return
		for (const listener of [...listeners]) listener(status)
		const last =
			status === 'dropped' || status === 'invalid' || (typeof status === 'object' && ('usurped' in status || 'finalized' in status))
		if (last) this.#listeners.delete(hash)
	}

	remove(hashes: Hash[]): Hash[] {
		const removed: Hash[] = []
		for (const hash of hashes)
			for (const entry of this.#graph.removeWithDependents(hash)) {
				this.#ban(entry.hash)
				this.#tell(entry.hash, 'dropped')
				removed.push(entry.hash)
			}
		return removed
	}

	/** The runtime refused these in a block: they and what depends on them are out. */
	refuse(extrinsics: readonly ReadyExtrinsic[]): void {
		for (const { hash } of extrinsics) this.#invalidate(hash)
	}

	#invalidate(hash: Hash): void {
		for (const entry of this.#graph.removeWithDependents(hash)) {
			this.#ban(entry.hash)
			this.#tell(entry.hash, 'invalid')
		}
	}

	#ban(hash: Hash): void {
		this.#bans.delete(hash)
		this.#bans.set(hash, Date.now() + BAN_MS)
		if (this.#bans.size > MOST_BANS) this.#bans.delete(this.#bans.keys().next().value!)
	}

	nextNonce(account: Uint8Array): number {
		let nonce = new ScaleReader(this.#client.call(this.#client.best().hash, 'AccountNonceApi_account_nonce', account)).u32()
		while (this.#graph.provider(byteString(concatBytes(account, encodeU32(nonce))))) nonce++
		return nonce
	}

	#onBest(block: BlockRef): void {
		const { retired, enacted } = routeBetween(this.#client, this.#best, block)
		this.#best = { hash: block.hash, number: block.number }
		const displaced = retired.length > 0 ? this.#withdraw(retired) : new Map<Hash, Uint8Array>()
		for (const ref of enacted) for (const hash of this.#enact(ref)) displaced.delete(hash)
		for (const { hash, validTill } of this.#graph.entries()) if (validTill <= block.number) this.#invalidate(hash)
		for (const [hash, bytes] of displaced) this.#readmit(hash, bytes)
		this.#revalidate()
	}

	/** The extrinsics of blocks that are no longer on the best chain, and all that was valid in their branch only: the whole pool. */
	#withdraw(retired: readonly BlockRef[]): Map<Hash, Uint8Array> {
		this.#branch++
		const displaced = new Map<Hash, Uint8Array>()
		for (const block of [...retired].reverse()) {
			for (const bytes of this.#client.body(block.hash)!) displaced.set(toHex(blake2_256(bytes)), bytes)
			for (const { hash } of this.#inBlocks.get(block.hash) ?? []) this.#tell(hash, { retracted: block.hash })
			this.#inBlocks.delete(block.hash)
		}
		for (const { hash, bytes } of this.#graph.clear()) displaced.set(hash, bytes)
		return displaced
	}

	#readmit(hash: Hash, bytes: Uint8Array): void {
		if (this.#validating.has(hash)) return
		this.#admit(hash, bytes).catch((error) => this.#tell(hash, error.code === POOL_CODE.invalid ? 'invalid' : 'dropped'))
	}

	/** Takes out what a block of the best chain has or makes impossible. Returns the hashes of its extrinsics. */
	#enact(block: BlockRef): Iterable<Hash> {
		const { parentHash } = this.#client.header(block.hash)!
		const tags: string[] = []
		const included = new Map<Hash, number>()
		this.#client.body(block.hash)!.forEach((bytes, index) => {
			const hash = toHex(blake2_256(bytes))
			const entry = this.#graph.get(hash)
			included.set(hash, index)
			this.#validating.delete(hash)
			if (entry) tags.push(...entry.provides)
			else if (this.#graph.readyCount + this.#graph.futureCount > 0) tags.push(...this.#tagsOf(bytes, parentHash))
		})
		const { removed, change } = this.#graph.prune(tags)
		const watched: { hash: Hash; index: number }[] = []
		for (const [hash, index] of included)
			if (this.#listeners.has(hash)) {
				watched.push({ hash, index })
				this.#tell(hash, { inBlock: block.hash, index })
			}
		if (watched.length > 0) this.#inBlocks.set(block.hash, watched)
		// Another extrinsic in the block took their tags.
		for (const { hash } of removed) if (!included.has(hash)) this.#tell(hash, 'invalid')
		for (const { hash } of change.promoted) this.#tell(hash, 'ready')
		for (const { hash } of change.dropped) this.#tell(hash, 'dropped')
		if (change.promoted.length > 0) for (const listener of this.#onReady) listener()
		return included.keys()
	}

	/** Tags of an extrinsic that came with a block and was never here. */
	#tagsOf(bytes: Uint8Array, parent: Hash): string[] {
		try {
			return decodeValidity(this.#validator.validateAt(bytes, SOURCE.inBlock, parent)).provides
		} catch {
			// Inherents have none.
			return []
		}
	}

	#revalidate(): void {
		if (this.#revalidation.length === 0) this.#revalidation = this.#graph.order().map(({ hash }) => hash)
		for (const hash of this.#revalidation.splice(0, REVALIDATED_PER_BLOCK)) {
			const entry = this.#graph.get(hash)
			if (!entry) continue
			this.#validate(hash, entry.bytes).catch((error) => {
				if (error instanceof PoolError && error.code === POOL_CODE.invalid && this.#graph.get(hash)) this.#invalidate(hash)
			})
		}
	}

	#onFinal(block: Hash): void {
		const watched = this.#inBlocks.get(block)
		this.#inBlocks.delete(block)
		for (const { hash, index } of watched ?? []) this.#tell(hash, { finalized: block, index })
	}

	close(): void {
		for (const stop of this.#stop) stop()
	}
}

/** BLAKE2b of the extrinsic with its length prefix, which must be right. */
const checkedHash = (bytes: Uint8Array): Hash => {
	const reader = new ScaleReader(bytes)
	try {
		const length = reader.compact()
		if (length !== bytes.length - reader.position)
			throw new ScaleError(`its prefix says ${length} bytes, ${bytes.length - reader.position} follow`)
	} catch (error) {
		throw new PoolError(POOL_CODE.badFormat, 'Extrinsic has invalid format', (error as Error).message)
	}
	return toHex(blake2_256(bytes))
}
