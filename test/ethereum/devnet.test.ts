import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DOMAIN_VOLUNTARY_EXIT } from '@lodestar/params'
import { computeDomain, computeSigningRoot, interopSecretKey } from '@lodestar/state-transition'
import { ssz } from '@lodestar/types'
import { generateValidatorKey } from '@stkr/sidecar/contracts/deposit-data.ts'
import { BlockNotFoundError, getAddress, type Hex, hexToBytes, pad, parseEther, parseGwei, toHex } from 'viem'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Ethereum, startEthereum } from './devnet.ts'
import {
	type AccountClients,
	addressCredentials,
	beaconGet,
	clientsOf,
	DEPOSIT_ABI,
	depositValidator,
	requestWithdrawal,
	VALIDATOR_STAKE_GWEI,
	type ValidatorAnswer,
	validatorStatus,
	waitStatus,
} from './validator-life.ts'

/** What a validator owns on both sides in wei: balances above the stake are swept to its owner every few slots. */
async function totalBalanceWei(ethereum: Ethereum, pubkey: Hex, owner: AccountClients): Promise<bigint> {
	const { balance } = await beaconGet<ValidatorAnswer>(ethereum, `/eth/v1/beacon/states/head/validators/${pubkey}`)
	return parseGwei(balance) + (await owner.publicClient.getBalance(owner.account))
}

/** Concurrent: all wait for the same chain, each with accounts and validators of its own. */
describe.concurrent('a running dev Ethereum', () => {
	let ethereum: Ethereum

	beforeAll(async () => {
		ethereum = await startEthereum({ secondsPerSlot: 2, slotPaceMs: 0 })
	}, 60_000)

	afterAll(() => ethereum.close())

	test('ESC-6 a validator deposited through the real contract becomes active, attests, exits by EIP-7002 and is paid out with its rewards', async () => {
		const staker = clientsOf(ethereum, 0)
		const owner = clientsOf(ethereum, 2)
		const ownedBefore = await owner.publicClient.getBalance(owner.account)
		const { receipt, data, secretKey } = await depositValidator(ethereum, staker, addressCredentials(owner.account.address))
		expect(receipt.status).toBe('success')
		await ethereum.addValidatorKey(secretKey)
		expect(receipt.logs.map(({ address }) => getAddress(address))).toEqual([ethereum.depositContract])

		await ethereum.waitFinalized(receipt.blockNumber)
		const finalized = await staker.publicClient.getBlock({ blockTag: 'finalized' })
		expect(finalized.number).toBeGreaterThanOrEqual(receipt.blockNumber)
		const safe = await staker.publicClient.getBlock({ blockTag: 'safe' })
		expect(safe.number).toBeGreaterThanOrEqual(finalized.number)

		const seen = await waitStatus(ethereum, data.pubkey, 'active_ongoing')
		expect(seen).toContain('pending_queued')
		const validator = await beaconGet<ValidatorAnswer>(ethereum, `/eth/v1/beacon/states/head/validators/${data.pubkey}`)
		expect(validator.validator.withdrawal_credentials).toBe(data.withdrawalCredentials.toLowerCase())
		expect(validator.validator.effective_balance).toBe(VALIDATOR_STAKE_GWEI.toString())

		// Attestations are rewarded at the end of the epoch after theirs; nobody else holds the key.
		const { epoch } = ethereum.head()
		await ethereum.waitHead((head) => head.epoch > epoch + 2)
		const served = await totalBalanceWei(ethereum, data.pubkey, owner)
		await ethereum.waitHead((head) => head.epoch > epoch + 4)
		expect(await totalBalanceWei(ethereum, data.pubkey, owner)).toBeGreaterThan(served)

		expect((await requestWithdrawal(owner, data.pubkey)).status).toBe('success')
		await waitStatus(ethereum, data.pubkey, 'withdrawal_done')
		// The stake and what it earned, less the gas of the request.
		const received = (await owner.publicClient.getBalance(owner.account)) - ownedBefore
		expect(received).toBeGreaterThan(parseEther('32'))
		expect(received).toBeLessThan(parseEther('32.1'))
	}, 180_000)

	test('a validator whose key is not held misses its slots and loses balance until the key is added', async () => {
		const staker = clientsOf(ethereum, 1)
		const { data, secretKey } = await depositValidator(ethereum, staker, addressCredentials(staker.account.address))
		await waitStatus(ethereum, data.pubkey, 'active_ongoing')
		let { slot, epoch } = ethereum.head()
		await ethereum.waitHead((head) => {
			const isSlotSkipped = head.slot > slot + 1
			slot = head.slot
			return isSlotSkipped
		})
		const emptySlot = await fetch(`${ethereum.beaconUrl}/eth/v1/beacon/headers/${slot - 1}`)
		expect(emptySlot.status).toBe(404)
		// Attestations are rewarded, or their absence is punished, at the end of the epoch after theirs.
		await ethereum.waitHead((head) => head.epoch > epoch + 2 && head.finalizedEpoch > epoch)
		const { balance } = await beaconGet<ValidatorAnswer>(ethereum, `/eth/v1/beacon/states/head/validators/${data.pubkey}`)
		expect(BigInt(balance)).toBeLessThan(VALIDATOR_STAKE_GWEI)

		await ethereum.addValidatorKey(secretKey)
		epoch = ethereum.head().epoch
		await ethereum.waitHead((head) => head.epoch > epoch + 2)
		const backOnline = await totalBalanceWei(ethereum, data.pubkey, staker)
		await ethereum.waitHead((head) => head.epoch > epoch + 4)
		expect(await totalBalanceWei(ethereum, data.pubkey, staker)).toBeGreaterThan(backOnline)
	}, 120_000)

	test('the Beacon API describes the network a deposit is signed for', async () => {
		const genesis = await beaconGet<{ genesis_time: string; genesis_fork_version: string }>(ethereum, '/eth/v1/beacon/genesis')
		const spec = await beaconGet<Record<string, string>>(ethereum, '/eth/v1/config/spec')
		const contract = await beaconGet<{ chain_id: string; address: string }>(ethereum, '/eth/v1/config/deposit_contract')

		expect(genesis.genesis_fork_version).toBe(ethereum.genesisForkVersion)
		expect(spec.PRESET_BASE).toBe('minimal')
		expect(spec.SECONDS_PER_SLOT).toBe('2')
		expect(spec.ELECTRA_FORK_EPOCH).toBe('0')
		expect(contract).toEqual({ chain_id: '1337', address: ethereum.depositContract })
	})

	test('beacon blocks, headers and execution blocks tell the same story', async () => {
		const { publicClient } = clientsOf(ethereum, 0)
		const { slot } = await ethereum.waitHead((head) => head.slot >= 1)

		const block = await beaconGet<{ message: { slot: string; body: { execution_payload: { block_hash: Hex; timestamp: string } } } }>(
			ethereum,
			`/eth/v2/beacon/blocks/${slot}`,
		)
		const header = await beaconGet<{ root: string }>(ethereum, `/eth/v1/beacon/headers/${slot}`)
		const root = await beaconGet<{ root: string }>(ethereum, `/eth/v1/beacon/blocks/${slot}/root`)
		const genesis = await beaconGet<{ genesis_time: string }>(ethereum, '/eth/v1/beacon/genesis')
		const payload = block.message.body.execution_payload
		const executionBlock = await publicClient.getBlock({ blockHash: payload.block_hash })

		expect(header.root).toBe(root.root)
		expect(Number(payload.timestamp)).toBe(Number(genesis.genesis_time) + 2 * slot)
		expect(executionBlock.timestamp).toBe(BigInt(payload.timestamp))
	})

	test('the event stream tells of heads and finalized checkpoints', async () => {
		const controller = new AbortController()
		const response = await fetch(`${ethereum.beaconUrl}/eth/v1/events?topics=head&topics=finalized_checkpoint`, {
			signal: controller.signal,
		})
		const types = new Set<string>()
		let text = ''
		for await (const chunk of response.body!.pipeThrough(new TextDecoderStream())) {
			text += chunk
			for (const [, type] of text.matchAll(/^event: (.+)$/gm)) types.add(type)
			if (types.size === 2) break
		}
		controller.abort()
		expect([...types].sort()).toEqual(['finalized_checkpoint', 'head'])
	}, 60_000)

	test('requests that cannot be answered say why', async () => {
		const status = async (path: string): Promise<{ code: number; message: string }> => {
			const response = await fetch(`${ethereum.beaconUrl}${path}`)
			return { code: response.status, message: ((await response.json()) as { message: string }).message }
		}
		expect(await status('/eth/v1/beacon/states/999999999/fork')).toEqual({ code: 404, message: expect.stringContaining('No state') })
		expect(await status('/eth/v1/beacon/headers/999999999')).toEqual({ code: 404, message: expect.stringContaining('No block') })
		expect(await status('/eth/v1/beacon/states/head/validators/0x12')).toEqual({
			code: 400,
			message: expect.stringContaining('public key'),
		})
		expect(await status('/eth/v1/beacon/states/head/validators/9999')).toEqual({ code: 404, message: expect.stringContaining('9999') })
		expect(await status('/eth/v1/events?topics=attestation')).toEqual({ code: 400, message: expect.stringContaining('attestation') })
		expect((await status('/eth/v1/validator/liveness/1')).code).toBe(404)
	})

	test('a voluntary exit is carried out if its validator signed it, and refused otherwise', async () => {
		const validatorIndex = 5
		const pubkey = toHex(interopSecretKey(validatorIndex).toPublicKey().toBytes())
		const spec = await beaconGet<Record<string, Hex>>(ethereum, '/eth/v1/config/spec')
		const genesis = await beaconGet<{ genesis_validators_root: Hex }>(ethereum, '/eth/v1/beacon/genesis')
		await ethereum.waitHead((head) => head.epoch >= 2)
		const message = { epoch: 1, validatorIndex }
		// EIP-7044: exits stay signed for Capella whatever the current fork.
		const domain = computeDomain(DOMAIN_VOLUNTARY_EXIT, hexToBytes(spec.CAPELLA_FORK_VERSION), hexToBytes(genesis.genesis_validators_root))
		const signingRoot = computeSigningRoot(ssz.phase0.VoluntaryExit, message, domain)
		const submit = (signer: number): Promise<Response> =>
			fetch(`${ethereum.beaconUrl}/eth/v1/beacon/pool/voluntary_exits`, {
				method: 'POST',
				headers: { 'content-type': 'application/json' },
				body: JSON.stringify({
					message: { epoch: '1', validator_index: String(validatorIndex) },
					signature: toHex(interopSecretKey(signer).sign(signingRoot).toBytes()),
				}),
			})

		const forged = await submit(validatorIndex + 1)
		expect(forged.status).toBe(400)
		expect(await forged.text()).toContain(`validator ${validatorIndex} refused: invalid_signature`)
		expect(await validatorStatus(ethereum, pubkey)).toBe('active_ongoing')

		expect((await submit(validatorIndex)).status).toBe(200)
		expect(await waitStatus(ethereum, pubkey, 'exited_unslashed')).toContain('active_exiting')
	}, 60_000)

	test('logs are found between tags, gas is estimated for a 1559 transaction, and a revert is told before it is sent', async () => {
		const { publicClient, wallet, account } = clientsOf(ethereum, 3)
		await ethereum.waitHead((head) => head.finalizedEpoch > 0)
		const logs = await publicClient.getLogs({ address: ethereum.depositContract, fromBlock: 'earliest', toBlock: 'finalized' })
		expect(Array.isArray(logs)).toBe(true)

		const gas = await publicClient.estimateGas({ account, to: account.address, maxFeePerGas: 2_000_000_000n, maxPriorityFeePerGas: 1n })
		expect(gas).toBeGreaterThanOrEqual(21_000n)
		const badDeposit = wallet.writeContract({
			address: ethereum.depositContract,
			abi: DEPOSIT_ABI,
			functionName: 'deposit',
			args: [`0x${'00'.repeat(48)}`, pad('0x01', { size: 32 }), `0x${'00'.repeat(96)}`, pad('0x00', { size: 32 })],
			value: parseEther('32'),
		})
		await expect(badDeposit).rejects.toThrow('reconstructed DepositData does not match supplied deposit_data_root')
	}, 60_000)

	test('transactions sent back to back from one account take successive nonces', async () => {
		const { publicClient, wallet, account } = clientsOf(ethereum, 4)
		const hashes: Hex[] = []
		for (let index = 0; index < 3; index++) hashes.push(await wallet.sendTransaction({ to: account.address, value: BigInt(index) }))
		const receipts = await Promise.all(hashes.map((hash) => publicClient.waitForTransactionReceipt({ hash })))
		expect(receipts.map(({ status }) => status)).toEqual(['success', 'success', 'success'])
	}, 60_000)

	test('a validator key of the wrong length is refused', async () => {
		await expect(ethereum.addValidatorKey(new Uint8Array(31))).rejects.toThrow('32 bytes, got 31')
	})
})

describe('starting and failing', () => {
	let blocker: Server
	let takenPort: number

	beforeAll(async () => {
		blocker = createServer()
		await new Promise<void>((resolve) => blocker.listen(0, '127.0.0.1', resolve))
		const address = blocker.address()
		if (address === null || typeof address === 'string') throw new Error('no port')
		takenPort = address.port
	})

	afterAll(() => void blocker.close())

	test('a taken JSON-RPC port is named', async () => {
		await expect(startEthereum({ ports: { rpc: takenPort } })).rejects.toThrow(`JSON-RPC on 127.0.0.1:${takenPort}: the port is taken`)
	}, 60_000)

	test('a taken Beacon API port is named', async () => {
		await expect(startEthereum({ ports: { beacon: takenPort } })).rejects.toThrow(`REST API on 127.0.0.1:${takenPort}: the port is taken`)
	}, 60_000)

	test('a directory with data of an earlier run is refused', async () => {
		const dir = mkdtempSync(join(tmpdir(), 'stkr-ethereum-test-'))
		writeFileSync(join(dir, 'genesis.json'), '{}')
		await expect(startEthereum({ dir })).rejects.toThrow(/is not empty \(it holds genesis\.json\)/)
		rmSync(dir, { recursive: true })
	})

	test.each([
		[{ secondsPerSlot: 0 }, 'secondsPerSlot must be a whole number of at least 1, got 0'],
		[{ secondsPerSlot: 1.5 }, 'got 1.5'],
		[{ slotPaceMs: -1 }, 'slotPaceMs must be a number of at least 0, got -1'],
		[{ ports: { engine: 70_000 } }, 'ports.engine must be 0 to 65535, got 70000'],
	])('options %j are refused', async (options, message) => {
		await expect(startEthereum(options)).rejects.toThrow(message)
	})

	test('until an epoch is finalized nothing newer than genesis is, and closing ends every wait', async () => {
		const young = await startEthereum({ secondsPerSlot: 12 })
		const { publicClient } = clientsOf(young, 0)
		// The execution client answers with genesis or, before it has run a block, that it knows none.
		const finalized = await publicClient.getBlock({ blockTag: 'finalized' }).catch((error: unknown) => {
			if (error instanceof BlockNotFoundError) return { number: 0n }
			throw error
		})
		expect(finalized.number).toBe(0n)
		expect(young.head()).toMatchObject({ finalizedEpoch: 0, finalizedBlockNumber: 0n })
		const wait = expect(young.waitFinalized(0n)).rejects.toThrow('The dev Ethereum was closed.')
		await young.close()
		await wait
	}, 60_000)

	test.each([
		['execution', 'The execution client was ended by SIGKILL'],
		['beacon', 'The beacon node was ended by SIGKILL'],
	] as const)(
		'the death of the %s process ends every wait and closes the rest',
		async (name, message) => {
			const failure = Promise.withResolvers<Error>()
			const ethereum = await startEthereum({ secondsPerSlot: 12, onFailure: failure.resolve })
			const wait = expect(ethereum.waitFinalized(0n)).rejects.toThrow(message)

			process.kill(ethereum.pids[name], 'SIGKILL')

			await wait
			expect((await failure.promise).message).toContain(message)
			await expect(ethereum.waitHead(() => true)).rejects.toThrow(message)
			await expect(ethereum.addValidatorKey(generateValidatorKey())).rejects.toThrow(message)
			for (const pid of Object.values(ethereum.pids)) expect(() => process.kill(pid, 0)).toThrow('ESRCH')
		},
		60_000,
	)
})
