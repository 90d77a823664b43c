import fc from 'fast-check'
import { type Address, parseEther, zeroAddress, zeroHash } from 'viem'
import type { LocalAccount } from 'viem/accounts'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { EscrowMessage } from './eip712.ts'
import {
	COUNCIL,
	type EscrowTestbed,
	RELAYER,
	STAKER,
	START_TIMEOUT_MS,
	STKR_ACCOUNT,
	startEscrowTestbed,
	WITNESSES,
} from './testing/escrow.ts'

const POLICY = { minimumLock: parseEther('0.001'), floorCap: parseEther('60'), delayAbove: parseEther('30') }
const VALIDATOR_WEI = parseEther('32')
const AMPLE_GAS = 1_000_000n
const DAY = 86_400n
/** So few that sequences collide often. */
const NONCES = [0n, 1n, 2n, 255n, 256n]
/** Whoever is paid: in no one's hands. */
const PAYEE = WITNESSES[6].address

type Asset = 'eth' | 'token'
type Step =
	| { kind: 'lock'; asset: Asset; amount: bigint; zeroRecipient: boolean }
	| { kind: 'release'; nonce: bigint; asset: Asset; amount: bigint; signers: number[] }
	| { kind: 'stake'; nonce: bigint; signers: number[] }
	| { kind: 'veto'; nonce: bigint }
	| { kind: 'pause' | 'unpause'; signers: number[] }
	| { kind: 'withdrawal'; amount: bigint }
	| { kind: 'sweep' }
	| { kind: 'days'; days: bigint }

const of = <Kind extends Step['kind'], Fields>(
	weight: number,
	kind: Kind,
	fields: { [Name in keyof Fields]: fc.Arbitrary<Fields[Name]> },
) => ({
	weight,
	arbitrary: fc.record({ kind: fc.constant(kind), ...fields }) as unknown as fc.Arbitrary<Step>,
})
const nonce = fc.constantFrom(...NONCES)
const asset = fc.constantFrom<Asset>('eth', 'eth', 'token')
/** Four witnesses and, as the last, one who is none; mostly a quorum. */
const signers = fc.oneof(
	{ weight: 4, arbitrary: fc.subarray([0, 1, 2, 3], { minLength: 3 }) },
	{ weight: 1, arbitrary: fc.subarray([0, 1, 2, 3, 4]) },
)
const lockable = fc.oneof(fc.bigInt(0n, 2n * POLICY.minimumLock), fc.bigInt(parseEther('20'), parseEther('90')))
/** Few amounts, so that the second call for a large release often meets the first. */
const payable = fc.oneof(fc.constantFrom(parseEther('31'), parseEther('45')), fc.bigInt(0n, parseEther('40')))
const step: fc.Arbitrary<Step> = fc.oneof(
	of(5, 'lock', { asset, amount: lockable, zeroRecipient: fc.integer({ min: 0, max: 9 }).map((value) => value === 0) }),
	of(8, 'release', { nonce, asset, amount: payable, signers }),
	of(2, 'stake', { nonce, signers }),
	of(2, 'veto', { nonce }),
	of(1, 'pause', { signers }),
	of(2, 'unpause', { signers }),
	of(1, 'withdrawal', { amount: fc.bigInt(1n, parseEther('33')) }),
	of(1, 'sweep', {}),
	of(3, 'days', { days: fc.constantFrom(1n, 2n, 7n) }),
)

let testbed: EscrowTestbed
beforeAll(async () => {
	testbed = await startEscrowTestbed()
	for (const { address } of [RELAYER, STAKER]) await testbed.evm.setBalance({ address, value: parseEther('1000000') })
}, START_TIMEOUT_MS)
afterAll(() => testbed.close())

/** max(5 × median of the seven days before, floor), from the plain history of days. */
function capOf(outflows: Map<bigint, bigint>, day: bigint): bigint {
	const week = [1n, 2n, 3n, 4n, 5n, 6n, 7n].map((ago) => outflows.get(day - ago) ?? 0n).sort((a, b) => (a < b ? -1 : 1))
	return 5n * week[3] > POLICY.floorCap ? 5n * week[3] : POLICY.floorCap
}

async function scenario(steps: Step[]): Promise<void> {
	const escrow = await testbed.deploy({ witnessCount: 4, threshold: 3, ethPolicy: POLICY })
	const token = await testbed.deployContract('TestToken', [0n, STAKER.address])
	await testbed.relayer.writeContract({ ...token, functionName: 'approve', args: [escrow.address, 2n ** 255n], account: STAKER })
	await escrow.establish(token.address, { nonce: 999n, ...POLICY })
	const deposit = await escrow.depositData()
	const paidBefore = await testbed.evm.getBalance({ address: PAYEE })
	const tokensOf = (account: Address) => testbed.evm.readContract({ ...token, functionName: 'balanceOf', args: [account] })
	const addressOf = (of: Asset) => (of === 'eth' ? zeroAddress : token.address)

	const accounted = { eth: 0n, token: 0n }
	const released = { eth: 0n, token: 0n }
	const outflows = { eth: new Map<bigint, bigint>(), token: new Map<bigint, bigint>() }
	const [used, vetoed] = [new Set<bigint>(), new Set<bigint>()]
	const delayed = new Map<bigint, { terms: string; executableAt: bigint }>()
	let [surplus, locks, pauses, paused] = [0n, 0n, 0n, false]

	const isQuorum = (indexes: number[], required = 3) => indexes.length >= required && !indexes.includes(4)
	const isOpen = (of: bigint) => !used.has(of) && !vetoed.has(of)
	const heldOf = (of: Asset) => accounted[of] + (of === 'eth' ? surplus : 0n)
	/** ETH that came home is booked when it is needed. */
	const unbook = (of: Asset, amount: bigint) => {
		if (accounted[of] < amount) [accounted.eth, surplus] = [accounted.eth + surplus, 0n]
		accounted[of] -= amount
	}
	/** Relays, whether it reverts or not: the timestamp decides. */
	const relay = async (order: EscrowMessage, by: readonly LocalAccount[]) => {
		const { status, blockNumber } = await escrow.relay(order, await escrow.sign(order, by), AMPLE_GAS)
		const { timestamp } = await testbed.evm.getBlock({ blockNumber })
		return { succeeded: status === 'success', timestamp }
	}
	const witnesses = (indexes: number[]) => indexes.map((index) => WITNESSES[index])

	const release = async (action: Step & { kind: 'release' }) => {
		const { asset, amount } = action
		const order = escrow.release({ nonce: action.nonce, asset: addressOf(asset), amount, recipient: PAYEE })
		const { succeeded, timestamp } = await relay(order, witnesses(action.signers))
		const day = timestamp / DAY
		const outflow = outflows[asset].get(day) ?? 0n
		const [terms, waiting] = [`${asset} ${amount}`, amount > POLICY.delayAbove ? delayed.get(action.nonce) : undefined]
		const isPayable = !paused && isOpen(action.nonce) && amount <= heldOf(asset)
		const isSigned = waiting ? waiting.terms === terms && timestamp >= waiting.executableAt : isQuorum(action.signers)
		const begins = amount > POLICY.delayAbove && !waiting
		const isWithinCap = outflow + amount <= capOf(outflows[asset], day)
		expect(succeeded).toBe(isPayable && isSigned && (begins || isWithinCap))
		if (!succeeded) return
		if (begins) {
			delayed.set(action.nonce, { terms, executableAt: timestamp + DAY })
			// Looking for the ETH books what came home, also when nothing is paid yet.
			unbook(asset, amount)
			accounted[asset] += amount
			return
		}
		used.add(action.nonce)
		unbook(asset, amount)
		released[asset] += amount
		outflows[asset].set(day, outflow + amount)
	}

	const run = async (action: Step): Promise<void> => {
		switch (action.kind) {
			case 'lock': {
				const args = [addressOf(action.asset), action.amount, action.zeroRecipient ? zeroHash : STKR_ACCOUNT] as const
				const value = action.asset === 'eth' ? action.amount : 0n
				const call = { ...escrow.contract, functionName: 'lock', args, value, account: STAKER, gas: AMPLE_GAS } as const
				const { status } = await testbed.evm.waitForTransactionReceipt({ hash: await testbed.relayer.writeContract(call) })
				const allowed = !paused && action.amount >= POLICY.minimumLock && !action.zeroRecipient
				expect(status).toBe(allowed ? 'success' : 'reverted')
				if (!allowed) return
				accounted[action.asset] += action.amount
				locks += 1n
				return
			}
			case 'release':
				return release(action)
			case 'stake': {
				const { succeeded } = await relay(escrow.stake(deposit, { nonce: action.nonce }), witnesses(action.signers))
				expect(succeeded).toBe(!paused && isOpen(action.nonce) && heldOf('eth') >= VALIDATOR_WEI && isQuorum(action.signers))
				if (!succeeded) return
				used.add(action.nonce)
				return unbook('eth', VALIDATOR_WEI)
			}
			case 'veto': {
				const { succeeded } = await relay({ primaryType: 'Veto', message: { nonce: action.nonce } }, COUNCIL.slice(1))
				expect(succeeded).toBe(delayed.has(action.nonce) && isOpen(action.nonce))
				if (succeeded) vetoed.add(action.nonce)
				return
			}
			case 'pause': {
				const { succeeded } = await relay({ primaryType: 'Pause', message: { number: pauses } }, witnesses(action.signers))
				expect(succeeded).toBe(!paused && isQuorum(action.signers, 2))
				paused ||= succeeded
				return
			}
			case 'unpause': {
				const { succeeded } = await relay({ primaryType: 'Unpause', message: { number: pauses } }, witnesses(action.signers))
				expect(succeeded).toBe(paused && isQuorum(action.signers))
				if (succeeded) [paused, pauses] = [false, pauses + 1n]
				return
			}
			case 'withdrawal':
				// A withdrawal of the Beacon chain raises the balance without a call.
				surplus += action.amount
				return testbed.evm.setBalance({ address: escrow.address, value: heldOf('eth') })
			case 'sweep': {
				const call = { ...escrow.contract, functionName: 'sweep', gas: AMPLE_GAS } as const
				const { status } = await testbed.evm.waitForTransactionReceipt({ hash: await testbed.relayer.writeContract(call) })
				expect(status).toBe(surplus > 0n ? 'success' : 'reverted')
				;[accounted.eth, surplus] = [accounted.eth + surplus, 0n]
				return
			}
			case 'days':
				return testbed.passTime(action.days * DAY)
		}
	}

	for (const action of steps) {
		await run(action)
		expect([await escrow.balance(), await escrow.accounted()]).toEqual([heldOf('eth'), accounted.eth])
		expect([await tokensOf(escrow.address), await escrow.accounted(token.address)]).toEqual([accounted.token, accounted.token])
		expect(await Promise.all(NONCES.map(escrow.isUsed))).toEqual(NONCES.map((each) => used.has(each)))
	}
	expect((await testbed.evm.getBalance({ address: PAYEE })) - paidBefore).toBe(released.eth)
	expect(await tokensOf(PAYEE)).toBe(released.token)
	expect(await testbed.evm.readContract({ ...escrow.contract, functionName: 'lockNonce' })).toBe(locks)
}

test('ESC-1 ESC-2 ESC-5 ESC-6 books = in − out, each nonce once, never beyond the cap, nothing while paused, vetoed never paid', {
	timeout: 90_000,
}, async () => {
	await fc.assert(fc.asyncProperty(fc.array(step, { minLength: 12, maxLength: 36, size: 'max' }), scenario), { numRuns: 16 })
})
