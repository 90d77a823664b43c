import type { CallDefinition } from '@stkr/runtime-spec/frame/call.ts'
import type { Pallet } from '@stkr/runtime-spec/frame/pallet.ts'
import { weights as system } from '@stkr/runtime-spec/frame/system/weights.ts'
import type { Weight } from '@stkr/runtime-spec/frame/weight.ts'
import { weights as assets } from '@stkr/runtime-spec/pallets/assets/weights.ts'
import { weights as aura } from '@stkr/runtime-spec/pallets/aura/weights.ts'
import { weights as balances } from '@stkr/runtime-spec/pallets/balances/weights.ts'
import { weights as escrow } from '@stkr/runtime-spec/pallets/escrow/weights.ts'
import { weights as liquidStaking } from '@stkr/runtime-spec/pallets/liquid-staking/weights.ts'
import { weights as microPool } from '@stkr/runtime-spec/pallets/micro-pool/weights.ts'
import { weights as offences } from '@stkr/runtime-spec/pallets/offences/weights.ts'
import { weights as session } from '@stkr/runtime-spec/pallets/session/weights.ts'
import { weights as sudo } from '@stkr/runtime-spec/pallets/sudo/weights.ts'
import { weights as timestamp } from '@stkr/runtime-spec/pallets/timestamp/weights.ts'
import { weights as transactionPayment } from '@stkr/runtime-spec/pallets/transaction-payment/weights.ts'
import { weights as utility } from '@stkr/runtime-spec/pallets/utility/weights.ts'
import { executive } from '@stkr/runtime-spec/runtime/index.ts'
import { escrowCalls } from './calls/bridge.ts'
import { sudoCalls, utilityCalls } from './calls/calling.ts'
import { timestampCalls } from './calls/consensus.ts'
import { assetsCalls, balancesCalls, transactionPaymentCalls } from './calls/money.ts'
import { liquidStakingCalls, microPoolCalls } from './calls/pools.ts'
import { systemCalls } from './calls/system.ts'
import { offencesCalls, sessionCalls } from './calls/validators.ts'
import type { Preparation, Preparations } from './preparation.ts'

/** Weights of a pallet as its `weights.ts` declares them: fixed, or by a length or count. */
type Declared = Record<string, Weight | ((size: number) => Weight)>

/** What the bench knows of a pallet. */
interface Measured {
	declared: Declared
	calls: Preparations
	/** Folder of `weights.ts` in runtime-spec. */
	folder: string
}

export const measuredPallets: Record<string, Measured> = {
	System: { declared: system, calls: systemCalls, folder: 'frame/system' },
	Timestamp: { declared: timestamp, calls: timestampCalls, folder: 'pallets/timestamp' },
	Aura: { declared: aura, calls: {}, folder: 'pallets/aura' },
	Balances: { declared: balances, calls: balancesCalls, folder: 'pallets/balances' },
	TransactionPayment: { declared: transactionPayment, calls: transactionPaymentCalls, folder: 'pallets/transaction-payment' },
	Utility: { declared: utility, calls: utilityCalls, folder: 'pallets/utility' },
	Sudo: { declared: sudo, calls: sudoCalls, folder: 'pallets/sudo' },
	Assets: { declared: assets, calls: assetsCalls, folder: 'pallets/assets' },
	Escrow: { declared: escrow, calls: escrowCalls, folder: 'pallets/escrow' },
	MicroPool: { declared: microPool, calls: microPoolCalls, folder: 'pallets/micro-pool' },
	LiquidStaking: { declared: liquidStaking, calls: liquidStakingCalls, folder: 'pallets/liquid-staking' },
	Session: { declared: session, calls: sessionCalls, folder: 'pallets/session' },
	Offences: { declared: offences, calls: offencesCalls, folder: 'pallets/offences' },
}

/** What an entry of `weights` comes to for a size. */
export const declaredWeight = (pallet: string, entry: string, size: number): Weight | undefined => {
	const found = measuredPallets[pallet]?.declared[entry]
	return typeof found === 'function' ? found(size) : found
}

/** A call of the runtime with what the bench knows of it. */
export interface MeasuredCall {
	pallet: Pallet
	definition: CallDefinition
	preparation: Preparation
	/** Entry of the pallet's `weights`; null when the caller declares the weight. */
	weight: string | null
}

/** Every call the runtime has. Throws naming each that has no preparation, and each preparation without a call. */
export const measuredCalls = (pallets: readonly Pallet[] = executive.pallets): MeasuredCall[] => {
	const faults: string[] = []
	const found: MeasuredCall[] = []
	for (const pallet of pallets) {
		const { name, parts } = pallet
		const known = measuredPallets[name]?.calls ?? {}
		const calls = parts.calls ?? {}
		for (const call of Object.keys(known)) if (!(call in calls)) faults.push(`${name}.${call} is prepared but is no call`)
		for (const [call, definition] of Object.entries(calls)) {
			const preparation = known[call]
			if (!preparation) faults.push(`${name}.${call} has no preparation: add its worst case to test/bench/weights/calls`)
			else found.push({ pallet, definition, preparation, weight: preparation.weight === undefined ? call : preparation.weight })
		}
	}
	if (faults.length > 0) throw new Error(`the weights can't be measured:\n${faults.join('\n')}`)
	return found
}
