import { TypeRegistry } from '@polkadot/types'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { DigestItem, Header } from '../chain.ts'
import { fromHex, toHex } from '../crypto/hex.ts'
import { decodeJustification, encodeJustification } from '../finality/justification.ts'
import { encodeCompact, ScaleError, ScaleReader } from '../scale/codec.ts'
import { encodeInherentData, encodeSignedBlock, readSignedBlock } from './block.ts'
import { decodeHeader, encodeHeader } from './header.ts'

const registry = new TypeRegistry()
const hash = fc.uint8Array({ minLength: 32, maxLength: 32 }).map(toHex)
const data = fc.uint8Array({ maxLength: 80 })
const digestItem: fc.Arbitrary<DigestItem> = fc.oneof(
	fc.record({
		type: fc.constantFrom('preRuntime' as const, 'consensus' as const, 'seal' as const),
		engine: fc.constantFrom('aura', 'FRNK'),
		data,
	}),
	fc.record({ type: fc.constant('other' as const), data }),
	fc.constant({ type: 'runtimeEnvironmentUpdated' as const }),
)
const header: fc.Arbitrary<Header> = fc.record({
	parentHash: hash,
	number: fc.nat(2 ** 31 - 1),
	stateRoot: hash,
	extrinsicsRoot: hash,
	digest: fc.array(digestItem, { maxLength: 4 }),
})

describe('block codecs', () => {
	it('write headers as polkadot.js does, and read them back', () => {
		fc.assert(
			fc.property(header, (one) => {
				const theirs = registry.createType('Header', {
					...one,
					digest: {
						logs: one.digest.map((item) => {
							if (item.type === 'runtimeEnvironmentUpdated') return { RuntimeEnvironmentUpdated: null }
							if (item.type === 'other') return { Other: toHex(item.data) }
							const name = { preRuntime: 'PreRuntime', consensus: 'Consensus', seal: 'Seal' }[item.type]
							return { [name]: [toHex(Buffer.from(item.engine)), toHex(item.data)] }
						}),
					},
				})
				expect(toHex(encodeHeader(one))).toBe(theirs.toHex())
				expect(decodeHeader(encodeHeader(one))).toEqual(one)
			}),
			{ numRuns: 200, verbose: 1 },
		)
	})

	it('write compact numbers as polkadot.js does', () => {
		const edges = [0, 63, 64, 16_383, 16_384, 2 ** 30 - 1, 2 ** 30, 2 ** 32 - 1, 2 ** 32, 2 ** 48]
		for (const n of edges) {
			expect(toHex(encodeCompact(n))).toBe(toHex(registry.createType('Compact<u64>', n).toU8a()))
			expect(toHex(encodeCompact(BigInt(n)))).toBe(toHex(encodeCompact(n)))
			expect(new ScaleReader(encodeCompact(n)).compact()).toBe(n)
		}
		expect(() => encodeCompact(-1)).toThrow(ScaleError)
	})

	it('round-trip signed blocks and justifications, as polkadot.js reads them', () => {
		fc.assert(
			fc.property(header, fc.array(data), fc.option(data), (head, bodies, justification) => {
				const body = bodies.map((bytes) => Uint8Array.from([...encodeCompact(bytes.length), ...bytes]))
				const block = { header: head, body, justifications: justification ? [['FRNK', justification] as [string, Uint8Array]] : [] }
				const encoded = encodeSignedBlock(block)
				expect(readSignedBlock(new ScaleReader(encoded))).toEqual(block)
				for (const cut of [1, 5]) expect(() => readSignedBlock(new ScaleReader(encoded.subarray(0, -cut)))).toThrow(ScaleError)
			}),
			{ numRuns: 100, verbose: 1 },
		)
		const target = { hash: toHex(new Uint8Array(32).fill(3)), number: 9 }
		const vote = { ...target, signature: new Uint8Array(64).fill(4), key: new Uint8Array(32).fill(5) }
		const ancestor: Header = { parentHash: target.hash, number: 10, stateRoot: target.hash, extrinsicsRoot: target.hash, digest: [] }
		const proof = { round: 7n, ...target, precommits: [vote], ancestries: [ancestor] }
		const encoded = encodeJustification(proof)
		expect(decodeJustification(encoded)).toEqual(proof)
		const theirs = registry.createType('GrandpaJustification', encoded) as unknown as { toHex(): string; toJSON(): Record<string, unknown> }
		expect(theirs.toHex()).toBe(toHex(encoded))
		expect(theirs.toJSON()).toMatchObject({
			round: 7,
			commit: { targetHash: target.hash, targetNumber: 9 },
			votesAncestries: [{ number: 10 }],
		})
	})

	it('sort inherent data by id', () => {
		const encoded = encodeInherentData([
			['timstap0', Uint8Array.of(1)],
			['auraslot', Uint8Array.of(2)],
		])
		expect(toHex(encoded)).toBe('0x08' + '61757261736c6f740402' + '74696d73746170300401')
		expect(fromHex('0x')).toEqual(new Uint8Array(0))
	})

	it('refuse a list longer than the input before reading it', () => {
		expect(() => new ScaleReader(Uint8Array.of(0xfe, 0xff, 0xff, 0xff)).vec(() => 0)).toThrow(/longer than the input/)
	})
})
