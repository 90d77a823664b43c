import { verify } from '@stkr/node/src/crypto/signature.ts'
import { Execution, type HostServices } from '@stkr/node/src/executor/execution.ts'
import { type CompiledRuntime, Runtime } from '@stkr/node/src/executor/runtime.ts'
import type { Trie } from '@stkr/node/src/trie/trie.ts'
import { equalBytes } from '@stkr/runtime-spec/frame/bytes.ts'
import { header } from '@stkr/runtime-spec/frame/executive.ts'
import { eventRecords, type RuntimeEvent } from '@stkr/runtime-spec/frame/runtime-types.ts'
import { bytes, u64, vec } from '@stkr/runtime-spec/frame/scale/index.ts'
import { storage as system } from '@stkr/runtime-spec/frame/system/index.ts'
import { applied } from '../../runtime/twin.ts'
import { NOW_MS, NUMBER, PARENT_HASH, SLOT } from './world.ts'

const ZERO = new Uint8Array(32)
const encoder = new TextEncoder()
const AURA = encoder.encode('aura')
const opening = (claimed: boolean): Uint8Array =>
	header.encode({
		parentHash: PARENT_HASH,
		number: NUMBER,
		stateRoot: ZERO,
		extrinsicsRoot: ZERO,
		digest: { logs: claimed ? [{ type: 'PreRuntime', value: [AURA, u64.encode(SLOT)] }] : [] },
	})
const inherentData = vec(bytes)
const TIMESTAMP = new Uint8Array([4, ...encoder.encode('timstap0'), ...bytes.encode(u64.encode(NOW_MS))])

/** From here on, in microseconds, work rarely runs through on a busy machine, and the steps of the CPU clock (up to 1 ms) matter little. */
const LONG_US = 10_000

/**
 * Microseconds that `work` took. Of short work by the wall clock: most runs are not interrupted, and those that were are told by being
 * longer. Of long work by this thread's CPU clock.
 */
const timed = (work: () => void): number => {
	const cpu = process.threadCpuUsage()
	const wall = performance.now()
	work()
	const wallUs = (performance.now() - wall) * 1000
	const { user, system: kernel } = process.threadCpuUsage(cpu)
	const cpuUs = user + kernel
	return cpuUs < LONG_US ? wallUs : Math.min(wallUs, cpuUs)
}

/** A block to measure: `first` stands in it beforehand, so that what only the first extrinsic does is not counted. */
export interface BlockPlan {
	trie: Trie
	first: Uint8Array
}

/** Makes blocks in the blob, as the node runs it. Every measured call starts with a fresh overlay, so that it reads from the trie. */
export class BlobBlocks {
	private readonly runtime: Runtime
	private readonly services: HostServices

	/** Without `signatures` all of them are taken unseen, to measure what lies beside them. */
	constructor(compiled: CompiledRuntime, { signatures }: { signatures: boolean }) {
		this.runtime = new Runtime(compiled)
		this.services = {
			verify: signatures ? verify : () => true,
			log: () => {},
		}
	}

	private on(trie: Trie): Execution {
		return new Execution(trie, this.runtime, this.services)
	}

	private inherent(execution: Execution): Uint8Array {
		return bytes.encode(inherentData.decode(execution.call('BlockBuilder_inherent_extrinsics', TIMESTAMP))[0])
	}

	/** The state in the middle of a block: opened, with the timestamp and `first` in it. */
	begin({ trie, first }: BlockPlan): Trie {
		const execution = this.on(trie)
		execution.call('Core_initialize_block', opening(true))
		apply(execution, this.inherent(execution))
		apply(execution, first)
		return applied(trie, execution.changes())
	}

	/** Applies an extrinsic in the middle of a block and closes it: microseconds of both. Throws when the extrinsic is refused or fails. */
	extrinsic(middle: Trie, raw: Uint8Array): readonly [applyUs: number, closeUs: number] {
		const execution = this.on(middle)
		const applyUs = timed(() => apply(execution, raw))
		return [applyUs, timed(() => close(execution))]
	}

	/** Closes a block in the middle, in microseconds: hooks, extrinsics root, state root. */
	close(middle: Trie): number {
		const execution = this.on(middle)
		return timed(() => close(execution))
	}

	/** Opens a block, with or without an Aura claim, in microseconds. */
	open(trie: Trie, claimed: boolean): number {
		const execution = this.on(trie)
		return timed(() => execution.call('Core_initialize_block', opening(claimed)))
	}

	/** The timestamp of a block, in microseconds. */
	timestamp(trie: Trie): number {
		const execution = this.on(trie)
		execution.call('Core_initialize_block', opening(true))
		const raw = this.inherent(execution)
		return timed(() => apply(execution, raw))
	}

	/** What starting any call takes, in microseconds. */
	start(trie: Trie): number {
		const execution = this.on(trie)
		return timed(() => execution.call('Core_version', new Uint8Array()))
	}

	/** Reads one value for a client, in microseconds. */
	read(trie: Trie): number {
		const execution = this.on(trie)
		return timed(() => execution.call('GrandpaApi_current_set_id', new Uint8Array()))
	}

	/** The state after a block in the middle was closed. */
	closed(middle: Trie): Trie {
		const execution = this.on(middle)
		close(execution)
		return applied(middle, execution.changes())
	}

	/** Events of a block in the middle after an extrinsic. Throws when it is refused or fails, or the block can't be closed. */
	events(middle: Trie, raw: Uint8Array): RuntimeEvent[] {
		const execution = this.on(middle)
		apply(execution, raw)
		const written = execution.changes().find(({ key }) => equalBytes(key, system.events.prefix))
		const events = eventRecords.decode(written!.value!).map(({ event }) => event)
		close(execution)
		return events
	}
}

const apply = (execution: Execution, raw: Uint8Array): void => {
	const result = execution.call('BlockBuilder_apply_extrinsic', raw)
	if (result[0] !== 0 || result[1] !== 0) throw new Error(`the extrinsic gave ${[...result]} where 0,0 (success) was expected`)
}
const close = (execution: Execution): void => {
	execution.call('BlockBuilder_finalize_block', new Uint8Array())
}
