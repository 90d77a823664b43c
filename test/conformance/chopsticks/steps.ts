import type { ApiPromise } from '@polkadot/api'
import type { SubmittableExtrinsic } from '@polkadot/api/types'
import type { DevName } from '@stkr/runtime-spec/runtime/presets.ts'

export type Extrinsic = SubmittableExtrinsic<'promise'>

/** One signed call and what must come of it: `ok`, or the error's name. */
export interface Step {
	by: DevName
	/** Of the extrinsic or, for calls made by sudo or in a batch, of the call inside. */
	outcome: string
	make(api: ApiPromise): Extrinsic | Promise<Extrinsic>
	/** On top of the fee, in plancks. */
	tipPlanck?: bigint
	/** Without an era: good for ever. */
	immortal?: boolean
}

type Arguments = readonly unknown[]

/** `Pallet.call` by polkadot.js's names, e.g. `balances.transferKeepAlive`. */
export const callOf = (api: ApiPromise, name: string, args: Arguments): Extrinsic => {
	const [section, method] = name.split('.')
	return api.tx[section][method](...args)
}

/** A call with plain arguments. */
export const step = (by: DevName, name: string, args: Arguments, outcome = 'ok'): Step => ({
	by,
	outcome,
	make: (api) => callOf(api, name, args),
})

/** A call by Alice's sudo key as root. */
export const root = (name: string, args: Arguments, outcome = 'ok'): Step => ({
	by: 'Alice',
	outcome,
	make: (api) => api.tx.sudo.sudo(callOf(api, name, args)),
})

/** Calls in one by `utility[kind]`. */
export const batch = (
	by: DevName,
	kind: 'batch' | 'batchAll' | 'forceBatch',
	calls: readonly (readonly [string, Arguments])[],
	outcome = 'ok',
): Step => ({
	by,
	outcome,
	make: (api) => api.tx.utility[kind](calls.map(([name, args]) => callOf(api, name, args))),
})
