/** Every row is met this often, far apart, so that each sees the machine in all its moods. */
const MEETINGS = 10
/** Runs of subject and base in a meeting, by turns, so that both see the same machine. */
const RUNS = 12
/** A slow row is measured less often: a meeting ends after this long, when it has the least number of runs. */
const MEETING_MS = 500
const LEAST_RUNS = 4

/** Runs something once: microseconds of its parts. */
type Run = () => readonly number[]

const lowerDecile = (values: readonly number[]): number => [...values].sort((a, b) => a - b)[Math.floor(values.length / 10)]

/**
 * Sum of the lower decile of each part: what a run takes on a machine that does nothing else. Higher quantiles are right on an idle
 * machine alone; on a shared one they measure the others' work. Parts are told apart because a short one is interrupted more rarely.
 */
const undisturbed = (runs: readonly (readonly number[])[]): number =>
	runs[0].reduce((sum, _, part) => sum + lowerDecile(runs.map((run) => run[part])), 0)

/** Something that is measured again and again, as what it takes more than its base. */
export class Row {
	private readonly subject: Run
	private readonly base: Run
	private readonly subjects: (readonly number[])[] = []
	private readonly bases: (readonly number[])[] = []

	constructor(subject: Run, base: Run = () => [0]) {
		this.subject = subject
		this.base = base
	}

	private meet(): void {
		const started = performance.now()
		for (let i = 0; i < RUNS; i++) {
			if (i >= LEAST_RUNS && performance.now() - started > MEETING_MS) return
			this.bases.push(this.base())
			this.subjects.push(this.subject())
		}
	}

	/** Microseconds beyond the base, never below 0. */
	get us(): number {
		return Math.max(0, undisturbed(this.subjects) - undisturbed(this.bases))
	}

	static measure(rows: readonly Row[]): void {
		for (let i = 0; i < MEETINGS; i++) for (const row of rows) row.meet()
	}
}
