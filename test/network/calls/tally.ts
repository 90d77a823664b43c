import type { Fate } from './ledger.ts'

const sectionOf = (name: string): string => name.split('.')[0]

/** One line a pallet: its signed calls, how they came out, and how often it was called from inside others. */
export const tally = (fates: readonly Fate[]): string[] => {
	const rows = new Map<string, { signed: number; ok: number; inside: number }>()
	const row = (section: string) => {
		const found = rows.get(section) ?? { signed: 0, ok: 0, inside: 0 }
		rows.set(section, found)
		return found
	}
	for (const { names, outcome } of fates) {
		const [outer, ...inner] = names
		const found = row(sectionOf(outer))
		found.signed++
		if (outcome === 'ok') found.ok++
		for (const name of inner) row(sectionOf(name)).inside++
	}
	return [...rows]
		.sort(([a], [b]) => (a < b ? -1 : 1))
		.map(
			([section, { signed, ok, inside }]) =>
				`${section.padEnd(20)}${String(signed).padStart(5)} signed  ${String(ok).padStart(5)} ok  ${String(signed - ok).padStart(5)} failed  ${String(inside).padStart(5)} inside others`,
		)
}
