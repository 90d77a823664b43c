import { expect, test } from 'vitest'
import { START_TIMEOUT_MS } from './testing/escrow.ts'
import { measureGas, readGasSnapshot } from './testing/gas.ts'

test(
	'ESC-2 ESC-6 gas of each operation is that of gas.json (if a change is meant: node sidecar/contracts/testing/gas.ts --write)',
	async () => {
		expect(await measureGas()).toEqual(readGasSnapshot())
	},
	START_TIMEOUT_MS,
)
