import { execFile } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, describe, expect, test } from 'vitest'
import { verifyExit } from './keys/exit.ts'
import { MNEMONIC, PUBLIC_KEY } from './keys/testing/vectors.ts'

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

describe('keys', () => {
	const directory = mkdtempSync(join(tmpdir(), 'stkr-cli-keys-'))
	afterAll(() => rmSync(directory, { recursive: true, force: true }))
	const at = (...path: string[]) => join(directory, ...path)
	const password = at('password')
	writeFileSync(password, 'correct horse battery\n', { mode: 0o600 })
	const ESCROW = '0x5FbDB2315678afecb367f032d93F642f64180aa3'
	const devnet = ['--network', 'dev', '--genesis-fork-version', '0x20000089']
	const deposit = [...devnet, '--withdrawal-address', ESCROW]

	/** Runs a command of the group that must succeed. @returns the lines it printed */
	const keys = async (...args: string[]): Promise<string[]> => {
		const { code, out, err } = await run('keys', ...args)
		expect({ code, err: code === 0 ? '' : err }).toEqual({ code: 0, err: '' })
		return out.trimEnd().split('\n')
	}

	/** What both parties do at the same time. */
	const both = <T>(step: (index: string) => Promise<T>): Promise<T[]> => Promise.all(['1', '2'].map(step))

	/** A session of two parties, up to their public files. */
	const join2 = async (name: string) => {
		await both((index) => keys('dkg', 'join', '--index', index, '--out', at(name), '--password-file', password))
		const plan = ['--party', at(name, 'party-1.json'), at(name, 'party-2.json'), '--threshold', '2']
		const secret = (index: string) => ['--secret', at(name, `party-${index}.secret.json`), '--password-file', password]
		const deals = ['--deal', at(name, 'deal-1.json'), at(name, 'deal-2.json'), '--share-password-file', password]
		return { plan, secret, deals }
	}

	test('ESC-7 --help lists every command, and shows a shared key made', async () => {
		const { code, out } = await run('keys', '--help')

		expect(code).toBe(0)
		const commands = [
			'new',
			'derive',
			'deposit',
			'verify-deposit',
			'split',
			'dkg',
			'refresh',
			'sign-exit',
			'sign-deposit',
			'combine',
			'recover',
		]
		for (const command of commands) expect(out).toMatch(new RegExp(`^ {2}${command} `, 'm'))
		expect(out).toContain('$ stkr-sidecar keys dkg join --index 1')
	})

	test('ESC-7 new keys come with a mnemonic, shown once, that makes them again', async () => {
		const [mnemonic, keystore, depositFile] = await keys('new', ...deposit, '--guard', '--out', at('new'), '--password-file', password)
		writeFileSync(at('mnemonic'), mnemonic, { mode: 0o600 })

		const [again] = await keys('derive', '--mnemonic-file', at('mnemonic'), '--out', at('again'), '--password-file', password)

		const publicKeyOf = (file: string) => JSON.parse(readFileSync(file, 'utf8')).pubkey
		expect(publicKeyOf(again)).toBe(publicKeyOf(keystore))
		expect(JSON.parse(readFileSync(again, 'utf8')).path).toBe('m/12381/3600/0/0/0')
		expect(await keys('verify-deposit', '--file', depositFile, ...deposit)).toEqual([
			`0x${publicKeyOf(keystore)} 1000000000 gwei: valid`,
			`0x${publicKeyOf(keystore)} 31000000000 gwei: valid`,
		])
		for (const file of readdirSync(at('new'))) expect(readFileSync(at('new', file), 'utf8')).not.toContain(mnemonic.split(' ')[0])
		const elsewhere = await run('keys', 'verify-deposit', '--file', depositFile, ...devnet, '--withdrawal-address', `0x${'01'.repeat(20)}`)
		expect(elsewhere).toMatchObject({ code: 2, err: expect.stringContaining('withdrawal-credentials') })
	})

	test('ESC-7 provider and system make a key, deposit, refresh, and exit with it, and neither has it', { timeout: 300_000 }, async () => {
		const { plan, secret, deals } = await join2('session')
		await both((index) => keys('dkg', 'deal', ...plan, ...secret(index), '--out', at('session')))
		const [one, two] = await both((index) => keys('dkg', 'accept', ...plan, ...secret(index), ...deals, '--out', at('shares')))
		const [, key, fingerprint] = one
		expect(two).toEqual([at('shares', 'share-2.json'), key, fingerprint])
		expect(fingerprint).toMatch(/^group 2-of-2, fingerprint [0-9a-f]{32}$/)
		const publicKey = key.slice('key '.length) as `0x${string}`

		const signer = (name: string, index: string) => ['--share', at(name, `share-${index}.json`), '--password-file', password]
		const deposits = await both((index) => keys('sign-deposit', ...signer('shares', index), ...deposit, '--out', at('partials')))
		const [depositFile] = await keys('combine', '--partial', ...deposits.flat(), '--out', at('deposit'))
		expect(await keys('verify-deposit', '--file', depositFile, ...deposit)).toEqual([`${publicKey} 32000000000 gwei: valid`])

		const next = await join2('refresh')
		const dealers = ['--dealers', '1', '2', '--out', at('refresh')]
		await both((index) => keys('refresh', 'deal', ...signer('shares', index), ...next.plan, ...dealers))
		const renewed = ['--public-key', publicKey, '--out', at('renewed')]
		await both((index) => keys('refresh', 'accept', ...next.plan, ...next.secret(index), ...next.deals, ...renewed))

		const network = { capellaForkVersion: '0x40000089', genesisValidatorsRoot: `0x${'07'.repeat(32)}` } as const
		const { capellaForkVersion, genesisValidatorsRoot } = network
		const chain = ['--network', 'dev', '--capella-fork-version', capellaForkVersion, '--genesis-validators-root', genesisValidatorsRoot]
		const exit = [...chain, '--validator-index', '7', '--epoch', '1200', '--out', at('renewed')]
		const exits = await both((index) => keys('sign-exit', ...signer('renewed', index), ...exit))
		const alone = await run('keys', 'combine', '--partial', ...exits[0], '--out', at('alone'))
		expect(alone).toMatchObject({ code: 2, err: expect.stringContaining('2 are needed') })
		const [exitFile] = await keys('combine', '--partial', ...exits.flat(), '--out', at('exit'))
		const signed = JSON.parse(readFileSync(exitFile, 'utf8'))
		expect(signed.message).toEqual({ epoch: '1200', validator_index: '7' })
		expect(verifyExit(signed, publicKey, network)).toBe(true)
	})

	test('ESC-7 a split key is recovered only when that is said, and is the same', async () => {
		writeFileSync(at('public-mnemonic'), MNEMONIC, { mode: 0o600 })
		const [keystore] = await keys('derive', '--mnemonic-file', at('public-mnemonic'), '--out', at('whole'), '--password-file', password)
		const passwords = ['--password-file', password, '--share-password-file', password]
		await keys('split', '--keystore', keystore, '--threshold', '2', '--holders', '3', ...passwords, '--out', at('split'))
		const shares = ['--share', at('split', 'share-3.json'), at('split', 'share-1.json'), ...passwords, '--out', at('recovered')]

		const refused = await run('keys', 'recover', ...shares)
		const [, key] = await keys('recover', ...shares, '--whole-key')

		expect(refused).toMatchObject({ code: 2, err: expect.stringContaining('--whole-key') })
		expect(key).toBe(`key ${PUBLIC_KEY}`)
		expect(statSync(at('split', 'share-1.json')).mode & 0o777).toBe(0o600)
	})

	test('ESC-7 wrong use ends with 2, says what to do, and shows no stack', async () => {
		const loose = at('loose')
		writeFileSync(loose, 'correct horse battery', { mode: 0o644 })
		const make = ['new', ...deposit, '--out', at('never')]
		const cases: [string[], string][] = [
			[[...make], 'There is no terminal'],
			[[...make, '--password-file', loose], 'chmod 600'],
			[[...make, '--password-file', password, '--count', '0'], '--count is 0'],
			[
				['new', '--network', 'dev', '--withdrawal-address', ESCROW, '--out', at('never'), '--password-file', password],
				'--genesis-fork-version',
			],
			[['sign-exit', '--network', 'hoodi', '--validator-index', '7', '--epoch', '1', '--out', at('never')], 'Give one of --keystore'],
			[['combine', '--partial', password, '--out', at('never')], 'it is no JSON'],
		]
		for (const [args, message] of cases) {
			const { code, err } = await run('keys', ...args)
			expect({ code, err }).toEqual({ code: 2, err: expect.stringContaining(message) })
			expect(err).not.toContain('    at ')
		}
		expect(existsSync(at('never'))).toBe(false)
	})
})
