import { WsProvider } from '@polkadot/api'
import type { Hash } from '@stkr/node/src/chain.ts'
import { fromHex } from '@stkr/node/src/crypto/hex.ts'
import { decodeJustification, type GrandpaJustification, type VoterSet } from '@stkr/node/src/finality/justification.ts'
import { ScaleReader } from '@stkr/node/src/scale/codec.ts'
import type { Rpc } from './rpc.ts'
import { within } from './within.ts'

/** The voters that finalise the children of a block, as the runtime has them in its state. */
export const votersAt = async (rpc: Rpc, hash: Hash): Promise<VoterSet> => {
	const ask = async (method: string) => new ScaleReader(fromHex(await rpc.call<Hash>('state_call', method, '0x', hash)))
	const authorities = await ask('GrandpaApi_grandpa_authorities')
	const voters = authorities.vec(() => ({ key: authorities.take(32), weight: authorities.u64() }))
	return { setId: (await ask('GrandpaApi_current_set_id')).u64(), voters }
}

/** The next justification that a node's voter hears of or makes. */
export const nextJustification = async (rpc: Rpc): Promise<GrandpaJustification> => {
	const provider = new WsProvider(rpc.ws, false)
	await provider.connect()
	await provider.isReady
	const told = new Promise<GrandpaJustification>((resolve, reject) => {
		const hear = (error: Error | null, encoded: Hash): void => (error ? reject(error) : resolve(decodeJustification(fromHex(encoded))))
		provider.subscribe('grandpa_justifications', 'grandpa_subscribeJustifications', [], hear).catch(reject)
	})
	try {
		return await within(`a justification from ${rpc.ws}`, told)
	} finally {
		await provider.disconnect()
	}
}
