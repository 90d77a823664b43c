import { compileRuntime } from '@stkr/node/src/executor/runtime.ts'
import { mint, STKR } from '@stkr/runtime-spec/pallets/balances/index.ts'
import { storage as grandpa } from '@stkr/runtime-spec/pallets/grandpa/index.ts'
import { ecdsaUser, ed25519User, hashOf, user } from './actors.ts'
import { BlobBlocks } from './blocks.ts'
import { baseOf, callPlan, emptyPlan } from './plans.ts'
import { type MeasuredCall, measuredCalls } from './preparations.ts'
import { Row } from './row.ts'
import { NUMBER, World } from './world.ts'

/** Voters of the change that is due in the dearest block. */
const VOTERS = 100

/** What a call costs on top of the base weight of its extrinsic, in microseconds, at both of its sizes (without a size: twice the same). */
export interface CallCost extends MeasuredCall {
	fromUs: number
	toUs: number
}

/** In microseconds. */
export interface Measurement {
	/** The start of any call of the blob, contained in both bases. */
	startUs: number
	/** An empty block: opening, timestamp, closing, with the dearest hooks. */
	baseBlockUs: number
	/** The shortest remark by signature scheme, with signature, checks, fee, event and its part in the closing of the block. */
	baseExtrinsicUs: Record<'sr25519' | 'ed25519' | 'ecdsa', number>
	/** What Aura does when a block opens. */
	auraUs: number
	calls: CallCost[]
}

/** A change of voters that is due in the measured block: the dearest that hooks can meet. */
const dueChange = (): void =>
	grandpa.pendingChange.put({
		scheduledAt: NUMBER,
		delay: 0,
		nextAuthorities: Array.from({ length: VOTERS }, (_, i): [Uint8Array, bigint] => [hashOf(`next voter ${i}`), 1n]),
	})

/** Measures every call in its worst case. */
export const measure = (code: Uint8Array): Measurement => {
	const compiled = compileRuntime(code)
	const unsigned = new BlobBlocks(compiled, { signatures: false })
	const signed = new BlobBlocks(compiled, { signatures: true })
	const world = new World()
	const plan = emptyPlan(world)
	const { trie } = plan
	const middle = unsigned.begin(plan)
	const busiest = world.with(dueChange).trie
	const busiestMiddle = unsigned.begin({ ...plan, trie: busiest })
	const base = baseOf(user)

	const start = new Row(() => [unsigned.start(trie)])
	const busiestBlock = new Row(() => [unsigned.open(busiest, true), unsigned.timestamp(busiest), unsigned.close(busiestMiddle)])
	const closing = new Row(
		() => [unsigned.extrinsic(middle, base)[1]],
		() => [unsigned.close(middle)],
	)
	const scheme = (pair: typeof user): Row => {
		const funded = signed.begin({ ...plan, trie: world.with(() => mint(pair.addressRaw, STKR)).trie })
		const raw = baseOf(pair)
		return new Row(() => [signed.extrinsic(funded, raw)[0]])
	}
	const schemes = { sr25519: scheme(user), ed25519: scheme(ed25519User), ecdsa: scheme(ecdsaUser) }
	const aura = new Row(
		() => [unsigned.open(trie, true)],
		() => [unsigned.open(trie, false)],
	)
	const timestamp = new Row(
		() => [unsigned.timestamp(trie)],
		() => [unsigned.start(trie)],
	)
	const calls = measuredCalls()
		.filter(({ weight }) => weight !== null)
		.map((call) => {
			const at = (size: number): Row => {
				const plan = callPlan(world, call, size)
				if (!plan.signed) return timestamp
				const { measured, base } = plan.signed
				const middle = unsigned.begin(plan)
				return new Row(
					() => unsigned.extrinsic(middle, measured),
					() => unsigned.extrinsic(middle, base),
				)
			}
			const { size } = call.preparation
			const from = at(size?.from ?? 0)
			return { call, from, to: size ? at(size.to) : from }
		})

	const rows = [start, busiestBlock, closing, ...Object.values(schemes), aura, timestamp, ...calls.flatMap(({ from, to }) => [from, to])]
	Row.measure([...new Set(rows)])

	const withClosing = (row: Row): number => row.us + closing.us
	return {
		startUs: start.us,
		baseBlockUs: busiestBlock.us,
		baseExtrinsicUs: {
			sr25519: withClosing(schemes.sr25519),
			ed25519: withClosing(schemes.ed25519),
			ecdsa: withClosing(schemes.ecdsa),
		},
		auraUs: aura.us,
		calls: calls.map(({ call, from, to }) => ({ ...call, fromUs: from.us, toUs: to.us })),
	}
}
