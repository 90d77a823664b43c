import type { PalletEvents } from './events.ts'
import { Codec, DecodeError, enumeration, h256, type Reader, struct, u32, unit, vec, type Writer } from './scale/index.ts'

/** A decoded event of any pallet. */
export interface RuntimeEvent {
	pallet: string
	name: string
	fields: Record<string, unknown>
}

/** The runtime's event type. The runtime itself only writes events; reading serves tests and native tools. */
class RuntimeEventCodec extends Codec<RuntimeEvent> {
	readonly pallets: ({ name: string; events: PalletEvents } | undefined)[] = []
	write(w: Writer, value: RuntimeEvent): void {
		const index = this.pallets.findIndex((entry) => entry?.name === value.pallet)
		const { events } = this.pallets[index]!
		const variant = events.names.indexOf(value.name)
		w.u8(index)
		w.u8(variant)
		events.codecs[variant].write(w, value.fields)
	}
	read(r: Reader): RuntimeEvent {
		const index = r.u8()
		const variant = r.u8()
		const entry = this.pallets[index]
		const codec = entry?.events.codecs[variant]
		if (!entry || !codec) throw new DecodeError(`no event ${index}.${variant}`)
		return { pallet: entry.name, name: entry.events.names[variant], fields: codec.read(r) as Record<string, unknown> }
	}
}
export const runtimeEvent = new RuntimeEventCodec()
export { RuntimeEventCodec }

const phase = enumeration('frame_system::Phase', { ApplyExtrinsic: u32, Finalization: unit, Initialization: unit })
export const eventRecord = struct('frame_system::EventRecord', { phase, event: runtimeEvent, topics: vec(h256) })
export const eventRecords = vec(eventRecord)
