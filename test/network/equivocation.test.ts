import '@stkr/runtime-spec/frame/native/install.ts'
import { auraEquivocation, grandpaEquivocation } from '@stkr/runtime-spec/pallets/offences/equivocation.ts'
import { auraEquivocationOf, grandpaEquivocationOf } from '@stkr/runtime-spec/pallets/offences/testing/equivocations.ts'
import { describe, expect, test } from 'vitest'
import { pairOf, pairOfType } from '../conformance/signers.ts'
import { areSigned, blocksOf, encodeVotes, votesOf } from './equivocation.ts'
import { authorship, hashOf } from './headers.ts'

describe('evidence of offences', () => {
	test('CNS-6 two blocks are read as the runtime writes them, with their seals', () => {
		const bob = pairOf('Bob')
		const { offender, slot, headers } = blocksOf(auraEquivocation.encode(auraEquivocationOf(bob, 41n)))
		expect([offender, slot]).toEqual([bob.publicKey, 41])
		for (const header of headers) expect(authorship(header, [offender])).toEqual({ slot: 41, turn: 0, sealedBy: 0 })
		expect(hashOf(headers[0])).not.toBe(hashOf(headers[1]))
	})

	test.each(['Prevote', 'Precommit'] as const)(
		'CNS-6 votes (%s) are read and written as the runtime does, and checked by their key',
		(type) => {
			const bytes = grandpaEquivocation.encode(grandpaEquivocationOf(pairOfType('//Bob', 'ed25519'), { type, round: 11n, setId: 3n }))
			const evidence = votesOf(bytes)
			expect(evidence).toMatchObject({ kind: type.toLowerCase(), round: 11n, setId: 3n })
			expect(encodeVotes(evidence)).toEqual(bytes)
			expect(areSigned(evidence)).toBe(true)
			const kind = evidence.kind === 'prevote' ? 'precommit' : 'prevote'
			for (const changed of [{ kind } as const, { round: 12n }, { setId: 4n }, { offender: pairOfType('//Eve', 'ed25519').publicKey }])
				expect(areSigned({ ...evidence, ...changed })).toBe(false)
		},
	)
})
