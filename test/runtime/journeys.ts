import type { KeyringPair } from '@polkadot/keyring/types'
import type { Call } from '@stkr/runtime-spec/frame/call.ts'
import { storage as system } from '@stkr/runtime-spec/frame/system/index.ts'
import { balanceOf, ETH } from '@stkr/runtime-spec/pallets/assets/index.ts'
import { balances } from '@stkr/runtime-spec/pallets/balances/index.ts'
import { escrow, storage } from '@stkr/runtime-spec/pallets/escrow/index.ts'
import { microPool } from '@stkr/runtime-spec/pallets/micro-pool/index.ts'
import { sudo } from '@stkr/runtime-spec/pallets/sudo/index.ts'
import type { DevName } from '@stkr/runtime-spec/runtime/presets.ts'
import { callOf } from './calls.ts'
import { accountOf, errorName, type Outcome, type ToSign, type TwinChain } from './chain.ts'
import { orderSignature } from './ethereum-keys.ts'

export const ETHER = 10n ** 18n
/** Slots in a little more than the dev preset's order lifetime of two days. */
export const ORDER_LIFETIME_SLOTS = 2n * 86_400n + 1n
const WITNESSES: readonly DevName[] = ['Witness1', 'Witness2', 'Witness3']
const SENDER = new Uint8Array(20).fill(0xab)

/** An account as calls name it. */
export const idOf = (who: DevName | Uint8Array) => ({ type: 'Id', value: who instanceof Uint8Array ? who : accountOf(who) })

export const pay = (by: ToSign['by'], to: DevName | Uint8Array, value: bigint, options?: ToSign['options']): ToSign => ({
	...{ by, options },
	call: callOf(balances, 'transferKeepAlive', { dest: idOf(to), value }),
})

export const asRoot = (call: Call): ToSign => ({ by: 'Alice', call: callOf(sudo, 'sudo', { call }) })

/** How the last block's sudo calls went. */
export const sudone = (chain: TwinChain): string[] =>
	chain.eventsOf('Sudo.Sudid').map(({ sudoResult }) => (sudoResult ? errorName((sudoResult as { encoded: Uint8Array }).encoded) : 'ok'))

/** A lock on Ethereum as every honest witness sees it. */
export const lockOf = (nonce: bigint, recipient: DevName, amountWei: bigint) => ({
	nonce,
	asset: new Uint8Array(20),
	amountWei,
	recipient: accountOf(recipient),
	sender: SENDER,
	ethereumBlock: 1_000n + nonce,
})

export const attest = (by: DevName, lock: object): ToSign => ({ by, call: callOf(escrow, 'attestLock', lock) })

/** Witness `number` (from 1) signs an order with its Ethereum key. */
export const signOrder = (chain: TwinChain, number: number, nonce: bigint, by = WITNESSES[number - 1]): ToSign => {
	const signature = chain.read(() => {
		const order = storage.orders.get(nonce)
		if (!order) throw new Error(`no order ${nonce} is open`)
		return orderSignature(number, nonce, order)
	})
	return { by, call: callOf(escrow, 'signOrder', { nonce, signature }) }
}

export const attestOutcome = (by: DevName, nonce: bigint, type: 'Executed' | 'Expired'): ToSign => ({
	by,
	call: callOf(escrow, 'attestOutcome', { nonce, outcome: { type } }),
})

/** All witnesses say what became of an order. */
export const settle = (chain: TwinChain, nonce: bigint, type: 'Executed' | 'Expired'): Outcome[] =>
	chain.block(WITNESSES.map((by) => attestOutcome(by, nonce, type)))

/** Locks ETH on Ethereum for each of `amounts`, and all witnesses attest it, in one block. Throws when one fails. */
export const fund = (chain: TwinChain, amounts: Partial<Record<DevName, bigint>>): void => {
	let nonce = BigInt(chain.read(() => storage.mintedLocks.count()))
	const locks = Object.entries(amounts).map(([name, amountWei]) => lockOf(nonce++, name as DevName, amountWei))
	const outcomes = chain.block(locks.flatMap((lock) => WITNESSES.map((by) => attest(by, lock))))
	const wrong = outcomes.find((outcome) => outcome !== 'ok')
	if (wrong) throw new Error(`a lock was not minted: ${wrong}`)
}

export const assetOf = (chain: TwinChain, id: number, who: DevName | Uint8Array): bigint =>
	chain.read(() => balanceOf(id, who instanceof Uint8Array ? who : accountOf(who)))
export const ethOf = (chain: TwinChain, who: DevName | Uint8Array): bigint => assetOf(chain, ETH, who)

/** Free STKR, in plancks. */
export const freeOf = (chain: TwinChain, who: DevName | KeyringPair | Uint8Array): bigint =>
	chain.read(() => system.account.get(who instanceof Uint8Array ? who : accountOf(who)).data.free)

/** What `who` paid in fees and tips in the last block, in plancks. */
export const feesOf = (chain: TwinChain, who: DevName | KeyringPair): bigint =>
	chain
		.eventsOf('TransactionPayment.TransactionFeePaid')
		.filter((paid) => Buffer.compare(paid.who as Uint8Array, accountOf(who)) === 0)
		.reduce((sum, { actualFee }) => sum + (actualFee as bigint), 0n)

/** A validator's deposit data, different for each `number`. Nothing on this chain verifies its BLS signature. */
export const depositData = (number: number) => ({
	pubkey: new Uint8Array(48).fill(number),
	signature: new Uint8Array(96).fill(number),
	depositDataRoot: new Uint8Array(32).fill(number),
})

export const openPool = (by: DevName, collateralWei: bigint, fixedPricePlanck: bigint, number = 1, endsAtMs = 10n ** 15n): ToSign => ({
	by,
	call: callOf(microPool, 'open', { collateralWei, endsAtMs, fixedPricePlanck, ...depositData(number) }),
})
export const joinPool = (by: DevName, stakeWei: bigint, pool = 0): ToSign => ({ by, call: callOf(microPool, 'join', { pool, stakeWei }) })
export const exitPool = (by: DevName, pool = 0): ToSign => ({ by, call: callOf(microPool, 'exit', { pool }) })
