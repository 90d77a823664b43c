import type { Hex } from 'viem'
import { zeroAddress } from 'viem'
import { expect, test } from 'vitest'
import { type EscrowOrder, escrowDomain, signEscrowOrder, sortEscrowSignatures } from './eip712.ts'
import { EXPIRY, RECIPIENT, WITNESSES } from './testing/escrow.ts'

const domain = escrowDomain(1, RECIPIENT)
const order: EscrowOrder = {
	primaryType: 'Release',
	message: { nonce: 1n, asset: zeroAddress, amount: 1n, recipient: RECIPIENT, expiry: EXPIRY, witnessSetId: 1n },
}

test('ESC-2 signatures collected in any order, some twice, come out once each and ascending by signer', async () => {
	const ascending = await Promise.all(WITNESSES.map((witness) => signEscrowOrder(witness, domain, order)))
	const collected = [...ascending].reverse().concat(ascending[2], ascending[0])
	expect(await sortEscrowSignatures(domain, order, collected)).toEqual(ascending)
	expect(await sortEscrowSignatures(domain, order, [])).toEqual([])
})

test('ESC-2 signatures are 65 bytes with v of 27 or 28, and a malformed one is refused', async () => {
	const signature = await signEscrowOrder(WITNESSES[0], domain, order)
	expect(signature).toMatch(/^0x[0-9a-f]{128}(1b|1c)$/)
	await expect(sortEscrowSignatures(domain, order, [signature.slice(0, -2) as Hex])).rejects.toThrow()
})
