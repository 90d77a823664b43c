import { spawn } from 'node:child_process'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer, type Server } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'

const MAIN = fileURLToPath(new URL('main.ts', import.meta.url))
let dir: string
let blocker: Server | undefined

beforeEach(async () => {
	dir = await mkdtemp(join(tmpdir(), 'stkr-journey-'))
})
afterEach(async () => {
	blocker?.close()
	blocker = undefined
	await rm(dir, { recursive: true, force: true })
})

/** Runs `npm start` with these options to its end. `onLine` may stop it by a signal. */
const start = (
	args: string[],
	onLine: (line: string, stop: (signal: NodeJS.Signals) => void) => void = () => {},
): Promise<{ code: number | null; output: string }> =>
	new Promise((resolve) => {
		const child = spawn(process.execPath, [MAIN, ...args], { stdio: ['ignore', 'pipe', 'pipe'] })
		let output = ''
		const hear = (data: Buffer): void => {
			output += data
			for (const line of data.toString().split('\n')) onLine(line, (signal) => child.kill(signal))
		}
		child.stdout.on('data', hear)
		child.stderr.on('data', hear)
		child.once('exit', (code) => resolve({ code, output }))
	})

const takenPort = (): Promise<number> =>
	new Promise((resolve) => {
		blocker = createServer()
		blocker.listen(0, '127.0.0.1', () => resolve((blocker!.address() as { port: number }).port))
	})

describe('the main job', () => {
	test('POO-3 ESC-1 ESC-2 ESC-6 LST-1 carries the first stake from Ethereum to the deposit contract and back, to the wei', async () => {
		const { code, output } = await start(['--once', '--data', join(dir, 'data')])
		expect(output).toContain('the journey is complete')
		expect(output).toContain('Eve brought 4 ETH, the pool took 2 ETH and gave as much aETH')
		expect(output).toMatch(/staked +32 ETH/)
		expect(output).toMatch(/released +2 ETH/)
		expect(output).toMatch(/wrapped ETH +0 ETH/)
		expect(code).toBe(0)
	})
})

describe('bad starts', () => {
	test.each(['--chain-port', '--ethereum-port', '--beacon-port', '--witness-port'])(
		'a port that is taken is named with its remedy: %s',
		async (option) => {
			const port = await takenPort()
			const { code, output } = await start(['--once', option, String(port)])
			expect(output).toContain(`port ${port} for`)
			expect(output).toContain(`choose another with ${option}`)
			expect(code).toBe(1)
		},
	)

	test('data of an earlier start is refused, not overwritten', async () => {
		await mkdir(join(dir, 'stkr'))
		const { code, output } = await start(['--once', '--data', dir])
		expect(output).toContain('holds data of an earlier start, whose genesis is another')
		expect(code).toBe(1)
	})

	test('a data directory that cannot be made is named', async () => {
		await writeFile(join(dir, 'file'), '')
		const { code, output } = await start(['--once', '--data', join(dir, 'file', 'data')])
		expect(output).toContain("can't make the data directory")
		expect(code).toBe(1)
	})

	test('wrong options are named, and --help lists the right ones', async () => {
		expect((await start(['--slot-ms', 'fast'])).output).toContain('--slot-ms fast: give a whole number')
		expect((await start(['--nonsense'])).output).toContain('See npm start -- --help')
		const help = await start(['--help'])
		expect([help.code, help.output.includes('--witness-port')]).toEqual([0, true])
	})

	test('a signal while it starts ends every part of it', async () => {
		const { code } = await start(['--once', '--data', join(dir, 'data')], (line, stop) => {
			if (line.includes('the Stkr chain is up')) stop('SIGINT')
		})
		expect(code).toBe(130)
	})
})
