import { createRuntimeRealm } from './boot.ts'
import type { Linked } from './link.ts'
import { ALL_INTRINSICS, compileScript, PACK_STACK_BYTES, pointerOf, Realm } from './realm.ts'

/**
 * Collects every function object that can be reached in a realm into `globalThis.__functions`: all properties, accessors and
 * prototypes from the global object, and from one value of each kind that only syntax or a method can make.
 */
const WALK = `(function () {
	var seen = new Set(), functions = []
	function visit(value) {
		if (value === null || (typeof value !== 'object' && typeof value !== 'function') || seen.has(value)) return
		seen.add(value)
		if (typeof value === 'function') functions.push(value)
		visit(Object.getPrototypeOf(value))
		Reflect.ownKeys(value).forEach(function (key) {
			var property = Object.getOwnPropertyDescriptor(value, key)
			if (property) { visit(property.value); visit(property.get); visit(property.set) }
		})
	}
	var makers = [
		function () { return globalThis },
		function () { return [].values() },
		function () { return [].values().map(function (x) { return x }) },
		function () { return Iterator.from({ next: function () {} }) },
		function () { return Iterator.concat([]) },
		function () { return ''[Symbol.iterator]() },
		function () { return new Map().entries() },
		function () { return new Set().values() },
		function () { return new Uint8Array(1).values() },
		function () { return function* () {} },
		function () { return (function* () {})() },
		function () { return arguments },
		function () { 'use strict'; return arguments },
		function () { return null.x },
		function () { return Object(1n) },
		function () { return Object(Symbol.iterator) },
		SYNTAX
	]
	makers.forEach(function (make) { try { visit(make()) } catch (error) { visit(error) } })
	globalThis.__functions = functions
	globalThis.__count = functions.length
})()`

/** Makers whose syntax or classes only the complete realm has. */
const COMPLETE_ONLY = `
	function () { return 'a'.matchAll(new RegExp('a', 'g')) },
	function () { return async function () {} },
	function () { return async function* () {} },
	function () { return (async function* () {})() },
	function () { return Promise.withResolvers() },
	function () { return Array.fromAsync([]) },
	function () { return Proxy.revocable({}, {}) },`

/** A table slot number no function has, to find where the engine keeps the slot inside a function object. */
const MARK = 0x1357
const FUNCTION_OBJECT_BYTES = 96

/** Table slots of all built-in functions a walk can reach in `realm`. */
function reachableSlots(realm: Realm, walk: Uint8Array): Set<number> {
	const { engine, context } = realm
	const probe = realm.withText('probe', (name) => realm.check(engine.JS_NewCFunction2(context, MARK, name, 0, 0, 0)))
	const classId = engine.JS_GetClassID(probe)
	let slotOffset = 0
	for (let offset = 0; offset < FUNCTION_OBJECT_BYTES; offset += 4) if (realm.word(pointerOf(probe) + offset) === MARK) slotOffset = offset
	if (!slotOffset) throw new Error('The layout of function objects is not the expected one.')
	realm.run(walk)
	const functions = realm.getProperty(realm.global, '__functions')
	const count = pointerOf(realm.getProperty(realm.global, '__count'))
	const slots = new Set<number>()
	for (let index = 0; index < count; index++) {
		const value = realm.check(engine.JS_GetPropertyUint32(context, functions, index))
		if (engine.JS_GetClassID(value) === classId) slots.add(realm.word(pointerOf(value) + slotOffset))
	}
	return slots
}

/** The one table slot `JS_AddIntrinsic<name>` writes into the context itself (the parser's or the RegExp compiler's entry). */
function slotSetBy(realm: Realm, name: string, tableSlots: number): number {
	const count = realm.engine.slot_usableSize(realm.context) / 4
	const words = (): number[] => Array.from({ length: count }, (_, i) => realm.word(realm.context + 4 * i))
	const before = words()
	realm.addIntrinsic(name)
	const set = words().filter((word, i) => before[i] === 0 && word > 0 && word < tableSlots)
	if (set.length !== 1) throw new Error(`JS_AddIntrinsic${name} changed ${set.length} words of the context instead of one.`)
	return set[0]
}

/** Slots of the engine's default allocator: a runtime object begins with its five allocator functions. */
function defaultAllocatorSlots(realm: Realm): number[] {
	const five = (runtime: number): number[] => Array.from({ length: 5 }, (_, i) => realm.word(runtime + 4 * i))
	const own = ['slot_calloc', 'slot_malloc', 'slot_free', 'slot_realloc', 'slot_usableSize'].map((name) => realm.slot(name))
	if (five(realm.runtime).join() !== own.join()) throw new Error('The layout of the runtime object is not the expected one.')
	return five(realm.engine.JS_NewRuntime())
}

/**
 * The function-table slots no script of the runtime's realm can ever call: built-ins that only the complete realm has, the parser,
 * the RegExp compiler and the default allocator. The engine itself is asked, so the answer follows the engine; a wrong answer
 * would be a trap, never a different result, and the built-ins comparison of engine.test.ts looks for it.
 */
export function unreachableSlots(linked: Linked): Set<number> {
	const complete = new Realm(linked, ALL_INTRINSICS, PACK_STACK_BYTES)
	const all = reachableSlots(complete, compileScript(linked, WALK.replace('SYNTAX', COMPLETE_ONLY), 'walk.js'))
	const kept = reachableSlots(createRuntimeRealm(linked), compileScript(linked, WALK.replace('SYNTAX', ''), 'walk.js'))
	const unreachable = new Set([...all].filter((slot) => !kept.has(slot)))
	const probe = createRuntimeRealm(linked)
	const tableSlots = Math.max(...linked.slots.values()) + 1
	for (const name of ['Eval', 'RegExpCompiler']) unreachable.add(slotSetBy(probe, name, tableSlots))
	for (const slot of defaultAllocatorSlots(probe)) unreachable.add(slot)
	return unreachable
}
