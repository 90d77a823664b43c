import { expect, test } from 'vitest'
import { boot } from './boot.ts'
import { type Linked, link } from './link.ts'
import { LOWERING_EXPORTS, lower } from './lower.ts'
import { unreachableSlots } from './prune.ts'
import { readEngine } from './quickjs.ts'
import { namesIn } from './shake.ts'
import { compileShim } from './shim.ts'
import { snapshot } from './snapshot.ts'
import { specialize } from './specialize.ts'
import { BUILTINS_APIS, builtinsBundle } from './testing/builtins-bundle.ts'
import { echoHost } from './testing/echo-host.ts'
import { guarded } from './testing/guard.ts'
import { BlobInstance } from './testing/v8-host.ts'
import { dropUnusedData } from './unused-data.ts'

const TIMEOUT_MS = 600_000

/** The engine with the bundle, as a whole, or without the table slots in `dropped` and fitted to its image. */
const image = (linked: Linked, names?: ReadonlySet<string>, dropped?: ReadonlySet<number>): Uint8Array => {
	const { realm } = boot(linked, { bundle: builtinsBundle, assets: {}, apis: BUILTINS_APIS, names })
	const exports = new Set([...BUILTINS_APIS, ...LOWERING_EXPORTS])
	return snapshot(dropped ? specialize(linked, realm) : linked, realm, exports, dropped ?? new Set()).wasm
}
const compile = (wasm: Uint8Array): WebAssembly.Module => new WebAssembly.Module(wasm as Uint8Array<ArrayBuffer>)

/** The outcome in a new instance: functions may change the realm they run in. */
function outcome(module: WebAssembly.Module, name: string, input: Uint8Array): string {
	const host = echoHost()
	try {
		return new TextDecoder().decode(new BlobInstance(module, host).call(name, input))
	} catch (error) {
		return `trap: ${error} ${host.calls.at(-1)?.join(' ')}`
	}
}

test.each([
	{ realm: 'complete', names: undefined, least: 300 },
	{ realm: 'shaken', names: namesIn(builtinsBundle), least: 70 },
])(
	'every built-in of the pruned, lowered blob behaves as in the complete engine: $realm realm',
	async ({ names, least }) => {
		const linked = link(readEngine(), await compileShim(BUILTINS_APIS))
		const dropped = unreachableSlots(linked, names)
		expect(dropped.size).toBeGreaterThan(50)
		const complete = compile(image(linked, names))
		const { wasm, unused } = dropUnusedData(lower(image(linked, names, dropped), {}).wasm, linked.wasm)
		const blob = compile(guarded(wasm, unused))

		const list = outcome(complete, 'Test_list', new Uint8Array())
		expect(outcome(blob, 'Test_list', new Uint8Array())).toBe(list)
		const paths = list.split('\n')
		expect(paths.length).toBeGreaterThan(least)
		let calls = 0
		paths.forEach((path, index) => {
			const input = Uint8Array.of(index & 0xff, index >> 8)
			const expected = outcome(complete, 'Test_run', input)
			expect(outcome(blob, 'Test_run', input), path).toBe(expected)
			expect(expected, path).not.toMatch(/^trap/)
			calls += Number(expected.split('\n', 1)[0])
		})
		console.log(`${calls} calls of ${paths.length} built-ins compared`)
	},
	TIMEOUT_MS,
)
