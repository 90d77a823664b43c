import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import type { Hex } from 'viem'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { Duty } from './duty.ts'
import { CHAIN_DUTIES, DUTY_KINDS, decodeDuty, encodeDuty } from './duty.ts'
import { Outbox, type OutboxIdentity, type Submission } from './outbox.ts'

const SEED = Number(process.env.FC_SEED ?? 20_261_120)
const identity: OutboxIdentity = { stkrGenesis: '0x01', witness: '0x02', ethereumChainId: 1, escrow: '0x03', ethereumAccount: '0x04' }
const submission: Submission = { hash: '0xaa', raw: '0xbb', nonce: 7, lastBlock: 64, submittedAtMs: 5 }

const executed = (nonce: bigint): Duty => ({ kind: 'attestOutcome', nonce, outcome: 'Executed' })

let directory: string
let file: string
let outbox: Outbox

beforeEach(() => {
	directory = mkdtempSync(join(tmpdir(), 'stkr-outbox-'))
	file = join(directory, 'outbox.sqlite')
	outbox = new Outbox(file, identity)
})

afterEach(() => {
	outbox.close()
	rmSync(directory, { recursive: true, force: true })
})

const reopen = (as: OutboxIdentity = identity) => {
	outbox.close()
	outbox = new Outbox(file, as)
}
const observe = (...duties: Duty[]) => outbox.transaction(() => duties.forEach((duty) => void outbox.observe(duty, 0)))
const due = (nowMs = 0) => outbox.due(DUTY_KINDS, nowMs, 100)

describe('the state machine', () => {
	test('SDC-2 a duty goes from observed over submitted to done, across restarts', () => {
		observe(executed(1n))
		reopen()
		const [{ id }] = due()
		outbox.submitted(id, submission)
		reopen()
		expect(due()).toEqual([])
		expect(outbox.inFlight(CHAIN_DUTIES)).toEqual([{ id, duty: executed(1n), attempts: 0, submission }])

		outbox.done(id, 'seen')
		reopen()

		expect(outbox.inFlight(CHAIN_DUTIES)).toEqual([])
		expect(outbox.counts()).toEqual([{ kind: 'attestOutcome', state: 'done', count: 1 }])
	})

	test('SDC-2 a duty is noted once, and stays done when it is seen again', () => {
		observe(executed(1n))
		outbox.done(due()[0].id, '')

		observe(executed(1n))

		expect(due()).toEqual([])
	})

	test('SDC-2 a duty with other content than before is refused, with all that came with it', () => {
		observe(executed(1n))

		expect(() => observe(executed(2n), { kind: 'attestOutcome', nonce: 1n, outcome: 'Expired' })).toThrow(
			/attestOutcome 1 was .*Executed.* and is .*Expired/,
		)

		expect(outbox.knows('attestOutcome', 2n)).toBe(false)
	})

	test('what is done cannot be done again, nor fail, nor be sent', () => {
		observe(executed(1n))
		const [{ id }] = due()
		outbox.done(id, '')

		for (const act of [
			() => outbox.done(id, ''),
			() => outbox.failed(id, ''),
			() => outbox.retry(id, '', 0),
			() => outbox.submitted(id, submission),
		]) {
			expect(act).toThrow(`duty ${id} is not open`)
		}
	})

	test('a duty to be retried waits for its time, and new duties go first', () => {
		observe(executed(1n), executed(2n))
		outbox.retry(due()[0].id, 'later', 1_000)

		expect(due(999).map(({ duty }) => duty.nonce)).toEqual([2n])
		expect(due(1_000).map(({ duty, attempts }) => [duty.nonce, attempts])).toEqual([
			[2n, 0],
			[1n, 1],
		])
	})

	test('failed duties rest until they are revived', () => {
		observe(executed(1n))
		outbox.failed(due()[0].id, 'no use')
		expect(due()).toEqual([])

		expect(outbox.reviveFailed()).toBe(1)

		expect(due()).toHaveLength(1)
	})

	test('nonces are compared as numbers', () => {
		observe(executed(9n), executed(10n))

		expect(outbox.highestNonce('attestOutcome')).toBe(10n)
		expect(outbox.highestNonce('signOrder')).toBeUndefined()
	})
})

describe('cursors', () => {
	test('SDC-2 a cursor and what was read up to it are written together or not at all', () => {
		expect(() =>
			outbox.transaction(() => {
				outbox.observe(executed(1n), 0)
				outbox.setCursor('ethereum', 10)
				throw new Error('the power went out')
			}),
		).toThrow('the power went out')
		reopen()

		expect(outbox.cursor('ethereum')).toBeUndefined()
		expect(due()).toEqual([])
	})

	test('a cursor never moves back', () => {
		outbox.transaction(() => outbox.setCursor('chain', 10))

		expect(() => outbox.transaction(() => outbox.setCursor('chain', 9))).toThrow('the chain cursor cannot move back to block 9')
	})

	test('neither a cursor nor a duty is written outside a transaction', () => {
		expect(() => outbox.setCursor('chain', 1)).toThrow(/needs a transaction/)
		expect(() => outbox.observe(executed(1n), 0)).toThrow(/needs a transaction/)
	})
})

describe('opening', () => {
	test('SDC-2 one process at a time has the outbox', () => {
		expect(() => new Outbox(file, identity)).toThrow(/is in use by another process.*another --data/)
	})

	test.each([
		['stkrGenesis', { ...identity, stkrGenesis: '0x99' as Hex }],
		['witness', { ...identity, witness: '0x99' as Hex }],
		['ethereumChainId', { ...identity, ethereumChainId: 5 }],
		['escrow', { ...identity, escrow: '0x99' as Hex }],
	])('an outbox of another %s is refused', (name, other) => {
		outbox.close()
		expect(() => new Outbox(file, other)).toThrow(`belongs to ${name} ${identity[name as keyof OutboxIdentity]}`)
		outbox = new Outbox(file, identity)
	})

	test('a damaged file is refused with what to do', () => {
		const damaged = join(directory, 'damaged.sqlite')
		writeFileSync(damaged, 'x'.repeat(8_192))

		expect(() => new Outbox(damaged, identity)).toThrow(/cannot be read: file is not a database.*Restore it from a copy/)
	})
})

test(`duties come back from disk as they went there (seed ${SEED})`, () => {
	const integer = fc.bigInt({ min: 0n, max: 2n ** 128n - 1n })
	const bytes = (length: number) =>
		fc.uint8Array({ minLength: length, maxLength: length }).map((value): Hex => `0x${Buffer.from(value).toString('hex')}`)
	const release = fc
		.record({ nonce: integer, asset: bytes(20), recipient: bytes(20), amount: integer, expiry: integer, witnessSetId: integer })
		.map((message) => ({ primaryType: 'Release' as const, message }))
	const stake = fc
		.record({
			...{ nonce: integer, pubkey: bytes(48), signature: bytes(96), depositDataRoot: bytes(32) },
			...{ amount: integer, expiry: integer, witnessSetId: integer },
		})
		.map((message) => ({ primaryType: 'Stake' as const, message }))
	const order = fc.oneof(release, stake)
	const lock = fc.record({ asset: bytes(20), sender: bytes(20), recipient: bytes(32), amountWei: integer, ethereumBlock: integer })
	const duty: fc.Arbitrary<Duty> = fc.oneof(
		fc.record({ kind: fc.constant('attestLock' as const), nonce: integer, lock }),
		fc.record({ kind: fc.constant('signOrder' as const), nonce: integer, order }),
		fc.record({ kind: fc.constant('relayOrder' as const), nonce: integer, order, signatures: fc.array(bytes(65)) }),
		fc.record({
			kind: fc.constant('attestOutcome' as const),
			nonce: integer,
			outcome: fc.constantFrom('Executed' as const, 'Expired' as const),
		}),
	)
	fc.assert(
		fc.property(duty, (value) => {
			expect(decodeDuty(encodeDuty(value))).toEqual(value)
		}),
		{ seed: SEED, verbose: 1 },
	)
})
