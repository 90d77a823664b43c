import { archive } from './archive.ts'
import { author } from './author.ts'
import { chain } from './chain.ts'
import { chainHead } from './chain-head/methods.ts'
import { chainSpec } from './chain-spec.ts'
import { dev } from './dev.ts'
import { grandpa } from './grandpa.ts'
import type { Methods } from './handler.ts'
import { payment } from './payment.ts'
import { childstate, state } from './state.ts'
import { system } from './system.ts'
import { transaction } from './transaction.ts'

/** Every method this node serves. Clients filter by this list: subscription methods belong in it too. */
export const methods: Methods = {
	...archive,
	...author,
	...chain,
	...chainHead,
	...chainSpec,
	...childstate,
	...dev,
	...grandpa,
	...payment,
	...state,
	...system,
	...transaction,
	rpc_methods: () => ({ methods: Object.keys(methods).sort() }),
}
