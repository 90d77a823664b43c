import { fromHex } from '@stkr/runtime-spec/frame/bytes.ts'
import type { Call } from '@stkr/runtime-spec/frame/call.ts'
import { assets } from '@stkr/runtime-spec/pallets/assets/index.ts'
import { balances, STKR } from '@stkr/runtime-spec/pallets/balances/index.ts'
import { escrow } from '@stkr/runtime-spec/pallets/escrow/index.ts'
import { liquidStaking } from '@stkr/runtime-spec/pallets/liquid-staking/index.ts'
import { microPool } from '@stkr/runtime-spec/pallets/micro-pool/index.ts'
import { sudo } from '@stkr/runtime-spec/pallets/sudo/index.ts'
import { DEV_ESCROW, DEV_KEYS, type DevName } from '@stkr/runtime-spec/runtime/presets.ts'
import { arbitraryCall, type Known } from './arbitrary.ts'
import type { Random } from './random.ts'

/** One signed call of a run. */
export interface Move {
	by: DevName
	call: Call
}

const NAMES = Object.keys(DEV_KEYS) as DevName[]
const WITNESSES: DevName[] = ['Witness1', 'Witness2', 'Witness3']
const ETHER = 10n ** 18n
export const key = (name: DevName): Uint8Array => fromHex(DEV_KEYS[name].sr25519)!

export const KNOWN: Known = {
	accounts: NAMES.map(key),
	addresses: [new Uint8Array(20), fromHex(DEV_ESCROW)!, new Uint8Array(20).fill(7)],
}

const callOf = (pallet: { index: number; parts: { calls?: Record<string, unknown> } }, name: string, args: object): Call =>
	({ pallet: pallet.index, definition: pallet.parts.calls![name], args }) as Call

/** How often each kind of move is made, of 100. The rest are random calls of every pallet with random arguments. */
const LOCK_OF_100 = 12
const POOL_OF_100 = 25
const MONEY_OF_100 = 25

/**
 * Makes moves: users' money matters, whole journeys through bridge and pools (so that their deep states are reached), and calls
 * with random arguments.
 */
export class Moves {
	private readonly random: Random
	private readonly queue: Move[] = []
	private locks = 0n
	private pools = 0

	constructor(random: Random) {
		this.random = random
	}

	next(): Move {
		const queued = this.queue.shift()
		if (queued) return queued
		const { random } = this
		const kind = random.below(100)
		if (kind < LOCK_OF_100) return this.lock()
		if (kind < LOCK_OF_100 + POOL_OF_100) return this.pool()
		if (kind < LOCK_OF_100 + POOL_OF_100 + MONEY_OF_100) return this.money()
		const call = arbitraryCall(random, KNOWN)
		return { by: random.pick(NAMES), call: random.oneIn(4) ? callOf(sudo, 'sudo', { call }) : call }
	}

	/** A lock on Ethereum that all three witnesses report, mostly alike. */
	private lock(): Move {
		const { random } = this
		const lock = {
			nonce: this.locks++,
			asset: new Uint8Array(20),
			amountWei: BigInt(1 + random.below(40)) * ETHER + BigInt(random.below(1000)),
			recipient: random.pick(KNOWN.accounts),
			sender: random.pick(KNOWN.addresses),
			ethereumBlock: BigInt(random.below(1000)),
		}
		for (const by of WITNESSES) {
			const lie = random.oneIn(20) ? { ...lock, amountWei: lock.amountWei + 1n } : lock
			this.queue.push({ by, call: callOf(escrow, 'attestLock', lie) })
		}
		return this.queue.shift()!
	}

	private pool(): Move {
		const { random } = this
		const by = random.pick(NAMES)
		const pool = this.pools === 0 ? 0 : random.below(this.pools)
		switch (random.below(7)) {
			case 0:
				this.pools++
				return {
					by,
					call: callOf(microPool, 'open', {
						collateralWei: (16n + BigInt(random.below(4))) * ETHER,
						endsAtMs: 10n ** 15n,
						fixedPricePlanck: BigInt(random.below(1000)) * STKR + BigInt(random.below(100)),
						pubkey: random.bytes(48),
						signature: random.bytes(96),
						depositDataRoot: random.bytes(32),
					}),
				}
			case 1:
				return { by, call: callOf(microPool, 'exit', { pool }) }
			case 2:
				return {
					by,
					call: callOf(microPool, 'payRewards', { pool, amountWei: BigInt(random.below(1 << 30)) * 10n ** 9n + BigInt(random.below(9)) }),
				}
			case 3:
				return { by, call: callOf(liquidStaking, 'claim', {}) }
			default:
				return {
					by,
					call: callOf(microPool, 'join', { pool, stakeWei: BigInt(random.below(160)) * (ETHER / 10n) + BigInt(random.below(1000)) }),
				}
		}
	}

	private money(): Move {
		const { random } = this
		const by = random.pick(NAMES)
		const dest = { type: 'Id', value: random.oneIn(6) ? random.bytes(32) : random.pick(KNOWN.accounts) }
		const amount = BigInt(random.below(1 << 30)) * 10n ** BigInt(random.below(11))
		switch (random.below(6)) {
			case 0:
				return { by, call: callOf(assets, 'transfer', { id: 1, target: dest, amount }) }
			case 1:
				return { by, call: callOf(assets, 'transfer', { id: 2, target: dest, amount }) }
			case 2:
				return { by, call: callOf(escrow, 'withdraw', { amountWei: amount, recipient: random.pick(KNOWN.addresses) }) }
			case 3: {
				const nonce = BigInt(random.below(8))
				const outcome = { type: random.oneIn(4) ? 'Expired' : 'Executed' }
				for (const witness of WITNESSES) this.queue.push({ by: witness, call: callOf(escrow, 'attestOutcome', { nonce, outcome }) })
				return this.queue.shift()!
			}
			default:
				return { by, call: callOf(balances, random.oneIn(2) ? 'transferKeepAlive' : 'transferAllowDeath', { dest, value: amount }) }
		}
	}
}
