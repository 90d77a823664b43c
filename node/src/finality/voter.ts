import type { BlockRef, Hash } from '../chain.ts'
import type { Client, FinalityUpdate } from '../client.ts'
import { toHex } from '../crypto/hex.ts'
import type { FileKeystore } from '../keystore/keystore.ts'
import { ScaleReader } from '../scale/codec.ts'
import { encodeJustification, GRANDPA_ENGINE, precommitPayload, threshold, type VoterSet } from './justification.ts'

const KEY_TYPE = 'gran'
const NOTHING = new Uint8Array(0)

/**
 * The voters that finalise the children of block `parent`: the runtime's authorities in the state after it. A set change that a
 * block enacts is in the state after that block, so it is still finalised by the old set, as GRANDPA has it.
 */
export const voterSetAfter = (client: Client, parent: Hash): VoterSet => {
	const reader = new ScaleReader(client.call(parent, 'GrandpaApi_grandpa_authorities', NOTHING))
	const voters = reader.vec(() => ({ key: reader.take(32), weight: reader.u64() }))
	const setId = client.hasApi(parent, 'GrandpaApi_current_set_id')
		? new ScaleReader(client.call(parent, 'GrandpaApi_current_set_id', NOTHING)).u64()
		: 0n
	return { setId, voters }
}

/** Votes with the local ed25519 keys. A set in which they have two thirds or less is not finalised by this node alone. */
export class Voter {
	readonly #client: Client
	readonly #keystore: FileKeystore

	constructor(client: Client, keystore: FileKeystore) {
		this.#client = client
		this.#keystore = keystore
	}

	/** The proof that `target`, a child of block `parent`, is final; null when the local keys don't suffice. */
	finality(target: BlockRef, parent: Hash): FinalityUpdate | null {
		const set = voterSetAfter(this.#client, parent)
		const local = set.voters.filter(({ key }) => this.#keystore.has(KEY_TYPE, key))
		if (set.voters.length === 0 || local.reduce((sum, { weight }) => sum + weight, 0n) < threshold(set)) return null
		const done = this.#client.finalityRound()
		const round = done.setId === set.setId ? done.round + 1n : 1n
		const payload = precommitPayload(target, round, set.setId)
		const precommits = local
			.map(({ key }) => ({ ...target, key, signature: this.#keystore.sign(KEY_TYPE, key, payload) }))
			.sort((a, b) => (toHex(a.key) < toHex(b.key) ? -1 : 1))
		const justification = encodeJustification({ round, ...target, precommits, ancestries: [] })
		return { target, justification: [GRANDPA_ENGINE, justification], round, setId: set.setId }
	}

	/** Finalises stored blocks up to `target`, each by the set that may. Returns the last block that is final. */
	async finalizeUpTo(target: Hash): Promise<BlockRef> {
		const path: { ref: BlockRef; parent: Hash }[] = []
		for (let hash = target; ; ) {
			const header = this.#client.header(hash)
			if (!header || header.number <= this.#client.finalized().number) break
			path.unshift({ ref: { hash, number: header.number }, parent: header.parentHash })
			hash = header.parentHash
		}
		for (const { ref, parent } of path) {
			const update = this.finality(ref, parent)
			if (!update) break
			await this.#client.finalize(update)
		}
		return this.#client.finalized()
	}
}
