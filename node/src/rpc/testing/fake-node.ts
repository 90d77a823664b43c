import type {
	BlockRef,
	Chain,
	ChainEvents,
	Hash,
	Header,
	ImportedBlock,
	Pool,
	RuntimeVersion,
	StateReader,
	StorageChange,
	TxStatus,
} from '../../chain.ts'
import { blake2_256 } from '../../crypto/hash.ts'
import { fromHex, toHex } from '../../crypto/hex.ts'
import type { RpcNode } from '../handler.ts'

/** A chain in memory for tests of the RPC edge: blocks are made and finalised by hand, forks included; nothing is verified. */

interface FakeBlock extends ImportedBlock {
	state: Map<Hash, Uint8Array>
	body: Uint8Array[]
	specVersion: number
}

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)
export const hex = (text: string): Hash => toHex(bytes(text))

/** Hash in the shape of a hash: BLAKE2b-256 of the text. */
const hashText = (text: string): Hash => toHex(blake2_256(bytes(text)))

class FakeState implements StateReader {
	readonly #values: Map<Hash, Uint8Array>

	constructor(values: Map<Hash, Uint8Array>) {
		this.#values = values
	}

	get(key: Uint8Array): Uint8Array | null {
		return this.#values.get(toHex(key)) ?? null
	}

	keys(prefix: Uint8Array, count: number, startAfter?: Uint8Array): Uint8Array[] {
		const [start, after] = [toHex(prefix), startAfter ? toHex(startAfter) : '']
		return [...this.#values.keys()]
			.filter((key) => key.startsWith(start) && key > after)
			.sort()
			.slice(0, count)
			.map(fromHex)
	}
}

export class FakeChain implements Chain {
	readonly name = 'Fake'
	readonly id = 'fake'
	readonly chainType = 'Development'
	readonly properties = { tokenSymbol: 'STKR', tokenDecimals: 18 }
	/** Answers of runtime calls by method; anything else traps. */
	readonly calls = new Map<string, (input: Uint8Array) => Uint8Array>()
	/** Version of the `SessionKeys` API. */
	sessionKeysVersion = 1
	readonly justified = new Map<Hash, [string, Uint8Array][]>()
	proofOf: (keys: Uint8Array[]) => Uint8Array[] = () => []
	stateRoot: Hash | undefined
	readonly #blocks = new Map<Hash, FakeBlock>()
	readonly #listeners: { [E in keyof ChainEvents]: Set<ChainEvents[E]> } = { imported: new Set(), best: new Set(), finalized: new Set() }
	#canonical: Hash[] = []
	#finalizedNumber = 0

	constructor(genesis: Record<string, string> = {}) {
		const state = new Map(Object.entries(genesis).map(([key, value]) => [hex(key), bytes(value)]))
		this.#add('genesis', undefined, state, [], [], 1)
	}

	get genesisHash(): Hash {
		return this.#canonical[0]
	}

	#add(
		salt: string,
		parent: FakeBlock | undefined,
		state: Map<Hash, Uint8Array>,
		changes: StorageChange[],
		body: Uint8Array[],
		specVersion: number,
	) {
		const number = parent ? parent.number + 1 : 0
		const header: Header = {
			parentHash: parent?.hash ?? hashText('nothing'),
			number,
			stateRoot: hashText(`state ${salt}`),
			extrinsicsRoot: hashText(`body ${salt}`),
			digest: [
				{ type: 'preRuntime', engine: 'aura', data: Uint8Array.of(1, 2) },
				{ type: 'seal', engine: 'aura', data: Uint8Array.of(3) },
			],
		}
		const hash = hashText(`${header.parentHash} ${salt}`)
		const runtimeChanged = parent !== undefined && specVersion !== parent.specVersion
		const block: FakeBlock = { hash, number, header, changes, runtimeChanged, state, body, specVersion }
		this.#blocks.set(hash, block)
		this.#canonical = [...this.#pathOf(parent), hash]
		return block
	}

	#pathOf(block: FakeBlock | undefined): Hash[] {
		const path: Hash[] = []
		for (let at = block; at; at = this.#blocks.get(at.header.parentHash)) path.unshift(at.hash)
		return path
	}

	/** Makes the next best block on `parent` (default: the best) with these writes; `quiet` leaves the event out. */
	make(
		changes: Record<string, string | null> = {},
		options: { parent?: Hash; salt?: string; body?: Uint8Array[]; quiet?: boolean } = {},
	): FakeBlock {
		const parent = this.#block(options.parent ?? this.best().hash)
		const state = new Map(parent.state)
		const written: StorageChange[] = Object.entries(changes).map(([key, value]) => ({
			key: bytes(key),
			value: value === null ? null : bytes(value),
		}))
		for (const { key, value } of written) {
			if (value) state.set(toHex(key), value)
			else state.delete(toHex(key))
		}
		const specVersion = parent.specVersion + (':code' in changes ? 1 : 0)
		const block = this.#add(options.salt ?? `block ${parent.number + 1}`, parent, state, written, options.body ?? [], specVersion)
		if (!options.quiet) for (const listener of this.#listeners.best) listener(block)
		return block
	}

	finalize(hash: Hash): void {
		const { number } = this.#block(hash)
		const path = this.#pathOf(this.#block(hash)).slice(this.#finalizedNumber + 1)
		if (this.#canonical[number] !== hash) this.#canonical = this.#pathOf(this.#block(hash))
		this.#finalizedNumber = number
		for (const newly of path) for (const listener of this.#listeners.finalized) listener({ hash: newly, number: this.#block(newly).number })
	}

	#block(hash: Hash): FakeBlock {
		const block = this.#blocks.get(hash)
		if (!block) throw new Error(`fake chain has no block ${hash}`)
		return block
	}

	get listenerCount(): number {
		return this.#listeners.best.size + this.#listeners.finalized.size
	}

	best(): BlockRef {
		return { hash: this.#canonical[this.#canonical.length - 1], number: this.#canonical.length - 1 }
	}

	finalized(): BlockRef {
		return { hash: this.#canonical[this.#finalizedNumber], number: this.#finalizedNumber }
	}

	hashOf(number: number): Hash | undefined {
		return this.#canonical[number]
	}

	header(hash: Hash): Header | undefined {
		const header = this.#blocks.get(hash)?.header
		return header && this.stateRoot ? { ...header, stateRoot: this.stateRoot } : header
	}

	encodedHeader(hash: Hash): Uint8Array | undefined {
		return this.#blocks.has(hash) ? bytes(`header ${this.#block(hash).number}`) : undefined
	}

	body(hash: Hash): Uint8Array[] | undefined {
		return this.#blocks.get(hash)?.body
	}

	justifications(hash: Hash): [string, Uint8Array][] {
		return this.justified.get(hash) ?? []
	}

	state(hash: Hash): StateReader | undefined {
		const block = this.#blocks.get(hash)
		return block && new FakeState(block.state)
	}

	changesOf(hash: Hash): StorageChange[] | undefined {
		return this.#blocks.get(hash)?.changes
	}

	call(_hash: Hash, method: string, input: Uint8Array): Uint8Array {
		const run = this.calls.get(method)
		if (!run) throw new Error(`runtime has no function ${method}`)
		return run(input)
	}

	runtimeVersion(hash: Hash): RuntimeVersion {
		return {
			specName: 'fake',
			implName: 'fake',
			authoringVersion: 1,
			specVersion: this.#block(hash).specVersion,
			implVersion: 0,
			apis: [
				['0xdf6acb689907609b', 5],
				['0xab3c0572291feb8b', this.sessionKeysVersion],
			],
			transactionVersion: 1,
			systemVersion: 1,
		}
	}

	proof(_hash: Hash, keys: Uint8Array[]): Uint8Array[] {
		return this.proofOf(keys)
	}

	on<E extends keyof ChainEvents>(event: E, listener: ChainEvents[E]): () => void {
		this.#listeners[event].add(listener)
		return () => this.#listeners[event].delete(listener)
	}
}

/** A pool that says what the test tells it to. */
export class FakePool implements Pool {
	readonly submitted: Uint8Array[] = []
	/** Thrown by the next submissions. */
	refusal: Error | undefined
	/** Listeners of watched extrinsics by hash. */
	readonly watched = new Map<Hash, (status: TxStatus) => void>()
	nonce = 0

	async submit(extrinsic: Uint8Array): Promise<Hash> {
		if (this.refusal) throw this.refusal
		this.submitted.push(extrinsic)
		return toHex(blake2_256(extrinsic))
	}

	async watch(extrinsic: Uint8Array, listener: (status: TxStatus) => void): Promise<{ hash: Hash; stop: () => void }> {
		const hash = await this.submit(extrinsic)
		this.watched.set(hash, listener)
		listener('ready')
		return { hash, stop: () => this.watched.delete(hash) }
	}

	/** Sends a status to the only watcher. */
	tell(status: TxStatus): void {
		for (const listener of this.watched.values()) listener(status)
	}

	pending(): Uint8Array[] {
		return this.submitted
	}

	remove(hashes: Hash[]): Hash[] {
		return hashes
	}

	nextNonce(): number {
		return this.nonce
	}
}

export interface FakeNode extends RpcNode {
	chain: FakeChain
	pool: FakePool
	/** Keys in the store, as `type publicKey`. */
	keys: Set<string>
}

export function fakeNode(genesis?: Record<string, string>): FakeNode {
	const chain = new FakeChain(genesis)
	const keys = new Set<string>()
	return {
		chain,
		pool: new FakePool(),
		keys,
		author: {
			seal: async ({ finalize = true } = {}) => {
				const block = chain.make()
				if (finalize) chain.finalize(block.hash)
				return block
			},
		},
		keystore: {
			insert: (type, suri, publicKey) => {
				if (suri === '//Wrong') throw new Error(`//Wrong is not the secret of ${toHex(publicKey)}`)
				keys.add(`${type} ${toHex(publicKey)}`)
			},
			has: (type, publicKey) => keys.has(`${type} ${toHex(publicKey)}`),
			generate: () => new Uint8Array(32),
			publicKeys: () => [],
			sign: () => new Uint8Array(64),
		},
		name: 'fake-node',
		version: '0.0.0',
		finalizedHoldMs: 0,
	}
}
