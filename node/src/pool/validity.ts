import { byteString } from '../crypto/hex.ts'
import { ScaleReader } from '../scale/codec.ts'

/** Who brings an extrinsic, `TransactionSource` of the runtime API: a block has it, this node made it, or it came from outside. */
export const SOURCE = { inBlock: 0, local: 1, external: 2 } as const
export type TransactionSource = (typeof SOURCE)[keyof typeof SOURCE]

/** `ValidTransaction`: tags are byte strings; `longevity` in blocks. */
export interface ValidTransaction {
	priority: bigint
	requires: string[]
	provides: string[]
	longevity: number
	propagate: boolean
}

/** JSON-RPC code, message and data of a refusal, as polkadot-sdk spells them. */
export class PoolError extends Error {
	override name = 'PoolError'
	readonly code: number
	readonly data: string | undefined

	constructor(code: number, message: string, data?: string) {
		super(message)
		this.code = code
		this.data = data
	}
}

export const POOL_CODE = {
	badFormat: 1001,
	verification: 1002,
	invalid: 1010,
	unknownValidity: 1011,
	banned: 1012,
	alreadyImported: 1013,
	priorityTooLow: 1014,
	cycle: 1015,
	immediatelyDropped: 1016,
} as const

/** What the variants of `InvalidTransaction` mean, in the words of polkadot-sdk, which wallets show. */
const INVALID = [
	'Transaction call is not expected',
	'Inability to pay some fees (e.g. account balance too low)',
	'Transaction will be valid in the future',
	'Transaction is outdated',
	'Transaction has a bad signature',
	'Transaction has an ancient birth block',
	'Transaction would exhaust the block limits',
	'Custom error',
	'A call was labelled as mandatory, but resulted in an Error.',
	'Transaction dispatch is mandatory; transactions must not be validated.',
	'Invalid signing address',
	'The implicit data was unable to be calculated',
	'The transaction extension did not authorize any origin',
]
const CUSTOM = 7
const UNKNOWN = [
	'Could not lookup information required to validate the transaction',
	'Could not find an unsigned validator for the unsigned transaction',
	'Custom error',
]
const UNKNOWN_CUSTOM = 2
const LONGEST = 2 ** 53

/** Reads a `TransactionValidity`. Throws `PoolError` when the runtime refused. */
export const decodeValidity = (bytes: Uint8Array): ValidTransaction => {
	const reader = new ScaleReader(bytes)
	if (reader.u8() === 0) {
		const tags = () => reader.vec(() => byteString(reader.vecU8()))
		const priority = reader.u64()
		const requires = tags()
		const provides = tags()
		const longevity = reader.u64()
		return { priority, requires, provides, longevity: longevity > LONGEST ? LONGEST : Number(longevity), propagate: reader.u8() === 1 }
	}
	const unknown = reader.u8() === 1
	const variant = reader.u8()
	const text = (unknown ? UNKNOWN : INVALID)[variant] ?? `variant ${variant}`
	const custom = variant === (unknown ? UNKNOWN_CUSTOM : CUSTOM) ? `: ${reader.u8()}` : ''
	throw unknown
		? new PoolError(POOL_CODE.unknownValidity, 'Unknown Transaction Validity', text + custom)
		: new PoolError(POOL_CODE.invalid, 'Invalid Transaction', text + custom)
}
