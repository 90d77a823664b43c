import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { testSpec } from './testing/runtime.ts'

const CLI = fileURLToPath(new URL('cli.ts', import.meta.url))

/** A spec whose runtime is never run: with manual sealing the node only stores and serves. */
function specOf(extra: Record<string, string> = {}, id = 'empty'): string {
	const top = { '0x3a636f6465': '0x00', ...extra }
	return JSON.stringify({ name: 'Empty', id, chainType: 'Local', properties: {}, bootNodes: [], genesis: { raw: { top } } })
}

let directory: string
const file = (name: string) => join(directory, name)

beforeAll(() => {
	directory = mkdtempSync(join(tmpdir(), 'stkr-cli-'))
	writeFileSync(file('empty.json'), specOf())
	writeFileSync(file('other.json'), specOf({ '0xabcd': '0x01' }))
	writeFileSync(file('broken.json'), '{"name":')
	writeFileSync(file('outside.json'), specOf({}, '../outside'))
})

afterAll(() => rmSync(directory, { recursive: true, force: true }))

class Running {
	readonly child: ChildProcess
	output = ''
	readonly #wakers = new Set<() => void>()
	readonly ended: Promise<number | null>

	constructor(args: string[]) {
		this.child = spawn(process.execPath, [CLI, ...args], { stdio: ['ignore', 'pipe', 'pipe'] })
		for (const stream of [this.child.stdout, this.child.stderr]) {
			stream?.on('data', (chunk) => {
				this.output += String(chunk)
				for (const wake of this.#wakers) wake()
			})
		}
		this.ended = new Promise((resolve) => this.child.once('close', resolve))
	}

	async saw(pattern: RegExp): Promise<RegExpMatchArray> {
		for (;;) {
			const found = this.output.match(pattern)
			if (found) return found
			const woken = new Promise<void>((resolve) => {
				const wake = () => {
					this.#wakers.delete(wake)
					resolve()
				}
				this.#wakers.add(wake)
			})
			const code = await Promise.race([woken, this.ended])
			if (typeof code === 'number') throw new Error(`stkr-node ended with ${code}:\n${this.output}`)
		}
	}
}

const running: Running[] = []

function start(...args: string[]): Running {
	const node = new Running(args)
	running.push(node)
	return node
}

afterEach(async () => {
	for (const { child, ended } of running.splice(0)) {
		child.kill('SIGKILL')
		await ended
	}
})

/** Runs to the end: exit code and everything printed. */
async function finished(...args: string[]): Promise<[number | null, string]> {
	const node = start(...args)
	return [await node.ended, node.output]
}

const serving = (base: string, ...more: string[]) =>
	start('--chain', file('empty.json'), '--base-path', file(base), '--sealing', 'manual', '--rpc-port', '0', ...more)

const PORT = /ws:\/\/127\.0\.0\.1:(\d+)/

describe('stkr-node', { timeout: 60_000 }, () => {
	it('helps, with examples and exit codes', async () => {
		const [code, output] = await finished('--help')
		expect(code).toBe(0)
		for (const text of ['--chain', '--sealing', 'purge-chain', 'Examples:', 'Exit codes:']) expect(output).toContain(text)
	})

	it.each([
		['an unknown option', ['--nope'], "unknown option '--nope'"],
		['an unknown sealing mode', ['--sealing', 'never'], 'Allowed choices are interval, instant, manual'],
		['a port out of range', ['--rpc-port', '70000'], 'It must be a whole number from 0 to 65535'],
		['two authorities', ['--alice', '--authority', '//Bob'], 'cannot be used with'],
		['a temporary base path', ['--tmp', '--base-path', 'x'], 'cannot be used with'],
		['options of the node before a subcommand', ['--chain', 'local', 'purge-chain'], 'put --chain after purge-chain'],
	])('refuses %s as wrong usage', async (_, args, message) => {
		const [code, output] = await finished(...args)
		expect([code, output]).toEqual([2, expect.stringContaining(message)])
	})

	it.each(['missing.json', 'broken.json', 'outside.json'])('says which chain spec it cannot use: %s', async (name) => {
		const [code, output] = await finished('--chain', file(name), '--tmp')
		expect([code, output]).toEqual([3, expect.stringContaining(`cannot use --chain ${file(name)}`)])
	})

	it('lists its endpoints, serves, and stops cleanly on a signal', async () => {
		const node = serving('served')
		const [, port] = await node.saw(PORT)
		await node.saw(/ready in \d+ ms/)
		const response = await fetch(`http://127.0.0.1:${port}`, {
			method: 'POST',
			headers: { 'content-type': 'application/json' },
			body: '{"jsonrpc":"2.0","id":1,"method":"system_chain"}',
		})
		expect(await response.json()).toMatchObject({ result: 'Empty' })
		node.child.kill('SIGTERM')
		expect(await node.ended).toBe(0)
		expect(node.output).toContain('stopped at block 0')
	})

	it('says which port is taken and how to choose another, and leaves the data free', async () => {
		const [, port] = await serving('first').saw(PORT)
		const args = ['--chain', file('empty.json'), '--base-path', file('second'), '--sealing', 'manual']
		const [code, output] = await finished(...args, '--rpc-port', port)
		expect([code, output]).toEqual([
			6,
			expect.stringContaining(`127.0.0.1:${port}: another program has the port; stop it, or choose another port`),
		])
		await start(...args, '--rpc-port', '0').saw(/ready in/)
	})

	it('refuses data another node has open', async () => {
		await serving('shared').saw(/ready in/)
		const second = serving('shared')
		expect([await second.ended, second.output]).toEqual([4, expect.stringContaining('in use by process')])
	})

	it('refuses data of another genesis, names both, and purge-chain clears them', async () => {
		const first = serving('stale')
		await first.saw(/ready in/)
		first.child.kill('SIGINT')
		await first.ended
		const other = ['--chain', file('other.json'), '--base-path', file('stale')]
		const [code, output] = await finished(...other, '--sealing', 'manual', '--rpc-port', '0')
		expect(code).toBe(4)
		expect(output).toMatch(/genesis 0x[0-9a-f]{64}.*genesis 0x[0-9a-f]{64}/)
		expect(output).toContain('purge-chain')
		expect(await finished('purge-chain', ...other)).toEqual([2, expect.stringContaining('confirm with --yes')])
		expect(await finished('purge-chain', '-y', ...other)).toEqual([0, expect.stringContaining('deleted the chain')])
		await start(...other, '--sealing', 'manual', '--rpc-port', '0').saw(/ready in/)
	})

	it('does not purge under a running node', async () => {
		await serving('busy').saw(/ready in/)
		const [code, output] = await finished('purge-chain', '-y', '--chain', file('empty.json'), '--base-path', file('busy'))
		expect([code, output]).toEqual([4, expect.stringContaining('in use by process')])
	})

	it('finds nothing to purge where no chain is', async () => {
		const [code, output] = await finished('purge-chain', '-y', '--chain', file('empty.json'), '--base-path', file('nowhere'))
		expect([code, output, existsSync(file('nowhere'))]).toEqual([0, expect.stringContaining('nothing to delete'), false])
	})

	it('does not listen to other machines by mistake', async () => {
		const [code, output] = await finished(
			'--chain',
			file('empty.json'),
			'--tmp',
			'--sealing',
			'manual',
			'--rpc-host',
			'0.0.0.0',
			'--rpc-port',
			'0',
		)
		expect([code, output]).toEqual([1, expect.stringContaining('--unsafe-rpc-external')])
	})
})

describe('stkr-node on stored blocks', { timeout: 60_000 }, () => {
	beforeAll(async () => {
		writeFileSync(file('test.json'), JSON.stringify(await testSpec()))
		const node = start(
			'--chain',
			file('test.json'),
			'--base-path',
			file('made'),
			'--sealing',
			'manual',
			'--rpc-port',
			'0',
			'--log',
			'debug',
		)
		const [, port] = await node.saw(PORT)
		await fetch(`http://127.0.0.1:${port}`, {
			method: 'POST',
			headers: { 'content-type': 'application/json' },
			body: '{"jsonrpc":"2.0","id":1,"method":"dev_newBlock","params":[{"count":5}]}',
		})
		// progress: number, hash, extrinsics, time, finality
		await node.saw(/#5 {2}0x[0-9a-f]{8}…[0-9a-f]{6} {2}1 extrinsic {2}\d+ ms {2}final #5/)
		node.child.kill('SIGINT')
		expect(await node.ended).toBe(0)
	})

	const on = (base: string) => ['--chain', file('test.json'), '--base-path', file(base)]

	it('executes stored blocks again', async () => {
		expect(await finished('check-block', ...on('made'))).toEqual([
			0,
			expect.stringContaining('blocks 1 to 5: every root as the headers say'),
		])
		expect(await finished('check-block', '6', ...on('made'))).toEqual([
			2,
			expect.stringContaining('there is no block 6: the best block is 5'),
		])
	})

	it('makes no chain where it should only read one', async () => {
		for (const command of ['verify', 'check-block', 'export-blocks']) {
			expect(await finished(command, ...on('absent'))).toEqual([4, expect.stringContaining('there is no chain test')])
		}
		expect(existsSync(file('absent'))).toBe(false)
	})

	it('checks every stored record', async () => {
		expect(await finished('verify', ...on('made'))).toEqual([0, expect.stringContaining('every record is sound; best #5, final #5')])
	})

	it('exports blocks and imports them into another place, final ones final', async () => {
		expect(await finished('export-blocks', file('blocks'), ...on('made'))).toEqual([0, expect.stringContaining('exported blocks 1 to 5')])
		const [code, output] = await finished('import-blocks', file('blocks'), ...on('copy'))
		expect([code, output]).toEqual([0, expect.stringMatching(/read 5 blocks, 5 of them new; best #5 0x[0-9a-f]{64}, final #5/)])
		expect(await finished('import-blocks', file('blocks'), ...on('copy'))).toEqual([0, expect.stringContaining('0 of them new')])
	})

	it('refuses blocks the chain has not, and files that are cut or missing', async () => {
		const [code, output] = await finished('export-blocks', file('none'), '--from', '4', '--to', '9', ...on('made'))
		expect([code, output]).toEqual([2, expect.stringContaining('there are no blocks 4 to 9 to export: the chain has blocks 1 to 5')])
		await finished('export-blocks', file('whole'), ...on('made'))
		writeFileSync(file('cut'), readFileSync(file('whole')).subarray(0, -10))
		expect(await finished('import-blocks', file('cut'), ...on('fresh'))).toEqual([1, expect.stringContaining('of 5 blocks')])
		expect(await finished('import-blocks', file('nothing'), ...on('fresh'))).toEqual([1, expect.stringContaining(file('nothing'))])
	})
})
