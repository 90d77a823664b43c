import { infoOf, runtimeCall, signed } from '@stkr/runtime-spec/frame/call.ts'
import { storage as system } from '@stkr/runtime-spec/frame/system/index.ts'
import { APPROVAL_DEPOSIT, assets } from '@stkr/runtime-spec/pallets/assets/index.ts'
import { balances, EXISTENTIAL_DEPOSIT, mint, reserve, STKR } from '@stkr/runtime-spec/pallets/balances/index.ts'
import { feeOf } from '@stkr/runtime-spec/pallets/transaction-payment/index.ts'
import { hashOf, newcomer, user } from '../actors.ts'
import { callNatively, ETHER, fillHolds, holdStakedEther, MAX_HOLDS } from '../chain-moves.ts'
import type { Preparations } from '../preparation.ts'

const id = (value: Uint8Array) => ({ type: 'Id', value })
/** Another account than the caller, with STKR, of whom the call is about. */
const owner = hashOf('owner')
const DUST = EXISTENTIAL_DEPOSIT / 2n
/** Bytes of a signed extrinsic around its call: length, version, address, signature, extensions. */
const ENVELOPE_BYTES = 105

/** Arguments of a call of Balances that leave the signer with dust once it has paid the fee, so that it is reaped. */
const leavingDust = (name: string, argsFor: (value: bigint) => object): object => {
	const { free } = system.account.get(user.publicKey).data
	const call = { pallet: balances.index, definition: balances.parts.calls![name], args: argsFor(free) }
	const fee = feeOf(infoOf(call), ENVELOPE_BYTES + runtimeCall.encode(call).length)
	return argsFor(free - fee - DUST)
}

const REAPED = 'the sender leaves dust and is reaped, the receiver appears'

export const balancesCalls: Preparations = {
	transferAllowDeath: {
		worst: REAPED,
		weight: 'transfer',
		by: user,
		emits: ['Balances.DustLost', 'System.KilledAccount', 'System.NewAccount'],
		make: () => leavingDust('transferAllowDeath', (value) => ({ dest: id(newcomer), value })),
	},
	forceTransfer: {
		worst: REAPED,
		weight: 'transfer',
		by: 'Root',
		emits: ['Balances.DustLost', 'System.KilledAccount', 'System.NewAccount'],
		make() {
			mint(owner, STKR)
			return { source: id(owner), dest: id(newcomer), value: STKR - DUST }
		},
	},
	transferKeepAlive: {
		worst: 'the receiver appears',
		weight: 'transfer',
		by: user,
		emits: ['System.NewAccount'],
		make: () => ({ dest: id(newcomer), value: STKR }),
	},
	transferAll: {
		worst: 'the sender is reaped, the receiver appears',
		by: user,
		emits: ['System.KilledAccount', 'System.NewAccount'],
		make: () => ({ dest: id(newcomer), keepAlive: false }),
	},
	forceUnreserve: {
		worst: `the account is on hold for ${MAX_HOLDS} reasons`,
		by: 'Root',
		emits: ['Balances.Unreserved'],
		make() {
			mint(owner, 100n * STKR)
			fillHolds(owner, MAX_HOLDS)
			reserve(owner, STKR)
			return { who: id(owner), amount: STKR }
		},
	},
	forceSetBalance: {
		worst: 'the account appears',
		by: 'Root',
		emits: ['System.NewAccount', 'Balances.BalanceSet'],
		make: () => ({ who: id(newcomer), newFree: STKR }),
	},
	burn: {
		worst: 'the sender leaves dust and is reaped',
		by: user,
		emits: ['Balances.DustLost', 'System.KilledAccount'],
		make: () => leavingDust('burn', (value) => ({ value, keepAlive: false })),
	},
}

export const transactionPaymentCalls: Preparations = {
	setAuthorShare: { worst: 'any share', by: 'Root', make: () => ({ ppm: 300_000 }) },
}

const AETH = 2
const ASSET_MOVES = 'all aETH of an account goes to one that appears, both settle their rewards'
const LONGEST = 50

export const assetsCalls: Preparations = {
	forceCreate: {
		worst: 'any asset',
		by: 'Root',
		make: () => ({ id: 3, owner: id(newcomer), isSufficient: true, minBalance: 1n }),
	},
	transfer: {
		worst: ASSET_MOVES,
		by: user,
		emits: ['Assets.Transferred', 'System.NewAccount'],
		make() {
			holdStakedEther(user.publicKey, ETHER)
			return { id: AETH, target: id(newcomer), amount: ETHER }
		},
	},
	transferKeepAlive: {
		worst: 'aETH goes to an account that appears, both settle their rewards',
		weight: 'transfer',
		by: user,
		make() {
			holdStakedEther(user.publicKey, ETHER)
			return { id: AETH, target: id(newcomer), amount: ETHER / 2n }
		},
	},
	forceSetMetadata: {
		worst: 'name and symbol',
		by: 'Root',
		size: { name: 'bytes', from: 0, to: 2 * LONGEST },
		make: (bytes) => ({ id: AETH, name: new Uint8Array(bytes / 2), symbol: new Uint8Array(bytes / 2), decimals: 18, isFrozen: false }),
	},
	approveTransfer: {
		worst: `the first approval to the delegate, and the owner's ${MAX_HOLDS}th hold`,
		by: user,
		emits: ['Balances.Held'],
		make() {
			fillHolds(user.publicKey, MAX_HOLDS - 1)
			return { id: AETH, delegate: id(newcomer), amount: ETHER }
		},
	},
	cancelApproval: {
		worst: `the owner is on hold for ${MAX_HOLDS} reasons`,
		by: user,
		emits: ['Balances.Released'],
		make() {
			fillHolds(user.publicKey, MAX_HOLDS - 1)
			callNatively(signed(user.publicKey), assets, 'approveTransfer', { id: AETH, delegate: id(newcomer), amount: ETHER })
			return { id: AETH, delegate: id(newcomer) }
		},
	},
	transferApproved: {
		worst: `${ASSET_MOVES}; the approval is used up, its owner was on hold for ${MAX_HOLDS} reasons`,
		by: user,
		emits: ['Balances.Released', 'System.NewAccount'],
		make() {
			mint(owner, 100n * STKR + APPROVAL_DEPOSIT)
			holdStakedEther(owner, ETHER)
			fillHolds(owner, MAX_HOLDS - 1)
			callNatively(signed(owner), assets, 'approveTransfer', { id: AETH, delegate: id(user.publicKey), amount: ETHER })
			return { id: AETH, owner: id(owner), destination: id(newcomer), amount: ETHER }
		},
	},
	transferAll: {
		worst: ASSET_MOVES,
		weight: 'transfer',
		by: user,
		emits: ['System.NewAccount'],
		make() {
			holdStakedEther(user.publicKey, ETHER)
			return { id: AETH, dest: id(newcomer), keepAlive: false }
		},
	},
}
