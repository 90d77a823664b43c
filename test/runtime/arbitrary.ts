import { type Call, type CallDefinition, RuntimeCallCodec, runtimeCall } from '@stkr/runtime-spec/frame/call.ts'
import {
	BigUint,
	Bool,
	Bytes,
	type Codec,
	CompactBig,
	CompactSmall,
	Enumeration,
	FixedBytes,
	OptionOf,
	SmallUint,
	Struct,
	Text,
	TupleOf,
	VecOf,
} from '@stkr/runtime-spec/frame/scale/index.ts'
import { WeightCodec } from '@stkr/runtime-spec/frame/weight.ts'
import { executive } from '@stkr/runtime-spec/runtime/index.ts'
import type { Random } from './random.ts'

/** Values worth meeting more often than chance would: accounts that exist, addresses that are known, amounts at the edges. */
export interface Known {
	accounts: readonly Uint8Array[]
	addresses: readonly Uint8Array[]
}

const ETHER = 10n ** 18n
const AMOUNTS = [
	0n,
	1n,
	999n,
	10n ** 9n,
	10n ** 15n - 1n,
	10n ** 15n,
	10n ** 16n,
	ETHER,
	16n * ETHER,
	32n * ETHER,
	10n ** 30n,
	(1n << 64n) - 1n,
	(1n << 128n) - 1n,
]

/** A random value of a codec's type. */
export const arbitrary = (codec: Codec<unknown>, random: Random, known: Known, depth = 0): unknown => {
	const inner = (item: Codec<unknown>) => arbitrary(item, random, known, depth + 1)
	if (codec instanceof RuntimeCallCodec) return arbitraryCall(random, known, depth + 1)
	if (codec instanceof Bool) return random.oneIn(2)
	if (codec instanceof SmallUint) return codec.bits === 8 ? random.below(256) : random.oneIn(8) ? random.below(1 << 16) : random.below(6)
	if (codec instanceof CompactSmall) return random.below(6)
	if (codec instanceof BigUint) return amount(random, codec.bits)
	if (codec instanceof CompactBig) return amount(random, codec.inner.bits)
	if (codec instanceof FixedBytes) {
		if (codec.length === 32 && !random.oneIn(10)) return random.pick(known.accounts)
		if (codec.length === 20 && !random.oneIn(10)) return random.pick(known.addresses)
		return random.bytes(codec.length)
	}
	if (codec instanceof Bytes) return random.bytes(Math.min(random.below(random.oneIn(20) ? 400 : 20), codec.max))
	if (codec instanceof Text) return String.fromCharCode(...Array.from({ length: random.below(8) }, () => 97 + random.below(26)))
	if (codec instanceof OptionOf) return random.oneIn(2) ? undefined : inner(codec.item)
	if (codec instanceof VecOf) return Array.from({ length: Math.min(random.below(4), codec.max) }, () => inner(codec.item))
	if (codec instanceof TupleOf) return codec.items.map(inner)
	if (codec instanceof Struct) return Object.fromEntries(codec.names.map((name, i) => [name, inner(codec.codecs[i])]))
	if (codec instanceof Enumeration) {
		const at = codec.names[0] === 'Id' && !random.oneIn(12) ? 0 : random.below(codec.names.length)
		return { type: codec.names[at], value: inner(codec.codecs[at]) }
	}
	if (codec instanceof WeightCodec) return { refTime: weightPart(random), proofSize: weightPart(random) }
	return undefined
}

/** Small as a call's, or as much as a weight can say. */
const weightPart = (random: Random): number => (random.oneIn(6) ? Number.MAX_SAFE_INTEGER - random.below(2) : random.below(1 << 30))

const amount = (random: Random, bits: 64 | 128): bigint => {
	const value = random.oneIn(3) ? BigInt(random.below(1 << 30)) * 10n ** BigInt(random.below(12)) : random.pick(AMOUNTS)
	return BigInt.asUintN(bits, value)
}

/**
 * Calls that random ones leave out. Root may write any key, and a short random prefix would delete the books themselves; moves.ts
 * makes these calls with keys that no pallet owns. Without the sudo key nothing of root's could be reached from then on. A random
 * period would make of the next session the run's last; session-moves.ts sets short ones.
 */
const LEFT_OUT = ['System.setStorage', 'System.killStorage', 'System.killPrefix', 'Sudo.setKey', 'Sudo.removeKey', 'Session.setPeriod']
const isLeftOut = (pallet: number, name: string): boolean =>
	LEFT_OUT.includes(`${executive.pallets.find(({ index }) => index === pallet)?.name}.${name}`)

/** A random call of any pallet. Nested calls stop at a depth of four. */
export const arbitraryCall = (random: Random, known: Known, depth = 0): Call => {
	for (;;) {
		const tables = runtimeCall.pallets.flatMap((table, pallet) => (table ? [{ pallet, table }] : []))
		const { pallet, table } = random.pick(tables)
		const definition: CallDefinition = random.pick([...table.values()])
		const nests = definition.args.codecs.some(
			(codec) => codec instanceof RuntimeCallCodec || (codec instanceof VecOf && codec.item instanceof RuntimeCallCodec),
		)
		if ((nests && depth > 3) || isLeftOut(pallet, definition.name)) continue
		return { pallet, definition, args: arbitrary(definition.args, random, known, depth) as object }
	}
}
