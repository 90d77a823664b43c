import type { Header } from '../chain.ts'
import { concatBytes, encodeBytes, encodeCompact, encodeVec, ScaleError, type ScaleReader } from '../scale/codec.ts'
import { encodeHeader, readHeader } from './header.ts'

/** Engine id and SCALE justification. */
export type Justification = [engine: string, data: Uint8Array]

export interface Block {
	header: Header
	/** Extrinsics with their length in front, as they are hashed and sent. */
	body: Uint8Array[]
}

export interface SignedBlock extends Block {
	justifications: Justification[]
}

/** An extrinsic with its length prefix. */
export const readExtrinsic = (reader: ScaleReader): Uint8Array => {
	const start = reader.position
	const length = reader.compact()
	const end = reader.position + length
	if (end > reader.bytes.length) throw new ScaleError(`extrinsic of ${length} bytes is longer than the input`)
	reader.position = end
	return reader.bytes.slice(start, end)
}

export const readBody = (reader: ScaleReader): Uint8Array[] => reader.vec(() => readExtrinsic(reader))

export const encodeBlock = (header: Header, body: readonly Uint8Array[]): Uint8Array => concatBytes(encodeHeader(header), encodeVec(body))

export const encodeJustifications = (list: readonly Justification[]): Uint8Array =>
	encodeVec(list.map(([engine, data]) => concatBytes(Buffer.from(engine, 'latin1'), encodeBytes(data))))

export const readJustifications = (reader: ScaleReader): Justification[] =>
	reader.vec((): Justification => [Buffer.from(reader.take(4)).toString('latin1'), reader.vecU8()])

/** `SignedBlock`: header, extrinsics, `Option<Justifications>`. */
export const encodeSignedBlock = ({ header, body, justifications }: SignedBlock): Uint8Array =>
	concatBytes(
		encodeBlock(header, body),
		justifications.length === 0 ? Uint8Array.of(0) : concatBytes(Uint8Array.of(1), encodeJustifications(justifications)),
	)

export const readSignedBlock = (reader: ScaleReader): SignedBlock => ({
	header: readHeader(reader),
	body: readBody(reader),
	justifications: reader.u8() === 1 ? readJustifications(reader) : [],
})

/** `InherentData`: pairs of 8-character id and data, in id order. */
export const encodeInherentData = (items: [id: string, data: Uint8Array][]): Uint8Array => {
	const sorted = [...items].sort(([a], [b]) => (a < b ? -1 : 1))
	return concatBytes(encodeCompact(sorted.length), ...sorted.map(([id, data]) => concatBytes(Buffer.from(id, 'latin1'), encodeBytes(data))))
}
