import type { GuestMemory } from '../guest.ts'

const OK = Uint8Array.of(0)
const REFUSED = Uint8Array.of(1)

export const offchainFunctions = (guest: GuestMemory) => ({
	/** `Result<(), ()>`: whether the extrinsic is on its way to the pool. The caller of the runtime hands it in after the call. */
	ext_offchain_submit_transaction_version_1: (extrinsic: bigint) => {
		const { submit } = guest.context
		submit?.(guest.copy(extrinsic))
		return guest.putSpan(submit ? OK : REFUSED)
	},
})
