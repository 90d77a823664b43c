import { FatalError, RetryableError } from './errors.ts'

/** The chain has it already, or needs it no more. */
const DONE = ['escrow.AlreadyMinted', 'escrow.AlreadyVoted', 'escrow.AlreadySigned', 'escrow.OrderClosed', 'escrow.OrderExpired']

/** Trying again changes nothing: the relayer, its configuration or the chain it looks at is wrong. */
const FATAL: Record<string, string> = {
	'escrow.NotWitness': 'This account is no witness. Check --account against the witness set on the chain.',
	'escrow.InvalidSignature': 'The chain does not take the signature. Check --ethereum-key against the witness set on the chain.',
	'escrow.UnsupportedAsset': 'The chain does not know the asset of this lock.',
	'escrow.ZeroAmount': 'The chain does not take an empty lock.',
	'escrow.Equivocated':
		'This account told the chain something else before. Check whether a second relayer runs with this account, and the Ethereum node.',
	BadOrigin: 'The chain does not take this call from a signed account. The relayer may be too old for the runtime.',
}

/** What a dispatch error, `<pallet>.<Name>` or a general one, means for the duty. What is not listed may pass. */
export function judgeDispatchError(error: string): 'done' | RetryableError | FatalError {
	if (DONE.includes(error)) return 'done'
	const reason = FATAL[error]
	return reason ? new FatalError(error, reason) : new RetryableError(error, `The chain refused the call with ${error}.`)
}
