/** Seeded random numbers (xorshift32): the same seed gives the same run on every machine. */
export class Random {
	private state: number
	constructor(seed: number) {
		this.state = (seed | 0) === 0 ? 0x9e3779b9 : seed | 0
		for (let i = 0; i < 8; i++) this.next()
	}
	private next(): number {
		let x = this.state
		x ^= x << 13
		x ^= x >>> 17
		x ^= x << 5
		this.state = x
		return x >>> 0
	}
	/** From 0 to `bound - 1`. */
	below(bound: number): number {
		return this.next() % bound
	}
	/** True once in `n`. */
	oneIn(n: number): boolean {
		return this.below(n) === 0
	}
	pick<T>(items: readonly T[]): T {
		return items[this.below(items.length)]
	}
	bytes(length: number): Uint8Array {
		return Uint8Array.from({ length }, () => this.below(256))
	}
}
