import { expect, test } from 'vitest'
import { importedHead } from './embedded-node.ts'

const HASH = `0x${'ab'.repeat(32)}`

test('CNS-1 the heads after an import are read from its last line', () => {
	const output = `read 100 blocks, at #100\nread 120 blocks, 20 of them new; best #120 ${HASH}, final #96\n`
	expect(importedHead(output)).toEqual({ best: { number: 120, hash: HASH }, finalizedNumber: 96 })
	expect(() => importedHead('read 100 blocks, at #100\n')).toThrow('ended without a head:\nread 100 blocks')
})
