/** A directory that a test file has for itself. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll } from 'vitest'

/** Removed after the tests of the file. */
export function temporaryDirectory(): string {
	const directory = mkdtempSync(join(tmpdir(), 'stkr-keys-'))
	afterAll(() => rmSync(directory, { recursive: true, force: true }))
	return directory
}
