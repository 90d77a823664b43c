import { expect, test } from 'vitest'
import { until } from './until.ts'

test('CNS-1 a wait goes on over errors and ends with what the probe gives', async () => {
	let asked = 0
	const probe = (): number | undefined => {
		asked++
		if (asked === 1) throw new Error('refused')
		return asked < 3 ? undefined : asked
	}
	expect(await until('three questions', probe, 60, 1)).toBe(3)
})

test('CNS-1 a wait in vain says what was awaited, and the last error', async () => {
	await expect(until('block 7', () => undefined, 0)).rejects.toThrow('waited 0 s in vain for block 7')
	const refuse = () => Promise.reject(new Error('connection refused'))
	await expect(until('block 7', refuse, 0)).rejects.toThrow('in vain for block 7: connection refused')
})
