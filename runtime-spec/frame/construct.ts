import { runtimeCall } from './call.ts'
import { Executive } from './executive.ts'
import type { Extension } from './extrinsic.ts'
import type { Pallet } from './pallet.ts'
import { runtimeEvent } from './runtime-types.ts'

/**
 * Puts a runtime together: gives every pallet its index (kept for ever: it is part of calls, events and errors) and fills the
 * call and event tables. Hooks run in index order.
 */
export const constructRuntime = (pallets: { readonly [index: number]: Pallet }, extensions: readonly Extension<never>[]): Executive => {
	const placed: Pallet[] = []
	runtimeCall.pallets.length = 0
	runtimeEvent.pallets.length = 0
	for (const key of Object.keys(pallets)) {
		const index = Number(key)
		const pallet = pallets[index]
		pallet.place(index)
		placed.push(pallet)
		const { calls, events } = pallet.parts
		if (calls) {
			const table = new Map()
			for (const definition of Object.values(calls)) {
				if (table.has(definition.index)) throw new Error(`${pallet.name}.${definition.name}: call index ${definition.index} is taken`)
				table.set(definition.index, definition)
			}
			runtimeCall.pallets[index] = table
		}
		if (events) runtimeEvent.pallets[index] = { name: pallet.name, events }
	}
	return new Executive(placed, extensions as readonly Extension<unknown>[])
}
