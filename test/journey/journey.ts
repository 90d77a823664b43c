import { Keyring } from '@polkadot/keyring'
import type { KeyringPair } from '@polkadot/keyring/types'
import { u8aToHex } from '@polkadot/util'
import { cryptoWaitReady } from '@polkadot/util-crypto'
import { connect, type Finalized, type StkrClient, type StkrExtrinsic, signAndFinalize } from '@stkr/client'
import { escrowAbi } from '@stkr/sidecar/contracts/abi.ts'
import { generateValidatorKey, makeDepositData } from '@stkr/sidecar/contracts/deposit-data.ts'
import { type Address, formatEther, parseEther } from 'viem'
import type { Network } from './network.ts'
import { amount, table } from './print.ts'

/** A person of the journey: an account on the chain (`//Name`) and dev account `ethereum` on Ethereum. */
interface Person {
	name: string
	pair: KeyringPair
	ethereum: number
	address: Address
}

const ETH = 1
const AETH = 2
const STKR = 10n ** 18n
const DAY_MS = 86_400_000n
/** What the pool's service costs for all 32 ETH. */
const FIXED_PRICE_PLANCK = 320n * STKR
const STAKE_GWEI = 32_000_000_000n
const DEPOSIT_COUNT_ABI = [
	{ type: 'function', name: 'get_deposit_count', stateMutability: 'view', inputs: [], outputs: [{ type: 'bytes' }] },
] as const

/** Something the journey shows that did not hold. */
const ensure = (holds: boolean, what: string): void => {
	if (!holds) throw new Error(`the journey failed: ${what}`)
}

/**
 * The first stake: a provider opens a pool with 16 ETH, three stakers bring the rest from Ethereum, the escrow stakes 32 ETH in the
 * deposit contract, aETH changes hands, and what was left over goes home to Ethereum. Throws as soon as something does not hold.
 */
export const runJourney = async (network: Network, log: (line: string) => void): Promise<void> => {
	const { ethereum, escrow, publicClient } = network
	await cryptoWaitReady()
	const client = await connect(network.chainUrl)
	const { api } = client
	const keyring = new Keyring({ type: 'sr25519' })
	const person = (name: string, index: number): Person => {
		const pair = keyring.addFromUri(`//${name}`)
		return { name, pair, ethereum: index, address: ethereum.accounts[index].address }
	}
	const provider = person('Dave', 4)
	const bob = person('Bob', 5)
	const charlie = person('Charlie', 6)
	const eve = person('Eve', 7)
	const people = [provider, bob, charlie, eve]
	let step = 0
	const heading = (text: string): void => log(`${++step}. ${text}`)

	const assetOf = async (asset: number, { pair }: Person): Promise<bigint> => {
		const held = await api.query.assets.account(asset, pair.address)
		return held.isSome ? held.unwrap().balance.toBigInt() : 0n
	}
	const show = async (...who: Person[]): Promise<void> => {
		const rows = await Promise.all(
			who.map(async (each) => {
				const [onEthereum, eth, aeth, account] = await Promise.all([
					publicClient.getBalance({ address: each.address }),
					assetOf(ETH, each),
					assetOf(AETH, each),
					api.query.system.account(each.pair.address),
				])
				const stkr = account.data.free.toBigInt()
				return [
					each.name,
					`${Number(formatEther(onEthereum)).toFixed(4)} ETH`,
					amount(eth, 'ETH'),
					amount(aeth, 'aETH'),
					`${(Number(stkr / 10n ** 14n) / 1e4).toFixed(4)} STKR`,
				]
			}),
		)
		console.log(table([['', 'on Ethereum', 'wrapped', 'staked', 'on the chain'], ...rows]))
	}
	const send = (who: Person, call: StkrExtrinsic): Promise<Finalized> => signAndFinalize(client, call, who.pair)

	try {
		heading('Three stakers and a provider lock ETH in the escrow on Ethereum.')
		const escrowBefore = await publicClient.getBalance({ address: escrow })
		const locks: [Person, bigint][] = [
			[provider, parseEther('16')],
			[bob, parseEther('8')],
			[charlie, parseEther('6')],
			[eve, parseEther('4')],
		]
		const lockedWei = locks.reduce((sum, [, wei]) => sum + wei, 0n)
		const blocks = await Promise.all(locks.map(([who, wei]) => lock(network, who, wei)))
		for (const [who, wei] of locks) console.log(`     ${who.name} locked ${amount(wei, 'ETH')}`)
		ensure((await publicClient.getBalance({ address: escrow })) - escrowBefore === lockedWei, 'the escrow does not hold what was locked')

		heading('Ethereum finalizes the locks; witnesses attest them and the chain mints wrapped ETH.')
		await ethereum.waitFinalized(blocks.reduce((most, block) => (block > most ? block : most), 0n))
		for (const [who, wei] of locks) await until(api, `the mint of ${who.name}'s ETH`, async () => (await assetOf(ETH, who)) === wei)
		await show(...people)

		heading('The provider opens a micro-pool with 16 ETH of collateral and deposit data for its validator.')
		const secretKey = generateValidatorKey()
		const withdrawalCredentials = await publicClient.readContract({
			address: escrow,
			abi: escrowAbi,
			functionName: 'withdrawalCredentials',
		})
		const deposit = makeDepositData({
			secretKey,
			withdrawalCredentials,
			amountGwei: STAKE_GWEI,
			genesisForkVersion: ethereum.genesisForkVersion,
		})
		const pool = (await api.query.microPool.nextPoolId()).toNumber()
		const endsAtMs = (await api.query.timestamp.now()).toBigInt() + 60n * DAY_MS
		await send(
			provider,
			api.tx.microPool.open(parseEther('16'), endsAtMs, FIXED_PRICE_PLANCK, deposit.pubkey, deposit.signature, deposit.depositDataRoot),
		)
		console.log(`     pool ${pool}, validator ${deposit.pubkey.slice(0, 18)}…, ${amount(FIXED_PRICE_PLANCK, 'STKR')} for two months`)

		heading('The stakers join; the last one brings more than is missing and is taken for exactly that.')
		for (const [who, wei] of [
			[bob, parseEther('8')],
			[charlie, parseEther('6')],
			[eve, parseEther('4')],
		] as const) {
			const before = await assetOf(AETH, who)
			await send(who, api.tx.microPool.join(pool, wei))
			console.log(
				`     ${who.name} brought ${amount(wei, 'ETH')}, the pool took ${amount((await assetOf(AETH, who)) - before, 'ETH')} and gave as much aETH`,
			)
		}
		ensure((await assetOf(ETH, eve)) === parseEther('2'), 'Eve should have 2 ETH left')
		await show(...people)

		heading('The pool holds 32 ETH: the escrow stakes them in the Beacon deposit contract.')
		const depositsBefore = await depositCount(network)
		await until(api, 'the stake', async () => (await api.query.microPool.pools(pool)).unwrap().status.isStaked)
		ensure((await depositCount(network)) === depositsBefore + 1, 'the deposit contract did not count the deposit')
		console.log(`     deposit ${depositsBefore + 1} of the contract ${ethereum.depositContract} is ours, final on Ethereum`)
		const known = await beaconKnows(network, deposit.pubkey)
		console.log(`     the beacon chain: validator ${known}`)

		heading('aETH moves freely: Bob sends 3 aETH to Charlie.')
		await send(bob, api.tx.assets.transfer(AETH, { Id: charlie.pair.publicKey }, parseEther('3')))
		ensure((await assetOf(AETH, charlie)) === parseEther('9'), 'Charlie should hold 9 aETH')
		await show(bob, charlie)

		heading('Eve withdraws the 2 ETH that were not staked, home to Ethereum.')
		const before = await publicClient.getBalance({ address: eve.address })
		await send(eve, api.tx.escrow.withdraw(parseEther('2'), eve.address))
		console.log('     burned on the chain; the witnesses sign the release and one of them relays it')
		await until(api, 'the release', async () => (await publicClient.getBalance({ address: eve.address })) === before + parseEther('2'))
		await until(api, 'the end of all orders', async () => (await api.query.escrow.totals()).inFlightWei.toBigInt() === 0n)
		await show(eve)

		heading('The books: what is locked on Ethereum backs every wrapped ETH, to the wei.')
		const totals = await api.query.escrow.totals()
		const supply = (await api.query.assets.asset(ETH)).unwrap().supply.toBigInt()
		const aethSupply = (await api.query.assets.asset(AETH)).unwrap().supply.toBigInt()
		const held = await publicClient.getBalance({ address: escrow })
		console.log(
			table([
				['minted', amount(totals.mintedWei.toBigInt(), 'ETH')],
				['staked', amount(totals.stakedWei.toBigInt(), 'ETH')],
				['released', amount(totals.releasedWei.toBigInt(), 'ETH')],
				['wrapped ETH', amount(supply, 'ETH')],
				['in the escrow', amount(held, 'ETH')],
				['aETH', amount(aethSupply, 'aETH')],
			]),
		)
		ensure(totals.mintedWei.toBigInt() === lockedWei, 'minted differs from locked')
		ensure(lockedWei - totals.stakedWei.toBigInt() - totals.releasedWei.toBigInt() === supply, 'the chain does not add up')
		ensure(held === supply, 'the escrow holds another amount than was issued')
		ensure(aethSupply === parseEther('16'), 'aETH differs from what the stakers staked')
		log('the journey is complete')
	} finally {
		await client.disconnect()
	}
}

/** Locks ETH for the person's account on the chain; the number of the block it is in. */
const lock = async ({ escrow, publicClient, walletOf }: Network, { pair, ethereum }: Person, value: bigint): Promise<bigint> => {
	const wallet = walletOf(ethereum)
	const hash = await wallet.writeContract({
		address: escrow,
		abi: escrowAbi,
		functionName: 'lock',
		args: [u8aToHex(pair.publicKey)],
		value,
	})
	const receipt = await publicClient.waitForTransactionReceipt({ hash })
	ensure(receipt.status === 'success', `the lock ${hash} failed`)
	return receipt.blockNumber
}

/** Deposits the contract has counted (u64, little-endian). */
const depositCount = async ({ ethereum, publicClient }: Network): Promise<number> => {
	const bytes = await publicClient.readContract({
		address: ethereum.depositContract,
		abi: DEPOSIT_COUNT_ABI,
		functionName: 'get_deposit_count',
	})
	return Number(Buffer.from(bytes.slice(2), 'hex').readBigUInt64LE())
}

/** How the beacon chain sees a validator key: its status, or that its deposit waits to be processed. */
const beaconKnows = async ({ ethereum }: Network, pubkey: string): Promise<string> => {
	const response = await fetch(`${ethereum.beaconUrl}/eth/v1/beacon/states/head/validators/${pubkey}`)
	if (response.ok) return ((await response.json()) as { data: { status: string } }).data.status
	const pending = await fetch(`${ethereum.beaconUrl}/eth/v1/beacon/states/head/pending_deposits`)
	const { data } = (await pending.json()) as { data: { pubkey: string }[] }
	ensure(
		data.some((deposit) => deposit.pubkey === pubkey),
		'the beacon chain does not know the deposit',
	)
	return 'deposit pending'
}

/** Looks at every new block until the condition holds. Throws after so many blocks that something must be wrong. */
const until = async (api: StkrClient['api'], what: string, holds: () => Promise<boolean>): Promise<void> => {
	const PATIENCE_BLOCKS = 240
	let blocks = 0
	await new Promise<void>((resolve, reject) => {
		let busy = false
		let stop = (): void => {}
		const look = async (): Promise<void> => {
			if (busy) return
			busy = true
			try {
				if (await holds()) {
					stop()
					resolve()
				} else if (++blocks > PATIENCE_BLOCKS) {
					stop()
					reject(new Error(`the journey waited ${PATIENCE_BLOCKS} blocks for ${what}; see the logs of the witnesses`))
				}
			} catch (error) {
				stop()
				reject(error)
			} finally {
				busy = false
			}
		}
		api.rpc.chain
			.subscribeNewHeads(() => void look())
			.then((unsubscribe) => {
				stop = unsubscribe
			}, reject)
	})
}
