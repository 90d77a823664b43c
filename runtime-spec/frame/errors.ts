import { ARITHMETIC_KINDS, ArithmeticError, type ArithmeticKind } from './math/integer.ts'
import { bool, Codec, enumeration, fixedBytes, type Reader, struct, u8, unit, type Writer } from './scale/index.ts'

export const tokenError = enumeration('sp_runtime::TokenError', {
	FundsUnavailable: unit,
	OnlyProvider: unit,
	BelowMinimum: unit,
	CannotCreate: unit,
	UnknownAsset: unit,
	Frozen: unit,
	Unsupported: unit,
	CannotCreateHold: unit,
	NotExpendable: unit,
	Blocked: unit,
})
export const arithmeticError = enumeration('sp_arithmetic::ArithmeticError', { Underflow: unit, Overflow: unit, DivisionByZero: unit })
export const transactionalError = enumeration('sp_runtime::TransactionalError', { LimitReached: unit, NoLayer: unit })
export const moduleError = struct('sp_runtime::ModuleError', { index: u8, error: fixedBytes(4) })

/** Why a call failed, as it goes into `ExtrinsicFailed` (sp_runtime::DispatchError). */
export const dispatchError = enumeration('sp_runtime::DispatchError', {
	Other: unit,
	CannotLookup: unit,
	BadOrigin: unit,
	Module: moduleError,
	ConsumerRemaining: unit,
	NoProviders: unit,
	TooManyConsumers: unit,
	Token: tokenError,
	Arithmetic: arithmeticError,
	Transactional: transactionalError,
	Exhausted: unit,
	Corruption: unit,
	Unavailable: unit,
	RootNotAllowed: unit,
})

/** Thrown by a call: everything it wrote is rolled back, the error is reported, the block goes on. */
export class DispatchError extends Error {
	/** SCALE `sp_runtime::DispatchError`. */
	readonly encoded: Uint8Array
	constructor(name: string, encoded: Uint8Array) {
		super(name)
		this.encoded = encoded
	}
}

const simple = (name: string, index: number) => () => new DispatchError(name, Uint8Array.of(index))
export const otherError = simple('Other', 0)
export const cannotLookup = simple('CannotLookup', 1)
export const badOrigin = simple('BadOrigin', 2)
export const consumerRemaining = simple('ConsumerRemaining', 4)
export const noProviders = simple('NoProviders', 5)

export type TokenErrorName =
	| 'FundsUnavailable'
	| 'OnlyProvider'
	| 'BelowMinimum'
	| 'CannotCreate'
	| 'UnknownAsset'
	| 'Frozen'
	| 'Unsupported'
	| 'NotExpendable'
	| 'Blocked'
export const tokenErrorOf = (name: TokenErrorName): DispatchError =>
	new DispatchError(`Token::${name}`, Uint8Array.of(7, tokenError.names.indexOf(name)))

const arithmeticErrorOf = (kind: ArithmeticKind): DispatchError =>
	new DispatchError(`Arithmetic::${kind}`, Uint8Array.of(8, ARITHMETIC_KINDS.indexOf(kind)))

/**
 * The dispatch error of anything a call may throw. Errors that are no `DispatchError` are defects (or an exhausted stack or
 * arena): they become `Other`, and the caller logs them.
 */
export const toDispatchError = (thrown: unknown): { error: DispatchError; defect: boolean } => {
	if (thrown instanceof DispatchError) return { error: thrown, defect: false }
	if (thrown instanceof ArithmeticError) return { error: arithmeticErrorOf(thrown.kind), defect: false }
	return { error: otherError(), defect: true }
}

/** Thrown by validation: the extrinsic is refused, nothing it did stays. SCALE `TransactionValidityError`. */
export class TransactionValidityError extends Error {
	readonly encoded: Uint8Array
	constructor(name: string, encoded: Uint8Array) {
		super(name)
		this.encoded = encoded
	}
}

const invalid = (name: string, index: number) => () => new TransactionValidityError(`InvalidTransaction::${name}`, Uint8Array.of(0, index))
export const invalidTransaction = {
	call: invalid('Call', 0),
	payment: invalid('Payment', 1),
	future: invalid('Future', 2),
	stale: invalid('Stale', 3),
	badProof: invalid('BadProof', 4),
	ancientBirthBlock: invalid('AncientBirthBlock', 5),
	exhaustsResources: invalid('ExhaustsResources', 6),
	badMandatory: invalid('BadMandatory', 8),
	badSigner: invalid('BadSigner', 10),
}
export const unknownTransaction = {
	noUnsignedValidator: () => new TransactionValidityError('UnknownTransaction::NoUnsignedValidator', Uint8Array.of(1, 1)),
}

/** A pallet's errors: `throw error.PoolFull()`. Variants are numbered by order; the pallet's index is known once the runtime is put together. */
export class PalletErrors {
	readonly names: readonly string[]
	palletIndex = 255
	constructor(names: readonly string[]) {
		this.names = names
	}
}

export type Errors<N extends string> = PalletErrors & { readonly [K in N]: () => DispatchError }

export const errors = <const N extends readonly string[]>(names: N): Errors<N[number]> => {
	const set = new PalletErrors(names)
	const out = set as unknown as Record<string, () => DispatchError>
	for (let i = 0; i < names.length; i++) out[names[i]] = () => new DispatchError(names[i], Uint8Array.of(3, set.palletIndex, i, 0, 0, 0))
	return set as Errors<N[number]>
}

/** A dispatch error that is already bytes; `sp_runtime::DispatchError` in metadata. */
class EncodedDispatchError extends Codec<DispatchError> {
	readonly shape = dispatchError
	write(w: Writer, value: DispatchError): void {
		w.raw(value.encoded)
	}
	read(r: Reader): DispatchError {
		const at = r.at
		const { type } = dispatchError.read(r)
		return new DispatchError(type, r.bytes.slice(at, r.at))
	}
}
export const encodedDispatchError = new EncodedDispatchError()

/** `Result<(), DispatchError>`: undefined is Ok. */
class DispatchResult extends Codec<DispatchError | undefined> {
	readonly error = encodedDispatchError
	write(w: Writer, value: DispatchError | undefined): void {
		w.u8(value ? 1 : 0)
		if (value) encodedDispatchError.write(w, value)
	}
	read(r: Reader): DispatchError | undefined {
		return bool.read(r) ? encodedDispatchError.read(r) : undefined
	}
}
export const dispatchResult = new DispatchResult()

export { DispatchResult, EncodedDispatchError }
