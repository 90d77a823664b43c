import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
	aethBalance,
	attestLock,
	CallError,
	ConnectError,
	claim,
	claimableWei,
	connect,
	ethBalance,
	exitPool,
	findEvent,
	joinPool,
	memberOf,
	openPool,
	payRewards,
	poolOf,
	reserve,
	type StkrClient,
	SubmitError,
	signAndFinalize,
	signOrder,
	stkrBalance,
	withdraw,
} from './index.ts'
import { offline, readChainInfo, readSigningMoment } from './offline.ts'
import { type DevChain, devAccounts, startDevChain } from './testing/dev-chain.ts'

const STKR = 10n ** 18n
const ETHER = 10n ** 18n
const NO_ADDRESS = `0x${'00'.repeat(20)}` as const
const ETHEREUM_ACCOUNT = `0x${'ab'.repeat(20)}` as const
const YEAR_2100_MS = 4_102_444_800_000
const DEPOSIT = {
	pubkey: `0x${'a1'.repeat(48)}`,
	depositSignature: `0x${'b2'.repeat(96)}`,
	depositDataRoot: `0x${'c3'.repeat(32)}`,
} as const

let chain: DevChain
let client: StkrClient
let accounts: Awaited<ReturnType<typeof devAccounts<'Alice' | 'Bob' | 'Charlie' | 'Eve' | 'Witness1' | 'Witness2' | 'Witness3'>>>

beforeAll(async () => {
	chain = await startDevChain()
	client = await connect(chain.url)
	accounts = await devAccounts('Alice', 'Bob', 'Charlie', 'Eve', 'Witness1', 'Witness2', 'Witness3')
})
afterAll(async () => {
	await client?.disconnect()
	await chain?.close()
})

const failureOf = async <E extends Error>(work: Promise<unknown>, kind: new (...args: never[]) => E): Promise<E> => {
	const error = await work.then(
		() => expect.fail('it went through'),
		(thrown: unknown) => thrown,
	)
	expect(error).toBeInstanceOf(kind)
	return error as E
}

let lockNonce = 0n
/** Wrapped ETH for an account, as the witnesses mint it. */
const mint = async (recipient: string, amountWei: bigint): Promise<boolean[]> => {
	const seen = { nonce: lockNonce++, asset: NO_ADDRESS, amountWei, recipient, sender: ETHEREUM_ACCOUNT, ethereumBlock: 9n }
	const { Witness1, Witness2, Witness3 } = accounts
	const votes = await Promise.all([Witness1, Witness2, Witness3].map((witness) => attestLock(client, witness, seen)))
	for (const { feePlanck } of votes) expect(feePlanck).toBe(0n)
	return votes.map(({ minted }) => minted)
}

describe('connect', () => {
	it('CLI-1 says which URL gave no answer and what to do', async () => {
		const error = await failureOf(connect('ws://127.0.0.1:1', { timeoutMs: 300 }), ConnectError)
		expect(error).toMatchObject({ code: 'unreachable', urls: ['ws://127.0.0.1:1'] })
		expect(error.message).toContain('no answer from ws://127.0.0.1:1 within 300 ms')
		expect(error.message).toContain('start the node')
		const overHttp = await failureOf(connect('http://127.0.0.1:1', { timeoutMs: 300 }), ConnectError)
		expect(overHttp.code).toBe('unreachable')
	})

	it.each([['localhost:9944'], ['ftp://127.0.0.1'], [[]], [['ws://127.0.0.1:1', 'http://127.0.0.1:2']]])(
		'CLI-1 refuses %j before connecting',
		async (url) => {
			expect((await failureOf(connect(url), ConnectError)).code).toBe('bad-url')
		},
	)

	it('CLI-1 takes the node that answers, of several', async () => {
		const other = await connect(['ws://127.0.0.1:1', chain.url])
		expect(other.api.genesisHash.toHex()).toBe(client.api.genesisHash.toHex())
		await other.disconnect()
	})

	it('CLI-1 works over HTTP', async () => {
		const other = await connect(chain.httpUrl)
		const done = await signAndFinalize(other, other.api.tx.system.remark('0x01'), accounts.Eve)
		expect(done.events.length).toBeGreaterThan(0)
		await other.disconnect()
	})
})

describe('signAndFinalize', () => {
	it('CLI-1 moves STKR, and tells block, fee and events', async () => {
		const { Alice, Eve } = accounts
		const [sender, receiver] = [await stkrBalance(client.api, Alice.address), await stkrBalance(client.api, Eve.address)]
		const done = await signAndFinalize(client, client.api.tx.balances.transferKeepAlive(Eve.address, 3n * STKR), Alice, { tipPlanck: 5n })
		const at = await client.api.at(done.blockHash)
		expect((await stkrBalance(at, Eve.address)).freePlanck - receiver.freePlanck).toBe(3n * STKR)
		const moved = findEvent(done.events, client.api.events.balances.Transfer)
		expect(moved?.to.toString()).toBe(Eve.address)
		expect(moved?.amount.toBigInt()).toBe(3n * STKR)
		expect(done.feePlanck).toBeGreaterThan(5n)
		// Alice is the author too, so that her share of the fee comes back
		expect(sender.freePlanck - (await stkrBalance(at, Alice.address)).freePlanck).toBeLessThanOrEqual(3n * STKR + done.feePlanck)
	})

	it('CLI-1 names pallet, error and docs of a call that failed', async () => {
		const error = await failureOf(exitPool(client, accounts.Bob, { poolId: 77 }), CallError)
		expect(error).toMatchObject({ pallet: 'microPool', error: 'UnknownPool', docs: 'There is no such pool.' })
		expect(error.message).toMatch(/^microPool\.exit: the call failed in block \d+ with microPool\.UnknownPool: There is no such pool\.$/)
		expect(error.finalized.feePlanck).toBeGreaterThan(0n)
	})

	it('CLI-1 names errors that belong to no pallet', async () => {
		const { Bob, Eve } = accounts
		const tooMuch = client.api.tx.balances.transferKeepAlive(Eve.address, 10n ** 30n)
		expect(await failureOf(signAndFinalize(client, tooMuch, Bob), CallError)).toMatchObject({
			pallet: undefined,
			error: 'Token.FundsUnavailable',
		})
		const notRoot = client.api.tx.system.setHeapPages(1)
		expect(await failureOf(signAndFinalize(client, notRoot, Bob), CallError)).toMatchObject({ pallet: undefined, error: 'BadOrigin' })
	})

	it('CLI-1 sees a failure within a batch and within sudo', async () => {
		const { Alice, Bob, Eve } = accounts
		const { tx } = client.api
		const before = await stkrBalance(client.api, Eve.address)
		const calls = [tx.balances.transferKeepAlive(Eve.address, STKR), tx.microPool.exit(78)]
		const interrupted = await failureOf(signAndFinalize(client, tx.utility.batch(calls), Bob), CallError)
		expect(interrupted).toMatchObject({
			pallet: 'microPool',
			error: 'UnknownPool',
			message: expect.stringContaining('call 1 of the batch'),
		})
		expect((await stkrBalance(client.api, Eve.address)).freePlanck - before.freePlanck).toBe(STKR)
		await failureOf(signAndFinalize(client, tx.utility.batchAll(calls), Bob), CallError)
		expect((await stkrBalance(client.api, Eve.address)).freePlanck - before.freePlanck).toBe(STKR)
		const asRoot = await failureOf(signAndFinalize(client, tx.sudo.sudo(tx.escrow.setContract(NO_ADDRESS)), Alice), CallError)
		expect(asRoot).toMatchObject({ pallet: 'escrow', message: expect.stringContaining('made as root') })
	})

	it('CLI-1 makes calls of one account side by side', async () => {
		const { Bob, Eve } = accounts
		const before = await stkrBalance(client.api, Eve.address)
		const call = () => client.api.tx.balances.transferKeepAlive(Eve.address, STKR)
		await Promise.all([1, 2, 3, 4, 5].map(() => signAndFinalize(client, call(), Bob)))
		expect((await stkrBalance(client.api, Eve.address)).freePlanck - before.freePlanck).toBe(5n * STKR)
	})

	it('CLI-1 says why the node refused an extrinsic, and lets the account go on', async () => {
		const { Bob } = accounts
		const remark = client.api.tx.system.remark('0x02')
		const error = await failureOf(signAndFinalize(client, remark, Bob, { nonce: 0 }), SubmitError)
		expect(error.code).toBe('refused')
		expect(error.message).toContain(Bob.address)
		await signAndFinalize(client, client.api.tx.system.remark('0x03'), Bob)
	})

	it('CLI-1 ends the wait when asked to', async () => {
		const { Charlie } = accounts
		const ahead = (await client.api.query.system.account(Charlie.address)).nonce.toNumber() + 1
		const end = new AbortController()
		const waiting = failureOf(
			signAndFinalize(client, client.api.tx.system.remark('0x04'), Charlie, { nonce: ahead, signal: end.signal }),
			SubmitError,
		)
		end.abort()
		expect((await waiting).code).toBe('aborted')
		// the gap is filled, and the extrinsic left waiting goes in with it
		await signAndFinalize(client, client.api.tx.system.remark('0x05'), Charlie, { nonce: ahead - 1 })
	})

	it('CLI-1 tells when the time of an extrinsic is over', async () => {
		const { Charlie, Eve } = accounts
		const far = (await client.api.query.system.account(Charlie.address)).nonce.toNumber() + 50
		const lost = failureOf(
			signAndFinalize(client, client.api.tx.system.remark('0x06'), Charlie, { nonce: far, mortalBlocks: 4 }),
			SubmitError,
		)
		for (let block = 0; block < 6; block++) await signAndFinalize(client, client.api.tx.system.remark('0x07'), Eve)
		expect((await lost).code).toBe('expired')
	})

	it('CLI-1 ends all waits when disconnected, with a connection or without', async () => {
		const { Charlie } = accounts
		const ahead = (await client.api.query.system.account(Charlie.address)).nonce.toNumber() + 60
		const other = await connect(chain.url)
		const waiting = failureOf(
			signAndFinalize(other, other.api.tx.system.remark('0x0c'), Charlie, { nonce: ahead, mortalBlocks: 64 }),
			SubmitError,
		)
		await other.turns.run(Charlie.address, async () => {})
		await other.disconnect()
		expect((await waiting).code).toBe('aborted')
		await failureOf(signAndFinalize(other, other.api.tx.system.remark('0x0d'), Charlie), Error)
	})

	it('CLI-1 refuses a mortality no era has', async () => {
		await failureOf(signAndFinalize(client, client.api.tx.system.remark('0x08'), accounts.Eve, { mortalBlocks: 100 }), RangeError)
	})
})

describe('roles', () => {
	it('ESC-1 POO-2 LST-1 ESC-2 open a pool, join, leave, launch, earn, claim and withdraw', async () => {
		const { Bob, Charlie, Eve } = accounts
		expect((await mint(Bob.address, 20n * ETHER)).filter(Boolean)).toHaveLength(1)
		await mint(Charlie.address, 20n * ETHER)
		expect(await ethBalance(client.api, Bob.address)).toBe(20n * ETHER)

		const opened = await openPool(client, Bob, {
			...DEPOSIT,
			collateralWei: 16n * ETHER,
			endsAtMs: YEAR_2100_MS,
			fixedPricePlanck: 320n * STKR,
		})
		const { poolId } = opened
		expect(await poolOf(client.api, poolId)).toMatchObject({
			provider: Bob.address,
			status: 'Open',
			missingWei: 16n * ETHER,
			members: 0,
			pubkey: DEPOSIT.pubkey,
		})
		expect(await poolOf(client.api, poolId + 1)).toBeUndefined()

		const joined = await joinPool(client, Charlie, { poolId, stakeWei: 4n * ETHER })
		expect(joined).toMatchObject({ stakedWei: 4n * ETHER, pricePlanck: 40n * STKR, launched: false })
		expect(await aethBalance(client.api, Charlie.address)).toBe(4n * ETHER)
		expect(await memberOf(client.api, poolId, Charlie.address)).toEqual({ stakeWei: 4n * ETHER, pricePlanck: 40n * STKR })
		expect(await exitPool(client, Charlie, { poolId })).toMatchObject({ returnedWei: 4n * ETHER, returnedPlanck: 40n * STKR })

		const last = await joinPool(client, Charlie, { poolId, stakeWei: 18n * ETHER })
		expect(last).toMatchObject({ stakedWei: 16n * ETHER, launched: true })
		expect(await poolOf(client.api, poolId)).toMatchObject({ status: 'Launched', orderNonce: 0n, missingWei: 0n })

		const paid = await payRewards(client, Bob, { poolId, amountWei: ETHER })
		expect(paid.insuranceWei + paid.rewardPoolWei + paid.providerWei + paid.holdersWei).toBe(ETHER)
		expect(await claimableWei(client.api, Charlie.address)).toBe(paid.holdersWei)
		expect((await claim(client, Charlie)).amountWei).toBe(paid.holdersWei)
		expect(await claimableWei(client.api, Charlie.address)).toBe(0n)
		expect(await failureOf(claim(client, Eve), CallError)).toMatchObject({ pallet: 'liquidStaking', error: 'NothingToClaim' })

		const order = await withdraw(client, Charlie, { amountWei: ETHER, recipient: ETHEREUM_ACCOUNT })
		expect(order.orderNonce).toBe(1n)
		const bad = signOrder(client, accounts.Witness1, { nonce: order.orderNonce, signature: `0x${'00'.repeat(65)}` })
		expect(await failureOf(bad, CallError)).toMatchObject({ pallet: 'escrow', error: 'InvalidSignature' })
		const figures = await reserve(client.api)
		expect(figures).toMatchObject({
			mintedWei: 40n * ETHER,
			inFlightWei: 33n * ETHER,
			supplyWei: 7n * ETHER,
			requiredWei: 7n * ETHER,
			balanced: true,
		})
	})
})

describe('the chain as typed', () => {
	it('CLI-1 PRC-2 answers runtime APIs', async () => {
		const { fixedPointApi } = client.api.call
		expect((await fixedPointApi.exp(0n)).asOk.toBigInt()).toBe(10n ** 18n)
		expect((await fixedPointApi.pow(2n * STKR, 3n * STKR)).asOk.toBigInt() / 10n ** 12n).toBe(8_000_000n)
		expect((await fixedPointApi.ln(-1n)).isErr).toBe(true)
	})

	it('CLI-1 has every pallet, call, storage item, event, error, constant and runtime API of its types at run time', async () => {
		const { namesInTypes } = await import('./testing/type-names.ts')
		const of = (decorated: object) =>
			Object.fromEntries(Object.entries(decorated).map(([section, items]) => [section, Object.keys(items).sort()]))
		const { api } = client
		const live = { tx: of(api.tx), events: of(api.events), errors: of(api.errors), consts: of(api.consts), runtime: of(api.call) }
		const typed = namesInTypes()
		for (const part of Object.keys(live) as (keyof typeof live)[]) expect(live[part], part).toEqual(typed[part])
		for (const [section, items] of Object.entries(typed.query))
			expect(Object.keys(api.query[section as keyof typeof api.query])).toEqual(expect.arrayContaining(items))
	})
})

describe('offline', () => {
	it('CLI-1 signs without a connection what the chain accepts', async () => {
		const { Eve, Bob } = accounts
		const info = await readChainInfo(client)
		const moment = await readSigningMoment(client, Eve.address)
		const away = offline(info.metadata, info)
		const signed = away.sign(away.construct('balances.transferKeepAlive', [Bob.address, STKR], moment), Eve)
		const hash = await client.api.rpc.author.submitExtrinsic(signed)
		expect(hash.toHex()).toBe(away.hash(signed))
		// the account's next extrinsic comes after it
		await signAndFinalize(client, client.api.tx.system.remark('0x09'), Eve)
		expect((await client.api.query.system.account(Eve.address)).nonce.toNumber()).toBe(moment.nonce + 2)
	})
})

describe('a lost connection', () => {
	it.each(['before', 'after'])('CLI-1 is mended, and the wait for an extrinsic goes on, when lost %s it was sent', async (when) => {
		const { Charlie } = accounts
		const ahead = (await client.api.query.system.account(Charlie.address)).nonce.toNumber() + 1
		const waiting = signAndFinalize(client, client.api.tx.system.remark('0x0a'), Charlie, { nonce: ahead })
		if (when === 'after') await client.turns.run(Charlie.address, async () => {})
		await chain.restartRpc()
		const other = await connect(chain.url)
		await signAndFinalize(other, other.api.tx.system.remark('0x0b'), Charlie, { nonce: ahead - 1 })
		await other.disconnect()
		expect((await waiting).events.length).toBeGreaterThan(0)
	})
})
