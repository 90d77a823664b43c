import { slotOf, unseal } from '@stkr/node/src/authoring/aura.ts'
import { decodeHeader, encodeHeader, hashHeader } from '@stkr/node/src/block/header.ts'
import type { Hash, Header } from '@stkr/node/src/chain.ts'
import { fromHex } from '@stkr/node/src/crypto/hex.ts'
import { verify } from '@stkr/node/src/crypto/signature.ts'
import { concatBytes, encodeCompact, encodeVec } from '@stkr/node/src/scale/codec.ts'

/** A header as JSON-RPC writes it; each log is the SCALE of a digest item. */
export interface JsonHeader {
	parentHash: Hash
	number: Hash
	stateRoot: Hash
	extrinsicsRoot: Hash
	digest: { logs: Hash[] }
}

/** The header as it is hashed. */
export const headerOf = ({ parentHash, number, stateRoot, extrinsicsRoot, digest }: JsonHeader): Header =>
	decodeHeader(
		concatBytes(
			fromHex(parentHash),
			encodeCompact(Number(number)),
			fromHex(stateRoot),
			fromHex(extrinsicsRoot),
			encodeVec(digest.logs.map(fromHex)),
		),
	)

export const hashOf = (header: Header): Hash => hashHeader(encodeHeader(header))

/** Slot of a block and the place of its author among `authorities`, by its seal and not only by the rule slot mod n. */
export interface Authorship {
	slot: number
	/** Whose turn the slot is. */
	turn: number
	/** Whose signature the seal is; −1 when it is of none. */
	sealedBy: number
}

/** Who made a block. Throws when its header has no Aura slot or seal. */
export const authorship = (header: Header, authorities: readonly Uint8Array[]): Authorship => {
	const slot = slotOf(header)
	const { unsealed, seal } = unseal(header)
	if (slot === null || !seal) throw new Error(`block ${header.number} has no Aura ${seal ? 'slot' : 'seal'}`)
	const signed = fromHex(hashOf(unsealed))
	return { slot, turn: slot % authorities.length, sealedBy: authorities.findIndex((key) => verify('sr25519', seal, signed, key)) }
}
