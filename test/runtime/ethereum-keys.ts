import { fromHex, toHex } from '@stkr/runtime-spec/frame/bytes.ts'
import { storage as escrow } from '@stkr/runtime-spec/pallets/escrow/index.ts'
import type { Order } from '@stkr/runtime-spec/pallets/escrow/orders.ts'
import { referenceDigest, signDigest } from '@stkr/runtime-spec/pallets/escrow/testing/bridge-chain.ts'
import type { Hex } from 'viem'
import { mnemonicToAccount } from 'viem/accounts'

/** The mnemonic every Ethereum developer tool uses; accounts 1 to 3 are the dev presets' witnesses. */
const DEV_MNEMONIC = 'test test test test test test test test test test test junk'

/** Ethereum key `number` of the dev mnemonic. */
export const ethereumKey = (number: number): { privateKey: Hex; address: Hex } => {
	const account = mnemonicToAccount(DEV_MNEMONIC, { addressIndex: number })
	const { privateKey } = account.getHdKey()
	if (!privateKey) throw new Error(`the dev mnemonic gave no private key ${number}`)
	return { privateKey: toHex(privateKey) as Hex, address: account.address.toLowerCase() as Hex }
}

const KEYS = [1, 2, 3, 4].map((number) => ethereumKey(number).privateKey)

/**
 * Witness `number`'s (from 1) signature of an order, over the digest that viem computes. To be made where the chain's state can be
 * read: chain id and contract come from there.
 */
export const orderSignature = (number: number, nonce: bigint, order: Order): Uint8Array => {
	const contract = escrow.contract.get() ?? fromHex(`0x${'00'.repeat(20)}`)!
	const digest = referenceDigest(Number(escrow.ethereumChainId.get()), toHex(contract) as Hex, nonce, order)
	return signDigest(digest, KEYS[number - 1])
}
