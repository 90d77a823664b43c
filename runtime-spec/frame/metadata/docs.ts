import type { RuntimeApi } from '../api.ts'
import type { Pallet } from '../pallet.ts'

/** A doc comment, line by line, without its frame. Empty when there is none. */
export type DocLines = readonly string[]
type DocsByName = Readonly<Record<string, DocLines>>

/** Doc comments of one pallet, by the names its source uses. */
export interface PalletDocs {
	docs: DocLines
	storage: DocsByName
	events: DocsByName
	errors: DocsByName
	constants: DocsByName
	calls: DocsByName
}

export const PALLET_PARTS = ['storage', 'events', 'errors', 'constants', 'calls'] as const

/** Doc comments of a runtime, by pallet and by runtime API. */
export interface Docs {
	pallets: Readonly<Record<string, PalletDocs>>
	apis: Readonly<Record<string, { docs: DocLines; methods: DocsByName }>>
}

const NONE: PalletDocs = { docs: [], storage: {}, events: {}, errors: {}, constants: {}, calls: {} }

export const palletDocs = (docs: Docs, pallet: string): PalletDocs => docs.pallets[pallet] ?? NONE

const namesOf = ({ parts }: Pallet): Record<(typeof PALLET_PARTS)[number], readonly string[]> => ({
	storage: Object.keys(parts.storage ?? {}),
	events: parts.events?.names ?? [],
	errors: parts.errors?.names ?? [],
	constants: Object.keys(parts.constants ?? {}),
	calls: Object.keys(parts.calls ?? {}),
})

/** Everything of the runtime that has no doc comment, in order: `Balances calls transferKeepAlive`. */
export const missingDocs = (pallets: readonly Pallet[], apis: readonly RuntimeApi[], docs: Docs): string[] => {
	const missing: string[] = []
	for (const pallet of pallets) {
		const found = palletDocs(docs, pallet.name)
		if (found.docs.length === 0) missing.push(`pallet ${pallet.name}`)
		const names = namesOf(pallet)
		for (const part of PALLET_PARTS)
			for (const name of names[part]) if (!found[part][name]?.length) missing.push(`pallet ${pallet.name}, ${part}: ${name}`)
	}
	for (const { name, methods } of apis) {
		const found = docs.apis[name]
		for (const method of Object.keys(methods)) if (!found?.methods[method]?.length) missing.push(`runtime API ${name}: ${method}`)
	}
	return missing
}
