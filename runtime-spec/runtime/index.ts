import { constructRuntime } from '../frame/construct.ts'
import {
	checkGenesis,
	checkMetadataHash,
	checkMortality,
	checkNonce,
	checkNonZeroSender,
	checkSpecVersion,
	checkTxVersion,
	checkWeight,
} from '../frame/extensions/index.ts'
import type { Extension } from '../frame/extrinsic.ts'
import { system } from '../frame/system/index.ts'
import { assets } from '../pallets/assets/index.ts'
import { aura } from '../pallets/aura/index.ts'
import { balances } from '../pallets/balances/index.ts'
import { escrow } from '../pallets/escrow/index.ts'
import { grandpa } from '../pallets/grandpa/index.ts'
import { liquidStaking } from '../pallets/liquid-staking/index.ts'
import { microPool } from '../pallets/micro-pool/index.ts'
import { offences } from '../pallets/offences/index.ts'
import { session } from '../pallets/session/index.ts'
import { sudo } from '../pallets/sudo/index.ts'
import { timestamp } from '../pallets/timestamp/index.ts'
import { chargeTransactionPayment, transactionPayment } from '../pallets/transaction-payment/index.ts'
import { utility } from '../pallets/utility/index.ts'

/** The pallets of Stkr by index. An index is for ever; hooks run in this order. */
export const pallets = {
	0: system,
	1: timestamp,
	2: aura,
	3: grandpa,
	4: balances,
	5: transactionPayment,
	6: utility,
	7: sudo,
	8: assets,
	9: escrow,
	10: microPool,
	11: liquidStaking,
	12: session,
	13: offences,
}

/** What is checked of every signed extrinsic, in this order. */
export const extensions = [
	checkNonZeroSender,
	checkSpecVersion,
	checkTxVersion,
	checkGenesis,
	checkMortality,
	checkNonce,
	checkWeight,
	chargeTransactionPayment,
	checkMetadataHash,
] as Extension<never>[]

export const executive = constructRuntime(pallets, extensions)
