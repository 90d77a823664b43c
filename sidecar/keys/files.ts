/** Files of keys: new ones only, readable by their owner alone. */
import { closeSync, fsyncSync, openSync, readFileSync, writeSync } from 'node:fs'
import type { z } from 'zod'
import { FatalError, messageOf } from '../relayer/errors.ts'

/** The owner alone may read and write. */
const OWNER_ONLY = 0o600

/**
 * Writes a file that does not exist yet, and waits until it is on disk: a lost key cannot be made again.
 *
 * @param mode of the file, for contents that are no secret
 * @throws FatalError `file` when it exists already or cannot be written; nothing is overwritten
 */
export function writeNewFile(file: string, text: string, mode = OWNER_ONLY): void {
	let descriptor: number
	try {
		descriptor = openSync(file, 'wx', mode)
	} catch (error) {
		const exists = error instanceof Error && 'code' in error && error.code === 'EEXIST'
		throw new FatalError(
			'file',
			exists
				? `${file} exists already, and keys are never overwritten. Move it away, or give another directory.`
				: `${file} cannot be written: ${messageOf(error)}. Give a directory that exists and is yours.`,
		)
	}
	try {
		writeSync(descriptor, text)
		fsyncSync(descriptor)
	} finally {
		closeSync(descriptor)
	}
}

/** JSON as people read it. */
export function toJson(value: unknown): string {
	return `${JSON.stringify(value, null, '\t')}\n`
}

/**
 * Reads JSON of a known shape.
 *
 * @param what the file should be, for the message
 * @throws FatalError `file` naming the file and each wrong field, never with a value
 */
export function readJson<T>(file: string, what: string, schema: z.ZodType<T>): T {
	let parsed: unknown
	try {
		parsed = JSON.parse(readFileSync(file, 'utf8'))
	} catch (error) {
		const why = error instanceof SyntaxError ? 'it is no JSON' : messageOf(error)
		throw new FatalError('file', `${file} cannot be read as ${what}: ${why}.`)
	}
	const result = schema.safeParse(parsed)
	if (result.success) return result.data
	const problems = result.error.issues.map(({ path, message }) => `  ${path.join('.') || 'the whole'}: ${message}`)
	throw new FatalError('file', `${file} is no ${what}:\n${problems.join('\n')}`)
}
