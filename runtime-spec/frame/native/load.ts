import type { Host } from '../host.ts'

/** Calls a runtime API of a loaded runtime: `Trait_method`, SCALE in, SCALE out. */
export type RuntimeCaller = (method: string, input: Uint8Array) => Uint8Array

/**
 * The native run: evaluates the very bundle the blob holds, in V8, on a host of JavaScript. Serves differential fuzzing and
 * debugging; consensus never uses it. Each load is a realm of its own, with its own `host`.
 */
export const loadNative = (bundle: string, assets: Record<string, Uint8Array>, host: Host): RuntimeCaller => {
	const realm: { __host: Host; __assets: Record<string, Uint8Array>; __runtime: Record<string, (input: Uint8Array) => Uint8Array> } = {
		__host: host,
		__assets: assets,
		__runtime: {},
	}
	new Function('globalThis', bundle)(realm)
	return (method, input) => {
		const run = realm.__runtime[method]
		if (!run) throw new Error(`the runtime has no API ${method}`)
		return run(input)
	}
}
