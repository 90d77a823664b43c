/** The execution client as the beacon node drives it: Engine API of Prague (execution-apis, src/engine/prague.md) and JSON-RPC. */
import { createHmac } from 'node:crypto'
import { type capella, type electra, ssz } from '@lodestar/types'
import { fromHex, toHex } from '@lodestar/utils'

/** The fields of an execution block that a beacon chain starts from. */
export interface ExecutionBlock {
	hash: string
	/** Unix seconds. */
	timestamp: number
	gasLimit: number
	baseFeePerGas: bigint
}

export interface ForkchoiceState {
	headBlockHash: string
	safeBlockHash: string
	finalizedBlockHash: string
}

interface PayloadAttributes {
	/** Unix seconds. */
	timestamp: number
	prevRandao: Uint8Array
	suggestedFeeRecipient: string
	withdrawals: capella.Withdrawal[]
	parentBeaconBlockRoot: Uint8Array
}

/** A block built by the execution client, in the beacon chain's types. */
interface BuiltPayload {
	executionPayload: electra.ExecutionPayload
	executionRequests: electra.ExecutionRequests
	blobKzgCommitments: Uint8Array[]
	/** The same block as it came, to be sent back for import without a second conversion. */
	raw: { executionPayload: ExecutionPayloadJson; executionRequests: string[] }
}

interface ExecutionPayloadJson {
	parentHash: string
	feeRecipient: string
	stateRoot: string
	receiptsRoot: string
	logsBloom: string
	prevRandao: string
	blockNumber: string
	gasLimit: string
	gasUsed: string
	timestamp: string
	extraData: string
	baseFeePerGas: string
	blockHash: string
	transactions: string[]
	withdrawals: { index: string; validatorIndex: string; address: string; amount: string }[]
	blobGasUsed: string
	excessBlobGas: string
}

interface PayloadStatus {
	status: string
	validationError: string | null
}

/** EIP-7685 request types. */
const DEPOSIT_REQUEST = 0
const WITHDRAWAL_REQUEST = 1
const CONSOLIDATION_REQUEST = 2

export class EngineApi {
	readonly #rpcUrl: string
	readonly #engineUrl: string
	readonly #jwtSecret: Uint8Array

	constructor(endpoints: { rpcUrl: string; engineUrl: string; jwtSecret: Uint8Array }) {
		this.#rpcUrl = endpoints.rpcUrl
		this.#engineUrl = endpoints.engineUrl
		this.#jwtSecret = endpoints.jwtSecret
	}

	async genesisBlock(): Promise<ExecutionBlock> {
		const block = await call<{ hash: string; timestamp: string; gasLimit: string; baseFeePerGas: string }>(
			this.#rpcUrl,
			{},
			'eth_getBlockByNumber',
			['0x0', false],
		)
		return {
			hash: block.hash,
			timestamp: Number(block.timestamp),
			gasLimit: Number(block.gasLimit),
			baseFeePerGas: BigInt(block.baseFeePerGas),
		}
	}

	/** Moves the client's head, `safe` and `finalized` blocks. */
	async setForkchoice(state: ForkchoiceState): Promise<void> {
		await this.#forkchoiceUpdated(state, null)
	}

	/** Has the client build a block on the head with what its pool holds. */
	async buildPayload(state: ForkchoiceState, attributes: PayloadAttributes): Promise<BuiltPayload> {
		const payloadId = await this.#forkchoiceUpdated(state, {
			timestamp: quantity(attributes.timestamp),
			prevRandao: toHex(attributes.prevRandao),
			suggestedFeeRecipient: attributes.suggestedFeeRecipient,
			withdrawals: attributes.withdrawals.map((withdrawal) => ({
				index: quantity(withdrawal.index),
				validatorIndex: quantity(withdrawal.validatorIndex),
				address: toHex(withdrawal.address),
				amount: quantity(withdrawal.amount),
			})),
			parentBeaconBlockRoot: toHex(attributes.parentBeaconBlockRoot),
		})
		if (payloadId === null) throw new Error('engine_forkchoiceUpdatedV3 started no payload although attributes were given')
		const built = await this.#engine<{
			executionPayload: ExecutionPayloadJson
			executionRequests: string[]
			blobsBundle: { commitments: string[] }
		}>('engine_getPayloadV4', [payloadId])
		return {
			executionPayload: parseExecutionPayload(built.executionPayload),
			executionRequests: parseExecutionRequests(built.executionRequests),
			blobKzgCommitments: built.blobsBundle.commitments.map(fromHex),
			raw: { executionPayload: built.executionPayload, executionRequests: built.executionRequests },
		}
	}

	/** Has the client execute and store a block. @throws unless it finds the block valid */
	async importPayload(payload: BuiltPayload, versionedHashes: Uint8Array[], parentBeaconBlockRoot: Uint8Array): Promise<void> {
		const { executionPayload, executionRequests } = payload.raw
		const status = await this.#engine<PayloadStatus>('engine_newPayloadV4', [
			executionPayload,
			versionedHashes.map((hash) => toHex(hash)),
			toHex(parentBeaconBlockRoot),
			executionRequests,
		])
		expectValid('engine_newPayloadV4', status)
	}

	async #forkchoiceUpdated(state: ForkchoiceState, attributes: object | null): Promise<string | null> {
		const answer = await this.#engine<{ payloadStatus: PayloadStatus; payloadId: string | null }>('engine_forkchoiceUpdatedV3', [
			state,
			attributes,
		])
		expectValid('engine_forkchoiceUpdatedV3', answer.payloadStatus)
		return answer.payloadId
	}

	#engine<Result>(method: string, params: unknown[]): Promise<Result> {
		return call<Result>(this.#engineUrl, { authorization: `Bearer ${jwt(this.#jwtSecret)}` }, method, params)
	}
}

async function call<Result>(url: string, headers: Record<string, string>, method: string, params: unknown[]): Promise<Result> {
	const response = await fetch(url, {
		method: 'POST',
		headers: { ...headers, 'content-type': 'application/json' },
		body: JSON.stringify({ jsonrpc: '2.0', id: 1, method, params }),
	})
	if (!response.ok) throw new Error(`${method} at ${url} answered HTTP ${response.status}: ${await response.text()}`)
	const answer = (await response.json()) as { result: Result; error?: { code: number; message: string } }
	if (answer.error !== undefined) throw new Error(`${method} at ${url} failed: ${answer.error.message} (code ${answer.error.code})`)
	return answer.result
}

function expectValid(method: string, status: PayloadStatus): void {
	if (status.status !== 'VALID') throw new Error(`${method} answered ${status.status}: ${status.validationError ?? 'no reason given'}`)
}

/** HS256 token with the issue time alone, as the Engine API's authentication asks for; accepted for 60 s, so made per call. */
function jwt(secret: Uint8Array): string {
	const encode = (part: object): string => Buffer.from(JSON.stringify(part)).toString('base64url')
	const signed = `${encode({ alg: 'HS256', typ: 'JWT' })}.${encode({ iat: Math.floor(Date.now() / 1000) })}`
	return `${signed}.${createHmac('sha256', secret).update(signed).digest('base64url')}`
}

function quantity(value: number | bigint): string {
	return `0x${value.toString(16)}`
}

function parseExecutionPayload(json: ExecutionPayloadJson): electra.ExecutionPayload {
	return {
		parentHash: fromHex(json.parentHash),
		feeRecipient: fromHex(json.feeRecipient),
		stateRoot: fromHex(json.stateRoot),
		receiptsRoot: fromHex(json.receiptsRoot),
		logsBloom: fromHex(json.logsBloom),
		prevRandao: fromHex(json.prevRandao),
		blockNumber: Number(json.blockNumber),
		gasLimit: Number(json.gasLimit),
		gasUsed: Number(json.gasUsed),
		timestamp: Number(json.timestamp),
		extraData: fromHex(json.extraData),
		baseFeePerGas: BigInt(json.baseFeePerGas),
		blockHash: fromHex(json.blockHash),
		transactions: json.transactions.map(fromHex),
		withdrawals: json.withdrawals.map((withdrawal) => ({
			index: Number(withdrawal.index),
			validatorIndex: Number(withdrawal.validatorIndex),
			address: fromHex(withdrawal.address),
			amount: BigInt(withdrawal.amount),
		})),
		blobGasUsed: BigInt(json.blobGasUsed),
		excessBlobGas: BigInt(json.excessBlobGas),
	}
}

/** Requests come as EIP-7685 bytes: one type byte, then the SSZ list of that type's requests. */
function parseExecutionRequests(encoded: string[]): electra.ExecutionRequests {
	const requests = ssz.electra.ExecutionRequests.defaultValue()
	for (const bytes of encoded.map(fromHex)) {
		const list = bytes.subarray(1)
		switch (bytes[0]) {
			case DEPOSIT_REQUEST:
				requests.deposits = ssz.electra.DepositRequests.deserialize(list)
				break
			case WITHDRAWAL_REQUEST:
				requests.withdrawals = ssz.electra.WithdrawalRequests.deserialize(list)
				break
			case CONSOLIDATION_REQUEST:
				requests.consolidations = ssz.electra.ConsolidationRequests.deserialize(list)
				break
			default:
				throw new Error(`The execution client sent a request of unknown EIP-7685 type ${bytes[0]}`)
		}
	}
	return requests
}
