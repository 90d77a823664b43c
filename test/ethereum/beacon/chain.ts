/** The canonical beacon chain. One node makes every block, so there are no forks: a list of blocks, the latest states, two checkpoints. */
import { EventEmitter } from 'node:events'
import type { BeaconConfig } from '@lodestar/config'
import { type CachedBeaconStateElectra, computeEpochAtSlot, processSlots, ZERO_HASH } from '@lodestar/state-transition'
import { type electra, type phase0, ssz } from '@lodestar/types'
import { toRootHex } from '@lodestar/utils'
import type { Hex } from 'viem'
import type { EngineApi, ForkchoiceState } from './engine-api.ts'
import type { DevnetHead } from './protocol.ts'

/** States answer queries about recent slots only: eight epochs of the minimal preset. */
const STATE_HISTORY_SLOTS = 64
/** A block takes a few kB, so this bounds memory to some tens of MB; a day of 12-second slots is 7,200. */
const BLOCK_HISTORY_SLOTS = 8192

export interface ChainBlock {
	slot: number
	root: Uint8Array
	signedBlock: electra.SignedBeaconBlock
	/** The execution block it carries; for genesis, the one it stands on. */
	executionNumber: number
	executionHash: Hex
}

interface ChainEvents {
	/** The new head, after the execution client took it over. */
	head: [ChainBlock]
	finalized: [phase0.Checkpoint, ChainBlock]
}

/** A block or state as the standard API names it: head, genesis, finalized, justified, a slot, or a root in hex. */
type ChainPoint = string | number

export class BeaconChain extends EventEmitter<ChainEvents> {
	readonly config: BeaconConfig
	readonly genesisTime: number
	readonly genesis: ChainBlock
	readonly #engine: EngineApi
	readonly #bySlot = new Map<number, ChainBlock>()
	readonly #byRoot = new Map<string, ChainBlock>()
	readonly #states = new Map<ChainBlock, CachedBeaconStateElectra>()
	#head: ChainBlock
	#justified: ChainBlock
	#finalized: ChainBlock

	constructor(config: BeaconConfig, genesisState: CachedBeaconStateElectra, engine: EngineApi) {
		super()
		this.config = config
		this.genesisTime = genesisState.genesisTime
		this.#engine = engine
		const signedBlock = ssz.electra.SignedBeaconBlock.defaultValue()
		signedBlock.message.stateRoot = genesisState.hashTreeRoot()
		this.genesis = chainBlock(signedBlock, genesisState)
		this.#insert(this.genesis, genesisState)
		this.#head = this.genesis
		this.#justified = this.genesis
		this.#finalized = this.genesis
	}

	get head(): ChainBlock {
		return this.#head
	}

	get headState(): CachedBeaconStateElectra {
		return this.#stateOf(this.#head)
	}

	/** The justified checkpoint's block; genesis until the first is justified. */
	get justified(): ChainBlock {
		return this.#justified
	}

	/** The finalized checkpoint's block; genesis until the first is finalized. */
	get finalized(): ChainBlock {
		return this.#finalized
	}

	/** What the execution client is to follow. Hashes are zero until the first checkpoint, as on every beacon chain. */
	forkchoice(): ForkchoiceState {
		return this.#forkchoice(this.#head, this.headState)
	}

	/**
	 * Makes an already verified block the head, once the execution client follows it.
	 * @param state the state after the block
	 */
	async append(signedBlock: electra.SignedBeaconBlock, state: CachedBeaconStateElectra): Promise<void> {
		const block = chainBlock(signedBlock, state)
		await this.#engine.setForkchoice(this.#forkchoice(block, state))
		this.#insert(block, state)
		const previouslyFinalized = this.#finalized
		this.#head = block
		this.#justified = this.#checkpointBlock(state.currentJustifiedCheckpoint) ?? this.genesis
		this.#finalized = this.#checkpointBlock(state.finalizedCheckpoint) ?? this.genesis
		this.#prune()
		this.emit('head', block)
		if (this.#finalized !== previouslyFinalized) this.emit('finalized', state.finalizedCheckpoint.toValue(), this.#finalized)
	}

	summary(): DevnetHead {
		return {
			slot: this.#head.slot,
			epoch: computeEpochAtSlot(this.#head.slot),
			blockRoot: toRootHex(this.#head.root) as Hex,
			blockNumber: BigInt(this.#head.executionNumber),
			blockHash: this.#head.executionHash,
			finalizedEpoch: this.headState.finalizedCheckpoint.epoch,
			finalizedBlockNumber: BigInt(this.#finalized.executionNumber),
		}
	}

	findBlock(id: ChainPoint): ChainBlock | undefined {
		switch (id) {
			case 'head':
				return this.#head
			case 'genesis':
				return this.genesis
			case 'justified':
				return this.#justified
			case 'finalized':
				return this.#finalized
			default:
				return isRoot(id) ? this.#byRoot.get(id.toLowerCase()) : this.#bySlot.get(Number(id))
		}
	}

	/**
	 * The state at a point, with the newest block in it, where that is still kept. An empty slot's is that of the block before, carried
	 * forward. A root names the state's own root here, not the block's.
	 */
	findState(id: ChainPoint): { block: ChainBlock; state: CachedBeaconStateElectra } | undefined {
		const block = this.#findStateBlock(id)
		const state = block === undefined ? undefined : this.#states.get(block)
		if (block === undefined || state === undefined) return undefined
		const slot = Number(id)
		return { block, state: slot > state.slot && !isRoot(id) ? carryForward(state, slot) : state }
	}

	/** The state a block was applied to: its parent's, carried forward to its slot; undefined for genesis and where it is no longer kept. */
	findPreState(block: ChainBlock): CachedBeaconStateElectra | undefined {
		const parent = this.#byRoot.get(toRootHex(block.signedBlock.message.parentRoot))
		const state = parent === undefined ? undefined : this.#states.get(parent)
		return state === undefined ? undefined : carryForward(state, block.slot)
	}

	/** The block whose parent has this root in hex. */
	findChild(parentRoot: string): ChainBlock | undefined {
		const parent = this.#byRoot.get(parentRoot.toLowerCase())
		if (parent === undefined) return undefined
		for (let slot = parent.slot + 1; slot <= this.#head.slot; slot++) {
			const block = this.#bySlot.get(slot)
			if (block !== undefined) return block
		}
		return undefined
	}

	/** The newest block at or before a slot; genesis for slots before it. */
	blockAtOrBefore(slot: number): ChainBlock {
		for (let candidate = slot; candidate > 0; candidate--) {
			const block = this.#bySlot.get(candidate)
			if (block !== undefined) return block
		}
		return this.genesis
	}

	isFinalized(block: ChainBlock): boolean {
		return block.slot <= this.#finalized.slot
	}

	#findStateBlock(id: ChainPoint): ChainBlock | undefined {
		if (isRoot(id))
			return [...this.#states.keys()].find((candidate) => toRootHex(candidate.signedBlock.message.stateRoot) === id.toLowerCase())
		const slot = Number(id)
		const isRecent = slot <= this.#head.slot && slot >= this.#head.slot - STATE_HISTORY_SLOTS
		return isRecent ? this.blockAtOrBefore(slot) : this.findBlock(id)
	}

	#forkchoice(head: ChainBlock, state: CachedBeaconStateElectra): ForkchoiceState {
		const executionHash = (checkpoint: phase0.Checkpoint): string =>
			this.#checkpointBlock(checkpoint)?.executionHash ?? toRootHex(ZERO_HASH)
		return {
			headBlockHash: head.executionHash,
			safeBlockHash: executionHash(state.currentJustifiedCheckpoint),
			finalizedBlockHash: executionHash(state.finalizedCheckpoint),
		}
	}

	#checkpointBlock(checkpoint: phase0.Checkpoint): ChainBlock | undefined {
		return this.#byRoot.get(toRootHex(checkpoint.root))
	}

	#stateOf(block: ChainBlock): CachedBeaconStateElectra {
		const state = this.#states.get(block)
		if (state === undefined) throw new Error(`The state of slot ${block.slot} is no longer kept`)
		return state
	}

	#insert(block: ChainBlock, state: CachedBeaconStateElectra): void {
		this.#bySlot.set(block.slot, block)
		this.#byRoot.set(toRootHex(block.root), block)
		this.#states.set(block, state)
	}

	#prune(): void {
		const kept = new Set([this.genesis, this.#justified, this.#finalized])
		for (const block of this.#states.keys())
			if (block.slot < this.#head.slot - STATE_HISTORY_SLOTS && !kept.has(block)) this.#states.delete(block)
		for (const block of this.#bySlot.values()) {
			if (kept.has(block)) continue
			if (block.slot >= this.#head.slot - BLOCK_HISTORY_SLOTS) break
			this.#bySlot.delete(block.slot)
			this.#byRoot.delete(toRootHex(block.root))
		}
	}
}

function isRoot(id: ChainPoint): id is string {
	return typeof id === 'string' && id.startsWith('0x')
}

/** The state after the empty slots up to this one. */
function carryForward(state: CachedBeaconStateElectra, slot: number): CachedBeaconStateElectra {
	return processSlots(state, slot) as CachedBeaconStateElectra
}

function chainBlock(signedBlock: electra.SignedBeaconBlock, postState: CachedBeaconStateElectra): ChainBlock {
	const { blockNumber, blockHash } = postState.latestExecutionPayloadHeader
	return {
		slot: signedBlock.message.slot,
		root: ssz.electra.BeaconBlock.hashTreeRoot(signedBlock.message),
		signedBlock,
		executionNumber: blockNumber,
		executionHash: toRootHex(blockHash) as Hex,
	}
}
