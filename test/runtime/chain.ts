import '@stkr/runtime-spec/frame/native/install.ts'
import { Keyring } from '@polkadot/keyring'
import type { KeyringPair } from '@polkadot/keyring/types'
import { cryptoWaitReady } from '@polkadot/util-crypto'
import { blake2_256 } from '@stkr/node/src/crypto/hash.ts'
import { concatBytes, toHex } from '@stkr/runtime-spec/frame/bytes.ts'
import type { Call } from '@stkr/runtime-spec/frame/call.ts'
import { dispatchError } from '@stkr/runtime-spec/frame/errors.ts'
import { header, validTransaction } from '@stkr/runtime-spec/frame/executive.ts'
import { type SignOptions, signExtrinsic } from '@stkr/runtime-spec/frame/native/sign.ts'
import { type TransactionSource, transactionSource } from '@stkr/runtime-spec/frame/pallet.ts'
import type { RuntimeEvent } from '@stkr/runtime-spec/frame/runtime-types.ts'
import { bytes, compactU32, Reader, u64, type Value, vec } from '@stkr/runtime-spec/frame/scale/index.ts'
import { storage as system } from '@stkr/runtime-spec/frame/system/index.ts'
import { slotDurationMs } from '@stkr/runtime-spec/pallets/aura/slots.ts'
import { executive } from '@stkr/runtime-spec/runtime/index.ts'
import { DEV_KEYS, type DevName, developmentGenesis, type GenesisConfig } from '@stkr/runtime-spec/runtime/presets.ts'
import { transactionValidityError } from '@stkr/runtime-spec/runtime/validity.ts'
import { RepeatingKeystore } from './keystore.ts'
import { blobMachine, emptyTrie, type MachineOptions, type NativeMachine, nativeMachine, Twin } from './twin.ts'

const AURA = new TextEncoder().encode('aura')
const INHERENT_TIMESTAMP = new TextEncoder().encode('timstap0')
const ZERO = new Uint8Array(32)
const FIRST_SLOT = 1_000_000n

/** What `npm run build` makes of a runtime, as far as running it goes. */
export interface RunnableRuntime {
	code: Uint8Array
	bundle: string
	assets: Record<string, Uint8Array>
}

/** What became of an extrinsic: done; in the block but undone; not taken into the block; or it ended the runtime call. */
export type Outcome = 'ok' | `failed ${string}` | `refused ${string}` | 'trapped'

/** A call to be signed when its turn comes, with the nonce the signer has by then. */
export interface ToSign {
	by: DevName | KeyringPair
	/** Bytes are signed as they are, whatever they hold. */
	call: Call | Uint8Array
	options?: Partial<SignOptions>
}

const keyring = await cryptoWaitReady().then(() => new Keyring({ type: 'sr25519' }))
const pairs = new Map<DevName, KeyringPair>()
for (const name of Object.keys(DEV_KEYS) as DevName[]) pairs.set(name, keyring.addFromUri(`//${name}`))
const pairOf = (by: DevName | KeyringPair): KeyringPair => (typeof by === 'string' ? pairs.get(by)! : by)

/** The account id of a signer. */
export const accountOf = (by: DevName | KeyringPair): Uint8Array => pairOf(by).addressRaw

/**
 * A chain on which every runtime call is made twice, natively and by the blob, and must give the same. Blocks are made as an author
 * makes them, then executed from their parent's state as an importer does; then the books of every pallet must balance.
 */
export class TwinChain {
	twin: Twin
	native: NativeMachine
	readonly genesisHash: Uint8Array
	private readonly slotMs: bigint
	/** Error lines of either runtime: a defect in a call shows here alone, as the call only fails. */
	readonly defects: string[] = []
	/** Keys of the node on which both run. */
	readonly keystore = new RepeatingKeystore()
	/** What either runtime wanted in the pool of its node, oldest first. */
	readonly submitted = { native: [] as Uint8Array[], blob: [] as Uint8Array[] }
	number = 0
	slot = FIRST_SLOT
	private parent: Uint8Array
	private body: Uint8Array[] = []

	/** Throws when genesis is refused. */
	constructor(runtime: RunnableRuntime, genesis: GenesisConfig = developmentGenesis()) {
		const machines = this.machines(runtime, emptyTrie())
		this.native = machines.native
		this.twin = machines.twin
		const built = this.twin.call('GenesisBuilder_build_state', bytes.encode(new TextEncoder().encode(JSON.stringify(genesis))))
		if (built?.[0] !== 0) throw new Error(`genesis was refused: ${built && new TextDecoder().decode(built)}`)
		this.twin.commit()
		this.check()
		this.slotMs = this.read(slotDurationMs)
		this.genesisHash = blake2_256(this.native.root())
		this.parent = this.genesisHash
	}

	private machines({ code, bundle, assets }: RunnableRuntime, trie: ReturnType<typeof emptyTrie>) {
		const options = (side: 'native' | 'blob'): MachineOptions => ({
			keystore: this.keystore,
			submit: (extrinsic) => this.submitted[side].push(extrinsic),
			log: (level, message) => {
				if (level === 0) this.defects.push(`${side}: ${message}`)
			},
		})
		const native = nativeMachine(bundle, assets, trie, options('native'))
		return { native, twin: new Twin(native, blobMachine(code, trie, options('blob'))) }
	}

	/** Goes on with another runtime on the state of the last block, as nodes do when `:code` has changed. */
	useRuntime(runtime: RunnableRuntime): void {
		const { differences } = this.twin
		Object.assign(this, this.machines(runtime, this.native.trie()))
		this.twin.differences.push(...differences)
	}

	/** Milliseconds since 1970 of the present slot. */
	get nowMs(): bigint {
		return this.slot * this.slotMs
	}

	/** Reads the state with the pallets' own storage items. */
	read<T>(query: () => T): T {
		return this.native.inspect(query)
	}

	/** Throws the first pallet whose books do not balance. */
	check(): void {
		this.read(() => executive.tryState())
	}

	/** The last block's events. */
	events(): RuntimeEvent[] {
		return this.read(() => system.events.get()).map(({ event }) => event)
	}

	/** Fields of the last block's events of one kind, e.g. `Escrow.LockMinted`. */
	eventsOf(name: string): Record<string, unknown>[] {
		return this.events()
			.filter((event) => `${event.pallet}.${event.name}` === name)
			.map(({ fields }) => fields)
	}

	nonce(who: Uint8Array): number {
		return new Reader(this.twin.call('AccountNonceApi_account_nonce', who)!).u32()
	}

	sign({ by, call, options = {} }: ToSign): Uint8Array {
		const nonce = options.nonce ?? this.nonce(accountOf(by))
		return signExtrinsic(pairOf(by), call, { genesisHash: this.genesisHash, ...options, nonce })
	}

	/** The answer of a runtime API on the last block; its writes are dropped. Undefined when it trapped. */
	ask(method: string, input: Uint8Array): Uint8Array | undefined {
		const answer = this.twin.call(method, input)
		this.twin.discard()
		return answer
	}

	/** What the pool hears of an extrinsic on the last block. */
	validate(raw: Uint8Array, source: TransactionSource = 'External'): Value<typeof validTransaction> | Outcome {
		const from = transactionSource.encode({ type: source })
		const found = this.ask('TaggedTransactionQueue_validate_transaction', concatBytes(from, raw, this.parent))
		if (!found) return 'trapped'
		return found[0] === 0 ? validTransaction.read(new Reader(found, 1)) : refusal(found)
	}

	/** Starts a block, `slots` after the last one. */
	open(slots = 1n): void {
		this.slot += slots
		const aura: [Uint8Array, Uint8Array] = [AURA, u64.encode(this.slot)]
		const opening = { parentHash: this.parent, number: ++this.number, stateRoot: ZERO, extrinsicsRoot: ZERO }
		this.must('Core_initialize_block', header.encode({ ...opening, digest: { logs: [{ type: 'PreRuntime', value: aura }] } }))
		const data = concatBytes(compactU32.encode(1), INHERENT_TIMESTAMP, bytes.encode(u64.encode(this.nowMs)))
		this.body = []
		for (const inherent of vec(bytes).decode(this.must('BlockBuilder_inherent_extrinsics', data))) {
			const outcome = this.apply(bytes.encode(inherent))
			if (outcome !== 'ok') throw new Error(`an inherent of block ${this.number}: ${outcome}`)
		}
	}

	/** Applies an extrinsic to the block being made; only what is not refused becomes part of it. */
	apply(extrinsic: Uint8Array | ToSign): Outcome {
		const raw = extrinsic instanceof Uint8Array ? extrinsic : this.sign(extrinsic)
		const result = this.twin.call('BlockBuilder_apply_extrinsic', raw)
		if (!result) return 'trapped'
		if (result[0] === 1) return refusal(result)
		this.body.push(raw)
		return result[1] === 0 ? 'ok' : `failed ${errorName(result.subarray(2))}`
	}

	/** Closes the block and executes it from the parent's state. Throws when it is refused there or the books do not balance. */
	close(): Value<typeof header> {
		const closed = this.must('BlockBuilder_finalize_block', new Uint8Array())
		this.twin.discard()
		this.must('Core_execute_block', concatBytes(closed, compactU32.encode(this.body.length), ...this.body))
		this.twin.commit()
		this.parent = blake2_256(closed)
		this.check()
		return header.decode(closed)
	}

	/** A whole block; the outcome of each extrinsic. */
	block(extrinsics: readonly (Uint8Array | ToSign)[] = [], slots = 1n): Outcome[] {
		this.open(slots)
		const outcomes = extrinsics.map((extrinsic) => this.apply(extrinsic))
		this.close()
		return outcomes
	}

	private must(method: string, input: Uint8Array): Uint8Array {
		const result = this.twin.call(method, input)
		if (!result)
			throw new Error(`block ${this.number}: ${method} trapped: ${this.twin.left.trap()}; in the blob: ${this.twin.right.trap()}`)
		return result
	}
}

const refusal = (result: Uint8Array): Outcome => {
	const { type, value } = transactionValidityError.read(new Reader(result, 1))
	return `refused ${type}.${value.type}`
}

/** `Escrow.AlreadyMinted`, `Token.FundsUnavailable`, `BadOrigin`. */
export const errorName = (encoded: Uint8Array): string => {
	const { type, value } = dispatchError.read(new Reader(encoded))
	if (type === 'Module') {
		const pallet = executive.pallets.find(({ index }) => index === value.index)
		return `${pallet?.name}.${pallet?.parts.errors?.names[value.error[0]] ?? toHex(value.error)}`
	}
	return value === undefined ? type : `${type}.${(value as { type: string }).type}`
}
