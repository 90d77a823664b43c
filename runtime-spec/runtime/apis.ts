import { encoded, extrinsicBefore, method, type RuntimeApi, runtimeApi } from '../frame/api.ts'
import { equalBytes } from '../frame/bytes.ts'
import { type Call, infoOf, runtimeCall } from '../frame/call.ts'
import { arithmeticError, dispatchResult } from '../frame/errors.ts'
import { blockCodec, checkInherentsResult, header, inherentData, validTransaction } from '../frame/executive.ts'
import { decodeCall, decodeExtrinsic, type Extension, opaqueExtrinsic, signatureWeight } from '../frame/extrinsic.ts'
import { host } from '../frame/host.ts'
import { GenesisError } from '../frame/json.ts'
import { exp, ln, pow } from '../frame/math/fixed.ts'
import { ArithmeticError } from '../frame/math/integer.ts'
import { transactionSource } from '../frame/pallet.ts'
import { accountId, bytes, enumeration, h256, i128, option, result, text, tuple, u32, u64, u128, unit, vec } from '../frame/scale/index.ts'
import { storage as systemStorage } from '../frame/system/index.ts'
import { runtimeVersion } from '../frame/system/version.ts'
import { type DispatchInfo, weight, withWeight } from '../frame/weight.ts'
import { auraId, storage as auraStorage } from '../pallets/aura/index.ts'
import { slotDurationMs } from '../pallets/aura/slots.ts'
import { authorityList, grandpaId, storage as grandpaStorage } from '../pallets/grandpa/index.ts'
import { auraEquivocation, grandpaEquivocation } from '../pallets/offences/equivocation.ts'
import { submitAuraReport, submitGrandpaReport } from '../pallets/offences/index.ts'
import { membershipProof, prove } from '../pallets/session/index.ts'
import { generatedKeys, generateKeys, keyTypeId, type SessionKeys, sessionKeys, typedKeys } from '../pallets/session/keys.ts'
import { describeFee, feeDetails, lengthFee, runtimeDispatchInfo, weightFee } from '../pallets/transaction-payment/index.ts'
import { asset, metadata } from './assets.ts'
import { buildState, preset, presetNames } from './genesis.ts'
import { executive, extensions } from './index.ts'
import { transactionValidityError } from './validity.ts'

const applyResult = result(dispatchResult, transactionValidityError)
const validityResult = result(validTransaction, transactionValidityError)
const inclusionMode = enumeration('sp_runtime::ExtrinsicInclusionMode', { AllExtrinsics: unit, OnlyInherents: unit })
const SESSION_KEYS_BYTES = 64
/** An `OpaqueKeyOwnershipProof`, or none. */
const opaqueProof = option(bytes)
const fixedResult = result(i128, arithmeticError)

const ownershipProof = (holds: (keys: SessionKeys) => boolean): Uint8Array | undefined => {
	const proof = prove(holds)
	return proof && membershipProof.encode(proof)
}
/** `Some(())` when a report is in the pool, else none. */
const submission = option(tuple())
const submitted = (done: boolean): [] | undefined => (done ? [] : undefined)

/** Info of an extrinsic for its fee; unsigned ones pay none. */
const infoOfExtrinsic = (raw: Uint8Array): DispatchInfo => {
	const extrinsic = decodeExtrinsic(raw, extensions as unknown as readonly Extension<unknown>[])
	const info = infoOf(decodeCall(extrinsic))
	const { signature } = extrinsic
	return signature ? withWeight(info, signatureWeight(signature)) : { ...info, paysFee: false }
}

const callInfo = (call: Call): DispatchInfo => infoOf(call)

/** A fixed-point result, or the arithmetic error of arguments outside the domain. */
const fixed = (compute: () => bigint) => {
	try {
		return { type: 'Ok' as const, value: compute() }
	} catch (thrown) {
		if (thrown instanceof ArithmeticError) return { type: 'Err' as const, value: { type: thrown.kind } }
		throw thrown
	}
}

/** Every runtime API of the chain, none of them a stub. */
export const apis: readonly RuntimeApi[] = [
	runtimeApi('Core', 5, {
		/** Version of the runtime. */
		version: method({}, encoded(runtimeVersion), () => asset('version')),
		/** Executes a block; traps unless it gives what its header says. */
		executeBlock: method({ block: encoded(blockCodec) }, unit, ({ block }) => {
			executive.executeBlock(block)
			return undefined
		}),
		/** Starts a block. */
		initializeBlock: method({ header }, inclusionMode, ({ header: given }) => {
			executive.initializeBlock(given)
			return { type: 'AllExtrinsics' as const }
		}),
	}),
	runtimeApi('Metadata', 2, {
		/** Metadata of version 14. */
		metadata: method({}, bytes, () => metadata(14)),
		/** Metadata of a version this runtime has. */
		metadataAtVersion: method({ version: u32 }, option(bytes), ({ version }) =>
			version === 14 || version === 15 ? metadata(version) : undefined,
		),
		/** The metadata versions this runtime has. */
		metadataVersions: method({}, vec(u32), () => [14, 15]),
	}),
	runtimeApi('BlockBuilder', 6, {
		/** Applies an extrinsic to the block being made. */
		applyExtrinsic: method({ extrinsic: extrinsicBefore(0) }, encoded(applyResult), ({ extrinsic }) => executive.applyExtrinsic(extrinsic)),
		/** Closes the block being made. */
		finalizeBlock: method({}, header, () => executive.finalizeBlock()),
		/** The extrinsics the author must put first, made from its inherent data. */
		inherentExtrinsics: method({ inherent: inherentData }, vec(encoded(opaqueExtrinsic)), ({ inherent }) =>
			executive.inherentExtrinsics(inherent),
		),
		/** Compares the inherents of a block with the importer's own data. */
		checkInherents: method({ block: blockCodec, data: inherentData }, checkInherentsResult, ({ block, data }) =>
			executive.checkInherents(block, data),
		),
	}),
	runtimeApi('TaggedTransactionQueue', 3, {
		/** Whether an extrinsic may wait in the pool, and what it provides and requires there. */
		validateTransaction: method(
			{ source: transactionSource, tx: extrinsicBefore(32), blockHash: h256 },
			encoded(validityResult),
			({ source, tx, blockHash }) => executive.validateTransaction(source.type, tx, blockHash),
		),
	}),
	runtimeApi('OffchainWorkerApi', 2, {
		/** Runs after a block was imported. No pallet of this runtime has off-chain work. */
		offchainWorker: method({ header }, unit, () => undefined),
	}),
	runtimeApi('AuraApi', 1, {
		/** Length of a slot in milliseconds. */
		slotDuration: method({}, u64, () => slotDurationMs()),
		/** Who makes blocks. */
		authorities: method({}, vec(auraId), () => auraStorage.authorities.get()),
	}),
	runtimeApi('GrandpaApi', 3, {
		/** Who votes on finality. */
		grandpaAuthorities: method({}, authorityList, () => grandpaStorage.authorities.get()),
		/** Changes of the voters so far. */
		currentSetId: method({}, u64, () => grandpaStorage.currentSetId.get()),
		/** Proof that a voter of set `setId`, the present one, has a key; none when it has not. Opaque to the node. */
		generateKeyOwnershipProof: method({ setId: u64, authority: grandpaId }, opaqueProof, ({ setId, authority }) =>
			setId === grandpaStorage.currentSetId.get() ? ownershipProof(({ grandpa }) => equalBytes(grandpa, authority)) : undefined,
		),
		/** Puts an unsigned report of an equivocation into the pool of the node; none when that could not be done. */
		submitReportEquivocationUnsignedExtrinsic: method(
			{ proof: grandpaEquivocation, membership: bytes },
			submission,
			({ proof, membership }) => submitted(submitGrandpaReport(proof, membership)),
		),
	}),
	runtimeApi('AuraEquivocationApi', 1, {
		/** Proof that an authority of the session `slot` fell in, the present one, has a key; none when it has not. Opaque to the node. */
		generateKeyOwnershipProof: method({ slot: u64, authority: auraId }, opaqueProof, ({ authority }) =>
			ownershipProof(({ aura }) => equalBytes(aura, authority)),
		),
		/** Puts an unsigned report of an equivocation into the pool of the node; none when that could not be done. */
		submitReportEquivocationUnsignedExtrinsic: method({ proof: auraEquivocation, membership: bytes }, submission, ({ proof, membership }) =>
			submitted(submitAuraReport(proof, membership)),
		),
	}),
	runtimeApi('SessionKeys', 2, {
		/** Makes session keys in the node's keystore: their SCALE (Aura, then Grandpa), and the proof that they are of `owner`, for `set_keys`. */
		generateSessionKeys: method({ owner: bytes, seed: option(bytes) }, generatedKeys, ({ owner, seed }) => generateKeys(owner, seed)),
		/** Takes encoded session keys apart into keys and their types. */
		decodeSessionKeys: method({ encoded: bytes }, option(vec(tuple(bytes, keyTypeId))), ({ encoded: keys }) =>
			keys.length === SESSION_KEYS_BYTES ? typedKeys(sessionKeys.decode(keys)) : undefined,
		),
	}),
	runtimeApi('AccountNonceApi', 1, {
		/** The nonce of an account's next extrinsic. */
		accountNonce: method({ account: accountId }, u32, ({ account }) => systemStorage.account.get(account).nonce),
	}),
	runtimeApi('TransactionPaymentApi', 4, {
		/** Weight, class and fee of an extrinsic. */
		queryInfo: method(
			{ uxt: extrinsicBefore(4), len: u32 },
			runtimeDispatchInfo,
			({ uxt, len }) => describeFee(infoOfExtrinsic(uxt), len).info,
		),
		/** The parts of an extrinsic's fee. */
		queryFeeDetails: method(
			{ uxt: extrinsicBefore(4), len: u32 },
			feeDetails,
			({ uxt, len }) => describeFee(infoOfExtrinsic(uxt), len).details,
		),
		/** Fee of a weight, in plancks. */
		queryWeightToFee: method({ weight }, u128, ({ weight: given }) => weightFee(given)),
		/** Fee of a length in bytes, in plancks. */
		queryLengthToFee: method({ length: u32 }, u128, ({ length }) => lengthFee(length)),
	}),
	runtimeApi('TransactionPaymentCallApi', 3, {
		/** Weight, class and fee of a call. */
		queryCallInfo: method({ call: runtimeCall, len: u32 }, runtimeDispatchInfo, ({ call, len }) => describeFee(callInfo(call), len).info),
		/** The parts of a call's fee. */
		queryCallFeeDetails: method({ call: runtimeCall, len: u32 }, feeDetails, ({ call, len }) => describeFee(callInfo(call), len).details),
		/** Fee of a weight, in plancks. */
		queryWeightToFee: method({ weight }, u128, ({ weight: given }) => weightFee(given)),
		/** Fee of a length in bytes, in plancks. */
		queryLengthToFee: method({ length: u32 }, u128, ({ length }) => lengthFee(length)),
	}),
	runtimeApi('GenesisBuilder', 1, {
		/** Writes genesis from JSON; the error says what is wrong. */
		buildState: method({ json: bytes }, result(unit, text), ({ json }) => {
			try {
				buildState(host.utf8Decode(json))
				return { type: 'Ok' as const, value: undefined }
			} catch (thrown) {
				if (thrown instanceof GenesisError) return { type: 'Err' as const, value: thrown.message }
				throw thrown
			}
		}),
		/** JSON of a named preset. */
		getPreset: method({ id: option(text) }, option(bytes), ({ id }) => preset(id)),
		/** Names of the presets. */
		presetNames: method({}, vec(text), () => presetNames()),
	}),
	runtimeApi('FixedPointApi', 1, {
		/** Natural logarithm; numbers are scaled by 10^18 (PRC-2). */
		ln: method({ x: i128 }, fixedResult, ({ x }) => fixed(() => ln(x))),
		/** e to the power of x; numbers are scaled by 10^18 (PRC-2). */
		exp: method({ x: i128 }, fixedResult, ({ x }) => fixed(() => exp(x))),
		/** x to the power of y; numbers are scaled by 10^18 (PRC-2). */
		pow: method({ x: i128, y: i128 }, fixedResult, ({ x, y }) => fixed(() => pow(x, y))),
	}),
]
