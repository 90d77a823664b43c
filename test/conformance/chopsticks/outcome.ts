import type { ApiPromise } from '@polkadot/api'
import type { Vec } from '@polkadot/types'
import type { DispatchError, EventRecord } from '@polkadot/types/interfaces'

/** `Pallet.Error` of a module, `Token.FundsUnavailable`, `BadOrigin`. */
export const nameOf = (api: ApiPromise, error: DispatchError): string => {
	if (error.isModule) {
		const { section, name } = api.registry.findMetaError(error.asModule)
		return `${section}.${name}`
	}
	if (error.isToken) return `Token.${error.asToken.type}`
	if (error.isArithmetic) return `Arithmetic.${error.asArithmetic.type}`
	return error.type
}

/** What came of the extrinsics of a block, by index: `ok`, or the error of the extrinsic or of the call inside sudo or a batch. */
export const outcomesOf = async (api: ApiPromise, blockHash: string): Promise<string[]> => {
	const { query } = await api.at(blockHash)
	const records = (await query.system.events()) as Vec<EventRecord>
	const outcomes: string[] = []
	for (const { phase, event } of records) {
		if (!phase.isApplyExtrinsic) continue
		const index = phase.asApplyExtrinsic.toNumber()
		const { section, method, data } = event
		const inner = innerError(section, method, data as unknown as readonly unknown[])
		if (section === 'system' && method === 'ExtrinsicFailed') outcomes[index] = nameOf(api, data[0] as DispatchError)
		else if (inner) outcomes[index] = nameOf(api, inner)
		else if (section === 'system' && method === 'ExtrinsicSuccess') outcomes[index] ??= 'ok'
	}
	return outcomes
}

interface Result {
	isErr: boolean
	asErr: DispatchError
}

const innerError = (section: string, method: string, data: readonly unknown[]): DispatchError | undefined => {
	if (section === 'sudo' && (method === 'Sudid' || method === 'SudoAsDone')) {
		const result = data[0] as Result
		return result.isErr ? result.asErr : undefined
	}
	if (section !== 'utility') return undefined
	if (method === 'BatchInterrupted') return data[1] as DispatchError
	return method === 'ItemFailed' ? (data[0] as DispatchError) : undefined
}
