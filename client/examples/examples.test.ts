import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type DevChain, startDevChain } from '../testing/dev-chain.ts'

let chain: DevChain
beforeAll(async () => {
	chain = await startDevChain()
})
afterAll(() => chain?.close())

const run = async (name: string): Promise<string> => {
	const path = fileURLToPath(new URL(`./${name}.ts`, import.meta.url))
	const { stdout } = await promisify(execFile)(process.execPath, [path, chain.url])
	return stdout
}

describe('examples', () => {
	it('CLI-1 transfer', async () => {
		const out = await run('transfer')
		expect(out).toMatch(/^final in block \d+ for a fee of \d+ plancks; Bob has 1000001 STKR$/m)
		expect(out).toContain('refused: microPool.UnknownPool: There is no such pool.')
	})

	it('CLI-1 offline', async () => {
		const out = await run('offline')
		expect(out).toMatch(/^signed balances\.transferKeepAlive \{.*"value":"1000000000000000000"\}$/m)
		expect(out).toMatch(/^submitted as 0x[0-9a-f]{64}$/m)
	})

	it('CLI-1 figures', async () => {
		const out = await run('figures')
		expect(out).toContain('bridge: 0 wei minted, 0 in circulation, books add up')
		expect(out).toContain('e = 2718281828459045235 / 10^18')
	})
})
