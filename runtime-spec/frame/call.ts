import { badOrigin, cannotLookup, type DispatchError, toDispatchError } from './errors.ts'
import { host } from './host.ts'
import {
	accountId,
	bytes,
	Codec,
	compactU32,
	DecodeError,
	enumeration,
	type Fields,
	type FieldValues,
	fixedBytes,
	type Reader,
	type Struct,
	struct,
	type Value,
	type Writer,
} from './scale/index.ts'
import { transactional } from './storage.ts'
import type { DispatchClass, DispatchInfo, PostInfo, Weight } from './weight.ts'

/** 32 bytes. */
export type AccountId = Uint8Array

/** Who makes a call. `Root` is a passed vote (or sudo in dev presets), `None` an inherent. */
export type Origin = { type: 'Root' } | { type: 'None' } | { type: 'Signed'; who: AccountId }
export const ROOT: Origin = { type: 'Root' }
export const NONE: Origin = { type: 'None' }
export const signed = (who: AccountId): Origin => ({ type: 'Signed', who })

/** The signer; anything else is `BadOrigin`. */
export const ensureSigned = (origin: Origin): AccountId => {
	if (origin.type !== 'Signed') throw badOrigin()
	return origin.who
}
export const ensureRoot = (origin: Origin): void => {
	if (origin.type !== 'Root') throw badOrigin()
}
export const ensureNone = (origin: Origin): void => {
	if (origin.type !== 'None') throw badOrigin()
}

/** An address in a call: this chain knows accounts by id only; the other forms decode and fail with `CannotLookup`. */
export const multiAddress = enumeration('sp_runtime::multiaddress::MultiAddress', {
	Id: accountId,
	Index: compactU32,
	Raw: bytes,
	Address32: fixedBytes(32),
	Address20: fixedBytes(20),
})
export type MultiAddress = Value<typeof multiAddress>
export const lookup = (address: MultiAddress): AccountId => {
	if (address.type !== 'Id') throw cannotLookup()
	return address.value
}

/** One dispatchable of a pallet. */
export class CallDefinition {
	readonly index: number
	readonly args: Struct<object>
	readonly weight: Weight | ((args: never) => Weight)
	readonly run: (origin: Origin, args: never) => PostInfo | void
	readonly class: DispatchClass
	readonly paysFee: boolean
	name = ''
	constructor(
		index: number,
		args: Fields,
		weight: Weight | ((args: never) => Weight),
		run: (origin: Origin, args: never) => PostInfo | void,
		options: { class?: DispatchClass; paysFee?: boolean },
	) {
		this.index = index
		this.args = struct('', args)
		this.weight = weight
		this.run = run
		this.class = options.class ?? 'Normal'
		this.paysFee = options.paysFee ?? true
	}
}

/**
 * Defines a call: its index in the pallet (never reused), arguments, worst-case weight and what it does. What `run` throws
 * rolls back every write of the call.
 */
export const call = <const A extends Fields>(
	index: number,
	args: A,
	weight: Weight | ((args: FieldValues<A>) => Weight),
	run: (origin: Origin, args: FieldValues<A>) => PostInfo | void,
	options: { class?: DispatchClass; paysFee?: boolean } = {},
): CallDefinition => new CallDefinition(index, args, weight as Weight, run as CallDefinition['run'], options)

/** A decoded call, ready to dispatch. */
export interface Call {
	pallet: number
	definition: CallDefinition
	args: object
}

/** How deep calls may hold calls (batch of batch of …): bounded by the engine's 64 KiB stack, and more than any wallet builds. */
export const MAX_CALL_DEPTH = 6

/** The runtime's call type: pallet index, call index, arguments. Its table is filled when the runtime is put together. */
class RuntimeCallCodec extends Codec<Call> {
	readonly pallets: (Map<number, CallDefinition> | undefined)[] = []
	private depth = 0
	write(w: Writer, value: Call): void {
		w.u8(value.pallet)
		w.u8(value.definition.index)
		value.definition.args.write(w, value.args)
	}
	read(r: Reader): Call {
		const pallet = r.u8()
		const index = r.u8()
		const definition = this.pallets[pallet]?.get(index)
		if (!definition) throw new DecodeError(`no call ${pallet}.${index}`)
		if (this.depth >= MAX_CALL_DEPTH) throw new DecodeError(`calls nested deeper than ${MAX_CALL_DEPTH}`)
		this.depth++
		try {
			return { pallet, definition, args: definition.args.read(r) }
		} finally {
			this.depth--
		}
	}
}
export const runtimeCall = new RuntimeCallCodec()
export { RuntimeCallCodec }

export const infoOf = ({ definition, args }: Call): DispatchInfo => ({
	weight: typeof definition.weight === 'function' ? definition.weight(args as never) : definition.weight,
	class: definition.class,
	paysFee: definition.paysFee,
})

/** Runs a call in its own storage layer. Throws what the call throws, after undoing its writes. */
export const dispatch = (call: Call, origin: Origin): PostInfo => transactional(() => call.definition.run(origin, call.args as never) ?? {})

/** Runs a call and gives what it used or why it failed, with its writes undone. Defects are logged with their stack. */
export const attempt = (
	call: Call,
	origin: Origin,
): { post: PostInfo; failure?: undefined } | { post?: undefined; failure: DispatchError } => {
	try {
		return { post: dispatch(call, origin) }
	} catch (thrown) {
		const { error, defect } = toDispatchError(thrown)
		if (defect) host.log(0, `defect in call ${call.pallet}.${call.definition.name}: ${thrown} ${(thrown as Error).stack}`)
		return { failure: error }
	}
}
