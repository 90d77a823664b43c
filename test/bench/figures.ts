import { cpus, totalmem } from 'node:os'

/** Prints one figure as a JSON line. */
export const figure = (name: string, value: number, unit: string): void =>
	console.log(JSON.stringify({ figure: name, value: Number(value.toPrecision(4)), unit }))

/** Names the machine, as figures mean nothing without it. */
export const machine = (): void =>
	console.log(
		JSON.stringify({ machine: cpus()[0].model, cores: cpus().length, memoryGiB: Math.round(totalmem() / 2 ** 30), node: process.version }),
	)

export const median = (values: readonly number[]): number => {
	const sorted = [...values].sort((a, b) => a - b)
	return sorted[sorted.length >> 1]
}
