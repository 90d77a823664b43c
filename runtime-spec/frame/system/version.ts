import { fixedBytes, struct, text, tuple, u8, u32, vec } from '../scale/index.ts'

export const runtimeVersion = struct('sp_version::RuntimeVersion', {
	specName: text,
	implName: text,
	authoringVersion: u32,
	specVersion: u32,
	implVersion: u32,
	apis: vec(tuple(fixedBytes(8), u32)),
	transactionVersion: u32,
	systemVersion: u8,
})

/**
 * Version of this runtime. `specVersion` rises with every change of behaviour, `transactionVersion` when a call's index or
 * arguments change. `apis` stays empty here: the packer puts them into the blob's `runtime_apis` section and `Core_version`.
 */
declare const __SPEC_VERSION__: number | undefined

export const VERSION = {
	specName: 'stkr',
	implName: 'stkr',
	authoringVersion: 1,
	/** The packer may set another one, to make a blob that upgrade tests can upgrade to. */
	specVersion: typeof __SPEC_VERSION__ === 'number' ? __SPEC_VERSION__ : 1,
	implVersion: 1,
	apis: [] as [Uint8Array, number][],
	transactionVersion: 1,
	systemVersion: 1,
}
