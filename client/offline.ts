/**
 * Signing without a connection: everything comes from the metadata and a few figures of the chain, so that the machine with the key
 * needs no network (CLI-1). Works for every call of every pallet, built on @substrate/txwrapper-core.
 */
import './quiet.ts'
import type { KeyringPair } from '@polkadot/keyring/types'
import type { AnyJson } from '@polkadot/types/types'
import { hexToU8a, stringCamelCase, u8aToHex } from '@polkadot/util'
import * as txwrapper from '@substrate/txwrapper-core'
import type { StkrClient } from './connect.ts'
import type { StkrSubmittables } from './dist/tx.d.ts'
import { StkrError } from './errors.ts'

type Hex = `0x${string}`
type Pallets = StkrSubmittables<'promise'>
type Callable = (...args: never[]) => unknown

/** Every call of the chain, as `pallet.call`. */
export type CallName = { [P in keyof Pallets]: `${P & string}.${keyof Pallets[P] & string}` }[keyof Pallets]

/** The arguments of a call, in order, as `client.api.tx` takes them; calls within a call as hex from `encodeCall`. */
export type CallArguments<N extends CallName> = N extends `${infer P extends keyof Pallets & string}.${infer C}`
	? Pallets[P][C & keyof Pallets[P]] extends infer F extends Callable
		? Parameters<F>
		: never
	: never

/** What tells this chain from others that run the same runtime. */
export interface ChainInfo {
	genesisHash: Hex
}

/** What must be known of the moment to sign. */
export interface SigningMoment {
	/** Who signs, SS58. */
	address: string
	/** The account's next nonce. */
	nonce: number
	/** A recent finalized block, from which the extrinsic's time runs. */
	blockHash: Hex
	blockNumber: number
	/** Blocks in which it may be included: a power of two from 4 to 4096, default 64; `immortal` for no end. */
	mortality?: number | 'immortal'
	/** For the block's author, in plancks, on top of the fee. */
	tipPlanck?: bigint
}

export type UnsignedTransaction = txwrapper.UnsignedTransaction

/** An extrinsic taken apart. */
export interface DecodedTransaction {
	address: string
	nonce: number
	tipPlanck: bigint
	/** Blocks in which it may be included; undefined: no end. */
	mortalBlocks: number | undefined
	call: CallName
	/** By name; numbers as decimal strings, calls within as `{ callIndex, args }`. */
	args: Record<string, AnyJson>
	/** The call alone, as `encodeCall` gives it. */
	encodedCall: Hex
}

export type OfflineErrorCode = 'unknown-call' | 'wrong-arguments' | 'wrong-mortality' | 'wrong-signer'

/** Something can't be built or signed as asked. */
export class OfflineError extends StkrError {
	readonly code: OfflineErrorCode

	constructor(code: OfflineErrorCode, message: string) {
		super(message)
		this.code = code
	}
}

/** Builds, signs and decodes extrinsics of one chain and runtime version. */
export interface OfflineChain {
	/** The versions of the runtime that the metadata belongs to; the chain refuses extrinsics signed for others. */
	readonly specVersion: number
	readonly transactionVersion: number
	/** The call alone, for a batch or `sudo`. Throws `OfflineError`. */
	encodeCall<N extends CallName>(name: N, args: CallArguments<N>): Hex
	/** An extrinsic to be signed. Throws `OfflineError`. */
	construct<N extends CallName>(name: N, args: CallArguments<N>, moment: SigningMoment): UnsignedTransaction
	/** The bytes a key signs: the payload, or its hash when it is longer than 256 bytes. */
	signingPayload(unsigned: UnsignedTransaction): Uint8Array
	/** The extrinsic, ready to be submitted, with a signature made elsewhere: a type byte (0 ed25519, 1 sr25519, 2 ecdsa) before it. */
	addSignature(unsigned: UnsignedTransaction, signature: Hex): Hex
	/** Signs with a key in this process. Throws `OfflineError` when it is not the key of the extrinsic's account. */
	sign(unsigned: UnsignedTransaction, pair: KeyringPair): Hex
	/** Takes a signed extrinsic apart. Throws `Error` when it is none of this runtime. */
	decode(signed: Hex): DecodedTransaction
	/** Hash by which a signed extrinsic is found in blocks. */
	hash(signed: Hex): Hex
}

const DEFAULT_MORTAL_BLOCKS = 64
/** txwrapper asks for these, and they change no byte of an extrinsic. */
const NAMES = { tokenSymbol: 'STKR', tokenDecimals: 18 }

/** Arguments as JSON has them: txwrapper takes no bigint. */
const toJson = (value: unknown): AnyJson => {
	if (typeof value === 'bigint') return value.toString()
	if (value instanceof Uint8Array) return u8aToHex(value)
	if (Array.isArray(value)) return value.map(toJson)
	if (typeof value !== 'object' || value === null) return value as AnyJson
	if ('toHex' in value && typeof value.toHex === 'function') return value.toHex() as string
	return Object.fromEntries(Object.entries(value).map(([key, part]) => [key, toJson(part)]))
}

/** Offline signing for the chain of `info`, whose runtime has this metadata: version 14 or 15, as `state_getMetadata` gives it. */
export function offline(metadata: Hex, info: ChainInfo): OfflineChain {
	const registry = txwrapper.getRegistryBase({ chainProperties: NAMES, specTypes: {}, metadataRpc: metadata })
	const options = { metadataRpc: metadata, registry }
	const { pallets } = registry.metadata
	const constants = pallets.find(({ name }) => name.toString() === 'System')?.constants ?? []
	const constant = (name: string): Uint8Array =>
		constants.find((each) => each.name.toString() === name)?.value.toU8a(true) ?? new Uint8Array()
	const version = registry.createType('RuntimeVersion', constant('Version'))
	const [specVersion, transactionVersion] = [version.specVersion.toNumber(), version.transactionVersion.toNumber()]
	// addresses come out with the prefix of the chain
	registry.setChainProperties(
		registry.createType('ChainProperties', { ...NAMES, ss58Format: registry.createType('u16', constant('SS58Prefix')).toNumber() }),
	)

	/** Names of a call's arguments, as txwrapper wants them. */
	const argumentNames = (name: string): string[] => {
		const [pallet, method] = name.split('.')
		const type = pallets.find((each) => stringCamelCase(each.name) === pallet)?.calls.unwrapOr(undefined)?.type
		const variant = type && registry.lookup.getSiType(type).def.asVariant.variants.find((each) => stringCamelCase(each.name) === method)
		if (!variant) throw new OfflineError('unknown-call', `there is no call "${name}" in the metadata of runtime ${specVersion}`)
		return variant.fields.map((field) => stringCamelCase(field.name.unwrapOr('').toString()))
	}

	const method = (name: string, args: readonly unknown[]): txwrapper.TxMethod => {
		const names = argumentNames(name)
		if (args.length !== names.length || args.includes(undefined))
			throw new OfflineError(
				'wrong-arguments',
				`${name} takes ${names.length} arguments (${names.join(', ')}), but ${args.length} were given, or some undefined`,
			)
		const [pallet, call] = name.split('.')
		return { pallet, name: call, args: Object.fromEntries(names.map((argument, index) => [argument, toJson(args[index])])) }
	}

	const chain: OfflineChain = {
		specVersion,
		transactionVersion,
		encodeCall: (name, args) => {
			const nobody = { address: '', nonce: 0, blockHash: info.genesisHash, blockNumber: 0 }
			return chain.construct(name, args, { ...nobody, mortality: 'immortal' }).method as Hex
		},
		construct: (name, args, { address, nonce, blockHash, blockNumber, mortality = DEFAULT_MORTAL_BLOCKS, tipPlanck = 0n }) => {
			const isImmortalEra = mortality === 'immortal'
			if (!isImmortalEra && (mortality < 4 || mortality > 4096 || Math.log2(mortality) % 1 !== 0))
				throw new OfflineError(
					'wrong-mortality',
					`cannot build ${name} to last ${mortality} blocks: give a power of two from 4 to 4096, or "immortal"`,
				)
			const { genesisHash } = info
			return txwrapper.defineMethod(
				{
					...{ address, nonce, genesisHash, specVersion, transactionVersion, metadataRpc: metadata },
					...{ blockHash: isImmortalEra ? genesisHash : blockHash, blockNumber, tip: tipPlanck.toString() },
					...(isImmortalEra ? {} : { eraPeriod: mortality }),
					method: method(name, args),
				},
				{ ...options, isImmortalEra },
			)
		},
		signingPayload: (unsigned) => txwrapper.construct.signingPayloadToU8a(unsigned, options),
		addSignature: (unsigned, signature) => txwrapper.construct.signedTx(unsigned, signature, options) as Hex,
		sign: (unsigned, pair) => {
			const signer = registry.createType('AccountId', pair.publicKey).toHex()
			if (registry.createType('AccountId', unsigned.address).toHex() !== signer)
				throw new OfflineError(
					'wrong-signer',
					`the extrinsic is of ${unsigned.address}, but the key given is of ${pair.address}: sign with the key of its account`,
				)
			return chain.addSignature(unsigned, u8aToHex(pair.sign(chain.signingPayload(unsigned), { withType: true })))
		},
		decode: (signed) => {
			const extrinsic = registry.createType('Extrinsic', hexToU8a(signed), { isSigned: true })
			const { pallet, name, args } = txwrapper.toTxMethod(registry, registry.createType('Call', extrinsic.method))
			return {
				address: extrinsic.signer.toString(),
				nonce: extrinsic.nonce.toNumber(),
				tipPlanck: extrinsic.tip.toBigInt(),
				mortalBlocks: extrinsic.era.isMortalEra ? extrinsic.era.asMortalEra.period.toNumber() : undefined,
				call: `${pallet}.${name}` as CallName,
				args,
				encodedCall: extrinsic.method.toHex(),
			}
		},
		hash: (signed) => txwrapper.construct.txHash(signed) as Hex,
	}
	return chain
}

/** What `offline` needs, read from a connected chain, to be carried to the machine that signs. */
export async function readChainInfo({ api }: StkrClient): Promise<ChainInfo & { metadata: Hex }> {
	return { genesisHash: api.genesisHash.toHex(), metadata: (await api.rpc.state.getMetadata()).toHex() }
}

/** What `construct` needs of the moment, read from a connected chain. */
export async function readSigningMoment({ api }: StkrClient, address: string): Promise<SigningMoment> {
	const blockHash = await api.rpc.chain.getFinalizedHead()
	const [header, nonce] = await Promise.all([api.rpc.chain.getHeader(blockHash), api.rpc.system.accountNextIndex(address)])
	return { address, nonce: nonce.toNumber(), blockHash: blockHash.toHex(), blockNumber: header.number.toNumber() }
}
