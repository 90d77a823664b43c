import type { ApiPromise } from '@polkadot/api'
import { toHex } from '@stkr/runtime-spec/frame/bytes.ts'
import { auraEquivocation, grandpaEquivocation } from '@stkr/runtime-spec/pallets/offences/equivocation.ts'
import {
	auraEquivocationOf,
	grandpaEquivocationOf,
	signedVote,
	type Votes,
} from '@stkr/runtime-spec/pallets/offences/testing/equivocations.ts'
import { membershipProof } from '@stkr/runtime-spec/pallets/session/index.ts'
import { keysOf, pairsOf, proofFor } from '@stkr/runtime-spec/pallets/session/testing/session-keys.ts'
import { DEV_ESCROW, DEV_ETHEREUM_CHAIN_ID, DEV_KEYS, type DevName } from '@stkr/runtime-spec/runtime/presets.ts'
import { mnemonicToAccount } from 'viem/accounts'
import { type EscrowOrder, escrowDomain, signEscrowOrder } from '../../../sidecar/contracts/eip712.ts'
import { pairOf } from '../signers.ts'
import { u64Hex } from './spec.ts'
import { batch, root, type Step, step } from './steps.ts'

/** Secret URI of the session keys that Alice takes on: the node that makes the blocks must have them. */
export const NEXT_KEYS = '//Alice//next'
const STKR = 10n ** 18n
const ETHER = 10n ** 18n
const WITNESSES: readonly DevName[] = ['Witness1', 'Witness2', 'Witness3']
/** Of the development witnesses' Ethereum accounts 1 to 3. */
const MNEMONIC = 'test test test test test test test test test test test junk'
const ETH_ADDRESS = `0x${'00'.repeat(20)}` as const
const PAYEE = `0x${'77'.repeat(20)}` as const
const FAR_MS = 10n ** 15n

const key = (name: DevName): string => DEV_KEYS[name].sr25519
const zoe = pairOf('Zoe').address
const yann = pairOf('Yann').address
const bytes = (value: number, length: number): `0x${string}` => `0x${value.toString(16).padStart(2, '0').repeat(length)}`
const deposit = (value: number) => [bytes(value, 48), bytes(value + 1, 96), bytes(value + 2, 32)] as const

const lock = (by: DevName, nonce: number, to: DevName, outcome = 'ok'): Step =>
	step(by, 'escrow.attestLock', [nonce, ETH_ADDRESS, 40n * ETHER, key(to), PAYEE, 100 + nonce], outcome)

interface StoredOrder {
	amountWei: { toBigInt(): bigint }
	expirySeconds: { toBigInt(): bigint }
	witnessSetId: { toBigInt(): bigint }
	kind: { isRelease: boolean; asRelease: Fields; asStake: Fields }
}
type Fields = Record<'asset' | 'recipient' | 'pubkey' | 'signature' | 'depositDataRoot', { toHex(): `0x${string}` }>

const orderOf = async (api: ApiPromise, nonce: number): Promise<EscrowOrder> => {
	const stored = (await api.query.escrow.orders(nonce)) as unknown as { unwrap(): StoredOrder }
	const { amountWei, expirySeconds, witnessSetId, kind } = stored.unwrap()
	const rest = {
		nonce: BigInt(nonce),
		amount: amountWei.toBigInt(),
		expiry: expirySeconds.toBigInt(),
		witnessSetId: witnessSetId.toBigInt(),
	}
	if (kind.isRelease) {
		const { asset, recipient } = kind.asRelease
		return { primaryType: 'Release', message: { ...rest, asset: asset.toHex(), recipient: recipient.toHex() } }
	}
	const { pubkey, signature, depositDataRoot } = kind.asStake
	return {
		primaryType: 'Stake',
		message: { ...rest, pubkey: pubkey.toHex(), signature: signature.toHex(), depositDataRoot: depositDataRoot.toHex() },
	}
}

/** `witness` signs order `nonce` with the Ethereum key of witness number `account`. */
const sign = (witness: DevName, account: number, nonce: number, outcome = 'ok'): Step => ({
	by: witness,
	outcome,
	async make(api) {
		const ethereum = mnemonicToAccount(MNEMONIC, { addressIndex: account })
		return api.tx.escrow.signOrder(
			nonce,
			await signEscrowOrder(ethereum, escrowDomain(DEV_ETHEREUM_CHAIN_ID, DEV_ESCROW), await orderOf(api, nonce)),
		)
	},
})

const witnessed = (make: (witness: DevName, number: number) => Step): Step[] => WITNESSES.map((witness, i) => make(witness, i + 1))
const outcome = (nonce: number, what: 'Executed' | 'Expired'): Step[] =>
	witnessed((witness) => step(witness, 'escrow.attestOutcome', [nonce, what]))

/** Registers the keys of a secret URI for `by`, proven for `owner`. */
const setKeys = (by: DevName, uri: string, outcome = 'ok', owner = by): Step => {
	const pairs = pairsOf(uri)
	return step(by, 'session.setKeys', [keysOf(pairs), toHex(proofFor(pairOf(owner).publicKey, pairs))], outcome)
}

/** Who validates in session 0, and the votes that are reported of it. */
const firstMembership = (): Uint8Array =>
	membershipProof.encode({ session: 0, validators: [{ account: pairOf('Alice').publicKey, keys: keysOf(pairsOf('//Alice')) }] })
const FIRST_SET: Votes = { type: 'Precommit', round: 3n, setId: 0n }

const reportVotes = (by: DevName, votes: Votes, outcome = 'ok'): Step => {
	const proof = grandpaEquivocation.encode(grandpaEquivocationOf(pairsOf('//Alice').grandpa, votes))
	return step(by, 'offences.reportGrandpaEquivocation', [proof, firstMembership()], outcome)
}
const sameVoteTwice = (): Uint8Array => {
	const { grandpa } = pairsOf('//Alice')
	const vote = signedVote(grandpa, FIRST_SET, 1)
	return grandpaEquivocation.encode(grandpaEquivocationOf(grandpa, FIRST_SET, vote, vote))
}

/** Reports two blocks that Alice sealed in the slot after the last block's, as a validator of session 0. */
const reportBlocks = (by: DevName, outcome = 'ok'): Step => ({
	by,
	outcome,
	async make(api) {
		const slot = BigInt((await api.query.aura.currentSlot()).toString()) + 1n
		const proof = auraEquivocation.encode(auraEquivocationOf(pairsOf('//Alice').aura, slot))
		return api.tx.offences.reportAuraEquivocation(proof, firstMembership())
	},
})

const ORDER_LIFETIME_KEY = '0x739f2acb576f027f466145c0596923c78bd20f70661ffe793465e0d295ea876e'

/**
 * Blocks of signed calls: every call of every pallet at least once, each pallet's own errors, and whole ways through the bridge and
 * the pools, so that deep states are met. A call that depends on another's effect stands in a later block or has the same signer.
 */
export const scenario = (): Step[][] => [
	[
		step('Alice', 'system.remark', ['0x0102']),
		step('Bob', 'system.remarkWithEvent', ['0x746865206d61696e206a6f62']),
		step('Bob', 'system.setStorage', [[]], 'BadOrigin'),
		step('Charlie', 'system.setCode', ['0x00'], 'BadOrigin'),
		root('system.setHeapPages', [2048]),
		root('system.setStorage', [
			[
				['0xdead01', '0x01'],
				['0xdead02', '0x02'],
				['0xdead03', '0x0303'],
			],
		]),
		root('system.killStorage', [['0xdead01']]),
		{ by: 'Dave', outcome: 'ok', immortal: true, tipPlanck: 5n, make: (api) => api.tx.balances.transferKeepAlive(zoe, 7n * STKR) },
		{ by: 'Eve', outcome: 'ok', tipPlanck: 10n ** 12n, make: (api) => api.tx.balances.transferAllowDeath(yann, 3n * STKR) },
		step('Ferdie', 'balances.transferKeepAlive', [zoe, 10n ** 30n], 'Token.FundsUnavailable'),
		step('Ferdie', 'balances.transferAllowDeath', [pairOf('Alice').address, 5n * STKR]),
	],
	[
		root('system.killPrefix', ['0xdead', 10]),
		root('system.killStorage', [['0x3a686561707061676573']]),
		root('balances.forceTransfer', [zoe, yann, STKR]),
		root('balances.forceTransfer', [zoe, yann, 10n ** 30n], 'Token.FundsUnavailable'),
		root('balances.forceSetBalance', [key('Ferdie'), 123n * STKR + 1n]),
		root('balances.forceUnreserve', [key('Ferdie'), 5]),
		step('Bob', 'balances.forceTransfer', [zoe, yann, 1], 'BadOrigin'),
		step('Bob', 'balances.burn', [3n * STKR + 1n, true]),
		step('Charlie', 'balances.burn', [10n ** 30n, false], 'Token.FundsUnavailable'),
		batch('Dave', 'batch', [
			['balances.transferKeepAlive', [zoe, 1n]],
			['system.remarkWithEvent', ['0x01']],
		]),
		batch(
			'Dave',
			'batch',
			[
				['balances.transferKeepAlive', [zoe, 2n]],
				['balances.transferKeepAlive', [zoe, 10n ** 30n]],
				['balances.transferKeepAlive', [zoe, 4n]],
			],
			'Token.FundsUnavailable',
		),
		batch(
			'Eve',
			'batchAll',
			[
				['balances.transferKeepAlive', [zoe, 8n]],
				['balances.transferKeepAlive', [zoe, 10n ** 30n]],
			],
			'Token.FundsUnavailable',
		),
		batch('Eve', 'batchAll', [
			['balances.transferKeepAlive', [zoe, 16n]],
			['balances.transferKeepAlive', [zoe, 32n]],
		]),
		batch(
			'Eve',
			'forceBatch',
			[
				['system.setStorage', [[]]],
				['balances.transferKeepAlive', [zoe, 64n]],
			],
			'BadOrigin',
		),
		{
			...root('system.remark', []),
			make: (api) => api.tx.sudo.sudo(api.tx.utility.withWeight(api.tx.system.remark('0x05'), { refTime: 1000, proofSize: 10 })),
		},
		{
			by: 'Charlie',
			outcome: 'BadOrigin',
			make: (api) => api.tx.utility.withWeight(api.tx.system.remark('0x05'), { refTime: 1000, proofSize: 10 }),
		},
		setKeys('Charlie', '//Alice', 'session.DuplicatedKey'),
		reportBlocks('Ferdie'),
		reportVotes('Ferdie', FIRST_SET),
		reportVotes('Ferdie', FIRST_SET, 'offences.DuplicateOffenceReport'),
		reportVotes('Dave', { ...FIRST_SET, setId: 1n }, 'offences.InvalidKeyOwnershipProof'),
		step('Dave', 'offences.reportGrandpaEquivocation', [sameVoteTwice(), firstMembership()], 'offences.InvalidEquivocationProof'),
	],
	[
		root('assets.forceCreate', [7, key('Bob'), false, 10]),
		root('assets.forceCreate', [7, key('Bob'), false, 10], 'assets.InUse'),
		root('assets.forceSetMetadata', [7, 'Seven', 'VII', 6, false]),
		root('assets.forceSetMetadata', [8, 'Eight', 'VIII', 6, false], 'assets.Unknown'),
		step('Bob', 'assets.forceCreate', [9, key('Bob'), true, 1], 'BadOrigin'),
		setKeys('Alice', NEXT_KEYS),
		setKeys('Bob', '//Bob//session'),
		setKeys('Charlie', '//Charlie//session', 'session.InvalidProof', 'Bob'),
		step('Charlie', 'session.purgeKeys', [], 'session.NoKeys'),
		root('session.setValidators', [[key('Alice')]]),
		root('session.setValidators', [[]], 'session.BadValidators'),
		root('session.setValidators', [[key('Charlie')]], 'session.NoKeys'),
		root('session.setPeriod', [5]),
		root('session.setPeriod', [0], 'session.BadPeriod'),
		step('Bob', 'session.setValidators', [[key('Bob')]], 'BadOrigin'),
		root('transactionPayment.setAuthorShare', [400_000]),
		root('transactionPayment.setAuthorShare', [1_000_001], 'transactionPayment.ShareTooLarge'),
		root('escrow.setContract', [DEV_ESCROW]),
		root('escrow.setContract', [ETH_ADDRESS], 'escrow.ZeroAddress'),
		step('Ferdie', 'balances.transferAll', [yann, true]),
	],
	[
		...witnessed((witness) => lock(witness, 0, 'Bob')),
		...witnessed((witness) => lock(witness, 1, 'Charlie')),
		...witnessed((witness) => lock(witness, 2, 'Dave')),
		lock('Bob', 3, 'Bob', 'escrow.NotWitness'),
		step('Bob', 'session.purgeKeys', []),
		reportBlocks('Eve', 'offences.InvalidKeyOwnershipProof'),
		reportVotes('Eve', FIRST_SET, 'offences.DuplicateOffenceReport'),
	],
	[
		lock('Witness1', 0, 'Bob', 'escrow.AlreadyMinted'),
		lock('Witness2', 5000, 'Bob', 'escrow.NonceTooFar'),
		root('escrow.setContract', [PAYEE], 'escrow.ContractInUse'),
		step('Bob', 'microPool.open', [16n * ETHER, FAR_MS, 100n * STKR, ...deposit(10)]),
		step('Charlie', 'microPool.open', [15n * ETHER, FAR_MS, 100n * STKR, ...deposit(20)], 'microPool.CollateralTooLow'),
		step('Charlie', 'microPool.open', [16n * ETHER, 1, 100n * STKR, ...deposit(20)], 'microPool.EndInPast'),
		step('Charlie', 'escrow.withdraw', [2n * ETHER, PAYEE]),
		step('Charlie', 'escrow.withdraw', [1, PAYEE], 'escrow.WithdrawalTooLow'),
		step('Dave', 'liquidStaking.claim', [], 'liquidStaking.NothingToClaim'),
		step('Dave', 'assets.transfer', [1, zoe, ETHER]),
		step('Dave', 'assets.transferKeepAlive', [1, zoe, 10n ** 30n], 'assets.BalanceLow'),
		step('Dave', 'assets.transferKeepAlive', [1, zoe, ETHER / 2n]),
		step('Dave', 'assets.approveTransfer', [1, key('Eve'), 3n * ETHER]),
		step('Dave', 'assets.approveTransfer', [1, key('Ferdie'), 5n * ETHER]),
	],
	[
		step('Bob', 'microPool.addCollateral', [0, ETHER]),
		step('Charlie', 'microPool.addCollateral', [0, ETHER], 'microPool.NotProvider'),
		step('Charlie', 'microPool.join', [0, 10n * ETHER]),
		step('Dave', 'microPool.join', [0, ETHER]),
		step('Dave', 'microPool.join', [0, 1], 'microPool.StakeTooLow'),
		step('Dave', 'microPool.exit', [0]),
		step('Dave', 'microPool.join', [9, ETHER], 'microPool.UnknownPool'),
		step('Eve', 'microPool.exit', [0], 'microPool.NotMember'),
		step('Eve', 'assets.transferApproved', [1, key('Dave'), yann, ETHER]),
		step('Eve', 'assets.transferApproved', [1, key('Dave'), yann, 3n * ETHER], 'assets.Unapproved'),
		...witnessed((witness, number) => sign(witness, number, 0)),
	],
	[
		step('Charlie', 'microPool.join', [0, 12n * ETHER]),
		step('Dave', 'assets.cancelApproval', [1, key('Ferdie')]),
		step('Dave', 'assets.cancelApproval', [1, key('Bob')], 'assets.Unknown'),
		sign('Witness1', 1, 0, 'escrow.AlreadySigned'),
		sign('Witness2', 1, 0, 'escrow.InvalidSignature'),
		sign('Bob', 1, 0, 'escrow.NotWitness'),
		step('Witness3', 'escrow.attestOutcome', [0, 'Expired'], 'escrow.OrderNotExpired'),
	],
	[
		...witnessed((witness, number) => sign(witness, number, 1)),
		...outcome(0, 'Executed'),
		step('Dave', 'microPool.exit', [0], 'microPool.AlreadyLaunched'),
	],
	[...outcome(1, 'Executed'), step('Bob', 'microPool.setDepositData', [0, ...deposit(30)], 'microPool.NotAwaitingDepositData')],
	[step('Bob', 'microPool.payRewards', [0, ETHER]), step('Witness1', 'escrow.attestOutcome', [1, 'Executed'], 'escrow.OrderClosed')],
	[
		step('Charlie', 'liquidStaking.claim', []),
		step('Charlie', 'assets.transfer', [2, zoe, ETHER]),
		step('Charlie', 'assets.transferAll', [2, yann, false]),
		root('system.setStorage', [[[ORDER_LIFETIME_KEY, u64Hex(1000n)]]]),
	],
	[step('Dave', 'microPool.open', [32n * ETHER, FAR_MS, STKR, ...deposit(40)]), step('Bob', 'escrow.withdraw', [2n * ETHER, PAYEE])],
	[...outcome(2, 'Expired'), ...outcome(3, 'Expired')],
	[
		step('Dave', 'microPool.setDepositData', [1, ...deposit(50)]),
		step('Eve', 'microPool.setDepositData', [1, ...deposit(60)], 'microPool.NotProvider'),
	],
	[
		{ by: 'Alice', outcome: 'ok', make: (api) => api.tx.sudo.sudoAs(key('Bob'), api.tx.system.remarkWithEvent('0x09')) },
		{ by: 'Bob', outcome: 'sudo.RequireSudo', make: (api) => api.tx.sudo.sudo(api.tx.system.remark('0x09')) },
	],
]

/** The upgrade of the runtime to `code` by sudo, after codes that must not pass. */
export const upgrade = (code: `0x${string}`, present: `0x${string}`): Step[][] => [
	[
		root('system.setCode', [present], 'system.SpecVersionNeedsToIncrease'),
		root('system.setCode', ['0x0001'], 'system.FailedToExtractRuntimeVersion'),
	],
	[root('system.setCodeWithoutChecks', [present])],
	[root('system.setCode', [code]), step('Bob', 'balances.transferKeepAlive', [zoe, STKR])],
]

/** Calls under the new runtime; sudo is given up at last. */
export const afterUpgrade = (): Step[][] => [
	[
		step('Bob', 'balances.transferKeepAlive', [zoe, STKR]),
		step('Charlie', 'balances.transferAllowDeath', [yann, 10n ** 30n], 'Token.FundsUnavailable'),
		batch('Dave', 'batchAll', [
			['balances.transferKeepAlive', [zoe, 1n]],
			['assets.transfer', [1, zoe, 1n]],
		]),
		...witnessed((witness) => lock(witness, 3, 'Eve')),
		{ by: 'Alice', outcome: 'ok', make: (api) => api.tx.sudo.setKey(key('Bob')) },
	],
	[
		{ by: 'Alice', outcome: 'sudo.RequireSudo', make: (api) => api.tx.sudo.setKey(key('Alice')) },
		{ by: 'Bob', outcome: 'ok', make: (api) => api.tx.sudo.removeKey() },
	],
]
