import { slotOf } from './authoring/aura.ts'
import type { Justification } from './block/block.ts'
import { decodeHeader, encodeHeader, hashHeader } from './block/header.ts'
import type {
	BlockRef,
	CallExtensions,
	Chain,
	ChainEvents,
	Hash,
	Header,
	ImportedBlock,
	RuntimeVersion,
	StateReader,
	StorageChange,
} from './chain.ts'
import { genesisState, type RawChainSpec } from './chain-spec.ts'
import { byteString, fromHex, toHex } from './crypto/hex.ts'
import { BlockImportError, DatabaseError, DataMismatchError } from './errors.ts'
import { decodeVersion } from './executor/code.ts'
import { Execution, type HostServices } from './executor/execution.ts'
import { type CompiledRuntime, compileRuntime, Runtime } from './executor/runtime.ts'
import { GRANDPA_ENGINE } from './finality/justification.ts'
import type { ChainDatabase, Tips } from './store/database.ts'
import type { PendingTrie } from './trie/node-store.ts'
import { orderedRoot } from './trie/ordered-root.ts'
import type { Trie } from './trie/trie.ts'
import type { Change } from './trie/update.ts'

const CODE = Buffer.from(':code')
const ZERO_HASH: Hash = `0x${'00'.repeat(32)}`
/** A runtime is some MB of compiled code; more than two are live only around an upgrade or a look back. */
const RUNTIMES_KEPT = 4
const STATES_KEPT = 64

/** A block that was executed and is ready to be stored. */
export interface ExecutedBlock {
	/** With its seal. */
	header: Header
	body: Uint8Array[]
	changes: Change[]
	state: PendingTrie
	justifications: Justification[]
}

/** Proof that a block is final, and how it moves the voters' rounds. */
export interface FinalityUpdate {
	target: BlockRef
	justification: Justification
	round: bigint
	setId: bigint
}

type Listeners = { [E in keyof ChainEvents]: Set<ChainEvents[E]> }

/** The chain of one node: reads of blocks and states, runtime calls, and the single place where blocks become part of it. */
export class Client implements Chain {
	readonly name: string
	readonly id: string
	readonly chainType: Chain['chainType']
	readonly properties: Record<string, unknown>
	readonly genesisHash: Hash
	readonly #database: ChainDatabase
	readonly #services: HostServices
	readonly #listeners: Listeners = { imported: new Set(), best: new Set(), finalized: new Set() }
	readonly #runtimes = new Map<string, Runtime>()
	readonly #versions = new Map<string, RuntimeVersion>()
	readonly #states = new Map<Hash, Trie>()
	#tips: Tips
	#last: Promise<unknown> = Promise.resolve()

	private constructor(spec: RawChainSpec, database: ChainDatabase, services: HostServices, tips: Tips) {
		this.name = spec.name
		this.id = spec.id
		this.chainType = spec.chainType
		this.properties = spec.properties ?? {}
		this.genesisHash = tips.genesis
		this.#database = database
		this.#services = services
		this.#tips = tips
	}

	/** Opens the chain in `database`, writing genesis into a new one. Throws `ChainSpecError`, `DataMismatchError`, `DatabaseError`. */
	static async open(spec: RawChainSpec, database: ChainDatabase, services: HostServices): Promise<Client> {
		const state = database.nodes.open(0, new Uint8Array(0)).apply(genesisState(spec))
		const header: Header = {
			parentHash: ZERO_HASH,
			number: 0,
			stateRoot: toHex(state.hash),
			extrinsicsRoot: toHex(orderedRoot([], 1)),
			digest: [],
		}
		const encoded = encodeHeader(header)
		const genesis = hashHeader(encoded)
		const known = database.tips()
		if (known && known.genesis !== genesis) throw new DataMismatchError(database.path, genesis, known.genesis)
		if (known) return new Client(spec, database, services, known)
		const ref = { hash: genesis, number: 0 }
		const tips: Tips = { genesis, best: ref, finalized: ref, nextNode: 1, round: 0n, setId: 0n }
		await database.commit((writer) => {
			tips.nextNode = database.nodes.persist(state, tips.nextNode, writer.node)
			writer.block(genesis, { header: encoded, body: [], rootNode: state.root?.id ?? 0 })
			writer.number(0, genesis)
			writer.tips(tips)
		})
		return new Client(spec, database, services, tips)
	}

	best(): BlockRef {
		return this.#tips.best
	}

	finalized(): BlockRef {
		return this.#tips.finalized
	}

	/** Rounds finished by the voters of `setId`, the last set that finalised. */
	finalityRound(): { round: bigint; setId: bigint } {
		return { round: this.#tips.round, setId: this.#tips.setId }
	}

	hashOf(number: number): Hash | undefined {
		return this.#database.hashOf(number) ?? undefined
	}

	/** Blocks of slots `from` … `to`, on the best chain and beside it, in slot order. */
	blocksBySlot(from: number, to?: number): { slot: number; hash: Hash }[] {
		return [...this.#database.blocksBySlot(from, to)]
	}

	/** Whether a known block is the finalized one or descends from it. */
	descendsFromFinalized(hash: Hash): boolean {
		for (let at = hash; ; ) {
			const { number, parentHash } = this.header(at)!
			if (number < this.#tips.finalized.number) return false
			// The finalized block is on the best chain.
			if (this.hashOf(number) === at) return true
			at = parentHash
		}
	}

	header(hash: Hash): Header | undefined {
		const bytes = this.#database.header(hash)
		return bytes ? decodeHeader(bytes) : undefined
	}

	encodedHeader(hash: Hash): Uint8Array | undefined {
		return this.#database.header(hash) ?? undefined
	}

	body(hash: Hash): Uint8Array[] | undefined {
		return this.#database.body(hash) ?? undefined
	}

	justifications(hash: Hash): Justification[] {
		return this.#database.justifications(hash)
	}

	/** The trie after a block. */
	trie(hash: Hash): Trie | undefined {
		const kept = this.#states.get(hash)
		if (kept) return kept
		const rootNode = this.#database.rootNode(hash)
		const header = this.header(hash)
		if (rootNode === null || !header) return undefined
		const trie = this.#database.nodes.open(rootNode, fromHex(header.stateRoot))
		this.#states.set(hash, trie)
		if (this.#states.size > STATES_KEPT) this.#states.delete(this.#states.keys().next().value!)
		return trie
	}

	/** Place of the root node of a block's state, for readers in other threads. */
	rootNode(hash: Hash): number | undefined {
		return this.#database.rootNode(hash) ?? undefined
	}

	#trie(hash: Hash): Trie {
		const trie = this.trie(hash)
		if (!trie) throw new DatabaseError(`there is no state of block ${hash}: the block is unknown`)
		return trie
	}

	state(hash: Hash): StateReader | undefined {
		return this.trie(hash)
	}

	changesOf(hash: Hash): StorageChange[] | undefined {
		const header = this.header(hash)
		if (!header) return undefined
		const before = header.number === 0 ? this.#database.nodes.open(0, new Uint8Array(0)) : this.trie(header.parentHash)
		return before && this.trie(hash)?.changesSince(before)
	}

	proof(hash: Hash, keys: Uint8Array[]): Uint8Array[] {
		return this.#trie(hash).proof(keys)
	}

	#runtime(trie: Trie): [string, Runtime] {
		const codeHash = trie.hashOf(CODE)
		if (!codeHash) throw new DatabaseError('the state holds no runtime under :code')
		const key = byteString(codeHash)
		let runtime = this.#runtimes.get(key)
		if (!runtime) {
			runtime = new Runtime(compileRuntime(trie.get(CODE)!))
			this.#runtimes.set(key, runtime)
			if (this.#runtimes.size > RUNTIMES_KEPT) this.#runtimes.delete(this.#runtimes.keys().next().value!)
		}
		return [key, runtime]
	}

	/** The compiled code that runs on the state after a block. */
	compiledRuntime(hash: Hash): CompiledRuntime {
		return this.#runtime(this.#trie(hash))[1].compiled
	}

	/** Runtime calls on the state after a block, adding up; with a `session` they share a runtime instance. */
	execution(hash: Hash, session: object | null = null, extensions: CallExtensions = {}): Execution {
		const trie = this.#trie(hash)
		return new Execution(trie, this.#runtime(trie)[1], { ...this.#services, ...extensions }, session)
	}

	call(hash: Hash, method: string, input: Uint8Array, extensions?: CallExtensions): Uint8Array {
		return this.execution(hash, null, extensions).call(method, input)
	}

	hasApi(hash: Hash, method: string): boolean {
		return this.#runtime(this.#trie(hash))[1].has(method)
	}

	runtimeVersion(hash: Hash): RuntimeVersion {
		const [key] = this.#runtime(this.#trie(hash))
		let version = this.#versions.get(key)
		if (!version) {
			version = decodeVersion(this.call(hash, 'Core_version', new Uint8Array(0)))
			this.#versions.set(key, version)
		}
		return version
	}

	on<E extends keyof ChainEvents>(event: E, listener: ChainEvents[E]): () => void {
		this.#listeners[event].add(listener)
		return () => this.#listeners[event].delete(listener)
	}

	/** Runs `work` when all work given before is done: building and importing exclude one another. */
	exclusive<T>(work: () => Promise<T>): Promise<T> {
		const done = this.#last.then(work)
		this.#last = done.catch(() => {})
		return done
	}

	/** Waits for work under way and lets nothing more out. */
	async close(): Promise<void> {
		await this.#last
		for (const listeners of Object.values(this.#listeners)) listeners.clear()
	}

	/**
	 * Stores an executed block in one durable transaction, with its finality when that is known, and then announces it. It is the
	 * best block when it is the highest, or final: the chain goes on from the finalized block, whatever else is longer.
	 */
	async insert(block: ExecutedBlock, finality: FinalityUpdate | null): Promise<ImportedBlock> {
		const { header, body, state } = block
		const encoded = encodeHeader(header)
		const hash = hashHeader(encoded)
		const before = this.#tips
		const isBest = header.number > before.best.number || finality !== null
		const slot = slotOf(header)
		const tips: Tips = { ...before, best: isBest ? { hash, number: header.number } : before.best }
		const finalizedRefs = finality ? this.#applyFinality(tips, finality, header, hash) : []
		try {
			await this.#database.commit((writer) => {
				tips.nextNode = this.#database.nodes.persist(state, tips.nextNode, writer.node)
				writer.block(hash, { header: encoded, body, rootNode: state.root ? state.root.id : 0 })
				const justifications = [...block.justifications]
				if (finality && !justifications.some(([engine]) => engine === GRANDPA_ENGINE)) justifications.push(finality.justification)
				if (justifications.length > 0) writer.justifications(hash, justifications)
				if (isBest) this.#makeCanonical(writer.number, header, hash)
				if (slot !== null) writer.slot(slot, hash)
				writer.tips(tips)
			})
		} catch (error) {
			// The node cache knows the block's nodes under places that hold nothing now: never use those again.
			this.#tips = { ...before, nextNode: tips.nextNode }
			throw error
		}
		this.#tips = tips
		const imported = announced(hash, header, block.changes)
		if (isBest) this.#emit('best', imported)
		this.#emit('imported', imported)
		this.#announceFinal(finalizedRefs)
		return imported
	}

	/** Marks a stored block and its ancestors final. When they are not on the best chain, that changes to the longest one from there. */
	async finalize(update: FinalityUpdate): Promise<void> {
		const { target } = update
		const tips: Tips = { ...this.#tips }
		const refs = this.#applyFinality(tips, update, null, null)
		if (refs.length === 0) return
		const best = this.hashOf(target.number) === target.hash ? null : this.#highestFrom(target)
		if (best) tips.best = best
		await this.#database.commit((writer) => {
			const others = this.justifications(target.hash).filter(([engine]) => engine !== update.justification[0])
			writer.justifications(target.hash, [...others, update.justification])
			if (best) this.#makeCanonical(writer.number, this.header(best.hash)!, best.hash)
			writer.tips(tips)
		})
		this.#tips = tips
		if (best) this.#emit('best', announced(best.hash, this.header(best.hash)!, this.changesOf(best.hash)!))
		this.#announceFinal(refs)
	}

	/** The highest block among `target` and its descendants. */
	#highestFrom(target: BlockRef): BlockRef {
		const descendants = new Set([target.hash])
		let highest = target
		// Slots rise along a branch, so parents come first.
		for (const { hash } of this.blocksBySlot(slotOf(this.header(target.hash)!) ?? 0)) {
			const { parentHash, number } = this.header(hash)!
			if (!descendants.has(parentHash)) continue
			descendants.add(hash)
			if (number > highest.number) highest = { hash, number }
		}
		return highest
	}

	/** Moves the finalized tip in `tips`; returns the blocks newly final, oldest first. `header` is the block being inserted, if any. */
	#applyFinality(tips: Tips, { target, round, setId }: FinalityUpdate, header: Header | null, hash: Hash | null): BlockRef[] {
		const refs: BlockRef[] = []
		for (let ref = target; ref.number > tips.finalized.number; ) {
			refs.unshift(ref)
			const parent = ref.hash === hash ? header!.parentHash : this.header(ref.hash)?.parentHash
			if (!parent) throw new BlockImportError(`block ${ref.hash} to finalise is unknown`)
			ref = { hash: parent, number: ref.number - 1 }
			if (ref.number === tips.finalized.number && ref.hash !== tips.finalized.hash)
				throw new BlockImportError(`block ${target.number} ${target.hash} does not descend from the finalized block ${tips.finalized.hash}`)
		}
		tips.finalized = refs.at(-1) ?? tips.finalized
		tips.round = round
		tips.setId = setId
		return refs
	}

	/** Points the numbers at the branch of the new best block. */
	#makeCanonical(write: (number: number, hash: Hash | null) => void, header: Header, hash: Hash): void {
		for (let number = this.#tips.best.number; number > header.number; number--) write(number, null)
		write(header.number, hash)
		let { parentHash } = header
		for (let number = header.number - 1; number >= 0 && this.#database.hashOf(number) !== parentHash; number--) {
			write(number, parentHash)
			parentHash = this.header(parentHash)!.parentHash
		}
	}

	#emit<E extends keyof ChainEvents>(event: E, ...args: Parameters<ChainEvents[E]>): void {
		for (const listener of this.#listeners[event]) {
			try {
				;(listener as (...args: Parameters<ChainEvents[E]>) => void)(...args)
			} catch (error) {
				// The block is stored: a listener's fault is its own.
				this.#services.log(0, 'chain', `a listener of "${event}" failed: ${(error as Error).stack}`)
			}
		}
	}

	/** In a later turn: clients must hear of a block's import before they hear that it is final. */
	#announceFinal(refs: BlockRef[]): void {
		if (refs.length > 0)
			setImmediate(() => {
				for (const ref of refs) this.#emit('finalized', ref)
			})
	}
}

const announced = (hash: Hash, header: Header, changes: StorageChange[]): ImportedBlock => ({
	hash,
	number: header.number,
	header,
	changes,
	runtimeChanged: changes.some(({ key }) => CODE.equals(key)),
})
