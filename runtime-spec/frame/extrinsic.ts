import { type AccountId, type Call, multiAddress, runtimeCall } from './call.ts'
import { invalidTransaction } from './errors.ts'
import { host } from './host.ts'
import { Codec, DecodeError, enumeration, fixedBytes, Reader, unit, type Value, type Writer, writer } from './scale/index.ts'
import type { AccountInfo } from './system/account.ts'
import { weights } from './system/weights.ts'
import { type DispatchInfo, NO_WEIGHT, type PostInfo, type Weight } from './weight.ts'

/** Version of the extrinsic format: 4, the one every wallet signs. */
export const EXTRINSIC_VERSION = 4

export const multiSignature = enumeration('sp_runtime::MultiSignature', {
	Ed25519: fixedBytes(64),
	Sr25519: fixedBytes(64),
	Ecdsa: fixedBytes(65),
})
type MultiSignature = Value<typeof multiSignature>

/** A signed extrinsic on its way through the extensions. */
export interface SignedTx {
	who: AccountId
	call: Call
	info: DispatchInfo
	/** Encoded bytes of the whole extrinsic. */
	length: number
	/** What each extension found in the extrinsic, by extension order. */
	extra: readonly unknown[]
	/** The sender's account: loaded once, changed by the extensions, written back once when all of them agreed. */
	account: AccountInfo
}

/** What the pool learns from an extension. */
export interface Validity {
	priority?: bigint
	requires?: Uint8Array
	provides?: Uint8Array
	/** Blocks this extrinsic stays valid. */
	longevity?: bigint
}

/**
 * One signed extension: bytes in the extrinsic (`extra`), bytes that are signed but not sent (`implicit`), and checks.
 * Every check throws a `TransactionValidityError`.
 */
export interface Extension<E> {
	identifier: string
	extra: Codec<E>
	implicit: Codec<unknown>
	/** What is signed without being sent. */
	implicitOf(extra: E): unknown
	/** Pool: checks without writing. */
	validate?(tx: SignedTx, extra: E): Validity | void
	/** Block: checks, and changes `tx.account` and the block's counters. */
	prepare?(tx: SignedTx, extra: E): void
	/** After the call ran; `post` is what it really used. */
	finish?(tx: SignedTx, extra: E, post: Required<PostInfo>): void
}

export const extension = <E>(definition: Extension<E>): Extension<E> => definition

/**
 * The envelope of an extrinsic. `callBytes` and `extraBytes` are as sent, which is what was signed. The call is not decoded yet:
 * that costs by what it holds, and is due only to who may make one.
 */
export interface Extrinsic {
	callBytes: Uint8Array
	length: number
	signature?: { who: AccountId; proof: MultiSignature; extra: unknown[]; extraBytes: Uint8Array }
}

/** Anything malformed is `InvalidTransaction::Call`. */
const refusing = <T>(decode: () => T): T => {
	try {
		return decode()
	} catch (thrown) {
		if (!(thrown instanceof DecodeError)) host.log(1, `extrinsic refused: ${thrown}`)
		throw invalidTransaction.call()
	}
}

/** Decodes the call of an extrinsic. Throws `InvalidTransaction::Call`. */
export const decodeCall = ({ callBytes }: Extrinsic): Call => refusing(() => runtimeCall.decode(callBytes))

/** Takes an extrinsic (with its length prefix) apart. Throws `InvalidTransaction::Call`. */
export const decodeExtrinsic = (raw: Uint8Array, extensions: readonly Extension<unknown>[]): Extrinsic =>
	refusing(() => {
		const r = new Reader(raw)
		if (r.compact() !== r.left) throw new DecodeError('length prefix does not match')
		const version = r.u8()
		if ((version & 0x7f) !== EXTRINSIC_VERSION) throw new DecodeError(`extrinsic version ${version & 0x7f}`)
		if (version < 0x80) return { callBytes: raw.subarray(r.at), length: raw.length }
		const address = multiAddress.read(r)
		if (address.type !== 'Id') throw new DecodeError('sender is not an account id')
		const proof = multiSignature.read(r)
		const extraAt = r.at
		const extra: unknown[] = []
		for (let i = 0; i < extensions.length; i++) {
			const codec = extensions[i].extra
			extra.push(codec === unit ? undefined : codec.read(r))
		}
		const signature = { who: address.value, proof, extra, extraBytes: raw.subarray(extraAt, r.at) }
		return { callBytes: raw.subarray(r.at), length: raw.length, signature }
	})

/** What checking a signature costs beyond the base weight of an extrinsic: recovering an ECDSA key takes longest. */
export const signatureWeight = ({ proof }: NonNullable<Extrinsic['signature']>): Weight =>
	proof.type === 'Ecdsa' ? weights.ecdsaRecovery : NO_WEIGHT

/** Payloads longer than this are signed as their BLAKE2b-256 hash. */
const MAX_PLAIN_PAYLOAD = 256

/**
 * Throws `BadProof` unless the signature fits sender and payload: the call and the extensions' bytes as sent, and what `implicit`
 * writes, the bytes that are signed without being sent.
 */
export const checkSignature = ({ callBytes, signature }: Extrinsic, implicit: (w: Writer) => void): void => {
	const { who, proof, extraBytes } = signature!
	const mark = writer.at
	writer.raw(callBytes)
	writer.raw(extraBytes)
	implicit(writer)
	const payload = writer.since(mark)
	writer.at = mark
	if (!verify(proof, payload.length > MAX_PLAIN_PAYLOAD ? host.blake2_256(payload) : payload, who)) throw invalidTransaction.badProof()
}

const verify = (proof: MultiSignature, message: Uint8Array, who: AccountId): boolean => {
	if (proof.type === 'Sr25519') return host.sr25519Verify(proof.value, message, who)
	if (proof.type === 'Ed25519') return host.ed25519Verify(proof.value, message, who)
	const key = host.ecdsaRecoverCompressed(proof.value, host.blake2_256(message))
	if (!key) return false
	const account = host.blake2_256(key)
	for (let i = 0; i < 32; i++) if (account[i] !== who[i]) return false
	return true
}

/** The runtime's extrinsic type, as bytes with their length prefix, which is how they are hashed. */
class OpaqueExtrinsic extends Codec<Uint8Array> {
	write(w: Writer, value: Uint8Array): void {
		w.raw(value)
	}
	read(r: Reader): Uint8Array {
		const at = r.at
		const length = r.compact()
		r.skip(length)
		return r.bytes.slice(at, r.at)
	}
}
export const opaqueExtrinsic = new OpaqueExtrinsic()
export { OpaqueExtrinsic }
