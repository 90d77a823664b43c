import { execFileSync } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Keyring } from '@polkadot/keyring'
import { u8aToHex } from '@polkadot/util'
import { cryptoWaitReady } from '@polkadot/util-crypto'
import { DEV_KEYS } from '@stkr/runtime-spec/runtime/presets.ts'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { buildPreset, buildRaw, ChainSpecError, loadChainSpec, PRESETS } from './index.ts'

const CODE = `0x${'00'.repeat(16)}`
let dir: string

beforeAll(async () => {
	await cryptoWaitReady()
	dir = await mkdtemp(join(tmpdir(), 'stkr-spec-'))
})
afterAll(() => rm(dir, { recursive: true }))

const written = async (name: string, value: unknown): Promise<string> => {
	const path = join(dir, name)
	await writeFile(path, typeof value === 'string' ? value : JSON.stringify(value))
	return path
}
const cli = (...args: string[]): { code: number; out: string; err: string } => {
	try {
		const out = execFileSync(process.execPath, [fileURLToPath(new URL('cli.ts', import.meta.url)), ...args], {
			encoding: 'utf8',
			stdio: 'pipe',
		})
		return { code: 0, out, err: '' }
	} catch (thrown) {
		const { status, stdout, stderr } = thrown as { status: number; stdout: string; stderr: string }
		return { code: status, out: stdout, err: stderr }
	}
}

test.each(Object.keys(PRESETS))('SPC-1 builds preset %s the same every time, plain and raw', async (name) => {
	const plain = await buildPreset(name, CODE)
	const raw = JSON.stringify(await buildRaw(plain))
	expect(JSON.stringify(await buildPreset(name, CODE))).toBe(JSON.stringify(plain))
	expect(JSON.stringify(await buildRaw(plain))).toBe(raw)
	const { top } = JSON.parse(raw).genesis.raw
	expect(top['0x3a636f6465']).toBe(CODE)
	expect(Object.keys(top)).toEqual([...Object.keys(top)].sort())
	const path = await written(`${name}.json`, raw)
	expect(JSON.stringify(await loadChainSpec(path))).toBe(raw)
	expect(JSON.stringify(await loadChainSpec(await written(`${name}-plain.json`, plain)))).toBe(raw)
})

test('SPC-1 the dev keys are those every Substrate tool derives', () => {
	for (const [name, { sr25519, ed25519 }] of Object.entries(DEV_KEYS)) {
		expect(u8aToHex(new Keyring({ type: 'sr25519' }).addFromUri(`//${name}`).publicKey)).toBe(sr25519)
		expect(u8aToHex(new Keyring({ type: 'ed25519' }).addFromUri(`//${name}`).publicKey)).toBe(ed25519)
	}
})

test('SPC-1 says which field of a spec is wrong and what belongs there', async () => {
	const plain = await buildPreset('dev', CODE)
	const refused = async (value: unknown): Promise<string> => {
		const thrown = await loadChainSpec(await written('bad.json', value)).catch((error: unknown) => error)
		expect(thrown).toBeInstanceOf(ChainSpecError)
		return (thrown as Error).message
	}
	const withConfig = (config: object) => ({
		...plain,
		genesis: { runtimeGenesis: { code: CODE, config: { ...plain.genesis.runtimeGenesis.config, ...config } } },
	})
	const alice = DEV_KEYS.Alice.sr25519
	expect(await refused('{')).toMatch(/can't read the chain spec .*bad\.json/)
	expect(await refused({ ...plain, id: 'Bad Id' })).toMatch('id: a chain id has small letters')
	expect(await refused({ ...plain, properties: { ...plain.properties, ss58Format: 7 } })).toMatch('properties.ss58Format')
	expect(await refused({ ...plain, bootNodes: ['nowhere'] })).toMatch('bootNodes.0: expected a multiaddress')
	expect(await refused({ ...plain, genesis: { runtimeGenesis: { code: '0x', config: {} } } })).toMatch('put the runtime blob there')
	expect(await refused(withConfig({ nonsense: {} }))).toMatch('no pallet "nonsense"; the pallets are')
	expect(await refused(withConfig({ balances: { balances: [[alice, 1]] } }))).toMatch('balances.balances[0]')
	expect(await refused(withConfig({ balances: { balances: [[alice, '1e18']] } }))).toMatch('balances.balances[0][1]: expected')
	expect(await refused(withConfig({ balances: { balances: [[alice.slice(0, -2), '1000000000000000000']] } }))).toMatch('32 hex bytes')
	const validator = { account: alice, aura: alice, grandpa: DEV_KEYS.Alice.ed25519 }
	const withSession = (session: object) => withConfig({ session })
	expect(await refused(withConfig({ session: undefined }))).toMatch('session.validators: expected 1 to 100 validators, got 0')
	expect(await refused(withSession({ validators: [] }))).toMatch('session.validators: expected 1 to 100 validators, got 0')
	expect(await refused(withSession({ validators: [{ account: alice, aura: alice }] }))).toMatch(
		'session.validators[0].grandpa: expected 32',
	)
	expect(await refused(withSession({ validators: [validator, validator] }))).toMatch('session.validators[1]: this account is in the list')
	expect(await refused(withSession({ validators: [{ ...validator, grandpa: alice }] }))).toMatch('must be two keys')
	expect(await refused(withSession({ period: 0, validators: [validator] }))).toMatch('session.period: a session must last 1 to')
	expect(await refused(withConfig({ aura: { authorities: [alice] } }))).toMatch('unknown field "authorities"; the fields are slotDuration')
	expect(await refused(withConfig({ grandpa: { authorities: [] } }))).toMatch('no pallet "grandpa"; the pallets are')
	expect(await refused(withConfig({ aura: { slotDuration: 1 } }))).toMatch('a slot must last 100 ms')
	expect(await refused(withConfig({ sudo: { keys: alice } }))).toMatch('unknown field "keys"; the fields are key')
	await expect(buildPreset('main', CODE)).rejects.toThrow('the presets are dev, local')
})

test('SPC-1 the command line builds, turns raw, checks, and names what is wrong', async () => {
	const code = await written('code.wasm', Buffer.alloc(16).toString('latin1'))
	expect(cli('presets').out).toContain('dev')
	const plain = join(dir, 'cli.json')
	expect(cli('build', '--chain', 'local', '--code', code, '--out', plain).code).toBe(0)
	const raw = cli('raw', plain)
	expect(JSON.parse(raw.out).id).toBe('stkr_local')
	expect(cli('check', plain).out).toMatch(/Stkr Local \(stkr_local\), \d+ keys in genesis/)
	const bad = cli('build', '--chain', 'main', '--code', code)
	expect([bad.code, bad.err]).toEqual([1, 'stkr-chain-spec: there is no preset "main"; the presets are dev, local\n'])
	expect(cli('build', '--chain', 'dev', '--code', join(dir, 'none')).err).toContain('no such file')
})
