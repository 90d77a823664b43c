import type { ApiPromise } from '@polkadot/api'
import type { Step } from '../../conformance/chopsticks/steps.ts'
import { pairOf } from '../../conformance/signers.ts'
import type { Ledger } from './ledger.ts'

/**
 * Makes calls with known outcomes, group by group: each waits until the one before is in blocks. Calls for which `isLeftOut` holds,
 * by the names of the call and those inside it, are not made.
 */
export const makeScripted = async (
	ledger: Ledger,
	api: ApiPromise,
	groups: readonly Step[][],
	isLeftOut: (names: readonly string[]) => boolean = () => false,
): Promise<void> => {
	for (const group of groups) {
		for (const { by, outcome, make, tipPlanck, immortal } of group) {
			const extrinsic = await make(api)
			const names = ledger.names(extrinsic.toHex())
			if (isLeftOut(names)) continue
			const pair = pairOf(by)
			const nonce = await ledger.nonce(by, pair.address)
			const signed = await extrinsic.signAsync(pair, { nonce, tip: tipPlanck ?? 0n, ...(immortal ? { era: 0 } : {}) })
			await ledger.submit(signed.toHex(), { by, names, expected: outcome })
		}
		await ledger.included()
	}
}
