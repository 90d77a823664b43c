import { deepStrictEqual, notStrictEqual, ok, strictEqual } from 'node:assert'
import { ApiPromise, WsProvider } from '@polkadot/api'
import type { Hash } from '@stkr/node/src/chain.ts'
import { fromHex, toHex } from '@stkr/node/src/crypto/hex.ts'
import { concatBytes, encodeU64, ScaleReader } from '@stkr/node/src/scale/codec.ts'
import { DEV_KEYS } from '@stkr/runtime-spec/runtime/presets.ts'
import { pairOf, pairOfType } from '../../conformance/signers.ts'
import { areSigned, blocksOf, encodeVotes, type OffenceKind, type Report, reportsIn, votePayload, votesOf } from '../equivocation.ts'
import { authorship, hashOf } from '../headers.ts'
import type { Network, ValidatorName } from '../network.ts'
import type { Context, Proof } from '../proof.ts'
import type { Head, Rpc } from '../rpc.ts'
import { send } from '../send.ts'
import { until } from '../until.ts'

/** The double has a turn every few slots; now and then both make the very same block, as they read the same millisecond. */
const BLOCKS_SECONDS = 90
/** Two votes need a round in which the double knows another best block, and there may be none. */
const VOTES_SECONDS = 30
/** Slots each validator gets after the double is gone. */
const TURNS = 2
const REPORTER = pairOf('Ferdie')
const NO_EQUIVOCATION = 'offences.InvalidEquivocationProof'
const KNOWN = 'offences.DuplicateOffenceReport'

/** The validators with the well-known keys, of which anyone can start a double. */
const knownValidators = async ({ validators }: Network, rpc: Rpc): Promise<ValidatorName[]> => {
	const authorities: string[] = (await rpc.authorities((await rpc.best()).hash)).map(toHex)
	return [...validators.keys()].filter((name) => authorities.includes(DEV_KEYS[name].sr25519))
}

/** Reads finalized blocks on until one holds a report of this kind against an account. */
const follow = (api: ApiPromise, rpc: Rpc, from: number, offender: string) => {
	const seen: Report[] = []
	let next = from
	return (kind: OffenceKind, seconds: number): Promise<Report> =>
		until(
			`a report of an ${kind} in a final block`,
			async () => {
				const { number } = await rpc.finalized()
				for (; next <= number; next++) seen.push(...(await reportsIn(api, { number: next, hash: (await rpc.hashAt(next))! })))
				return seen.find((report) => report.kind === kind && report.offender === offender)
			},
			seconds,
		)
}

interface Work extends Context {
	api: ApiPromise
	rpc: Rpc
}

/** All validators keep the offence of a report, as its event told. `stretch` is the session (blocks) or the voter set (votes). */
const isKept = async ({ api, network }: Work, report: Report, stretch: number, reporter: string | null): Promise<void> => {
	const { kind, offender, session, at, block } = report
	const { hash } = await network.isFinal(block.number)
	const kept = await (await api.at(hash)).query.offences.offences(offender, [kind, stretch])
	deepStrictEqual(kept.toJSON(), { session, at, reporter, reportedAt: block.number })
	const key = api.query.offences.offences.key(offender, [kind, stretch])
	for (const { rpc } of network.authors()) strictEqual(await rpc.call('state_getStorage', key, hash), kept.toHex())
}

/** The nodes' own report of the two blocks. */
const checkBlocks = async (work: Work, report: Report, name: ValidatorName): Promise<void> => {
	const { api, network, steps } = work
	const { offender, slot, headers } = blocksOf(report.extrinsic.method.args[0].toU8a())
	await steps.check(
		`block ${report.block.number} has an unsigned report of ${name}'s two blocks of slot ${slot}, by the nodes' own doing`,
		() => {
			strictEqual(report.extrinsic.isSigned, false)
			deepStrictEqual([toHex(offender), slot], [DEV_KEYS[name].sr25519, report.at])
		},
	)
	await steps.check('they are two different blocks, both sealed by its key for that slot, and both known to a node', async () => {
		for (const header of headers) deepStrictEqual(authorship(header, [offender]), { slot, turn: 0, sealedBy: 0 })
		const hashes = headers.map(hashOf)
		notStrictEqual(hashes[0], hashes[1])
		for (const hash of hashes) await Promise.any(network.authors().map(({ rpc }) => rpc.header(hash)))
	})
	await steps.check(`all validators keep it: AuraEquivocation of ${name}, session ${report.session}, slot ${slot}`, async () => {
		strictEqual(Number(await (await api.at(headers[0].parentHash)).query.session.currentIndex()), report.session)
		await isKept(work, report, report.session, null)
	})
}

/** The nodes' own report of two votes. */
const checkVotes = async (work: Work, report: Report, name: ValidatorName): Promise<void> => {
	const evidence = votesOf(report.extrinsic.method.args[0].toU8a())
	await work.steps.check(
		`block ${report.block.number} has an unsigned report of two votes of ${name} in round ${evidence.round} of set ${evidence.setId}, and all validators keep it`,
		async () => {
			strictEqual(report.extrinsic.isSigned, false)
			deepStrictEqual([toHex(evidence.offender), Number(evidence.round)], [DEV_KEYS[name].ed25519, report.at])
			ok(areSigned(evidence), 'a vote is not signed by the key')
			notStrictEqual(evidence.votes[0].hash, evidence.votes[1].hash)
			await isKept(work, report, Number(evidence.setId), null)
		},
	)
}

/** Reports of the same by a user, and of what is none. */
const checkSignedReports = async ({ api, steps }: Work, report: Report): Promise<void> => {
	const [proof, membership] = report.extrinsic.method.args
	const again = await send(api, api.tx.offences.reportAuraEquivocation(proof, membership), REPORTER)
	await steps.check('a signed report of the same two blocks is refused as known, and pays its fee', () => {
		strictEqual(again.outcome, KNOWN)
		ok(again.feePlanck > 0n)
	})
	const broken = proof.toU8a()
	broken[broken.length - 1] ^= 1 // in the seal of the second header
	const lie = await send(api, api.tx.offences.reportAuraEquivocation(broken, membership), REPORTER)
	await steps.check('a signed report with one broken seal is refused as no equivocation, and pays its fee', () => {
		strictEqual(lie.outcome, NO_EQUIVOCATION)
		ok(lie.feePlanck > 0n)
	})
}

/** A user reports two precommits that a validator's key has signed, for the double's two blocks. */
const checkSignedVotes = async (work: Work, name: ValidatorName, targets: readonly Head[]): Promise<void> => {
	const { api, rpc, steps } = work
	const { setId, best } = await rpc.call<{ setId: number; best: { round: number } }>('grandpa_roundState')
	const pair = pairOfType(`//${name}`, 'ed25519')
	const round = { setId: BigInt(setId), kind: 'precommit', round: BigInt(best.round) } as const
	const owner = concatBytes(encodeU64(setId), pair.publicKey)
	const answer = new ScaleReader(fromHex(await rpc.call<Hash>('state_call', 'GrandpaApi_generate_key_ownership_proof', toHex(owner))))
	strictEqual(answer.u8(), 1, `the runtime has no proof that ${name} is in set ${setId}`)
	const membership = answer.vecU8()
	const votes = targets.map((target) => ({ ...target, signature: pair.sign(votePayload(target, round)) }))
	const evidence = encodeVotes({ ...round, offender: pair.publicKey, votes })
	const call = () => api.tx.offences.reportGrandpaEquivocation(evidence, membership)
	const first = await send(api, call(), REPORTER)
	await steps.check(
		`a signed report of two precommits of ${name} in round ${best.round} of set ${setId} holds, at no fee, and all validators keep it`,
		async () => {
			deepStrictEqual([first.outcome, first.feePlanck], ['ok', 0n])
			const block = { number: (await rpc.header(first.blockHash)).number, hash: first.blockHash }
			const report = (await reportsIn(api, block)).find(({ extrinsic }) => extrinsic.isSigned)!
			deepStrictEqual([report.kind, report.offender, report.at], ['GrandpaEquivocation', DEV_KEYS[name].sr25519, best.round])
			await isKept(work, report, setId, REPORTER.address)
		},
	)
	const again = await send(api, call(), REPORTER)
	await steps.check('a second one is refused as known, and pays its fee', () => {
		strictEqual(again.outcome, KNOWN)
		ok(again.feePlanck > 0n)
	})
}

/** All validators make blocks that become final, as before. */
const checkHealth = async ({ network, rpc, steps }: Work): Promise<void> => {
	const count = TURNS * network.validators.size
	const { number } = await network.goesOn(count)
	await steps.check(`without the double ${count} blocks become final, and each validator makes some`, async () => {
		const authors = new Set<number>()
		for (let at = number - count + 1; at <= number; at++) {
			const header = await rpc.header((await network.agreed(at)).hash)
			authors.add(authorship(header, await rpc.authorities(header.parentHash)).sealedBy)
		}
		deepStrictEqual(
			[...authors].sort(),
			[...network.validators.keys()].map((_, i) => i),
		)
	})
}

/** CNS-6: who makes two blocks in a slot, or votes twice in a round, is found and recorded. */
export const equivocation: Proof = {
	title: 'two blocks in one slot by one key: the nodes find and report it, and the chain keeps it',
	async run(context) {
		const { network, steps } = context
		const { rpc } = network.authors()[0]
		const [accused, doubled] = await knownValidators(network, rpc)
		const api = await ApiPromise.create({ provider: new WsProvider(rpc.ws), noInitWarn: true })
		const work = { ...context, api, rpc }
		try {
			const from = (await rpc.best()).number
			const double = await network.create(`double-of-${doubled}`, [`--${doubled.toLowerCase()}`, '--validator'])
			const reported = follow(api, rpc, from, DEV_KEYS[doubled].sr25519)
			let blocks: Report
			let votes: Report | undefined
			try {
				await network.start(double)
				steps.step(`a second node runs with ${doubled}'s keys`)
				blocks = await reported('AuraEquivocation', BLOCKS_SECONDS)
				votes = await reported('GrandpaEquivocation', VOTES_SECONDS).catch(() => undefined)
			} finally {
				await double.stop()
			}
			await checkBlocks(work, blocks, doubled)
			if (votes) await checkVotes(work, votes, doubled)
			else steps.step(`the double did not vote twice in a round within ${VOTES_SECONDS} s`)
			await checkSignedReports(work, blocks)
			const { headers } = blocksOf(blocks.extrinsic.method.args[0].toU8a())
			const targets = headers.map((header) => ({ hash: hashOf(header), number: header.number }))
			await checkSignedVotes(work, accused, targets)
			await checkHealth(work)
		} finally {
			await api.disconnect()
		}
		const { finalized, embedded } = await network.mirror()
		await steps.check(`the embedded node executes all ${finalized.number} blocks, reports included, to the same state roots`, () =>
			deepStrictEqual(embedded.best, finalized),
		)
	},
}
