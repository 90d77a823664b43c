import { type Block, encodeInherentData, readBody } from '../block/block.ts'
import { decodeHeader, encodeHeader, hashHeader } from '../block/header.ts'
import type { Author, BlockRef, Hash, Header } from '../chain.ts'
import type { Client } from '../client.ts'
import { equalBytes, fromHex, toHex } from '../crypto/hex.ts'
import { RuntimeCallError } from '../executor/errors.ts'
import type { Execution } from '../executor/execution.ts'
import type { Voter } from '../finality/voter.ts'
import type { FileKeystore } from '../keystore/keystore.ts'
import type { Logger } from '../log.ts'
import type { ExtrinsicPool, ReadyExtrinsic } from '../pool/pool.ts'
import { encodeU64, ScaleReader } from '../scale/codec.ts'
import { AURA_ENGINE, authorities, authorOf, slotDurationMs, slotOf } from './aura.ts'

const KEY_TYPE = 'aura'
const ZERO_HASH: Hash = `0x${'00'.repeat(32)}`
/** `InvalidTransaction::ExhaustsResources` in an `ApplyExtrinsicResult`. */
const EXHAUSTS_RESOURCES = 6
/** So many extrinsics in a row that don't fit end the block, as in polkadot-sdk: a smaller one behind a large one gets its chance. */
const MOST_SKIPPED = 8
/** Authoring gives way to requests after so many milliseconds. */
const TURN_MS = 20
/** Slots ahead of the clock up to which interval sealing waits. */
const SLOTS_WORTH_WAITING = 2
/** First byte of what `Core_initialize_block` returns: `ExtrinsicInclusionMode::OnlyInherents`. */
const ONLY_INHERENTS = 1

export class AuthoringError extends Error {
	override name = 'AuthoringError'
}

export interface SealOptions {
	/** Time of the block in ms; its slot must be after the parent's. */
	timestampMs?: number
	finalize?: boolean
	allowEmpty?: boolean
	/** Stop taking extrinsics at this time (`performance.now()`). */
	deadline?: number
	/** Do nothing, instead of waiting for a later slot, when the present slot is another authority's. */
	presentSlotOnly?: boolean
}

/** Makes blocks on the best block with the local Aura key. */
export class BlockAuthor implements Author {
	readonly #client: Client
	readonly #pool: ExtrinsicPool
	readonly #keystore: FileKeystore
	readonly #voter: Voter
	readonly #log: Logger

	constructor(parts: { client: Client; pool: ExtrinsicPool; keystore: FileKeystore; voter: Voter; log: Logger }) {
		this.#client = parts.client
		this.#pool = parts.pool
		this.#keystore = parts.keystore
		this.#voter = parts.voter
		this.#log = parts.log
	}

	/** Returns the best block, unchanged, when `allowEmpty` is false and nothing was ready. Throws `AuthoringError`. */
	seal(options: SealOptions = {}): Promise<BlockRef> {
		return this.#client.exclusive(() => this.#seal(options))
	}

	async #seal(options: SealOptions): Promise<BlockRef> {
		const parent = this.#client.best()
		if (options.allowEmpty === false && this.#pool.readyCount === 0) return parent
		const claim = this.#claim(parent, options)
		if (!claim) return parent
		const started = performance.now()
		const { block, execution } = await this.#build(parent, claim, options.deadline ?? Number.POSITIVE_INFINITY)
		const hash = hashHeader(encodeHeader(block.header))
		const signature = this.#keystore.sign(KEY_TYPE, claim.authority, fromHex(hash))
		const header: Header = { ...block.header, digest: [...block.header.digest, { type: 'seal', engine: AURA_ENGINE, data: signature }] }
		const ref = { hash: hashHeader(encodeHeader(header)), number: header.number }
		// The previous blocks may wait for finality (manual sealing): this one can only follow them.
		const finalizeNow = options.finalize !== false && this.#client.finalized().hash === parent.hash
		const finality = finalizeNow ? this.#voter.finality(ref, parent.hash) : null
		await this.#client.insert(
			{ header, body: block.body, changes: execution.changes(), state: execution.result(), justifications: [] },
			finality,
		)
		if (options.finalize !== false && !finalizeNow) await this.#voter.finalizeUpTo(ref.hash)
		this.#log.debug(
			{ number: ref.number, hash: ref.hash, extrinsics: block.body.length, ms: Math.round(performance.now() - started) },
			'block authored',
		)
		return ref
	}

	/** The slot to author in and the key that may. */
	#claim(
		parent: BlockRef,
		{ timestampMs, presentSlotOnly }: SealOptions,
	): { slot: number; timestampMs: number; authority: Uint8Array } | null {
		const durationMs = slotDurationMs(this.#client, parent.hash)
		const keys = authorities(this.#client, parent.hash)
		const isLocal = (slot: number) => this.#keystore.has(KEY_TYPE, keys[slot % keys.length])
		// A second block in one slot is an equivocation. The first may be on a branch that was retired.
		const isTaken = (slot: number) => this.#client.blocksBySlot(slot, slot).some(({ hash }) => this.#isBy(keys[slot % keys.length], hash))
		const isFree = (slot: number) => isLocal(slot) && !isTaken(slot)
		if (!keys.some((key) => this.#keystore.has(KEY_TYPE, key)))
			throw new AuthoringError(
				`none of the ${keys.length} Aura authorities of the chain is in the keystore; start with --authority <secret URI> or insert the key`,
			)
		const first = (slotOf(this.#client.header(parent.hash)!) ?? 0) + 1
		if (timestampMs !== undefined) {
			const slot = Math.floor(timestampMs / durationMs)
			if (slot < first)
				throw new AuthoringError(
					`time ${timestampMs} ms is slot ${slot}, but the next block's slot is ${first} at least; give ${first * durationMs} or more`,
				)
			if (!isLocal(slot)) throw new AuthoringError(`slot ${slot} of time ${timestampMs} ms belongs to another authority`)
			if (isTaken(slot))
				throw new AuthoringError(
					`slot ${slot} of time ${timestampMs} ms has a block of this authority on another branch, and a second one would be an offence; give a later time`,
				)
			return { slot, timestampMs, authority: keys[slot % keys.length] }
		}
		const present = Math.floor(Date.now() / durationMs)
		let slot = Math.max(first, present)
		// A restart within the slot of the last block waits for the next one. A chain that ran far ahead of the clock
		// (instant or manual sealing) would stand still, so it goes on ahead.
		if (presentSlotOnly && (!isFree(slot) || (slot > present && slot <= present + SLOTS_WORTH_WAITING))) return null
		while (!isFree(slot)) slot++
		return { slot, timestampMs: slot * durationMs, authority: keys[slot % keys.length] }
	}

	#isBy(authority: Uint8Array, hash: Hash): boolean {
		const author = authorOf(this.#client, this.#client.header(hash)!)
		return author !== null && equalBytes(author, authority)
	}

	async #build(
		parent: BlockRef,
		claim: { slot: number; timestampMs: number },
		deadline: number,
	): Promise<{ block: Block; execution: Execution }> {
		const execution = this.#client.execution(parent.hash, {})
		const draft: Header = {
			parentHash: parent.hash,
			number: parent.number + 1,
			stateRoot: ZERO_HASH,
			extrinsicsRoot: ZERO_HASH,
			digest: [{ type: 'preRuntime', engine: AURA_ENGINE, data: encodeU64(claim.slot) }],
		}
		const mode = execution.call('Core_initialize_block', encodeHeader(draft))
		const data = encodeInherentData([
			['timstap0', encodeU64(claim.timestampMs)],
			['auraslot', encodeU64(claim.slot)],
		])
		const body = readBody(new ScaleReader(execution.call('BlockBuilder_inherent_extrinsics', data)))
		for (const inherent of body) {
			const result = execution.call('BlockBuilder_apply_extrinsic', inherent)
			if (result[0] !== 0) throw new AuthoringError(`the runtime refused its own inherent ${toHex(inherent)}: ${toHex(result)}`)
		}
		if (mode[0] !== ONLY_INHERENTS) await this.#applyPool(execution, body, deadline)
		const header = decodeHeader(execution.call('BlockBuilder_finalize_block', new Uint8Array(0)))
		return { block: { header, body }, execution }
	}

	async #applyPool(execution: Execution, body: Uint8Array[], deadline: number): Promise<void> {
		let skipped = 0
		let turn = performance.now()
		const refused: ReadyExtrinsic[] = []
		for (const extrinsic of this.#pool.ready()) {
			const now = performance.now()
			if (now > deadline) break
			if (now - turn > TURN_MS) {
				await new Promise((resolve) => setImmediate(resolve))
				turn = performance.now()
			}
			const verdict = this.#apply(execution, extrinsic)
			if (verdict === 'included') body.push(extrinsic.bytes)
			else if (verdict === 'refused') refused.push(extrinsic)
			else if (++skipped > MOST_SKIPPED) break
		}
		if (refused.length > 0) this.#pool.refuse(refused)
	}

	#apply(execution: Execution, extrinsic: ReadyExtrinsic): 'included' | 'refused' | 'skipped' {
		try {
			// What a refused extrinsic wrote would not be there when the block is executed.
			const result = execution.callIf('BlockBuilder_apply_extrinsic', extrinsic.bytes, ([refusal]) => refusal === 0)
			if (result[0] === 0) return 'included'
			return result[1] === 0 && result[2] === EXHAUSTS_RESOURCES ? 'skipped' : 'refused'
		} catch (error) {
			if (!(error instanceof RuntimeCallError)) throw error
			this.#log.error({ extrinsic: extrinsic.hash, reason: error.message }, 'an extrinsic made the runtime trap and is dropped')
			return 'refused'
		}
	}
}
