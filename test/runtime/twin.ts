import type { CallExtensions } from '@stkr/node/src/chain.ts'
import { byteString, fromByteString } from '@stkr/node/src/crypto/hex.ts'
import { type Scheme, verify } from '@stkr/node/src/crypto/signature.ts'
import { embeddedVersion } from '@stkr/node/src/executor/code.ts'
import { Execution, type HostServices } from '@stkr/node/src/executor/execution.ts'
import { type CompiledRuntime, compileRuntime, Runtime } from '@stkr/node/src/executor/runtime.ts'
import { Overlay } from '@stkr/node/src/state/overlay.ts'
import { EMPTY_ROOT } from '@stkr/node/src/trie/node.ts'
import { NodeStore } from '@stkr/node/src/trie/node-store.ts'
import { orderedRoot } from '@stkr/node/src/trie/ordered-root.ts'
import { Trie } from '@stkr/node/src/trie/trie.ts'
import type { Change } from '@stkr/node/src/trie/update.ts'
import { compareBytes, toHex } from '@stkr/runtime-spec/frame/bytes.ts'
import { host as currentHost, type Host, useHost } from '@stkr/runtime-spec/frame/host.ts'
import { nativeHost } from '@stkr/runtime-spec/frame/native/host.ts'
import { loadNative, type RuntimeCaller } from '@stkr/runtime-spec/frame/native/load.ts'
import { MemoryState } from '@stkr/runtime-spec/frame/native/state.ts'
import { bytes, Reader, Writer } from '@stkr/runtime-spec/frame/scale/index.ts'

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
	/** The base state. */
	trie(): Trie
	/** What the last call that trapped died of. */
	trap(): string
}

/** The native run's state can be read with the pallets' own storage items, and their books checked. */
export interface NativeMachine extends Machine {
	/** Runs `query` on base and writes. It must not write. */
	inspect<T>(query: () => T): T
}

/** Keystore and pool are as a node's call has them: without them, runtime functions that ask for them trap or find none. */
export interface MachineOptions extends CallExtensions {
	/** False takes every signature, to measure what lies beside them. */
	verify?: boolean
	/** Hears what the runtime logs; level 0 is an error. */
	log?: (level: number, message: string) => void
}

const services = ({ verify: check = true, log = () => {}, keystore, submit }: MachineOptions): HostServices => ({
	verify: check ? verify : () => true,
	log: (level, _, message) => log(level, message),
	keystore,
	submit,
})

/** A blob is compiled once, however many chains run it. */
const compiled = new WeakMap<Uint8Array, CompiledRuntime>()
const compileOnce = (code: Uint8Array): CompiledRuntime => {
	const found = compiled.get(code) ?? compileRuntime(code)
	compiled.set(code, found)
	return found
}
const textOf = (thrown: unknown): string => (thrown instanceof Error ? thrown.message : String(thrown))

/** The blob in V8's WebAssembly, as the node runs it. */
export const blobMachine = (code: Uint8Array, genesis: Trie, options: MachineOptions = {}): Machine => {
	const runtime = new Runtime(compileOnce(code))
	const hosted = services(options)
	let execution = new Execution(genesis, runtime, hosted)
	let died = ''
	return {
		call(method, input) {
			try {
				return execution.call(method, input)
			} catch (thrown) {
				died = textOf(thrown)
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
		trie: () => execution.trie,
		trap: () => died,
	}
}

/** As the node answers `ext_misc_runtime_version`: what can't be read holds no version. */
const versionIn = (code: Uint8Array): Uint8Array | null => {
	try {
		return embeddedVersion(code)
	} catch {
		return null
	}
}

/** The node's keystore as the native run asks it. */
const keyFunctions = ({ keystore }: MachineOptions): Partial<Host> => {
	if (!keystore) return {}
	const text = (bytes: Uint8Array) => Buffer.from(bytes).toString('latin1')
	const generate =
		(scheme: Scheme): Host['sr25519Generate'] =>
		(keyType, seed) =>
			keystore.generate(scheme, text(keyType), seed && Buffer.from(seed).toString())
	const sign: Host['sr25519Sign'] = (keyType, publicKey, message) =>
		keystore.has(text(keyType), publicKey) ? keystore.sign(text(keyType), publicKey, message) : null
	return { sr25519Generate: generate('sr25519'), ed25519Generate: generate('ed25519'), sr25519Sign: sign, ed25519Sign: sign }
}

/** The same bundle natively in V8, on the same storage. */
export const nativeMachine = (
	bundle: string,
	assets: Record<string, Uint8Array>,
	genesis: Trie,
	options: MachineOptions = {},
): NativeMachine => {
	let died = ''
	let trie = genesis
	let overlay = new Overlay(trie)
	const root = () => trie.apply(overlay.changes()).hash
	const host: Host = {
		...nativeHost(new MemoryState(), { verify: options.verify, log: options.log, runtimeVersionOf: versionIn }),
		...keyFunctions(options),
		submitTransaction(extrinsic) {
			options.submit?.(extrinsic)
			return options.submit !== undefined
		},
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
				0,
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
			} catch (thrown) {
				died = textOf(thrown)
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
		trie: () => trie,
		trap: () => died,
		inspect(query) {
			const before = currentHost
			useHost(host)
			try {
				return query()
			} finally {
				useHost(before)
			}
		},
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
