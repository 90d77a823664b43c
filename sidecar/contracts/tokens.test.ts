import { type Address, encodeFunctionData, getAddress, parseEther, parseEventLogs, toFunctionSelector, zeroHash } from 'viem'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { ETH_POLICY } from './deploy.ts'
import {
	type EscrowTestbed,
	RECIPIENT,
	refusalOf,
	STAKER,
	START_TIMEOUT_MS,
	STKR_ACCOUNT,
	startEscrowTestbed,
	type TestEscrow,
} from './testing/escrow.ts'

const ETHER = parseEther('1')
const GUARDED = toFunctionSelector('ReentrancyGuardReentrantCall()')

let testbed: EscrowTestbed
beforeAll(async () => {
	testbed = await startEscrowTestbed()
}, START_TIMEOUT_MS)
afterAll(() => testbed.close())

/** An escrow that lists a new token, which the staker holds and has approved. */
async function listed({ feePercent = 0n } = {}) {
	const escrow = await testbed.deploy()
	const token = await testbed.deployContract('TestToken', [feePercent, STAKER.address])
	await escrow.establish(token.address)
	await testbed.relayer.writeContract({ ...token, functionName: 'approve', args: [escrow.address, parseEther('1000000')], account: STAKER })
	const held = () => balanceOf(token, escrow.address)
	return { escrow, token, held }
}

type Token = Awaited<ReturnType<EscrowTestbed['deployContract']>>

async function balanceOf(token: Token, account: Address): Promise<bigint> {
	return (await testbed.evm.readContract({ ...token, functionName: 'balanceOf', args: [account] })) as bigint
}

async function lockToken(escrow: TestEscrow, asset: Address, amount: bigint, value = 0n, recipient = STKR_ACCOUNT) {
	const args = [asset, amount, recipient] as const
	const hash = await testbed.relayer.writeContract({ ...escrow.contract, functionName: 'lock', args, account: STAKER, value })
	return testbed.evm.waitForTransactionReceipt({ hash })
}

const eventsOf = (escrow: TestEscrow, { logs }: Awaited<ReturnType<typeof lockToken>>) =>
	parseEventLogs({ abi: escrow.abi, logs }).map(({ eventName, args }) => ({ eventName, args }))

describe('ERC-20', () => {
	test('ESC-1 a listed token comes in with the same nonces as ETH, and ESC-2 goes out by an order', async () => {
		const { escrow, token, held } = await listed()
		await escrow.lock(ETHER)
		expect(eventsOf(escrow, await lockToken(escrow, token.address, 5n * ETHER))).toEqual([
			{
				eventName: 'Locked',
				args: { nonce: 1n, asset: token.address, sender: STAKER.address, recipient: STKR_ACCOUNT, amount: 5n * ETHER },
			},
		])
		expect([await held(), await escrow.accounted(token.address)]).toEqual([5n * ETHER, 5n * ETHER])

		await escrow.execute(escrow.release({ asset: token.address, amount: 2n * ETHER }))
		expect([await balanceOf(token, RECIPIENT), await held(), await escrow.accounted(token.address)]).toEqual([
			2n * ETHER,
			3n * ETHER,
			3n * ETHER,
		])
		expect([await escrow.balance(), await escrow.accounted()]).toEqual([ETHER, ETHER])
		const tooMuch = escrow.release({ nonce: 1n, asset: token.address, amount: 4n * ETHER })
		expect(await escrow.refusal(tooMuch, await escrow.sign(tooMuch))).toEqual({
			errorName: 'InsufficientBalance',
			args: [3n * ETHER, 4n * ETHER],
		})
	})

	test('ESC-1 a token whose transfers return nothing works alike', async () => {
		const escrow = await testbed.deploy()
		const token = await testbed.deployContract('SilentToken', [STAKER.address])
		await escrow.establish(token.address)
		await lockToken(escrow, token.address, 2n * ETHER)
		await escrow.execute(escrow.release({ asset: token.address }))
		expect([await balanceOf(token, RECIPIENT), await escrow.accounted(token.address)]).toEqual([ETHER, ETHER])
	})

	test('ESC-1 of a token with a fee, what arrives is credited', async () => {
		const { escrow, token, held } = await listed({ feePercent: 10n })
		const [locked] = eventsOf(escrow, await lockToken(escrow, token.address, 10n * ETHER))
		expect(locked.args).toMatchObject({ amount: 9n * ETHER })
		expect([await held(), await escrow.accounted(token.address)]).toEqual([9n * ETHER, 9n * ETHER])
	})

	test('ESC-1 refuses what is not listed, below the minimum, for nobody, or with the wrong ETH', async () => {
		const { escrow, token } = await listed()
		await escrow.execute(escrow.list(token.address, { nonce: 902n, minimumLock: ETHER }))
		const refusal = (...parameters: Parameters<typeof lockToken>) => refusalOf(() => lockToken(...parameters))
		const other = await testbed.deployContract('TestToken', [0n, STAKER.address])
		expect(await refusal(escrow, other.address, ETHER)).toEqual({ errorName: 'UnsupportedAsset', args: [other.address] })
		expect(await refusal(escrow, token.address, ETHER - 1n)).toEqual({ errorName: 'AmountBelowMinimum', args: [ETHER - 1n, ETHER] })
		expect(await refusal(escrow, token.address, ETHER, 0n, zeroHash)).toEqual({ errorName: 'ZeroRecipient', args: [] })
		expect(await refusal(escrow, token.address, ETHER, 1n)).toEqual({ errorName: 'WrongValue', args: [1n, 0n] })
		const nowhere = escrow.list(RECIPIENT, { nonce: 903n })
		expect(await escrow.refusal(nowhere, await escrow.sign(nowhere))).toEqual({
			errorName: 'UnsupportedAsset',
			args: [getAddress(RECIPIENT)],
		})
		const zero = '0x0000000000000000000000000000000000000000'
		expect(await refusal(escrow, zero, ETHER, ETHER - 1n)).toEqual({ errorName: 'WrongValue', args: [ETHER - 1n, ETHER] })
		expect(await refusal(escrow, zero, 1n, 1n)).toEqual({ errorName: 'AmountBelowMinimum', args: [1n, ETH_POLICY.minimumLock] })
		expect((await lockToken(escrow, zero, ETHER, ETHER)).status).toBe('success')
		expect(await escrow.accounted()).toBe(ETHER)
	})

	test('ESC-1 a token that calls back finds the guard shut', async () => {
		const { escrow, token, held } = await listed()
		await escrow.lock(ETHER)
		await lockToken(escrow, token.address, 10n * ETHER)
		const release = escrow.release({ nonce: 5n })
		const callbacks = [
			encodeFunctionData({ abi: escrow.abi, functionName: 'lock', args: [token.address, ETHER, STKR_ACCOUNT] }),
			encodeFunctionData({ abi: escrow.abi, functionName: 'release', args: [release.message, await escrow.sign(release)] }),
			encodeFunctionData({ abi: escrow.abi, functionName: 'sweep' }),
		]
		for (const [index, callback] of callbacks.entries()) {
			const arm = () => testbed.relayer.writeContract({ ...token, functionName: 'arm', args: [escrow.address, callback] })
			const attempt = async () => [
				await testbed.evm.readContract({ ...token, functionName: 'succeeded' }),
				await testbed.evm.readContract({ ...token, functionName: 'reason' }),
			]
			await arm()
			await lockToken(escrow, token.address, ETHER)
			expect(await attempt()).toEqual([false, GUARDED])
			await arm()
			await escrow.execute(escrow.release({ nonce: BigInt(10 + index), asset: token.address }))
			expect(await attempt()).toEqual([false, GUARDED])
		}
		expect([await held(), await escrow.accounted(token.address)]).toEqual([10n * ETHER, 10n * ETHER])
		expect([await escrow.isUsed(5n), await escrow.balance()]).toEqual([false, ETHER])
	})

	test('ESC-5 a token that takes more than the order says is not paid', async () => {
		const { escrow, token } = await listed()
		await lockToken(escrow, token.address, 10n * ETHER)
		await testbed.relayer.writeContract({ ...token, functionName: 'setExtra', args: [1n] })
		const order = escrow.release({ asset: token.address })
		expect(await escrow.refusal(order, await escrow.sign(order))).toEqual({
			errorName: 'ReserveShort',
			args: [token.address, 9n * ETHER - 1n, 9n * ETHER],
		})
	})
})

describe('aETH', () => {
	async function wrapping() {
		const escrow = await testbed.deploy()
		const address = await testbed.evm.readContract({ ...escrow.contract, functionName: 'aeth' })
		const { abi } = await testbed.deployContract('TestToken', [0n, STAKER.address])
		return { escrow, aeth: { address, abi } }
	}

	test('ESC-8 is minted by a release order, moves freely, and is burned on its way home', async () => {
		const { escrow, aeth } = await wrapping()
		const order = escrow.release({ asset: aeth.address, amount: 3n * ETHER, recipient: STAKER.address })
		expect((await escrow.refusal(order, await escrow.sign(order)))?.errorName).toBe('UnsupportedAsset')
		await escrow.establish(aeth.address)
		await escrow.execute(order)
		expect([await balanceOf(aeth, STAKER.address), await escrow.accounted(aeth.address)]).toEqual([3n * ETHER, 3n * ETHER])
		await testbed.relayer.writeContract({ ...aeth, functionName: 'transfer', args: [RECIPIENT, ETHER], account: STAKER })

		const [locked] = eventsOf(escrow, await lockToken(escrow, aeth.address, 2n * ETHER))
		expect(locked).toMatchObject({ eventName: 'Locked', args: { asset: aeth.address, amount: 2n * ETHER, recipient: STKR_ACCOUNT } })
		expect([await balanceOf(aeth, STAKER.address), await escrow.accounted(aeth.address)]).toEqual([0n, ETHER])
		expect(await refusalOf(() => lockToken(escrow, aeth.address, 1n))).toBeDefined()
	})

	test('ESC-8 only the escrow mints and burns', async () => {
		const { aeth } = await wrapping()
		for (const signature of ['mint(address,uint256)', 'burn(address,uint256)']) {
			const args = `${STAKER.address.slice(2).padStart(64, '0')}${'1'.padStart(64, '0')}`
			const { status } = await testbed.send(STAKER, aeth.address, `${toFunctionSelector(signature)}${args}`, 0n, 200_000n)
			expect(status).toBe('reverted')
		}
		expect(await balanceOf(aeth, STAKER.address)).toBe(0n)
	})
})
