/** What commands print, and where they write. */
import { mkdirSync } from 'node:fs'
import { FatalError, messageOf } from '../../relayer/errors.ts'

/** Entering a directory of keys is for its owner alone. */
const OWNER_ONLY = 0o700

/** @throws FatalError `file` when there can be no such directory */
export function makeDirectory(directory: string): void {
	try {
		mkdirSync(directory, { recursive: true, mode: OWNER_ONLY })
	} catch (error) {
		throw new FatalError('file', `--out ${directory} cannot be made: ${messageOf(error)}.`)
	}
}

/** Results: one line each, for people and pipes. */
export function print(...lines: string[]): void {
	process.stdout.write(`${lines.join('\n')}\n`)
}

/** Warnings, apart from results. */
export function warn(...lines: string[]): void {
	process.stderr.write(`${lines.join('\n')}\n`)
}

/** @throws FatalError `option` naming the option and its value */
export function wholeNumber(option: string, value: string, least = 0): number {
	const number = Number(value)
	if (/^\d+$/.test(value) && Number.isSafeInteger(number) && number >= least) return number
	throw new FatalError('option', `${option} is ${value}: expected a whole number, at least ${least}.`)
}

/** @throws FatalError `option` naming the option and its value */
export function u64(option: string, value: string): bigint {
	if (/^\d{1,20}$/.test(value) && BigInt(value) < 2n ** 64n) return BigInt(value)
	throw new FatalError('option', `${option} is ${value}: expected a whole number below 2^64.`)
}

/** Since 1970, for names of files. */
export const nowSeconds = (): number => Math.floor(Date.now() / 1000)
