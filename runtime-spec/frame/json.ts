import { fromHex } from './bytes.ts'

/** JSON as genesis configs use it. Integers only, exact at any size; the realm has no JSON built in. */
export type JsonValue = null | boolean | bigint | string | JsonValue[] | { [key: string]: JsonValue }

/** A genesis config that can't be taken: says where and why. */
export class GenesisError extends Error {}

const fail = (at: number, what: string): never => {
	throw new GenesisError(`genesis JSON, byte ${at}: ${what}`)
}

/** Parses JSON text. Throws `GenesisError` with the place. Numbers must be integers. */
export const parseJson = (text: string): JsonValue => {
	let at = 0
	const space = (): void => {
		while (at < text.length && ' \t\r\n'.indexOf(text[at]) >= 0) at++
	}
	const expect = (word: string): void => {
		if (text.slice(at, at + word.length) !== word) fail(at, `expected ${word}`)
		at += word.length
	}
	const string = (): string => {
		expect('"')
		let out = ''
		for (;;) {
			const c = text[at]
			if (c === undefined) fail(at, 'text ends inside a string')
			at++
			if (c === '"') return out
			if (c !== '\\') {
				out += c
				continue
			}
			const escaped = text[at++]
			if (escaped === 'u') {
				const code = fromHex(`0x${text.slice(at, at + 4)}`)
				if (code?.length !== 2) return fail(at, 'bad \\u escape')
				out += String.fromCharCode(code[0] * 256 + code[1])
				at += 4
			} else {
				const plain = '"\\/bfnrt'.indexOf(escaped)
				if (plain < 0) fail(at, `bad escape \\${escaped}`)
				out += '"\\/\b\f\n\r\t'[plain]
			}
		}
	}
	const integer = (): bigint => {
		const start = at
		if (text[at] === '-') at++
		while (text[at] >= '0' && text[at] <= '9') at++
		if (text[at] === '.' || text[at] === 'e' || text[at] === 'E') fail(at, 'only integers; write large amounts as a string or integer')
		if (at === start || text.slice(start, at) === '-') fail(start, 'expected a value')
		return BigInt(text.slice(start, at))
	}
	const value = (depth: number): JsonValue => {
		if (depth > 16) fail(at, 'nested deeper than 16')
		space()
		let out: JsonValue
		const c = text[at]
		if (c === '{') {
			const object: { [key: string]: JsonValue } = {}
			at++
			space()
			if (text[at] !== '}') {
				do {
					space()
					const key = string()
					if (key in object) fail(at, `key "${key}" twice`)
					space()
					expect(':')
					object[key] = value(depth + 1)
				} while (text[at] === ',' && ++at)
			}
			expect('}')
			out = object
		} else if (c === '[') {
			const list: JsonValue[] = []
			at++
			space()
			if (text[at] !== ']') {
				do list.push(value(depth + 1))
				while (text[at] === ',' && ++at)
			}
			expect(']')
			out = list
		} else if (c === '"') out = string()
		else if (c === 't') {
			expect('true')
			out = true
		} else if (c === 'f') {
			expect('false')
			out = false
		} else if (c === 'n') {
			expect('null')
			out = null
		} else out = integer()
		space()
		return out
	}
	const out = value(0)
	if (at !== text.length) fail(at, 'text after the value')
	return out
}
