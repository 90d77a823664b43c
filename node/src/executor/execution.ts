import type { Scheme } from '../crypto/signature.ts'
import { Overlay } from '../state/overlay.ts'
import type { PendingTrie } from '../trie/node-store.ts'
import type { Trie } from '../trie/trie.ts'
import type { Change } from '../trie/update.ts'
import type { CallContext } from './guest.ts'
import type { Runtime } from './runtime.ts'

/** What runtime calls need of the node besides state. */
export type HostServices = Pick<CallContext, 'verify' | 'log' | 'keystore' | 'submit'>

/** Runtime calls one after the other on one state; their writes add up and are never stored by themselves. */
export class Execution {
	readonly trie: Trie
	readonly #runtime: Runtime
	readonly #context: CallContext
	readonly #session: object | null
	#pending: { changes: Change[]; result: PendingTrie } | null = null

	/** `session`: shared by executions whose calls may share a runtime instance; see `Runtime`. */
	constructor(trie: Trie, runtime: Runtime, services: HostServices, session: object | null = null) {
		this.#session = session
		this.trie = trie
		this.#runtime = runtime
		this.#context = {
			overlay: new Overlay(trie),
			root: () => this.result().hash,
			verify: (scheme: Scheme, signature, message, publicKey) => services.verify(scheme, signature, message, publicKey),
			log: services.log,
			keystore: services.keystore,
			submit: services.submit,
		}
	}

	/** Throws `RuntimeCallError`; the failed call's writes are taken back. */
	call(method: string, input: Uint8Array): Uint8Array {
		return this.#runtime.call(method, input, this.#context, this.#session)
	}

	/** As `call`, but the writes stay only if `keep` says so of the result. */
	callIf(method: string, input: Uint8Array, keep: (result: Uint8Array) => boolean): Uint8Array {
		const { overlay } = this.#context
		overlay.start()
		let kept = false
		try {
			const result = this.call(method, input)
			kept = keep(result)
			return result
		} finally {
			if (kept) overlay.commit()
			else overlay.rollback()
		}
	}

	/** Writes so far, in key order. */
	changes(): Change[] {
		return this.#context.overlay.changes()
	}

	/** The trie with the writes so far. Computed once as long as nothing more is written. */
	result(): PendingTrie {
		const changes = this.changes()
		if (this.#pending?.changes !== changes) this.#pending = { changes, result: this.trie.apply(changes) }
		return this.#pending.result
	}
}
