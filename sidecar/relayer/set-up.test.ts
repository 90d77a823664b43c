import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { backoffMs } from './backoff.ts'
import { genesisForkVersion, readConfig } from './config.ts'
import { judgeDispatchError } from './dispatch-verdict.ts'
import { FatalError, RetryableError } from './errors.ts'
import { checkSetUp } from './preflight.ts'
import { ethereumAccount, readSecret, witnessAccount } from './secrets.ts'

const KEY = `0x${'11'.repeat(32)}`
const ESCROW = '0x5FbDB2315678afecb367f032d93F642f64180aa3'
const flags = {
	chain: 'ws://127.0.0.1:9944',
	ethereum: 'http://127.0.0.1:8545',
	escrow: ESCROW,
	data: 'd',
	account: '//Witness1',
	ethereumKey: 'k',
}

let directory: string
beforeAll(() => {
	directory = mkdtempSync(join(tmpdir(), 'stkr-set-up-'))
})
afterAll(() => rmSync(directory, { recursive: true, force: true }))

const keyFile = (name: string, text: string, mode: number) => {
	const path = join(directory, name)
	writeFileSync(path, text)
	chmodSync(path, mode)
	return path
}

describe('keys', () => {
	test('SDC-2 a key file that others can read is refused, with the command that mends it', () => {
		const path = keyFile('open.key', KEY, 0o644)

		expect(() => readSecret('--ethereum-key', path, {})).toThrow(`can be read by others (mode 644). Run: chmod 600 ${path}`)
	})

	test('a key comes from a file of mode 0600 or from the environment', () => {
		const path = keyFile('ethereum.key', `${KEY}\n`, 0o600)

		expect(ethereumAccount(path, {}).address).toBe(ethereumAccount('env:KEY', { KEY: KEY.slice(2) }).address)
	})

	test.each([KEY, KEY.slice(2), 'bottom drive obey lake curtain smoke basket hold race lonely fit walk'])(
		'a key on the command line is refused and not repeated',
		(secret) => {
			const refusal = expect(() => readSecret('--account', secret, {}))
			refusal.toThrow(/--account was given a key itself/)
			expect(() => readSecret('--account', secret, {})).not.toThrow(secret)
		},
	)

	test('what is missing, empty or no key is named, never shown', async () => {
		const noKey = keyFile('no.key', 'hunter2', 0o600)

		expect(() => readSecret('--account', join(directory, 'absent'), {})).toThrow(/--account names the file .*absent, which cannot be read/)
		expect(() => readSecret('--account', keyFile('empty.key', '\n', 0o600), {})).toThrow(/is empty/)
		expect(() => readSecret('--account', 'env:ABSENT', {})).toThrow('the environment variable ABSENT, which is not set')
		expect(() => ethereumAccount(noKey, {})).toThrow('What --ethereum-key names is no Ethereum key: expected 32 bytes in hexadecimal.')
		expect(() => ethereumAccount('env:ZERO', { ZERO: `0x${'00'.repeat(32)}` })).toThrow(/no Ethereum key/)
		await expect(witnessAccount(noKey, {})).rejects.toThrow(/no secret URI/)
	})

	test('a development account is named by its derivation', async () => {
		expect((await witnessAccount('//Alice', {})).address).toBe('5GrwvaEF5zXb26Fz9rcQpDWS57CtERHpNehXCPcNoHGKutQY')
	})
})

describe('configuration', () => {
	test('flags win over the file, and what neither gives has a default', () => {
		const file = join(directory, 'witness.json')
		writeFileSync(file, JSON.stringify({ ...flags, pollMs: 100, port: 1 }))

		expect(readConfig({ port: '2' }, file)).toMatchObject({ ...flags, pollMs: 100, port: 2, host: '127.0.0.1' })
	})

	test('everything wrong is told at once, by the name of the flag', () => {
		const refusal = () =>
			readConfig({ ...flags, chain: 'http://127.0.0.1', escrow: '0x1', ethereumKey: undefined, port: '70000' }, undefined)

		for (const flag of [
			'--chain: expected a URL with ws: or wss:',
			'--escrow: expected an Ethereum address',
			'--ethereum-key:',
			'--port:',
		]) {
			expect(refusal).toThrow(flag)
		}
	})

	test('an unknown name in the file and an unreadable file are refused', () => {
		const file = join(directory, 'typo.json')
		writeFileSync(file, JSON.stringify({ ...flags, chian: 'ws://' }))

		expect(() => readConfig({}, file)).toThrow(/chian/)
		expect(() => readConfig(flags, join(directory, 'absent.json'))).toThrow(/cannot be read/)
	})

	test('ESC-6 the genesis fork version is known for public networks and must be given for others', () => {
		expect(genesisForkVersion(1, undefined)).toBe('0x00000000')
		expect(genesisForkVersion(1337, '0x00000001')).toBe('0x00000001')
		expect(() => genesisForkVersion(1337, undefined)).toThrow(/--genesis-fork-version/)
		expect(() => genesisForkVersion(1, '0x00000001')).toThrow(/that of Ethereum chain 1 is 0x00000000/)
	})
})

describe('set-up of chain, contract and witness', () => {
	const me = { escrow: ESCROW, account: '0xaa', ethereumAccount: '0xE1' } as const
	const witnesses = [
		{ account: '0xbb', ethereum: '0xe0', weight: 1 },
		{ account: '0xaa', ethereum: '0xe1', weight: 1 },
	] as const
	const bridge = { chainId: 1n, contract: ESCROW as `0x${string}` | null, witnessSet: { id: 7n, threshold: 2, witnesses: [...witnesses] } }
	const contract = { chainId: 1 }
	const set = { id: 7n, witnesses: ['0xE0', '0xE1'] as const, threshold: 2, validUntil: 2n ** 64n - 1n }

	test('ESC-2 a witness that fits has its place in the set', () => {
		expect(checkSetUp(bridge, contract, set, me)).toEqual({ index: 1, of: 2 })
	})

	test.each<[string, { chain?: object; set?: object; witness?: object }, string]>([
		['another network', { chain: { chainId: 5n } }, 'bridges to Ethereum chain 5, but --ethereum is chain 1'],
		['another escrow', { chain: { contract: '0x01' } }, 'escrow contract is 0x01'],
		[
			'another witness set',
			{ set: { id: 8n } },
			`has witness set 7, the contract ${ESCROW} has 8: the chain has not taken the next set yet`,
		],
		['an account that is no witness', { witness: { account: '0xcc' } }, 'is no witness on the Stkr chain'],
		['a key of another', { witness: { ethereumAccount: '0xE0' } }, 'expects signatures of 0xe1'],
		['a contract that does not know it', { set: { witnesses: ['0xE0'] } }, 'does not count 0xE1'],
	])('ESC-2 %s is refused', (_, change, message) => {
		const check = () => checkSetUp({ ...bridge, ...change.chain }, contract, { ...set, ...change.set }, { ...me, ...change.witness })

		expect(check).toThrow(FatalError)
		expect(check).toThrow(message)
	})

	test('a chain that does not know its contract yet is waited for', () => {
		expect(() => checkSetUp({ ...bridge, contract: null }, contract, set, me)).toThrow(RetryableError)
	})
})

describe('failures', () => {
	test('SDC-2 what the chain knows already counts as done', () => {
		for (const name of ['AlreadyMinted', 'AlreadyVoted', 'AlreadySigned', 'OrderClosed', 'OrderExpired']) {
			expect(judgeDispatchError(`escrow.${name}`), name).toBe('done')
		}
	})

	test('what repetition cannot mend is fatal, the rest is tried again', () => {
		expect(judgeDispatchError('escrow.InvalidSignature')).toBeInstanceOf(FatalError)
		expect(judgeDispatchError('escrow.Equivocated')).toBeInstanceOf(FatalError)
		expect(judgeDispatchError('escrow.NonceTooFar')).toBeInstanceOf(RetryableError)
		expect(judgeDispatchError('escrow.UnknownOrder')).toBeInstanceOf(RetryableError)
		expect(judgeDispatchError('Token')).toBeInstanceOf(RetryableError)
	})

	test('the delay doubles up to the cap, with jitter in its upper half', () => {
		const backoff = { baseMs: 1_000, capMs: 5_000 }

		expect([1, 2, 3, 4, 100].map((attempts) => backoffMs(backoff, attempts, 0))).toEqual([500, 1_000, 2_000, 2_500, 2_500])
		expect([1, 2, 3, 4, 100].map((attempts) => backoffMs(backoff, attempts, 1))).toEqual([1_000, 2_000, 4_000, 5_000, 5_000])
	})
})
