import type { CallExtensions, Chain, DigestItem, Hash, Header, RuntimeVersion, StateReader } from '../chain.ts'
import { toHex } from '../crypto/hex.ts'
import { concatBytes, encodeBytes } from '../scale/codec.ts'
import { ErrorCode, RpcError } from './protocol.ts'

/** SCALE variant index of digest items that carry an engine id (sp-runtime `DigestItem`). */
const DIGEST_VARIANT = { consensus: 4, seal: 5, preRuntime: 6 } as const

function digestItemBytes(item: DigestItem): Uint8Array {
	switch (item.type) {
		case 'other':
			return concatBytes(Uint8Array.of(0), encodeBytes(item.data))
		case 'runtimeEnvironmentUpdated':
			return Uint8Array.of(8)
		default:
			return concatBytes(Uint8Array.of(DIGEST_VARIANT[item.type]), Buffer.from(item.engine, 'latin1'), encodeBytes(item.data))
	}
}

/** A header as legacy methods give it: number in hex, digest items as SCALE hex. */
export function headerJson(header: Header) {
	return {
		parentHash: header.parentHash,
		number: `0x${header.number.toString(16)}`,
		stateRoot: header.stateRoot,
		extrinsicsRoot: header.extrinsicsRoot,
		digest: { logs: header.digest.map((item) => toHex(digestItemBytes(item))) },
	}
}

/** Runtime version as legacy methods give it; `stateVersion` is the older name of `systemVersion` that polkadot.js reads. */
export function runtimeVersionJson(version: RuntimeVersion) {
	return { ...version, stateVersion: version.systemVersion }
}

/** Runtime specification of the new API (`chainHead_v1_follow`): apis are an object. */
export function runtimeSpecJson(version: RuntimeVersion) {
	const { specName, implName, authoringVersion, specVersion, implVersion, transactionVersion, systemVersion } = version
	return {
		specName,
		implName,
		authoringVersion,
		specVersion,
		implVersion,
		transactionVersion,
		systemVersion,
		stateVersion: systemVersion,
		apis: Object.fromEntries(version.apis),
	}
}

/** Error 4003, as polkadot-sdk's state methods answer for a block or state the node has not. */
export function unknownBlock(hash: Hash): RpcError {
	return new RpcError(4003, `Client error: UnknownBlock: Header was not found in the database: ${hash}`)
}

/** State after `at`, or the best block when absent. Throws 4003. */
export function stateAt(chain: Chain, at: Hash | undefined): StateReader {
	const hash = at ?? chain.best().hash
	const state = chain.state(hash)
	if (!state) throw chain.header(hash) ? new RpcError(4003, `Client error: State already discarded for ${hash}`) : unknownBlock(hash)
	return state
}

/** `at`, or the best block; throws 4003 when the node does not know it. */
export function knownBlock(chain: Chain, at: Hash | undefined): Hash {
	const hash = at ?? chain.best().hash
	if (!chain.header(hash)) throw unknownBlock(hash)
	return hash
}

/** Runs a runtime API for a legacy method; what the runtime refuses becomes error `code`. */
export function callRuntime(
	chain: Chain,
	at: Hash | undefined,
	method: string,
	input: Uint8Array,
	code: number = ErrorCode.internal,
	extensions?: CallExtensions,
): Uint8Array {
	const hash = knownBlock(chain, at)
	try {
		return chain.call(hash, method, input, extensions)
	} catch (error) {
		throw new RpcError(
			code,
			`Client error: Execution failed: runtime call ${method} at ${hash}`,
			error instanceof Error ? error.message : String(error),
		)
	}
}
