import type { Hash } from '@stkr/node/src/chain.ts'
import { fromHex, toHex } from '@stkr/node/src/crypto/hex.ts'
import { concatBytes, encodeU64, ScaleReader } from '@stkr/node/src/scale/codec.ts'
import type { Rpc } from './rpc.ts'

/** Not through polkadot.js, which takes the bytes of an `Option<Bytes>` that a runtime API returns for its content. */
const ownership = async (rpc: Rpc, method: string, arguments_: Uint8Array): Promise<Uint8Array> => {
	const reader = new ScaleReader(fromHex(await rpc.call<Hash>('state_call', method, toHex(arguments_))))
	if (reader.u8() === 0) throw new Error(`${method} gives no proof for ${toHex(arguments_)}: the key is in none of the sessions it knows`)
	return reader.vecU8()
}

/** SCALE of the runtime's proof that an Aura key is in the present session. Throws when it is not. */
export const auraOwnership = (rpc: Rpc, slot: number | bigint, key: Uint8Array): Promise<Uint8Array> =>
	ownership(rpc, 'AuraEquivocationApi_generate_key_ownership_proof', concatBytes(encodeU64(slot), key))

/** As `auraOwnership`, of a GRANDPA key in voter set `setId`, the present one. */
export const grandpaOwnership = (rpc: Rpc, setId: number | bigint, key: Uint8Array): Promise<Uint8Array> =>
	ownership(rpc, 'GrandpaApi_generate_key_ownership_proof', concatBytes(encodeU64(setId), key))
