import { fromHex, toHex } from '@stkr/node/src/crypto/hex.ts'
import { signExtrinsic } from '@stkr/runtime-spec/frame/native/sign.ts'
import type { DevName } from '@stkr/runtime-spec/runtime/presets.ts'
import { pairOf } from '../../conformance/signers.ts'
import { type Move, Moves } from '../../runtime/moves.ts'
import { Random } from '../../runtime/random.ts'
import type { Rpc } from '../rpc.ts'
import type { Ledger } from './ledger.ts'
import { LiveState } from './live-state.ts'

/** Calls on their way to nodes at once. */
const IN_FLIGHT = 48
/** An account emptied by this could pay for none of its later calls. */
const EMPTIES_ACCOUNT = 'balances.transferAll'
const REFUSALS_PER_CALL = 4

export interface RandomCallsOptions {
	rpc: Rpc
	seed: number
	/** Calls that nodes have to take. */
	count: number
	/** Who signs none: a random call may give up a validator's keys, or make a whole chain root's. */
	notBy: readonly DevName[]
	/** Hears the calls taken so far after each. */
	progress: (taken: number) => void
}

/**
 * Makes random calls of every pallet, and whole journeys through bridge and pools, as fast as nodes take them. Calls of one account go
 * one after the other. Gives how many the pools refused, as they must with some, such as signed inherents. Throws when too many are.
 */
export const makeRandom = async (ledger: Ledger, { rpc, seed, count, notBy, progress }: RandomCallsOptions): Promise<number> => {
	const genesisHash = fromHex((await rpc.hashAt(0))!)
	const state = new LiveState(rpc)
	const moves = new Moves(new Random(seed), state.read)
	const turns = new Map<DevName, Promise<void>>()
	const underWay = new Set<Promise<void>>()
	let taken = 0
	let refused = 0

	const make = async ({ by, call }: Move): Promise<void> => {
		const pair = pairOf(by)
		const raw = toHex(signExtrinsic(pair, call, { nonce: await ledger.nonce(by, pair.address), genesisHash }))
		const names = ledger.names(raw)
		if (names.includes(EMPTIES_ACCOUNT)) return
		try {
			await ledger.submit(raw, { by, names })
			progress(++taken)
		} catch {
			refused++
		}
	}

	while (taken < count) {
		if (refused > count * REFUSALS_PER_CALL) throw new Error(`the nodes refused ${refused} random calls and took ${taken}`)
		await state.refresh()
		while (underWay.size < IN_FLIGHT && taken + underWay.size < count) {
			const move = moves.next()
			if (notBy.includes(move.by)) continue
			const turn = (turns.get(move.by) ?? Promise.resolve()).then(() => make(move))
			turns.set(move.by, turn)
			underWay.add(turn)
			turn.finally(() => underWay.delete(turn)).catch(() => {})
		}
		// all may have ended during the refresh, and a race of none never ends
		if (underWay.size > 0) await Promise.race(underWay)
	}
	await Promise.all(underWay)
	return refused
}
