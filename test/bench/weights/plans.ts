import type { KeyringPair } from '@polkadot/keyring/types'
import type { Call } from '@stkr/runtime-spec/frame/call.ts'
import { signExtrinsic } from '@stkr/runtime-spec/frame/native/sign.ts'
import { system } from '@stkr/runtime-spec/frame/system/index.ts'
import { sudo } from '@stkr/runtime-spec/pallets/sudo/index.ts'
import { bystander, sudoer } from './actors.ts'
import type { BlockPlan } from './blocks.ts'
import type { MeasuredCall } from './preparations.ts'
import { GENESIS_HASH, type World } from './world.ts'

const sign = (pair: KeyringPair, call: Call): Uint8Array => signExtrinsic(pair, call, { nonce: 0, genesisHash: GENESIS_HASH })
const asRoot = (call: Call): Call => ({ pallet: sudo.index, definition: sudo.parts.calls!.sudo, args: { call } })
const nothing: Call = { pallet: system.index, definition: system.parts.calls!.remark, args: { remark: new Uint8Array() } }

/** Opens every measured block, so that what only the first extrinsic of a block does is not counted. */
const first = sign(bystander, nothing)

/** A block in which nothing is measured. */
export const emptyPlan = (world: World): BlockPlan => ({ trie: world.with(() => undefined).trie, first })

/** The shortest remark of `pair`: what every extrinsic costs. */
export const baseOf = (pair: KeyringPair): Uint8Array => sign(pair, nothing)

/** A block with the call in its worst case. */
export interface CallPlan extends BlockPlan {
	call: Call
	/** The call, and what its cost is counted from: a remark of the same signer, through sudo as well when root makes the call. */
	signed?: { measured: Uint8Array; base: Uint8Array }
}

export const callPlan = (world: World, { pallet, definition, preparation }: MeasuredCall, size: number): CallPlan => {
	const { made, trie } = world.with(() => preparation.make(size))
	const call: Call = { pallet: pallet.index, definition, args: made }
	const { by } = preparation
	if (by === 'None') return { trie, first, call }
	const [signer, wrap] = by === 'Root' ? [sudoer, asRoot] : [by, (inner: Call) => inner]
	return { trie, first, call, signed: { measured: sign(signer, wrap(call)), base: sign(signer, wrap(nothing)) } }
}
