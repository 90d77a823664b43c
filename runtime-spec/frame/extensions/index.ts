import { block } from '../block.ts'
import type { AccountId } from '../call.ts'
import { invalidTransaction, TransactionValidityError } from '../errors.ts'
import { extension } from '../extrinsic.ts'
import { compactU32, enumeration, fixedBytes, h256, option, u32, unit, writer } from '../scale/index.ts'
import { genesisHash, LIMITS, storage } from '../system/index.ts'
import { BLOCK_LENGTH } from '../system/limits.ts'
import { VERSION } from '../system/version.ts'
import type { DispatchInfo } from '../weight.ts'
import { type Era, era } from './era.ts'

const nothing = () => undefined

/** The all-zero account can't sign. */
export const checkNonZeroSender = extension({
	identifier: 'CheckNonZeroSender',
	extra: unit,
	implicit: unit,
	implicitOf: nothing,
	validate: ({ who }) => refuseZero(who),
	prepare: ({ who }) => refuseZero(who),
})
const refuseZero = (who: AccountId): void => {
	for (let i = 0; i < 32; i++) if (who[i] !== 0) return
	throw invalidTransaction.badSigner()
}

/** Signed for this spec version only. */
export const checkSpecVersion = extension({
	identifier: 'CheckSpecVersion',
	extra: unit,
	implicit: u32,
	implicitOf: () => VERSION.specVersion,
})
/** Signed for this transaction version only. */
export const checkTxVersion = extension({
	identifier: 'CheckTxVersion',
	extra: unit,
	implicit: u32,
	implicitOf: () => VERSION.transactionVersion,
})
/** Signed for this chain only. */
export const checkGenesis = extension({
	identifier: 'CheckGenesis',
	extra: unit,
	implicit: h256,
	implicitOf: () => genesisHash(),
})

/** Signed for a span of blocks: the hash of the span's first block is part of what is signed. */
export const checkMortality = extension<Era>({
	identifier: 'CheckMortality',
	extra: era,
	implicit: h256,
	implicitOf: (span) => {
		if (span.period === 0) return genesisHash()
		const birth = era.birth(span, block.number)
		const key = storage.blockHash.keyOf(birth)
		const hash = storage.blockHash.getAt(key)
		if (isZero(hash)) throw invalidTransaction.ancientBirthBlock()
		return hash
	},
	validate: (_, span) =>
		span.period === 0 ? undefined : { longevity: BigInt(era.birth(span, block.number) + span.period - block.number) },
})
const isZero = (hash: Uint8Array): boolean => {
	for (let i = 0; i < hash.length; i++) if (hash[i] !== 0) return false
	return true
}

/** The pool's name for "account `who` at nonce `n`". */
const nonceTag = (who: AccountId, nonce: number): Uint8Array => {
	const mark = writer.at
	writer.raw(who)
	writer.u32(nonce)
	return writer.take(mark)
}

/** Each nonce once, in order. */
export const checkNonce = extension<number>({
	identifier: 'CheckNonce',
	extra: compactU32,
	implicit: unit,
	implicitOf: nothing,
	validate({ who, account }, nonce) {
		if (nonce < account.nonce) throw invalidTransaction.stale()
		return { provides: nonceTag(who, nonce), requires: nonce > account.nonce ? nonceTag(who, nonce - 1) : undefined }
	},
	prepare({ account }, nonce) {
		if (nonce < account.nonce) throw invalidTransaction.stale()
		if (nonce > account.nonce) throw invalidTransaction.future()
		account.nonce++
	},
})

/**
 * Whether a block of its own could hold the extrinsic. Pools must refuse what none could: authors would try it in every block and
 * never be rid of it. Throws `ExhaustsResources`.
 */
const checkSize = ({ weight, class: kind }: DispatchInfo, length: number): void => {
	const { maxExtrinsic } = LIMITS.perClass[kind]
	if (maxExtrinsic && (weight.refTime > maxExtrinsic.refTime || weight.proofSize > maxExtrinsic.proofSize))
		throw invalidTransaction.exhaustsResources()
	if (length > BLOCK_LENGTH.max[kind]) throw invalidTransaction.exhaustsResources()
}

/** Room of one extrinsic in the block: what its class allows, checked before it runs. Throws `ExhaustsResources`. */
export const reserveWeight = (info: DispatchInfo, length: number): void => {
	checkSize(info, length)
	const { weight, class: kind } = info
	const limits = LIMITS.perClass[kind]
	const { used } = block
	const refTime = weight.refTime + limits.baseExtrinsic.refTime
	const proofSize = weight.proofSize + limits.baseExtrinsic.proofSize
	if (block.length + length > BLOCK_LENGTH.max[kind]) throw invalidTransaction.exhaustsResources()
	const before = used[kind]
	const after = { refTime: before.refTime + refTime, proofSize: before.proofSize + proofSize }
	if (limits.maxTotal) {
		if (after.refTime > limits.maxTotal.refTime || after.proofSize > limits.maxTotal.proofSize) throw invalidTransaction.exhaustsResources()
		const { maxBlock } = LIMITS
		const all = used.Normal.refTime + used.Operational.refTime + used.Mandatory.refTime + refTime
		const allProof = used.Normal.proofSize + used.Operational.proofSize + used.Mandatory.proofSize + proofSize
		const kept = limits.reserved ?? { refTime: 0, proofSize: 0 }
		const beyond = all > maxBlock.refTime || allProof > maxBlock.proofSize
		if (beyond && (after.refTime > kept.refTime || after.proofSize > kept.proofSize)) throw invalidTransaction.exhaustsResources()
	}
	used[kind] = after
	block.length += length
}

/** Block limits (CHN-4), and the refund of weight that was not used. */
export const checkWeight = extension({
	identifier: 'CheckWeight',
	extra: unit,
	implicit: unit,
	implicitOf: nothing,
	validate: ({ info, length }) => checkSize(info, length),
	prepare: ({ info, length }) => reserveWeight(info, length),
	finish({ info }, _, post) {
		const unusedTime = info.weight.refTime - post.weight.refTime
		const unusedProof = info.weight.proofSize - post.weight.proofSize
		if (unusedTime <= 0 && unusedProof <= 0) return
		const used = block.used[info.class]
		block.used[info.class] = {
			refTime: used.refTime - (unusedTime > 0 ? unusedTime : 0),
			proofSize: used.proofSize - (unusedProof > 0 ? unusedProof : 0),
		}
	},
})

const metadataHashMode = enumeration('frame_metadata_hash_extension::Mode', { Disabled: unit, Enabled: unit })

/** RFC-78: a signer may commit to the metadata it decoded with. This runtime carries no metadata hash, so only "disabled" is taken. */
export const checkMetadataHash = extension({
	identifier: 'CheckMetadataHash',
	extra: metadataHashMode,
	implicit: option(fixedBytes(32)),
	implicitOf: (mode) => {
		if (mode.type === 'Enabled') throw new TransactionValidityError('UnknownTransaction::CannotLookup', Uint8Array.of(1, 0))
		return undefined
	},
})
