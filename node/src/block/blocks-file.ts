import type { Chain } from '../chain.ts'
import type { Client } from '../client.ts'
import { encodeU64, ScaleError, ScaleReader } from '../scale/codec.ts'
import { encodeSignedBlock, readSignedBlock, type SignedBlock } from './block.ts'
import { importBlock } from './importer.ts'

/**
 * The binary form of polkadot-sdk's `export-blocks` and `import-blocks`: the number of blocks as u64 LE, then each `SignedBlock`,
 * oldest first, without genesis.
 */
export function* exportBlocks(chain: Chain, from = 1, to = chain.best().number): Generator<Uint8Array> {
	if (!(from >= 1 && from <= to && to <= chain.best().number))
		throw new RangeError(`cannot export blocks ${from} to ${to}: the chain has blocks 1 to ${chain.best().number}`)
	yield encodeU64(to - from + 1)
	for (let number = from; number <= to; number++) {
		const hash = chain.hashOf(number)!
		yield encodeSignedBlock({ header: chain.header(hash)!, body: chain.body(hash)!, justifications: chain.justifications(hash) })
	}
}

/** A block is not larger than this: polkadot-sdk's limit for a block on the network. */
const LARGEST_BLOCK_BYTES = 16 * 2 ** 20

/** Reads blocks from a stream of bytes in any pieces. Throws `ScaleError` when it ends early or holds something else. */
export async function* readBlocks(source: AsyncIterable<Uint8Array> | Iterable<Uint8Array>): AsyncGenerator<SignedBlock> {
	let pending = Buffer.alloc(0)
	let left: bigint | null = null
	let wanted = 8
	let count = 0n
	for await (const piece of source) {
		pending = Buffer.concat([pending, piece])
		// A block that did not fit is tried again when there is twice as much, so long blocks stay linear.
		while (left !== 0n && pending.length >= wanted) {
			if (left === null) {
				left = new ScaleReader(pending).u64()
				pending = pending.subarray(8)
				wanted = 1
				continue
			}
			const block = tryRead(pending)
			if (!block) {
				if (pending.length > LARGEST_BLOCK_BYTES)
					throw new ScaleError(`block ${count + 1n} of the file is no block, or longer than ${LARGEST_BLOCK_BYTES} bytes`)
				wanted = pending.length * 2
				break
			}
			yield block[0]
			count++
			left--
			wanted = 1
			pending = pending.subarray(block[1])
		}
	}
	// The last blocks may be shorter than what was waited for.
	while (left !== null && left > 0n) {
		const block = tryRead(pending)
		if (!block) throw new ScaleError(`the file ends after ${count} of ${count + left} blocks, or block ${count + 1n} is damaged`)
		yield block[0]
		count++
		left--
		pending = pending.subarray(block[1])
	}
	if (left === null) throw new ScaleError('the file holds no blocks: it is shorter than the 8 bytes of the count')
	if (pending.length > 0) throw new ScaleError(`${pending.length} bytes follow after the ${count} blocks of the file`)
}

const tryRead = (bytes: Uint8Array): [SignedBlock, length: number] | null => {
	const reader = new ScaleReader(bytes)
	try {
		return [readSignedBlock(reader), reader.position]
	} catch (error) {
		if (error instanceof ScaleError) return null
		throw error
	}
}

/** Imports a stream of blocks; those the chain has already are passed over. Returns how many were new. */
export const importBlocks = async (
	client: Client,
	source: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
	onBlock: (block: SignedBlock) => void = () => {},
): Promise<number> => {
	let imported = 0
	for await (const block of readBlocks(source)) {
		if (await importBlock(client, block)) imported++
		onBlock(block)
	}
	return imported
}
