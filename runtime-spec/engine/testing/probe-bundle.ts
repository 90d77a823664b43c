import type { Argument } from './echo-host.ts'

/**
 * A runtime for the tests. `Test_host` calls one host method: input is the method's name and its arguments, output its result, in
 * the tagged form of `encodeCall` and `decodeResult`. The other functions misbehave on request.
 */
export const probeBundle = `(function () {
	'use strict'
	var host = globalThis.__host
	var hashedAtLoad = host.blake2_256(Uint8Array.of(1, 2, 3))
	function ascii(bytes) { return String.fromCharCode.apply(null, bytes) }
	function utf16(bytes) {
		var text = ''
		for (var i = 0; i < bytes.length; i += 2) text += String.fromCharCode(bytes[i] | (bytes[i + 1] << 8))
		return text
	}
	function bytesOf(text) {
		var out = new Uint8Array(text.length * 2)
		for (var i = 0; i < text.length; i++) { out[2 * i] = text.charCodeAt(i); out[2 * i + 1] = text.charCodeAt(i) >> 8 }
		return out
	}
	function tagged(tag, bytes) {
		var out = new Uint8Array(1 + bytes.length)
		out[0] = tag
		out.set(bytes, 1)
		return out
	}
	function result(value) {
		if (value === null) return Uint8Array.of(0)
		if (value === undefined) return Uint8Array.of(4)
		if (typeof value === 'boolean') return Uint8Array.of(2, value ? 1 : 0)
		if (typeof value === 'string') return tagged(3, bytesOf(value))
		return tagged(1, value)
	}
	function text(value) { return host.utf8Encode(String(value)) }
	function attempt(action) {
		try { return text('returned ' + action()) } catch (error) { return text(error.name + ': ' + error.message) }
	}
	var recursions = {
		call: function f() { return f() + 1 },
		method: function () { var o = { go: function () { return this.go() + 1 } }; return o.go() },
		map: function f() { return [1].map(f) },
		sort: function f() { return [2, 1].sort(f) },
		getter: function () { var o = { get x() { return this.x } }; return o.x },
		valueOf: function () { var o = { valueOf: function () { return o + 1 } }; return o + 1 },
		toString: function () { var o = { toString: function () { return '' + o } }; return '' + o },
		bound: function () { var f = function () { return g() }; var g = f.bind(null); return g() },
		apply: function f() { return Reflect.apply(f, null, []) },
		construct: function () { function F() { return new F() } return new F() },
		generator: function () { function* g() { yield* g() } return g().next() },
		iterator: function () { var o = {}; o[Symbol.iterator] = function () { return [].concat([...o])[Symbol.iterator]() }; return [...o] },
		spread: function f() { return Math.max(...[f()]) },
		typed: function f() { return new Uint8Array([1]).map(f) },
		join: function () { var a = []; for (var i = 0; i < 100000; i++) a = [a]; return a.join() },
		flat: function () { var a = []; for (var i = 0; i < 100000; i++) a = [a]; return a.flat(Infinity).length },
		prototype: function () { var o = null; for (var i = 0; i < 100000; i++) o = Object.create(o); return o.missing },
		replace: function f() { return 'a'.replace('a', f) },
		set: function () { var o = { set x(v) { this.x = v } }; o.x = 1 },
		mapForEach: function f() { return new Map([[1, 1]]).forEach(f) },
		from: function f() { return Array.from([1], f) },
		reduce: function f() { return [1, 2].reduce(f) },
	}
	var exhaustions = {
		bytes: function () { for (var all = []; ; ) all.push(new Uint8Array(1 << 20)) },
		oneArray: function () { return new Uint8Array(1 << 30).length },
		objects: function () { for (var all = null; ; ) all = { next: all } },
		text: function () { for (var s = 'x'; ; ) s += s + '!' },
		bigint: function () { for (var n = 3n; ; ) n = n * n },
		shift: function () { return 1n << (1n << 30n) },
		array: function () { for (var a = []; ; ) a.push(a.length) },
		map: function () { for (var m = new Map(), i = 0; ; ) m.set(i++, {}) },
		closures: function () { for (var a = []; ; ) a.push(function () { return a }) },
		decode: function () { return host.utf8Decode(new Uint8Array(12 << 20)).length },
	}
	globalThis.__runtime = {
		Test_host: function (input) {
			var at = 0
			function take(n) { at += n; return input.slice(at - n, at) }
			function size() { var b = take(4); return b[0] | (b[1] << 8) | (b[2] << 16) | (b[3] << 24) }
			var method = ascii(take(size())), args = []
			while (at < input.length) {
				var tag = take(1)[0]
				if (tag === 0) args.push(null)
				else if (tag === 1) args.push(take(size()))
				else if (tag === 2) args.push(size() >>> 0)
				else args.push(utf16(take(size())))
			}
			return result(host[method].apply(host, args))
		},
		Test_at_load: function () { return hashedAtLoad },
		Test_asset: function (name) { return globalThis.__assets[ascii(name)] },
		Test_echo: function (input) { return input },
		Test_recurse: function (name) { return attempt(recursions[ascii(name)]) },
		Test_exhaust: function (name) { return attempt(exhaustions[ascii(name)]) },
		Test_absent: function (path) {
			var value = globalThis
			ascii(path).split('.').forEach(function (name) { value = value === undefined ? undefined : value[name] })
			return Uint8Array.of(value === undefined ? 1 : 0)
		},
		Test_parse: function () { return attempt(function () { return (function () {}).constructor('return 1')() }) },
		Test_throw: function (message) { throw new Error(ascii(message)) },
		Test_wrong: function () { return 'text' },
		Test_names: function () { return text(Object.keys(recursions).join() + ';' + Object.keys(exhaustions).join()) },
	}
})()`

export const PROBE_APIS = [
	...['Test_host', 'Test_at_load', 'Test_asset', 'Test_echo', 'Test_recurse', 'Test_exhaust', 'Test_absent', 'Test_parse'],
	...['Test_throw', 'Test_wrong', 'Test_names'],
]

const u32 = (value: number): number[] => [value & 0xff, (value >> 8) & 0xff, (value >> 16) & 0xff, value >>> 24]

function encodeArgument(arg: Argument): number[] {
	if (arg === null) return [0]
	if (typeof arg === 'number') return [2, ...u32(arg)]
	if (typeof arg !== 'string') return [1, ...u32(arg.length), ...arg]
	const units = Array.from({ length: arg.length }, (_, i) => arg.charCodeAt(i)).flatMap((unit) => [unit & 0xff, unit >> 8])
	return [3, ...u32(units.length), ...units]
}

/** Input of `Test_host`. */
export const encodeCall = (method: string, args: Argument[]): Uint8Array =>
	Uint8Array.from([...u32(method.length), ...new TextEncoder().encode(method), ...args.flatMap(encodeArgument)])

/** Output of `Test_host`. */
export function decodeResult(bytes: Uint8Array): Uint8Array | boolean | string | null | undefined {
	const [tag] = bytes
	const rest = bytes.slice(1)
	if (tag === 0) return null
	if (tag === 1) return rest
	if (tag === 2) return rest[0] === 1
	if (tag === 3) return String.fromCharCode(...new Uint16Array(rest.buffer, 0, rest.length / 2))
	return undefined
}
