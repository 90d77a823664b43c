import { blake2b } from '@noble/hashes/blake2.js'
import type { KeyringPair } from '@polkadot/keyring/types'
import { type Call, multiAddress, runtimeCall } from '../call.ts'
import { type Era, era as eraCodec } from '../extensions/era.ts'
import { EXTRINSIC_VERSION, multiSignature } from '../extrinsic.ts'
import { bytes, compactU32, compactU128, Writer } from '../scale/index.ts'
import { VERSION } from '../system/version.ts'

export interface SignOptions {
	nonce: number
	genesisHash: Uint8Array
	/** Default: immortal. A mortal era needs the hash of its first block. */
	era?: Era
	birthHash?: Uint8Array
	tipPlanck?: bigint
	specVersion?: number
	transactionVersion?: number
}

/** Signs a call as a wallet does: the extrinsic with its length prefix. For tests and fuzzing; users sign with the client. */
export const signExtrinsic = (pair: KeyringPair, call: Call | Uint8Array, options: SignOptions): Uint8Array => {
	const { nonce, genesisHash, tipPlanck = 0n, specVersion = VERSION.specVersion, transactionVersion = VERSION.transactionVersion } = options
	const { era = { period: 0, phase: 0 }, birthHash = genesisHash } = options
	const callBytes = call instanceof Uint8Array ? call : runtimeCall.encode(call)
	const w = new Writer()
	eraCodec.write(w, era)
	compactU32.write(w, nonce)
	compactU128.write(w, tipPlanck)
	w.u8(0) // metadata hash: disabled
	const extra = w.take(0)
	w.raw(callBytes)
	w.raw(extra)
	w.u32(specVersion)
	w.u32(transactionVersion)
	w.raw(genesisHash)
	w.raw(birthHash)
	w.u8(0) // no metadata hash
	const payload = w.take(0)
	const signature = pair.sign(payload.length > 256 ? blake2b(payload, { dkLen: 32 }) : payload)
	w.u8(EXTRINSIC_VERSION | 0x80)
	multiAddress.write(w, { type: 'Id', value: pair.addressRaw })
	const type = ({ ed25519: 'Ed25519', sr25519: 'Sr25519', ecdsa: 'Ecdsa' } as const)[pair.type as 'ed25519' | 'sr25519' | 'ecdsa']
	multiSignature.write(w, { type, value: signature })
	w.raw(extra)
	w.raw(callBytes)
	return bytes.encode(w.take(0))
}
