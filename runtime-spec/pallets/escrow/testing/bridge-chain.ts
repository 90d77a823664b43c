import { secp256k1 } from '@noble/curves/secp256k1.js'
import { bytesToHex, type Hex, hashTypedData, hexToBytes, keccak256, toHex } from 'viem'
import { privateKeyToAddress } from 'viem/accounts'
import { type AccountId, type CallDefinition, dispatch, signed } from '../../../frame/call.ts'
import { account, TestChain } from '../../../frame/native/test-chain.ts'
import type { PostInfo } from '../../../frame/weight.ts'
import { AETH, assets, balanceOf, ETH, supplyOf } from '../../assets/index.ts'
import { balances, STKR } from '../../balances/index.ts'
import { liquidStaking } from '../../liquid-staking/index.ts'
import { microPool } from '../../micro-pool/index.ts'
import { storage as timestamp, timestamp as timestampPallet } from '../../timestamp/index.ts'
import { escrow, storage } from '../index.ts'
import type { Order } from '../orders.ts'

export const ETHER = 10n ** 18n
export const CHAIN_ID = 1337
export const CONTRACT: Hex = '0x5fbdb2315678afecb367f032d93f642f64180aa3'
export const SENDER = new Uint8Array(20).fill(0xab)
export const ETH_ADDRESS = new Uint8Array(20)
export const WITNESS_SET_ID = 7
export const LIFETIME_MS = 3_600_000
/** Time of a new chain: 2026. */
export const START_MS = 1_790_000_000_000n

/** Accounts that own STKR from genesis; the witnesses are apart. */
export const [alice, bob, carol, dave, eve] = [1, 2, 3, 4, 5].map(account)
const USERS = [alice, bob, carol, dave, eve]

const types = {
	Release: [
		{ name: 'nonce', type: 'uint256' },
		{ name: 'asset', type: 'address' },
		{ name: 'amount', type: 'uint256' },
		{ name: 'recipient', type: 'address' },
		{ name: 'expiry', type: 'uint64' },
		{ name: 'witnessSetId', type: 'uint64' },
	],
	Stake: [
		{ name: 'nonce', type: 'uint256' },
		{ name: 'pubkey', type: 'bytes' },
		{ name: 'signature', type: 'bytes' },
		{ name: 'depositDataRoot', type: 'bytes32' },
		{ name: 'amount', type: 'uint256' },
		{ name: 'expiry', type: 'uint64' },
		{ name: 'witnessSetId', type: 'uint64' },
	],
} as const

/** The digest of an order as viem, an independent implementation, computes it. */
export const referenceDigest = (chainId: number, verifyingContract: Hex, nonce: bigint, order: Order): Hex => {
	const domain = { name: 'Stkr Escrow', version: '1', chainId, verifyingContract }
	const shared = { nonce, amount: order.amountWei, expiry: order.expirySeconds, witnessSetId: order.witnessSetId }
	if (order.kind.type === 'Release') {
		const { asset, recipient } = order.kind.value
		const message = { ...shared, asset: bytesToHex(asset), recipient: bytesToHex(recipient) }
		return hashTypedData({ domain, types, primaryType: 'Release', message })
	}
	const { pubkey, signature, depositDataRoot } = order.kind.value
	const message = { ...shared, pubkey: bytesToHex(pubkey), signature: bytesToHex(signature), depositDataRoot: bytesToHex(depositDataRoot) }
	return hashTypedData({ domain, types, primaryType: 'Stake', message })
}

/** `r ‖ s ‖ v` over a digest, low s. */
export const signDigest = (digest: Hex, privateKey: Hex): Uint8Array => {
	const recovered = secp256k1.sign(hexToBytes(digest), hexToBytes(privateKey), { prehash: false, format: 'recovered' })
	const out = new Uint8Array(65)
	out.set(recovered.subarray(1))
	out[64] = 27 + recovered[0]
	return out
}

/** A chain with everything the bridge touches, and witnesses that hold real Ethereum keys. */
export class BridgeChain {
	readonly chain: TestChain
	readonly witnesses: { account: AccountId; privateKey: Hex; ethereum: Hex; weight: number }[]
	private locks = 0n

	/** `weights` are those of the witnesses, `threshold` the signatures an order needs. */
	constructor({ weights = [1, 1, 1, 1], threshold = 3, contract = CONTRACT as Hex | null } = {}) {
		this.witnesses = weights.map((weight, i) => {
			const privateKey = keccak256(toHex(`witness ${i}`))
			return { account: account(101 + i), privateKey, ethereum: privateKeyToAddress(privateKey), weight }
		})
		const owners = [...USERS, ...this.witnesses.map((witness) => witness.account)]
		const asset = { isSufficient: true, minBalance: 1, decimals: 18 }
		this.chain = new TestChain(
			{ 1: timestampPallet, 4: balances, 8: assets, 9: escrow, 10: microPool, 11: liquidStaking },
			{
				balances: { balances: owners.map((who) => [toHex(who), 1_000n * STKR]) },
				assets: {
					assets: [
						{ id: ETH, name: 'Wrapped Ether', symbol: 'ETH', ...asset },
						{ id: AETH, name: 'Staked Ether', symbol: 'aETH', ...asset },
					],
				},
				escrow: {
					chainId: CHAIN_ID,
					contract,
					witnessSetId: WITNESS_SET_ID,
					witnesses: this.witnesses.map(({ account: who, ethereum, weight }) => ({
						account: toHex(who),
						ethereum: ethereum.toLowerCase(),
						weight,
					})),
					threshold,
					orderLifetimeMs: LIFETIME_MS,
				},
			},
		)
		timestamp.now.put(START_MS)
	}

	/** Calls as a signer; the error's name or undefined. */
	call(who: AccountId, definition: CallDefinition, args: object): string | undefined {
		return this.chain.call(signed(who), definition, args)
	}
	/** As `call`, but returns what the call gives the fee. Throws when it fails. */
	dispatched(who: AccountId, definition: CallDefinition, args: object): PostInfo {
		const post = dispatch({ pallet: escrow.index, definition, args }, signed(who))
		this.chain.check()
		return post
	}
	passTime(ms: number): void {
		timestamp.now.put(timestamp.now.get() + BigInt(ms))
	}
	/** The fields of a lock, as every honest witness sees it. */
	lockFields(nonce: bigint, recipient: AccountId, amountWei: bigint) {
		return { nonce, asset: ETH_ADDRESS, amountWei, recipient, sender: SENDER, ethereumBlock: 1_000n + nonce }
	}
	attest(witness: number, lock: object): string | undefined {
		return this.call(this.witnesses[witness].account, escrow.parts.calls!.attestLock, lock)
	}
	/** Locks ETH on Ethereum and lets all witnesses attest it until it is minted. Returns its nonce. */
	lock(recipient: AccountId, amountWei: bigint): bigint {
		const nonce = this.locks++
		const lock = this.lockFields(nonce, recipient, amountWei)
		for (let i = 0; !storage.mintedLocks.exists(nonce); i++) {
			const failed = this.attest(i, lock)
			if (failed) throw new Error(`attestLock failed with ${failed}`)
		}
		return nonce
	}
	order(nonce: bigint): Order {
		const order = storage.orders.get(nonce)
		if (!order) throw new Error(`no order ${nonce}`)
		return order
	}
	signature(witness: number, nonce: bigint): Uint8Array {
		return signDigest(referenceDigest(CHAIN_ID, CONTRACT, nonce, this.order(nonce)), this.witnesses[witness].privateKey)
	}
	sign(witness: number, nonce: bigint, signature = this.signature(witness, nonce)): string | undefined {
		return this.call(this.witnesses[witness].account, escrow.parts.calls!.signOrder, { nonce, signature })
	}
	attestOutcome(witness: number, nonce: bigint, outcome: 'Executed' | 'Expired'): string | undefined {
		return this.call(this.witnesses[witness].account, escrow.parts.calls!.attestOutcome, { nonce, outcome: { type: outcome } })
	}
	/** All witnesses attest an order's outcome until it is closed. */
	settle(nonce: bigint, outcome: 'Executed' | 'Expired'): void {
		for (let i = 0; storage.orders.exists(nonce); i++) {
			const failed = this.attestOutcome(i, nonce, outcome)
			if (failed) throw new Error(`attestOutcome failed with ${failed}`)
		}
	}
	eth(who: AccountId): bigint {
		return balanceOf(ETH, who)
	}
	aeth(who: AccountId): bigint {
		return balanceOf(AETH, who)
	}
	get ethSupply(): bigint {
		return supplyOf(ETH)
	}
	get aethSupply(): bigint {
		return supplyOf(AETH)
	}
}
