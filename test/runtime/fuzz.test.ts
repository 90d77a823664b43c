import { expect, test } from 'vitest'
import { fuzz } from './fuzz.ts'

/** Every day's run, short; long ones by `npm run fuzz:runtime`. */
const COUNT = 300
const SEED = 20_261_120

test(`CHN-3 native run and blob agree on ${COUNT} random extrinsics, books in balance (seed ${SEED})`, async () => {
	const { extrinsics, differences, failures, outcomes, authorityChanges } = await fuzz(COUNT, SEED)
	expect(differences).toEqual([])
	expect(failures).toEqual([])
	expect(extrinsics).toBe(COUNT)
	expect(outcomes.trapped).toBe(0)
	// A run in which hardly anything succeeds proves little.
	expect(outcomes.ok).toBeGreaterThan(COUNT / 4)
	expect(authorityChanges).toBeGreaterThan(0n)
})

/** Runs that reach what a long one found. Scripted tests hold each finding too, as moves change with the pallets. */
const FOUND = [{ seed: 1, count: 40, what: 'a signed inherent was refused but kept its nonce and fee' }]

test.each(FOUND)('CHN-3 seed $seed stays mended: $what', async ({ seed, count }) => {
	const { differences, failures } = await fuzz(count, seed)
	expect([...differences, ...failures]).toEqual([])
})
