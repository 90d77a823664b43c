/**
 * What a runtime must not reach, because its result depends on the machine, the clock, the engine's version or the number format
 * (BigInt and integers are exact; most of Math is "implementation-approximated" in ECMA-262), or because it needs a parser.
 */

/** Properties deleted from objects of the runtime's realm, by the path of the object. The others named below were never added to it. */
export const DELETED: Readonly<Record<string, readonly string[]>> = {
	globalThis: ['eval', 'Atomics', 'SharedArrayBuffer', 'queueMicrotask', 'performance', 'navigator'],
	Math: [
		'random',
		...['acos', 'acosh', 'asin', 'asinh', 'atan', 'atan2', 'atanh', 'cbrt', 'cos', 'cosh', 'exp', 'expm1', 'hypot'],
		...['log', 'log10', 'log1p', 'log2', 'pow', 'sin', 'sinh', 'tan', 'tanh'],
	],
	// They detach or move bytes that belong to the host.
	'ArrayBuffer.prototype': ['resize', 'transfer', 'transferToFixedLength', 'transferToImmutable'],
}

/** Globals a bundle must not name. */
export const ABSENT_GLOBALS: readonly string[] = [
	...DELETED.globalThis,
	'Date',
	'JSON',
	'Proxy',
	'Promise',
	'RegExp',
	'WeakRef',
	'FinalizationRegistry',
	'Intl',
	'TextEncoder',
	'TextDecoder',
	'setTimeout',
	'setInterval',
	'console',
	'process',
	'Buffer',
	'require',
]

/** Script that makes the deletions, run before the bundle. */
export const deletionScript = (): string =>
	Object.entries(DELETED)
		.flatMap(([object, names]) => names.map((name) => `delete ${object}.${name};`))
		.join('')
