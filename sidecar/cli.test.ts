import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'

const CLI = fileURLToPath(new URL('./cli.ts', import.meta.url))

const run = (...args: string[]) =>
	new Promise<{ code: number; out: string; err: string }>((resolve) => {
		execFile(process.execPath, [CLI, ...args], (error, out, err) => resolve({ code: error ? Number(error.code) : 0, out, err }))
	})

test('--help of the witness lists its options and shows examples', async () => {
	const { code, out } = await run('witness', '--help')

	expect(code).toBe(0)
	for (const text of ['--chain <url>', '--ethereum-key <source>', 'Examples:', 'curl http://127.0.0.1:9615/status'])
		expect(out).toContain(text)
})

test('SDC-2 a witness without its options says which are missing, without a stack', async () => {
	const { code, err } = await run('witness', '--chain', 'ws://127.0.0.1:9944')

	expect(code).toBe(2)
	for (const flag of ['--ethereum', '--escrow', '--data', '--account', '--ethereum-key']) expect(err).toContain(`  ${flag}: `)
	expect(err).not.toContain('--chain: ')
	expect(err).not.toContain('    at ')
})

test('SDC-2 a key on the command line is refused and not repeated', async () => {
	const key = '11'.repeat(32)
	const places = ['--chain', 'ws://127.0.0.1:1', '--ethereum', 'http://127.0.0.1:1', '--escrow', `0x${'01'.repeat(20)}`, '--data', 'unused']

	const { code, out, err } = await run('witness', ...places, '--account', '//Alice', '--ethereum-key', `0x${key}`)

	expect(code).toBe(2)
	expect(err).toContain('--ethereum-key was given a key itself')
	expect(out + err).not.toContain(key)
})
