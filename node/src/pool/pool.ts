import type { Hash, ImportedBlock, Pool, TxStatus } from '../chain.ts'
import type { Client } from '../client.ts'
import { blake2_256 } from '../crypto/hash.ts'
import { byteString, toHex } from '../crypto/hex.ts'
import { concatBytes, encodeU32, ScaleError, ScaleReader } from '../scale/codec.ts'
import { type Entry, type Insertion, type Limits, PoolGraph } from './graph.ts'
import type { Validator } from './validator.ts'
import { decodeValidity, POOL_CODE, PoolError } from './validity.ts'

/** polkadot-sdk's defaults: 8,192 extrinsics or 20 MiB ready, a tenth of it waiting. */
const DEFAULT_LIMITS: Limits = { ready: 8192, readyBytes: 20 * 2 ** 20, future: 819, futureBytes: 2 * 2 ** 20 }
/** As polkadot-sdk: what was found invalid is not looked at again for half an hour. */
const BAN_MS = 30 * 60_000
const MOST_BANS = 16_384
/** Ready extrinsics that are validated anew after a block, oldest check first. */
const REVALIDATED_PER_BLOCK = 64

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
	readonly #validating = new Set<Hash>()
	#sequence = 0
	#revalidation: Hash[] = []
	readonly #stop: (() => void)[]

	constructor(client: Client, validator: Validator, limits: Partial<Limits> = {}) {
		this.#client = client
		this.#validator = validator
		this.#graph = new PoolGraph({ ...DEFAULT_LIMITS, ...limits })
		this.#stop = [client.on('best', (block) => this.#onBlock(block)), client.on('finalized', ({ hash }) => this.#onFinal(hash))]
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
		this.#validating.add(hash)
		try {
			const { priority, requires, provides, longevity } = decodeValidity(await this.#validator.validate(bytes))
			const validTill = this.#client.best().number + longevity
			const entry: Entry = { hash, bytes, priority, requires, provides, validTill, sequence: this.#sequence++ }
			const change = this.#graph.insert(entry)
			this.#report(change, hash)
			if (change.place === 'future') this.#tell(hash, 'future')
			else {
				this.#tell(hash, 'ready')
				for (const { hash } of change.promoted) this.#tell(hash, 'ready')
				for (const listener of this.#onReady) listener()
			}
		} finally {
			this.#validating.delete(hash)
		}
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

	#onBlock(block: ImportedBlock): void {
		const tags: string[] = []
		const included = new Map<Hash, number>()
		this.#client.body(block.hash)!.forEach((bytes, index) => {
			const hash = toHex(blake2_256(bytes))
			const entry = this.#graph.get(hash)
			included.set(hash, index)
			if (entry) tags.push(...entry.provides)
			else if (this.#graph.readyCount + this.#graph.futureCount > 0) tags.push(...this.#tagsOf(bytes, block.header.parentHash))
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
		for (const { hash, validTill } of this.#graph.entries()) if (validTill <= block.number) this.#invalidate(hash)
		this.#revalidate()
		if (change.promoted.length > 0) for (const listener of this.#onReady) listener()
	}

	/** Tags of an extrinsic that came with a block and was never here. */
	#tagsOf(bytes: Uint8Array, parent: Hash): string[] {
		try {
			return decodeValidity(this.#validator.validateAt(bytes, parent)).provides
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
			this.#validator
				.validate(entry.bytes)
				.then(decodeValidity)
				.catch((error) => {
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
