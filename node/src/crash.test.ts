import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { expect, it } from 'vitest'
import { startNode } from './node.ts'
import { quietLog, testSpec } from './testing/runtime.ts'

/** How often the node is killed; the long run sets it higher. */
const KILLS = Number(process.env.STKR_CRASH_KILLS ?? 3)
const SEED = Number(process.env.STKR_CRASH_SEED ?? Date.now() % 2 ** 31)

/** Park–Miller, so that a printed seed repeats the run's kill points (as far as the machine's timing does). */
const random = ((state) => () => {
	state = (state * 48_271) % 2_147_483_647
	return state / 2_147_483_647
})(SEED || 1)

it(`keeps every final block when killed at ${KILLS} random moments (seed ${SEED})`, { timeout: 30_000 + KILLS * 15_000 }, async () => {
	const directory = mkdtempSync(join(tmpdir(), 'stkr-crash-'))
	try {
		const spec = await testSpec()
		const specFile = join(directory, 'spec.json')
		writeFileSync(specFile, JSON.stringify(spec))
		const basePath = join(directory, 'base')
		const final = new Map<number, string>()
		for (let kill = 0; kill < KILLS; kill++) {
			// At a random point in the stream of final blocks, and a random few microseconds to milliseconds later.
			const blocks = 1 + Math.floor(random() * 40)
			await runAndKill([specFile, basePath], blocks, random() * 8, (number, hash) => {
				const known = final.get(number)
				if (known !== undefined) expect(hash).toBe(known)
				final.set(number, hash)
			})
			const node = await startNode({ spec, basePath, sealing: 'manual', authority: '//Alice', log: quietLog })
			const newest = Math.max(...final.keys())
			expect(node.chain.finalized().number).toBeGreaterThanOrEqual(newest)
			for (const [number, hash] of final) expect(node.chain.hashOf(number)).toBe(hash)
			node.verify()
			await node.author.seal()
			expect(node.chain.finalized()).toEqual(node.chain.best())
			final.set(node.chain.best().number, node.chain.best().hash)
			await node.close()
		}
	} finally {
		rmSync(directory, { recursive: true, force: true })
	}
})

/** Runs the child until it has told `blocks` final blocks and `graceMs` more, then kills it. */
const runAndKill = (args: string[], blocks: number, graceMs: number, onFinal: (number: number, hash: string) => void) =>
	new Promise<void>((resolve, reject) => {
		const child = spawn(process.execPath, [new URL('./testing/crash-child.ts', import.meta.url).pathname, ...args], {
			stdio: ['ignore', 'pipe', 'inherit'],
		})
		let told = 0
		let failure: unknown = null
		const lines = createInterface(child.stdout)
		lines.on('line', (line) => {
			const [number, hash] = line.split(' ')
			try {
				onFinal(Number(number), hash)
			} catch (error) {
				failure ??= error
			}
			if (++told === blocks) setTimeout(() => child.kill('SIGKILL'), graceMs)
		})
		child.on('error', reject)
		child.on('close', (code) => {
			if (failure) reject(failure)
			else if (code !== null) reject(new Error(`the node ended by itself with code ${code} after ${told} blocks`))
			else resolve()
		})
	})
