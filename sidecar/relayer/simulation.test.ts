import fc from 'fast-check'
import type { Hex } from 'viem'
import { expect, test } from 'vitest'
import { DEFAULT_POLICY, type WitnessContext } from './context.ts'
import { CRASH_STEPS, type CrashStep } from './crash.ts'
import { RetryableError } from './errors.ts'
import { followChain } from './follow-chain.ts'
import { Outbox } from './outbox.ts'
import { relayOrders } from './relay-orders.ts'
import { scanEthereum } from './scan-ethereum.ts'
import { submitCalls } from './submit-calls.ts'
import { ModelChain, signatureOf } from './testing/model-chain.ts'
import { ModelEthereum } from './testing/model-ethereum.ts'

const WITNESSES = 4
const THRESHOLD = 3
const LIFETIME_SECONDS = 3_600n
const RUNS = Number(process.env.FC_RUNS ?? 15)
const SEED = Number(process.env.FC_SEED ?? 20_261_120)

/** Thrown at a step: what the process knew beyond its outbox is gone. */
class SimulatedCrash extends Error {}

class Simulation {
	readonly ethereum = new ModelEthereum(THRESHOLD)
	readonly chain = new ModelChain(WITNESSES, THRESHOLD, () => this.ethereum.timestamp())
	readonly outboxes = Array.from({ length: WITNESSES }, (_, index) => {
		const account: Hex = `0x0${index}`
		return new Outbox(':memory:', { stkrGenesis: '0x', witness: account, ethereumChainId: 1, escrow: '0x', ethereumAccount: account })
	})
	readonly #witnesses = this.outboxes.map((_, index) => this.#start(index))
	readonly #armed = new Map<number, CrashStep>()
	readonly alarms: string[] = []
	readonly locks: { nonce: bigint; recipient: Hex; amountWei: bigint }[] = []
	crashes = 0
	nowMs = 0

	#start(index: number): WitnessContext {
		return {
			outbox: this.outboxes[index],
			chain: this.chain.as(index),
			ethereum: this.ethereum.as(`relayer ${index}`),
			witnessSets: [{ id: 1n, witnesses: [], threshold: THRESHOLD, validUntil: 2n ** 64n - 1n }],
			place: { index, of: WITNESSES },
			signOrder: async (order) => signatureOf(index, order),
			policy: { ...DEFAULT_POLICY, logRangeBlocks: 3, relayStaggerMs: 1_000, resendMs: 2_000, roundSize: 3, relaysInFlight: 2 },
			now: () => this.nowMs,
			random: () => 0.5,
			reached: (step) => {
				if (this.#armed.get(index) !== step) return
				this.#armed.delete(index)
				throw new SimulatedCrash(step)
			},
			alarm: (code, message) => this.alarms.push(`${code}: ${message}`),
			info: () => {},
			view: {},
			tally: { returns: 0, returnedWei: 0n, exitRequests: 0 },
			sentMs: new Map(),
		}
	}

	arm(index: number, step: CrashStep): void {
		this.#armed.set(index, step)
	}

	disarm(): void {
		this.#armed.clear()
	}

	lock(): void {
		const recipient: Hex = `0x${(this.locks.length + 1).toString(16).padStart(64, '0')}`
		const amountWei = BigInt(this.locks.length + 1) * 10n ** 18n
		this.locks.push({ nonce: this.ethereum.lock(recipient, amountWei), recipient, amountWei })
	}

	/** Lets one side of a witness work once; a crash restarts it from its outbox. */
	async work(index: number, side: 'ethereum' | 'chain'): Promise<void> {
		const ctx = this.#witnesses[index]
		this.nowMs += 500
		try {
			if (side === 'ethereum') {
				await scanEthereum(ctx)
				await relayOrders(ctx)
			} else {
				await followChain(ctx)
				await submitCalls(ctx)
			}
		} catch (error) {
			if (error instanceof SimulatedCrash) {
				this.crashes++
				this.#witnesses[index] = this.#start(index)
			} else if (!(error instanceof RetryableError)) throw error
		}
	}

	/** What may never be true, whenever one looks. */
	check(): void {
		for (const [nonce, { lock, times }] of this.chain.state.minted) {
			const { recipient, amountWei } = this.locks[Number(nonce)]
			expect({ times, recipient: lock.recipient, amountWei: lock.amountWei }).toEqual({ times: 1, recipient, amountWei })
		}
		for (const [nonce, times] of this.ethereum.executions) expect(times, `executions of order ${nonce}`).toBe(1)
		for (const [nonce, times] of this.chain.state.refunds) {
			expect(times, `refunds of order ${nonce}`).toBe(1)
			expect(this.ethereum.isExecuted(nonce), `order ${nonce} is refunded and executed`).toBe(false)
		}
	}

	/** Both chains and all witnesses go on without faults until nothing is left to do. */
	async settle(): Promise<void> {
		this.disarm()
		this.chain.isDown = this.ethereum.isDown = () => false
		for (let round = 0; round < 400 && !this.#isSettled(); round++) {
			// Longer than the longest back-off, so that every round moves something.
			this.nowMs += DEFAULT_POLICY.backoff.capMs
			for (let index = 0; index < WITNESSES; index++) {
				await this.work(index, 'ethereum')
				await this.work(index, 'chain')
			}
			this.chain.produce()
			this.chain.finalize()
			this.ethereum.mine()
			this.ethereum.finalize()
			if (round === 8) this.ethereum.veto()
			if (round === 25) this.ethereum.skip(LIFETIME_SECONDS)
			this.check()
		}
	}

	#isSettled(): boolean {
		return this.chain.state.minted.size === this.locks.length && this.chain.state.orders.size === 0
	}
}

const witness = fc.nat({ max: WITNESSES - 1 })
const action = fc.oneof(
	{ weight: 3, arbitrary: fc.constant({ type: 'lock' as const }) },
	{ weight: 3, arbitrary: fc.record({ type: fc.constant('order' as const), refusing: fc.boolean(), large: fc.boolean() }) },
	{ weight: 4, arbitrary: fc.record({ type: fc.constant('block' as const), chain: fc.boolean(), finalize: fc.boolean() }) },
	{ weight: 12, arbitrary: fc.record({ type: fc.constant('work' as const), witness, onEthereum: fc.boolean() }) },
	{ weight: 5, arbitrary: fc.record({ type: fc.constant('crash' as const), witness, step: fc.constantFrom(...CRASH_STEPS) }) },
	{
		weight: 1,
		arbitrary: fc.record({ type: fc.constant('outage' as const), chain: fc.boolean(), requests: fc.integer({ min: 1, max: 6 }) }),
	},
	{ weight: 1, arbitrary: fc.constant({ type: 'veto' as const }) },
	{ weight: 1, arbitrary: fc.constantFrom({ type: 'dropPool' as const }, { type: 'dropMempool' as const }) },
	{ weight: 1, arbitrary: fc.record({ type: fc.constant('pass' as const), seconds: fc.bigInt({ min: 1n, max: LIFETIME_SECONDS }) }) },
)
type Action = typeof action extends fc.Arbitrary<infer A> ? A : never

async function perform(simulation: Simulation, step: Action): Promise<void> {
	const { chain, ethereum } = simulation
	switch (step.type) {
		case 'lock':
			return simulation.lock()
		case 'order': {
			const nonce = chain.order(10n ** 18n, LIFETIME_SECONDS)
			if (step.refusing) ethereum.refusing.add(nonce)
			if (step.large) ethereum.large.add(nonce)
			return
		}
		case 'block':
			if (step.chain) chain.produce()
			else ethereum.mine()
			if (step.finalize) (step.chain ? chain : ethereum).finalize()
			return
		case 'work':
			return simulation.work(step.witness, step.onEthereum ? 'ethereum' : 'chain')
		case 'crash':
			return simulation.arm(step.witness, step.step)
		case 'outage': {
			let left = step.requests
			const side = step.chain ? chain : ethereum
			side.isDown = () => left-- > 0
			return
		}
		case 'veto':
			return ethereum.veto()
		case 'dropPool':
			return chain.dropPool()
		case 'dropMempool':
			return ethereum.dropMempool()
		case 'pass':
			ethereum.skip(step.seconds)
			return ethereum.mine()
	}
}

test(`SDC-2 whatever crashes, fails or is lost, each lock is minted once and each order ends once (seed ${SEED})`, async () => {
	let crashes = 0
	let executed = 0
	let refunded = 0
	let vetoed = 0
	let waited = 0
	await fc.assert(
		fc.asyncProperty(fc.array(action, { minLength: 60, maxLength: 250, size: 'max' }), async (actions) => {
			const simulation = new Simulation()
			for (const step of actions) {
				await perform(simulation, step)
				simulation.check()
			}

			await simulation.settle()

			const { minted, orders, refunds, nextOrder } = simulation.chain.state
			expect(minted.size, `locks minted; ${simulation.alarms.at(-1)}`).toBe(simulation.locks.length)
			expect([...orders.keys()], 'orders left open').toEqual([])
			expect(simulation.ethereum.executions.size + refunds.size, 'orders ended').toBe(Number(nextOrder))
			for (const nonce of simulation.ethereum.refusing) expect(refunds.get(nonce), `refunds of refused order ${nonce}`).toBe(1)
			crashes += simulation.crashes
			executed += simulation.ethereum.executions.size
			refunded += refunds.size
			for (const nonce of refunds.keys()) if (simulation.ethereum.isVetoed(nonce)) vetoed++
			for (const nonce of simulation.ethereum.large) if (simulation.ethereum.isExecuted(nonce)) waited++
			for (const outbox of simulation.outboxes) outbox.close()
		}),
		{ seed: SEED, numRuns: RUNS, endOnFailure: process.env.FC_SHRINK === undefined },
	)
	// The property must not hold for want of trying.
	expect(Math.min(crashes, executed, refunded)).toBeGreaterThan(RUNS / 3)
	expect(Math.min(vetoed, waited)).toBeGreaterThan(0)
})
