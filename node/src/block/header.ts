import type { DigestItem, Hash, Header } from '../chain.ts'
import { blake2_256 } from '../crypto/hash.ts'
import { fromHex, toHex } from '../crypto/hex.ts'
import { concatBytes, encodeBytes, encodeCompact, encodeVec, ScaleError, ScaleReader } from '../scale/codec.ts'

/** Variants of `DigestItem`. */
const OTHER = 0
const ENGINE_ITEMS = { consensus: 4, seal: 5, preRuntime: 6 } as const
const RUNTIME_ENVIRONMENT_UPDATED = 8

const encodeDigestItem = (item: DigestItem): Uint8Array => {
	switch (item.type) {
		case 'other':
			return concatBytes(Uint8Array.of(OTHER), encodeBytes(item.data))
		case 'runtimeEnvironmentUpdated':
			return Uint8Array.of(RUNTIME_ENVIRONMENT_UPDATED)
		default:
			return concatBytes(Uint8Array.of(ENGINE_ITEMS[item.type]), Buffer.from(item.engine, 'latin1'), encodeBytes(item.data))
	}
}

const readDigestItem = (reader: ScaleReader): DigestItem => {
	const variant = reader.u8()
	if (variant === OTHER) return { type: 'other', data: reader.vecU8() }
	if (variant === RUNTIME_ENVIRONMENT_UPDATED) return { type: 'runtimeEnvironmentUpdated' }
	for (const type of ['consensus', 'seal', 'preRuntime'] as const)
		if (ENGINE_ITEMS[type] === variant) return { type, engine: Buffer.from(reader.take(4)).toString('latin1'), data: reader.vecU8() }
	throw new ScaleError(`digest item of unknown variant ${variant}`)
}

export const encodeHeader = (header: Header): Uint8Array =>
	concatBytes(
		fromHex(header.parentHash),
		encodeCompact(header.number),
		fromHex(header.stateRoot),
		fromHex(header.extrinsicsRoot),
		encodeVec(header.digest.map(encodeDigestItem)),
	)

export const readHeader = (reader: ScaleReader): Header => ({
	parentHash: toHex(reader.take(32)),
	number: reader.compact(),
	stateRoot: toHex(reader.take(32)),
	extrinsicsRoot: toHex(reader.take(32)),
	digest: reader.vec(() => readDigestItem(reader)),
})

export const decodeHeader = (bytes: Uint8Array): Header => readHeader(new ScaleReader(bytes))

export const hashHeader = (encoded: Uint8Array): Hash => toHex(blake2_256(encoded))
