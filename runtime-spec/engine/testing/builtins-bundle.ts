/**
 * A runtime that calls every built-in function of its own realm with many receivers and arguments and describes what comes back.
 * `Test_list` returns the functions' paths, `Test_run(u16 LE index)` the calls made and the descriptions of function `index`.
 */
export const builtinsBundle = `(function () {
	'use strict'
	var host = globalThis.__host
	var CALLS_PER_RECEIVER = 4
	var functions = []
	var paths = []
	var seen = new Set([globalThis.__host, globalThis.__assets])
	function walk(value, path) {
		if (value === null || (typeof value !== 'object' && typeof value !== 'function') || seen.has(value)) return
		seen.add(value)
		if (typeof value === 'function') { functions.push(value); paths.push(path) }
		walk(Object.getPrototypeOf(value), path + '.__proto__')
		Reflect.ownKeys(value).forEach(function (key) {
			var property = Object.getOwnPropertyDescriptor(value, key), name = path + '.' + String(key)
			walk(property.value, name); walk(property.get, name + ':get'); walk(property.set, name + ':set')
		})
	}
	walk(globalThis, '')
	walk([].values(), '[]'); walk([].values().map(Object), 'map'); walk(''[Symbol.iterator](), 'text'); walk(new Map().entries(), 'entries')
	walk(new Set().values(), 'values'); walk((function* () {})(), 'generator'); walk(Iterator.from({ next: function () {} }), 'from')
	walk((function () { return arguments })(), 'arguments')

	function values() {
		var map = new Map([[1, 'one'], ['k', 2]])
		return [
			undefined, null, true, false, 0, -0, 1, -1, 7, 2.5, 255, NaN, 0n, 5n, -3n, 1n << 70n,
			'', 'abc', ' 12 ', 'a,b,c', 'ß\\ud835\\udcb3é', '\\ud800', 'length', '0x1f', Symbol.iterator, Symbol('s'),
			{}, { length: 3, 0: 'z', 1: 'y', 2: 3 }, { a: 1, get b() { return 2 } }, [], [3, 1, 2], ['b', 'a', [1, [2]]], [[1, 2], [3, 4]],
			function (x) { return x }, function (a, b) { return a < b ? -1 : 1 }, function () { throw new RangeError('no') }, function () { return [1, 2] },
			map, new Set([1, 'x', 3n]), map.keys(), new Uint8Array([1, 2, 250]), new Uint8Array(0), new BigUint64Array([1n, 2n]), new Float64Array([1.5, -0]),
			new ArrayBuffer(4), new DataView(new ArrayBuffer(9)), new Error('e'), new WeakMap(), [5, 6].values(), (function* () { yield 1; yield 2 })(),
			new Int16Array([-1, 300]), Object.freeze([1]), Object(1n), Object('boxed'), Object(3),
		]
	}
	function describe(value, depth) {
		if (typeof value === 'string') return '"' + value + '"'
		if (typeof value === 'bigint') return value + 'n'
		if (typeof value === 'number') return Object.is(value, -0) ? '-0' : String(value)
		if (typeof value === 'symbol' || value === null || (typeof value !== 'object' && typeof value !== 'function')) return String(value)
		if (value === globalThis) return 'globalThis'
		if (value instanceof Error) return value.name + ':' + value.message
		if (typeof value === 'function') return 'function ' + value.name
		var out = Object.prototype.toString.call(value)
		if (depth > 2) return out
		if (value instanceof Map || value instanceof Set) { var entries = []; value.forEach(function (v, k) { entries.push(describe(k, depth + 1), describe(v, depth + 1)) }); return out + entries.join() }
		if (value instanceof ArrayBuffer) value = new Uint8Array(value)
		return out + '{' + Reflect.ownKeys(value).slice(0, 40).map(function (key) {
			var property = Object.getOwnPropertyDescriptor(value, key)
			return String(key) + '=' + describe('value' in property ? property.value : property.get, depth + 1) + (property.writable ? 'w' : '') + (property.enumerable ? 'e' : '')
		}).join() + '}'
	}
	function safely(value) {
		try { return describe(value, 1) } catch (error) { return 'without description' }
	}
	function run(index) {
		var callee = functions[index], state = index + 1, calls = 0, out = []
		function random(limit) { state = (Math.imul(state, 1664525) + 1013904223) >>> 0; return (state >>> 8) % limit }
		function attempt(action) {
			calls++
			try { var result = action(); out.push(describe(result, 0)); if (result && typeof result.next === 'function') out.push(describe(result.next(), 0)) }
			catch (error) { out.push('!' + safely(error)) }
		}
		var count = values().length
		for (var receiver = 0; receiver < count; receiver++) {
			for (var n = 0; n < CALLS_PER_RECEIVER; n++) {
				var fresh = values(), self = fresh[receiver], args = []
				for (var i = random(4); i > 0; i--) args.push(fresh[random(count)])
				attempt(function () { return Reflect.apply(callee, self, args) })
				out.push(safely(self))
				if (n < 1) attempt(function () { return Reflect.construct(callee, [self].concat(args)) })
			}
		}
		return calls + '\\n' + out.join('\\n')
	}
	globalThis.__runtime = {
		Test_list: function () { return host.utf8Encode(paths.join('\\n')) },
		Test_run: function (input) { return host.utf8Encode(run(input[0] | (input[1] << 8))) },
	}
})()`

export const BUILTINS_APIS = ['Test_list', 'Test_run']
