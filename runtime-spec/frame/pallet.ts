import type { CallDefinition } from './call.ts'
import type { PalletErrors } from './errors.ts'
import type { PalletEvents } from './events.ts'
import type { GenesisReader } from './genesis.ts'
import { type Codec, enumeration, u16, unit, type Value } from './scale/index.ts'
import { type StorageItem, StorageValue } from './storage.ts'
import type { Weight } from './weight.ts'

/** A constant in metadata. */
export interface Constant<T> {
	codec: Codec<T>
	value: T
}
export const constant = <T>(codec: Codec<T>, value: T): Constant<T> => ({ codec, value })

/** What happens around the calls of a block. Weights are what the hook used. */
export interface Hooks {
	onInitialize?(number: number): Weight
	onFinalize?(number: number): void
	/** With what is left of the block's weight; must not use more. */
	onIdle?(number: number, left: Weight): Weight
	onRuntimeUpgrade?(): Weight
}

/** Data the block author puts into every block through an unsigned call. */
export interface Inherent {
	/** 8 ASCII characters, e.g. `timstap0`. */
	identifier: string
	/** The call this block needs, or undefined when `data` (the author's, SCALE) asks for none. */
	create(data: Uint8Array): { call: CallDefinition; args: object } | undefined
	/** Checks an inherent call of someone else's block against our own data; returns a SCALE error (and whether it is fatal), or undefined. */
	check(args: object, data: Uint8Array): { error: Uint8Array; fatal: boolean } | undefined
	/** True for the calls of this pallet that are inherents. */
	isInherent(call: CallDefinition): boolean
}

/** One step between storage versions, tested from a stored old state. */
export interface Migration {
	from: number
	run(): Weight
}

/** Where an extrinsic comes from: a block, this node itself, or its RPC and other nodes. */
export const transactionSource = enumeration('sp_runtime::transaction_validity::TransactionSource', {
	InBlock: unit,
	Local: unit,
	External: unit,
})
export type TransactionSource = Value<typeof transactionSource>['type']

/** How an unsigned extrinsic stands in the pool: `longevity` in blocks; unless it may `propagate`, only this node's own blocks take it. */
export interface UnsignedValidity {
	priority: bigint
	provides: Uint8Array[]
	longevity: bigint
	propagate: boolean
}

export interface PalletDefinition {
	storage?: Record<string, StorageItem>
	events?: PalletEvents
	errors?: PalletErrors
	constants?: Record<string, Constant<unknown>>
	calls?: Record<string, CallDefinition>
	hooks?: Hooks
	inherent?: Inherent
	/** Writes genesis from this pallet's part of the genesis JSON. Throws `GenesisError` naming the wrong value. */
	genesis?: (config: GenesisReader) => void
	/** Throws when the pallet's books do not balance. Run by tests, fuzzing and on demand in the node; never in a block. */
	tryState?: () => void
	/** Layout version of the storage; raise it with a migration. */
	storageVersion?: number
	migrations?: Migration[]
	/** Lets an unsigned call into the pool and into blocks; throws a validity error otherwise. */
	validateUnsigned?: (call: CallDefinition, args: object, source: TransactionSource) => UnsignedValidity
}

/** A pallet: its name and its parts, in the order storage, events, errors, constants, calls, hooks. */
export class Pallet {
	readonly name: string
	readonly parts: PalletDefinition
	index = 255
	/** `:__STORAGE_VERSION__:` of this pallet. */
	readonly version = new StorageValue<number, number>(u16, () => 0)

	constructor(name: string, parts: PalletDefinition) {
		this.name = name
		this.parts = parts
	}

	/** Gives the pallet its place in the runtime. */
	place(index: number): void {
		this.index = index
		const { storage, events, errors, calls } = this.parts
		for (const key of Object.keys(storage ?? {})) storage![key].bind(this.name, pascal(key))
		this.version.bind(this.name, ':__STORAGE_VERSION__:')
		if (events) events.palletIndex = index
		if (errors) errors.palletIndex = index
		for (const name of Object.keys(calls ?? {})) calls![name].name = name
	}
}

export const pallet = (name: string, parts: PalletDefinition): Pallet => new Pallet(name, parts)

/** `totalIssuance` in TypeScript is `TotalIssuance` on chain. */
export const pascal = (name: string): string => name.slice(0, 1).toUpperCase() + name.slice(1)
