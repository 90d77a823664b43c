/** One fact to establish about `C`, what a part has open. `run` throws when it does not hold. */
export interface Check<C> {
	title: string
	run(context: C): Promise<unknown>
	/** Takes longer than the everyday suite can wait. */
	slow?: boolean
}

const reason = (thrown: unknown): string =>
	(thrown instanceof Error ? thrown.message : String(thrown)).trim().replaceAll('\n', '\n         ')

/** A client that waits for what never comes would hold up all checks after it. */
const DEADLINE_MS = 180_000

const withDeadline = async (run: () => unknown): Promise<void> => {
	const { promise, reject } = Promise.withResolvers<never>()
	const timer = setTimeout(() => reject(new Error(`no end after ${DEADLINE_MS / 1000} s`)), DEADLINE_MS)
	try {
		await Promise.race([run(), promise])
	} finally {
		clearTimeout(timer)
	}
}

/** Prints a line a check and counts them. */
export class Report {
	#checks = 0
	#failed = 0

	/** A headline over the checks that follow. */
	part(name: string, about: string): void {
		console.log(`\n${name}: ${about}`)
	}

	/** True when `run` did not throw. */
	async check(title: string, run: () => unknown): Promise<boolean> {
		this.#checks++
		try {
			await withDeadline(run)
			console.log(`  ok     ${title}`)
			return true
		} catch (thrown) {
			this.#failed++
			console.log(`  FAILED ${title}\n         ${reason(thrown)}`)
			return false
		}
	}

	async checkAll<C>(checks: readonly Check<C>[], context: C): Promise<void> {
		for (const { title, run } of checks) await this.check(title, () => run(context))
	}

	/** What could not be looked at on this machine, and why. */
	unchecked(title: string, why: string): void {
		console.log(`  -      ${title}: not checked here, ${why}`)
	}

	/** Prints the summary; gives the exit code. */
	summary(): 0 | 1 {
		console.log(`\n${this.#checks} checks, ${this.#failed} failed`)
		return this.#failed === 0 ? 0 : 1
	}
}
