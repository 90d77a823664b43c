const reason = (thrown: unknown): string =>
	(thrown instanceof Error ? thrown.message : String(thrown)).trim().replaceAll('\n', '\n                 ')

/** Prints what happens, each line with the seconds since the start, and counts the checks. */
export class Steps {
	readonly #started = performance.now()
	#checks = 0
	readonly #failures: string[] = []

	#print(line: string): void {
		const seconds = ((performance.now() - this.#started) / 1000).toFixed(1)
		console.log(`${seconds.padStart(6)} s  ${line}`)
	}

	/** A headline over the steps that follow. */
	part(title: string): void {
		console.log()
		this.#print(title)
	}

	/** Something that is done, or a figure worth knowing. */
	step(text: string): void {
		this.#print(`  .      ${text}`)
	}

	/** One fact that must hold: `run` throws when it does not. The steps after it go on. */
	async check(title: string, run: () => unknown): Promise<void> {
		this.#checks++
		try {
			await run()
			this.#print(`  ok     ${title}`)
		} catch (thrown) {
			this.fail(title, thrown)
		}
	}

	/** Counts something as failed that is no check, such as a step that could not be done. */
	fail(title: string, thrown: unknown): void {
		this.#failures.push(title)
		this.#print(`  FAILED ${title}\n                 ${reason(thrown)}`)
	}

	get checks(): number {
		return this.#checks
	}

	/** Titles of what failed so far. */
	get failures(): readonly string[] {
		return this.#failures
	}

	get seconds(): number {
		return (performance.now() - this.#started) / 1000
	}
}
