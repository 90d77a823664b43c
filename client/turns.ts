/** Lets work of one key run one after the other, and of different keys side by side. */
export class Turns {
	readonly #last = new Map<string, Promise<unknown>>()

	/** Runs `work` after all earlier work of `key`, whether that failed or not. */
	run<T>(key: string, work: () => Promise<T>): Promise<T> {
		const before = this.#last.get(key) ?? Promise.resolve()
		const mine = before.then(work, work)
		this.#last.set(key, mine)
		const forget = () => {
			if (this.#last.get(key) === mine) this.#last.delete(key)
		}
		mine.then(forget, forget)
		return mine
	}
}
