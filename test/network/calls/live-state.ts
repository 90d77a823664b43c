import type { Hash } from '@stkr/node/src/chain.ts'
import { fromHex } from '@stkr/node/src/crypto/hex.ts'
import { useHost } from '@stkr/runtime-spec/frame/host.ts'
import { nativeHost } from '@stkr/runtime-spec/frame/native/host.ts'
import { MemoryState } from '@stkr/runtime-spec/frame/native/state.ts'
import type { ReadState } from '../../runtime/moves.ts'
import type { Rpc } from '../rpc.ts'

const PAGE = 1000
/** The blob: of no interest to pallets, and half a megabyte. */
const CODE = '0x3a636f6465'

/** Reads the state of a node's best block through the pallets' own storage; `refresh` fetches it anew when there is a later block. */
export class LiveState {
	readonly #rpc: Rpc
	#at: Hash | undefined
	#state = new MemoryState()

	constructor(rpc: Rpc) {
		this.#rpc = rpc
	}

	async refresh(): Promise<void> {
		const { hash } = await this.#rpc.best()
		if (hash === this.#at) return
		const state = new MemoryState()
		for (let last: Hash = '0x'; ; ) {
			const keys = await this.#rpc.call<Hash[]>('state_getKeysPaged', '0x', PAGE, last, hash)
			const wanted = keys.filter((key) => key !== CODE)
			const [{ changes }] = await this.#rpc.call<{ changes: [Hash, Hash | null][] }[]>('state_queryStorageAt', wanted, hash)
			for (const [key, value] of changes) if (value) state.set(fromHex(key), fromHex(value))
			if (keys.length < PAGE) break
			last = keys[PAGE - 1]
		}
		this.#state = state
		this.#at = hash
	}

	readonly read: ReadState = (query) => {
		useHost(nativeHost(this.#state))
		return query()
	}
}
