import { readFileSync } from 'node:fs'
import { size } from 'viem'
import { beforeAll, expect, test } from 'vitest'
import { escrowAbi } from './abi.ts'
import { compileContracts, renderAbiModule } from './compile.ts'
import { START_TIMEOUT_MS } from './testing/escrow.ts'

let contracts: Awaited<ReturnType<typeof compileContracts>>
beforeAll(async () => {
	contracts = await compileContracts()
}, START_TIMEOUT_MS)

/** EIP-170. */
const MAX_CODE_BYTES = 24_576
/** EIP-3860. */
const MAX_CREATION_BYTES = 49_152

test('ESC-1 abi.ts is that of the contract (if it is stale: node sidecar/contracts/compile.ts --write)', () => {
	expect(escrowAbi).toEqual(contracts.Escrow.abi)
	const committed = readFileSync(new URL('./abi.ts', import.meta.url), 'utf8').replaceAll('\r\n', '\n')
	expect(committed).toBe(renderAbiModule(contracts))
})

test('ESC-1 the escrow fits the size limits of a contract and of its creation', () => {
	const { Escrow } = contracts
	expect(size(Escrow.deployedBytecode)).toBeGreaterThan(0)
	expect(size(Escrow.deployedBytecode)).toBeLessThanOrEqual(MAX_CODE_BYTES)
	expect(size(Escrow.bytecode)).toBeLessThanOrEqual(MAX_CREATION_BYTES)
})
