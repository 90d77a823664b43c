import { compileRuntime } from '@stkr/node/src/executor/runtime.ts'
import { mint, STKR } from '@stkr/runtime-spec/pallets/balances/index.ts'
import { ecdsaUser, ed25519User, user } from './actors.ts'
import { BlobBlocks } from './blocks.ts'
import { endSession } from './chain-moves.ts'
import { baseOf, callPlan, emptyPlan } from './plans.ts'
import { type MeasuredCall, measuredCalls } from './preparations.ts'
import { Row } from './row.ts'
import { World } from './world.ts'

/** What a call costs on top of the base weight of its extrinsic, in microseconds, at both of its sizes (without a size: twice the same). */
export interface CallCost extends MeasuredCall {
	fromUs: number
	toUs: number
}

/** In microseconds. */
export interface Measurement {
	/** The start of any call of the blob, contained in both bases. */
	startUs: number
	/** An empty block in the middle of a session: opening, timestamp, closing. */
	baseBlockUs: number
	/** The shortest remark by signature scheme, with signature, checks, fee, event and its part in the closing of the block. */
	baseExtrinsicUs: Record<'sr25519' | 'ed25519' | 'ecdsa', number>
	/** What Aura does when a block opens. */
	auraUs: number
	/** What Session does when a block opens. */
	sessionUs: number
	/** What the last block of a session takes more to close when every validator is replaced. */
	rotateUs: number
	calls: CallCost[]
}

/** Measures every call in its worst case. */
export const measure = (code: Uint8Array): Measurement => {
	const compiled = compileRuntime(code)
	const unsigned = new BlobBlocks(compiled, { signatures: false })
	const signed = new BlobBlocks(compiled, { signatures: true })
	const world = new World()
	const plan = emptyPlan(world)
	const { trie } = plan
	const middle = unsigned.begin(plan)
	const lastMiddle = unsigned.begin({ ...plan, trie: world.with(endSession).trie })
	const base = baseOf(user)

	const start = new Row(() => [unsigned.start(trie)])
	const block = new Row(() => [unsigned.open(trie, true), unsigned.timestamp(trie), unsigned.close(middle)])
	const rotate = new Row(
		() => [unsigned.close(lastMiddle)],
		() => [unsigned.close(middle)],
	)
	// It reads one value, as this does.
	const session = new Row(
		() => [unsigned.read(trie)],
		() => [unsigned.start(trie)],
	)
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
				const blocks = call.preparation.signatures ? signed : unsigned
				const middle = blocks.begin(plan)
				return new Row(
					() => blocks.extrinsic(middle, measured),
					() => blocks.extrinsic(middle, base),
				)
			}
			const { size } = call.preparation
			const from = at(size?.from ?? 0)
			return { call, from, to: size ? at(size.to) : from }
		})

	const rows = [
		start,
		block,
		closing,
		...Object.values(schemes),
		aura,
		session,
		rotate,
		timestamp,
		...calls.flatMap(({ from, to }) => [from, to]),
	]
	Row.measure([...new Set(rows)])

	const withClosing = (row: Row): number => row.us + closing.us
	return {
		startUs: start.us,
		baseBlockUs: block.us,
		baseExtrinsicUs: {
			sr25519: withClosing(schemes.sr25519),
			ed25519: withClosing(schemes.ed25519),
			ecdsa: withClosing(schemes.ecdsa),
		},
		auraUs: aura.us,
		sessionUs: session.us,
		rotateUs: rotate.us,
		calls: calls.map(({ call, from, to }) => ({ ...call, fromUs: from.us, toUs: to.us })),
	}
}
