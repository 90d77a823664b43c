import { authorOf, slotOf, unseal } from '../authoring/aura.ts'
import type { BlockRef, Hash, ImportedBlock } from '../chain.ts'
import type { Client, FinalityUpdate } from '../client.ts'
import { fromHex, toHex } from '../crypto/hex.ts'
import { verify } from '../crypto/signature.ts'
import { BlockImportError } from '../errors.ts'
import { RuntimeCallError } from '../executor/errors.ts'
import { decodeJustification, GRANDPA_ENGINE, verifyJustification } from '../finality/justification.ts'
import { voterSetAfter } from '../finality/voter.ts'
import { orderedRoot } from '../trie/ordered-root.ts'
import { encodeBlock, type SignedBlock } from './block.ts'
import { encodeHeader, hashHeader } from './header.ts'

/** The system version from which extrinsics roots are of state version 1 (sp_version). */
const EXTRINSICS_V1_FROM = 2

/**
 * Checks and stores a block made elsewhere: its slot and seal by the Aura authorities of its parent's state, everything else by
 * executing it. A GRANDPA justification that comes with it is verified and finalises it and its ancestors. A block that is known
 * already (null) is not looked at again, but it may bring its justification now. Throws `BlockImportError`.
 *
 * The clock is not consulted: a slot in the future is accepted, as instant and manual sealing run ahead of time.
 */
export const importBlock = (client: Client, block: SignedBlock): Promise<ImportedBlock | null> =>
	client.exclusive(() => importNow(client, block))

const importNow = async (client: Client, { header, body, justifications }: SignedBlock): Promise<ImportedBlock | null> => {
	const hash = hashHeader(encodeHeader(header))
	const refuse = (reason: string): never => {
		throw new BlockImportError(`block ${header.number} ${hash} is refused: ${reason}`)
	}
	const finality = (): FinalityUpdate | null => {
		try {
			return finalityOf(client, { hash, number: header.number }, header.parentHash, justifications)
		} catch (error) {
			return refuse((error as Error).message)
		}
	}
	if (client.encodedHeader(hash)) {
		const update = header.number > client.finalized().number && client.descendsFromFinalized(hash) ? finality() : null
		if (update) await client.finalize(update)
		return null
	}
	const parent = client.header(header.parentHash) ?? refuse(`its parent ${header.parentHash} is unknown; import that first`)
	if (header.number !== parent.number + 1) refuse(`its parent has number ${parent.number}`)
	if (header.number <= client.finalized().number) refuse(`block ${client.finalized().number} is final already`)
	if (!client.descendsFromFinalized(header.parentHash))
		refuse(`it does not descend from the finalized block ${client.finalized().number} ${client.finalized().hash}`)
	const { unsealed, seal } = unseal(header)
	if (!seal) return refuse('it has no Aura seal as its last digest item')
	const slot = slotOf(header)
	if (slot === null) return refuse('it has no Aura slot in its digest')
	if (!Number.isSafeInteger(slot)) refuse(`its slot ${slot} is beyond 2^53`)
	const before = slotOf(parent)
	if (before !== null && slot <= before) refuse(`its slot ${slot} is not after its parent's slot ${before}`)
	const author = authorOf(client, header) ?? refuse('the chain has no Aura authorities')
	const signed = fromHex(hashHeader(encodeHeader(unsealed)))
	if (!verify('sr25519', seal, signed, author)) refuse(`its seal is not a signature by ${toHex(author)}, the authority of slot ${slot}`)

	const execution = client.execution(header.parentHash)
	try {
		execution.call('Core_execute_block', encodeBlock(unsealed, body))
	} catch (error) {
		if (error instanceof RuntimeCallError) refuse(error.message)
		throw error
	}
	const state = execution.result()
	if (toHex(state.hash) !== header.stateRoot) refuse(`its state root is ${header.stateRoot}, executing it gives ${toHex(state.hash)}`)
	const { systemVersion } = client.runtimeVersion(header.parentHash)
	const root = toHex(orderedRoot(body, systemVersion < EXTRINSICS_V1_FROM ? 0 : 1))
	if (root !== header.extrinsicsRoot) refuse(`its extrinsics root is ${header.extrinsicsRoot}, its body gives ${root}`)

	return client.insert({ header, body, changes: execution.changes(), state, justifications }, finality())
}

const finalityOf = (
	client: Client,
	target: BlockRef,
	parent: Hash,
	justifications: SignedBlock['justifications'],
): FinalityUpdate | null => {
	const found = justifications.find(([engine]) => engine === GRANDPA_ENGINE)
	if (!found) return null
	const set = voterSetAfter(client, parent)
	const proof = decodeJustification(found[1])
	verifyJustification(proof, target, set)
	return { target, justification: found, round: proof.round, setId: set.setId }
}
