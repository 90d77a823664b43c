/** A call as polkadot.js has it. */
export interface DecodedCall {
	section: string
	method: string
	args: unknown
}

const isCall = (item: unknown): item is DecodedCall => typeof item === 'object' && item !== null && 'section' in item && 'method' in item

/** `pallet.call` of a call and then of those inside it (sudo, batches). */
export const namesOf = ({ section, method, args }: DecodedCall): string[] => [
	`${section}.${method}`,
	...(args as unknown[]).flatMap((argument) => (Array.isArray(argument) ? argument : [argument]).filter(isCall).flatMap(namesOf)),
]
