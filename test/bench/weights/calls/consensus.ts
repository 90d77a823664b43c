import type { Preparations } from '../preparation.ts'
import { NOW_MS } from '../world.ts'

export const timestampCalls: Preparations = {
	set: {
		worst: 'the whole inherent but the start of the call',
		by: 'None',
		make: () => ({ now: NOW_MS }),
	},
}
