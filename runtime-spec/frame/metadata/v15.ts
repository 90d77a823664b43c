import { MetadataWriter } from './encode.ts'
import type { RuntimeModel } from './model.ts'

/** What follows the types in metadata V15: as V14, with pallet docs, runtime APIs and outer enums (frame-metadata `v15`). */
export const tail15 = ({ pallets, extrinsic, runtime, apis, events, errors }: RuntimeModel): Uint8Array => {
	const w = new MetadataWriter()
	w.list(pallets, (pallet) => {
		w.pallet(pallet)
		w.texts(pallet.docs)
	})
	w.u8(extrinsic.version)
	w.type(extrinsic.address)
	w.type(extrinsic.call)
	w.type(extrinsic.signature)
	w.type(extrinsic.extra)
	w.signedExtensions(extrinsic)
	w.type(runtime)
	w.list(apis, ({ name, methods, docs }) => {
		w.text(name)
		w.list(methods, (method) => {
			w.text(method.name)
			w.list(method.inputs, (input) => {
				w.text(input.name)
				w.type(input.type)
			})
			w.type(method.output)
			w.texts(method.docs)
		})
		w.texts(docs)
	})
	w.type(extrinsic.call)
	w.type(events)
	w.type(errors)
	w.compact(0) // no custom values
	return w.take(0)
}
