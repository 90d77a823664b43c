import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { RawSpec } from '@stkr/chain-spec'
import type { Hash } from '@stkr/node/src/chain.ts'
import { EmbeddedNode } from './embedded-node.ts'
import type { Head } from './rpc.ts'
import { networkSpec } from './spec.ts'
import { SubstrateNode } from './substrate-node.ts'

export type ValidatorName = 'Alice' | 'Bob' | 'Charlie' | 'Dave'

export interface NetworkOptions {
	binary: string
	dir: string
	/** Hears of the first node that ends by itself. */
	onFailure: (error: Error) => void
}

/**
 * Three validators of one raw spec on the Rust client, a full node that follows them, and our embedded node, which is given their
 * finalized blocks. Proofs change who validates; `validators` are those that do.
 */
export class Network {
	readonly spec: RawSpec
	readonly validators = new Map<ValidatorName, SubstrateNode>()
	/** A full node that votes on nothing: it can be stopped for an export without an effect on the others. */
	readonly observer: SubstrateNode
	readonly #options: NetworkOptions
	readonly #specFile: string
	readonly #embedded: EmbeddedNode
	readonly #nodes: SubstrateNode[]
	#exported = 0

	private constructor(options: NetworkOptions, spec: RawSpec, specFile: string, observer: SubstrateNode, embedded: EmbeddedNode) {
		this.#options = options
		this.spec = spec
		this.#specFile = specFile
		this.observer = observer
		this.#embedded = embedded
		this.#nodes = [observer]
	}

	/** Starts the nodes and waits until a block is final. */
	static async open(options: NetworkOptions): Promise<Network> {
		const { dir, onFailure } = options
		const spec = await networkSpec()
		const specFile = join(dir, 'network.json')
		await writeFile(specFile, JSON.stringify(spec))
		const common = { binary: options.binary, dir, spec: specFile, onExit: onFailure }
		const observer = await SubstrateNode.create({ ...common, name: 'observer', role: ['--name', 'observer'] })
		const embedded = await EmbeddedNode.create({ name: 'embedded', dir, spec: specFile, onExit: onFailure })
		const network = new Network(options, spec, specFile, observer, embedded)
		for (const name of ['Alice', 'Bob', 'Charlie'] as const)
			network.validators.set(name, await network.create(name, [`--${name.toLowerCase()}`, '--validator']))
		await Promise.all(network.#nodes.map((node) => network.start(node)))
		await network.isFinal(1)
		return network
	}

	/** A further node of the network, not started yet. */
	async create(name: string, role: readonly string[]): Promise<SubstrateNode> {
		const { binary, dir, onFailure } = this.#options
		const node = await SubstrateNode.create({ binary, dir, spec: this.#specFile, name, role, onExit: onFailure })
		this.#nodes.push(node)
		return node
	}

	/** Starts a node that knows all the others. Gives the milliseconds until its JSON-RPC answered. */
	start(node: SubstrateNode): Promise<number> {
		return node.start(this.#nodes.filter((other) => other !== node).map(({ address }) => address))
	}

	/** The running validators. */
	authors(): SubstrateNode[] {
		return [...this.validators.values()].filter(({ isRunning }) => isRunning)
	}

	/** The validator of this name. Throws when it is none now. */
	validator(name: ValidatorName): SubstrateNode {
		const node = this.validators.get(name)
		if (!node) throw new Error(`${name} is no validator`)
		return node
	}

	/** Starts what a proof that failed has left stopped. */
	async restore(): Promise<void> {
		const stopped = [this.observer, ...this.validators.values()].filter(({ isRunning }) => !isRunning)
		await Promise.all(stopped.map((node) => this.start(node)))
	}

	/** Waits until block `number` is final on all running validators, and gives that block. Throws when they finalised different ones. */
	async isFinal(number: number, seconds = 90): Promise<Head> {
		const nodes = this.authors()
		await Promise.all(nodes.map((node) => node.finalizes(number, seconds)))
		return this.agreed(number)
	}

	/** The block of this number that all running validators have. Throws when they have different ones. */
	async agreed(number: number): Promise<Head> {
		const nodes = this.authors()
		const hashes = await Promise.all(nodes.map(({ rpc }) => rpc.hashAt(number)))
		if (hashes[0] === undefined || hashes.some((hash) => hash !== hashes[0]))
			throw new Error(`block ${number} differs: ${nodes.map(({ name }, i) => `${name} has ${hashes[i] ?? 'none'}`).join(', ')}`)
		return { number, hash: hashes[0] }
	}

	/** Waits until `count` blocks more are final on all running validators. */
	async goesOn(count: number, seconds = 90): Promise<Head> {
		const heads = await Promise.all(this.authors().map(({ rpc }) => rpc.finalized()))
		return this.isFinal(Math.max(...heads.map(({ number }) => number)) + count, seconds)
	}

	/**
	 * Gives the embedded node all blocks up to the observer's finalized head, as the observer exports them. It executes each and
	 * refuses one that does not come to the state root of its header. Gives that head, and the embedded node's.
	 */
	async mirror(): Promise<{ finalized: Head; embedded: { best: Head; finalizedNumber: number } }> {
		const { observer } = this
		const finalized = await observer.rpc.finalized()
		const file = join(this.#options.dir, 'blocks.bin')
		await observer.stop()
		try {
			await observer.exportBlocks(file, this.#exported + 1, finalized.number)
		} finally {
			await this.start(observer)
		}
		const embedded = await this.#embedded.importBlocks(file)
		this.#exported = finalized.number
		return { finalized, embedded }
	}

	/** Hashes of blocks 1 to `to` as the embedded node has them. */
	async embeddedHashes(to: number): Promise<Hash[]> {
		await this.#embedded.start()
		try {
			return await this.#embedded.rpc.hashes(to)
		} finally {
			await this.#embedded.stop()
		}
	}
}
