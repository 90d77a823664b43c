import { blake2b } from '@noble/hashes/blake2.js'
import { resetBlock } from '../block.ts'
import { concatBytes } from '../bytes.ts'
import type { CallDefinition } from '../call.ts'
import { constructRuntime } from '../construct.ts'
import { type Executive, type Header, header } from '../executive.ts'
import type { Extension } from '../extrinsic.ts'
import { GenesisReader } from '../genesis.ts'
import { useHost } from '../host.ts'
import { parseJson } from '../json.ts'
import type { Pallet } from '../pallet.ts'
import type { RuntimeEvent } from '../runtime-types.ts'
import { compactU32, u64 } from '../scale/index.ts'
import { storage } from '../system/index.ts'
import { type NativeOptions, nativeHost } from './host.ts'
import { MemoryState } from './state.ts'

const INHERENT_TIMESTAMP = new TextEncoder().encode('timstap0')
const AURA = new TextEncoder().encode('aura')

/**
 * A chain that makes real blocks through the executive, natively: author path first, then every block is executed again on
 * a copy of the parent state, and both must end in the same state. For tests of what happens around calls.
 */
export class TestBlocks {
	state = new MemoryState()
	readonly executive: Executive
	readonly genesisHash: Uint8Array
	private readonly pallets: { readonly [index: number]: Pallet }
	private readonly options: NativeOptions
	readonly logs: string[] = []
	parentHash: Uint8Array
	number = 0
	slot = 1_000n

	constructor(
		pallets: { readonly [index: number]: Pallet },
		extensions: readonly Extension<never>[],
		genesis: Record<string, unknown>,
		options: NativeOptions = {},
	) {
		this.pallets = pallets
		this.options = options
		this.use(this.state)
		this.executive = constructRuntime(pallets, extensions)
		resetBlock()
		for (const { name, parts } of Object.values(pallets)) {
			const key = name.slice(0, 1).toLowerCase() + name.slice(1)
			parts.genesis?.(new GenesisReader(key, key in genesis ? parseJson(JSON.stringify(genesis[key])) : undefined))
		}
		this.executive.noteGenesis()
		this.genesisHash = blake2b(this.state.root(), { dkLen: 32 })
		this.parentHash = this.genesisHash
	}

	use(state: MemoryState): void {
		useHost(nativeHost(state, { log: (_, message) => this.logs.push(message), ...this.options }))
	}

	/** A call of this runtime by its pallet and name. */
	callOf(definition: CallDefinition, args: object) {
		const pallet = Object.values(this.pallets).find(({ parts }) => Object.values(parts.calls ?? {}).includes(definition))!
		return { pallet: pallet.index, definition, args }
	}

	private inherents(): Uint8Array[] {
		const data = u64.encode(this.slot * 6000n)
		return this.executive.inherentExtrinsics({ data: [[INHERENT_TIMESTAMP, data]] })
	}

	/** Makes a block of `extrinsics`; returns each one's SCALE result. Refused ones are left out of the block. */
	block(extrinsics: readonly Uint8Array[] = []): { results: Uint8Array[]; header: Header; body: Uint8Array[] } {
		const before = this.state.clone()
		const opening: Header = {
			parentHash: this.parentHash,
			number: ++this.number,
			stateRoot: new Uint8Array(32),
			extrinsicsRoot: new Uint8Array(32),
			digest: { logs: [{ type: 'PreRuntime', value: [AURA, u64.encode(++this.slot)] }] },
		}
		this.use(this.state)
		this.executive.initializeBlock(opening)
		const body: Uint8Array[] = []
		for (const inherent of this.inherents()) {
			const result = this.executive.applyExtrinsic(inherent)
			if (result[0] !== 0 || result[1] !== 0) throw new Error(`inherent refused: ${result} ${this.logs.at(-1)}`)
			body.push(inherent)
		}
		const results: Uint8Array[] = []
		for (const extrinsic of extrinsics) {
			this.state.start()
			const result = this.executive.applyExtrinsic(extrinsic)
			if (result[0] === 0) {
				this.state.commit()
				body.push(extrinsic)
			} else this.state.rollback()
			results.push(result)
		}
		const closed = this.executive.finalizeBlock()
		this.executive.tryState()
		this.execute(before, closed, body)
		if (Buffer.compare(before.root(), this.state.root()) !== 0) throw new Error('executing the block gave another state than making it')
		this.use(this.state)
		this.parentHash = blake2b(header.encode(closed), { dkLen: 32 })
		return { results, header: closed, body }
	}

	/** `Core_execute_block` on a state: throws what refuses the block. */
	execute(state: MemoryState, head: Header, body: readonly Uint8Array[]): void {
		this.use(state)
		this.executive.executeBlock(concatBytes(header.encode(head), compactU32.encode(body.length), ...body))
	}

	events(): RuntimeEvent[] {
		return storage.events.get().map(({ event }) => event)
	}
}

/** SCALE of a `Result` that is `Ok(Ok(()))`. */
export const SUCCESS = Uint8Array.of(0, 0)
