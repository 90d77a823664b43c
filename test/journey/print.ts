/** Amounts for people: `16 ETH`, `0.25 aETH`; exact, without trailing zeros. */
export const amount = (smallest: bigint, unit: string): string => {
	const negative = smallest < 0n
	const digits = (negative ? -smallest : smallest).toString().padStart(19, '0')
	const fraction = digits.slice(-18).replace(/0+$/, '')
	return `${negative ? '-' : ''}${digits.slice(0, -18)}${fraction ? `.${fraction}` : ''} ${unit}`
}

/** A table with aligned columns. */
export const table = (rows: readonly (readonly string[])[]): string => {
	const widths = rows[0].map((_, column) => Math.max(...rows.map((row) => row[column].length)))
	return rows
		.map(
			(row) =>
				`     ${row
					.map((cell, column) => cell.padEnd(widths[column]))
					.join('  ')
					.trimEnd()}`,
		)
		.join('\n')
}
