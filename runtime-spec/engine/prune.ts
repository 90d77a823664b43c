import { createRuntimeRealm } from './boot.ts'
import { hasLazy, LAZY_KINDS } from './bytecode.ts'
import { functionBodies, type Instruction, instructions, OP } from './code.ts'
import { ARENA_BASE } from './layout.ts'
import type { Linked } from './link.ts'
import { ALL_INTRINSICS, compileScript, PACK_STACK_BYTES, pointerOf, Realm } from './realm.ts'
import { shakeRealm } from './shake.ts'
import { parseModule, SECTION, sectionBody } from './wasm.ts'

/**
 * Makes `__walk`, which collects every function object that can be reached in a realm into `globalThis.__functions`: all properties,
 * accessors and prototypes from the global object, and from one value of each kind that only syntax or a method can make. What it
 * needs itself is captured beforehand, so that it can walk a realm where that was taken out.
 */
const WALK = `(function () {
	var ownKeys = Reflect.ownKeys, prototypeOf = Object.getPrototypeOf, descriptorOf = Object.getOwnPropertyDescriptor
	var apply = Reflect.apply, hasSeen = Set.prototype.has, addSeen = Set.prototype.add, iterator = Symbol.iterator
	var box = Object, OwnSet = Set, OwnMap = Map, Bytes = Uint8Array, Buffer = ArrayBuffer, View = DataView
	globalThis.__walk = function () {
		delete globalThis.__walk
		var seen = new OwnSet(), functions = []
		function visit(value) {
			if (value === null || (typeof value !== 'object' && typeof value !== 'function') || apply(hasSeen, seen, [value])) return
			apply(addSeen, seen, [value])
			if (typeof value === 'function') functions[functions.length] = value
			visit(prototypeOf(value))
			for (var i = 0, keys = ownKeys(value); i < keys.length; i++) {
				var property = descriptorOf(value, keys[i])
				if (property) { visit(property.value); visit(property.get); visit(property.set) }
			}
		}
		var makers = [
			function () { return globalThis },
			function () { return [[], new OwnMap(), new OwnSet(), new Bytes(1), new Buffer(1), new View(new Buffer(1))] },
			function () { return [][iterator]() },
			function () { return [].values().map(function (x) { return x }) },
			function () { return Iterator.from({ next: function () {} }) },
			function () { return Iterator.concat([]) },
			function () { return ''[iterator]() },
			function () { return new OwnMap()[iterator]() },
			function () { return new OwnSet()[iterator]() },
			function () { return new Bytes(1)[iterator]() },
			function () { return function* () {} },
			function () { return (function* () {})() },
			function () { return arguments },
			function () { 'use strict'; return arguments },
			function () { return null.x },
			function () { return absent },
			function () { return [].length = -1 },
			function () { return box(1) },
			function () { return box(1n) },
			function () { return box('') },
			function () { return box(true) },
			function () { return box(iterator) },
			SYNTAX
		]
		for (var i = 0; i < makers.length; i++) {
			try { visit(makers[i]()) } catch (error) { visit(error) }
		}
		globalThis.__functions = functions
		globalThis.__count = functions.length
	}
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

/** Table slots of all built-in functions a walk can reach in `realm`, where WALK has run. */
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

/** An entry of a runtime object's array of classes: its own number, the name, then three table slots and the address of seven more. */
const CLASS_BYTES = 24
const CLASS_SLOTS = [8, 12, 16]
const CLASS_EXOTIC = 20
const EXOTIC_BYTES = 28
/** The first classes, which every runtime object has. */
const BASIC_CLASSES = 40

/** Table slots of the finalizers, marks, calls and exotic methods of all classes a realm has. */
function classSlots(realm: Realm): Set<number> {
	const isClass = (classes: number, id: number): boolean => realm.word(classes + CLASS_BYTES * id) === id
	const isArray = (classes: number): boolean => {
		const bytes = realm.engine.slot_usableSize(classes)
		return bytes >= CLASS_BYTES * BASIC_CLASSES && Array.from({ length: BASIC_CLASSES }, (_, id) => id).every((id) => isClass(classes, id))
	}
	const words = Array.from({ length: realm.engine.slot_usableSize(realm.runtime) / 4 }, (_, i) => realm.word(realm.runtime + 4 * i))
	const classes = words.find((word) => word >= ARENA_BASE && word < realm.engine.shim_gap() && isArray(word))
	if (!classes) throw new Error('The layout of the array of classes is not the expected one.')
	const slots = new Set<number>()
	const end = Math.floor(realm.engine.slot_usableSize(classes) / CLASS_BYTES)
	for (let id = 1; id < end; id++) {
		if (!isClass(classes, id)) continue
		const entry = classes + CLASS_BYTES * id
		for (const offset of CLASS_SLOTS) slots.add(realm.word(entry + offset))
		const exotic = realm.word(entry + CLASS_EXOTIC)
		for (let offset = 0; exotic && offset < EXOTIC_BYTES; offset += 4) slots.add(realm.word(exotic + offset))
	}
	slots.delete(0)
	return slots
}

/** Table slots of the functions that make lazy properties of kinds a realm does not hold. */
function unusedLazySlots(linked: Linked, realm: Realm): number[] {
	const code = sectionBody(parseModule(linked.wasm), SECTION.code)
	const isConst = ({ opcode, immediates }: Instruction, value: number): boolean => opcode === OP.i32Const && immediates[0] === value
	// The kind & 3, << 2, is loaded from the table of their slots, and called.
	const tables = functionBodies(code).flatMap((body) => {
		const list = instructions(code, body)
		return list.flatMap(({ opcode }, index) => {
			if (opcode !== OP.callIndirect || index < 5) return []
			const [three, and, two, shift, load] = list.slice(index - 5, index)
			const isTable =
				isConst(three, 3) && and.opcode === OP.i32And && isConst(two, 2) && shift.opcode === OP.i32Shl && load.opcode === OP.i32Load
			return isTable ? [load.immediates[1]] : []
		})
	})
	if (tables.length !== 1) throw new Error(`The engine has ${tables.length} tables of functions that make lazy properties instead of one.`)
	return Object.values(LAZY_KINDS).flatMap((kind) => (hasLazy(realm, kind) ? [] : [realm.word(tables[0] + 4 * kind)]))
}

/** Slots of the engine's default allocator: a runtime object begins with its five allocator functions. */
function defaultAllocatorSlots(realm: Realm): number[] {
	const five = (runtime: number): number[] => Array.from({ length: 5 }, (_, i) => realm.word(runtime + 4 * i))
	const own = ['slot_calloc', 'slot_malloc', 'slot_free', 'slot_realloc', 'slot_usableSize'].map((name) => realm.slot(name))
	if (five(realm.runtime).join() !== own.join()) throw new Error('The layout of the runtime object is not the expected one.')
	return five(realm.engine.JS_NewRuntime())
}

/**
 * The function-table slots no script of the runtime's realm can ever call: built-ins and classes that only the complete realm has,
 * built-ins that a bundle of these `names` can't reach (undefined: any bundle), makers of lazy properties it does not have, the parser,
 * the RegExp compiler and the default allocator. The engine itself is asked, so the answer follows the engine; a wrong answer would
 * be a trap, never a different result, and the built-ins comparison (builtins.test.ts) looks for it.
 */
export function unreachableSlots(linked: Linked, names?: ReadonlySet<string>): Set<number> {
	const walk = compileScript(linked, '__walk()', 'walk.js')
	const complete = new Realm(linked, ALL_INTRINSICS, PACK_STACK_BYTES)
	complete.run(compileScript(linked, WALK.replace('SYNTAX', COMPLETE_ONLY), 'walk.js'))
	const runtime = createRuntimeRealm(linked)
	runtime.run(compileScript(linked, WALK.replace('SYNTAX', ''), 'walk.js'))
	if (names) shakeRealm(linked, runtime, new Set([...names, '__walk']))
	// Before the walk, which reads every property and so makes the lazy ones.
	const lazy = unusedLazySlots(linked, runtime)
	const kept = new Set([...reachableSlots(runtime, walk), ...classSlots(runtime)])
	const all = [...reachableSlots(complete, walk), ...classSlots(complete)]
	const unreachable = new Set([...all.filter((slot) => !kept.has(slot)), ...lazy])
	const probe = createRuntimeRealm(linked)
	const tableSlots = Math.max(...linked.slots.values()) + 1
	for (const name of ['Eval', 'RegExpCompiler']) unreachable.add(slotSetBy(probe, name, tableSlots))
	for (const slot of defaultAllocatorSlots(probe)) unreachable.add(slot)
	return unreachable
}
