import { block } from './block.ts'
import { host } from './host.ts'
import { type Fields, type FieldValues, type Struct, struct, type Writer, writer } from './scale/index.ts'
import { itemPrefix } from './storage.ts'

/** A pallet's events: `event.Transfer({ from, to, amountPlanck })` deposits one. Variants are numbered by order. */
export class PalletEvents {
	readonly names: readonly string[]
	readonly codecs: readonly Struct<object>[]
	palletIndex = 255
	constructor(definitions: Record<string, Fields>) {
		this.names = Object.keys(definitions)
		this.codecs = this.names.map((name) => struct('', definitions[name]))
	}
}

export type Events<D> = PalletEvents & { readonly [K in keyof D]: (fields: FieldValues<D[K]>) => void }

let eventsKey: Uint8Array | undefined

/** Storage key of `System.Events`. */
export const systemEventsKey = (): Uint8Array => {
	eventsKey ??= itemPrefix('System', 'Events')
	return eventsKey
}

const writePhase = (w: Writer): void => {
	if (block.phase === 'ApplyExtrinsic') {
		w.u8(0)
		w.u32(block.extrinsicIndex ?? 0)
	} else w.u8(block.phase === 'Finalization' ? 1 : 2)
}

export const events = <const D extends Record<string, Fields>>(definitions: D): Events<D> => {
	const set = new PalletEvents(definitions)
	const out = set as unknown as Record<string, (fields: object) => void>
	set.names.forEach((name, i) => {
		out[name] = (fields) => {
			if (block.number === 0) return // genesis leaves no events, as in FRAME
			const mark = writer.at
			writePhase(writer)
			writer.u8(set.palletIndex)
			writer.u8(i)
			set.codecs[i].write(writer, fields)
			writer.u8(0) // no topics
			host.append(systemEventsKey(), writer.since(mark))
			writer.at = mark
		}
	})
	return set as Events<D>
}
