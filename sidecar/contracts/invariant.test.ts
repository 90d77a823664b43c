import fc from 'fast-check'
import { parseEther, zeroHash } from 'viem'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { EscrowOrder } from './eip712.ts'
import { type EscrowTestbed, RELAYER, STAKER, START_TIMEOUT_MS, startEscrowTestbed, WITNESSES } from './testing/escrow.ts'

const MINIMUM_LOCK = parseEther('0.001')
const VALIDATOR_WEI = parseEther('32')
const AMPLE_GAS = 1_000_000n
/** So few that sequences collide often. */
const NONCES = [0n, 1n, 2n, 255n, 256n]

type Step =
	| { kind: 'lock'; amountWei: bigint; zeroRecipient: boolean }
	| { kind: 'release'; nonce: bigint; amountWei: bigint; signers: number[] }
	| { kind: 'stake'; nonce: bigint; signers: number[] }
	| { kind: 'withdrawal'; amountWei: bigint }

const nonce = fc.constantFrom(...NONCES)
/** Four witnesses and, as the last, one who is none; mostly a quorum. */
const signers = fc.oneof(
	{ weight: 4, arbitrary: fc.subarray([0, 1, 2, 3], { minLength: 3 }) },
	{ weight: 1, arbitrary: fc.subarray([0, 1, 2, 3, 4]) },
)
const step: fc.Arbitrary<Step> = fc.oneof(
	{
		weight: 4,
		arbitrary: fc.record({
			kind: fc.constant('lock' as const),
			amountWei: fc.oneof(fc.bigInt(0n, 2n * MINIMUM_LOCK), fc.bigInt(MINIMUM_LOCK, parseEther('60'))),
			zeroRecipient: fc.integer({ min: 0, max: 9 }).map((value) => value === 0),
		}),
	},
	{
		weight: 4,
		arbitrary: fc.record({ kind: fc.constant('release' as const), nonce, amountWei: fc.bigInt(0n, parseEther('40')), signers }),
	},
	{ weight: 3, arbitrary: fc.record({ kind: fc.constant('stake' as const), nonce, signers }) },
	{ weight: 1, arbitrary: fc.record({ kind: fc.constant('withdrawal' as const), amountWei: fc.bigInt(1n, parseEther('33')) }) },
)

let testbed: EscrowTestbed
beforeAll(async () => {
	testbed = await startEscrowTestbed()
	for (const { address } of [RELAYER, STAKER]) await testbed.evm.setBalance({ address, value: parseEther('1000000') })
}, START_TIMEOUT_MS)
afterAll(() => testbed.close())

test('ESC-1 ESC-2 ESC-6 balance = locked + withdrawn − released − staked and each nonce is spent once, whatever the sequence', {
	timeout: 60_000,
}, async () => {
	await fc.assert(
		fc.asyncProperty(fc.array(step, { minLength: 8, maxLength: 24, size: 'max' }), async (steps) => {
			const escrow = await testbed.deploy({ witnessCount: 4, threshold: 3 })
			const deposit = await escrow.depositData()
			const recipient = WITNESSES[6].address
			let [heldWei, releasedWei, locks] = [0n, 0n, 0n]
			const used = new Set<bigint>()
			const paidBefore = await testbed.evm.getBalance({ address: recipient })

			/** Relays an order that must succeed exactly when the model says so. */
			const relay = async (order: EscrowOrder, signerIndexes: number[]): Promise<boolean> => {
				const signatures = await escrow.sign(
					order,
					signerIndexes.map((index) => WITNESSES[index]),
				)
				const allowed =
					!used.has(order.message.nonce) && order.message.amount <= heldWei && signerIndexes.length >= 3 && !signerIndexes.includes(4)
				const { status } = await escrow.relay(order, signatures, AMPLE_GAS)
				expect(status).toBe(allowed ? 'success' : 'reverted')
				if (!allowed) return false
				used.add(order.message.nonce)
				heldWei -= order.message.amount
				return true
			}

			for (const action of steps) {
				if (action.kind === 'lock') {
					const allowed = action.amountWei >= MINIMUM_LOCK && !action.zeroRecipient
					const locking = escrow.lock(action.amountWei, action.zeroRecipient ? zeroHash : undefined)
					if (allowed) {
						expect((await locking).status).toBe('success')
						heldWei += action.amountWei
						locks += 1n
					} else {
						await expect(locking).rejects.toThrow(/ZeroRecipient|AmountBelowMinimum/)
					}
				} else if (action.kind === 'release') {
					const order = escrow.release({ nonce: action.nonce, amount: action.amountWei, recipient })
					if (await relay(order, action.signers)) releasedWei += action.amountWei
				} else if (action.kind === 'stake') {
					await relay(escrow.stake(deposit, { nonce: action.nonce, amount: VALIDATOR_WEI }), action.signers)
				} else {
					// A withdrawal of the Beacon chain raises the balance without a call.
					await testbed.evm.setBalance({ address: escrow.address, value: heldWei + action.amountWei })
					heldWei += action.amountWei
				}
				expect(await escrow.balance()).toBe(heldWei)
				expect(await Promise.all(NONCES.map(escrow.isUsed))).toEqual(NONCES.map((each) => used.has(each)))
			}
			expect((await testbed.evm.getBalance({ address: recipient })) - paidBefore).toBe(releasedWei)
			expect(await testbed.evm.readContract({ ...escrow.contract, functionName: 'lockNonce' })).toBe(locks)
		}),
		{ numRuns: 20 },
	)
})
