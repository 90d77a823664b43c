import { attempt, type Call, call, dispatch, ensureRoot, infoOf, type Origin, runtimeCall } from '../../frame/call.ts'
import { type DispatchError, encodedDispatchError } from '../../frame/errors.ts'
import { events } from '../../frame/events.ts'
import { constant, pallet } from '../../frame/pallet.ts'
import { u32, vec } from '../../frame/scale/index.ts'
import { addWeight, type PostInfo, type Weight, weight } from '../../frame/weight.ts'
import { weights } from './weights.ts'

/** Calls in one batch at most; the block's weight binds first. */
const BATCHED_CALLS_LIMIT = 1000
const calls = vec(runtimeCall, BATCHED_CALLS_LIMIT)

export const event = events({
	/** A batch stopped: call `index` failed; those before it stay. */
	BatchInterrupted: { index: u32, error: encodedDispatchError },
	/** Every call of a batch succeeded. */
	BatchCompleted: {},
	/** A batch ran to its end; some calls failed. */
	BatchCompletedWithErrors: {},
	/** A call of a batch succeeded. */
	ItemCompleted: {},
	/** A call of a forced batch failed. */
	ItemFailed: { error: encodedDispatchError },
})

const sum = (items: readonly Call[]): Weight => {
	let total = weights.batch(items.length)
	for (const item of items) total = addWeight(total, infoOf(item).weight)
	return total
}

/** Weight used so far when the batch stops after `done` calls: what those declared, less their refunds. */
const actual = (items: readonly Call[], done: readonly PostInfo[]): Weight => {
	let total = weights.batch(items.length)
	done.forEach((post, i) => {
		total = addWeight(total, post.weight ?? infoOf(items[i]).weight)
	})
	return total
}

/** Runs calls in order until one fails; returns what each of those that ran used. */
const runUntilFailure = (origin: Origin, items: readonly Call[]): { done: PostInfo[]; failure?: DispatchError } => {
	const done: PostInfo[] = []
	for (const item of items) {
		const { post = {}, failure } = attempt(item, origin)
		done.push(post)
		if (failure) return { done, failure }
		event.ItemCompleted({})
	}
	return { done }
}

/** Several calls in one (pallet_utility, CHN-6). */
export const utility = pallet('Utility', {
	events: event,
	constants: {
		/** Calls in one batch at most. */
		batchedCallsLimit: constant(u32, BATCHED_CALLS_LIMIT),
	},
	calls: {
		/** Makes calls in order and stops at the first that fails; those before it stay. Any origin, kept. Emits `BatchCompleted` or `BatchInterrupted`. */
		batch: call(
			0,
			{ calls },
			({ calls: items }) => sum(items),
			(origin, { calls: items }) => {
				const { done, failure } = runUntilFailure(origin, items)
				if (failure) event.BatchInterrupted({ index: done.length - 1, error: failure })
				else event.BatchCompleted({})
				return { weight: actual(items, done) }
			},
		),
		/** Makes calls in order; when one fails all are undone. Any origin, kept. Emits `BatchCompleted`. */
		batchAll: call(
			2,
			{ calls },
			({ calls: items }) => sum(items),
			(origin, { calls: items }) => {
				const { done, failure } = runUntilFailure(origin, items)
				if (failure) throw failure
				event.BatchCompleted({})
				return { weight: actual(items, done) }
			},
		),
		/** Makes every call whatever the others do. Any origin, kept. Emits `ItemFailed` per failure. */
		forceBatch: call(
			4,
			{ calls },
			({ calls: items }) => sum(items),
			(origin, { calls: items }) => {
				let failed = false
				const done: PostInfo[] = []
				for (const item of items) {
					const { post = {}, failure } = attempt(item, origin)
					done.push(post)
					if (failure) {
						failed = true
						event.ItemFailed({ error: failure })
					} else event.ItemCompleted({})
				}
				if (failed) event.BatchCompletedWithErrors({})
				else event.BatchCompleted({})
				return { weight: actual(items, done) }
			},
		),
		/** Makes a call with a declared weight instead of its own. Root. */
		withWeight: call(
			5,
			{ call: runtimeCall, weight },
			({ weight: declared }) => declared,
			(origin, { call: inner }) => {
				ensureRoot(origin)
				dispatch(inner, origin)
			},
		),
	},
})
