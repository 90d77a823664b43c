/** Secrets that people type, or keep in files of mode 0600. */
import { createInterface } from 'node:readline/promises'
import { Writable } from 'node:stream'
import { FatalError } from '../../relayer/errors.ts'
import { readSecret } from '../../relayer/secrets.ts'
import { normalizePassword } from '../keystore.ts'

/** Where a secret comes from. */
export interface SecretSource {
	/** What it is, for the prompt. */
	what: string
	/** The option that names a file or `env:NAME`. */
	option: string
	source: string | undefined
	/** Typed twice: a slip would lock the file for ever. */
	isNew?: boolean
}

/**
 * A secret from its file, else typed at the terminal without echo.
 *
 * @throws FatalError `secret` or `password` saying how to give it
 */
export async function secretFrom({ what, option, source, isNew }: SecretSource): Promise<string> {
	if (source !== undefined) return readSecret(option, source, process.env)
	if (!process.stdin.isTTY) {
		throw new FatalError('password', `There is no terminal to ask for the ${what}: give a file of mode 0600, or env:NAME, as ${option}.`)
	}
	const typed = await askHidden(`${what}: `)
	if (isNew && normalizePassword(await askHidden(`${what}, again: `)) !== normalizePassword(typed)) {
		throw new FatalError('password', `The two entries of the ${what} differ. Nothing was written.`)
	}
	return typed
}

/**
 * One secret each for several files: a single source serves all.
 *
 * @throws FatalError `password` when the numbers do not match
 */
export async function secretsFor(files: string[], option: string, sources: string[] | undefined, isNew: boolean): Promise<string[]> {
	if (sources && sources.length !== 1 && sources.length !== files.length) {
		throw new FatalError(
			'password',
			`${option} is given ${sources.length} times for ${files.length} files: give it once for all, or once for each.`,
		)
	}
	const secrets: string[] = []
	for (const [place, file] of files.entries()) {
		const source = sources && (sources.length === 1 ? sources[0] : sources[place])
		secrets.push(await secretFrom({ what: `Password of ${file}`, option, source, isNew }))
	}
	return secrets
}

/** Prints a secret. At a terminal it waits for Enter, and then clears the screen with what was above it. */
export async function showOnce(secret: string, advice: string): Promise<void> {
	process.stderr.write(`${advice}\n`)
	process.stdout.write(`${secret}\n`)
	if (!process.stdin.isTTY || !process.stdout.isTTY) return
	await ask(process.stderr, 'Then press Enter. ')
	process.stdout.write('\u001b[2J\u001b[3J\u001b[H')
}

async function askHidden(question: string): Promise<string> {
	process.stderr.write(question)
	try {
		return await ask(new Writable({ write: (_chunk, _encoding, done) => done() }))
	} finally {
		process.stderr.write('\n')
	}
}

/** One line from the terminal. @throws FatalError `password` when it is interrupted or at its end: nothing would settle the question */
async function ask(echo: NodeJS.WritableStream, question = ''): Promise<string> {
	const lines = createInterface({ input: process.stdin, output: echo, terminal: true })
	const interrupted = new AbortController()
	lines.once('SIGINT', () => interrupted.abort())
	lines.once('close', () => interrupted.abort())
	try {
		return await lines.question(question, { signal: interrupted.signal })
	} catch {
		throw new FatalError('password', 'Interrupted: nothing was entered.')
	} finally {
		lines.close()
	}
}
