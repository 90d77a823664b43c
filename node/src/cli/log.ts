import type { Logger } from '../log.ts'

export const LEVELS = ['error', 'warn', 'info', 'debug'] as const
export type Level = (typeof LEVELS)[number]

/** Lines for people: time, level, message, fields; repeats of a line are left out. Errors and warnings go to stderr. */
export function textLogger(level: Level, onRecord: (fields: object) => void): Logger {
	const most = LEVELS.indexOf(level)
	let last = ''
	const write = (at: Level) => (fields: object, message: string) => {
		onRecord(fields)
		if (LEVELS.indexOf(at) > most) return
		const shown = Object.entries(fields).map(([name, value]) => `${name}=${typeof value === 'string' ? value : JSON.stringify(value)}`)
		const text = [at.padEnd(5), message, ...shown].join(' ')
		// a lasting fault (no authority key) would print the same line every second
		if (text === last) return
		last = text
		const line = `${new Date().toISOString()} ${text}`
		if (at === 'error' || at === 'warn') console.error(line)
		else console.log(line)
	}
	return { error: write('error'), warn: write('warn'), info: write('info'), debug: write('debug') }
}
