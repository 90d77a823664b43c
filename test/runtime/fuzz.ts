/**
 * `npm run fuzz:runtime -- --count N --seed S`: the same extrinsics to the native run and to the blob; every result and every
 * key written must agree, every block must execute again to the state it was made with, no call may trap or hit a defect, and
 * after every block the books of all pallets must balance. `--reasons` lists what became of each call.
 */
import '@stkr/runtime-spec/frame/native/install.ts'
import { parseArgs } from 'node:util'
import { unsignedExtrinsic } from '@stkr/runtime-spec/frame/executive.ts'
import { storage as grandpa } from '@stkr/runtime-spec/pallets/grandpa/index.ts'
import { offences } from '@stkr/runtime-spec/pallets/offences/index.ts'
import { DEV_KEYS, type DevName, developmentGenesis } from '@stkr/runtime-spec/runtime/presets.ts'
import { arbitraryCall } from './arbitrary.ts'
import { builtRuntime } from './built.ts'
import { accountOf, type Outcome, TwinChain } from './chain.ts'
import { ORDER_LIFETIME_SLOTS } from './journeys.ts'
import { KNOWN, type Move, Moves, type ReadState } from './moves.ts'
import { Random } from './random.ts'
import { SessionMoves } from './session-moves.ts'
import type { Twin } from './twin.ts'

const BLOCK_EXTRINSICS = 40
/** Blocks of a session at first. */
const PERIOD = 2
/** One move of so many is about who validates. */
const SESSION_MOVES = 9
/** One report of offences of so many, and one call of so many others, is sent unsigned. */
const UNSIGNED_REPORTS = 3
const UNSIGNED_CALLS = 60
const SOURCES = ['External', 'Local', 'InBlock'] as const
const NAMES = Object.keys(DEV_KEYS) as DevName[]

export interface FuzzResult {
	/** Made; fewer than asked for when the run ended at a failure. */
	extrinsics: number
	differences: Twin['differences']
	/** What else must not be: books out of balance, traps, defects, blocks that do not execute again. Each says where. */
	failures: string[]
	/** Outcomes by kind: ok, failed, refused, trapped. */
	outcomes: Record<string, number>
	/** How often each call of each pallet succeeded, failed with what, or was refused. */
	reasons: Map<string, number>
	/** How often the authorities changed at the end of a session. */
	authorityChanges: bigint
}

/** Runs `count` extrinsics made from `seed` on both machines, up to the first block with a failure. `report` hears progress after each block. */
export const fuzz = async (count: number, seed: number, report: (done: number) => void = () => {}): Promise<FuzzResult> => {
	const random = new Random(seed)
	const genesis = developmentGenesis()
	const chain = new TwinChain(await builtRuntime(), { ...genesis, session: { ...(genesis.session as object), period: PERIOD } })
	const read: ReadState = (query) => chain.read(query)
	const [moves, sessionMoves] = [new Moves(random, read), new SessionMoves(random, read)]
	const nextMove = (): Move => (random.oneIn(SESSION_MOVES) ? sessionMoves.next() : moves.next())
	const { differences } = chain.twin
	const result: FuzzResult = {
		extrinsics: 0,
		differences,
		failures: [],
		outcomes: { ok: 0, failed: 0, refused: 0, trapped: 0 },
		reasons: new Map(),
		authorityChanges: 0n,
	}
	const where = () => `block ${chain.number}, after ${result.extrinsics} extrinsics`
	const note = (name: string, outcome: Outcome): void => {
		const [kind] = outcome.split(' ')
		result.outcomes[kind]++
		const reason = `${name} ${outcome}`
		result.reasons.set(reason, (result.reasons.get(reason) ?? 0) + 1)
		if (outcome === 'trapped')
			result.failures.push(`${where()}: ${name} trapped: ${chain.twin.left.trap()}; in the blob: ${chain.twin.right.trap()}`)
	}
	while (result.extrinsics < count && differences.length === 0 && result.failures.length === 0) {
		for (const by of NAMES)
			if (chain.validate(chain.sign({ by, call: arbitraryCall(random, KNOWN) }), random.pick(SOURCES)) === 'trapped')
				note('validate', 'trapped')
		try {
			// A day's jump lets every open order expire.
			chain.open(random.oneIn(12) ? ORDER_LIFETIME_SLOTS : BigInt(1 + random.below(3)))
			for (let i = 0; i < BLOCK_EXTRINSICS && result.extrinsics < count; i++) {
				const { raw, name } = nextExtrinsic(chain, nextMove(), random)
				note(name, chain.apply(raw))
				result.extrinsics++
			}
			chain.close()
		} catch (thrown) {
			result.failures.push(`${where()}: ${(thrown as Error).message}`)
		}
		result.failures.push(...chain.defects.splice(0).map((defect) => `${where()}: ${defect}`))
		report(result.extrinsics)
	}
	result.authorityChanges = read(() => grandpa.currentSetId.get())
	return result
}

/** A move as an extrinsic; now and then unsigned, with another nonce, cut off, or with a bit flipped. */
const nextExtrinsic = (chain: TwinChain, { by, call }: Move, random: Random): { raw: Uint8Array; name: string } => {
	if (random.oneIn(call.pallet === offences.index ? UNSIGNED_REPORTS : UNSIGNED_CALLS))
		return { raw: unsignedExtrinsic(call), name: `unsigned ${call.definition.name}` }
	const nonce = chain.nonce(accountOf(by)) + (random.oneIn(50) ? random.below(3) : 0)
	const tipPlanck = random.oneIn(10) ? BigInt(random.below(1 << 30)) : 0n
	let raw = chain.sign({ by, call, options: { nonce, tipPlanck } })
	const spoilt = random.below(25)
	if (spoilt === 0) raw = raw.slice(0, random.below(raw.length))
	if (spoilt === 1) raw[random.below(raw.length)] ^= 1 << random.below(8)
	return { raw, name: spoilt < 2 ? 'spoilt' : call.definition.name }
}

const number = (name: string, given: string, least: number): number => {
	const value = Number(given)
	if (!Number.isInteger(value) || value < least) throw new Error(`--${name} ${given}: give a whole number, ${least} or more`)
	return value
}

if (import.meta.main) {
	const { values } = parseArgs({
		options: {
			count: { type: 'string', default: '2000' },
			seed: { type: 'string', default: String(Date.now() % 2 ** 31) },
			reasons: { type: 'boolean', default: false },
		},
	})
	const count = number('count', values.count, 1)
	const seed = number('seed', values.seed, 0)
	console.log(`seed ${seed}`)
	const { extrinsics, differences, failures, outcomes, reasons, authorityChanges } = await fuzz(count, seed, (done) => {
		if (process.stderr.isTTY) process.stderr.write(`\r${done}/${count}`)
	})
	for (const { method, input, what } of differences.slice(0, 5)) console.log(`${method} ${input}\n  ${what}`)
	for (const failure of failures.slice(0, 5)) console.log(failure)
	if (values.reasons) for (const [reason, n] of [...reasons].sort()) console.log(`${n} ${reason}`)
	console.log(
		`outcomes: ${Object.entries(outcomes)
			.map(([kind, n]) => `${n} ${kind}`)
			.join(', ')}`,
	)
	console.log(`${extrinsics} extrinsics, ${authorityChanges} changes of authorities, ${differences.length} differences`)
	process.exitCode = differences.length + failures.length === 0 ? 0 : 1
}
