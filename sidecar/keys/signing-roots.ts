/** What validators sign, as SSZ hash tree roots of the consensus specification. */
import { createHash } from 'node:crypto'
import { bytesToHex, concatBytes, type Hex, hexToBytes } from 'viem'

const DOMAIN_DEPOSIT = Uint8Array.of(3, 0, 0, 0)
const DOMAIN_VOLUNTARY_EXIT = Uint8Array.of(4, 0, 0, 0)
const ZERO_CHUNK = new Uint8Array(32)

export interface DepositMessage {
	/** 48 bytes. */
	pubkey: Hex
	/** 32 bytes. */
	withdrawalCredentials: Hex
	amountGwei: bigint
}

export interface VoluntaryExit {
	/** First epoch in which the exit counts. */
	epoch: bigint
	validatorIndex: bigint
}

const node = (left: Uint8Array, right: Uint8Array): Uint8Array =>
	createHash('sha256')
		.update(concatBytes([left, right]))
		.digest()

/** Bytes with zeros appended, up to `chunks` chunks of 32 bytes. */
function pad(bytes: Uint8Array, chunks: number): Uint8Array {
	const padded = new Uint8Array(32 * chunks)
	padded.set(bytes)
	return padded
}

/** Root of 1, 2, 4, … chunks of 32 bytes. */
function merkleize(chunks: Uint8Array): Uint8Array {
	if (chunks.length === 32) return chunks
	const half = chunks.length / 2
	return node(merkleize(chunks.subarray(0, half)), merkleize(chunks.subarray(half)))
}

function uint64(value: bigint): Uint8Array {
	const chunk = new Uint8Array(32)
	new DataView(chunk.buffer).setBigUint64(0, value, true)
	return chunk
}

/** compute_domain. */
function domain(type: Uint8Array, forkVersion: Hex, genesisValidatorsRoot: Uint8Array): Uint8Array {
	const forkDataRoot = node(pad(hexToBytes(forkVersion), 1), genesisValidatorsRoot)
	return concatBytes([type, forkDataRoot.subarray(0, 28)])
}

function messageChunks({ pubkey, withdrawalCredentials, amountGwei }: DepositMessage): Uint8Array[] {
	return [merkleize(pad(hexToBytes(pubkey), 2)), hexToBytes(withdrawalCredentials), uint64(amountGwei)]
}

/** hash_tree_root(DepositMessage), 32 bytes. */
export function depositMessageRoot(message: DepositMessage): Hex {
	return bytesToHex(merkleize(concatBytes([...messageChunks(message), ZERO_CHUNK])))
}

/** hash_tree_root(DepositData), 32 bytes: what the deposit contract checks. */
export function depositDataRoot(message: DepositMessage, signature: Hex): Hex {
	return bytesToHex(merkleize(concatBytes([...messageChunks(message), merkleize(pad(hexToBytes(signature), 4))])))
}

/** What a deposit is signed as, 32 bytes: bound to the genesis fork version only. */
export function depositSigningRoot(message: DepositMessage, genesisForkVersion: Hex): Uint8Array {
	return node(hexToBytes(depositMessageRoot(message)), domain(DOMAIN_DEPOSIT, genesisForkVersion, ZERO_CHUNK))
}

/** What a voluntary exit is signed as, 32 bytes: bound to Capella's fork version in every later fork too (EIP-7044). */
export function exitSigningRoot(exit: VoluntaryExit, capellaForkVersion: Hex, genesisValidatorsRoot: Hex): Uint8Array {
	const exitRoot = node(uint64(exit.epoch), uint64(exit.validatorIndex))
	return node(exitRoot, domain(DOMAIN_VOLUNTARY_EXIT, capellaForkVersion, hexToBytes(genesisValidatorsRoot)))
}
