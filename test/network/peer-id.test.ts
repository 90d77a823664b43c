import { expect, test } from 'vitest'
import { peerId } from './peer-id.ts'

test('CNS-1 a peer id is what the Rust node makes of the same node key', () => {
	const key = new Uint8Array(32)
	key[31] = 1
	// printed by `stkr-substrate-node key inspect-node-key`
	expect(peerId(key)).toBe('12D3KooWEyoppNCUx8Yx66oV9fJnriXwCcXwDDUA2kj6vnc6iDEp')
})
