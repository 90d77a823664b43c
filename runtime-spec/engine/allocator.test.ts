import fc from 'fast-check'
import { beforeAll, expect, test } from 'vitest'
import { ARENA_BASE } from './layout.ts'
import { compileShim } from './shim.ts'

const SEED = Number(process.env.FC_SEED ?? 20_262)
const RESERVE_BYTES = 65_536
/** Small, so that random programs exhaust it often. */
const ARENA_BYTES = RESERVE_BYTES + (96 << 10)
const COMPILE_TIMEOUT_MS = 60_000

interface Allocator {
	shim_arena(from: number, to: number): void
	alloc(size: number): number
	resize(block: number, size: number): number
	release(block: number): void
	usableSize(block: number): number
	openReserve(open: number): number
	__touched_end(): number
}

let module: WebAssembly.Module
beforeAll(async () => {
	console.log(`fast-check seed ${SEED}`)
	module = new WebAssembly.Module((await compileShim([])) as Uint8Array<ArrayBuffer>)
}, COMPILE_TIMEOUT_MS)

/** The shim alone: nothing of engine or host is called by the allocator. */
function start(): { allocator: Allocator; bytes: Uint8Array } {
	const memory = new WebAssembly.Memory({ initial: Math.ceil((ARENA_BASE + ARENA_BYTES) / 65_536) })
	const imports: WebAssembly.Imports = {}
	for (const { module: from, name, kind } of WebAssembly.Module.imports(module)) {
		imports[from] ??= {}
		imports[from][name] = kind === 'memory' ? memory : () => expect.unreachable(name)
	}
	const allocator = new WebAssembly.Instance(module, imports).exports as unknown as Allocator
	allocator.shim_arena(ARENA_BASE, ARENA_BASE + ARENA_BYTES)
	return { allocator, bytes: new Uint8Array(memory.buffer) }
}

const size = fc.oneof(
	{ weight: 6, arbitrary: fc.nat({ max: 600 }) },
	{ weight: 2, arbitrary: fc.nat({ max: 20_000 }) },
	fc.nat({ max: 200_000 }),
)
const step = fc.oneof(
	{ weight: 5, arbitrary: fc.record({ do: fc.constant('alloc' as const), size, at: fc.nat() }) },
	{ weight: 3, arbitrary: fc.record({ do: fc.constant('release' as const), size, at: fc.nat() }) },
	{ weight: 2, arbitrary: fc.record({ do: fc.constant('resize' as const), size, at: fc.nat() }) },
	{ weight: 1, arbitrary: fc.record({ do: fc.constant('releaseMany' as const), size, at: fc.nat() }) },
)

test('blocks never overlap, keep their bytes, end where told, and a failed request changes nothing', () => {
	fc.assert(
		fc.property(fc.array(step, { maxLength: 600, size: 'max' }), (program) => {
			const { allocator, bytes } = start()
			const live: { block: number; size: number; fill: number }[] = []
			let fill = 0
			const own = (block: number, size: number): void => {
				expect(block % 8).toBe(0)
				expect(allocator.usableSize(block)).toBeGreaterThanOrEqual(size)
				expect(block).toBeGreaterThan(ARENA_BASE)
				expect(block + size).toBeLessThanOrEqual(ARENA_BASE + ARENA_BYTES - RESERVE_BYTES)
				fill = (fill % 251) + 1
				bytes.fill(fill, block, block + size)
				live.push({ block, size, fill })
			}
			const intact = ({ block, size, fill }: (typeof live)[number], length = size): void => {
				expect(bytes.subarray(block, block + Math.min(size, length)).every((byte) => byte === fill)).toBe(true)
			}
			const take = (at: number): (typeof live)[number] => live.splice(at % live.length, 1)[0]
			for (const { do: what, size, at } of program) {
				if (what === 'alloc') {
					const block = allocator.alloc(size)
					if (block) own(block, size)
				} else if (!live.length) continue
				else if (what === 'resize') {
					const old = take(at)
					const block = allocator.resize(old.block, size + 1)
					intact({ ...old, block: block || old.block }, block ? size + 1 : old.size)
					if (block) own(block, size + 1)
					else live.push(old)
				} else {
					for (let count = what === 'release' ? 1 : live.length / 2; count > 0 && live.length; count--) {
						const old = take(at)
						intact(old)
						allocator.release(old.block)
					}
				}
			}
			for (const block of live) intact(block)
			expect(bytes.subarray(allocator.__touched_end()).every((byte) => byte === 0)).toBe(true)
		}),
		{ seed: SEED, numRuns: 300 },
	)
})

test('a full arena of small blocks, once freed, serves a large one again', () => {
	const { allocator } = start()
	for (const size of [1, 16, 40, 200, 512, 700]) {
		const blocks: number[] = []
		for (let block = allocator.alloc(size); block; block = allocator.alloc(size)) blocks.push(block)
		expect(blocks.length * (size + 8)).toBeGreaterThan((ARENA_BYTES - RESERVE_BYTES) / 4)
		expect(allocator.alloc(80_000)).toBe(0)
		for (const block of blocks) allocator.release(block)
		const large = allocator.alloc(80_000)
		expect(large).toBeGreaterThan(0)
		allocator.release(large)
	}
})

test('the end of what was written moves with the gap, and is the end of the arena once that has moved back or the reserve was used', () => {
	const end = ARENA_BASE + ARENA_BYTES
	const { allocator } = start()
	expect(allocator.__touched_end()).toBe(ARENA_BASE)
	const block = allocator.alloc(100)
	expect(allocator.__touched_end()).toBe(block + 104)
	while (allocator.alloc(512));
	expect(allocator.__touched_end()).toBe(end)
	const reserved = start().allocator
	reserved.openReserve(1)
	expect(reserved.alloc(50_000)).toBeLessThan(end - RESERVE_BYTES)
	expect(reserved.alloc(50_000)).toBeGreaterThanOrEqual(end - RESERVE_BYTES)
	expect(reserved.__touched_end()).toBe(end)
})

test('the reserve serves only while it is open, and what it gave is reused', () => {
	const { allocator } = start()
	while (allocator.alloc(16));
	expect(allocator.openReserve(1)).toBe(0)
	const block = allocator.alloc(100)
	expect(block).toBeGreaterThanOrEqual(ARENA_BASE + ARENA_BYTES - RESERVE_BYTES)
	expect(allocator.openReserve(0)).toBe(1)
	expect(allocator.alloc(16)).toBe(0)
	allocator.release(block)
	expect(allocator.alloc(16)).toBeGreaterThan(0)
})
