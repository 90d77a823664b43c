import { block, resetBlock } from '../block.ts'
import { type Call, type CallDefinition, dispatch, type Origin } from '../call.ts'
import { constructRuntime } from '../construct.ts'
import { DispatchError, toDispatchError } from '../errors.ts'
import type { Executive } from '../executive.ts'
import { GenesisReader } from '../genesis.ts'
import { useHost } from '../host.ts'
import { parseJson } from '../json.ts'
import type { Pallet } from '../pallet.ts'
import type { RuntimeEvent } from '../runtime-types.ts'
import { storage, system } from '../system/index.ts'
import { type NativeOptions, nativeHost } from './host.ts'
import { MemoryState } from './state.ts'

/**
 * A chain of some pallets in memory, for tests: System is always pallet 0. Calls run as the executive runs them (nested storage
 * transaction, errors reported), and after every call and block `try_state` of all pallets must hold.
 */
export class TestChain {
	readonly state = new MemoryState()
	readonly logs: string[] = []
	readonly executive: Executive
	private readonly pallets: { [index: number]: Pallet }

	/** `genesis` is the genesis JSON by pallet name (camelCase), as chain specs write it. */
	constructor(pallets: { readonly [index: number]: Pallet }, genesis: Record<string, unknown> = {}, options: NativeOptions = {}) {
		this.pallets = { 0: system, ...pallets }
		useHost(nativeHost(this.state, { log: (_, message) => this.logs.push(message), ...options }))
		this.executive = constructRuntime(this.pallets, [])
		resetBlock()
		for (const { name, parts } of Object.values(this.pallets)) {
			const key = name.slice(0, 1).toLowerCase() + name.slice(1)
			const config =
				key in genesis ? parseJson(JSON.stringify(genesis[key], (_, v) => (typeof v === 'bigint' ? v.toString() : v))) : undefined
			parts.genesis?.(new GenesisReader(key, config))
		}
		this.executive.noteGenesis()
		this.check()
		this.nextBlock()
	}

	/** Number of the block being made. */
	get number(): number {
		return block.number
	}

	/** Dispatches a call of a pallet. Returns its error's name, or undefined when it succeeded. */
	call(origin: Origin, definition: CallDefinition, args: object): string | undefined {
		const pallet = Object.values(this.pallets).find(({ parts }) => Object.values(parts.calls ?? {}).includes(definition))
		if (!pallet) throw new Error(`call ${definition.name} belongs to no pallet of this chain`)
		const made: Call = { pallet: pallet.index, definition, args: definition.args.decode(definition.args.encode(args)) }
		block.phase = 'ApplyExtrinsic'
		try {
			dispatch(made, origin)
			return undefined
		} catch (thrown) {
			const { error, defect } = toDispatchError(thrown)
			if (defect) throw thrown
			return error instanceof DispatchError ? error.message : String(error)
		} finally {
			block.extrinsicIndex = (block.extrinsicIndex ?? 0) + 1
			this.check()
		}
	}

	/** Closes the block and opens the next one, `blocks` times: idle, finalize and initialize hooks run. */
	nextBlock(blocks = 1): void {
		for (let i = 0; i < blocks; i++) {
			if (block.number > 0) this.hooks('onFinalize')
			resetBlock()
			block.number = storage.number.get() + 1
			storage.number.put(block.number)
			storage.events.kill()
			block.extrinsicIndex = 0
			this.hooks('onInitialize')
			this.check()
		}
	}

	private hooks(name: 'onInitialize' | 'onFinalize'): void {
		block.phase = name === 'onFinalize' ? 'Finalization' : 'Initialization'
		for (const { parts } of Object.values(this.pallets)) parts.hooks?.[name]?.(block.number)
	}

	/** Events of this block so far. */
	events(): RuntimeEvent[] {
		return storage.events.get().map((record) => record.event)
	}

	/** Events of this block of one pallet and name: their fields. */
	eventsOf(pallet: string, name: string): Record<string, unknown>[] {
		return this.events()
			.filter((found) => found.pallet === pallet && found.name === name)
			.map(({ fields }) => fields)
	}

	/** Throws the first pallet whose books do not balance. */
	check(): void {
		this.executive.tryState()
	}
}

/** An account id for tests: 32 bytes, all `n`. */
export const account = (n: number): Uint8Array => new Uint8Array(32).fill(n)
