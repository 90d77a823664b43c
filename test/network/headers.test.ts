import { encodeHeader } from '@stkr/node/src/block/header.ts'
import type { Hash, Header } from '@stkr/node/src/chain.ts'
import { fromHex, toHex } from '@stkr/node/src/crypto/hex.ts'
import { encodeU64 } from '@stkr/node/src/scale/codec.ts'
import { expect, test } from 'vitest'
import { pairOf } from '../conformance/signers.ts'
import { authorship, hashOf, headerOf } from './headers.ts'

const hash = (byte: string): Hash => `0x${byte.repeat(32)}`
const SLOT = 300
const AUTHORITIES = (['Alice', 'Bob', 'Charlie'] as const).map((name) => pairOf(name).publicKey)

const unsealed: Header = {
	parentHash: hash('11'),
	number: 70_000,
	stateRoot: hash('22'),
	extrinsicsRoot: hash('33'),
	digest: [{ type: 'preRuntime', engine: 'aura', data: encodeU64(SLOT) }],
}
const sealedBy = (name: 'Alice' | 'Bob' | 'Dave'): Header => ({
	...unsealed,
	digest: [...unsealed.digest, { type: 'seal', engine: 'aura', data: pairOf(name).sign(fromHex(hashOf(unsealed))) }],
})

test('CNS-1 a header read from JSON-RPC has the hash of the block', () => {
	const json = {
		...{ parentHash: hash('11'), number: '0x11170' as Hash, stateRoot: hash('22'), extrinsicsRoot: hash('33') },
		digest: { logs: ['0x0661757261202c01000000000000' as Hash] },
	}
	expect(toHex(encodeHeader(headerOf(json)))).toBe(toHex(encodeHeader(unsealed)))
	expect(hashOf(headerOf(json))).toBe(hashOf(unsealed))
})

test('CNS-1 an author is known by the seal, whoever’s turn it was', () => {
	expect(authorship(sealedBy('Alice'), AUTHORITIES)).toEqual({ slot: SLOT, turn: 0, sealedBy: 0 })
	expect(authorship(sealedBy('Bob'), AUTHORITIES)).toEqual({ slot: SLOT, turn: 0, sealedBy: 1 })
	expect(authorship(sealedBy('Dave'), AUTHORITIES).sealedBy).toBe(-1)
	expect(() => authorship(unsealed, AUTHORITIES)).toThrow('block 70000 has no Aura seal')
})
