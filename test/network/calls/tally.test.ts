import { expect, test } from 'vitest'
import { namesOf } from './names.ts'
import { tally } from './tally.ts'

const pay = { section: 'balances', method: 'transferKeepAlive', args: ['to', 1n] }

test('CHN-6 calls inside sudo and batches are named too', () => {
	const batch = { section: 'utility', method: 'batch', args: [[pay, { section: 'system', method: 'remark', args: ['0x00'] }]] }
	expect(namesOf({ section: 'sudo', method: 'sudo', args: [batch] })).toEqual([
		'sudo.sudo',
		'utility.batch',
		'balances.transferKeepAlive',
		'system.remark',
	])
})

test('CHN-2 calls are counted by pallet, outcome and place', () => {
	const fate = { by: 'Bob', blocks: 1, verdicts: 1 } as const
	const lines = tally([
		{ ...fate, names: ['balances.transferKeepAlive'], outcome: 'ok' },
		{ ...fate, names: ['balances.burn'], outcome: 'Token.FundsUnavailable' },
		{ ...fate, names: ['utility.batch', 'balances.burn'], outcome: 'ok' },
	])
	expect(lines.map((line) => line.split(/\s+/))).toEqual([
		['balances', '2', 'signed', '1', 'ok', '1', 'failed', '1', 'inside', 'others'],
		['utility', '1', 'signed', '1', 'ok', '0', 'failed', '0', 'inside', 'others'],
	])
})
