import { Keyring } from '@polkadot/keyring'
import type { Justification } from '../block/block.ts'
import type { BlockRef, Header } from '../chain.ts'
import { encodeJustification, GRANDPA_ENGINE, precommitPayload } from '../finality/justification.ts'

/** A vote of the voter with this secret URI. */
export type Vote = [suri: string, block: BlockRef]

/** A GRANDPA justification of `target` by these votes, signed; whether they suffice is for the reader to say. */
export const justify = (
	target: BlockRef,
	votes: readonly Vote[],
	options: { round?: bigint; setId?: bigint; ancestries?: Header[] } = {},
): Justification => {
	const { round = 1n, setId = 0n, ancestries = [] } = options
	const keyring = new Keyring({ type: 'ed25519' })
	const precommits = votes.map(([suri, block]) => {
		const pair = keyring.createFromUri(suri)
		return { ...block, key: pair.publicKey, signature: pair.sign(precommitPayload(block, round, setId)) }
	})
	return [GRANDPA_ENGINE, encodeJustification({ round, ...target, precommits, ancestries })]
}
