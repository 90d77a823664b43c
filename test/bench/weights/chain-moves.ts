import { dispatch, type Origin, signed } from '@stkr/runtime-spec/frame/call.ts'
import type { Pallet } from '@stkr/runtime-spec/frame/pallet.ts'
import { ETH, mintInto } from '@stkr/runtime-spec/pallets/assets/index.ts'
import { hold, reason } from '@stkr/runtime-spec/pallets/balances/holds.ts'
import { STKR } from '@stkr/runtime-spec/pallets/balances/index.ts'
import { escrow, storage as escrowStorage } from '@stkr/runtime-spec/pallets/escrow/index.ts'
import type { Order } from '@stkr/runtime-spec/pallets/escrow/orders.ts'
import type { Votes } from '@stkr/runtime-spec/pallets/escrow/witnesses.ts'
import { microPool, storage as poolStorage } from '@stkr/runtime-spec/pallets/micro-pool/index.ts'
import { storage as sessionStorage } from '@stkr/runtime-spec/pallets/session/index.ts'
import type { SessionKeys } from '@stkr/runtime-spec/pallets/session/keys.ts'
import { hashOf, lastWitness, provider } from './actors.ts'
import { NOW_MS, NUMBER, VALIDATORS, WITNESSES, witnessAccounts, witnessAddresses, witnessWeight } from './world.ts'

export const ETHER = 10n ** 18n
/** FP of the pools: a price that does not divide evenly. */
export const PRICE_PLANCK = 100n * STKR + 7n

/** Makes a call on the native state. Throws what the call throws. */
export const callNatively = (origin: Origin, { index, parts }: Pallet, name: string, args: object): void => {
	dispatch({ pallet: index, definition: parts.calls![name], args }, origin)
}

/** Reasons an account may have holds for. */
export const MAX_HOLDS = 8
/** Puts plancks of `who` on hold for `count` reasons. */
export const fillHolds = (who: Uint8Array, count: number): void => {
	for (let i = 0; i < count; i++) hold(reason(`reason/${i}`), who, STKR)
}

/** Session keys of an account as of genesis: nobody proved them and nothing is held for them. */
export const registerKeys = (who: Uint8Array, keys: SessionKeys): void => {
	sessionStorage.nextKeys.put(who, keys)
	for (const key of [keys.aura, keys.grandpa]) sessionStorage.keyOwner.put(key, who)
}

/** As many accounts with keys as may validate, none of whom does. */
export const registerOthers = (): Uint8Array[] =>
	Array.from({ length: VALIDATORS }, (_, i) => {
		const who = hashOf(`next validator ${i}`)
		registerKeys(who, { aura: hashOf(`next author ${i}`), grandpa: hashOf(`next voter ${i}`) })
		return who
	})

/** The session ends with the measured block, and others take over altogether. */
export const endSession = (): void => {
	sessionStorage.planned.put(registerOthers())
	sessionStorage.endsAt.put(NUMBER)
}

/** Wrapped ETH for `who`, with the books of the bridge as after a lock. */
export const holdEther = (who: Uint8Array, amountWei: bigint): void => {
	const nonce = BigInt(escrowStorage.mintedLocks.count())
	escrowStorage.mintedLocks.put(nonce, { recipient: who, amountWei })
	escrowStorage.totals.mutate((totals) => ({ ...totals, mintedWei: totals.mintedWei + amountWei }))
	mintInto(ETH, who, amountWei)
}

/** Deposit data that no other pool has. */
export const depositOf = (label: string) => ({
	pubkey: new Uint8Array([...hashOf(label), ...new Uint8Array(16)]),
	signature: new Uint8Array(96).fill(0xa5),
	depositDataRoot: hashOf(`${label} root`),
})

/** Arguments that open a pool of `collateralWei`. */
export const opening = (collateralWei: bigint) => ({
	collateralWei,
	endsAtMs: 2n * NOW_MS,
	fixedPricePlanck: PRICE_PLANCK,
	...depositOf('validator'),
})

/** Opens a pool of the provider's with all the ETH it has, `collateralWei`; returns its id. */
export const openPool = (collateralWei: bigint): number => {
	holdEther(provider.publicKey, collateralWei)
	const pool = poolStorage.nextPoolId.get()
	callNatively(signed(provider.publicKey), microPool, 'open', opening(collateralWei))
	return pool
}

/** Lets `who` join a pool with all the ETH it has, `stakeWei`. */
export const joinPool = (pool: number, who: Uint8Array, stakeWei: bigint): void => {
	holdEther(who, stakeWei)
	callNatively(signed(who), microPool, 'join', { pool, stakeWei })
}

/** aETH for `who`, as a member of a pool that has not launched. `who` pays its part of FP. */
export const holdStakedEther = (who: Uint8Array, amountWei: bigint): void => joinPool(openPool(16n * ETHER), who, amountWei)

/** What all witnesses but the last said; `content` is the hash of it. */
export const votesBeforeTheLast = (content: Uint8Array): Votes =>
	witnessAccounts.slice(0, WITNESSES - 1).map((witness, i) => ({ witness, weight: witnessWeight(i), content }))

/** The signatures of all witnesses but the last, in the contract's order. */
export const signaturesBeforeTheLast = (): Order['signatures'] =>
	witnessAddresses.slice(0, WITNESSES - 1).map((signer) => ({ signer, signature: new Uint8Array(65).fill(0x5a) }))

/** Opens and launches a pool of the provider's alone; returns its id and its order's nonce. */
export const launchPool = (): { pool: number; nonce: bigint } => {
	const nonce = escrowStorage.nextOrderNonce.get()
	return { pool: openPool(32n * ETHER), nonce }
}

export const orderOf = (nonce: bigint): Order => {
	const order = escrowStorage.orders.get(nonce)
	if (!order) throw new Error(`there is no order ${nonce}`)
	return order
}

/** Lets an order's time be over, with a full set of signatures, and all witnesses but the last say so. */
export const expireOrder = (nonce: bigint, content: Uint8Array): void => {
	escrowStorage.orders.put(nonce, { ...orderOf(nonce), expirySeconds: 1n, signatures: signaturesBeforeTheLast() })
	escrowStorage.outcomeVotes.put(nonce, votesBeforeTheLast(content))
}

/** As `expireOrder`, and the last witness says so too: the order is refunded. */
export const refundOrder = (nonce: bigint, content: Uint8Array): void => {
	expireOrder(nonce, content)
	callNatively(signed(lastWitness.publicKey), escrow, 'attestOutcome', { nonce, outcome: { type: 'Expired' } })
}
