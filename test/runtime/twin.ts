import { compareBytes, toHex } from '@stkr/runtime-spec/frame/bytes.ts'
import type { Host } from '@stkr/runtime-spec/frame/host.ts'
import { nativeHost } from '@stkr/runtime-spec/frame/native/host.ts'
import { loadNative, type RuntimeCaller } from '@stkr/runtime-spec/frame/native/load.ts'
import { MemoryState } from '@stkr/runtime-spec/frame/native/state.ts'
import { bytes, Reader, Writer } from '@stkr/runtime-spec/frame/scale/index.ts'
import { byteString, fromByteString } from '../../node/src/crypto/hex.ts'
import { verify } from '../../node/src/crypto/signature.ts'
import { Execution, type HostServices } from '../../node/src/executor/execution.ts'
import { compileRuntime, Runtime } from '../../node/src/executor/runtime.ts'
import { Overlay } from '../../node/src/state/overlay.ts'
import { EMPTY_ROOT } from '../../node/src/trie/node.ts'
import { NodeStore } from '../../node/src/trie/node-store.ts'
import { orderedRoot } from '../../node/src/trie/ordered-root.ts'
import { Trie } from '../../node/src/trie/trie.ts'
import type { Change } from '../../node/src/trie/update.ts'

/** A trie that lives in memory alone. */
const store = new NodeStore({ read: () => undefined })
export const emptyTrie = (): Trie => new Trie(store, null, EMPTY_ROOT)
export const applied = (trie: Trie, changes: Change[]): Trie => {
	const { root, hash } = trie.apply(changes)
	return new Trie(store, root, hash)
}

/** One way to run the runtime on a state. */
export interface Machine {
	/** SCALE result, or undefined when the call trapped (its writes are undone then). */
	call(method: string, input: Uint8Array): Uint8Array | undefined
	changes(): Change[]
	/** Keeps all writes as the new base state. */
	commit(): void
	/** Drops all writes. */
	discard(): void
	/** State root of base and writes. */
	root(): Uint8Array
}

const seed = new TextEncoder().encode('no such key')
/** How a machine treats signatures: `verify: false` takes every one, to measure what lies beside them. */
export interface MachineOptions {
	verify?: boolean
}

const services = ({ verify: check = true }: MachineOptions): HostServices => ({
	verify: check ? verify : () => true,
	generateKey: () => seed.slice(0, 32),
	publicKeys: () => [],
	log: () => {},
})

/** The blob in V8's WebAssembly, as the node runs it. */
export const blobMachine = (code: Uint8Array, genesis: Trie, options: MachineOptions = {}): Machine => {
	const runtime = new Runtime(compileRuntime(code))
	const hosted = services(options)
	let execution = new Execution(genesis, runtime, hosted)
	return {
		call(method, input) {
			try {
				return execution.call(method, input)
			} catch {
				return undefined
			}
		},
		changes: () => execution.changes(),
		commit() {
			execution = new Execution(applied(execution.trie, execution.changes()), runtime, hosted)
		},
		discard() {
			execution = new Execution(execution.trie, runtime, hosted)
		},
		root: () => execution.result().hash,
	}
}

/** The same bundle natively in V8, on the same storage. */
export const nativeMachine = (bundle: string, assets: Record<string, Uint8Array>, genesis: Trie, options: MachineOptions = {}): Machine => {
	let trie = genesis
	let overlay = new Overlay(trie)
	const root = () => trie.apply(overlay.changes()).hash
	const host: Host = {
		...nativeHost(new MemoryState(), options),
		get: (key) => overlay.get(byteString(key)),
		set: (key, value) => overlay.set(byteString(key), value.slice()),
		append: (key, item) => overlay.append(byteString(key), item),
		clear: (key) => overlay.clear(byteString(key)),
		exists: (key) => overlay.get(byteString(key)) !== null,
		nextKey(key) {
			const next = overlay.nextKey(byteString(key))
			return next === null ? null : fromByteString(next)
		},
		clearPrefix(prefix, limit) {
			const { met, remaining } = overlay.clearPrefix(byteString(prefix), limit)
			const w = new Writer()
			w.u8(remaining ? 1 : 0)
			w.u32(met)
			return w.take(0)
		},
		root,
		startTransaction: () => overlay.start(),
		commitTransaction: () => overlay.commit(),
		rollbackTransaction: () => overlay.rollback(),
		orderedRoot(items) {
			const r = new Reader(items)
			const count = r.compact()
			return orderedRoot(
				Array.from({ length: count }, () => bytes.read(r)),
				1,
			)
		},
	}
	const caller: RuntimeCaller = loadNative(bundle, assets, host)
	return {
		call(method, input) {
			const depth = overlay.depth
			overlay.start()
			try {
				const result = caller(method, input)
				overlay.commit()
				return result
			} catch {
				while (overlay.depth > depth) overlay.rollback()
				return undefined
			}
		},
		changes: () => overlay.changes(),
		commit() {
			trie = applied(trie, overlay.changes())
			overlay = new Overlay(trie)
		},
		discard() {
			overlay = new Overlay(trie)
		},
		root,
	}
}

/** Where two machines parted. */
export interface Difference {
	method: string
	input: string
	what: string
}

/** Two machines given the same calls: every result and every written key must agree. */
export class Twin {
	readonly differences: Difference[] = []
	readonly left: Machine
	readonly right: Machine
	constructor(left: Machine, right: Machine) {
		this.left = left
		this.right = right
	}

	/** The result of both; a difference is noted and the left one's returned. */
	call(method: string, input: Uint8Array): Uint8Array | undefined {
		const a = this.left.call(method, input)
		const b = this.right.call(method, input)
		if ((a && toHex(a)) !== (b && toHex(b))) this.note(method, input, `${a ? toHex(a) : 'trap'} against ${b ? toHex(b) : 'trap'}`)
		this.compare(method, input)
		return a
	}

	private compare(method: string, input: Uint8Array): void {
		const a = this.left.changes()
		const b = this.right.changes()
		if (a.length !== b.length) {
			this.note(method, input, `${a.length} keys written against ${b.length}`)
			return
		}
		for (let i = 0; i < a.length; i++) {
			const same = compareBytes(a[i].key, b[i].key) === 0 && sameValue(a[i].value, b[i].value)
			if (same) continue
			this.note(method, input, `key ${toHex(a[i].key)} differs`)
			return
		}
	}

	private note(method: string, input: Uint8Array, what: string): void {
		this.differences.push({ method, input: toHex(input), what })
	}

	/** Drops what was written since the last commit, as a node does after a query. */
	discard(): void {
		this.left.discard()
		this.right.discard()
	}

	commit(): void {
		if (compareBytes(this.left.root(), this.right.root()) !== 0) this.note('commit', new Uint8Array(), 'state roots differ')
		this.left.commit()
		this.right.commit()
	}
}

const sameValue = (a: Uint8Array | null, b: Uint8Array | null): boolean => (a === null || b === null ? a === b : compareBytes(a, b) === 0)
