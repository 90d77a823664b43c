import type { DispatchError, Event } from '@polkadot/types/interfaces'
import type { Registry } from '@polkadot/types/types'
import { StkrError } from './errors.ts'
import type { Finalized } from './finalized.ts'

/** Why a call failed, by the chain's own names. */
export interface CallFailure {
	/** Pallet in camel case (`microPool`); undefined for errors that belong to no pallet. */
	pallet: string | undefined
	/** Name of the error in the metadata, e.g. `PoolEnded`, or `Token.FundsUnavailable` when it belongs to no pallet. */
	error: string
	/** What the metadata says of it. */
	docs: string
}

/** A call is in a finalized block and failed there: its fee was paid and it had no other effect, but for the items of a batch before it. */
export class CallError extends StkrError implements CallFailure {
	readonly code = 'call-failed'
	readonly pallet: string | undefined
	readonly error: string
	readonly docs: string
	/** Where it failed and what it cost. */
	readonly finalized: Finalized

	constructor(what: string, { pallet, error, docs }: CallFailure, finalized: Finalized) {
		const which = pallet ? `${pallet}.${error}` : error
		super(`${what} failed in block ${finalized.blockNumber} with ${which}${docs ? `: ${docs}` : ''}`)
		this.pallet = pallet
		this.error = error
		this.docs = docs
		this.finalized = finalized
	}
}

/** Names a dispatch error by the metadata of the block it happened in. */
export const describeDispatchError = (registry: Registry, error: DispatchError): CallFailure => {
	if (error.isModule) {
		const { section, name, docs } = registry.findMetaError(error.asModule)
		return { pallet: section, error: name, docs: docs.join(' ').trim() }
	}
	const inner = error.isToken ? error.asToken.type : error.isArithmetic ? error.asArithmetic.type : undefined
	return { pallet: undefined, error: inner ? `${error.type}.${inner}` : error.type, docs: '' }
}

interface ResultCodec {
	isErr: boolean
	asErr: DispatchError
}

/**
 * The failure an extrinsic's events tell of. A call that failed within sudo or a batch counts, though the extrinsic around it
 * succeeded; not one of `forceBatch`, which is asked to go on.
 */
export const findFailure = (registry: Registry, events: readonly Event[]): { what: string; failure: CallFailure } | undefined => {
	for (const { section, method, data } of events) {
		const found = (what: string, error: unknown) => ({ what, failure: describeDispatchError(registry, error as DispatchError) })
		if (section === 'system' && method === 'ExtrinsicFailed') return found('the call', data[0])
		if (section === 'utility' && method === 'BatchInterrupted') return found(`call ${data[0].toString()} of the batch`, data[1])
		if (section === 'sudo' && method === 'Sudid') {
			const result = data[0] as unknown as ResultCodec
			if (result.isErr) return found('the call made as root', result.asErr)
		}
	}
	return undefined
}
