import { MetadataWriter } from './encode.ts'
import type { RuntimeModel } from './model.ts'

/** What follows the types in metadata V14: pallets, extrinsic, runtime type (frame-metadata `v14`). */
export const tail14 = ({ pallets, extrinsic, runtime }: RuntimeModel): Uint8Array => {
	const w = new MetadataWriter()
	w.list(pallets, (pallet) => w.pallet(pallet))
	w.type(extrinsic.type)
	w.u8(extrinsic.version)
	w.signedExtensions(extrinsic)
	w.type(runtime)
	return w.take(0)
}
