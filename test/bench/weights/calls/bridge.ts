import { host } from '@stkr/runtime-spec/frame/host.ts'
import { accountId, h160, struct, u64, u128 } from '@stkr/runtime-spec/frame/scale/index.ts'
import { orderDigest } from '@stkr/runtime-spec/pallets/escrow/eip712.ts'
import { storage } from '@stkr/runtime-spec/pallets/escrow/index.ts'
import { signDigest } from '@stkr/runtime-spec/pallets/escrow/testing/bridge-chain.ts'
import { bytesToHex } from 'viem'
import { LAST_WITNESS_KEY, lastWitness, newcomer, user } from '../actors.ts'
import { ETHER, expireOrder, holdEther, launchPool, orderOf, signaturesBeforeTheLast, votesBeforeTheLast } from '../chain-moves.ts'
import type { Preparations } from '../preparation.ts'
import { WITNESSES } from '../world.ts'

/** What the votes on a lock are the hash of (pallet_escrow), to cast the votes of the witnesses before the last. */
const lockContent = struct('', {
	chainId: u64,
	contract: h160,
	nonce: u64,
	asset: h160,
	amountWei: u128,
	recipient: accountId,
	sender: h160,
	ethereumBlock: u64,
})
/** Index of the outcome `Expired` on the wire. */
const EXPIRED = 1
const SENDER = new Uint8Array(20).fill(0xab)
const LAST = `of ${WITNESSES} witnesses`

export const expiredContent = (): Uint8Array => host.blake2_256(Uint8Array.of(EXPIRED))

export const escrowCalls: Preparations = {
	attestLock: {
		worst: `the last ${LAST} carries the vote and mints, for an account that appears`,
		by: lastWitness,
		emits: ['Escrow.LockMinted', 'System.NewAccount'],
		make() {
			const nonce = BigInt(storage.mintedLocks.count())
			const lock = { nonce, asset: new Uint8Array(20), amountWei: ETHER, recipient: newcomer, sender: SENDER, ethereumBlock: 1n }
			const chainId = storage.ethereumChainId.get()
			const contract = storage.contract.get()!
			storage.lockVotes.put(nonce, votesBeforeTheLast(host.blake2_256(lockContent.encode({ chainId, contract, ...lock }))))
			return lock
		},
	},
	withdraw: {
		worst: 'all ETH of the account',
		by: user,
		emits: ['Escrow.OrderCreated'],
		make() {
			holdEther(user.publicKey, ETHER)
			return { amountWei: ETHER, recipient: SENDER }
		},
	},
	signOrder: {
		worst: `the last ${LAST} signs a stake order, which is ready with it`,
		by: lastWitness,
		emits: ['Escrow.OrderSigned', 'Escrow.OrderReady'],
		make() {
			const { nonce } = launchPool()
			const order = orderOf(nonce)
			storage.orders.put(nonce, { ...order, signatures: signaturesBeforeTheLast() })
			const digest = orderDigest({ chainId: storage.ethereumChainId.get(), contract: storage.contract.get()! }, nonce, order)
			return { nonce, signature: signDigest(bytesToHex(digest), LAST_WITNESS_KEY) }
		},
	},
	attestOutcome: {
		worst: `the last ${LAST} carries the vote and a stake order with all signatures is refunded to its pool`,
		by: lastWitness,
		emits: ['Escrow.OrderRefunded', 'MicroPool.StakeExpired', 'System.NewAccount'],
		make() {
			const { nonce } = launchPool()
			expireOrder(nonce, expiredContent())
			return { nonce, outcome: { type: 'Expired' } }
		},
	},
	setContract: { worst: 'before the first lock', by: 'Root', make: () => ({ contract: SENDER }) },
}
