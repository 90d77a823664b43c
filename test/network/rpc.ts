import type { Hash, Header } from '@stkr/node/src/chain.ts'
import { fromHex } from '@stkr/node/src/crypto/hex.ts'
import { ScaleReader } from '@stkr/node/src/scale/codec.ts'
import { hashOf, headerOf, type JsonHeader } from './headers.ts'

export interface Head {
	number: number
	hash: Hash
}

interface Answer<T> {
	result: T
	error?: { code: number; message: string; data?: unknown }
}

const TIMEOUT_MS = 20_000

/** JSON-RPC of one node over HTTP. Without a connection of its own it bears restarts of the node. */
export class Rpc {
	readonly #port: number
	#id = 0

	constructor(port: number) {
		this.#port = port
	}

	get http(): string {
		return `http://127.0.0.1:${this.#port}`
	}

	get ws(): string {
		return `ws://127.0.0.1:${this.#port}`
	}

	async #post<T>(body: object): Promise<T> {
		const response = await fetch(this.http, {
			method: 'POST',
			headers: { 'content-type': 'application/json' },
			body: JSON.stringify(body),
			signal: AbortSignal.timeout(TIMEOUT_MS),
		})
		return (await response.json()) as T
	}

	/** Throws when the node can't be reached, or with what it refuses. */
	async call<T>(method: string, ...params: unknown[]): Promise<T> {
		const { result, error } = await this.#post<Answer<T>>({ jsonrpc: '2.0', id: ++this.#id, method, params })
		if (error)
			throw new Error(`${method}: ${error.message} (${error.code}${error.data === undefined ? '' : `, ${JSON.stringify(error.data)}`})`)
		return result
	}

	/** Calls a method once with each parameter, all in one request. Throws with the first refusal. */
	async batch(method: string, parameters: readonly unknown[]): Promise<void> {
		const requests = parameters.map((parameter) => ({ jsonrpc: '2.0', id: ++this.#id, method, params: [parameter] }))
		const refused = (await this.#post<Answer<unknown>[]>(requests)).find(({ error }) => error)
		if (refused) throw new Error(`${method}: ${JSON.stringify(refused.error)}`)
	}

	/** Hash of the block of this number on the best chain; undefined when there is none yet. */
	async hashAt(number: number): Promise<Hash | undefined> {
		return (await this.call<Hash | null>('chain_getBlockHash', number)) ?? undefined
	}

	/** Hashes of blocks 1 to `to` of the best chain. Throws when it ends before. */
	async hashes(to: number): Promise<Hash[]> {
		const all: Hash[] = []
		for (let number = 1; number <= to; number++) {
			const hash = await this.hashAt(number)
			if (!hash) throw new Error(`${this.http} has no block ${number}`)
			all.push(hash)
		}
		return all
	}

	/** Throws when the node does not know the block. */
	async header(hash: Hash): Promise<Header> {
		const header = await this.call<JsonHeader | null>('chain_getHeader', hash)
		if (!header) throw new Error(`${this.http} has no block ${hash}`)
		return headerOf(header)
	}

	async best(): Promise<Head> {
		const header = headerOf(await this.call<JsonHeader>('chain_getHeader'))
		return { number: header.number, hash: hashOf(header) }
	}

	async finalized(): Promise<Head> {
		const hash = await this.call<Hash>('chain_getFinalizedHead')
		return { number: (await this.header(hash)).number, hash }
	}

	/** Extrinsics of a block, each with its length prefix. */
	async body(hash: Hash): Promise<Hash[]> {
		const { block } = await this.call<{ block: { extrinsics: Hash[] } }>('chain_getBlock', hash)
		return block.extrinsics
	}

	/** sr25519 keys of those who author the children of a block, in the order of slots. */
	async authorities(hash: Hash): Promise<Uint8Array[]> {
		const reader = new ScaleReader(fromHex(await this.call<Hash>('state_call', 'AuraApi_authorities', '0x', hash)))
		return reader.vec(() => reader.take(32))
	}

	async peers(): Promise<number> {
		return (await this.call<{ peers: number }>('system_health')).peers
	}
}
