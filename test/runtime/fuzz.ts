/**
 * `npm run fuzz:runtime -- --count N --seed S`: the same extrinsics to the native run and to the blob; every result and every
 * key written must agree, and after every block the books of all pallets must balance.
 */
import '@stkr/runtime-spec/frame/native/install.ts'
import { parseArgs } from 'node:util'
import { Keyring } from '@polkadot/keyring'
import type { KeyringPair } from '@polkadot/keyring/types'
import { cryptoWaitReady } from '@polkadot/util-crypto'
import { concatBytes } from '@stkr/runtime-spec/frame/bytes.ts'
import { runtimeCall } from '@stkr/runtime-spec/frame/call.ts'
import { header } from '@stkr/runtime-spec/frame/executive.ts'
import { signExtrinsic } from '@stkr/runtime-spec/frame/native/sign.ts'
import { bytes, compactU32, Reader, u64, vec } from '@stkr/runtime-spec/frame/scale/index.ts'
import '@stkr/runtime-spec/runtime/index.ts'
import { DEV_KEYS, type DevName, developmentGenesis } from '@stkr/runtime-spec/runtime/presets.ts'
import { blake2_256 } from '../../node/src/crypto/hash.ts'
import { arbitraryCall } from './arbitrary.ts'
import { builtRuntime } from './built.ts'
import { KNOWN, Moves } from './moves.ts'
import { Random } from './random.ts'
import { blobMachine, emptyTrie, nativeMachine, Twin } from './twin.ts'

const BLOCK_EXTRINSICS = 40
const SLOT_MS = 1000n
const ZERO = new Uint8Array(32)

export interface FuzzResult {
	extrinsics: number
	differences: Twin['differences']
	/** Outcomes by kind: ok, failed, refused, trapped. */
	outcomes: Record<string, number>
}

/** Runs `count` extrinsics made from `seed` on both machines. `report` hears progress after each block. */
export const fuzz = async (count: number, seed: number, report: (done: number) => void = () => {}): Promise<FuzzResult> => {
	await cryptoWaitReady()
	const random = new Random(seed)
	const { code, bundle, assets } = await builtRuntime()
	const empty = emptyTrie()
	const twin = new Twin(nativeMachine(bundle, assets, empty), blobMachine(code, empty))
	const json = new TextEncoder().encode(JSON.stringify(developmentGenesis()))
	const built = twin.call('GenesisBuilder_build_state', bytes.encode(json))
	if (built?.[0] !== 0) throw new Error(`genesis was refused: ${built && new TextDecoder().decode(built)}`)
	twin.commit()

	const pairs = new Map<DevName, KeyringPair>()
	const keyring = new Keyring({ type: 'sr25519' })
	for (const name of Object.keys(DEV_KEYS) as DevName[]) pairs.set(name, keyring.addFromUri(`//${name}`))
	const nonces = new Map<DevName, number>()
	const moves = new Moves(random)
	const genesisHash = blake2_256(twin.left.root())
	let parentHash = genesisHash
	let slot = 1_000_000n
	const outcomes: Record<string, number> = { ok: 0, failed: 0, refused: 0, trapped: 0 }

	for (let done = 0, number = 1; done < count; number++) {
		slot += BigInt(1 + random.below(3))
		for (const [name, pair] of pairs) {
			const raw = signExtrinsic(pair, runtimeCall.encode(arbitraryCall(random, KNOWN)), { nonce: nonces.get(name) ?? 0, genesisHash })
			twin.call('TaggedTransactionQueue_validate_transaction', concatBytes(Uint8Array.of(2), raw, parentHash))
		}
		twin.discard()
		const digest = {
			logs: [{ type: 'PreRuntime' as const, value: [new TextEncoder().encode('aura'), u64.encode(slot)] as [Uint8Array, Uint8Array] }],
		}
		twin.call('Core_initialize_block', header.encode({ parentHash, number, stateRoot: ZERO, extrinsicsRoot: ZERO, digest }))
		const data = concatBytes(compactU32.encode(1), new TextEncoder().encode('timstap0'), bytes.encode(u64.encode(slot * SLOT_MS)))
		const inherents = twin.call('BlockBuilder_inherent_extrinsics', data)!
		for (const inherent of vec(bytes).decode(inherents)) twin.call('BlockBuilder_apply_extrinsic', bytes.encode(inherent))
		const body: Uint8Array[] = []
		for (let i = 0; i < BLOCK_EXTRINSICS && done < count; i++, done++) {
			const { by, call } = moves.next()
			const nonce = nonces.get(by) ?? 0
			const wrongNonce = random.oneIn(50)
			let raw = signExtrinsic(pairs.get(by)!, runtimeCall.encode(call), {
				nonce: wrongNonce ? nonce + random.below(3) : nonce,
				genesisHash,
				tipPlanck: random.oneIn(10) ? BigInt(random.below(1 << 30)) : 0n,
			})
			const garbled = random.below(25)
			if (garbled === 0) raw = raw.slice(0, random.below(raw.length))
			if (garbled === 1) raw[random.below(raw.length)] ^= 1 << random.below(8)
			const result = twin.call('BlockBuilder_apply_extrinsic', raw)
			outcomes[result === undefined ? 'trapped' : result[0] === 1 ? 'refused' : result[1] === 1 ? 'failed' : 'ok']++
			if (result?.[0] === 0) body.push(raw)
			const account = nonceOf(twin, pairs.get(by)!.publicKey)
			nonces.set(by, account)
		}
		const closed = twin.call('BlockBuilder_finalize_block', new Uint8Array())
		if (!closed) throw new Error(`block ${number} could not be finalized`)
		parentHash = blake2_256(closed)
		twin.commit()
		report(done)
		if (twin.differences.length > 0) break
	}
	return { extrinsics: count, differences: twin.differences, outcomes }
}

const nonceOf = (twin: Twin, account: Uint8Array): number => {
	const found = twin.call('AccountNonceApi_account_nonce', account)!
	return new Reader(found).u32()
}

if (import.meta.main) {
	const { values } = parseArgs({
		options: { count: { type: 'string', default: '2000' }, seed: { type: 'string', default: String(Date.now() % 2 ** 31) } },
	})
	const count = Number(values.count)
	const seed = Number(values.seed)
	if (!Number.isInteger(count) || count < 1) throw new Error(`--count ${values.count}: give a whole number of extrinsics, 1 or more`)
	if (!Number.isInteger(seed)) throw new Error(`--seed ${values.seed}: give a whole number`)
	console.log(`seed ${seed}`)
	const { differences, outcomes } = await fuzz(count, seed, (done) => {
		if (process.stderr.isTTY) process.stderr.write(`\r${done}/${count}`)
	})
	for (const { method, input, what } of differences.slice(0, 5)) console.log(`${method} ${input}\n  ${what}`)
	console.log(
		`outcomes: ${Object.entries(outcomes)
			.map(([kind, n]) => `${n} ${kind}`)
			.join(', ')}`,
	)
	console.log(`${count} extrinsics, ${differences.length} differences`)
	process.exitCode = differences.length === 0 ? 0 : 1
}
