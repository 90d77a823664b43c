import type { KeyringPair } from '@polkadot/keyring/types'
import type { ExtrinsicEra } from '@polkadot/types/interfaces'
import type { Signer } from '@polkadot/types/types'
import type { StkrApi, StkrApiAt, StkrExtrinsic } from './api.ts'
import { CallError, findFailure } from './call-error.ts'
import type { StkrClient } from './connect.ts'
import { SubmitError } from './errors.ts'
import type { Finalized } from './finalized.ts'
import { finalizedHead, finalizedHeads, type Head, steadily } from './finalized-heads.ts'
import { findEvent } from './find-event.ts'

/** A key in this process, or an account whose key a wallet keeps. */
export type StkrSigner = KeyringPair | { address: string; signer: Signer }

export interface SignAndFinalizeOptions {
	/** Nonce of the extrinsic; −1 (the default): the account's next, those waiting in the pool counted. */
	nonce?: number
	/** For the block's author, in plancks, on top of the fee. */
	tipPlanck?: bigint
	/** Blocks in which it may be included: a power of two from 4 to 4096. */
	mortalBlocks?: number
	/** Ends the wait, not the extrinsic. */
	signal?: AbortSignal
}

export type SignAndFinalizeParameters = Parameters<typeof signAndFinalize>
export type SignAndFinalizeReturnType = Finalized
export type SignAndFinalizeErrorType = CallError | SubmitError

/** 6.4 minutes at six seconds a block: long enough for a full pool, short enough to know the end of it. */
const DEFAULT_MORTAL_BLOCKS = 64

interface Sent {
	hash: string
	address: string
	nonce: number
	/** Head it was signed at: it can't be in an earlier block. */
	birth: Head
	/** Last block that may include it. */
	lastBlock: number
}

/**
 * Signs a call, sends it, and waits until it is in a finalized block. It follows the blocks themselves, so it bears lost connections
 * and works over HTTP, and every extrinsic comes to an end: its time is over after `mortalBlocks`. Calls of one account on one client
 * may be made side by side: they are sent in order.
 *
 * @throws CallError when the call failed there, with the error's pallet, name and docs
 * @throws SubmitError `refused` by the pool, `replaced` by another of the same nonce, `expired`, or `aborted` by the signal or `disconnect`
 */
export async function signAndFinalize(
	client: StkrClient,
	call: StkrExtrinsic,
	signer: StkrSigner,
	options: SignAndFinalizeOptions = {},
): Promise<Finalized> {
	const end = options.signal ? AbortSignal.any([options.signal, client.closed]) : client.closed
	const sent = await client.turns.run(signer.address, () => signAndSend(client, call, signer, options, end))
	const finalized = await waitForFinality(client, sent, end)
	const { registry } = await steadily(client.api, end, () => client.api.at(finalized.blockHash))
	const found = findFailure(registry, finalized.events)
	if (found) throw new CallError(`${nameOf(call)}: ${found.what}`, found.failure, finalized)
	return finalized
}

const nameOf = ({ method: { section, method } }: StkrExtrinsic): string => `${section}.${method}`

const isPair = (signer: StkrSigner): signer is KeyringPair => 'sign' in signer

async function signAndSend(
	{ api }: StkrClient,
	call: StkrExtrinsic,
	signer: StkrSigner,
	options: SignAndFinalizeOptions,
	end: AbortSignal,
): Promise<Sent> {
	const period = options.mortalBlocks ?? DEFAULT_MORTAL_BLOCKS
	if (period < 4 || period > 4096 || Math.log2(period) % 1 !== 0)
		throw new RangeError(`cannot sign ${nameOf(call)} for ${period} blocks: mortalBlocks must be a power of two from 4 to 4096`)
	const birth = await steadily(api, end, () => finalizedHead(api))
	// not left to signAsync: it remembers an account's nonce for a while
	const nonce = options.nonce ?? -1
	const next = nonce >= 0 ? nonce : await steadily(api, end, () => api.rpc.system.accountNextIndex(signer.address))
	const era = api.registry.createType<ExtrinsicEra>('ExtrinsicEra', { current: birth.number, period })
	const signed = await call.signAsync(isPair(signer) ? signer : signer.address, {
		...{ blockHash: birth.hash, era, nonce: next, tip: options.tipPlanck ?? 0n },
		...(isPair(signer) ? {} : { signer: signer.signer }),
	})
	const hash = signed.hash.toHex()
	try {
		await submit(api, signed, end)
	} catch (error) {
		throw new SubmitError('refused', hash, `the node refused ${nameOf(call)} of ${signer.address}: ${(error as Error).message}`, error)
	}
	return { hash, address: signer.address, nonce: signed.nonce.toNumber(), birth, lastBlock: era.asMortalEra.death(birth.number) - 1 }
}

/** Sends it, and again when the connection was lost meanwhile: then a refusal says nothing, as the first one may have arrived. */
async function submit(api: StkrApi, signed: StkrExtrinsic, end: AbortSignal): Promise<void> {
	let again = false
	await steadily(api, end, async () => {
		const first = !again
		again = true
		try {
			await api.rpc.author.submitExtrinsic(signed)
		} catch (error) {
			if (first || !api.isConnected) throw error
		}
	})
}

async function waitForFinality({ api }: StkrClient, sent: Sent, end: AbortSignal): Promise<Finalized> {
	try {
		for await (const head of finalizedHeads(api, sent.birth.number + 1, end)) {
			const found = await steadily(api, end, () => findIn(api, head, sent))
			if (found) return found
			if (head.number >= sent.lastBlock)
				throw new SubmitError(
					'expired',
					sent.hash,
					`the extrinsic was in no block up to ${sent.lastBlock}, its last: sign and send it again`,
				)
		}
	} catch (error) {
		if (error instanceof SubmitError || !end.aborted) throw error
	}
	throw new SubmitError(
		'aborted',
		sent.hash,
		`the wait for extrinsic ${sent.hash} was ended: it may still get into a block up to ${sent.lastBlock}`,
	)
}

/** What the block did with the extrinsic; undefined when it is not in there and still may come. */
async function findIn(api: StkrApi, head: Head, { hash, address, nonce }: Sent): Promise<Finalized | undefined> {
	const { block } = await api.rpc.chain.getBlock(head.hash)
	const index = block.extrinsics.findIndex((extrinsic) => extrinsic.hash.toHex() === hash)
	const at = await api.at(head.hash)
	if (index >= 0) return outcome(at, head, hash, index)
	const account = await at.query.system.account(address)
	if (account.nonce.toNumber() <= nonce) return undefined
	throw new SubmitError('replaced', hash, `another extrinsic of ${address} with nonce ${nonce} is in block ${head.number}`)
}

async function outcome(at: StkrApiAt, head: Head, extrinsicHash: string, extrinsicIndex: number): Promise<Finalized> {
	const records = await at.query.system.events()
	const events = records
		.filter(({ phase }) => phase.isApplyExtrinsic && phase.asApplyExtrinsic.eq(extrinsicIndex))
		.map(({ event }) => event)
	const feePlanck = findEvent(events, at.events.transactionPayment.TransactionFeePaid)?.actualFee.toBigInt() ?? 0n
	return { blockHash: head.hash, blockNumber: head.number, extrinsicHash, extrinsicIndex, events, feePlanck }
}
