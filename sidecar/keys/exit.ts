/** Voluntary exits of validators, signed by a whole key or by its holders together. */
import bls from '@chainsafe/bls'
import { bytesToHex, type Hex, hexToBytes } from 'viem'
import type { Network } from './networks.ts'
import { exitSigningRoot, type VoluntaryExit } from './signing-roots.ts'

export type ExitNetwork = Pick<Network, 'capellaForkVersion' | 'genesisValidatorsRoot'>

/** As the Beacon API takes it at `/eth/v1/beacon/pool/voluntary_exits`. */
export interface SignedVoluntaryExit {
	message: { epoch: string; validator_index: string }
	/** 96 bytes. */
	signature: Hex
}

/** What holders sign with `signPartial`, 32 bytes (EIP-7044). */
export function exitRoot(exit: VoluntaryExit, network: ExitNetwork): Uint8Array {
	return exitSigningRoot(exit, network.capellaForkVersion, network.genesisValidatorsRoot)
}

/** An exit with its signature, ordinary or joined from partial ones. */
export function signedExit(exit: VoluntaryExit, signature: Hex): SignedVoluntaryExit {
	return { message: { epoch: String(exit.epoch), validator_index: String(exit.validatorIndex) }, signature }
}

/** Signs an exit with a whole key of 32 bytes. */
export function signExit(secretKey: Uint8Array, exit: VoluntaryExit, network: ExitNetwork): SignedVoluntaryExit {
	return signedExit(exit, bytesToHex(bls.SecretKey.fromBytes(secretKey).sign(exitRoot(exit, network)).toBytes()))
}

/** Whether the Beacon chain of this network would take the exit as signed by this key (48 bytes). */
export function verifyExit({ message, signature }: SignedVoluntaryExit, publicKey: Hex, network: ExitNetwork): boolean {
	const exit = { epoch: BigInt(message.epoch), validatorIndex: BigInt(message.validator_index) }
	return bls.verify(hexToBytes(publicKey), exitRoot(exit, network), hexToBytes(signature))
}
