import '@stkr/runtime-spec/frame/native/install.ts'
import type { Trie } from '@stkr/node/src/trie/trie.ts'
import type { Change } from '@stkr/node/src/trie/update.ts'
import { block, resetBlock } from '@stkr/runtime-spec/frame/block.ts'
import { concatBytes, fromHex, toHex } from '@stkr/runtime-spec/frame/bytes.ts'
import { useHost } from '@stkr/runtime-spec/frame/host.ts'
import { nativeHost } from '@stkr/runtime-spec/frame/native/host.ts'
import { MemoryState } from '@stkr/runtime-spec/frame/native/state.ts'
import { type Codec, FixedBytes } from '@stkr/runtime-spec/frame/scale/index.ts'
import { StorageDoubleMap, StorageMap } from '@stkr/runtime-spec/frame/storage.ts'
import { storage as system } from '@stkr/runtime-spec/frame/system/index.ts'
import { storage as aura } from '@stkr/runtime-spec/pallets/aura/index.ts'
import { storage as session } from '@stkr/runtime-spec/pallets/session/index.ts'
import { genesisValidator } from '@stkr/runtime-spec/pallets/session/testing/session-keys.ts'
import { storage as timestamp } from '@stkr/runtime-spec/pallets/timestamp/index.ts'
import { buildState } from '@stkr/runtime-spec/runtime/genesis.ts'
import { executive } from '@stkr/runtime-spec/runtime/index.ts'
import { developmentGenesis } from '@stkr/runtime-spec/runtime/presets.ts'
import { applied, emptyTrie } from '../../runtime/twin.ts'
import { hashOf, lastValidator, lastWitness, lastWitnessAddress } from './actors.ts'

/** Validators and witnesses as many as the pallets take. */
export const VALIDATORS = 100
export const WITNESSES = 64
/** More than a third of the set's weight: a vote is carried by the last witness and by none before. */
const LAST_WITNESS_WEIGHT = 2 * (WITNESSES - 1) + 1
/** Entries that lie in every map beside those a call touches, so that paths in the trie are as long as on a chain in use. */
const CROWD = 2048
const SLOT_MS = 6000n
/** The present session: past the age at which every session removes the record of an old one. */
const SESSION = 1000
const SESSIONS_KEPT = 168

/** The block that is measured: past the age at which every block removes the hash of an old one. */
export const NUMBER = 5001
export const SLOT = 300_000_000n
export const NOW_MS = SLOT * SLOT_MS
export const GENESIS_HASH = hashOf('genesis')
export const PARENT_HASH = hashOf('parent')

export const witnessAccounts: readonly Uint8Array[] = [
	...Array.from({ length: WITNESSES - 1 }, (_, i) => hashOf(`witness ${i}`)),
	lastWitness.publicKey,
]
export const witnessAddresses: readonly Uint8Array[] = [
	...Array.from({ length: WITNESSES - 1 }, (_, i) => concatBytes(new Uint8Array(19), Uint8Array.of(i + 1))),
	lastWitnessAddress,
]
export const witnessWeight = (i: number): number => (i === WITNESSES - 1 ? LAST_WITNESS_WEIGHT : 1)

const validators = () => [
	...Array.from({ length: VALIDATORS - 1 }, (_, i) => ({
		account: toHex(hashOf(`validator ${i}`)),
		aura: toHex(hashOf(`author ${i}`)),
		grandpa: toHex(hashOf(`voter ${i}`)),
	})),
	genesisValidator(lastValidatorAccount, lastValidator),
]
const lastValidatorAccount = hashOf('last validator')

const genesis = (): string => {
	const preset = developmentGenesis() as { escrow: object } & Record<string, unknown>
	return JSON.stringify({
		...preset,
		aura: { slotDuration: Number(SLOT_MS) },
		session: { validators: validators() },
		escrow: {
			...preset.escrow,
			threshold: WITNESSES,
			witnesses: witnessAccounts.map((account, i) => ({
				account: toHex(account),
				ethereum: toHex(witnessAddresses[i]),
				weight: witnessWeight(i),
			})),
		},
	})
}

/** The state before block `NUMBER`, natively: what a preparation adds to. */
const initial = (): MemoryState => {
	const state = new MemoryState()
	onState(state)
	buildState(genesis())
	system.number.put(NUMBER - 1)
	system.blockHash.put(0, GENESIS_HASH)
	for (let number = 1; number < NUMBER - 1; number++) system.blockHash.put(number, hashOf(`block ${number}`))
	timestamp.now.put(NOW_MS - SLOT_MS)
	aura.currentSlot.put(SLOT - 1n)
	const record = session.history.get(0)!
	session.history.kill(0)
	for (let i = 0; i < SESSIONS_KEPT; i++) session.history.put(SESSION - i, { ...record, firstSlot: SLOT - 100n })
	session.currentIndex.put(SESSION)
	session.endsAt.put(NUMBER + 100)
	return state
}

/** Lets native code run on `state`, outside of any block. */
const onState = (state: MemoryState): void => {
	useHost(nativeHost(state, { verify: false }))
	resetBlock()
}

/** As `onState`, as if in block `NUMBER`. */
const enter = (state: MemoryState): void => {
	onState(state)
	block.number = NUMBER
	block.phase = 'ApplyExtrinsic'
}

/** First keys under which a double map is crowded: assets and pools that calls touch, or the account of whom reports tell. */
const firstKeys = (codec: Codec<unknown>): unknown[] => (codec instanceof FixedBytes ? [lastValidatorAccount] : [1, 2])

/** Keys beside those of `state`: `CROWD` in every map, of no meaning but of likely size. */
const crowd = (): Change[] => {
	const prefixes = executive.pallets.flatMap(({ parts }) =>
		Object.values(parts.storage ?? {}).flatMap((item) => {
			if (item instanceof StorageDoubleMap) return firstKeys(item.keys[0]).map((first) => item.prefixOf(first))
			return item instanceof StorageMap ? [item.prefix] : []
		}),
	)
	const value = new Uint8Array(80)
	const keys = prefixes.flatMap((prefix) => Array.from({ length: CROWD }, (_, i) => concatBytes(prefix, hashOf(`crowd ${i}`))))
	return keys.sort(Buffer.compare).map((key) => ({ key, value }))
}

const entriesOf = (state: MemoryState): Map<string, Uint8Array> => new Map(state.entries())

/** The chain that calls are measured on: full sets, crowded maps, years old. */
export class World {
	private readonly state = initial()
	private readonly entries = entriesOf(this.state)
	private readonly trie: Trie

	constructor() {
		const changes = [...this.entries].map(([key, value]) => ({ key: fromHex(key)!, value }))
		this.trie = applied(applied(emptyTrie(), crowd()), changes)
	}

	/**
	 * Runs `make` natively on a copy of the world's state. Returns what it returns and the trie with what it wrote. Throws when the
	 * books of a pallet do not balance after it: such a state could never be met.
	 */
	with<T>(make: () => T): { made: T; trie: Trie } {
		const state = this.state.clone()
		enter(state)
		const made = make()
		system.events.kill()
		executive.tryState()
		const after = entriesOf(state)
		const keys = [...new Set([...this.entries.keys(), ...after.keys()])].sort()
		const changes: Change[] = []
		for (const key of keys) {
			const value = after.get(key)
			if (value !== this.entries.get(key)) changes.push({ key: fromHex(key)!, value: value ?? null })
		}
		return { made, trie: applied(this.trie, changes) }
	}
}
