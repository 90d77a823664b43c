import type { ApiPromise } from '@polkadot/api'
import type { Vec } from '@polkadot/types'
import type { EventRecord } from '@polkadot/types/interfaces'
import type { Hash } from '@stkr/node/src/chain.ts'
import { blake2_256 } from '@stkr/node/src/crypto/hash.ts'
import { fromHex, toHex } from '@stkr/node/src/crypto/hex.ts'
import type { DevName } from '@stkr/runtime-spec/runtime/presets.ts'
import { outcomesOf } from '../../conformance/chopsticks/outcome.ts'
import type { Rpc } from '../rpc.ts'
import { until } from '../until.ts'
import { type DecodedCall, namesOf } from './names.ts'

/** A signed call that a node took. */
export interface Entry {
	by: DevName
	/** `pallet.call`, and of the calls inside it. */
	names: string[]
	/** What must come of it, where that is known: `ok`, or an error's name. */
	expected?: string
}

/** What became of an entry. */
export interface Fate extends Entry {
	/** How many final blocks hold it. */
	blocks: number
	/** How many events say that it succeeded or failed. */
	verdicts: number
	outcome: string
}

/** A run of blocks that arrive slower than this has stopped. */
const INCLUSION_SECONDS = 60

/**
 * Submits signed extrinsics through several nodes, and finds them again in the blocks. The calls of one account go through one node:
 * a node tells others of what is ready at once, but of a nonce that had to wait for another node's only every few seconds.
 */
export class Ledger {
	readonly #rpcs: readonly Rpc[]
	readonly #api: ApiPromise
	readonly #entries = new Map<Hash, Entry>()
	readonly #nonces = new Map<DevName, number>()
	readonly #included = new Set<Hash>()
	readonly #routes = new Map<DevName, Rpc>()
	#read: number

	/** `head` is the last block that can hold none of them. */
	constructor(rpcs: readonly Rpc[], api: ApiPromise, head: number) {
		this.#rpcs = rpcs
		this.#api = api
		this.#read = head
	}

	get size(): number {
		return this.#entries.size
	}

	/** The nonce of an account's next extrinsic here. */
	async nonce(by: DevName, address: string): Promise<number> {
		const nonce = this.#nonces.get(by) ?? (await this.#rpcs[0].call<number>('system_accountNextIndex', address))
		this.#nonces.set(by, nonce)
		return nonce
	}

	/** `pallet.call` of an extrinsic's call and those inside it. */
	names(extrinsic: Hash): string[] {
		return namesOf(this.#api.createType('Extrinsic', extrinsic).method as unknown as DecodedCall)
	}

	/** The node of an account: the next in turn for one that is new. */
	#route(by: DevName): Rpc {
		const rpc = this.#routes.get(by) ?? this.#rpcs[this.#routes.size % this.#rpcs.length]
		this.#routes.set(by, rpc)
		return rpc
	}

	/** Submits an extrinsic. Throws when the account's node refuses it: its nonce is free again. */
	async submit(extrinsic: Hash, entry: Entry): Promise<void> {
		await this.#route(entry.by).call('author_submitExtrinsic', extrinsic)
		this.#entries.set(toHex(blake2_256(fromHex(extrinsic))), entry)
		this.#nonces.set(entry.by, this.#nonces.get(entry.by)! + 1)
	}

	/** Waits until all are in blocks of the best chain; gives the number of its head. Throws with those that are not. */
	async included(): Promise<number> {
		try {
			return await until(
				'all submitted calls to be in blocks',
				async () => {
					await this.#follow()
					return this.#missing().length === 0 ? this.#read : undefined
				},
				INCLUSION_SECONDS,
			)
		} catch (error) {
			const left = this.#missing().map(({ by, names }) => `${by} ${names.join(' ')}`)
			throw new Error(`${(error as Error).message}; ${left.length} are missing: ${left.slice(0, 8).join(', ')}`)
		}
	}

	#missing(): Entry[] {
		return [...this.#entries].filter(([hash]) => !this.#included.has(hash)).map(([, entry]) => entry)
	}

	async #follow(): Promise<void> {
		const { number } = await this.#rpcs[0].best()
		while (this.#read < number) {
			const hash = await this.#rpcs[0].hashAt(this.#read + 1)
			if (!hash) return
			for (const extrinsic of await this.#rpcs[0].body(hash)) this.#included.add(toHex(blake2_256(fromHex(extrinsic))))
			this.#read++
		}
	}

	/** What became of each entry in blocks `from` to `to`, which must be final. */
	async fates(from: number, to: number): Promise<Fate[]> {
		const fates = new Map(
			[...this.#entries].map(([hash, entry]): [Hash, Fate] => [hash, { ...entry, blocks: 0, verdicts: 0, outcome: 'none' }]),
		)
		for (let number = from; number <= to; number++) {
			const hash = await this.#rpcs[0].hashAt(number)
			if (!hash) throw new Error(`there is no block ${number}`)
			const [body, verdicts, outcomes] = [await this.#rpcs[0].body(hash), await this.#verdicts(hash), await outcomesOf(this.#api, hash)]
			for (const [i, extrinsic] of body.entries()) {
				const fate = fates.get(toHex(blake2_256(fromHex(extrinsic))))
				if (!fate) continue
				fate.blocks++
				fate.verdicts += verdicts[i] ?? 0
				fate.outcome = outcomes[i]
			}
		}
		return [...fates.values()]
	}

	/** `ExtrinsicSuccess` and `ExtrinsicFailed` events of a block's extrinsics, counted by index. */
	async #verdicts(hash: Hash): Promise<number[]> {
		const { query } = await this.#api.at(hash)
		const counts: number[] = []
		for (const { phase, event } of (await query.system.events()) as Vec<EventRecord>) {
			if (!phase.isApplyExtrinsic || event.section !== 'system' || !event.method.startsWith('Extrinsic')) continue
			const index = phase.asApplyExtrinsic.toNumber()
			counts[index] = (counts[index] ?? 0) + 1
		}
		return counts
	}
}
