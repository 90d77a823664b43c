import { system } from '@stkr/runtime-spec/frame/system/index.ts'
import { sudoer, user } from '../actors.ts'
import type { Preparations, Size } from '../preparation.ts'

const CALLS: Size = { name: 'calls', from: 0, to: 100 }
const { remark, setHeapPages } = system.parts.calls!
const nothing = { pallet: system.index, definition: remark, args: { remark: new Uint8Array() } }
/** Fails for want of root. */
const refused = { pallet: system.index, definition: setHeapPages, args: { pages: 0n } }
const id = (value: Uint8Array) => ({ type: 'Id', value })

export const utilityCalls: Preparations = {
	batch: { worst: 'each call succeeds', by: user, size: CALLS, make: (count) => ({ calls: Array(count).fill(nothing) }) },
	batchAll: {
		worst: 'each call succeeds',
		weight: 'batch',
		by: user,
		size: CALLS,
		make: (count) => ({ calls: Array(count).fill(nothing) }),
	},
	forceBatch: {
		worst: 'each call fails',
		weight: 'batch',
		by: user,
		size: CALLS,
		make: (count) => ({ calls: Array(count).fill(refused) }),
	},
	withWeight: {
		worst: 'root says what the call weighs',
		weight: null,
		by: 'Root',
		make: () => ({ call: nothing, weight: { refTime: 1_000_000, proofSize: 0 } }),
	},
}

export const sudoCalls: Preparations = {
	sudo: { worst: 'a call that succeeds', by: sudoer, make: () => ({ call: nothing }) },
	setKey: { worst: 'another key', weight: 'sudo', by: sudoer, make: () => ({ new: id(user.publicKey) }) },
	sudoAs: { worst: 'a call that succeeds', weight: 'sudo', by: sudoer, make: () => ({ who: id(user.publicKey), call: nothing }) },
	removeKey: { worst: 'the key that there is', weight: 'sudo', by: sudoer, make: () => ({}) },
}
