import { concatBytes } from '@stkr/runtime-spec/frame/bytes.ts'
import { storage } from '@stkr/runtime-spec/frame/system/index.ts'
import { runtimeVersion, VERSION } from '@stkr/runtime-spec/frame/system/version.ts'
import { hashOf, user } from '../actors.ts'
import type { Preparations, Size } from '../preparation.ts'

const LENGTH: Size = { name: 'length', from: 0, to: 256 * 1024 }
const ITEM_BYTES = 128
/** As much as fits an extrinsic that sudo sends: normal extrinsics have 3.75 MiB. */
const CODE_BYTES = 3_900_000

const wasmSection = (name: string, content: Uint8Array): Uint8Array => {
	const body = concatBytes(Uint8Array.of(name.length), new TextEncoder().encode(name), content)
	const length: number[] = []
	for (let rest = body.length; ; rest >>>= 7) {
		if (rest < 128) return concatBytes(Uint8Array.of(0, ...length, rest), body)
		length.push((rest & 127) | 128)
	}
}

/** A module with the version of the next runtime, as long as it may be. */
const nextCode = (): Uint8Array =>
	concatBytes(
		Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0),
		wasmSection('runtime_version', runtimeVersion.encode({ ...VERSION, specVersion: VERSION.specVersion + 1 })),
		wasmSection('padding', new Uint8Array(CODE_BYTES)),
	)

const key = (i: number): Uint8Array => concatBytes(storage.account.prefix, hashOf(`crowd ${i}`))
const keys = (count: number): Uint8Array[] => Array.from({ length: count }, (_, i) => key(i))

export const systemCalls: Preparations = {
	remark: { worst: 'any bytes', by: user, size: LENGTH, make: (length) => ({ remark: new Uint8Array(length) }) },
	remarkWithEvent: {
		worst: 'any bytes, hashed for the event',
		weight: 'remark',
		by: user,
		size: LENGTH,
		make: (length) => ({ remark: new Uint8Array(length) }),
	},
	setHeapPages: { worst: 'any number', by: 'Root', make: () => ({ pages: 2048n }) },
	setCode: { worst: '3.9 MB of code', by: 'Root', make: () => ({ code: nextCode() }) },
	setCodeWithoutChecks: { worst: '3.9 MB of code', weight: 'setCode', by: 'Root', make: () => ({ code: nextCode() }) },
	setStorage: {
		worst: `values of ${ITEM_BYTES} bytes over those of accounts`,
		by: 'Root',
		size: { name: 'items', from: 1, to: 100 },
		make: (items) => ({ items: keys(items).map((at) => [at, new Uint8Array(ITEM_BYTES)]) }),
	},
	killStorage: {
		worst: 'accounts that exist',
		by: 'Root',
		size: { name: 'keys', from: 1, to: 100 },
		make: (count) => ({ keys: keys(count) }),
	},
	killPrefix: {
		worst: 'accounts that exist',
		by: 'Root',
		size: { name: 'keys', from: 1, to: 100 },
		make: (subkeys) => ({ prefix: storage.account.prefix, subkeys }),
	},
}
