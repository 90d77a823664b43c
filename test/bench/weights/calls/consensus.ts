import { hashOf } from '../actors.ts'
import type { Preparations } from '../preparation.ts'
import { NOW_MS } from '../world.ts'

/** As many as the pallets take. */
const AUTHORITIES = 100
const authorities = (): Uint8Array[] => Array.from({ length: AUTHORITIES }, (_, i) => hashOf(`next authority ${i}`))

export const timestampCalls: Preparations = {
	set: {
		worst: 'the whole inherent but the start of the call',
		by: 'None',
		make: () => ({ now: NOW_MS }),
	},
}

export const auraCalls: Preparations = {
	changeAuthorities: { worst: `${AUTHORITIES} authorities`, by: 'Root', make: () => ({ authorities: authorities() }) },
}

export const grandpaCalls: Preparations = {
	scheduleChange: {
		worst: `${AUTHORITIES} voters, in force with this block`,
		by: 'Root',
		make: () => ({ nextAuthorities: authorities().map((key) => [key, 1n]), delay: 0 }),
	},
}
