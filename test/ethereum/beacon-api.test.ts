import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { SecretKey } from '@chainsafe/blst'
import { DOMAIN_BEACON_ATTESTER, DOMAIN_BLS_TO_EXECUTION_CHANGE, DOMAIN_VOLUNTARY_EXIT } from '@lodestar/params'
import { computeDomain, computeSigningRoot, interopSecretKey } from '@lodestar/state-transition'
import { ssz } from '@lodestar/types'
import { concat, fromRlp, type Hex, hexToBytes, hexToString, keccak256, parseGwei, recoverPublicKey, toHex, toRlp } from 'viem'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { type Ethereum, startEthereum } from './devnet.ts'
import { slash } from './slashing.ts'
import {
	addressCredentials,
	beaconGet,
	clientsOf,
	depositValidator,
	requestWithdrawal,
	type ValidatorAnswer,
	validatorStatus,
	waitStatus,
} from './validator-life.ts'

// Blocks are read as SSZ here, whose sizes follow the preset; Lodestar reads it once, when it is loaded.
vi.hoisted(() => {
	process.env.LODESTAR_PRESET = 'minimal'
})

const SLOTS_PER_EPOCH = 8
const GENESIS_VALIDATORS = 16
const SYNC_COMMITTEE_SIZE = 32
/** 32 ETH by MIN_SLASHING_PENALTY_QUOTIENT_ELECTRA. */
const SLASHING_PENALTY_GWEI = 32_000_000_000n / 4096n
/** Slow enough that the states a test asks for are still kept when it compares them. */
const SLOT_PACE_MS = 60

/** Tests that end a validator's service take one each, so that they can run at the same time. */
const EXITING = 4
const EXITING_AND_SLASHED = 11
const DOUBLE_PROPOSER = 6
const DOUBLE_VOTER = 9

interface BlockAnswer {
	message: {
		slot: string
		proposer_index: string
		parent_root: Hex
		body: {
			attestations: { data: { slot: string } }[]
			proposer_slashings: { signed_header_1: { message: { proposer_index: string } } }[]
			attester_slashings: { attestation_1: { attesting_indices: string[] } }[]
			execution_payload: { prev_randao: Hex; withdrawals: { validator_index: string; amount: string }[] }
		}
	}
}

interface HeaderAnswer {
	root: Hex
	canonical: boolean
	header: { message: { slot: string; parent_root: Hex; state_root: Hex } }
}

interface Problem {
	code: number
	message: string
}

let ethereum: Ethereum

const get = <Data>(path: string): Promise<Data> => beaconGet<Data>(ethereum, path)

const post = (path: string, body: unknown, headers: Record<string, string> = {}): Promise<Response> =>
	fetch(`${ethereum.beaconUrl}${path}`, {
		method: 'POST',
		headers: { 'content-type': 'application/json', ...headers },
		body: JSON.stringify(body),
	})

async function postFor<Data>(path: string, body: unknown): Promise<Data> {
	const response = await post(path, body)
	if (!response.ok) throw new Error(`POST ${path}: ${response.status} ${await response.text()}`)
	return ((await response.json()) as { data: Data }).data
}

const problemOf = async (answer: Promise<Response>): Promise<Problem> => (await (await answer).json()) as Problem

/** The balances of every validator in a state, in Gwei. */
async function balancesAt(stateId: string | number): Promise<bigint[]> {
	const balances = await get<{ index: string; balance: string }[]>(`/eth/v1/beacon/states/${stateId}/validator_balances`)
	return balances.map(({ balance }) => BigInt(balance))
}

const genesisPubkey = (index: number): Hex => toHex(interopSecretKey(index).toPublicKey().toBytes())

async function genesisValidatorsRoot(): Promise<Uint8Array> {
	return hexToBytes((await get<{ genesis_validators_root: Hex }>('/eth/v1/beacon/genesis')).genesis_validators_root)
}

/** A genesis validator's wish to leave, as the Beacon API takes it. */
async function signedExit(validatorIndex: number) {
	const spec = await get<Record<string, Hex>>('/eth/v1/config/spec')
	const message = { epoch: 1, validatorIndex }
	// EIP-7044: signed for Capella whatever the current fork.
	const domain = computeDomain(DOMAIN_VOLUNTARY_EXIT, hexToBytes(spec.CAPELLA_FORK_VERSION), await genesisValidatorsRoot())
	const signature = toHex(
		interopSecretKey(validatorIndex)
			.sign(computeSigningRoot(ssz.phase0.VoluntaryExit, message, domain))
			.toBytes(),
	)
	return { message: { epoch: '1', validator_index: String(validatorIndex) }, signature }
}

/** Subscribes to a topic, then acts, then returns the first event's data that is about what was done: others act at the same time. */
async function eventAfter<Data>(topic: string, act: () => Promise<unknown>, isWanted: (data: Data) => boolean): Promise<Data> {
	const controller = new AbortController()
	// The headers come when the subscription is in place.
	const response = await fetch(`${ethereum.beaconUrl}/eth/v1/events?topics=${topic}`, { signal: controller.signal })
	await act()
	let text = ''
	let found: Data | undefined
	for await (const chunk of response.body!.pipeThrough(new TextDecoderStream())) {
		text += chunk
		const events = [...text.matchAll(/^event: (.+)\ndata: (.+)\n\n/gm)]
		expect(events.every(([, type]) => type === topic)).toBe(true)
		found = events.map(([, , data]) => JSON.parse(data) as Data).find(isWanted)
		if (found !== undefined) break
	}
	controller.abort()
	if (found === undefined) throw new Error(`The event stream ended without the ${topic} event`)
	return found
}

beforeAll(async () => {
	ethereum = await startEthereum({ secondsPerSlot: 1, slotPaceMs: SLOT_PACE_MS })
}, 60_000)

afterAll(() => ethereum.close())

describe.concurrent('the Beacon API', () => {
	test('SDC-1 tells the node, its network and its configuration', async () => {
		const identity = await get<{ peer_id: string; enr: string; p2p_addresses: string[] }>('/eth/v1/node/identity')
		expect(identity.peer_id).toMatch(/^16Uiu2HA[1-9A-HJ-NP-Za-km-z]{45}$/)
		const record = fromRlp(`0x${Buffer.from(identity.enr.slice('enr:'.length), 'base64url').toString('hex')}`, 'hex') as Hex[]
		const [signature, ...content] = record
		const pairs = new Map(content.slice(1).flatMap((key, i, all) => (i % 2 === 0 ? [[hexToString(key), all[i + 1]]] : [])))
		expect([...pairs.keys()]).toEqual(['eth2', 'id', 'secp256k1'])
		// EIP-778: the record is signed by the key in it. Its signature has no recovery bit, so it is one of two keys.
		const signers = await Promise.all(
			[0, 1].map((bit) => recoverPublicKey({ hash: keccak256(toRlp(content)), signature: concat([signature, toHex(27 + bit)]) })),
		)
		expect(signers.map((key) => key.slice(4, 68))).toContain(pairs.get('secp256k1')?.slice(4))
		expect(identity.p2p_addresses).toEqual([])
		expect((await get<{ version: string }>('/eth/v1/node/version')).version).toContain('stkr-devnet')
		expect(await get('/eth/v1/node/syncing')).toMatchObject({ is_syncing: false, is_optimistic: false, el_offline: false })
		expect((await fetch(`${ethereum.beaconUrl}/eth/v1/node/health`)).status).toBe(200)
		expect(await get('/eth/v1/node/peers')).toEqual([])
		expect(await get('/eth/v1/node/peer_count')).toEqual({ disconnected: '0', connecting: '0', connected: '0', disconnecting: '0' })

		const schedule = await get<{ previous_version: Hex; current_version: Hex; epoch: string }[]>('/eth/v1/config/fork_schedule')
		const spec = await get<Record<string, string>>('/eth/v1/config/spec')
		expect(schedule[0]).toEqual({ previous_version: spec.GENESIS_FORK_VERSION, current_version: spec.GENESIS_FORK_VERSION, epoch: '0' })
		expect(schedule.at(-1)).toEqual({ previous_version: spec.DENEB_FORK_VERSION, current_version: spec.ELECTRA_FORK_VERSION, epoch: '0' })
		const fork = await get<{ current_version: string }>('/eth/v1/beacon/states/head/fork')
		expect(fork.current_version).toBe(spec.ELECTRA_FORK_VERSION)
	})

	test('SDC-1 finds a state by name, slot and root', async () => {
		await ethereum.waitHead((head) => head.finalizedEpoch > 0)
		const { slot } = ethereum.head()
		const { header } = await get<HeaderAnswer>(`/eth/v1/beacon/headers/${slot}`)
		expect(await get(`/eth/v1/beacon/states/${slot}/root`)).toEqual({ root: header.message.state_root })
		expect(await get(`/eth/v1/beacon/states/${header.message.state_root}/root`)).toEqual({ root: header.message.state_root })

		for (const name of ['genesis', 'finalized', 'justified']) {
			const { root } = await get<{ root: Hex }>(`/eth/v1/beacon/states/${name}/root`)
			expect(await get<HeaderAnswer>(`/eth/v1/beacon/headers/${name}`)).toMatchObject({ header: { message: { state_root: root } } })
		}
		const response = await fetch(`${ethereum.beaconUrl}/eth/v1/beacon/states/finalized/finality_checkpoints`)
		expect(await response.json()).toMatchObject({ execution_optimistic: false, finalized: true })
		const checkpoints = await get<{ finalized: { epoch: string; root: Hex } }>('/eth/v1/beacon/states/head/finality_checkpoints')
		expect(await get<HeaderAnswer>(`/eth/v1/beacon/headers/${checkpoints.finalized.root}`)).toMatchObject({ canonical: true })
	}, 60_000)

	test('SDC-1 filters validators, balances and identities by index, key and status, by GET and POST alike', async () => {
		const path = '/eth/v1/beacon/states/genesis'
		const byId = await get<ValidatorAnswer[]>(`${path}/validators?id=3,${genesisPubkey(7)}&id=999`)
		expect(byId.map(({ index }) => index)).toEqual(['3', '7'])
		expect(await postFor(`${path}/validators`, { ids: ['3', genesisPubkey(7), '999'] })).toEqual(byId)
		expect(await get<ValidatorAnswer[]>(`${path}/validators?status=active`)).toHaveLength(GENESIS_VALIDATORS)
		expect(await get(`${path}/validators?status=pending_queued,exited`)).toEqual([])
		expect(await postFor(`${path}/validators`, { ids: ['3'], statuses: ['active_ongoing'] })).toEqual([byId[0]])
		expect(await postFor<ValidatorAnswer[]>(`${path}/validators`, {})).toHaveLength(GENESIS_VALIDATORS)

		const balances = [{ index: '7', balance: '32000000000' }]
		expect(await get(`${path}/validator_balances?id=${genesisPubkey(7)}`)).toEqual(balances)
		expect(await postFor(`${path}/validator_balances`, ['7'])).toEqual(balances)
		expect(await postFor(`${path}/validator_identities`, ['7'])).toEqual([{ index: '7', pubkey: genesisPubkey(7), activation_epoch: '0' }])
	})

	test('SDC-1 gives every active validator one committee an epoch, and fills the sync committee', async () => {
		const path = '/eth/v1/beacon/states/genesis'
		type Committee = { index: string; slot: string; validators: string[] }
		const committees = await get<Committee[]>(`${path}/committees`)
		const members = committees.flatMap(({ validators }) => validators.map(Number))
		expect(members.sort((a, b) => a - b)).toEqual(Array.from({ length: GENESIS_VALIDATORS }, (_, index) => index))
		expect(new Set(committees.map(({ slot }) => slot)).size).toBe(SLOTS_PER_EPOCH)
		expect(await get(`${path}/committees?slot=3`)).toEqual(committees.filter(({ slot }) => slot === '3'))
		const next = await get<Committee[]>(`${path}/committees?epoch=1`)
		expect(next.map(({ slot }) => Number(slot)).every((slot) => slot >= SLOTS_PER_EPOCH && slot < 2 * SLOTS_PER_EPOCH)).toBe(true)

		const sync = await get<{ validators: string[]; validator_aggregates: string[][] }>(`${path}/sync_committees`)
		expect(sync.validators).toHaveLength(SYNC_COMMITTEE_SIZE)
		expect(sync.validator_aggregates.flat()).toEqual(sync.validators)
	})

	test('SDC-1 the RANDAO mix of a state is the randomness of the next block', async () => {
		// Within an epoch: its first block takes the mix that the epoch starts with.
		const { slot } = await ethereum.waitHead((head) => head.slot % SLOTS_PER_EPOCH > 1)
		const { message } = await get<BlockAnswer>(`/eth/v2/beacon/blocks/${slot}`)
		const parent = await get<HeaderAnswer>(`/eth/v1/beacon/headers/${message.parent_root}`)
		const { randao } = await get<{ randao: Hex }>(`/eth/v1/beacon/states/${parent.header.message.slot}/randao`)
		expect(message.body.execution_payload.prev_randao).toBe(randao)
		const epoch = Math.floor(slot / SLOTS_PER_EPOCH)
		expect(await get(`/eth/v1/beacon/states/${parent.header.message.slot}/randao?epoch=${epoch}`)).toEqual({ randao })
	})

	test('SDC-1 serves a block as JSON and as SSZ, its header by slot and by parent, and its attestations', async () => {
		const { slot, blockRoot } = await ethereum.waitHead((head) => head.slot > 2)
		const response = await fetch(`${ethereum.beaconUrl}/eth/v2/beacon/blocks/${slot}`, { headers: { accept: 'application/octet-stream' } })
		expect(response.headers.get('content-type')).toBe('application/octet-stream')
		expect(response.headers.get('eth-consensus-version')).toBe('electra')
		const block = ssz.electra.SignedBeaconBlock.deserialize(new Uint8Array(await response.arrayBuffer()))
		expect(toHex(ssz.electra.BeaconBlock.hashTreeRoot(block.message))).toBe(blockRoot)
		const json = await get<BlockAnswer>(`/eth/v2/beacon/blocks/${blockRoot}`)
		expect(ssz.electra.SignedBeaconBlock.toJson(block)).toEqual(json)
		expect(await get(`/eth/v2/beacon/blocks/${slot}/attestations`)).toEqual(json.message.body.attestations)
		expect(json.message.body.attestations.length).toBeGreaterThan(0)
		expect(await get(`/eth/v1/beacon/blocks/${slot}/root`)).toEqual({ root: blockRoot })

		const header = await get<HeaderAnswer>(`/eth/v1/beacon/headers/${blockRoot}`)
		expect(await get(`/eth/v1/beacon/headers?slot=${slot}`)).toEqual([header])
		expect(await get(`/eth/v1/beacon/headers?parent_root=${json.message.parent_root}`)).toEqual([header])
		expect(await get(`/eth/v1/beacon/headers?parent_root=0x${'ff'.repeat(32)}`)).toEqual([])
	})

	test('PRV-6 rewards of proposer and sync committee account for every balance that a block changed', async () => {
		// Neither an epoch's first block, before which its attestations are settled, nor one after an empty slot.
		const { slot } = await ethereum.waitHead((head) => head.slot > SLOTS_PER_EPOCH && head.slot % SLOTS_PER_EPOCH === 5)
		const { message } = await get<BlockAnswer>(`/eth/v2/beacon/blocks/${slot}`)
		const before = await balancesAt(slot - 1)
		const after = await balancesAt(slot)
		type BlockRewards = Record<
			'proposer_index' | 'total' | 'attestations' | 'sync_aggregate' | 'proposer_slashings' | 'attester_slashings',
			string
		>
		const block = await get<BlockRewards>(`/eth/v1/beacon/rewards/blocks/${slot}`)
		const sync = await postFor<{ validator_index: string; reward: string }[]>(`/eth/v1/beacon/rewards/sync_committee/${slot}`, [])

		expect(block.proposer_index).toBe(message.proposer_index)
		expect(BigInt(block.attestations)).toBeGreaterThan(0n)
		const parts = [block.attestations, block.sync_aggregate, block.proposer_slashings, block.attester_slashings].map(BigInt)
		expect(parts.reduce((sum, part) => sum + part)).toBe(BigInt(block.total))
		const expected = [...before]
		expected[Number(block.proposer_index)] += BigInt(block.total)
		for (const { validator_index, reward } of sync) expected[Number(validator_index)] += BigInt(reward)
		for (const { validator_index, amount } of message.body.execution_payload.withdrawals)
			expected[Number(validator_index)] -= BigInt(amount)
		const slashed = [
			...message.body.proposer_slashings.map(({ signed_header_1 }) => signed_header_1.message.proposer_index),
			...message.body.attester_slashings.flatMap(({ attestation_1 }) => attestation_1.attesting_indices),
		]
		for (const index of slashed) expected[Number(index)] -= SLASHING_PENALTY_GWEI
		expect(after).toEqual(expected)

		const [first] = sync
		expect(await postFor(`/eth/v1/beacon/rewards/sync_committee/${slot}`, [first.validator_index])).toEqual([first])
	}, 60_000)

	test('PRV-6 attestation rewards are what the ideal attester earns, and can be asked for one validator', async () => {
		await ethereum.waitHead((head) => head.epoch >= 3)
		type Rewards = {
			ideal_rewards: { effective_balance: string; head: string; target: string; source: string }[]
			total_rewards: { validator_index: string; head: string; target: string; source: string; inactivity: string }[]
		}
		const { ideal_rewards, total_rewards } = await postFor<Rewards>('/eth/v1/beacon/rewards/attestations/1', [])
		expect(total_rewards).toHaveLength(GENESIS_VALIDATORS)
		const ideal = ideal_rewards.find(({ effective_balance }) => effective_balance === '32000000000')
		const [one] = await postFor<Rewards>('/eth/v1/beacon/rewards/attestations/1', [genesisPubkey(2)]).then((answer) => answer.total_rewards)
		expect(one.validator_index).toBe('2')
		expect(total_rewards[2]).toEqual(one)
		expect(one).toMatchObject({ target: ideal?.target, source: ideal?.source, inactivity: '0' })
		expect(BigInt(one.target)).toBeGreaterThan(BigInt(one.source))
	}, 60_000)

	test('SDC-1 a valid voluntary exit is told to subscribers and waits in the pool until a block takes it', async () => {
		await ethereum.waitHead((head) => head.epoch >= 2)
		const exit = await signedExit(EXITING)
		const submit = async (): Promise<void> => {
			expect((await post('/eth/v1/beacon/pool/voluntary_exits', exit)).status).toBe(200)
		}
		type Exit = typeof exit
		const event = await eventAfter<Exit>('voluntary_exit', submit, ({ message }) => message.validator_index === String(EXITING))
		expect(event).toEqual(exit)
		await waitStatus(ethereum, genesisPubkey(EXITING), 'active_exiting')
		expect(await get('/eth/v1/beacon/pool/voluntary_exits')).not.toContainEqual(exit)
	}, 60_000)

	test('INS-2 a double proposal slashes the validator, costs it stake and ends its service, once', async () => {
		await expect(slash(ethereum, DOUBLE_PROPOSER, interopSecretKey(DOUBLE_PROPOSER + 1).toBytes())).rejects.toThrow('signature invalid')
		const pubkey = genesisPubkey(DOUBLE_PROPOSER)
		expect(await validatorStatus(ethereum, pubkey)).toBe('active_ongoing')

		type Slashing = { signed_header_1: { message: { proposer_index: string } } }
		const event = await eventAfter<Slashing>(
			'proposer_slashing',
			() => slash(ethereum, DOUBLE_PROPOSER),
			({ signed_header_1 }) => signed_header_1.message.proposer_index === String(DOUBLE_PROPOSER),
		)
		const seen = await waitStatus(ethereum, pubkey, 'exited_slashed')
		expect(seen).toContain('active_slashed')
		const { balance, validator } = await get<ValidatorAnswer>(`/eth/v1/beacon/states/head/validators/${pubkey}`)
		expect(validator.slashed).toBe(true)
		expect(BigInt(balance)).toBeLessThan(32_000_000_000n)
		await expect(slash(ethereum, DOUBLE_PROPOSER)).rejects.toThrow('not slashable')
		await expect(slash(ethereum, 9_999)).rejects.toThrow('there is no validator 9999')
		expect(await get('/eth/v1/beacon/pool/proposer_slashings')).not.toContainEqual(event)
	}, 90_000)

	test('INS-2 a validator that is slashed while its exit waits costs the chain no block', async () => {
		await ethereum.waitHead((head) => head.epoch >= 2)
		const exit = await signedExit(EXITING_AND_SLASHED)
		await Promise.all([slash(ethereum, EXITING_AND_SLASHED), post('/eth/v1/beacon/pool/voluntary_exits', exit)])
		const seen = await waitStatus(ethereum, genesisPubkey(EXITING_AND_SLASHED), 'exited_slashed')
		expect(seen).toContain('active_slashed')
		expect(readFileSync(join(ethereum.dir, 'beacon.log'), 'utf8')).not.toContain('stays empty')
	}, 90_000)

	test('INS-2 a double vote slashes the validator', async () => {
		const { epoch } = await ethereum.waitHead((head) => head.epoch >= 1)
		const fork = await get<{ current_version: Hex }>('/eth/v1/beacon/states/head/fork')
		const domain = computeDomain(DOMAIN_BEACON_ATTESTER, hexToBytes(fork.current_version), await genesisValidatorsRoot())
		const vote = (distinction: number, signer: number) => {
			const data = ssz.phase0.AttestationDataBigint.defaultValue()
			data.target.epoch = BigInt(epoch)
			data.beaconBlockRoot.fill(distinction)
			const signature = interopSecretKey(signer)
				.sign(computeSigningRoot(ssz.phase0.AttestationDataBigint, data, domain))
				.toBytes()
			return { attestingIndices: [DOUBLE_VOTER], data, signature }
		}
		const submit = (attestation1: ReturnType<typeof vote>, attestation2: ReturnType<typeof vote>): Promise<Response> =>
			post('/eth/v2/beacon/pool/attester_slashings', ssz.electra.AttesterSlashing.toJson({ attestation1, attestation2 }), {
				'eth-consensus-version': 'electra',
			})

		expect(await problemOf(submit(vote(1, DOUBLE_VOTER), vote(1, DOUBLE_VOTER)))).toEqual({
			code: 400,
			message: 'Attester slashing refused: AttesterSlashing is not slashable',
		})
		expect((await submit(vote(1, DOUBLE_VOTER), vote(2, DOUBLE_VOTER + 1))).status).toBe(400)
		expect(await validatorStatus(ethereum, genesisPubkey(DOUBLE_VOTER))).toBe('active_ongoing')
		expect((await submit(vote(1, DOUBLE_VOTER), vote(2, DOUBLE_VOTER))).status).toBe(200)
		await waitStatus(ethereum, genesisPubkey(DOUBLE_VOTER), 'active_slashed')
		expect((await submit(vote(1, DOUBLE_VOTER), vote(3, DOUBLE_VOTER))).status).toBe(400)
	}, 60_000)

	test('ESC-6 a deposit waits in the queue, BLS withdrawal credentials change to an address once, and empty slots have a state but no block', async () => {
		const staker = clientsOf(ethereum, 4)
		const withdrawalKey = interopSecretKey(1_000)
		const withdrawalPubkey = withdrawalKey.toPublicKey().toBytes()
		const hash = createHash('sha256').update(withdrawalPubkey).digest('hex')
		const { data } = await depositValidator(ethereum, staker, concat(['0x00', `0x${hash.slice(2)}`]))
		const { slot } = await ethereum.waitHead((head) => head.blockNumber > 0n)
		await ethereum.waitHead((head) => head.slot > slot)
		const pending = await get<{ pubkey: Hex; amount: string }[]>('/eth/v1/beacon/states/head/pending_deposits')
		expect(pending).toContainEqual(expect.objectContaining({ pubkey: data.pubkey, amount: '32000000000' }))
		await waitStatus(ethereum, data.pubkey, 'pending_queued')

		const { index } = await get<ValidatorAnswer>(`/eth/v1/beacon/states/head/validators/${data.pubkey}`)
		const toExecutionAddress = staker.account.address.toLowerCase()
		const message = {
			validatorIndex: Number(index),
			fromBlsPubkey: withdrawalPubkey,
			toExecutionAddress: hexToBytes(toExecutionAddress as Hex),
		}
		const domain = computeDomain(DOMAIN_BLS_TO_EXECUTION_CHANGE, hexToBytes(ethereum.genesisForkVersion), await genesisValidatorsRoot())
		const root = computeSigningRoot(ssz.capella.BLSToExecutionChange, message, domain)
		const submit = (signer: SecretKey): Promise<Response> =>
			post('/eth/v1/beacon/pool/bls_to_execution_changes', [
				ssz.capella.SignedBLSToExecutionChange.toJson({ message, signature: signer.sign(root).toBytes() }),
			])
		expect(await problemOf(submit(interopSecretKey(1)))).toMatchObject({
			code: 400,
			failures: [{ index: 0, message: expect.stringContaining('Signature could not be verified') }],
		})
		expect((await submit(withdrawalKey)).status).toBe(200)
		const changed = ethereum.head().slot
		await ethereum.waitHead((head) => head.slot > changed + 1)
		const { validator } = await get<ValidatorAnswer>(`/eth/v1/beacon/states/head/validators/${index}`)
		expect(validator.withdrawal_credentials).toBe(addressCredentials(staker.account.address).toLowerCase())
		expect(await get('/eth/v1/beacon/pool/bls_to_execution_changes')).toEqual([])
		expect((await submit(withdrawalKey)).status).toBe(400)

		// Nobody holds this validator's key, so once active it leaves its slots empty.
		await waitStatus(ethereum, data.pubkey, 'active_ongoing')
		let { slot: seen } = ethereum.head()
		const gap = await ethereum.waitHead((head) => {
			const isSlotSkipped = head.slot === seen + 2
			seen = head.slot
			return isSlotSkipped
		})
		const [before, empty] = [gap.slot - 2, gap.slot - 1]
		expect((await fetch(`${ethereum.beaconUrl}/eth/v1/beacon/headers/${empty}`)).status).toBe(404)
		const stateRoot = await get<{ root: Hex }>(`/eth/v1/beacon/states/${empty}/root`)
		expect(stateRoot).not.toEqual(await get(`/eth/v1/beacon/states/${before}/root`))
		expect(await get(`/eth/v1/beacon/states/${empty}/validators?id=0`)).toHaveLength(1)
	}, 90_000)

	test('ESC-6 a partial withdrawal asked for on the execution side waits in the queue and is paid', async () => {
		const staker = clientsOf(ethereum, 5)
		const credentials = addressCredentials(staker.account.address, '0x02')
		const { data, secretKey } = await depositValidator(ethereum, staker, credentials, 34_000_000_000n)
		await ethereum.addValidatorKey(secretKey)
		await waitStatus(ethereum, data.pubkey, 'active_ongoing')
		const { index } = await get<ValidatorAnswer>(`/eth/v1/beacon/states/head/validators/${data.pubkey}`)
		const { epoch } = ethereum.head()
		// SHARD_COMMITTEE_PERIOD: one epoch of service before anything is withdrawn on request.
		await ethereum.waitHead((head) => head.epoch > epoch + 1)

		await requestWithdrawal(staker, data.pubkey, 1_000_000_000n)
		const owned = await staker.publicClient.getBalance(staker.account)
		const pending = await get<{ validator_index: string; amount: string }[]>('/eth/v1/beacon/states/head/pending_partial_withdrawals')
		expect(pending).toEqual([expect.objectContaining({ validator_index: index, amount: '1000000000' })])
		const paid = (): Promise<boolean> =>
			staker.publicClient.getBalance(staker.account).then((now) => now === owned + parseGwei('1000000000'))
		while (!(await paid())) {
			const { slot, epoch: now } = ethereum.head()
			expect(now).toBeLessThan(epoch + 20)
			await ethereum.waitHead((head) => head.slot > slot)
		}
		expect(await get('/eth/v1/beacon/states/head/pending_partial_withdrawals')).toEqual([])
		expect(await get('/eth/v1/beacon/states/head/pending_consolidations')).toEqual([])
		expect(await validatorStatus(ethereum, data.pubkey)).toBe('active_ongoing')
	}, 90_000)

	test('SDC-1 attestations wait in the pool for the next block, and can be asked for by slot and committee', async () => {
		type Attestation = { data: { slot: string } }
		let waiting: Attestation[] = []
		while (waiting.length === 0) {
			const { slot } = ethereum.head()
			await ethereum.waitHead((head) => head.slot > slot)
			waiting = await get<Attestation[]>('/eth/v2/beacon/pool/attestations')
		}
		for (const { data } of waiting) expect(ethereum.head().slot - Number(data.slot)).toBeLessThan(2 * SLOTS_PER_EPOCH)
		expect(await get('/eth/v2/beacon/pool/attestations?slot=0')).toEqual([])
		expect(await get('/eth/v2/beacon/pool/attestations?committee_index=3')).toEqual([])
	})

	test.each([
		['/eth/v1/beacon/states/tomorrow/root', 400, 'not a state id'],
		['/eth/v1/beacon/states/999999999/root', 404, 'No state'],
		['/eth/v1/beacon/headers/0x12', 400, 'not a block id'],
		['/eth/v2/beacon/blocks/999999999', 404, 'No block'],
		['/eth/v1/beacon/states/head/validators?id=me', 400, 'neither a validator index nor a public key'],
		['/eth/v1/beacon/states/head/validators?status=retired', 400, '"retired" is not a validator status'],
		['/eth/v1/beacon/headers?parent_root=0x12', 400, 'not a block root'],
		['/eth/v1/beacon/states/genesis/randao?epoch=5', 400, 'RANDAO mixes'],
		['/eth/v1/beacon/states/genesis/committees?epoch=5', 400, 'committees'],
		['/eth/v1/beacon/states/genesis/committees?epoch=0&slot=8', 400, 'Slot 8 is in epoch 1'],
		['/eth/v1/beacon/states/genesis/sync_committees?epoch=9999', 400, 'sync committees'],
		['/eth/v1/beacon/rewards/blocks/genesis', 404, 'genesis has none'],
		['/eth/v1/node/peers/16Uiu2HAm', 404, 'No peer'],
		['/eth/v1/events?topics=contribution_and_proof', 400, 'contribution_and_proof'],
		['/eth/v1/nothing', 404, 'not served'],
	])('SDC-1 %s is answered with %i and the reason', async (path, code, reason) => {
		expect(await problemOf(fetch(`${ethereum.beaconUrl}${path}`))).toEqual({ code, message: expect.stringContaining(reason) })
	})

	test('SDC-1 reorganizations can be subscribed to', async () => {
		const controller = new AbortController()
		const response = await fetch(`${ethereum.beaconUrl}/eth/v1/events?topics=chain_reorg,block`, { signal: controller.signal })
		expect(response.status).toBe(200)
		expect(response.headers.get('content-type')).toBe('text/event-stream')
		controller.abort()
	})

	test('SDC-1 rewards not settled yet are refused with the slot that settles them', async () => {
		expect(await problemOf(post('/eth/v1/beacon/rewards/attestations/1000000', []))).toEqual({
			code: 404,
			message: expect.stringContaining('rewarded after slot 8000015'),
		})
	})
})
