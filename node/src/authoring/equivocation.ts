import { encodeHeader, hashHeader } from '../block/header.ts'
import type { Hash, Header } from '../chain.ts'
import type { Client } from '../client.ts'
import { equalBytes, toHex } from '../crypto/hex.ts'
import type { Logger } from '../log.ts'
import type { ExtrinsicPool } from '../pool/pool.ts'
import { concatBytes, encodeU64 } from '../scale/codec.ts'
import { authorOf, slotOf, unseal } from './aura.ts'

/** Slots behind the best block's in which two blocks of one authority are still reported, as in polkadot-sdk. */
const SLOTS_BACK = 1000

/** Runtime API `AuraEquivocationApi`: `(slot, authority) -> Option<Vec<u8>>` and `(proof, ownership: Vec<u8>) -> Option<()>`. */
const PROVE_OWNERSHIP = 'AuraEquivocationApi_generate_key_ownership_proof'
const SUBMIT_REPORT = 'AuraEquivocationApi_submit_report_equivocation_unsigned_extrinsic'

/** First byte of an `Option` that holds nothing. */
const NONE = 0

/** Two seals under the same block are no equivocation: sr25519 signatures differ each time. */
const unsealedHash = (header: Header): Hash => hashHeader(encodeHeader(unseal(header).unsealed))

/** Two blocks of one authority in one slot (CNS-6). */
interface Equivocation {
	offender: Uint8Array
	slot: number
	first: Hash
	second: Hash
}

/**
 * Looks at every block that enters the chain, on the best branch or not: when its authority has another one in the same slot,
 * that is reported to the runtime by an extrinsic of this node. What was found before a restart is reported again, as the pool
 * is not stored; the runtime refuses what it knows. Failures are logged.
 */
export class EquivocationWatch {
	readonly #client: Client
	readonly #pool: ExtrinsicPool
	readonly #log: Logger
	#stop: () => void = () => {}

	constructor(parts: { client: Client; pool: ExtrinsicPool; log: Logger }) {
		this.#client = parts.client
		this.#pool = parts.pool
		this.#log = parts.log
	}

	start(): void {
		this.#stop = this.#client.on('imported', ({ hash, header }) => this.#look(hash, header))
		let before: { slot: number; hash: Hash } | null = null
		for (const block of this.#client.blocksBySlot(this.#oldestSlot())) {
			if (block.slot === before?.slot) this.#look(block.hash, this.#header(block.hash))
			before = block
		}
	}

	stop(): void {
		this.#stop()
	}

	#header(hash: Hash): Header {
		return this.#client.header(hash)!
	}

	#oldestSlot(): number {
		return Math.max(0, (slotOf(this.#header(this.#client.best().hash)) ?? 0) - SLOTS_BACK)
	}

	#look(hash: Hash, header: Header): void {
		const slot = slotOf(header)
		if (slot === null || slot < this.#oldestSlot()) return
		const others = this.#client.blocksBySlot(slot, slot).filter((block) => block.hash !== hash)
		const offender = others.length > 0 ? authorOf(this.#client, header) : null
		if (!offender) return
		const first = others.find((other) => {
			const found = this.#header(other.hash)
			const author = authorOf(this.#client, found)
			return author !== null && equalBytes(author, offender) && unsealedHash(found) !== unsealedHash(header)
		})
		if (first) this.#report({ offender, slot, first: first.hash, second: hash })
	}

	#report(found: Equivocation): void {
		const { slot, first, second } = found
		const fields = { slot, authority: toHex(found.offender), blocks: [first, second] }
		this.#log.warn(fields, 'an Aura authority made two blocks in one slot')
		this.#submit(found).then(
			(reports) => this.#log.info({ ...fields, reports }, reports.length > 0 ? 'equivocation reported' : 'the runtime takes no reports'),
			(error: Error) => this.#log.warn({ ...fields, reason: error.message }, 'equivocation not reported'),
		)
	}

	/** Returns the hashes of the reports in the pool: none when the runtime has no such API. */
	async #submit({ offender, slot, first, second }: Equivocation): Promise<Hash[]> {
		const client = this.#client
		const best = client.best().hash
		if (!client.hasApi(best, SUBMIT_REPORT)) return []
		const { parentHash } = this.#header(second)
		const ownership = client.call(parentHash, PROVE_OWNERSHIP, concatBytes(encodeU64(slot), offender))
		if (ownership[0] === NONE) throw new Error('the runtime cannot prove that the key belongs to an authority of that session')
		const proof = concatBytes(offender, encodeU64(slot), client.encodedHeader(first)!, client.encodedHeader(second)!)
		const extrinsics: Uint8Array[] = []
		const submit = (extrinsic: Uint8Array) => void extrinsics.push(extrinsic)
		const made = client.call(best, SUBMIT_REPORT, concatBytes(proof, ownership.subarray(1)), { submit })
		if (made[0] === NONE) throw new Error('the runtime made no report of the proof')
		return Promise.all(extrinsics.map((extrinsic) => this.#pool.submitLocal(extrinsic)))
	}
}
