import { toHex } from '../../frame/bytes.ts'
import type { AccountId } from '../../frame/call.ts'
import { storage as system } from '../../frame/system/index.ts'
import { consumes, EXISTENTIAL_DEPOSIT } from './account.ts'
import { type IdAmount, largestOf, sumOf } from './amounts.ts'

const PAGE = 1_000

interface Books {
	totalIssuance: { get(): bigint }
	holds: { get(who: AccountId): IdAmount[]; entries(limit: number, after?: AccountId): [AccountId, IdAmount[]][] }
	freezes: { get(who: AccountId): IdAmount[] }
}

/** Adds up every account against the issuance, and holds, freezes and references of each. `transitPlanck` belongs to no account now. */
export const tryState = ({ totalIssuance, holds, freezes }: Books, transitPlanck: bigint): void => {
	let sum = transitPlanck
	let heldTotal = 0n
	for (let page = system.account.entries(PAGE); page.length > 0; page = system.account.entries(PAGE, page[page.length - 1][0])) {
		for (const [who, { data, providers, consumers }] of page) {
			const { free, reserved, frozen } = data
			sum += free + reserved
			const held = sumOf(holds.get(who))
			heldTotal += held
			const most = largestOf(freezes.get(who))
			if (held > reserved) throw new Error(`${toHex(who)} has ${held} plancks on hold and only ${reserved} reserved`)
			if (frozen !== most) throw new Error(`${toHex(who)} has ${frozen} plancks frozen, its largest freeze is ${most}`)
			if (free !== 0n && free < EXISTENTIAL_DEPOSIT && reserved === 0n) throw new Error(`${toHex(who)} keeps dust of ${free} plancks`)
			if (free >= EXISTENTIAL_DEPOSIT && providers === 0) throw new Error(`${toHex(who)} has ${free} plancks free and no provider`)
			if (consumes(data) && (consumers === 0 || providers === 0))
				throw new Error(`${toHex(who)} has plancks reserved or frozen with ${consumers} consumers and ${providers} providers`)
		}
	}
	const issuance = totalIssuance.get()
	if (sum !== issuance) throw new Error(`accounts and fees add up to ${sum} plancks, total issuance is ${issuance}`)
	let held = 0n
	for (let page = holds.entries(PAGE); page.length > 0; page = holds.entries(PAGE, page[page.length - 1][0]))
		for (const [, entries] of page) held += sumOf(entries)
	if (held !== heldTotal) throw new Error(`holds add up to ${held} plancks, those of existing accounts to ${heldTotal}`)
}
