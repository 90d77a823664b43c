/** `npm run bench:runtime`: what a transfer costs in the blob and natively, and what a call costs to start. One JSON line a figure. */
import '@stkr/runtime-spec/frame/native/install.ts'
import { Keyring } from '@polkadot/keyring'
import { cryptoWaitReady } from '@polkadot/util-crypto'
import { concatBytes } from '@stkr/runtime-spec/frame/bytes.ts'
import { runtimeCall } from '@stkr/runtime-spec/frame/call.ts'
import { header } from '@stkr/runtime-spec/frame/executive.ts'
import { signExtrinsic } from '@stkr/runtime-spec/frame/native/sign.ts'
import { bytes, compactU32, u64, vec } from '@stkr/runtime-spec/frame/scale/index.ts'
import { balances, STKR } from '@stkr/runtime-spec/pallets/balances/index.ts'
import '@stkr/runtime-spec/runtime/index.ts'
import { blake2_256 } from '@stkr/node/src/crypto/hash.ts'
import { developmentGenesis } from '@stkr/runtime-spec/runtime/presets.ts'
import { builtRuntime } from '../runtime/built.ts'
import { blobMachine, emptyTrie, type Machine, nativeMachine } from '../runtime/twin.ts'
import { figure, machine, median } from './figures.ts'

/** Transfers in a block that is measured: enough to make the block's own cost small. */
const TRANSFERS = 1000
const ROUNDS = 7
const ZERO = new Uint8Array(32)
const SLOT = 1_000_000n

await cryptoWaitReady()
const { code, bundle, assets } = await builtRuntime()
const alice = new Keyring({ type: 'sr25519' }).addFromUri('//Alice')
const receivers = Array.from({ length: 100 }, (_, i) => new Uint8Array(32).fill(i + 1))

/** A machine at genesis and the parts of block 1 with `TRANSFERS` transfers. */
const prepare = (made: Machine) => {
	const built = made.call('GenesisBuilder_build_state', bytes.encode(new TextEncoder().encode(JSON.stringify(developmentGenesis()))))
	if (built?.[0] !== 0) throw new Error('genesis was refused')
	made.commit()
	const genesisHash = blake2_256(made.root())
	const digest = {
		logs: [{ type: 'PreRuntime' as const, value: [new TextEncoder().encode('aura'), u64.encode(SLOT)] as [Uint8Array, Uint8Array] }],
	}
	const opening = header.encode({ parentHash: genesisHash, number: 1, stateRoot: ZERO, extrinsicsRoot: ZERO, digest })
	const data = concatBytes(compactU32.encode(1), new TextEncoder().encode('timstap0'), bytes.encode(u64.encode(SLOT * 1000n)))
	const transfers = Array.from({ length: TRANSFERS }, (_, nonce) => {
		const args = { dest: { type: 'Id', value: receivers[nonce % receivers.length] }, value: STKR }
		const call = runtimeCall.encode({ pallet: balances.index, definition: balances.parts.calls!.transferKeepAlive, args })
		return signExtrinsic(alice, call, { nonce, genesisHash })
	})
	return { opening, data, transfers }
}

/** Microseconds per transfer: applied one by one as an author does, and inside one `Core_execute_block`. */
const measure = (name: string, made: Machine): void => {
	const { opening, data, transfers } = prepare(made)
	const applied: number[] = []
	const executed: number[] = []
	const empty: number[] = []
	for (let round = 0; round < ROUNDS; round++) {
		const build = (extrinsics: readonly Uint8Array[]): { block: Uint8Array; applyUs: number } => {
			made.call('Core_initialize_block', opening)
			const inherents = vec(bytes)
				.decode(made.call('BlockBuilder_inherent_extrinsics', data)!)
				.map((raw) => bytes.encode(raw))
			for (const raw of inherents) made.call('BlockBuilder_apply_extrinsic', raw)
			const started = performance.now()
			for (const raw of extrinsics) {
				const result = made.call('BlockBuilder_apply_extrinsic', raw)
				if (result?.[0] !== 0 || result[1] !== 0) throw new Error(`a transfer failed: ${result}`)
			}
			const applyUs = (performance.now() - started) * 1000
			const closed = made.call('BlockBuilder_finalize_block', new Uint8Array())!
			made.discard()
			return { block: concatBytes(closed, compactU32.encode(inherents.length + extrinsics.length), ...inherents, ...extrinsics), applyUs }
		}
		const execute = (block: Uint8Array): number => {
			const started = performance.now()
			if (!made.call('Core_execute_block', block)) throw new Error('the block was refused')
			const us = (performance.now() - started) * 1000
			made.discard()
			return us
		}
		const full = build(transfers)
		applied.push(full.applyUs / TRANSFERS)
		executed.push(execute(full.block))
		empty.push(execute(build([]).block))
	}
	figure(`transfer in ${name}, one apply_extrinsic call each, signature not checked`, median(applied), 'us')
	figure(
		`transfer in ${name}, in one execute_block call, signature not checked, roots included`,
		median(executed.map((us, i) => (us - empty[i]) / TRANSFERS)),
		'us',
	)
	figure(`empty block in ${name}, execute_block`, median(empty), 'us')
}

machine()
figure('blob, raw', code.length, 'bytes')
measure('the blob (V8)', blobMachine(code, emptyTrie(), { verify: false }))
measure('native V8', nativeMachine(bundle, assets, emptyTrie(), { verify: false }))

const idle = blobMachine(code, emptyTrie())
const starts: number[] = []
for (let i = 0; i < 500; i++) {
	const started = performance.now()
	idle.call('Core_version', new Uint8Array())
	starts.push((performance.now() - started) * 1000)
}
figure('start of a call in the blob (Core_version)', median(starts), 'us')
