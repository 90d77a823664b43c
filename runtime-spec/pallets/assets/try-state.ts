import { toHex } from '../../frame/bytes.ts'
import type { AccountId } from '../../frame/call.ts'
import type { Value } from '../../frame/scale/index.ts'
import { storage as system } from '../../frame/system/index.ts'
import type { approval, assetAccount, assetDetails } from './types.ts'

const PAGE = 1_000

interface Books {
	asset: { entries(limit: number, after?: number): [number, Value<typeof assetDetails>][] }
	account: { entries(id: number, limit: number, after?: AccountId): [AccountId, Value<typeof assetAccount>][] }
	approvals: { entries(id: number, limit: number, after?: [AccountId, AccountId]): [[AccountId, AccountId], Value<typeof approval>][] }
}

/** Calls `visit` for every entry of a map read page by page. */
const each = <K, V>(pageAfter: (after?: K) => [K, V][], visit: (key: K, value: V) => void): void => {
	for (let page = pageAfter(); page.length > 0; page = pageAfter(page[page.length - 1][0]))
		for (const [key, value] of page) visit(key, value)
}

const expect = (what: string, found: bigint | number, recorded: bigint | number): void => {
	if (found !== recorded) throw new Error(`${what}: counted ${found}, recorded ${recorded}`)
}

/** Adds up every balance against the supply of its asset, and accounts, approvals and System references against their counts. */
export const tryState = (books: Books): void => {
	const references = new Map<string, { who: AccountId; sufficients: number; consumers: number }>()
	each(
		(after?: number) => books.asset.entries(PAGE, after),
		(id, details) => {
			let supply = 0n
			let accounts = 0
			let sufficients = 0
			let approvals = 0
			each(
				(after?: AccountId) => books.account.entries(id, PAGE, after),
				(who, { balance, reason }) => {
					const name = toHex(who)
					if (balance < details.minBalance)
						throw new Error(`asset ${id}: ${name} has ${balance}, the minimum balance is ${details.minBalance}`)
					supply += balance
					accounts++
					const counts = references.get(name) ?? { who, sufficients: 0, consumers: 0 }
					if (reason.type === 'Sufficient') {
						sufficients++
						counts.sufficients++
					} else counts.consumers++
					references.set(name, counts)
				},
			)
			each(
				(after?: [AccountId, AccountId]) => books.approvals.entries(id, PAGE, after),
				() => approvals++,
			)
			expect(`asset ${id}, supply`, supply, details.supply)
			expect(`asset ${id}, accounts`, accounts, details.accounts)
			expect(`asset ${id}, sufficient accounts`, sufficients, details.sufficients)
			expect(`asset ${id}, approvals`, approvals, details.approvals)
		},
	)
	for (const [name, { who, sufficients, consumers }] of references) {
		const account = system.account.get(who)
		if (account.sufficients < sufficients)
			throw new Error(`${name} has ${sufficients} sufficient asset accounts and ${account.sufficients} sufficients`)
		if (account.consumers < consumers)
			throw new Error(`${name} has ${consumers} consuming asset accounts and ${account.consumers} consumers`)
	}
}
