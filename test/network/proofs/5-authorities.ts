import { deepStrictEqual, ok, strictEqual, throws } from 'node:assert'
import { connect, findEvent, signAndFinalize } from '@stkr/client'
import type { Hash } from '@stkr/node/src/chain.ts'
import { toHex } from '@stkr/node/src/crypto/hex.ts'
import { type VoterSet, verifyJustification } from '@stkr/node/src/finality/justification.ts'
import { DEV_KEYS } from '@stkr/runtime-spec/runtime/presets.ts'
import { pairOf } from '../../conformance/signers.ts'
import { authorship } from '../headers.ts'
import type { Proof } from '../proof.ts'
import type { Rpc } from '../rpc.ts'
import { SESSION_BLOCKS } from '../spec.ts'
import { until } from '../until.ts'
import { nextJustification, votersAt } from '../voters.ts'

const SESSION_SECONDS = 120

interface RoundState {
	setId: number
	best: { round: number; totalWeight: number }
}

const keysOf = ({ voters }: VoterSet): string[] => voters.map(({ key }) => toHex(key)).sort()

/** The last block of the session: the first one whose state has other authorities than block `from`. */
const changeAfter = async (rpc: Rpc, from: number): Promise<{ number: number; hash: Hash }> => {
	const before = (await rpc.authorities((await rpc.hashAt(from))!)).map(toHex)
	let number = from + 1
	return until(
		'the authorities to change at the end of the session',
		async () => {
			for (let hash = await rpc.hashAt(number); hash; hash = await rpc.hashAt(++number))
				if ((await rpc.authorities(hash)).map(toHex).join() !== before.join()) return { number, hash }
			return undefined
		},
		SESSION_SECONDS,
	)
}

/** CNS-1: block production and finality go over to a new set together, at the end of a session. */
export const authorities: Proof = {
	title: 'one validator out and one in: from the next session on the new set makes the blocks and finalises them',
	async run({ network, steps }) {
		const newcomer = await network.create('Dave', ['--validator', '--name', 'Dave'])
		await network.start(newcomer)
		await newcomer.reaches((await network.goesOn(1)).number)
		steps.step('Dave runs a fourth node, without a key in its keystore, and follows')

		const owner = DEV_KEYS.Dave.sr25519
		const { keys, proof } = await newcomer.rpc.call<{ keys: Hash; proof: Hash }>('author_rotateKeysWithOwner', owner)
		const leaver = network.validator('Charlie')
		const { rpc } = network.validator('Alice')
		const { hash: present } = await rpc.finalized()
		const [oldSet, oldAuthorities] = [await votersAt(rpc, present), await rpc.authorities(present)]
		const client = await connect(rpc.ws)
		let planned: number
		try {
			const registered = await signAndFinalize(client, client.api.tx.session.setKeys(keys, proof), pairOf('Dave'))
			steps.step(
				`author_rotateKeysWithOwner made keys on Dave's node; session.setKeys, signed by Dave, is in block ${registered.blockNumber}`,
			)
			const validators = [DEV_KEYS.Alice, DEV_KEYS.Bob, DEV_KEYS.Dave].map(({ sr25519 }) => sr25519)
			const chosen = await signAndFinalize(
				client,
				client.api.tx.sudo.sudo(client.api.tx.session.setValidators(validators)),
				pairOf('Alice'),
			)
			planned = chosen.blockNumber
			const result = findEvent(chosen.events, client.api.events.sudo.Sudid)
			await steps.check(`root chooses Alice, Bob and Dave in block ${planned}`, () => strictEqual(result?.[0].isOk, true))
		} finally {
			await client.disconnect()
		}

		const change = await changeAfter(rpc, planned)
		network.validators.delete('Charlie')
		network.validators.set('Dave', newcomer)
		const last = change.number + SESSION_BLOCKS
		await network.isFinal(last, SESSION_SECONDS)
		steps.step(`block ${change.number} announces the change; the session after it is final up to block ${last}`)

		const header = await rpc.header(change.hash)
		await steps.check('its digest tells Aura and GRANDPA of it', () =>
			deepStrictEqual(
				header.digest.flatMap((item) => (item.type === 'consensus' ? [item.engine] : [])),
				['aura', 'FRNK'],
			),
		)
		const newAuthorities = await rpc.authorities(change.hash)
		await steps.check('the new authorities are Alice, Bob and the keys of Dave’s node; those of Charlie are gone', () =>
			deepStrictEqual(newAuthorities.map(toHex), [...oldAuthorities.slice(0, 2).map(toHex), keys.slice(0, 66)]),
		)
		const sealedBy: number[] = []
		const turns: number[] = []
		for (let number = change.number + 1; number <= last; number++) {
			const { sealedBy: author, turn } = authorship(await rpc.header((await network.agreed(number)).hash), newAuthorities)
			sealedBy.push(author)
			turns.push(turn)
		}
		await steps.check(`blocks ${change.number + 1} to ${last} are sealed by the new authorities in turn`, () =>
			deepStrictEqual(sealedBy, turns),
		)
		await steps.check('Dave makes blocks, Charlie none', () =>
			ok(sealedBy.filter((author) => author === 2).length >= 2, sealedBy.join(' ')),
		)
		await steps.check(`block ${change.number} itself is still of the old set`, () => {
			const { turn, sealedBy: author } = authorship(header, oldAuthorities)
			strictEqual(author, turn)
		})

		const newSet = await votersAt(rpc, change.hash)
		await steps.check(`the voter set is number ${newSet.setId} now, with Dave's key in place of Charlie's`, () => {
			strictEqual(newSet.setId, oldSet.setId + 1n)
			deepStrictEqual(keysOf(newSet), [DEV_KEYS.Alice.ed25519, DEV_KEYS.Bob.ed25519, `0x${keys.slice(66)}`].sort())
		})
		await steps.check('grandpa_roundState of each of the three counts rounds of that set', async () => {
			for (const node of network.authors()) {
				const { setId, best } = await node.rpc.call<RoundState>('grandpa_roundState')
				deepStrictEqual([node.name, BigInt(setId), best.totalWeight], [node.name, newSet.setId, newSet.voters.length])
			}
		})
		const justification = await nextJustification(rpc)
		await steps.check(`a justification of block ${justification.number} is signed by the new voters, and is none of the old set`, () => {
			verifyJustification(justification, justification, newSet)
			deepStrictEqual([...new Set(justification.precommits.map(({ key }) => toHex(key)))].sort(), keysOf(newSet))
			throws(() => verifyJustification(justification, justification, oldSet), { name: 'JustificationError' })
		})
		await leaver.stop()
		await steps.check('the new set finalises on without Charlie’s node', () => network.goesOn(2))

		const { finalized, embedded } = await network.mirror()
		await steps.check(
			`the embedded node takes the blocks of both sets, up to ${finalized.number}, and the change is final there by its justification`,
			() => {
				deepStrictEqual(embedded.best, finalized)
				ok(embedded.finalizedNumber >= change.number, `final is ${embedded.finalizedNumber}, the change was in block ${change.number}`)
			},
		)
	},
}
