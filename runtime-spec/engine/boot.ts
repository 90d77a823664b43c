import { installAssets } from './assets.ts'
import { forgetVariables } from './bytecode.ts'
import type { Linked } from './link.ts'
import { compileScript, Realm, RUNTIME_INTRINSICS, UNDEFINED } from './realm.ts'
import { deletionScript } from './realm-rules.ts'
import { shakeRealm } from './shake.ts'

export interface BootInput {
	/** The JavaScript bundle: a classic script that sets `globalThis.__runtime`. */
	bundle: string
	/** Becomes `globalThis.__assets` (assets.ts). */
	assets: Readonly<Record<string, Uint8Array>>
	/** Names of the API functions, in the order of the entry points. */
	apis: readonly string[]
	/** Names the bundle uses (shake.ts); undefined keeps every built-in. */
	names?: ReadonlySet<string>
}

/** A realm of the runtime before any bundle: no parser, nothing of realm-rules.ts. */
export function createRuntimeRealm(linked: Linked): Realm {
	const realm = new Realm(linked, RUNTIME_INTRINSICS)
	realm.run(compileScript(linked, deletionScript(), 'deletions.js'))
	return realm
}

/** `globalThis.__host`: one C function for each `method_*` of the shim. */
function installHost(realm: Realm, linked: Linked): void {
	const host = realm.newObject()
	for (const [name, slot] of linked.slots) {
		if (!name.startsWith('method_')) continue
		const method = name.slice('method_'.length)
		const callable = realm.withText(method, (text) => realm.engine.JS_NewCFunction2(realm.context, slot, text, 1, 0, 0))
		realm.setProperty(host, method, realm.check(callable))
	}
	realm.setProperty(realm.global, '__host', host)
}

/** Keeps the bundle's API functions where the entry points find them. */
function keepFunctions(realm: Realm, apis: readonly string[]): void {
	const functions = realm.getProperty(realm.global, '__runtime')
	if (functions === UNDEFINED) throw new Error('The bundle did not set globalThis.__runtime.')
	apis.forEach((name, index) => {
		const value = realm.getProperty(functions, name)
		if (!realm.engine.JS_IsFunction(realm.context, value)) throw new Error(`globalThis.__runtime.${name} is not a function.`)
		realm.engine.shim_function(index, value)
	})
	realm.release(functions)
}

/** Loads the bundle into a fresh realm, to be kept as the image of the blob. */
export function boot(linked: Linked, { bundle, assets, apis, names }: BootInput): { realm: Realm; bytecodeBytes: number } {
	const bytecode = compileScript(linked, bundle, 'runtime.js')
	const realm = createRuntimeRealm(linked)
	if (names) shakeRealm(linked, realm, names)
	installHost(realm, linked)
	installAssets(linked, realm, assets)
	const script = realm.load(bytecode)
	forgetVariables(realm)
	realm.evaluate(script)
	keepFunctions(realm, apis)
	realm.engine.JS_RunGC(realm.runtime)
	return { realm, bytecodeBytes: bytecode.length }
}
