/** Nodes of the test runtime, and blocks carried from one to another. */
import { encodeSignedBlock, type SignedBlock } from '../block/block.ts'
import { readBlocks } from '../block/blocks-file.ts'
import type { Logger } from '../log.ts'
import { type Node, type NodeOptions, startNode } from '../node.ts'
import { concatBytes, encodeU64 } from '../scale/codec.ts'
import { quietLog, testSpec } from './runtime.ts'

/** Slot duration of test chains. */
export const SLOT_MS = 6000

/** Voters of whom no node here has the keys of three: nothing is final by itself. */
export const FOUR_VOTERS = ['//Alice', '//Bob', '//Charlie', '//Dave']

/** Starts nodes and closes them together. */
export class TestNodes {
	readonly #open = new Set<Node>()

	async start(options: Partial<NodeOptions> = {}): Promise<Node> {
		const spec = options.spec ?? (await testSpec({ authorities: ['//Alice'], grandpa: FOUR_VOTERS }))
		const node = await startNode({ sealing: 'manual', authority: '//Alice', validationWorkers: 1, log: quietLog, ...options, spec })
		this.#open.add(node)
		return node
	}

	async close(...nodes: Node[]): Promise<void> {
		for (const node of nodes.length > 0 ? nodes : [...this.#open]) {
			this.#open.delete(node)
			await node.close()
		}
	}
}

/** Makes one block in each of these slots. */
export const sealSlots = async (node: Node, ...slots: number[]): Promise<void> => {
	for (const slot of slots) await node.author.seal({ timestampMs: slot * SLOT_MS })
}

export const blocksOf = async (node: Node, from?: number, to?: number): Promise<SignedBlock[]> => {
	const blocks: SignedBlock[] = []
	for await (const block of readBlocks(node.exportBlocks(from, to))) blocks.push(block)
	return blocks
}

export const importInto = (node: Node, blocks: readonly SignedBlock[]): Promise<number> =>
	node.importBlocks([concatBytes(encodeU64(blocks.length), ...blocks.map(encodeSignedBlock))])

/** A logger whose lines can be waited for. */
export class WaitingLog implements Logger {
	readonly lines: { level: keyof Logger; fields: object; message: string }[] = []
	readonly #wakers = new Set<() => void>()

	#write(level: keyof Logger, fields: object, message: string): void {
		this.lines.push({ level, fields, message })
		for (const wake of this.#wakers) wake()
	}
	error = (fields: object, message: string) => this.#write('error', fields, message)
	warn = (fields: object, message: string) => this.#write('warn', fields, message)
	info = (fields: object, message: string) => this.#write('info', fields, message)
	debug = (fields: object, message: string) => this.#write('debug', fields, message)

	/** Fields of the first line with this message, now or later. */
	async until(message: string): Promise<object> {
		for (;;) {
			const line = this.lines.find((one) => one.message === message)
			if (line) return line.fields
			await new Promise<void>((resolve) => {
				const wake = () => {
					this.#wakers.delete(wake)
					resolve()
				}
				this.#wakers.add(wake)
			})
		}
	}
}
