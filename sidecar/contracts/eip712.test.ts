import type { Hex } from 'viem'
import { zeroAddress, zeroHash } from 'viem'
import { describe, expect, test } from 'vitest'
import { type EscrowOrder, escrowDomain, findEquivocator, signEscrowOrder, sortEscrowSignatures } from './eip712.ts'
import { EXPIRY, RECIPIENT, STRANGER, WITNESSES } from './testing/escrow.ts'

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

describe('equivocation', () => {
	const other: EscrowOrder = { primaryType: 'Release', message: { ...order.message, amount: 2n } }
	const signed = async (of: EscrowOrder, witness = WITNESSES[0], at = domain) => ({
		order: of,
		signature: await signEscrowOrder(witness, at, of),
	})

	test('ESC-5 two orders under one nonce convict the witness that signed both, whatever their kind', async () => {
		const stake: EscrowOrder = {
			primaryType: 'Stake',
			message: { ...order.message, pubkey: '0x', signature: '0x', depositDataRoot: zeroHash },
		}
		for (const second of [other, stake]) {
			const proof = { domain, first: await signed(order), second: await signed(second) }
			expect(await findEquivocator(proof)).toBe(WITNESSES[0].address)
		}
	})

	test('ESC-5 an honest witness is not convicted: by one order twice, two nonces, two signers or another escrow', async () => {
		const first = await signed(order)
		const next: EscrowOrder = { primaryType: 'Release', message: { ...other.message, nonce: 2n } }
		const seconds = [
			await signed(order),
			await signed(next),
			await signed(other, WITNESSES[1]),
			await signed(other, WITNESSES[0], escrowDomain(1, STRANGER.address)),
		]
		for (const second of seconds) expect(await findEquivocator({ domain, first, second })).toBeUndefined()
	})
})
