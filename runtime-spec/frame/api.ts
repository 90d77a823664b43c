import { opaqueExtrinsic } from './extrinsic.ts'
import { Codec, type Fields, type FieldValues, Reader, type Struct, struct, type Writer, writer } from './scale/index.ts'

/** One method of a runtime API. */
export interface ApiMethod {
	args: Struct<object>
	result: Codec<unknown>
	run(args: never): unknown
}

/** A runtime API: its trait name, the version of it this runtime has, and its methods (`accountNonce` is `account_nonce` outside). */
export interface RuntimeApi {
	name: string
	version: number
	methods: Record<string, ApiMethod>
}

export const method = <const A extends Fields, R>(args: A, result: Codec<R>, run: (args: FieldValues<A>) => R): ApiMethod => ({
	args: struct('', args),
	result: result as Codec<unknown>,
	run: run as ApiMethod['run'],
})

export const runtimeApi = (name: string, version: number, methods: Record<string, ApiMethod>): RuntimeApi => ({ name, version, methods })

/** A value that is SCALE already; `shape` is its type. */
class Encoded extends Codec<Uint8Array> {
	readonly shape: Codec<unknown>
	constructor(shape: Codec<unknown>) {
		super()
		this.shape = shape
	}
	write(w: Writer, value: Uint8Array): void {
		w.raw(value)
	}
	/** Takes all that is left: such a value can only come last. */
	read(r: Reader): Uint8Array {
		return r.raw(r.left)
	}
}
/** See `extrinsicBefore`. */
class ExtrinsicBefore extends Encoded {
	readonly trailing: number
	constructor(trailing: number) {
		super(opaqueExtrinsic)
		this.trailing = trailing
	}
	override read(r: Reader): Uint8Array {
		return r.raw(r.left - this.trailing)
	}
}
/**
 * An extrinsic argument with `trailing` bytes of other arguments behind it, taken whatever it holds: a malformed one reaches the
 * check that refuses it instead of stopping the call.
 */
export const extrinsicBefore = (trailing: number): Codec<Uint8Array> => new ExtrinsicBefore(trailing)
export const encoded = <T>(shape: Codec<T>): Codec<Uint8Array> => new Encoded(shape)
export { Encoded }

/** `accountNonce` in TypeScript is `account_nonce` on chain. */
export const snake = (name: string): string => {
	let out = ''
	for (let i = 0; i < name.length; i++) {
		const c = name[i]
		out += c >= 'A' && c <= 'Z' ? `_${c.toLowerCase()}` : c
	}
	return out
}

/** The entry points of the blob: `Trait_method` taking and giving SCALE. */
export const entryPoints = (apis: readonly RuntimeApi[]): Record<string, (input: Uint8Array) => Uint8Array> => {
	const out: Record<string, (input: Uint8Array) => Uint8Array> = {}
	for (const { name, methods } of apis)
		for (const key of Object.keys(methods)) {
			const { args, result, run } = methods[key]
			out[`${name}_${snake(key)}`] = (input) => {
				const value = run(args.read(new Reader(input)) as never)
				const mark = writer.at
				result.write(writer, value)
				return writer.take(mark)
			}
		}
	return out
}
