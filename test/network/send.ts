import type { ApiPromise } from '@polkadot/api'
import type { KeyringPair } from '@polkadot/keyring/types'
import type { u128 } from '@polkadot/types'
import type { ISubmittableResult } from '@polkadot/types/types'
import type { Hash } from '@stkr/node/src/chain.ts'
import { nameOf } from '../conformance/chopsticks/outcome.ts'
import type { Extrinsic } from '../conformance/chopsticks/steps.ts'
import { within } from './within.ts'

/** What became of a signed call. */
export interface Sent {
	/** `ok`, or the error's name. */
	outcome: string
	feePlanck: bigint
	/** Of the block that holds it. */
	blockHash: Hash
}

/** Signs a call, submits it and waits until it is final. Throws when it comes into no block. */
export const send = async (api: ApiPromise, call: Extrinsic, by: KeyringPair): Promise<Sent> => {
	const final = new Promise<ISubmittableResult>((resolve, reject) => {
		call
			.signAndSend(by, (result) => {
				if (result.isFinalized) resolve(result)
				if (result.isError) reject(new Error(`${call.method.section}.${call.method.method} ended as ${result.status.type}`))
			})
			.catch(reject)
	})
	const { dispatchError, events, status } = await within(`${call.method.section}.${call.method.method} to be final`, final)
	const paid = events.find(({ event }) => event.section === 'transactionPayment' && event.method === 'TransactionFeePaid')
	return {
		outcome: dispatchError ? nameOf(api, dispatchError) : 'ok',
		feePlanck: paid ? (paid.event.data[1] as u128).toBigInt() : 0n,
		blockHash: status.asFinalized.toHex(),
	}
}
