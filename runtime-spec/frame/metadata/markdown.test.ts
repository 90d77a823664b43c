import { expect, test } from 'vitest'
import { checkMortality, checkNonce } from '../extensions/index.ts'
import type { Extension } from '../extrinsic.ts'
import { TestChain } from '../native/test-chain.ts'
import { buildMetadata, readDocs, reference } from './index.ts'
import { apis, lending } from './sample/index.ts'

const docs = readDocs(['../system/index.ts', './sample/index.ts'].map((path) => new URL(path, import.meta.url).pathname))
const { executive } = new TestChain({ 40: lending })
const write = () =>
	reference(buildMetadata({ executive, extensions: [checkMortality, checkNonce] as Extension<never>[], apis, docs }).model)
const text = write()

test('CHN-2 the reference is the same text every time', () => {
	expect(write()).toBe(text)
})

test('CHN-2 the reference shows storage with keys, value, default and docs', () => {
	expect(text).toContain(
		'| `Debts` | `AccountId32` (Blake2_128Concat), `u32` (Twox64Concat) | `u128` | `7` | What an account owes for a loan, in plancks. |',
	)
	expect(text).toContain('| `Loans` | `u32` (Twox64Concat) | `Terms` | none | Loans by number. |')
	expect(text).toContain('| `CounterForLoans` |  | `u32` | `0` | Entries of `Loans`. |')
	expect(text).toContain('| `ParentHash` |  | `H256` | `0x00 × 32` |')
})

test('CHN-2 the reference shows calls, events, errors and constants', () => {
	expect(text).toContain(
		'| 1 | `take_loan` | `loan: u32, amount_planck: Compact<u128>, from: MultiAddress, terms: Terms` | Takes a loan. Signed. Emits `Lent`. |',
	)
	expect(text).toContain('| 9 | `several` | `calls: Vec<RuntimeCall>` | Makes calls in order. |')
	expect(text).toContain('| 0 | `Lent` | `loan: u32, who: AccountId32, terms: Terms` | A loan was taken. |')
	expect(text).toContain('| 1 | `TooLate` | The loan is late; pay a \\| b. |')
	expect(text).toContain('| `MaxLoans` | `u32` | `12` | Loans at most. |')
})

test('CHN-2 the reference shows runtime APIs, the extrinsic and types', () => {
	expect(text).toContain('### LendingApi, version 2\n\nWhat lending tells clients.')
	expect(text).toContain('| `total_debt` | `account: AccountId32, until_loan: Option<u32>` | `u128` | What an account owes, in plancks. |')
	expect(text).toContain('| `CheckMortality` | `Era` | `H256` |')
	expect(text).toContain('### Terms\n\n`pallet_lending::Terms`')
	expect(text).toContain('| `outcome` | `Result<u128, Refusal>` |')
	expect(text).toContain('| 5 | `Short` | `missing_planck: u128` |\n| 7 | `Pair` | `u8, u16` |')
	expect(text).toContain('### PerDispatchClass<Weight>')
	expect(text).toContain('`Immortal` (0), and `Mortal1` (1) to `Mortal255` (255), each with `u8`.')
})
