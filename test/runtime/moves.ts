import { ascii, equalBytes, fromHex } from '@stkr/runtime-spec/frame/bytes.ts'
import type { Call } from '@stkr/runtime-spec/frame/call.ts'
import { system } from '@stkr/runtime-spec/frame/system/index.ts'
import { assets, storage as assetsStorage } from '@stkr/runtime-spec/pallets/assets/index.ts'
import { balances, freeBalance, STKR } from '@stkr/runtime-spec/pallets/balances/index.ts'
import { escrow, storage as escrowStorage } from '@stkr/runtime-spec/pallets/escrow/index.ts'
import { liquidStaking } from '@stkr/runtime-spec/pallets/liquid-staking/index.ts'
import { microPool, storage as poolStorage } from '@stkr/runtime-spec/pallets/micro-pool/index.ts'
import { sudo } from '@stkr/runtime-spec/pallets/sudo/index.ts'
import { nowMs } from '@stkr/runtime-spec/pallets/timestamp/index.ts'
import { utility } from '@stkr/runtime-spec/pallets/utility/index.ts'
import { DEV_ESCROW, DEV_KEYS, type DevName } from '@stkr/runtime-spec/runtime/presets.ts'
import { arbitraryCall, type Known } from './arbitrary.ts'
import { callOf } from './calls.ts'
import { orderSignature } from './ethereum-keys.ts'
import type { Random } from './random.ts'

/** One signed call of a run. */
export interface Move {
	by: DevName
	call: Call
}

/** What moves look at to be worth making. Runs `query` on the chain's state. */
export type ReadState = <T>(query: () => T) => T

const NAMES = Object.keys(DEV_KEYS) as DevName[]
const WITNESSES: DevName[] = ['Witness1', 'Witness2', 'Witness3']
const ETHER = 10n ** 18n
const DAY_MS = 86_400_000n
const ALL = 0xffff_ffff
/** Raw keys that root writes and deletes: of no pallet. */
const FREE_KEYS = 'fuzz'

export const KNOWN: Known = {
	accounts: NAMES.map((name) => fromHex(DEV_KEYS[name].sr25519)!),
	addresses: [new Uint8Array(20), fromHex(DEV_ESCROW)!, new Uint8Array(20).fill(7)],
}

const nameOf = (account: Uint8Array): DevName | undefined => NAMES.find((_, i) => equalBytes(KNOWN.accounts[i], account))

/** How often each kind of move is made, of 100. The rest are random calls of every pallet with random arguments. */
const SHARES = { lock: 12, order: 10, pool: 25, money: 20, root: 8 }

/**
 * Makes moves: users' money matters, whole journeys through bridge and pools (so that their deep states are reached), root's calls,
 * and calls with random arguments.
 */
export class Moves {
	private readonly random: Random
	private readonly read: ReadState
	private readonly queue: Move[] = []
	private locks = 0n

	constructor(random: Random, read: ReadState) {
		this.random = random
		this.read = read
	}

	next(): Move {
		const queued = this.queue.shift()
		if (queued) return queued
		const { random } = this
		let kind = random.below(100)
		if (kind < SHARES.lock) return this.lock()
		kind -= SHARES.lock
		if (kind < SHARES.order) return this.order()
		kind -= SHARES.order
		if (kind < SHARES.pool) return this.pool()
		kind -= SHARES.pool
		if (kind < SHARES.money) return this.money()
		kind -= SHARES.money
		if (kind < SHARES.root) return this.root()
		return { by: random.pick(NAMES), call: arbitraryCall(random, KNOWN) }
	}

	/** All witnesses make a call each, which `callBy` may make differ. */
	private byWitnesses(callBy: (number: number) => Call): Move {
		WITNESSES.forEach((by, i) => {
			this.queue.push({ by, call: callBy(i + 1) })
		})
		return this.queue.shift()!
	}

	/** A lock on Ethereum that all three witnesses report, mostly alike. */
	private lock(): Move {
		const { random } = this
		const lock = {
			nonce: random.oneIn(15) ? BigInt(random.below(20)) : this.locks++,
			asset: random.oneIn(30) ? new Uint8Array(20).fill(1) : new Uint8Array(20),
			amountWei: BigInt(1 + random.below(40)) * ETHER + BigInt(random.below(1000)),
			recipient: random.pick(KNOWN.accounts),
			sender: random.pick(KNOWN.addresses),
			ethereumBlock: BigInt(random.below(1000)),
		}
		return this.byWitnesses(() => callOf(escrow, 'attestLock', random.oneIn(20) ? { ...lock, amountWei: lock.amountWei + 1n } : lock))
	}

	/** Something with one of the open orders: a signature of each witness, mostly good, or an outcome. */
	private order(): Move {
		const { random } = this
		const open = this.read(() => escrowStorage.orders.entries(ALL))
		if (open.length === 0 && !random.oneIn(12)) return this.pool()
		const [nonce, order] = open.length > 0 && !random.oneIn(12) ? random.pick(open) : [BigInt(random.below(40)), undefined]
		if (order && random.oneIn(2))
			return this.byWitnesses((number) => {
				const signature = this.read(() => orderSignature(random.oneIn(12) ? (number % 3) + 1 : number, nonce, order))
				if (random.oneIn(12)) signature[random.below(65)] ^= 1 << random.below(8)
				return callOf(escrow, 'signOrder', { nonce, signature })
			})
		const type = random.oneIn(2) ? 'Expired' : 'Executed'
		return this.byWitnesses(() =>
			callOf(escrow, 'attestOutcome', {
				nonce,
				outcome: { type: random.oneIn(20) ? (type === 'Expired' ? 'Executed' : 'Expired') : type },
			}),
		)
	}

	private deposit() {
		const { random } = this
		return {
			pubkey: random.oneIn(20) ? new Uint8Array(48) : random.bytes(48),
			signature: random.bytes(96),
			depositDataRoot: random.bytes(32),
		}
	}

	private pool(): Move {
		const { random } = this
		const pools = this.read(() => poolStorage.pools.entries(ALL))
		/** Mostly a pool in one of these states; now and then any, or none there is. */
		const one = (...states: string[]): number => {
			const fit = pools.filter(([, { status }]) => states.includes(status.type))
			if (fit.length > 0 && !random.oneIn(8)) return random.pick(fit)[0]
			return random.below(pools.length + 1)
		}
		const by = random.pick(NAMES)
		const wei = BigInt(random.below(160)) * (ETHER / 10n) + BigInt(random.below(1000))
		switch (random.below(12)) {
			case 0:
			case 1: {
				const inDays = this.read(nowMs) + BigInt(random.below(30)) * DAY_MS
				const call = callOf(microPool, 'open', {
					collateralWei: (15n + BigInt(random.below(random.oneIn(8) ? 19 : 6))) * ETHER,
					endsAtMs: random.oneIn(3) ? inDays : 10n ** 15n,
					fixedPricePlanck: BigInt(random.below(1000)) * STKR + BigInt(random.below(100)),
					...this.deposit(),
				})
				return { by, call }
			}
			case 2: {
				const pool = one('Open')
				const members = this.read(() => poolStorage.members.entries(pool, ALL))
				const member = members.length > 0 && !random.oneIn(6) ? nameOf(random.pick(members)[0]) : undefined
				return { by: member ?? by, call: callOf(microPool, 'exit', { pool }) }
			}
			case 3:
			case 4: {
				const amountWei =
					BigInt(random.below(random.oneIn(4) ? 30 : 1 << 30)) * (random.oneIn(4) ? 1n : 10n ** 9n) + BigInt(random.below(9))
				return { by, call: callOf(microPool, 'payRewards', { pool: one('Launched', 'Staked', 'AwaitingDepositData'), amountWei }) }
			}
			case 5:
				return { by, call: callOf(liquidStaking, 'claim') }
			case 6: {
				const pool = one('Open')
				return { by: this.providerOf(pool) ?? by, call: callOf(microPool, 'addCollateral', { pool, amountWei: wei }) }
			}
			case 7: {
				const pool = one('AwaitingDepositData')
				return { by: this.providerOf(pool) ?? by, call: callOf(microPool, 'setDepositData', { pool, ...this.deposit() }) }
			}
			default:
				return { by, call: callOf(microPool, 'join', { pool: one('Open'), stakeWei: wei }) }
		}
	}

	private providerOf(pool: number): DevName | undefined {
		const provider = this.read(() => poolStorage.pools.get(pool))?.provider
		return provider && nameOf(provider)
	}

	private money(): Move {
		const { random } = this
		const by = random.pick(NAMES)
		if (random.oneIn(12)) return this.approved()
		if (random.oneIn(8)) {
			const calls = Array.from({ length: random.below(5) }, () => this.payment())
			return { by, call: callOf(utility, random.pick(['batch', 'batchAll', 'forceBatch']), { calls }) }
		}
		return { by, call: this.payment() }
	}

	/** A delegate transfers some of what it was approved, or all of it. */
	private approved(): Move {
		const { random } = this
		const id = 1 + random.below(2)
		const approvals = this.read(() => assetsStorage.approvals.entries(id, ALL))
		if (approvals.length === 0) return { by: random.pick(NAMES), call: this.payment() }
		const [[owner, delegate], { amount }] = random.pick(approvals)
		const part = random.oneIn(2) ? amount : amount / BigInt(1 + random.below(9))
		const destination = { type: 'Id', value: random.pick(KNOWN.accounts) }
		const call = callOf(assets, 'transferApproved', { id, owner: { type: 'Id', value: owner }, destination, amount: part })
		return { by: nameOf(delegate) ?? random.pick(NAMES), call }
	}

	private payment(): Call {
		const { random } = this
		const known = { type: 'Id', value: random.pick(KNOWN.accounts) }
		const dest = random.oneIn(6) ? { type: 'Id', value: random.bytes(32) } : known
		const amount = BigInt(random.below(1 << 30)) * 10n ** BigInt(random.below(11))
		const id = 1 + random.below(2)
		switch (random.below(9)) {
			case 0:
			case 1:
				return callOf(assets, random.oneIn(2) ? 'transfer' : 'transferKeepAlive', { id, target: dest, amount })
			case 2:
				if (random.oneIn(12)) return callOf(balances, 'transferAll', { dest: known, keepAlive: random.oneIn(2) })
				return callOf(assets, random.oneIn(4) ? 'transferAll' : 'transferKeepAlive', {
					...{ id, amount },
					...{ target: known, dest: known, keepAlive: random.oneIn(2) },
				})
			case 3:
				return callOf(assets, 'approveTransfer', { id, delegate: known, amount })
			case 4:
				return random.oneIn(3)
					? callOf(assets, 'cancelApproval', { id, delegate: known })
					: callOf(assets, 'transferApproved', { id, owner: { type: 'Id', value: random.pick(KNOWN.accounts) }, destination: dest, amount })
			case 5:
			case 6:
				return callOf(escrow, 'withdraw', {
					amountWei: random.oneIn(4) ? amount : amount + 10n ** 15n,
					recipient: random.pick(KNOWN.addresses),
				})
			default:
				return callOf(balances, random.oneIn(2) ? 'transferKeepAlive' : 'transferAllowDeath', { dest, value: amount })
		}
	}

	/** Who is given money: an account emptied by its fees and gifts could sign nothing for the rest of the run. */
	private poorest(): Uint8Array {
		const free = this.read(() => KNOWN.accounts.map(freeBalance))
		return KNOWN.accounts[free.reduce((least, planck, i) => (planck < free[least] ? i : least), 0)]
	}

	/** The sudo key makes a call as root: any, one with a weight of its own, or one on raw keys that no pallet owns. */
	private root(): Move {
		const { random } = this
		const key = () => ascii(`${FREE_KEYS}${random.below(60)}`)
		const keys = Array.from({ length: random.below(8) }, key)
		const items = keys.map((at) => [at, random.bytes(random.below(70))])
		let call: Call
		switch (random.below(8)) {
			case 6:
			case 7:
				call = callOf(balances, 'forceSetBalance', { who: { type: 'Id', value: this.poorest() }, newFree: 1_000_000n * STKR })
				break
			case 0:
				call = callOf(system, 'setStorage', { items })
				break
			case 1:
				call = callOf(system, 'killStorage', { keys })
				break
			case 2:
				call = callOf(system, 'killPrefix', { prefix: key().slice(0, FREE_KEYS.length + random.below(2)), subkeys: random.below(9) })
				break
			case 3:
				call = callOf(utility, 'withWeight', {
					call: this.payment(),
					weight: { refTime: random.below(1 << 30), proofSize: random.below(99) },
				})
				break
			default:
				call = arbitraryCall(random, KNOWN)
		}
		return { by: random.oneIn(12) ? random.pick(NAMES) : 'Alice', call: callOf(sudo, 'sudo', { call }) }
	}
}
