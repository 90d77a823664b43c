import {
	BaseError,
	createWalletClient,
	encodeFunctionData,
	getAddress,
	http,
	parseEther,
	parseEventLogs,
	toFunctionSelector,
	zeroAddress,
	zeroHash,
} from 'viem'
import { privateKeyToAccount } from 'viem/accounts'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { compileContracts } from './compile.ts'
import { deployEscrow } from './deploy.ts'
import { escrowDomain, escrowOrderDigest } from './eip712.ts'
import { DEPOSIT_CONTRACT } from './testing/anvil.ts'
import {
	type EscrowTestbed,
	RECIPIENT,
	RELAYER,
	refusalOf,
	STAKER,
	START_TIMEOUT_MS,
	STKR_ACCOUNT,
	STRANGER,
	startEscrowTestbed,
	WITNESS_SET_ID,
	WITNESSES,
} from './testing/escrow.ts'

const ETHER = parseEther('1')
/** Enough for any order, so that a transaction is mined although it reverts. */
const AMPLE_GAS = 1_000_000n

let testbed: EscrowTestbed
beforeAll(async () => {
	testbed = await startEscrowTestbed()
}, START_TIMEOUT_MS)
afterAll(() => testbed.close())

describe('deployment', () => {
	const deploy = (change: object) =>
		deployEscrow(testbed.relayer, testbed.evm, {
			witnesses: WITNESSES.slice(0, 3).map((witness) => witness.address),
			threshold: 3,
			depositContract: DEPOSIT_CONTRACT,
			witnessSetId: WITNESS_SET_ID,
			...change,
		})

	test('ESC-1 shows its witnesses, threshold, set and deposit contract', async () => {
		const escrow = await testbed.deploy({ witnessCount: 4, threshold: 3 })
		const read = (functionName: 'witnesses' | 'threshold' | 'witnessSetId' | 'lockNonce' | 'depositContract') =>
			testbed.evm.readContract({ ...escrow.contract, functionName })
		expect(await read('witnesses')).toEqual(escrow.witnesses.map((witness) => witness.address))
		expect(await read('threshold')).toBe(3n)
		expect(await read('witnessSetId')).toBe(WITNESS_SET_ID)
		expect(await read('lockNonce')).toBe(0n)
		expect(await read('depositContract')).toBe(DEPOSIT_CONTRACT)
	})

	test.each([
		[3, 2],
		[3, 4],
		[6, 4],
		[0, 0],
	])('ESC-1 refuses, of %i witnesses, a threshold of %i: it must be more than 2/3 and at most all', async (count, threshold) => {
		const witnesses = WITNESSES.slice(0, count).map((witness) => witness.address)
		await expect(deploy({ witnesses, threshold })).rejects.toThrow(`parameters: InvalidThreshold(${threshold}, ${count})`)
	})

	test('ESC-1 refuses a zero or duplicate witness and a deposit contract without code', async () => {
		const [a, b] = WITNESSES.map((witness) => witness.address)
		await expect(deploy({ witnesses: [a, zeroAddress, b] })).rejects.toThrow('ZeroWitness(1)')
		await expect(deploy({ witnesses: [a, b, a] })).rejects.toThrow(`DuplicateWitness(${a})`)
		await expect(deploy({ depositContract: RECIPIENT })).rejects.toThrow(`DepositContractMissing(${getAddress(RECIPIENT)})`)
	})

	test('ESC-1 a deployment that fails for another reason keeps its error', async () => {
		const poor = createWalletClient({
			account: privateKeyToAccount(`0x${'42'.repeat(32)}`),
			chain: testbed.relayer.chain,
			transport: http(testbed.anvil.rpcUrl),
		})
		const parameters = { witnesses: [WITNESSES[0].address], threshold: 1, depositContract: DEPOSIT_CONTRACT, witnessSetId: 0n }
		await expect(deployEscrow(poor, testbed.evm, parameters)).rejects.toBeInstanceOf(BaseError)
	})

	test('ESC-5 has no writing function beside locks, sweeps and what signatures allow', async () => {
		const { Escrow } = await compileContracts()
		const writing = Escrow.abi.flatMap((item) =>
			item.type === 'function' && !['view', 'pure'].includes(item.stateMutability) ? [item] : [],
		)
		const takesSignatures = ({ inputs }: (typeof writing)[number]) =>
			/^(bytes\[\] signatures|bytes signature)$/.test(`${inputs.at(-1)?.type} ${inputs.at(-1)?.name}`)
		const signed = writing.filter(takesSignatures).map(({ name }) => name)
		const open = writing.filter((item) => !takesSignatures(item)).map(({ name }) => name)
		expect(open).toEqual(['lock', 'lock', 'sweep'])
		expect(signed).toEqual([
			'close',
			'list',
			'pause',
			'pauseByCouncil',
			'release',
			'releaseAggregated',
			'requestExit',
			'rotate',
			'rotateCouncil',
			'setGuard',
			'stake',
			'unpause',
			'veto',
		])
	})
})

describe('lock', () => {
	test('ESC-1 emits each lock with a nonce counting from 0', async () => {
		const escrow = await testbed.deploy()
		for (const [nonce, amount] of [ETHER, parseEther('0.001'), parseEther('31.999')].entries()) {
			const { logs } = await escrow.lock(amount)
			expect(parseEventLogs({ abi: escrow.abi, logs }).map(({ eventName, args }) => ({ eventName, args }))).toEqual([
				{
					eventName: 'Locked',
					args: { nonce: BigInt(nonce), asset: zeroAddress, sender: STAKER.address, recipient: STKR_ACCOUNT, amount },
				},
			])
		}
		expect(await testbed.evm.readContract({ ...escrow.contract, functionName: 'lockNonce' })).toBe(3n)
		expect(await escrow.balance()).toBe(parseEther('33'))
	})

	test('ESC-1 refuses less than the minimum and the zero recipient', async () => {
		const escrow = await testbed.deploy()
		const minimum = parseEther('0.001')
		expect(await refusalOf(() => escrow.lock(minimum - 1n))).toEqual({ errorName: 'AmountBelowMinimum', args: [minimum - 1n, minimum] })
		expect(await refusalOf(() => escrow.lock(0n))).toEqual({ errorName: 'AmountBelowMinimum', args: [0n, minimum] })
		expect(await refusalOf(() => escrow.lock(ETHER, zeroHash))).toEqual({ errorName: 'ZeroRecipient', args: [] })
	})

	test('ESC-1 refuses ETH sent without lock, so that nobody loses it', async () => {
		const escrow = await testbed.deploy()
		const plain = await testbed.send(STAKER, escrow.address, undefined, ETHER, AMPLE_GAS)
		const withData = await testbed.send(STAKER, escrow.address, '0x12345678', ETHER, AMPLE_GAS)
		expect([plain.status, withData.status, await escrow.balance()]).toEqual(['reverted', 'reverted', 0n])
	})
})

describe('release', () => {
	test('ESC-2 pays the recipient once for the signatures of the quorum, whoever relays', async () => {
		const escrow = await testbed.deploy()
		await escrow.lock(3n * ETHER)
		const order = escrow.release({ nonce: 300n })
		const before = await testbed.evm.getBalance({ address: RECIPIENT })

		const { logs, status } = await escrow.relay(order, await escrow.sign(order))

		expect(status).toBe('success')
		expect(parseEventLogs({ abi: escrow.abi, logs }).map(({ eventName, args }) => ({ eventName, args }))).toEqual([
			{ eventName: 'Released', args: { nonce: 300n, asset: zeroAddress, recipient: getAddress(RECIPIENT), amount: ETHER } },
		])
		expect((await testbed.evm.getBalance({ address: RECIPIENT })) - before).toBe(ETHER)
		expect(await escrow.balance()).toBe(2n * ETHER)
		expect([await escrow.isUsed(299n), await escrow.isUsed(300n), await escrow.isUsed(301n)]).toEqual([false, true, false])
	})

	test('ESC-2 takes more signatures than the threshold', async () => {
		const escrow = await testbed.deploy()
		await escrow.lock(ETHER)
		const order = escrow.release()
		expect((await escrow.relay(order, await escrow.sign(order, escrow.witnesses))).status).toBe('success')
	})

	test('ESC-2 refuses a replay, also with other signatures or other terms for the same nonce', async () => {
		const escrow = await testbed.deploy()
		await escrow.lock(3n * ETHER)
		const order = escrow.release({ nonce: 5n })
		const signatures = await escrow.sign(order)
		await escrow.relay(order, signatures)

		const used = { errorName: 'NonceUsed', args: [5n] }
		expect(await escrow.refusal(order, signatures)).toEqual(used)
		expect(await escrow.refusal(order, await escrow.sign(order, escrow.witnesses.slice(1)))).toEqual(used)
		const other = escrow.release({ nonce: 5n, recipient: STRANGER.address })
		expect(await escrow.refusal(other, await escrow.sign(other))).toEqual(used)
		expect((await escrow.relay(order, signatures, AMPLE_GAS)).status).toBe('reverted')
		expect(await escrow.balance()).toBe(2n * ETHER)
	})

	test('ESC-2 refuses too few signatures', async () => {
		const escrow = await testbed.deploy()
		await escrow.lock(ETHER)
		const order = escrow.release()
		const two = await escrow.sign(order, escrow.witnesses.slice(0, 2))
		expect(await escrow.refusal(order, two)).toEqual({ errorName: 'TooFewSignatures', args: [2n, 3n] })
		expect(await escrow.refusal(order, [])).toEqual({ errorName: 'TooFewSignatures', args: [0n, 3n] })
		expect((await escrow.relay(order, two, AMPLE_GAS)).status).toBe('reverted')
		expect([await escrow.isUsed(0n), await escrow.balance()]).toEqual([false, ETHER])
	})

	test('ESC-2 refuses a signer that is no witness, also beyond the threshold', async () => {
		const escrow = await testbed.deploy()
		await escrow.lock(ETHER)
		const order = escrow.release()
		for (const witnessesBeside of [2, 3]) {
			const signers = [...escrow.witnesses.slice(0, witnessesBeside), STRANGER]
			const index = [...signers].sort((a, b) => (BigInt(a.address) < BigInt(b.address) ? -1 : 1)).indexOf(STRANGER)
			expect(await escrow.refusal(order, await escrow.sign(order, signers))).toEqual({
				errorName: 'NotWitness',
				args: [BigInt(index), STRANGER.address],
			})
		}
	})

	test('ESC-2 counts a signer once and wants signers ascending', async () => {
		const escrow = await testbed.deploy()
		await escrow.lock(ETHER)
		const order = escrow.release()
		const [a, b, c] = await escrow.sign(order)
		const [signerA, signerB] = escrow.witnesses.map((witness) => witness.address)
		expect(await escrow.refusal(order, [a, a, b])).toEqual({ errorName: 'SignersNotAscending', args: [1n, signerA, signerA] })
		expect(await escrow.refusal(order, [b, a, c])).toEqual({ errorName: 'SignersNotAscending', args: [1n, signerB, signerA] })
	})

	test('ESC-2 refuses malleable and malformed signatures', async () => {
		const escrow = await testbed.deploy()
		await escrow.lock(ETHER)
		const order = escrow.release()
		const [a, b, c] = await escrow.sign(order)
		const curveOrder = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n
		const highS = (curveOrder - BigInt(`0x${c.slice(66, 130)}`)).toString(16).padStart(64, '0')
		const flippedV = c.endsWith('1b') ? '1c' : '1b'
		const [INVALID, LENGTH, HIGH_S] = [1, 2, 3]
		expect(await escrow.refusal(order, [a, b, `0x${c.slice(2, 66)}${highS}${flippedV}`])).toEqual({
			errorName: 'InvalidSignature',
			args: [2n, HIGH_S],
		})
		expect(await escrow.refusal(order, [a, b, `${c}00`])).toEqual({ errorName: 'InvalidSignature', args: [2n, LENGTH] })
		expect(await escrow.refusal(order, [a, b, '0x'])).toEqual({ errorName: 'InvalidSignature', args: [2n, LENGTH] })
		expect(await escrow.refusal(order, [`0x${'00'.repeat(65)}`, b, c])).toEqual({ errorName: 'InvalidSignature', args: [0n, INVALID] })
	})

	test('ESC-2 executes up to the expiry and never after it', async () => {
		const escrow = await testbed.deploy()
		await escrow.lock(2n * ETHER)
		const { timestamp } = await testbed.evm.getBlock()
		const expiry = timestamp + 1000n
		const [inTime, late] = [escrow.release({ nonce: 1n, expiry }), escrow.release({ nonce: 2n, expiry })]

		await testbed.evm.setNextBlockTimestamp({ timestamp: expiry })
		expect((await escrow.relay(inTime, await escrow.sign(inTime), AMPLE_GAS)).status).toBe('success')

		await testbed.evm.setNextBlockTimestamp({ timestamp: expiry + 1n })
		const signatures = await escrow.sign(late)
		expect((await escrow.relay(late, signatures, AMPLE_GAS)).status).toBe('reverted')
		const refusal = await escrow.refusal(late, signatures)
		expect(refusal?.errorName).toBe('OrderExpired')
		expect(refusal?.args.slice(0, 2)).toEqual([2n, expiry])
		expect([await escrow.isUsed(2n), await escrow.balance()]).toEqual([false, ETHER])
	})

	test('ESC-2 refuses another witness set, asset, zero recipient and more than it holds', async () => {
		const escrow = await testbed.deploy()
		await escrow.lock(ETHER)
		const asset = getAddress(RECIPIENT)
		const refusals = [
			[{ witnessSetId: 8n }, 'WrongWitnessSet', [8n, 7n]],
			[{ asset }, 'UnsupportedAsset', [asset]],
			[{ recipient: zeroAddress }, 'ZeroRecipient', []],
			[{ amount: ETHER + 1n }, 'InsufficientBalance', [ETHER, ETHER + 1n]],
		] as const
		for (const [change, errorName, args] of refusals) {
			const order = escrow.release(change)
			expect(await escrow.refusal(order, await escrow.sign(order))).toEqual({ errorName, args })
		}
		expect(await escrow.isUsed(0n)).toBe(false)
	})

	test('ESC-2 each signed field is covered by the signature', async () => {
		const escrow = await testbed.deploy()
		await escrow.lock(3n * ETHER)
		const order = escrow.release()
		const signatures = await escrow.sign(order)
		const changes = [{ nonce: 1n }, { amount: 2n * ETHER }, { recipient: STRANGER.address }, { expiry: order.message.expiry + 1n }]
		for (const change of changes) {
			// Another digest recovers arbitrary signers, which are either out of order or no witnesses.
			expect((await escrow.refusal(escrow.release(change), signatures))?.errorName).toMatch(/^(NotWitness|SignersNotAscending)$/)
		}
		expect(await escrow.refusal(order, signatures)).toBeUndefined()
	})

	test('ESC-2 refuses signatures for another chain or another escrow', async () => {
		const [escrow, sibling] = [await testbed.deploy(), await testbed.deploy()]
		await escrow.lock(ETHER)
		const order = escrow.release()
		for (const domain of [escrowDomain(1, escrow.address), sibling.domain]) {
			const signatures = await escrow.sign(order, undefined, domain)
			expect((await escrow.refusal(order, signatures))?.errorName).toMatch(/^(NotWitness|SignersNotAscending)$/)
		}
	})

	test('ESC-2 digest equals that of the EIP-712 definitions, and follows the chain id across a fork', async () => {
		const escrow = await testbed.deploy()
		const release = escrow.release({ nonce: 2n ** 255n })
		const stake = escrow.stake({ pubkey: `0x${'ab'.repeat(48)}`, signature: `0x${'cd'.repeat(96)}`, depositDataRoot: zeroHash })
		const digests = async () => [
			await testbed.evm.readContract({ ...escrow.contract, functionName: 'releaseDigest', args: [release.message] }),
			await testbed.evm.readContract({ ...escrow.contract, functionName: 'stakeDigest', args: [stake.message] }),
		]
		const expected = (chainId: number) => [release, stake].map((order) => escrowOrderDigest(escrowDomain(chainId, escrow.address), order))

		expect(await digests()).toEqual(expected(testbed.anvil.chainId))
		await testbed.evm.request<{ Method: 'anvil_setChainId'; Parameters: [number]; ReturnType: null }>({
			method: 'anvil_setChainId',
			params: [4242],
		})
		const forked = await digests()
		await testbed.evm.request<{ Method: 'anvil_setChainId'; Parameters: [number]; ReturnType: null }>({
			method: 'anvil_setChainId',
			params: [testbed.anvil.chainId],
		})
		expect(forked).toEqual(expected(4242))
	})
})

describe('release to contracts', () => {
	test('ESC-2 a recipient cannot reenter with the same or another valid order', async () => {
		const escrow = await testbed.deploy()
		await escrow.lock(40n * ETHER)
		const attacker = await testbed.deployContract('ReenteringRecipient', [escrow.address])
		const [order, next] = [0n, 1n].map((nonce) => escrow.release({ nonce, recipient: attacker.address }))
		const stake = escrow.stake(await escrow.depositData(), { nonce: 1n })
		const callbacks = [
			encodeFunctionData({ abi: escrow.abi, functionName: 'release', args: [order.message, await escrow.sign(order)] }),
			encodeFunctionData({ abi: escrow.abi, functionName: 'release', args: [next.message, await escrow.sign(next)] }),
			encodeFunctionData({ abi: escrow.abi, functionName: 'stake', args: [stake.message, await escrow.sign(stake)] }),
			encodeFunctionData({ abi: escrow.abi, functionName: 'releaseAggregated', args: [next.message, 0n, '0x'] }),
			encodeFunctionData({ abi: escrow.abi, functionName: 'lock', args: [zeroAddress, 0n, STKR_ACCOUNT] }),
			encodeFunctionData({ abi: escrow.abi, functionName: 'sweep' }),
		]
		for (const callback of callbacks) {
			const snapshot = await testbed.evm.snapshot()
			await testbed.relayer.writeContract({ ...attacker, functionName: 'arm', args: [callback, 0n] })
			expect((await escrow.relay(order, await escrow.sign(order))).status).toBe('success')
			const read = (functionName: string) => testbed.evm.readContract({ ...attacker, functionName })
			expect([await read('attempted'), await read('succeeded')]).toEqual([true, false])
			expect(await read('reason')).toBe(toFunctionSelector('ReentrancyGuardReentrantCall()'))
			expect([await escrow.balance(), await escrow.isUsed(1n)]).toEqual([39n * ETHER, false])
			await testbed.evm.revert({ id: snapshot })
		}
	})

	test('ESC-2 a recipient may lock again what it is just paid, and the books stay exact', async () => {
		const escrow = await testbed.deploy()
		await escrow.lock(2n * ETHER)
		const contract = await testbed.deployContract('ReenteringRecipient', [escrow.address])
		const callback = encodeFunctionData({ abi: escrow.abi, functionName: 'lock', args: [STKR_ACCOUNT] })
		await testbed.relayer.writeContract({ ...contract, functionName: 'arm', args: [callback, ETHER] })
		const order = escrow.release({ recipient: contract.address })
		const { logs } = await escrow.relay(order, await escrow.sign(order))
		expect(parseEventLogs({ abi: escrow.abi, logs }).map(({ eventName }) => eventName)).toEqual(['Released', 'Locked'])
		expect(await escrow.balance()).toBe(2n * ETHER)
	})

	test('ESC-2 a release whose recipient reverts changes nothing and can be tried again', async () => {
		const escrow = await testbed.deploy()
		await escrow.lock(ETHER)
		const recipient = await testbed.deployContract('SwitchableRecipient', [])
		const order = escrow.release({ recipient: recipient.address })
		const signatures = await escrow.sign(order)
		expect(await escrow.refusal(order, signatures)).toEqual({ errorName: 'PaymentFailed', args: [getAddress(recipient.address), ETHER] })
		expect((await escrow.relay(order, signatures, AMPLE_GAS)).status).toBe('reverted')
		expect([await escrow.isUsed(0n), await escrow.balance()]).toEqual([false, ETHER])

		await testbed.relayer.writeContract({ ...recipient, functionName: 'setAccepting', args: [true] })
		expect((await escrow.relay(order, signatures)).status).toBe('success')
		expect([await escrow.isUsed(0n), await escrow.balance()]).toEqual([true, 0n])
	})

	test('ESC-2 a relayer who gives too little gas cannot spend the order', async () => {
		const escrow = await testbed.deploy()
		await escrow.lock(ETHER)
		const recipient = await testbed.deployContract('ReenteringRecipient', [escrow.address])
		const order = escrow.release({ recipient: recipient.address })
		const signatures = await escrow.sign(order)
		const needed = await testbed.evm.estimateContractGas({
			...escrow.contract,
			functionName: 'release',
			args: [order.message, signatures],
			account: RELAYER,
		})
		expect((await escrow.relay(order, signatures, needed - 20_000n)).status).toBe('reverted')
		expect(await escrow.isUsed(0n)).toBe(false)
		expect((await escrow.relay(order, signatures, AMPLE_GAS)).status).toBe('success')
	})
})
