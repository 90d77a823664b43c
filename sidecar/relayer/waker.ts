/** The pause between two rounds of a loop: ends after a time, or when there is news, also news that came before it began. */
export class Waker {
	#news = false
	#end: (() => void) | undefined

	wake(): void {
		this.#news = true
		this.#end?.()
	}

	async pause(ms: number): Promise<void> {
		if (!this.#news) {
			await new Promise<void>((resolve) => {
				const timer = setTimeout(resolve, ms)
				this.#end = () => {
					clearTimeout(timer)
					resolve()
				}
			})
		}
		this.#news = false
		this.#end = undefined
	}
}
