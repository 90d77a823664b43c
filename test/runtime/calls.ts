import type { Call } from '@stkr/runtime-spec/frame/call.ts'
import type { Pallet } from '@stkr/runtime-spec/frame/pallet.ts'

/** A call by its pallet, its name in the source and its arguments. Throws when the pallet has no such call. */
export const callOf = ({ index, name: pallet, parts }: Pallet, name: string, args: object = {}): Call => {
	const definition = parts.calls?.[name]
	if (!definition) throw new Error(`${pallet} has no call ${name}; it has ${Object.keys(parts.calls ?? {}).join(', ')}`)
	return { pallet: index, definition, args }
}
