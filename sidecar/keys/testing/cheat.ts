/** A dealer that keeps to the format of a deal, and to nothing else: written anew, so that it also pins the format. */
import { createCipheriv, createHash, hkdfSync, randomBytes } from 'node:crypto'
import { bls12_381 } from '@noble/curves/bls12-381.js'
import { bytesToHex, concatBytes, type Hex, hexToBytes, numberToBytes } from 'viem'
import type { Deal, PartySecret, Plan } from '../dealing.ts'

const { longSignatures: scheme, G1 } = bls12_381
const TAG = 'STKR-KEYS-V01-CS01-with-DEAL-BLS12381G2_XMD:SHA-256_SSWU_RO_'
const EPHEMERAL = 0x1234_5678n

export interface Cheat {
	/** Of an honest deal of the same plan. */
	session: Hex
	commitments: Hex[]
	/** What each party is sent, in order. */
	values: bigint[]
	/** Signs in place of the constant term. */
	constant: bigint
}

/** A deal that its dealer has signed, whatever is in it. */
export function cheatingDeal({ parties }: Plan, dealer: PartySecret, { session, commitments, values, constant }: Cheat): Deal {
	const encrypted = parties.map(({ index, publicKey }, place) => {
		const point = G1.Point.fromBytes(hexToBytes(publicKey)).multiply(EPHEMERAL).toBytes()
		const key = hkdfSync('sha256', point, hexToBytes(session), `stkr deal ${dealer.index} to ${index}`, 32)
		const nonce = randomBytes(12)
		const cipher = createCipheriv('aes-256-gcm', new Uint8Array(key), nonce)
		return bytesToHex(concatBytes([nonce, cipher.update(numberToBytes(values[place], { size: 32 })), cipher.final(), cipher.getAuthTag()]))
	})
	const ephemeralKey = bytesToHex(G1.Point.BASE.multiply(EPHEMERAL).toBytes())
	const content = [session, dealer.index, commitments, ephemeralKey, encrypted]
	const message = scheme.hash(createHash('sha256').update(JSON.stringify(content)).digest(), TAG)
	const signedBy = (key: Uint8Array): Hex => bytesToHex(scheme.Signature.toBytes(scheme.sign(message, key)))
	return {
		session,
		dealer: dealer.index,
		commitments,
		ephemeralKey,
		values: encrypted,
		possession: signedBy(numberToBytes(constant, { size: 32 })),
		signature: signedBy(dealer.secretKey),
	}
}
