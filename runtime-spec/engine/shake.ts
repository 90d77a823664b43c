import ts from 'typescript'
import type { Linked } from './link.ts'
import { compileScript, type Realm } from './realm.ts'

/** Names that no script has to mention: the engine looks them up on built-ins when it carries out syntax or other built-ins. */
const IMPLIED: readonly string[] = [
	...['constructor', 'prototype', '__proto__', 'callee', 'name', 'length'],
	...['message', 'stack', 'cause', 'prepareStackTrace', 'stackTraceLimit'],
	// Conversions, and template literals, which are calls of `concat`.
	...['toString', 'valueOf', 'join', 'raw', 'concat'],
	...['next', 'return', 'throw', 'done', 'value'],
	// Constructors of Map and Set fill the new object with them.
	...['set', 'add', 'get', 'has', 'size', 'keys'],
]

/** Every name a script can look a property or global up by: its identifiers, its string literals, and the implied ones. */
export function namesIn(source: string): ReadonlySet<string> {
	const names = new Set(IMPLIED)
	const visit = (node: ts.Node): void => {
		if (ts.isIdentifier(node) || ts.isStringLiteralLike(node)) names.add(node.text)
		ts.forEachChild(node, visit)
	}
	visit(ts.createSourceFile('runtime.js', source, ts.ScriptTarget.ESNext, false, ts.ScriptKind.JS))
	return names
}

/** Deletes all properties with other names than `NAMES` from the built-in objects. Properties with symbols stay: syntax uses them. */
const SHAKE = `(function () {
	var kept = { __proto__: null }, objects = [], names = NAMES
	names.forEach(function (name) { kept[name] = true })
	var ownKeys = Reflect.ownKeys, prototypeOf = Object.getPrototypeOf
	function add(value) {
		for (; value !== null && (typeof value === 'object' || typeof value === 'function'); value = prototypeOf(value)) {
			if (objects.indexOf(value) < 0) objects[objects.length] = value
		}
	}
	add([].values())
	add([].values().map(Object))
	add(Iterator.from({ next: Object }))
	add(Iterator.concat([]))
	add(''[Symbol.iterator]())
	add(new Map().entries())
	add(new Set().values())
	add(function* () {})
	add((function* () {})())
	ownKeys(globalThis).forEach(function (key) {
		var value = globalThis[key]
		if (value === globalThis || value === null || (typeof value !== 'object' && typeof value !== 'function')) return
		add(value)
		add(value.prototype)
		if (!(key in kept) && value.prototype) delete value.prototype.constructor
	})
	add(globalThis)
	for (var i = 0; i < objects.length; i++) {
		for (var k = 0, keys = ownKeys(objects[i]); k < keys.length; k++) {
			if (typeof keys[k] === 'string' && !(keys[k] in kept)) delete objects[i][keys[k]]
		}
	}
})()`

/**
 * Takes out of a realm every built-in that a script with these names can't reach, so that prune.ts can take its machine code too.
 * What is left behaves as before; a name made up at run time finds nothing, on every host alike.
 */
export function shakeRealm(linked: Linked, realm: Realm, names: ReadonlySet<string>): void {
	realm.run(
		compileScript(
			linked,
			SHAKE.replace('NAMES', () => JSON.stringify([...names].sort())),
			'shake.js',
		),
	)
	realm.engine.JS_RunGC(realm.runtime)
}
