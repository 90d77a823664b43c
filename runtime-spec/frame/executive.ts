import { block, resetBlock } from './block.ts'
import { equalBytes } from './bytes.ts'
import { attempt, type Call, infoOf, NONE, type Origin, runtimeCall, signed } from './call.ts'
import { type DispatchError, dispatchResult, invalidTransaction, TransactionValidityError, unknownTransaction } from './errors.ts'
import { reserveWeight } from './extensions/index.ts'
import {
	checkSignature,
	decodeCall,
	decodeExtrinsic,
	EXTRINSIC_VERSION,
	type Extension,
	type Extrinsic,
	opaqueExtrinsic,
	type SignedTx,
	signatureWeight,
	type Validity,
} from './extrinsic.ts'
import { host } from './host.ts'
import type { Pallet, TransactionSource, UnsignedValidity } from './pallet.ts'
import {
	bool,
	bytes,
	compactU32,
	fixedBytes,
	h256,
	Reader,
	struct,
	tuple,
	u32,
	u64,
	u128,
	unit,
	type Value,
	vec,
	type Writer,
	writer,
} from './scale/index.ts'
import { itemPrefix, StorageValue } from './storage.ts'
import { type DigestItem, digest } from './system/digest.ts'
import { accountKey, BLOCK_HASH_COUNT, event, LIMITS, storage } from './system/index.ts'
import { consumedWeight } from './system/limits.ts'
import { VERSION } from './system/version.ts'
import { addWeight, NO_WEIGHT, type PostInfo, type Weight, withWeight } from './weight.ts'

export const header = struct('sp_runtime::generic::header::Header', {
	parentHash: h256,
	number: compactU32,
	stateRoot: h256,
	extrinsicsRoot: h256,
	digest,
})
export type Header = Value<typeof header>

export const blockCodec = struct('sp_runtime::generic::block::Block', { header, extrinsics: vec(opaqueExtrinsic) })

/** What the author hands to inherents: 8-byte identifiers and SCALE data. */
export const inherentData = struct('sp_inherents::InherentData', { data: vec(tuple(fixedBytes(8), bytes)) })
export const checkInherentsResult = struct('sp_inherents::CheckInherentsResult', { okay: bool, fatalError: bool, errors: inherentData })

export const validTransaction = struct('sp_runtime::transaction_validity::ValidTransaction', {
	priority: u64,
	requires: vec(bytes),
	provides: vec(bytes),
	longevity: u64,
	propagate: bool,
})

/** How the block under execution is kept between the calls of a block author; gone once the block is final. */
const executing = struct('', { extrinsicIndex: u32, used: consumedWeight, length: u32, fees: u128, tips: u128 })

/** The encoded extrinsic, its length first, that makes a call without a signature. */
export const unsignedExtrinsic = (call: Call): Uint8Array => {
	const mark = writer.at
	writer.u8(EXTRINSIC_VERSION)
	runtimeCall.write(writer, call)
	return bytes.encode(writer.take(mark))
}

/** Longevity of an extrinsic that is valid for ever. */
const U64_MAX = 0xffff_ffff_ffff_ffffn

/** Executes blocks and checks extrinsics for one set of pallets and extensions (frame_executive). */
export class Executive {
	readonly pallets: readonly Pallet[]
	readonly extensions: readonly Extension<unknown>[]
	private readonly executing = new StorageValue<Value<typeof executing>, undefined>(executing, undefined)
	/** Key of the encoded `Vec` of the extrinsics of the block under execution, which the extrinsics root is made from. */
	private readonly body: Uint8Array

	/** Places of the extensions that sign something, prepare or finish: most do one of the three. */
	private readonly signing: readonly number[]
	private readonly preparing: readonly number[]
	private readonly finishing: readonly number[]

	constructor(pallets: readonly Pallet[], extensions: readonly Extension<unknown>[]) {
		this.pallets = pallets
		this.extensions = extensions
		const places = (does: (extension: Extension<unknown>) => boolean): number[] => extensions.flatMap((each, i) => (does(each) ? [i] : []))
		this.signing = places(({ implicit }) => implicit !== unit)
		this.preparing = places(({ prepare }) => prepare !== undefined)
		this.finishing = places(({ finish }) => finish !== undefined)
		this.executing.bind('System', 'Executing')
		this.body = itemPrefix('System', 'ExtrinsicData')
	}

	/** `Core_initialize_block`: starts a block on top of the state it runs on. */
	initializeBlock({ parentHash, number, digest }: Header): void {
		resetBlock()
		block.number = number
		storage.events.kill()
		storage.number.put(number)
		storage.parentHash.put(parentHash)
		storage.digest.put({ logs: digest.logs.filter((item: DigestItem) => item.type === 'PreRuntime') })
		storage.blockHash.put(number - 1, parentHash)
		const oldest = number - BLOCK_HASH_COUNT - 1
		if (oldest > 0) storage.blockHash.kill(oldest)
		let weight = LIMITS.baseBlock
		if (this.upgraded()) weight = addWeight(weight, this.migrate())
		for (const { parts } of this.pallets) if (parts.hooks?.onInitialize) weight = addWeight(weight, parts.hooks.onInitialize(number))
		this.mandatory(weight)
		this.suspend()
	}

	private mandatory(weight: Weight): void {
		block.used.Mandatory = addWeight(block.used.Mandatory, weight)
	}

	private upgraded(): boolean {
		const last = storage.lastRuntimeUpgrade.get()
		return last === undefined || last.specVersion < VERSION.specVersion || last.specName !== VERSION.specName
	}

	/** Runs every migration whose step this state still needs, then the pallets' upgrade hooks (CHN-5). */
	migrate(): Weight {
		let weight = NO_WEIGHT
		for (const { parts, version, name } of this.pallets) {
			const target = parts.storageVersion ?? 0
			for (const migration of parts.migrations ?? []) {
				if (version.get() !== migration.from) continue
				weight = addWeight(weight, migration.run())
				version.put(migration.from + 1)
				host.log(2, `migrated ${name} from ${migration.from} to ${migration.from + 1}`)
			}
			if (version.get() !== target) host.log(0, `${name}: storage version ${version.get()}, code wants ${target}, no migration leads there`)
			if (parts.hooks?.onRuntimeUpgrade) weight = addWeight(weight, parts.hooks.onRuntimeUpgrade())
		}
		storage.lastRuntimeUpgrade.put({ specVersion: VERSION.specVersion, specName: VERSION.specName })
		return weight
	}

	/** Storage versions of a fresh chain. */
	noteGenesis(): void {
		for (const { parts, version } of this.pallets) if (parts.storageVersion) version.put(parts.storageVersion)
		storage.lastRuntimeUpgrade.put({ specVersion: VERSION.specVersion, specName: VERSION.specName })
	}

	private suspend(): void {
		const { extrinsicIndex = 0, used, length, fees, tips } = block
		this.executing.put({ extrinsicIndex, used, length, fees, tips })
	}

	private resume(): void {
		resetBlock()
		block.number = storage.number.get()
		const state = this.executing.get()
		// A node that tries an extrinsic out (`system_dryRun`) applies it to the state after a block, without opening one.
		if (!state) return
		block.extrinsicIndex = state.extrinsicIndex
		block.used = state.used
		block.length = state.length
		block.fees = state.fees
		block.tips = state.tips
	}

	/** `BlockBuilder_apply_extrinsic`: SCALE `ApplyExtrinsicResult`. */
	applyExtrinsic(raw: Uint8Array): Uint8Array {
		this.resume()
		const result = this.apply(raw)
		if (result[0] === 0) {
			const mark = writer.at
			writer.compact(raw.length)
			writer.raw(raw)
			host.append(this.body, writer.since(mark))
			writer.at = mark
			this.suspend()
		}
		return result
	}

	private apply(raw: Uint8Array): Uint8Array {
		block.phase = 'ApplyExtrinsic'
		block.extrinsicIndex ??= 0
		try {
			const failure = this.run(decodeExtrinsic(raw, this.extensions))
			block.extrinsicIndex++
			const mark = writer.at
			writer.u8(0)
			dispatchResult.write(writer, failure)
			return writer.take(mark)
		} catch (thrown) {
			const mark = writer.at
			writer.u8(1)
			writer.raw(this.refusal(thrown).encoded)
			return writer.take(mark)
		}
	}

	private refusal(thrown: unknown): TransactionValidityError {
		if (thrown instanceof TransactionValidityError) return thrown
		host.log(0, `defect while checking an extrinsic: ${thrown} ${(thrown as Error).stack}`)
		return invalidTransaction.call()
	}

	/** Writes the implicit data every extension signs, in order. */
	private writeImplicit(w: Writer, extra: readonly unknown[]): void {
		const { signing, extensions } = this
		for (let k = 0; k < signing.length; k++) {
			const i = signing[k]
			const { implicit, implicitOf } = extensions[i]
			implicit.write(w, implicitOf(extra[i]))
		}
	}

	/** Applies one decoded extrinsic: undefined when its call succeeded, the reason when it failed. Throws when it is invalid. */
	private run(extrinsic: Extrinsic): DispatchError | undefined {
		const { length, signature } = extrinsic
		if (!signature) {
			const { call } = this.checkUnsigned(extrinsic, 'InBlock')
			const info = infoOf(call)
			reserveWeight(info, length)
			return this.execute(call, NONE, info)
		}
		const { who, extra } = signature
		checkSignature(extrinsic, (w) => this.writeImplicit(w, extra))
		const call = decodeCall(extrinsic)
		const surcharge = signatureWeight(signature)
		const info = withWeight(infoOf(call), surcharge)
		// Inherents have no signer. Refused before anything is written: nonce and fee would stay on a host that takes nothing back.
		if (info.class === 'Mandatory') throw invalidTransaction.badMandatory()
		const key = accountKey(who)
		const tx: SignedTx = { who, call, info, length, extra, account: storage.account.getAt(key) }
		const { extensions, preparing } = this
		for (let k = 0; k < preparing.length; k++) extensions[preparing[k]].prepare!(tx, extra[preparing[k]])
		storage.account.putAt(key, tx.account)
		return this.execute(call, signed(who), info, tx, surcharge)
	}

	private finishExtensions(tx: SignedTx, post: Required<PostInfo>): void {
		const { extensions, finishing } = this
		for (let k = 0; k < finishing.length; k++) extensions[finishing[k]].finish!(tx, tx.extra[finishing[k]], post)
	}

	private execute(
		call: Call,
		origin: Origin,
		info: SignedTx['info'],
		tx?: SignedTx,
		surcharge: Weight = NO_WEIGHT,
	): DispatchError | undefined {
		const { post: told = {}, failure } = attempt(call, origin)
		const { paysFee = true } = told
		const weight = told.weight ? addWeight(told.weight, surcharge) : info.weight
		const post = { weight: weight.refTime < info.weight.refTime ? weight : info.weight, paysFee: info.paysFee && paysFee }
		if (info.class === 'Mandatory' && failure) throw invalidTransaction.badMandatory()
		if (tx) this.finishExtensions(tx, post)
		const used = { weight: post.weight, class: info.class, paysFee: post.paysFee }
		if (failure) event.ExtrinsicFailed({ dispatchError: failure, dispatchInfo: used })
		else event.ExtrinsicSuccess({ dispatchInfo: used })
		return failure
	}

	private palletOf(call: Call): Pallet {
		return this.pallets.find(({ index }) => index === call.pallet)!
	}

	private isInherent(call: Call): boolean {
		return this.palletOf(call).parts.inherent?.isInherent(call.definition) ?? false
	}

	/** The call of an unsigned extrinsic, and what lets it into the pool (nothing does for an inherent). Throws when it may not be made. */
	private checkUnsigned(extrinsic: Extrinsic, source: TransactionSource): { call: Call; validity?: UnsignedValidity } {
		const pallet = this.pallets.find(({ index }) => index === extrinsic.callBytes[0])
		if (!pallet) throw invalidTransaction.call()
		const { inherent, validateUnsigned } = pallet.parts
		if (!inherent && !validateUnsigned) throw unknownTransaction.noUnsignedValidator()
		const call = decodeCall(extrinsic)
		if (this.isInherent(call)) return { call }
		if (!validateUnsigned) throw unknownTransaction.noUnsignedValidator()
		return { call, validity: validateUnsigned(call.definition, call.args, source) }
	}

	/** `BlockBuilder_finalize_block`: runs the closing hooks and returns the header without its seal. */
	finalizeBlock(): Header {
		this.resume()
		const extrinsics = host.get(this.body) ?? Uint8Array.of(0)
		return this.finish(extrinsics)
	}

	private finish(extrinsics: Uint8Array): Header {
		const { number } = block
		block.phase = 'Finalization'
		const count = block.extrinsicIndex ?? 0
		block.extrinsicIndex = undefined
		this.idle(number)
		for (const { parts } of this.pallets) parts.hooks?.onFinalize?.(number)
		storage.blockWeight.put(block.used)
		storage.extrinsicCount.put(count)
		storage.allExtrinsicsLen.put(block.length)
		this.executing.kill()
		host.clear(this.body)
		const { logs } = storage.digest.get()
		return {
			parentHash: storage.parentHash.get(),
			number,
			extrinsicsRoot: host.orderedRoot(extrinsics),
			stateRoot: host.root(),
			digest: { logs },
		}
	}

	private idle(number: number): void {
		const { used } = block
		const left = LIMITS.maxBlock.refTime - used.Normal.refTime - used.Operational.refTime - used.Mandatory.refTime
		if (left <= 0) return
		let room: Weight = { refTime: left, proofSize: LIMITS.maxBlock.proofSize }
		for (const { parts } of this.pallets) {
			if (!parts.hooks?.onIdle) continue
			const spent = parts.hooks.onIdle(number, room)
			this.mandatory(spent)
			room = { refTime: room.refTime - spent.refTime, proofSize: room.proofSize - spent.proofSize }
		}
	}

	/** `Core_execute_block`: throws, and so refuses the block, unless it gives exactly what its header says. */
	executeBlock(encoded: Uint8Array): void {
		const r = new Reader(encoded)
		const wanted = header.read(r)
		const bodyAt = r.at
		const count = r.compact()
		this.initializeBlock(wanted)
		const mark = writer.at
		const items: Uint8Array[] = []
		let inherentsOver = false
		for (let i = 0; i < count; i++) {
			const raw = opaqueExtrinsic.read(r)
			items.push(raw)
			const inherent = raw.length > 1 && this.looksInherent(raw)
			if (inherent && inherentsOver) throw new Error(`extrinsic ${i}: inherents come first`)
			if (!inherent) inherentsOver = true
			const result = this.apply(raw)
			if (result[0] !== 0) throw new Error(`extrinsic ${i} is invalid: ${result}`)
		}
		if (r.left !== 0) throw new Error(`${r.left} bytes after the block, body at ${bodyAt}`)
		writer.compact(items.length)
		for (const raw of items) {
			writer.compact(raw.length)
			writer.raw(raw)
		}
		const made = this.finish(writer.take(mark))
		if (!equalBytes(made.extrinsicsRoot, wanted.extrinsicsRoot)) throw new Error('extrinsics root mismatch')
		if (!equalBytes(made.stateRoot, wanted.stateRoot)) throw new Error('storage root mismatch')
		const given = digest.encode({ logs: wanted.digest.logs.filter((item: DigestItem) => item.type !== 'Seal') })
		if (!equalBytes(digest.encode(made.digest), given)) throw new Error('digest mismatch')
	}

	private looksInherent(raw: Uint8Array): boolean {
		const versionAt = (raw[0] & 3) === 3 ? 5 : 1 << (raw[0] & 3) // behind the compact length
		if (raw[versionAt] !== EXTRINSIC_VERSION) return false
		try {
			return this.isInherent(runtimeCall.read(new Reader(raw, versionAt + 1)))
		} catch {
			return false
		}
	}

	/** `TaggedTransactionQueue_validate_transaction`: SCALE `Result<ValidTransaction, TransactionValidityError>`. */
	validateTransaction(source: TransactionSource, raw: Uint8Array, parentHash: Uint8Array): Uint8Array {
		resetBlock()
		// The checks run as if in the next block; the host drops these writes after the call.
		block.number = storage.number.get() + 1
		storage.blockHash.put(block.number - 1, parentHash)
		const mark = writer.at
		try {
			const valid = this.validate(decodeExtrinsic(raw, this.extensions), source)
			writer.u8(0)
			validTransaction.write(writer, valid)
		} catch (thrown) {
			writer.at = mark
			writer.u8(1)
			writer.raw(this.refusal(thrown).encoded)
		}
		return writer.take(mark)
	}

	private validate(extrinsic: Extrinsic, source: TransactionSource): Value<typeof validTransaction> {
		const { length, signature } = extrinsic
		if (!signature) {
			const { validity } = this.checkUnsigned(extrinsic, source)
			if (!validity) throw invalidTransaction.call()
			return { ...validity, requires: [] }
		}
		const { who, extra } = signature
		checkSignature(extrinsic, (w) => this.writeImplicit(w, extra))
		const call = decodeCall(extrinsic)
		const info = withWeight(infoOf(call), signatureWeight(signature))
		if (info.class === 'Mandatory') throw invalidTransaction.call()
		const tx: SignedTx = { who, call, info, length, extra, account: storage.account.get(who) }
		const valid: Value<typeof validTransaction> = { priority: 0n, requires: [], provides: [], longevity: U64_MAX, propagate: true }
		for (let i = 0; i < this.extensions.length; i++) merge(valid, this.extensions[i].validate?.(tx, extra[i]))
		return valid
	}

	/** `BlockBuilder_inherent_extrinsics`: the encoded extrinsics the author must put first. */
	inherentExtrinsics({ data }: Value<typeof inherentData>): Uint8Array[] {
		const out: Uint8Array[] = []
		for (const { parts, index } of this.pallets) {
			const { inherent } = parts
			if (!inherent) continue
			const given = data.find(([id]) => String.fromCharCode(...id) === inherent.identifier)
			const made = given && inherent.create(given[1])
			if (!made) continue
			out.push(unsignedExtrinsic({ pallet: index, definition: made.call, args: made.args }))
		}
		return out
	}

	/** `BlockBuilder_check_inherents`: compares a block's inherents with our own data. */
	checkInherents({ extrinsics }: Value<typeof blockCodec>, { data }: Value<typeof inherentData>): Value<typeof checkInherentsResult> {
		const errors: [Uint8Array, Uint8Array][] = []
		let fatalError = false
		for (const raw of extrinsics) {
			const extrinsic = decodeExtrinsic(raw, this.extensions)
			if (extrinsic.signature) break
			const call = decodeCall(extrinsic)
			if (!this.isInherent(call)) break
			const inherent = this.palletOf(call).parts.inherent!
			const given = data.find(([id]) => String.fromCharCode(...id) === inherent.identifier)
			const wrong = given && inherent.check(call.args, given[1])
			if (!wrong) continue
			errors.push([given[0], wrong.error])
			if (wrong.fatal) {
				fatalError = true
				break
			}
		}
		return { okay: errors.length === 0, fatalError, errors: { data: errors } }
	}

	/** Runs every pallet's `try_state`. Throws the first imbalance. */
	tryState(): void {
		for (const { name, parts } of this.pallets) {
			try {
				parts.tryState?.()
			} catch (thrown) {
				throw new Error(`${name}: ${(thrown as Error).message}`)
			}
		}
	}
}

const merge = (into: Value<typeof validTransaction>, part: Validity | void): void => {
	if (!part) return
	if (part.priority !== undefined) into.priority += part.priority
	if (part.requires) into.requires.push(part.requires)
	if (part.provides) into.provides.push(part.provides)
	if (part.longevity !== undefined && part.longevity < into.longevity) into.longevity = part.longevity
}
