import { getAddress, parseEther, parseEventLogs } from 'viem'
import { afterAll, beforeAll, expect, test } from 'vitest'
import {
	type EscrowTestbed,
	EXPIRY,
	RECIPIENT,
	refusalOf,
	START_TIMEOUT_MS,
	STRANGER,
	startEscrowTestbed,
	type TestEscrow,
	WITNESS_SET_ID,
} from './testing/escrow.ts'

const ETHER = parseEther('1')

let testbed: EscrowTestbed
beforeAll(async () => {
	testbed = await startEscrowTestbed()
}, START_TIMEOUT_MS)
afterAll(() => testbed.close())

/** A withdrawal of the Beacon chain raises the balance without a call. */
async function withdraw(escrow: TestEscrow, amountWei: bigint): Promise<void> {
	await testbed.evm.setBalance({ address: escrow.address, value: (await escrow.balance()) + amountWei })
}

async function sweep(escrow: TestEscrow) {
	const hash = await testbed.relayer.writeContract({ ...escrow.contract, functionName: 'sweep', account: STRANGER })
	const { logs } = await testbed.evm.waitForTransactionReceipt({ hash })
	return parseEventLogs({ abi: escrow.abi, logs }).map(({ eventName, args }) => ({ eventName, args }))
}

test('ESC-6 anyone books what withdrawals brought home, each wei once', async () => {
	const escrow = await testbed.deploy()
	await escrow.lock(2n * ETHER)
	expect(await refusalOf(() => sweep(escrow))).toEqual({ errorName: 'NothingReturned', args: [] })
	for (const [nonce, amount] of [32n * ETHER, 1n].entries()) {
		await withdraw(escrow, amount)
		expect(await sweep(escrow)).toEqual([{ eventName: 'Returned', args: { nonce: BigInt(nonce), amount } }])
	}
	expect((await refusalOf(() => sweep(escrow)))?.errorName).toBe('NothingReturned')
	expect([await escrow.accounted(), await escrow.balance()]).toEqual([34n * ETHER + 1n, 34n * ETHER + 1n])
	expect(await testbed.evm.readContract({ ...escrow.contract, functionName: 'returnNonce' })).toBe(2n)
})

test('ESC-6 a release may pay out of what came home, which is booked on the way', async () => {
	const escrow = await testbed.deploy()
	await escrow.lock(ETHER)
	await withdraw(escrow, 4n * ETHER)
	const { logs } = await escrow.execute(escrow.release({ amount: 3n * ETHER }))
	expect(parseEventLogs({ abi: escrow.abi, logs }).map(({ eventName }) => eventName)).toEqual(['Returned', 'Released'])
	expect([await escrow.accounted(), await escrow.balance()]).toEqual([2n * ETHER, 2n * ETHER])
})

test('ESC-4 closed by order it takes no locks and names its successor, while releases go on', async () => {
	const escrow = await testbed.deploy()
	await escrow.lock(2n * ETHER)
	const message = { nonce: 3n, successor: getAddress(RECIPIENT), expiry: EXPIRY, witnessSetId: WITNESS_SET_ID }
	const close = { primaryType: 'Close', message } as const
	expect((await escrow.refusal(close, await escrow.sign(close, escrow.witnesses.slice(0, 2))))?.errorName).toBe('TooFewSignatures')
	const { logs } = await escrow.execute(close)
	expect(parseEventLogs({ abi: escrow.abi, logs }).map(({ eventName, args }) => ({ eventName, args }))).toEqual([
		{ eventName: 'Closed', args: { nonce: 3n, successor: getAddress(RECIPIENT) } },
	])
	expect(await refusalOf(() => escrow.lock(ETHER))).toEqual({ errorName: 'EscrowClosed', args: [getAddress(RECIPIENT)] })
	expect((await escrow.execute(escrow.release())).status).toBe('success')
	expect(await escrow.accounted()).toBe(ETHER)
})
